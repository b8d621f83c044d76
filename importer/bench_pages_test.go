package importer_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"misimportd/importer"
	"misimportd/importer/daemon"
	"misimportd/importer/status"
	"misimportd/importer/status/pages"
	"misimportd/mis/isams/isamstest"
	"misimportd/store/storetest"
)

// BenchmarkPages times each page, from the request to the last byte, beside the bare queries for what is on it, in a
// school with 400 nights of history.
func BenchmarkPages(b *testing.B) {
	for _, pupils := range []int{1000, 16000} {
		for kind, database := range map[string]func(testing.TB) string{"postgres": storetest.Postgres,
			"sqlite": storetest.SQLite} {
			b.Run(fmt.Sprintf("%s/pupils=%d", kind, pupils), func(b *testing.B) {
				im, raw, s := aged(b, pupils, database(b))
				timeAnswers(b, im, raw, s, pageAnswers(b, im, s))
			})
		}
	}
}

// pageAnswers are the pages, with what the bare answers are of what is on them.
func pageAnswers(b *testing.B, im *importer.Importer, s *isamstest.School) (list []answer) {
	schedule, err := daemon.NewSchedule("0 3 * * *", "07:00", time.UTC)
	if err != nil {
		b.Fatal(err)
	}
	school := &pages.School{Importer: im, Schedule: schedule, Open: true, Today: agedDay}
	site := pages.New(pages.Given{Life: context.Background(), School: func() *pages.School { return school },
		Pulse: status.NewPulse("test"), Log: slog.New(slog.DiscardHandler)}).Handler()
	get := func(path string) func(context.Context, *importer.Importer) error {
		return func(ctx context.Context, _ *importer.Importer) error {
			r := httptest.NewRequestWithContext(ctx, http.MethodGet, path, nil)
			r.Host = "localhost"
			w := httptest.NewRecorder()
			if site.ServeHTTP(w, r); w.Code != http.StatusOK {
				return fmt.Errorf("%s: %d %s", path, w.Code, w.Body)
			}
			return nil
		}
	}
	bare := map[string][]string{}
	for _, a := range answers(s, agedDay) {
		bare[a.name] = a.bare
	}
	const someRuns = `SELECT id, kind, result, started_at, finished_at, as_of, counts, problems, stages, guard, waiting
		FROM runs ORDER BY id DESC LIMIT 120`
	const oneRun = `SELECT c.entity, c.action, c.record_id, c.why, c.before, c.after FROM changes c
		WHERE c.run_id = (SELECT max(id) FROM runs WHERE kind = 'import')`
	const labels = `SELECT * FROM run_labels WHERE run_id = (SELECT max(id) FROM runs WHERE kind = 'import')`
	const calendar = `SELECT * FROM eras`
	pupil, set, staff := s.Pupils[10].ID, s.Sets[10].ID, s.Staff[5].ID
	past, err := importer.Runs(context.Background(), im.DB, 1000)
	if err != nil || len(past) == 0 {
		b.Fatal(err)
	}
	newest, first := past[0].Run, past[len(past)-1].Run
	firstRun := fmt.Sprintf(`SELECT entity, action, record_id, why, before, after FROM changes WHERE run_id = %d
		AND entity IN ('pupil', 'membership') ORDER BY seq LIMIT 800`, first)
	return []answer{
		{name: "today", ask: get("/"), bare: append([]string{someRuns, calendar}, labels)},
		{name: "runs", ask: get("/runs"), bare: []string{someRuns}},
		{name: "a run", ask: get(fmt.Sprintf("/runs/%d", newest)), bare: []string{oneRun, labels, someRuns}},
		{name: "the first run", ask: get(fmt.Sprintf("/runs/%d", first)), bare: []string{firstRun, someRuns}},
		{name: "problems", ask: get("/problems"), bare: bare["problems"]},
		{name: "people", ask: get("/people?q=" + s.Pupils[10].Surname), bare: []string{
			`SELECT id, name FROM elements WHERE lower(name) LIKE '%` + "smith" + `%'`}},
		{name: "pupil", ask: get(fmt.Sprintf("/person/pupil/%d", pupil)), bare: append(bare["pupil"],
			bare["history of a pupil"]...)},
		{name: "group", ask: get(fmt.Sprintf("/group/set/%d", set)), bare: append(bare["members"],
			bare["history of a set"]...)},
		{name: "timetable", ask: get(fmt.Sprintf("/timetable?staff=%d", staff)), bare: bare["lessons of a teacher"]},
		{name: "calendar", ask: get("/calendar"), bare: []string{calendar, `SELECT * FROM suspensions`}},
		{name: "settings", ask: get("/settings"), bare: []string{calendar}},
		{name: "audit", ask: get("/audit"), bare: []string{someRuns}},
	}
}
