package messages

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"misimportd/era"
	"misimportd/importer/report"
	"misimportd/mis"
	"misimportd/store/model"
)

// TestAnIncidentOfThreeNights plays nights that fail, one that is held, and what a person does: each is told of once,
// and once when it is over, across a restart; and each weekday has its digest.
func TestAnIncidentOfThreeNights(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newSchool(t, usual)
		w.night = fails // iSAMS is away for two nights
		w.until("Tue 04:00")
		w.stop()
		w.start() // and a restart forgets nothing
		w.until("Tue 23:00")
		w.night = holds // the third brings half a document
		w.until("Wed 09:30")
		w.decided(model.Approved)
		w.night = applies
		w.until("Thu 12:00")
		w.stop()
		w.expect(
			"Mon 06:47 An import failed, and is not tried again before the next night",
			"Mon 07:00 Run 19: failed",
			"Tue 07:00 Run 37: failed",
			"Wed 03:00 Run 38 waits for a person",
			"Wed 07:00 Run 38: held",
			"Wed 09:31 Over: Run 38 does not wait any more",
			"Thu 07:00 Run 39: applied",
		)
		for i, want := range map[int]string{0: "it answered 503", 3: "they had failed since Monday 3 January 2000",
			4: "run 38 waits for a person, since Wednesday 5 January 2000 03:00"} {
			if !strings.Contains(w.wire.texts[i].Text, want) {
				t.Errorf("%q is missing in\n%s", want, w.wire.texts[i].Text)
			}
		}
		for _, m := range w.wire.texts {
			t.Logf("%s\n%s", m.Subject, m.Text)
		}
	})
}

// TestNightsThatFailAreOneIncident until one ends well, which is told of as well. What a person asks for by day does
// not matter to others.
func TestNightsThatFailAreOneIncident(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := usual
		s.Digest = Daily
		w := newSchool(t, s)
		w.night = fails
		w.until("Tue 23:00")
		w.night = applies
		w.until("Wed 12:00")
		w.record(report.Report{Result: model.Failed, Error: "at noon"}, time.Now())
		w.until("Thu 12:00")
		w.stop()
		w.expect(
			"Mon 06:47 An import failed, and is not tried again before the next night",
			"Mon 07:00 Run 19: failed",
			"Tue 07:00 Run 37: failed",
			"Wed 03:00 Over: Imports end well again",
			"Wed 07:00 Run 38: applied",
			"Thu 07:00 Run 40: applied",
		)
	})
}

// TestHeldNightsAreOneIncident as long as each takes the place of the one before, and nobody decides.
func TestHeldNightsAreOneIncident(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := usual
		s.Digest = Off
		w := newSchool(t, s)
		w.night = holds
		w.until("Wed 12:00")
		w.decided(model.Rejected)
		w.until("Thu 12:00") // and the next one is another
		w.stop()
		w.expect("Mon 03:00 Run 2 waits for a person", "Wed 12:01 Over: Run 4 does not wait any more",
			"Thu 03:00 Run 5 waits for a person")
		if text := w.wire.texts[1].Text; !strings.Contains(text, "was rejected") ||
			!strings.Contains(text, "since Monday") {
			t.Error(text)
		}
	})
}

// TestLateIsToldOnce when the database is away for a night, and not while failures are tried again.
func TestLateIsToldOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := usual
		s.Digest = Off
		w := newSchool(t, s)
		w.night = applies
		w.until("Mon 20:00")
		w.away = errors.New("PostgreSQL database scheduler: connection refused")
		w.until("Tue 09:00")
		w.away = nil
		w.until("Tue 12:00")
		w.stop()
		w.expect("Tue 05:01 An import is late", "Tue 09:01 Over: The import that was late has ended")
		if text := w.wire.texts[0].Text; !strings.Contains(text, "connection refused") {
			t.Error(text)
		}
	})
}

// TestAnImportThatDoesNotEndIsLate though the daemon, which makes it, does not look as long.
func TestAnImportThatDoesNotEndIsLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := usual
		s.Digest = Off
		w := newSchool(t, s)
		w.night = func(at time.Time) report.Report {
			w.Looked(w.schedule.Outlook(at, w.imports))
			time.Sleep(5 * time.Hour)
			return applies(at)
		}
		w.until("Mon 08:01")
		w.stop()
		if len(w.wire.got) != 2 || !strings.HasPrefix(w.wire.got[0], "Mon 05:0") ||
			!strings.HasSuffix(w.wire.got[0], "An import is late") ||
			!strings.HasSuffix(w.wire.got[1], "Over: The import that was late has ended") {
			t.Errorf("%q", w.wire.got)
		}
	})
}

