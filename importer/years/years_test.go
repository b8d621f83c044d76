package years_test

import (
	"fmt"
	"maps"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"misimportd/era"
	"misimportd/importer/years"
	"misimportd/store/model"
)

var (
	first = era.NewDate(2016, 9, 1)
	last  = era.NewDate(2016, 9, 20) // a short year, so that every day of it can be looked at
	now   = model.Era{ID: 2, Era: era.Era{Name: "2016/17", StartsOn: first, EndsOn: last}}
	after = model.Era{ID: 3, Era: era.Era{Name: "2017/18", StartsOn: last + 30, EndsOn: last + 60}}
)

func calendar() model.Calendar {
	perpetual := model.Era{ID: 1, Era: era.Era{Name: "Perpetual", StartsOn: era.NewDate(1900, 1, 1)}}
	return model.Calendar{Eras: []model.Era{perpetual, now, after}, Settings: model.Settings{ID: 1,
		CurrentEraID: now.ID,
		NextEraID:    after.ID, PerpetualEraID: perpetual.ID}}
}

// drawn is an era's groups with their members, as they may be: most to its last day, some for a
// while, some without an end.
func drawn(t *rapid.T, beyond bool) model.Belongings {
	var b model.Belongings
	days := func(from, to era.Date) era.Interval {
		i := era.Interval{From: from, To: to}
		if rapid.Bool().Draw(t, "later") {
			i.From = era.Date(rapid.IntRange(int(from), int(to)).Draw(t, "from"))
		}
		if rapid.Bool().Draw(t, "earlier") {
			i.To = era.Date(rapid.IntRange(int(i.From), int(to)).Draw(t, "to"))
		}
		return i
	}
	until := last
	if beyond {
		until += 10
	}
	for id := range model.ID(rapid.IntRange(1, 5).Draw(t, "groups")) {
		life := days(first, until)
		g := model.Group{Element: model.Element{ID: 10 + id, Kind: "group", Current: true}, EraID: now.ID,
			StartsOn: life.From, EndsOn: life.To, GroupKind: model.SetGroup}
		if rapid.IntRange(0, 4).Draw(t, "a user's") > 0 {
			g.Origin = model.Origin{DatasourceID: 1, SourceID: fmt.Sprint(id)}
		}
		b.Groups = append(b.Groups, g)
		for n := range model.ID(rapid.IntRange(0, 4).Draw(t, "members")) {
			in := days(life.From, life.To)
			b.Memberships = append(b.Memberships, model.Membership{ID: 100*g.ID + n, GroupID: g.ID, ElementID: 1000 + n,
				StartsOn: in.From, EndsOn: in.To})
		}
		if in := days(life.From, life.To); rapid.Bool().Draw(t, "suspended") {
			b.GroupSuspensions = append(b.GroupSuspensions, model.GroupSuspension{ID: g.ID, GroupID: g.ID,
				StartsOn: in.From, EndsOn: in.To})
		}
	}
	return b
}

// held is what a database with these rows would hold, a step of a plan after the other; it fails where
// the database would refuse a step (R19).
type held struct {
	t           *rapid.T
	groups      map[model.ID]model.Group
	memberships map[model.ID]model.Membership
	settings    model.Settings
	eras        map[model.ID]model.Era
}

func of(t *rapid.T, b model.Belongings) held {
	h := held{t, map[model.ID]model.Group{}, map[model.ID]model.Membership{}, calendar().Settings,
		map[model.ID]model.Era{}}
	for _, g := range b.Groups {
		h.groups[g.ID] = g
	}
	for _, m := range b.Memberships {
		h.memberships[m.ID] = m
	}
	for _, e := range calendar().Eras {
		h.eras[e.ID] = e
	}
	return h
}

func (h *held) carryOut(plan model.Plan) {
	for _, c := range plan.Changes {
		switch r := c.Record().(type) {
		case model.Group:
			step(h.t, h.groups, r, c)
		case model.Membership:
			step(h.t, h.memberships, r, c)
		case model.Era:
			step(h.t, h.eras, r, c)
		case model.Settings:
			h.settings = r
		}
		for _, m := range h.memberships {
			g, there := h.groups[m.GroupID]
			in := era.Interval{From: m.StartsOn, To: m.EndsOn}
			if !there || in.IsEmpty() || !in.Within(g.Life()) {
				h.t.Fatalf("after %s of %T: membership %d, %s, is outside of %s", c.Action, c.Record(), m.ID, in,
					g.Life())
			}
		}
	}
}

func step[T model.Record](t *rapid.T, rows map[model.ID]T, r T, c model.Change) {
	was, there := rows[r.RowID()]
	if c.Before != nil && (!there || any(was) != any(c.Before)) {
		t.Fatalf("%s of %v, which is not there so", c.Action, c.Before)
	}
	if rows[r.RowID()] = r; c.After == nil {
		delete(rows, r.RowID())
	}
}

// on is who is in what on a day.
func (h *held) on(d era.Date) map[string]bool {
	pairs := map[string]bool{}
	for _, m := range h.memberships {
		if (era.Interval{From: m.StartsOn, To: m.EndsOn}).Contains(d) {
			pairs[fmt.Sprintf("%d in %d", m.ElementID, m.GroupID)] = true
		}
	}
	for _, g := range h.groups {
		if g.Life().Contains(d) {
			pairs[fmt.Sprintf("group %d", g.ID)] = true
		}
	}
	return pairs
}

