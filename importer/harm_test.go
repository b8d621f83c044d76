package importer_test

import (
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"

	"misimportd/importer/guard"
)

// What a night did is found here by other queries than the importer's, and counted by code
// that shares none with the guard.

// looked is what the database holds on a day, as far as harm is looked for.
type looked struct {
	values map[string]map[string]string // by kind and field, then by id
	places map[string]map[string]bool   // by kind and member: the groups
	yearOf map[string]string            // of groups
	groups map[string]int               // those that go on: how many are in them
	years  map[string]string            // of current pupils
}

// fieldsLookedAt are queries of id and value, one text each, apart by a line.
var fieldsLookedAt = map[string]string{
	"pupil surname":  `SELECT p.source_id, p.surname FROM pupils p JOIN elements e ON e.id = p.id WHERE e.current`,
	"pupil forename": `SELECT p.source_id, p.forename FROM pupils p JOIN elements e ON e.id = p.id WHERE e.current`,
	"pupil email":    `SELECT p.source_id, p.email FROM pupils p JOIN elements e ON e.id = p.id WHERE e.current`,
	"pupil house": `SELECT p.source_id, coalesce(CAST(p.house_id AS text), '') FROM pupils p
		JOIN elements e ON e.id = p.id WHERE e.current`,
	"pupil year": `SELECT p.source_id, coalesce(CAST(p.year AS text), '') FROM pupils p JOIN elements e ON e.id = p.id
		WHERE e.current`,
	"form tutor": `SELECT source_id, coalesce(CAST(tutor_id AS text), '') FROM groups g JOIN elements e ON e.id = g.id
		WHERE e.current AND g.kind = 'form' AND era_id = (SELECT current_era_id FROM settings)`,
	"set subject": `SELECT source_id, coalesce(CAST(subject_id AS text), '') FROM groups g
		JOIN elements e ON e.id = g.id WHERE e.current AND g.kind = 'set' AND era_id = (SELECT current_era_id
		FROM settings)`,
	"set year": `SELECT source_id, coalesce(CAST(year AS text), '') FROM groups g JOIN elements e ON e.id = g.id
		WHERE e.current AND g.kind = 'set' AND era_id = (SELECT current_era_id FROM settings)`,
	"set name": `SELECT source_id, e.name FROM groups g JOIN elements e ON e.id = g.id WHERE e.current
		AND g.kind = 'set' AND era_id = (SELECT current_era_id FROM settings)`,
}

// look is what there is on a night.
func (g *guardedNights) look() looked {
	g.Helper()
	l := looked{values: map[string]map[string]string{}, places: map[string]map[string]bool{}, groups: map[string]int{},
		yearOf: map[string]string{}}
	for field, query := range fieldsLookedAt {
		l.values[field] = g.pairs(query)
	}
	on := g.day.String()
	l.values["lesson beginning"] = g.pairs(`SELECT CAST(lesson_id AS text), CAST(starts_at AS text) FROM lesson_details
		WHERE on_date >= $1`, on)
	l.values["lesson staff"] = g.pairs(`SELECT CAST(lesson_id AS text), coalesce(staff, '') FROM lesson_details
		WHERE on_date >= $1`, on)
	l.years = l.values["pupil year"]
	for group := range g.pairs(`SELECT kind || ' ' || source_id, name FROM group_details WHERE starts_on <= $1
		AND ends_on >= $1`, on) {
		l.groups[group] = 0
	}
	l.yearOf = g.pairs(`SELECT kind || ' ' || source_id, coalesce(CAST(year AS text), '') FROM group_details
		WHERE starts_on <= $1 AND ends_on >= $1`, on)
	for at, group := range g.many(`SELECT group_kind || ' ' || member_source_id, group_source_id FROM membership_details
		WHERE starts_on <= $1 AND ends_on >= $1`, on) {
		if l.places[at] == nil {
			l.places[at] = map[string]bool{}
		}
		kind, _, _ := strings.Cut(at, " ")
		l.places[at][kind+" "+group] = true
		l.groups[kind+" "+group]++
	}
	return l
}

