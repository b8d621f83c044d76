package pages

import (
	"bytes"
	"cmp"
	"context"
	"encoding/csv"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"misimportd/importer/words"
)

// fleetState is a state of schools: what is said of them, and whether they need a person.
type fleetState struct {
	Name   string
	Needs  bool
	Class  string // of the word
	one    string // what is said of one school, after the number
	many   string // likewise of many
	filter string // what the link to them says
}

// fleetStates are in the order in which people look: first those that need somebody.
var fleetStates = []fleetState{
	{SchoolFailed, true, "failed", "has failed", "have failed", "Failed"},
	{SchoolAside, true, "failed", "is set aside", "are set aside", "Set aside"},
	{SchoolOverdue, true, "failed", "is overdue", "are overdue", "Overdue"},
	{SchoolHeld, true, "held", "is held", "are held", "Held"},
	{SchoolRunning, false, "", "is being imported", "are being imported", "Running"},
	{SchoolNew, false, "", "is new", "are new", "New"},
	{SchoolPaused, false, "", "is paused", "are paused", "Paused"},
	{SchoolWell, false, "come", "is well", "are well", "Well"},
}

// rankOf is where a state stands among all; one that is not known is looked at before what is well.
func rankOf(state string) int {
	i := slices.IndexFunc(fleetStates, func(s fleetState) bool { return s.Name == state })
	if i < 0 {
		return len(fleetStates) - 1
	}
	return i
}

// fleetPage is how all schools are, for whoever looks after them.
type fleetPage struct {
	FleetOverview
	Mood, Head, Sentence string
	Night                fleetNight
	Shown                []fleetRow
	Filters              []fleetFilter
	State, Asked         string // what is asked for
	Found                int
	Page, Pages          int
	First, Last          int // of those that were found, counted from 1
	CSV                  string
	Before, After        string // links to other pages of the list, "" for none
}

// fleetRow is a school of the table.
type fleetRow struct {
	FleetSchool
	Path        string
	Says, Class string // of its state
	Age         time.Duration
	HasAge      bool
}

// fleetFilter is a link to the schools of one state.
type fleetFilter struct {
	Text, Link string
	Count      int
	On         bool
}

// schoolsMost is how many schools are on one page.
const schoolsMost = 1000

// overview shows how all schools are.
func (s *FleetSite) overview(w http.ResponseWriter, r *http.Request) {
	of, err := s.lookAtAll(r)
	if err != nil {
		s.silent(w, r, err)
		return
	}
	p := fleetPageOf(of, r.URL.Query())
	s.write(w, r, http.StatusOK, shown{page: "fleet", nav: "fleet", title: p.Head, data: p, zone: of.Zone})
}

// lookAtAll asks how all schools are, those that need a person first.
func (s *FleetSite) lookAtAll(r *http.Request) (FleetOverview, error) {
	ctx, cancel := context.WithTimeout(r.Context(), lookMost)
	defer cancel()
	of, err := s.Fleet.Overview(ctx)
	of.Zone = cmp.Or(of.Zone, time.UTC)
	of.Schools = slices.Clone(of.Schools)
	slices.SortStableFunc(of.Schools, func(a, b FleetSchool) int {
		return cmp.Or(cmp.Compare(rankOf(a.State), rankOf(b.State)), a.HeldSince.Compare(b.HeldSince),
			words.CompareNames(a.Name, b.Name))
	})
	return of, err
}

func fleetPageOf(of FleetOverview, asked url.Values) fleetPage {
	p := fleetPage{FleetOverview: of, Night: fleetNightOf(of.Minutes, of.Zone), State: clipped(asked.Get("state")),
		Asked: clipped(strings.TrimSpace(asked.Get("q")))}
	p.judge()
	p.Filters = p.filters()
	found := p.find()
	p.Found = len(found)
	p.Pages = max(1, (p.Found+schoolsMost-1)/schoolsMost)
	page, _ := strconv.Atoi(asked.Get("page")) // 0 where there is none
	p.Page = min(max(1, page), p.Pages)
	from := (p.Page - 1) * schoolsMost
	for _, school := range found[from:min(p.Found, from+schoolsMost)] {
		p.Shown = append(p.Shown, p.row(school))
	}
	p.First, p.Last = from+1, from+len(p.Shown)
	p.CSV = linkTo(fleetPath+".csv", p.State, p.Asked, 1)
	if p.Page > 1 {
		p.Before = linkTo(fleetPath, p.State, p.Asked, p.Page-1)
	}
	if p.Page < p.Pages {
		p.After = linkTo(fleetPath, p.State, p.Asked, p.Page+1)
	}
	return p
}

// find is the schools that are asked for.
func (p *fleetPage) find() (found []FleetSchool) {
	asked := words.Plain(p.Asked)
	for _, school := range p.Schools {
		if (p.State == "" || school.State == p.State) &&
			(asked == "" || strings.Contains(words.Plain(school.Name), asked)) {
			found = append(found, school)
		}
	}
	return found
}

