package importer_test

import (
	"slices"
	"strings"
	"testing"

	"misimportd/era"
	"misimportd/importer/ask"
	"misimportd/importer/guard"
	"misimportd/importer/report"
	"misimportd/store/model"
)

// TestWhyAPupilIsOrIsNotInAGroup: the document's word, the database's, and what lies between, as a night would have it.
func TestWhyAPupilIsOrIsNotInAGroup(t *testing.T) {
	const pupil, set = "12", "set/21"
	for what, c := range map[string]struct {
		night func(w *world) // after the first
		group string
		in    bool
		says  []string
	}{
		"all is well":        {in: true, says: []string{"and so says the newest document."}},
		"not in it":          {group: "set/22", says: []string{"is not in it, and so says the newest document."}},
		"the pupil has left": {night: theNext(gone("12")), says: []string{"R21", "the pupil is not in the document"}},
		"the set is gone": {night: theNext(withoutRecord("Set Id=\"21\"")), says: []string{"R11",
			"the group is not in the document any more"}},
		"no section of sets": {night: theNext(small().leaveOut("Sets")), in: true, says: []string{"R34",
			"the document has no such section"}},
		"no set lists": {night: theNext(small().leaveOut("SetLists")), in: true, says: []string{"R34",
			"no section SetLists"}},
		"a faulty set": {night: theNext(faulty(`<Set Id="21"`,
			`<Set Id="21" YearId="x"><Name></Name></Set><Set Id="9921"`)), in: true, says: []string{"R33"}},
		"a pin": {night: pinned, in: true, says: []string{"pin", "it is pinned"}},
		"a held night": {night: heldNight, in: true, says: []string{"hold", "is held, and this waits for a " +
			"person with it"}},
		"a year not imported": {night: onlyYear8, says: []string{"setting", "the pupil's year group is not imported"}},
		"not imported yet": {night: waitingDocument, in: true, says: []string{"PreFetched",
			"the next import brings it"}},
		"of a form": {group: "form/7/A", in: true, says: []string{"and so says the newest document."}},
	} {
		t.Run(what, func(t *testing.T) {
			onSQLite(t, func(w *world) {
				w.night("2016-09-05", small().xml())
				if c.night != nil {
					c.night(w)
				}
				group := c.group
				if group == "" {
					group = set
				}
				why, err := w.im.Why(w.Context(), pupil, group)
				if err != nil {
					w.Fatal(err)
				}
				said := why.Answer + " " + why.Document.From
				for _, b := range why.Between {
					said += " | " + b.What + " " + b.Rule + " " + b.Text
				}
				if why.Database.In != c.in {
					w.Errorf("in it: %v; %s", why.Database.In, said)
				}
				for _, want := range c.says {
					if !strings.Contains(said, want) {
						w.Errorf("%q is not said: %s", want, said)
					}
				}
			})
		})
	}
}

func theNext(d *doc) func(*world) {
	return func(w *world) { w.night("2016-09-06", d.xml()) }
}

// withoutRecord is the small school without the records that begin so.
func withoutRecord(record string) *doc {
	d := small()
	d.sets = slices.DeleteFunc(d.sets, func(s string) bool { return strings.HasPrefix(s, "<"+record) })
	return d
}

// faulty is the small school with something else written in a set.
func faulty(old, spoilt string) *doc {
	d := small()
	for i := range d.sets {
		d.sets[i] = strings.Replace(d.sets[i], old, spoilt, 1)
	}
	return d
}

// gone is the small school without a pupil.
func gone(pupil string) *doc {
	d := small()
	d.pupils = slices.DeleteFunc(d.pupils, func(s string) bool { return strings.Contains(s, `Id="`+pupil+`"`) })
	return d
}

func outOfSet() *doc {
	d := small()
	d.lists = slices.DeleteFunc(d.lists, func(s string) bool { return strings.Contains(s, `PupilId="12"`) })
	return d
}

func pinned(w *world) {
	w.must(w.desk().AddPin(w.Context(), "pupil", "12", "set/21"))
	w.night("2016-09-06", outOfSet().xml())
}

