package importer_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"misimportd/era"
	"misimportd/importer/guard"
	"misimportd/importer/report"
	"misimportd/mis/isams/isamstest"
	"misimportd/store/model"
)

var year2017 = era.Era{Name: "2017/18", StartsOn: era.NewDate(2017, 8, 15), EndsOn: era.NewDate(2018, 8, 14)}

// on sets the clock to the morning of a day, for what goes by it.
func (w *world) on(day string) {
	w.Helper()
	d := date(w, day)
	w.im.AsOf = 0
	w.im.Now = func() time.Time { return d.FirstIn(w.im.Zone).Add(3 * time.Hour) }
}

// nightOn imports a document on a night, by the clock.
func (w *world) nightOn(day string, document []byte) report.Report {
	w.Helper()
	w.on(day)
	w.drop(document)
	r, err := w.im.Run(w.Context())
	if err != nil {
		w.Fatalf("%s: %v", day, err)
	}
	return r
}

// development is a document with its published timetable as one in development.
func development(document []byte, name string) []byte {
	document = bytes.ReplaceAll(document, []byte("PublishedTimetables>"), []byte("DevelopmentTimetables>"))
	return bytes.Replace(document, []byte("<Name>2017-18</Name>"), []byte("<Name>"+name+"</Name>"), 1)
}

// kept is a table without what an import into a later era may add.
func (w *world) kept(query string) string { return strings.Join(w.rows(query), "\n") }

const (
	presentPupils = `SELECT source_id || ' ' || name || ' ' || coalesce(CAST(year AS text), '') FROM pupils t
		JOIN elements e ON e.id = t.id WHERE e.current ORDER BY 1`
	currentEraRows = `SELECT group_name || member_source_id || CAST(starts_on AS text) || CAST(ends_on AS text)
		FROM membership_details WHERE era = '2016/17' ORDER BY 1`
	nextYearsRows = `SELECT CAST(group_id AS text) FROM group_details WHERE era = '2017/18' ORDER BY group_id`
)

// TestASummer is the year's end as a school goes through it.
func TestASummer(t *testing.T) {
	size := isamstest.Size{Pupils: soak(1000, 140), Staff: soak(120, 20), Forms: soak(49, 7), Sets: soak(420, 28),
		SetLists: soak(11_800, 700)}
	each(t, func(w *world) {
		w.im.Guard = guard.NewGuard()
		step := func(what string, r report.Report) report.Report {
			w.Helper()
			took := 0.0
			for _, s := range r.Stages {
				took += s.Seconds
			}
			w.Logf("%-34s run %2d %-9s %6.2f s  %s", what, r.Run, r.Result, took, counts(r.Changes))
			return r
		}
		school := isamstest.New(41, size).TeachIn(2016, soak(2400, 140))
		step("September", w.nightOn("2016-09-05", school.Document()))
		for _, day := range []string{"2016-11-07", "2017-01-16", "2017-03-06", "2017-05-15"} {
			school.Night()
			step("a night, "+day, w.nightOn(day, school.Document()))
		}
		r := step("July, nobody entered the next year", w.nightOn("2017-07-20", school.Document()))
		if !strings.Contains(problems(r), "academic year ends") {
			w.Errorf("nothing is said of the year's end: %s", problems(r))
		}
		w.must(w.desk().CreateNextEra(w.Context(), year2017))

		// Next year's forms, sets and timetable, ahead of time.
		old := school.Document()
		school.NewYear(size.Sets, size.SetLists)
		school.TeachIn(2017, soak(2400, 140))
		next := school.Document()
		pupils, rows := w.kept(presentPupils), w.kept(currentEraRows)
		w.im.NextYear = &model.NextYear{Era: "2017/18", Timetable: "2017-18 draft"}
		r = step("2017/18 ahead of time", w.nightOn("2017-07-21", development(next, "2017-18 draft")))
		again := step("the same once more", w.nightOn("2017-07-22", development(next, "2017-18 draft")))
		w.im.NextYear, w.im.Timetable = nil, ""
		if r.Result != model.Applied || again.Result != model.Unchanged {
			w.Errorf("%s %v, then %s", r.Result, breaches(r), counts(again.Changes))
		}
		if w.kept(presentPupils) != pupils || w.kept(currentEraRows) != rows {
			w.Error("loading ahead changed what is now")
		}
		if r.Count(model.LessonEntity, model.Create) == 0 || r.Count(model.GroupEntity, model.Create) == 0 {
			w.Errorf("loaded: %s", counts(r.Changes))
		}
		loaded := w.kept(nextYearsRows)
		r = step("a night before the roll", w.nightOn("2017-07-23", old))
		if n := r.Count(model.LessonEntity, model.Delete) + r.Count(model.GroupEntity, model.End); n > 0 {
			w.Errorf("the current era's night touches the next one's: %s", counts(r.Changes))
		}

		// The roll, and the first nights of the new year.
		w.on("2017-08-15")
		before := w.dump()
		rolled, err := w.im.Roll(w.Context(), false, false)
		if err != nil || rolled.Result != model.Applied {
			w.Fatalf("%s %v", rolled.Result, err)
		}
		step("the roll", rolled)
		w.undo(rolled.Run)
		if w.dump() != before {
			w.Error("undone, the roll leaves something behind")
		}
		if rolled, err = w.im.Roll(w.Context(), false, false); err != nil {
			w.Fatal(err)
		}
		w.suspend("- {name: Study leave, kind: suspension, years: [11], from: 2018-05-08, to: 2018-06-23}")
		r = step("the new year's first night", w.nightOn("2017-08-16", next))
		if r.Result != model.Applied {
			w.Errorf("held: %v", breaches(r))
		}
		if !strings.Contains(w.kept(nextYearsRows), loaded) || r.Count(model.GroupEntity, model.Create) > 0 {
			w.Errorf("the groups that were loaded are not the new year's: %s", counts(r.Changes))
		}
		r = step("the second", w.nightOn("2017-08-17", next))
		for _, c := range r.Changes {
			if c.Entity != model.GroupSuspensionEntity && c.Entity != model.SuspensionEntity &&
				c.Entity != model.LessonEntity {
				w.Errorf("the second night changes %s", counts(r.Changes))
			}
		}
		if r = step("the third", w.nightOn("2017-08-18", next)); r.Result != model.Unchanged {
			w.Errorf("the third night changes %s", counts(r.Changes))
		}
		w.expect("last year's groups that go on",
			w.rows(`SELECT name FROM group_details WHERE era = '2016/17' AND current`))
	})
}

// problems is what a run reports, a line each.
func problems(r report.Report) string {
	var b strings.Builder
	for _, p := range r.Problems {
		b.WriteString(p.Section + " " + p.ID + ": " + string(p.Reason) + ": " + p.Detail + "\n")
	}
	return b.String()
}
