package importer_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"misimportd/mis"
	"misimportd/store/model"
)

const eventsQuery = `SELECT name || ' ' || CAST(on_date AS text) || ' ' || substr(CAST(starts_at AS text), 12, 5)
	|| CASE WHEN suspended THEN ' suspended' ELSE '' END || ' | ' || coalesce(staff, '') || ' | ' ||
		coalesce(groups, '')
	|| ' | ' || coalesce(rooms, '') FROM lesson_details WHERE kind = 'event' AND on_date >= $1 ORDER BY on_date, name`

// TestAnEventOfTheSchoolsOwn is a lesson of a kind of its own, with all that the file says of it.
func TestAnEventOfTheSchoolsOwn(t *testing.T) {
	each(t, func(w *world) {
		w.events(`- {title: Duty, kind: duty, days: [mon], from: "10:20", to: "10:40", staff: [WHI, Mr Grey],
			groups: [7A],
  rooms: [lab], note: Bring a whistle, organiser: GRE, starts_on: 2016-09-12, ends_on: 2016-09-26}`)
		r := w.night("2016-09-05", timetabled().xml())
		w.expect("problems", said(r.Problems))
		w.expect("events", w.rows(eventsQuery, "2016-09-05"), "Duty 2016-09-12 10:20 | Mr Grey, Ms White | 7A | Lab",
			"Duty 2016-09-19 10:20 | Mr Grey, Ms White | 7A | Lab", "Duty 2016-09-26 10:20 | Mr Grey, Ms White | 7A "+
				"| Lab")
		w.expect("more", w.rows(`SELECT DISTINCT code || ' ' || note || ' ' || organiser FROM lesson_details
			WHERE kind = 'event'`), "duty Bring a whistle Mr Grey")
		ids := w.rows(`SELECT CAST(id AS text) FROM lessons WHERE kind = 'event' ORDER BY id`)
		// Who does it may change, and it is the same event; when it is no more, it goes.
		w.events(`- {title: Duty, kind: duty, days: [mon], from: "10:20", to: "10:40", staff: [WHI], rooms: [lab],
  starts_on: 2016-09-12, ends_on: 2016-09-26}`)
		w.night("2016-09-13", timetabled().xml())
		w.expect("another", w.rows(eventsQuery, "2016-09-05"), "Duty 2016-09-12 10:20 | Mr Grey, Ms White | 7A | Lab",
			"Duty 2016-09-19 10:20 | Ms White |  | Lab", "Duty 2016-09-26 10:20 | Ms White |  | Lab")
		w.expect("rows", w.rows(`SELECT CAST(id AS text) FROM lessons WHERE kind = 'event' ORDER BY id`), ids...)
		w.events("[]")
		w.night("2016-09-20", timetabled().xml())
		w.expect("none", w.rows(eventsQuery, "2016-09-20"))
	})
}

func said(problems []mis.Problem) []string {
	list := []string{}
	for _, p := range problems {
		list = append(list, strings.TrimPrefix(p.ID, "events.yml:1")+string(p.Reason)+": "+p.Detail)
	}
	return list
}