func heldNight(w *world) {
	guarded(w)
	w.im.Guard.Import[guard.MembershipsEnding] = guard.Limit{}
	if r := w.night("2016-09-06", outOfSet().xml()); r.Result != model.Held {
		w.Fatalf("%s", r.Result)
	}
}

func onlyYear8(w *world) {
	w.im.Years = []era.Year{8}
	w.night("2016-09-06", small().xml())
}

func waitingDocument(w *world) {
	w.im.AsOf = date(w, "2016-09-06")
	w.drop(outOfSet().xml())
}

// TestWhatIsOdd is found in both databases: of the pupils and the sets on a day, of the lessons in a fortnight.
func TestWhatIsOdd(t *testing.T) {
	each(t, func(w *world) {
		school := timetabled().pupil(15, "Una Roe", "", 7).set(23, "7Art1", 7).
			lesson(103, 22, "7Mat2", 11, "WHI", 5).  // Ms White, and the Lab, are taken by 7Mat1 then
			lesson(104, 21, "7Mat1", 12, "GRE", 99). // and nobody knows that room
			lesson(105, 21, "7Mat1", 21, "", 6)      // Zoë and Ömer in the Hall, where 7Mat2 is
		w.night("2016-09-05", school.xml())
		list, _, err := ask.Sanity(w.Context(), w.im.DB, date(w, "2016-09-12"))
		if err != nil {
			w.Fatal(err)
		}
		got := []string{}
		for _, s := range list {
			for _, o := range s.Found {
				on := ""
				if o.On != nil {
					on = " " + o.On.String()
				}
				got = append(got, s.What+": "+o.Name+on+" "+o.Detail)
			}
			if s.Count != len(s.Found) {
				w.Errorf("%s: %d", s.What, s.Count)
			}
		}
		w.expect("odd", got,
			"pupils in no form: Una Roe ", "sets without members: 7Art1 ",
			"lessons without a room: 7Mat1 2016-09-12 ", "lessons without a room: 7Mat1 2016-09-19 ",
			"lessons without a teacher: 7Mat1 2016-09-13 ",
			"lessons without a teacher: 7Mat1 2016-09-20 ", "sets without a teacher: 7Art1 ",
			"two lessons at once for a teacher: Ms White 2016-09-12 7Mat1, 09:00–10:00 and 7Mat2, 09:00–10:00",
			"two lessons at once for a teacher: Ms White 2016-09-19 7Mat1, 09:00–10:00 and 7Mat2, 09:00–10:00",
			"two lessons at once in a room: Lab 2016-09-12 7Mat1, 09:00–10:00 and 7Mat2, 09:00–10:00",
			"two lessons at once in a room: Hall 2016-09-13 7Mat2, 09:00–10:00 and 7Mat1, 09:00–10:00",
			"two lessons at once in a room: Lab 2016-09-19 7Mat1, 09:00–10:00 and 7Mat2, 09:00–10:00",
			"two lessons at once in a room: Hall 2016-09-20 7Mat2, 09:00–10:00 and 7Mat1, 09:00–10:00")
		// A pupil in both sets is in two places; one lesson that is suspended keeps nobody.
		school.set(24, "7Mus1", 7, 11).lesson(106, 24, "7Mus1", 11, "GRE", 6)
		w.night("2016-09-06", school.xml())
		if n := w.oddPupils("2016-09-12"); n != 2 {
			w.Errorf("%d pupils in two places, want Zoë twice", n)
		}
		w.suspend("- {name: Trip, kind: suspension, from: 2016-09-12, to: 2016-09-12}")
		w.night("2016-09-07", school.xml())
		if n := w.oddPupils("2016-09-12"); n != 1 {
			w.Errorf("%d pupils in two places, want Zoë once", n)
		}
	})
}

func (w *world) oddPupils(day string) int {
	w.Helper()
	list, _, err := ask.Sanity(w.Context(), w.im.DB, date(w, day))
	if err != nil {
		w.Fatal(err)
	}
	at := slices.IndexFunc(list, func(s report.Sanity) bool { return s.What == "two lessons at once for a pupil" })
	return list[at].Count
}
