package importer_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"misimportd/era"
	"misimportd/importer"
	"misimportd/importer/guard"
	"misimportd/importer/report"
	"misimportd/importer/sources"
	"misimportd/store/model"
)

const rowsOfGroups = `SELECT CAST(group_id AS text) || ' ' || name || ' ' || CAST(starts_on AS text)
	|| CAST(ends_on AS text) || CASE WHEN current THEN 'c' ELSE '' END FROM group_details ORDER BY group_id`

// TestAfterTheLastDay people come, go and are called otherwise; no group, no membership and no lesson is
// touched, and each night says why.
func TestAfterTheLastDay(t *testing.T) {
	each(t, func(w *world) {
		d := small().taught().coded(31, "Ann Ash", "AA").room(41, "Hall").set(88, "7Mu1", 7, 11).
			lesson(1, 88, "7Mu1", 11, "AA", 41)
		w.nightOn("2017-07-01", d.xml())
		groups, members := w.kept(rowsOfGroups), w.kept(membershipsQuery)
		lessons := w.rowsOf(`SELECT id FROM lessons`)
		d = small().pupil(19, "Bea Birch", "7", 7).teacher(32, "Cy Cole").form("new", "8Z", 8, 32).set(90, "8Zo1", 8,
			19)
		for _, night := range []string{"2017-08-15", "2017-08-16"} {
			r := w.nightOn(night, d.xml())
			if r.Result == model.Held || !strings.Contains(problems(r),
				"eras 2016/17: academic year ends: era 2016/17 ended") {
				w.Errorf("%s: %s %v: %s", night, r.Result, breaches(r), problems(r))
			}
		}
		if w.kept(rowsOfGroups) != groups || w.kept(membershipsQuery) != members ||
			w.rowsOf(`SELECT id FROM lessons`) != lessons {
			w.Error("groups, memberships or lessons are touched")
		}
		if n := w.rowsOf(`SELECT id FROM elements WHERE name IN ('Bea Birch', 'Cy Cole') AND current`); n != 2 {
			w.Errorf("%d of two new people are there", n)
		}
		if n := w.rowsOf(`SELECT id FROM elements WHERE kind = 'pupil' AND current AND name LIKE '% (%)'`); n == 0 {
			w.Error("pupils are no longer called by their forms")
		}
	})
}

// TestAHeldRoll waits for a person, once; nights go on with people only, and its approval rolls.
func TestAHeldRoll(t *testing.T) {
	each(t, func(w *world) {
		w.im.Guard, w.im.Turn.AutoRoll = guard.NewGuard(), true
		w.im.Guard.Roll[guard.MembershipsCut] = guard.Limit{}
		w.nightOn("2017-07-01", small().xml())
		w.must(w.desk().CreateNextEra(w.Context(), year2017))
		w.exec(`UPDATE groups SET ends_on = '2017-09-30'`)
		w.exec(`UPDATE memberships SET ends_on = '2017-09-30'`)
		for _, night := range []string{"2017-08-15", "2017-08-16"} {
			r := w.nightOn(night, small().xml())
			if r.Era != "2016/17" || r.Rolled != 0 || !strings.Contains(problems(r), "waits for a person") {
				w.Errorf("%s: into %s, rolled by %d: %s", night, r.Era, r.Rolled, problems(r))
			}
		}
		imports, err := w.im.DB.Imports(w.Context())
		if err != nil || len(imports.Waiting) != 1 {
			w.Fatalf("waiting: %v %v", imports.Waiting, err)
		}
		if s, err := w.im.EraStatus(w.Context()); err != nil || !strings.Contains(s.Step.Command, "approve") {
			w.Errorf("the next step is %+v, %v", s.Step, err)
		}
		r, err := w.im.Approve(w.Context(), imports.Waiting[0])
		if err != nil || r.Result != model.Applied || r.Count(model.MembershipEntity, model.End) == 0 {
			w.Fatalf("%s %v %v: %s", r.Result, r.Differs, err, counts(r.Changes))
		}
		if r := w.nightOn("2017-08-17", small().xml()); r.Era != year2017.Name || r.Result != model.Applied {
			w.Errorf("after the roll: %s into %s %v", r.Result, r.Era, breaches(r))
		}
	})
}