// TestPausesAndTheYear are told of as their alerts are, and a pause has no digests.
func TestPausesAndTheYear(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newSchool(t, usual)
		w.night = applies
		today := era.DateOf(time.Now())
		w.imports.Pauses = []era.Pause{{Interval: era.Interval{From: today - 44, To: today + 3}, Why: "summer"}}
		w.imports.EraEnds = today + 31
		w.until("Tue 12:00") // 30 days
		w.imports.HasNext = true
		w.until("Fri 06:00")
		w.stop()
		w.expect("Tue 00:00 The academic year ends, and there is no next one",
			"Tue 00:01 Imports have been paused for long",
			"Tue 12:01 Over: The next academic year is entered", "Fri 00:00 Over: Imports are not paused any more")
		w.imports.EraEnds = era.DateOf(time.Now()) + 7
		w.wire.got = nil
		w.start()
		w.until("Fri 06:10")
		w.imports.EraEnds += 365
		w.until("Fri 06:20")
		w.stop()
		w.expect("Fri 06:01 The academic year ends, and the next one waits to begin",
			"Fri 06:11 Over: Nobody has to roll into the next academic year any more")
	})
}

// TestADigestTellsOfNewProblemsOnly those of the weekend on Monday, and those of one night on the next day.
func TestADigestTellsOfNewProblemsOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newSchool(t, usual)
		found := []mis.Problem{}
		add := func(at time.Time, section, id string) {
			found = append(found, mis.Problem{Section: section, ID: id, Reason: mis.UnknownTutor,
				Since: era.DateOf(at)})
		}
		add(time.Now().AddDate(0, 0, -30), "Forms", "old")
		w.night = func(at time.Time) report.Report {
			add(at, "Forms", at.Format("Mon")+"1")
			add(at, "extra_groups", "Jane Doe")
			w.database.Lock()
			defer w.database.Unlock()
			w.problems = report.ProblemList{Run: model.ID(len(w.runs) + 1), AsOf: era.DateOf(at), Count: len(found),
				Problems: report.ListProblems(found, era.DateOf(at))}
			return applies(at)
		}
		w.until("Tue 12:00")
		time.Sleep(4 * 24 * time.Hour) // the machine was off, and imports on Saturday at noon
		w.until("Mon 12:00")
		w.stop()
		w.expect("Mon 07:00 Run 2: applied", "Tue 07:00 Run 3: applied", "Mon 07:00 Run 6: applied")
		for i, want := range [][]string{{"Mon1"}, {"Tue1"}, {"Sat1", "Sun1", "Mon1"}} {
			text := w.wire.texts[i].Text
			for _, id := range []string{"old", "Mon1", "Tue1", "Sat1", "Sun1"} {
				if strings.Contains(text, id) != slices.Contains(want, id) {
					t.Errorf("digest %d, %s:\n%s", i, id, text)
				}
			}
			if strings.Contains(text, "Jane") || !strings.Contains(text, "extra_groups") {
				t.Errorf("an id that can be a name:\n%s", text)
			}
		}
	})
}

// TestWhatCannotBeDelivered is tried again with growing pauses and across restarts, is shown and counted, and is given
// up after a day; what comes later waits behind it.
func TestWhatCannotBeDelivered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := usual
		s.Digest = Off
		w := newSchool(t, s)
		w.night, w.wire.cut = holds, true
		w.until("Mon 04:00")
		list := w.Undelivered()
		if len(list) != 1 || list[0].Tries < 4 || list[0].Tries > 7 || list[0].GivenUp ||
			!strings.Contains(list[0].Error, "421") || list[0].Subject != "Run 2 waits for a person" {
			t.Fatalf("%+v", list)
		}
		w.stop()
		w.start()
		w.wire.setCut(false)
		w.until("Mon 05:30")
		w.expect("Mon 04:00 Run 2 waits for a person")
		if list := w.Undelivered(); len(list) != 0 {
			t.Errorf("%+v", list)
		}
		if list := w.Newest(5); len(list) != 1 || list[0].Channel != w.wire.name() {
			t.Errorf("%+v", list)
		}

		w.wire.setCut(true)
		w.decided(model.Approved)
		w.night = applies
		w.until("Wed 12:00")
		if list = w.Undelivered(); len(list) != 1 || !list[0].GivenUp || w.wire.tries > 50 {
			t.Errorf("%d tries, %+v", w.wire.tries, list)
		}
		info, err := os.Stat(filepath.Join(w.state, File))
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%v %v", info, err)
		}
		w.stop()
	})
}

// TestAMemoryThatCannotBeRead is told of, and begun anew.
func TestAMemoryThatCannotBeRead(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, File)
	if err := os.WriteFile(path, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if m, err := recall(folder); err == nil || !strings.Contains(err.Error(), path) || len(m.Queue) != 0 {
		t.Errorf("%+v %v", m, err)
	}
	if err := (&memory{}).keep(filepath.Join(folder, "none"), time.Now()); err == nil {
		t.Error("a folder that is not there")
	}
}