// TestEventsThatCannotBeAsTheyAreWritten: what is known of them is imported, and the rest is told with its line.
func TestEventsThatCannotBeAsTheyAreWritten(t *testing.T) {
	const times = `from: "12:00", to: "13:00"`
	for what, c := range map[string]struct {
		text   string
		events []string
		says   []string
	}{
		"somebody who is not there": {`{title: E, on: 2016-09-12, ` + times + `, staff: [XY, WHI]}`,
			[]string{"E 2016-09-12 12:00 | Ms White |  | "},
			[]string{"unknown teacher: entry 1 of staff (XY) is no member of staff; left out"}},
		"somebody who has left": {`{title: E, on: 2016-09-12, ` + times + `, staff: [OLD]}`,
			[]string{"E 2016-09-12 12:00 |  |  | "}, []string{"unknown teacher: entry 1 of staff (OLD) has left; " +
				"taken out of it"}},
		"no such room": {`{title: E, on: 2016-09-12, ` + times + `, rooms: [Attic]}`,
			[]string{"E 2016-09-12 12:00 |  |  | "}, []string{`unknown room: there is no room "Attic"; left out`}},
		"no such group": {`{title: E, on: 2016-09-12, ` + times + `, groups: [set/999]}`,
			[]string{"E 2016-09-12 12:00 |  |  | "},
			[]string{"unknown group: entry 1 of groups (set/999) is no group; left out"}},
		"two of one name": {`{title: E, on: 2016-09-12, ` + times + `, staff: [Ms Twin]}`,
			[]string{"E 2016-09-12 12:00 |  |  | "},
			[]string{"fits more than one: entry 1 of staff fits several; write the id of one: 8, 9; left out"}},
		"no such week": {`{title: E, days: [mon], weeks: [C], ` + times + `}`, nil,
			[]string{`unknown timetable week: the timetable has no week "C": it has A, and there are none, ` +
				`holidays and all`}},
		"never": {`{title: E, days: [mon], occurrence: fifth, starts_on: 2016-09-01, ends_on: 2016-09-30, ` + times +
			`}`, nil,
			[]string{"never takes place: there is no such day in era 2016/17"}},
		"no organiser": {`{title: E, on: 2016-09-12, ` + times + `, organiser: XY}`, []string{"E 2016-09-12 12:00 |  " +
			"|  | "},
			[]string{"unknown teacher: the organiser is no member of staff; left out"}},
		"over": {`{title: E, days: [mon], ends_on: 2016-08-31, ` + times + `}`, nil, nil},
		"twice": {"{title: E, on: 2016-09-12, " + times + ", staff: [WHI]}\n- {title: E, on: 2016-09-12, " + times +
			", staff: [GRE]}", []string{"E 2016-09-12 12:00 | Mr Grey |  | ", "E 2016-09-12 12:00 | Ms White |  | "},
			nil},
	} {
		t.Run(what, func(t *testing.T) {
			onSQLite(t, func(w *world) {
				school := func() *doc { return timetabled().coded(8, "Ms Twin", "TWA").coded(9, "Ms Twin", "TWB") }
				w.night("2016-09-04", school().coded(7, "Ms Old", "OLD").xml())
				w.events("- " + c.text)
				r := w.night("2016-09-05", school().xml())
				w.expect("problems", said(r.Problems), c.says...)
				w.expect("events", w.rows(eventsQuery+`, staff`, "2016-09-05"), c.events...)
				if again := w.night("2016-09-05", school().xml()); len(again.Changes) > 0 {
					w.Errorf("once more: %v", again.Changes)
				}
			})
		})
	}
}

// TestEventsAndTheCalendar: gaps take them away but for those of holidays, suspensions suspend them, and an event of a
// year group alone is touched by what is of that year.
func TestEventsAndTheCalendar(t *testing.T) {
	each(t, func(w *world) {
		w.events(`- {title: All, days: [mon], from: "12:00", to: "13:00", starts_on: 2016-09-05, ends_on: 2016-09-20}
- {title: Boiler, days: [mon], weeks: holidays, from: "06:00", to: "07:00", starts_on: 2016-09-05, ends_on: 2016-09-20}
- {title: Sevens, days: [tue], from: "12:00", to: "13:00", groups: [7A], starts_on: 2016-09-05, ends_on: 2016-09-20}`)
		w.suspend("- {name: Training, kind: gap, from: 2016-09-12, to: 2016-09-12}",
			"- {name: Trip, kind: suspension, years: [7], from: 2016-09-13, to: 2016-09-13}")
		w.night("2016-09-05", timetabled().xml())
		w.expect("events", w.rows(eventsQuery, "2016-09-05"), "All 2016-09-05 12:00 |  |  | ",
			"Sevens 2016-09-06 12:00 |  | 7A | ", "Boiler 2016-09-12 06:00 |  |  | ",
			"Sevens 2016-09-13 12:00 suspended |  | 7A | ", "All 2016-09-19 12:00 |  |  | ",
			"Sevens 2016-09-20 12:00 |  | 7A | ")
	})
}

