package importer_test

import (
	"strings"
	"testing"

	"misimportd/era"
	"misimportd/importer"
	"misimportd/importer/entry"
	"misimportd/store"
	"misimportd/store/model"
	"misimportd/store/storetest"
)

// TestTheYearTurnsByItself once, on the first night after its last day, whatever zone, whatever hour, and however
// often the service is started anew around that midnight.
func TestTheYearTurnsByItself(t *testing.T) {
	midnight := func(c *clocked) {
		for _, at := range []string{"2000-08-31 23:59:30", "2000-09-01 00:00:00", "2000-09-01 00:00:30",
			"2000-09-01 02:59:59", "2000-09-01 03:00:00"} {
			c.until(at)
			c.restart()
		}
	}
	zones := map[string][]string{"Europe/London": {"0 3 * * *"}, "Pacific/Apia": {"0 0 * * *"}}
	if soak(1, 0) == 1 {
		zones["America/St_Johns"] = []string{"0 3 * * *"}
	}
	for zone, specs := range zones {
		for _, spec := range append(specs, []string{"0 0 * * *", "0 3 * * *"}[:soak(2, 0)]...) {
			for what, turn := range map[string]importer.Turn{"the next is entered": {AutoRoll: true},
				"it is created": {CreateNext: true}, "nobody acts": {}} {
				t.Run(strings.ReplaceAll(zone+" "+spec+" "+what, " ", "_"), func(t *testing.T) {
					t.Parallel()
					database := storetest.SQLite(t)
					enterYears(t, database, turn.AutoRoll)
					live(t, database, zone, spec, "2000-08-30 12:00:00", func(c *clocked) {
						c.turn = turn
						c.restart()
						midnight(c)
						c.until("2000-09-03 12:00:00")
					})
					rolls, eras := kindsOfRuns(t, database)
					want := "1999/2000 1999/2000 2000/01 2000/01 2000/01"
					if what == "nobody acts" {
						want = strings.ReplaceAll(want, "2000/01", "1999/2000")
					}
					if isTurned := what != "nobody acts"; rolls != map[bool]int{true: 1, false: 0}[isTurned] ||
						eras != want {
						t.Errorf("%d rolls, imports into %s, want %s", rolls, eras, want)
					}
				})
			}
		}
	}
}

// enterYears enters the year that ends, and the one after it.
func enterYears(t *testing.T, database string, next bool) {
	t.Helper()
	db, err := store.Open(t.Context(), database)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	e := era.Era{Name: "1999/2000", StartsOn: era.NewDate(1999, 9, 1), EndsOn: era.NewDate(2000, 8, 31)}
	desk := entry.Desk{DB: db, Version: "test"}
	if _, err := desk.CreateEra(t.Context(), e); err != nil {
		t.Fatal(err)
	}
	if _, err := desk.SetEra(t.Context(), entry.CurrentEra, e.Name); err != nil || !next {
		return
	}
	if _, err := desk.CreateNextEra(t.Context(), e.Following()); err != nil {
		t.Fatal(err)
	}
}

// kindsOfRuns is how many rolls there were, and into which eras the imports went.
func kindsOfRuns(t *testing.T, database string) (rolls int, eras string) {
	t.Helper()
	db, err := store.Open(t.Context(), database)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	past, err := importer.Runs(t.Context(), db, 100)
	if err != nil {
		t.Fatal(err)
	}
	for _, run := range past {
		switch {
		case run.Result == model.Aborted: // by a restart, and made again
		case run.Kind == model.Roll:
			rolls++
		case run.Kind == model.Import:
			eras = strings.TrimSpace(run.Era + " " + eras)
		}
	}
	return rolls, eras
}