// TestAnEraGetsOtherDays: on each day that it keeps all is as before; new days are as its first or
// its last day was; on days that it loses there is nothing.
func TestAnEraGetsOtherDays(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := drawn(t, false)
		was, is := of(t, b), of(t, b)
		e := now.Era
		e.StartsOn = era.Date(rapid.IntRange(int(first)-5, int(first)+8).Draw(t, "first day"))
		e.EndsOn = era.Date(rapid.IntRange(int(last)-8, int(last)+5).Draw(t, "last day"))
		var plan model.Plan
		y := years.Year{Calendar: calendar(), Holds: b, Today: first - 10} // all is yet to come
		if err := y.Edit(&plan, now, e); err != nil {
			if !strings.Contains(err.Error(), "no day left") {
				t.Fatal(err)
			}
			return
		}
		is.carryOut(plan)
		if is.eras[now.ID].Era != e {
			t.Errorf("the era is %s", is.eras[now.ID])
		}
		for d := first - 10; d <= last+10; d++ {
			want := was.on(min(max(d, first), last))
			if !e.Days().Contains(d) {
				want = map[string]bool{}
			}
			if got := is.on(d); !maps.Equal(got, want) {
				t.Errorf("era %s, on %s: %v, and it was %v", e, d, got, want)
			}
		}
	})
}

// TestWhatWasIsNotChanged: shortened from a day on which it has run for a while, an era keeps each
// day before today, or it is refused with the day that is possible.
func TestWhatWasIsNotChanged(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := drawn(t, false)
		was, is := of(t, b), of(t, b)
		today := era.Date(rapid.IntRange(int(first), int(last)).Draw(t, "today"))
		e := now.Era
		e.StartsOn = era.Date(rapid.IntRange(int(first), int(first)+4).Draw(t, "first day"))
		e.EndsOn = era.Date(rapid.IntRange(int(e.StartsOn)+1, int(last)).Draw(t, "last day"))
		var plan model.Plan
		y := years.Year{Calendar: calendar(), Holds: b, Today: today}
		if err := y.Edit(&plan, now, e); err != nil {
			if !plan.IsEmpty() {
				t.Error("refused, and there is a plan")
			}
			return
		}
		is.carryOut(plan)
		for d := first; d < today; d++ {
			if got, want := is.on(d), was.on(d); !maps.Equal(got, want) {
				t.Errorf("era %s, today %s: on %s %v, and it was %v", e, today, d, got, want)
			}
		}
	})
}

// TestARollEndsTheYear: until its last day all is as before; after it nothing is left that an MIS
// owns, and of users' groups everything.
func TestARollEndsTheYear(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := drawn(t, true)
		for i := range b.Groups { // some have no end
			if rapid.IntRange(0, 3).Draw(t, "open") == 0 {
				b.Groups[i].EndsOn = 0
			}
		}
		was, is := of(t, b), of(t, b)
		var plan model.Plan
		if err := (years.Year{Calendar: calendar(), Holds: b, Today: last}).Roll(&plan, calendar().Next()); err != nil {
			t.Fatal(err)
		}
		is.carryOut(plan)
		if is.settings != (model.Settings{ID: 1, PreviousEraID: now.ID, CurrentEraID: after.ID, PerpetualEraID: 1}) {
			t.Errorf("%+v", is.settings)
		}
		for d := first - 1; d <= last+20; d++ {
			want := was.on(d)
			for _, g := range b.Groups {
				if d > last && g.DatasourceID != 0 {
					maps.DeleteFunc(want, func(pair string, _ bool) bool {
						return strings.HasSuffix(pair, fmt.Sprint(" ", g.ID))
					})
				}
			}
			if got := is.on(d); !maps.Equal(got, want) {
				t.Errorf("on %s: %v, and wanted %v", d, got, want)
			}
		}
		for _, g := range is.groups {
			if g.Current == (g.DatasourceID != 0) {
				t.Errorf("group %d: current is %v", g.ID, g.Current)
			}
		}
		again := years.Year{Calendar: model.Calendar{Eras: calendar().Eras, Settings: is.settings}, Today: last}
		if err := again.Roll(&plan, nil); err == nil || !strings.Contains(err.Error(),
			"was rolled into 2017/18 already") {
			t.Errorf("rolled twice: %v", err)
		}
	})
}

// TestTheNextStep over a summer.
func TestTheNextStep(t *testing.T) {
	c := calendar()
	without := c
	without.Settings.NextEraID = 0
	alone := without
	alone.Eras = alone.Eras[:2]
	for _, at := range []struct {
		calendar model.Calendar
		day      era.Date
		groups   int
		command  string
		urgent   bool
		warning  string
	}{
		{alone, last - 31, 0, "era create 2016/17 --from 2016-09-21", false, ""},
		{without, last - 31, 0, "era set next 2017/18", false, ""},
		{without, last - 30, 0, "era set next 2017/18", true, "in 30 days, and there is no next one"},
		{c, last - 30, 0, "plan --era 2017/18 --ahead 1", false, ""},
		{c, last - 30, 5, "", false, ""},
		{c, last - 7, 5, "era roll", true, "in 7 days: then roll into 2017/18"},
		{c, last + 1, 5, "era roll", true, "no group and no lesson, until"},
		{without, last + 1, 0, "era set next 2017/18", true, "there is no next one: people, rooms"},
		{model.Calendar{}, last, 0, "", false, ""},
	} {
		step := years.Next(at.calendar, at.day, at.groups > 0)
		if !strings.Contains(step.Command, at.command) || (at.command == "") != (step.Command == "") ||
			step.Urgent != at.urgent {
			t.Errorf("%s: %+v, want %q", at.day, step, at.command)
		}
		if w := years.Warning(at.calendar, at.day, false); !strings.Contains(w, at.warning) ||
			(at.warning == "") != (w == "") {
			t.Errorf("%s: %q, want %q", at.day, w, at.warning)
		}
	}
}