// TestEventsStayWithoutTheirFile, and while nobody knows which week is which; a faulty file stops the run.
func TestEventsStayWithoutTheirFile(t *testing.T) {
	each(t, func(w *world) {
		const text = `- {title: Duty, on: [2016-09-12, 2016-09-26], from: "10:20", to: "10:40", staff: [WHI]}`
		w.events(text)
		w.night("2016-09-05", timetabled().xml())
		there := w.rows(eventsQuery, "2016-09-05")
		before := w.dump()
		files := w.im.EventsFiles
		w.im.EventsFiles = nil
		r := w.night("2016-09-06", timetabled().xml())
		w.expect("no file", w.rows(eventsQuery, "2016-09-05"), there...)
		if len(r.Problems) != 1 || r.Problems[0].Reason != mis.SectionIsAbsent || r.Problems[0].Section != "events" {
			w.Errorf("%v", r.Problems)
		}
		w.im.EventsFiles = files
		// no timetable tonight
		w.night("2016-09-06", small().coded(3, "Ms White", "WHI").coded(4, "Mr Grey", "GRE").xml())
		w.expect("no timetable", w.rows(eventsQuery, "2016-09-05"), there...)
		w.events("- {title: Duty}")
		w.drop(timetabled().xml())
		if _, err := w.im.Run(w.Context()); err == nil || !strings.Contains(err.Error(), "events.yml: line 1: ") {
			w.Errorf("a faulty file: %v", err)
		}
		w.events(text)
		w.night("2016-09-06", timetabled().xml())
		if w.dump() != before {
			w.Error("something is left of it")
		}
		if err := os.Remove(filepath.Join(filepath.Dir(files[0]), "events.yml")); err != nil {
			w.Fatal(err)
		}
		w.night("2016-09-06", timetabled().xml())
		w.expect("the file is gone", w.rows(eventsQuery, "2016-09-05"), there...)
	})
}

// TestEventsStayWhileTermsAreNotTold: without them, or where one cannot be read, nobody knows which days are in term.
func TestEventsStayWhileTermsAreNotTold(t *testing.T) {
	for what, spoil := range map[string]func(*doc){
		"none":         func(d *doc) { d.timetable["Terms"] = nil },
		"a faulty one": func(d *doc) { d.in("Terms", `<Term Id="2"><StartDate>soon</StartDate></Term>`) },
		"a faulty week": func(d *doc) {
			d.in("TimetableAllocations", `<TimetableAllocation Id="99"><Year>x</Year></TimetableAllocation>`)
		},
	} {
		t.Run(what, func(t *testing.T) {
			onSQLite(t, func(w *world) {
				w.events(`- {title: Duty, days: [mon], from: "10:20", to: "10:40", staff: [WHI]}`)
				w.night("2016-09-05", timetabled().xml())
				there := w.rows(eventsQuery, "2016-09-05")
				spoilt := timetabled()
				spoil(spoilt)
				r := w.night("2016-09-06", spoilt.xml())
				w.expect("events", w.rows(eventsQuery, "2016-09-05"), there...)
				if !slices.ContainsFunc(r.Problems, func(p mis.Problem) bool { return p.Section == "events" }) ||
					len(there) != 4 {
					w.Errorf("%d events; %v", len(there), r.Problems)
				}
				if again := w.night("2016-09-07", timetabled().xml()); len(again.Changes) > 0 {
					w.Errorf("and back: %v", again.Changes)
				}
			})
		})
	}
}

// TestAFileOfEventsThatIsNotThere stops the run when it was named: its events must not end because of a slip.
func TestAFileOfEventsThatIsNotThere(t *testing.T) {
	onSQLite(t, func(w *world) {
		w.events(`- {title: Duty, on: 2016-09-12, from: "10:20", to: "10:40"}`)
		w.im.EventsFiles = append(w.im.EventsFiles, filepath.Join(w.TempDir(), "two.yml"))
		w.drop(timetabled().xml())
		w.im.AsOf = date(w, "2016-09-05")
		if _, err := w.im.Run(w.Context()); err == nil || !strings.Contains(err.Error(), "two.yml is not there") {
			w.Errorf("%v", err)
		}
	})
}

// TestASchoolWithoutATimetable has events all the same, on any day but in a gap.
func TestASchoolWithoutATimetable(t *testing.T) {
	each(t, func(w *world) {
		w.events(`- {title: Duty, days: [mon], from: "10:20", to: "10:40", starts_on: 2016-09-05, ends_on: 2016-09-20}`)
		w.suspend("- {name: Training, kind: gap, from: 2016-09-12, to: 2016-09-12}")
		if r := w.night("2016-09-05", small().xml()); r.Result != model.Applied {
			w.Fatal(r.Result)
		}
		w.expect("events", w.rows(eventsQuery, "2016-09-05"), "Duty 2016-09-05 10:20 |  |  | ",
			"Duty 2016-09-19 10:20 |  |  | ")
		if r := w.night("2016-09-06", small().xml()); len(r.Changes) > 0 {
			w.Errorf("%v", r.Changes)
		}
	})
}