// pairs runs a query of two text columns.
func (w *world) pairs(query string, args ...any) map[string]string {
	w.Helper()
	found := map[string]string{}
	for id, value := range w.many(query, args...) {
		found[id] = value
	}
	return found
}

// many is the rows of a query of two text columns.
func (w *world) many(query string, args ...any) iter.Seq2[string, string] {
	w.Helper()
	first, others, _ := strings.Cut(query, ", ")
	rows := w.rows(first+" || '|' || "+others, args...)
	return func(yield func(string, string) bool) {
		for _, row := range rows {
			if id, value, _ := strings.Cut(row, "|"); !yield(id, value) {
				return
			}
		}
	}
}

// harmBetween tells what was done beyond the limits.
func harmBetween(was, is looked) (beyond []string) {
	limits := guard.DefaultLimits()
	note := func(limit string, n, of int, what string) {
		if exceeds(limits[limit], n, of) {
			beyond = append(beyond, fmt.Sprintf("%s: %d of %d %s", limit, n, of, what))
		}
	}
	for _, field := range slices.Sorted(maps.Keys(was.values)) {
		changed, spoilt, of := 0, 0, 0
		for id, value := range was.values[field] {
			now, stays := is.values[field][id]
			of += btoi(value != "")
			if stays && value != "" && now != "" && now != value {
				changed++
				spoilt += btoi(strings.ContainsAny(now, "?¤Ã") && !strings.ContainsAny(value, "?¤Ã"))
			}
		}
		limit := guard.ValuesChanged
		if field == "lesson staff" {
			limit = guard.CommitmentsChanging
		}
		note(limit, changed, of, field)
		note(guard.ValuesGarbled, spoilt, of, field)
	}
	for _, kind := range []string{"form", "set"} {
		left, moved, of := movesOf(kind, was, is)
		note(guard.MembershipsEnding, left, of, "places in "+kind+"s")
		note(guard.MembershipsMoving, moved, of, "moves between "+kind+"s")
	}
	emptied := 0
	for group, n := range was.groups {
		if left, goesOn := is.groups[group]; goesOn && n >= 5 && left == 0 {
			emptied++
		}
	}
	note(guard.GroupsEmptied, emptied, len(was.groups), "groups")
	return append(beyond, harmOfYears(was, is)...)
}

// movesOf counts who left groups of a kind and stays at the school, apart from who moved.
func movesOf(kind string, was, is looked) (left, moved, of int) {
	for at, groups := range was.places {
		if !strings.HasPrefix(at, kind+" ") {
			continue
		}
		of += len(groups)
		gone, come := map[string]int{}, map[string]int{} // by the year that a group had
		for group := range groups {
			gone[was.yearOf[group]] += btoi(!is.places[at][group])
		}
		for group := range is.places[at] {
			year, known := was.yearOf[group]
			if !known {
				year = is.yearOf[group]
			}
			come[year] += btoi(!groups[group])
		}
		_, member, _ := strings.Cut(at, " ")
		_, stays := is.years[member]
		for year, n := range gone {
			moved += min(n, come[year])
			if stays {
				left += max(0, n-come[year])
			}
		}
	}
	return left, moved, of
}

// harmOfYears looks for year groups that are absent, and for strangers.
func harmOfYears(was, is looked) (beyond []string) {
	here, now, come := map[string]int{}, map[string]int{}, map[string]int{}
	for _, year := range was.years {
		here[year]++
	}
	for id, year := range is.years {
		now[year]++
		if _, known := was.years[id]; !known {
			come[year]++
		}
	}
	for year, n := range here {
		if n >= 5 && now[year] == 0 {
			beyond = append(beyond, fmt.Sprintf("years_absent: %s", year))
		}
	}
	most := slices.SortedFunc(maps.Keys(come), func(a, b string) int { return come[b] - come[a] })
	strange, of := 0, 0
	for _, year := range slices.Sorted(maps.Keys(here)) {
		if !slices.Contains(most[:min(2, len(most))], year) {
			strange, of = strange+come[year], of+here[year]
		}
	}
	if exceeds(guard.DefaultLimits()[guard.RecordsNew], strange, of) {
		beyond = append(beyond, fmt.Sprintf("records_new: %d of %d", strange, of))
	}
	return beyond
}