// TestANightDoesBoth: the current year first, and then the next one ahead of time, until the roll.
func TestANightDoesBoth(t *testing.T) {
	each(t, func(w *world) {
		w.must(w.desk().CreateNextEra(w.Context(), year2017))
		w.im.Turn = importer.Turn{AutoRoll: true, Ahead: &model.NextYear{Era: year2017.Name, Years: 1}}
		r := w.nightOn("2017-07-01", small().xml())
		if r.Era != "2016/17" || r.Ahead == nil || r.Ahead.Era != year2017.Name || r.Ahead.AsOf != year2017.StartsOn ||
			r.Ahead.Count(model.GroupEntity, model.Create) == 0 || r.Ahead.Count(model.PupilEntity, model.Update) > 0 {
			w.Fatalf("%+v", r)
		}
		if r = w.nightOn("2017-07-02", small().xml()); r.Result != model.Unchanged || r.Ahead == nil ||
			r.Ahead.Result != model.Unchanged {
			w.Errorf("%s, ahead: %+v", counts(r.Changes), r.Ahead)
		}
		imports, err := w.im.DB.Imports(w.Context())
		if err != nil || imports.Newest[0].Kind != model.Import {
			w.Errorf("the service takes %s for the night's import: %v", imports.Newest[0].Kind, err)
		}
		if r = w.nightOn("2017-08-15", small().xml()); r.Era != year2017.Name || r.Rolled == 0 || r.Ahead != nil ||
			r.Count(model.GroupEntity, model.Create) > 0 {
			w.Errorf("after the last day: into %s, rolled by %d, ahead %v: %s", r.Era, r.Rolled, r.Ahead,
				counts(r.Changes))
		}
		w.im.Turn = importer.Turn{Ahead: &model.NextYear{Era: "2018/19", Years: 1}}
		w.must(w.desk().CreateNextEra(w.Context(), year2017.Following()))
		w.on("2017-08-16")
		w.drop(small().set(99, "9Ma1", 9).xml())
		if r, err := w.im.Plan(w.Context()); err != nil || r.Ahead == nil || r.Ahead.Result != report.Planned ||
			r.Count(model.GroupEntity, model.Create) != 1 || r.Ahead.Count(model.GroupEntity, model.Create) < 2 {
			w.Errorf("the plan of both: %+v %v", r, err)
		}
		w.im.Turn.Ahead.Era = "2030/31"
		if _, err := w.im.Run(w.Context()); err == nil {
			w.drop(small().xml())
			if _, err = w.im.Run(w.Context()); err == nil || !strings.Contains(err.Error(),
				`there is no era "2030/31"`) {
				w.Errorf("an era that is not there: %v", err)
			}
		}
	})
}

// TestPeopleAYearUp: those whose year is not imported then are in no group of it, and who leaves is in none.
func TestPeopleAYearUp(t *testing.T) {
	each(t, func(w *world) {
		w.must(w.desk().CreateNextEra(w.Context(), year2017))
		w.im.Years = []era.Year{7, 8}
		d := (&doc{}).form("7", "7A", 7, 0).pupil(1, "Ann", "7", 7).pupil(2, "Bob", "7", 8).pupil(3, "Cy", "7", 6).
			set(5, "8Ma1", 8, 1, 2, 3)
		w.nightOn("2017-07-01", d.xml())
		w.im.NextYear = &model.NextYear{Era: year2017.Name, Years: 1}
		w.nightOn("2017-07-02", d.xml())
		got := strings.Join(w.rows(`SELECT member_source_id FROM membership_details WHERE era = '2017/18'
			AND group_kind = 'set' ORDER BY 1`), " ")
		if got != "1 3" {
			w.Errorf("in next year's set are %s", got)
		}
		if n := w.rowsOf(`SELECT id FROM elements WHERE name = 'Cy' AND NOT current`); n != 1 {
			w.Error("who comes next year only is current now")
		}
		w.im.NextYear.Without = []string{"SetLists"}
		r := w.nightOn("2017-07-03", d.set(6, "8Ma2", 8, 1).xml())
		if r.Count(model.GroupEntity, model.Create) != 1 || r.Count(model.MembershipEntity, model.Create) != 0 {
			w.Errorf("without set lists: %s", counts(r.Changes))
		}
	})
}

// TestAnMISThatWasNotConverted is not imported beside the one before: people would be there twice.
func TestAnMISThatWasNotConverted(t *testing.T) {
	each(t, func(w *world) {
		w.nightOn("2016-09-05", small().xml())
		w.must(w.desk().CreateDatasource(w.Context(), "Another"))
		w.must(w.desk().SetDatasource(w.Context(), model.CurrentMIS, "Another"))
		before := w.dump()
		w.on("2016-09-06")
		w.drop(small().xml())
		var unconverted *importer.NotConvertedError
		if _, err := w.im.Run(w.Context()); !errors.As(err, &unconverted) || w.dump() != before {
			w.Errorf("%v", err)
		}
		w.im.Guard, w.im.Convert, w.im.Conversion.Pupils = guard.NewGuard(), true, sources.BySameID
		d := small()
		d.leaveOut("Sets").leaveOut("SetLists").leaveOut("Forms")
		w.drop(d.xml())
		r, err := w.im.Run(w.Context())
		if err != nil || r.Result != model.Held || !slices.Contains(breaches(r), "sections_missing Forms") {
			w.Errorf("a document without forms: %s %v %v", r.Result, breaches(r), err)
		}
	})
}