func (p *fleetPage) row(of FleetSchool) fleetRow {
	row := fleetRow{FleetSchool: of, Path: SchoolPath(of.Name), Says: of.State, HasAge: !of.DataAt.IsZero(),
		Age: p.At.Sub(of.DataAt)}
	if s := fleetStates[rankOf(of.State)]; s.Name == of.State {
		row.Says, row.Class = strings.ToLower(s.filter), s.Class
	}
	return row
}

// linkTo is a page of the list.
func linkTo(path, state, asked string, page int) string {
	of := url.Values{}
	for key, value := range map[string]string{"state": state, "q": asked} {
		if value != "" {
			of.Set(key, value)
		}
	}
	if page > 1 {
		of.Set("page", strconv.Itoa(page))
	}
	if len(of) == 0 {
		return path
	}
	return path + "?" + of.Encode()
}

// filters are links to the schools of each state that there is.
func (p *fleetPage) filters() []fleetFilter {
	list := []fleetFilter{{"All", linkTo(fleetPath, "", p.Asked, 1), len(p.Schools), p.State == ""}}
	counts := p.counts()
	for _, s := range fleetStates {
		if counts[s.Name] > 0 || s.Name == p.State {
			list = append(list, fleetFilter{s.filter, linkTo(fleetPath, s.Name, p.Asked, 1), counts[s.Name],
				s.Name == p.State})
		}
	}
	return list
}

func (p *fleetPage) counts() map[string]int {
	counts := map[string]int{}
	for _, school := range p.Schools {
		counts[school.State]++
	}
	return counts
}

// judge says in a few words whether all is well, or what is to be done.
func (p *fleetPage) judge() {
	counts := p.counts()
	needs, worse := 0, 0
	var parts []string
	for _, s := range fleetStates {
		n := counts[s.Name]
		if n == 0 {
			continue
		}
		parts = append(parts, sayCount(n, s))
		if s.Needs {
			needs += n
		}
		if s.Class == "failed" {
			worse += n
		}
	}
	p.Sentence = strings.Join(parts, ", ")
	if p.Sentence != "" {
		p.Sentence = words.Many(len(p.Schools), "school") + ": " + p.Sentence + "."
	}
	for _, of := range []struct {
		is         bool
		mood, head string
	}{
		{p.Stop != nil, "trouble", "Dispatching has stopped"},
		{len(p.Schools) == 0, "look", "There is no school yet"},
		{!p.someWork(), "trouble", "No worker is at work"},
		{worse > 0, "trouble", needing(needs)},
		{needs > 0, "look", needing(needs)},
		{true, "well", "All is well"},
	} {
		if of.is {
			p.Mood, p.Head = of.mood, of.head
			return
		}
	}
}

func sayCount(n int, s fleetState) string {
	if n == 1 {
		return "1 " + s.one
	}
	return words.Thousands(n) + " " + s.many
}

func needing(n int) string {
	if n == 1 {
		return "1 school needs somebody"
	}
	return words.Thousands(n) + " schools need somebody"
}

// silentAfter is how long nothing has to be heard of a worker for it to be called silent.
const silentAfter = 2 * time.Minute

// IsSilent tells whether nothing was heard of a worker for too long.
func (p fleetPage) IsSilent(w FleetWorker) bool { return p.At.Sub(w.Seen) > silentAfter }

// Ago is how long something is past.
func (p fleetPage) Ago(at time.Time) string { return ago(p.At.Sub(at)) }

func (p *fleetPage) someWork() bool {
	return slices.ContainsFunc(p.Workers, func(w FleetWorker) bool { return !p.IsSilent(w) })
}

// overviewCSV is the table for a spreadsheet: all of it, or what is asked for.
func (s *FleetSite) overviewCSV(w http.ResponseWriter, r *http.Request) {
	of, err := s.lookAtAll(r)
	if err != nil {
		s.silent(w, r, err)
		return
	}
	p := fleetPage{FleetOverview: of, State: r.FormValue("state"), Asked: clipped(r.FormValue("q"))}
	at := func(t time.Time) string {
		if t.IsZero() {
			return ""
		}
		return t.In(of.Zone).Format(time.RFC3339)
	}
	var b bytes.Buffer
	c := csv.NewWriter(&b)
	_ = c.Write([]string{"school", "state", "why", "run", "result", "ran_at", "held_since", "problems", "data_at",
		"last_success", "next", "paused_until", "canary"})
	for _, f := range p.find() {
		until := ""
		if !f.PausedUntil.IsZero() {
			until = f.PausedUntil.String()
		}
		row := []string{f.Name, f.State, f.Why, fmt.Sprint(f.Run), f.Result, at(f.RanAt), at(f.HeldSince),
			fmt.Sprint(f.Problems), at(f.DataAt), at(f.LastSuccess), at(f.Next), until, strconv.FormatBool(f.Canary)}
		for i := range row {
			row[i] = words.SpreadsheetSafe(row[i])
		}
		_ = c.Write(row) // into memory
	}
	c.Flush()
	s.write(w, r, http.StatusOK, shown{raw: b.Bytes(), kind: "text/csv; charset=utf-8", name: "schools.csv"})
}
