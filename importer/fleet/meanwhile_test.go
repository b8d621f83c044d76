//go:build !single

package fleet_test

import (
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"misimportd/importer/fleet"
	"misimportd/mis/isams/isamstest"
	"misimportd/store"
)

// TestAWishMeanwhile is for a school that a worker has in hand: it is made when the import that is under way is done,
// though the worker has found out that the school is due tomorrow.
func TestAWishMeanwhile(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	y.add("slow-a", "slow-b")
	p := y.work()
	y.await("both in hand", func() bool {
		return y.standing("slow-a").Worker != "" && y.standing("slow-b").Worker != ""
	})
	time.Sleep(time.Second) // the import has begun then
	if err := y.fleet.Wish(t.Context(), []string{"slow-a"}); err != nil {
		t.Fatal(err)
	}
	y.await("another import", func() bool { return y.areDone(2, "slow-a") })
	time.Sleep(3 * quick.Tick)
	p.stop()
	y.eachHas(2, "slow-a")
	y.eachHas(1, "slow-b")
}

// TestAJobIsLost that a worker was given, as when the answer got lost: the worker lives, and so nobody takes it for
// dead, but it does not know of the job, and gives it back.
func TestAJobIsLost(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	y.add("school-a")
	p := y.work()
	y.await("its night", func() bool { return y.areDone(1, "school-a") && y.jobs("school-a", "completed") == 1 })
	time.Sleep(2 * quick.Dead) // until then the worker remembers it
	y.exec(`UPDATE fleet.river_job SET state = 'running', finalized_at = NULL, attempt = 1,
		attempted_at = now() - interval '1 minute'`)
	y.await("the job done once more", func() bool { return y.jobs("school-a", "completed") == 1 })
	p.stop()
	y.eachHas(1, "school-a")
}

// TestAWishForAPoisonousSchool is tried no more often than its night: the school is set aside again, and the wish gone.
func TestAWishForAPoisonousSchool(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	y.add("poison")
	if err := y.fleet.Wish(t.Context(), []string{"poison"}); err != nil {
		t.Fatal(err)
	}
	y.exec(`UPDATE fleet.school_status SET tries = 5`)
	last := y.work()
	y.await("the sixth worker's end", last.isOver)
	p := y.work()
	y.await("it set aside", func() bool { return y.standing("poison").State(time.Now()) == fleet.Aside })
	time.Sleep(3 * quick.Tick)
	if s := y.standing("poison"); !s.WishedAt.IsZero() || p.isOver() {
		t.Errorf("it goes on: %+v", s)
	}
	p.stop()
}

// TestAWishBringsBack a school that was set aside, when it ends well.
func TestAWishBringsBack(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	y.add("school-a")
	y.exec(`UPDATE fleet.schools SET aside_at = now(), aside_why = 'it was bad'`)
	p := y.work()
	time.Sleep(3 * quick.Tick)
	y.eachHas(0, "school-a")
	if err := y.fleet.Wish(t.Context(), []string{"school-a"}); err != nil {
		t.Fatal(err)
	}
	y.await("it is well", func() bool { return y.standing("school-a").State(time.Now()) == fleet.Well })
	p.stop()
	y.eachHas(1, "school-a")
}

// TestANewerFleet has been brought up to date by a newer program: this one works with it for as long as that one says
// so.
func TestANewerFleet(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	y.add("school-a")
	y.exec(`INSERT INTO fleet.goose_db_version (version_id, is_applied) VALUES (9999, true)`)
	p := y.work()
	y.await("its night", func() bool { return y.areDone(1, "school-a") })
	p.stop()
	var refused *fleet.SchemaError
	if _, _, err := fleet.Init(t.Context(), y.url, slog.New(slog.DiscardHandler)); !asError(err, &refused) {
		t.Errorf("the older program changes it: %v", err)
	}
	y.exec(`UPDATE fleet.settings SET suits = 9999`)
	if _, err := fleet.Open(t.Context(), y.url); !asError(err, &refused) || !strings.Contains(err.Error(),
		"use a newer misimportd") {
		t.Errorf("%v", err)
	}
}

// TestOnePlaceHasOneSchool though two URLs name it: the second is not imported, and says why.
func TestOnePlaceHasOneSchool(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	y.add("school-a")
	p := y.work()
	y.await("its night", func() bool { return y.areDone(1, "school-a") })
	y.give("school-b", isamstest.New(7, tiny).Document())
	other := y.school("school-b")
	other.Configuration = y.databaseOf("school-a") + "&connect_timeout=9 " + y.web.URL
	y.wanted.Schools = append(y.wanted.Schools, other)
	y.apply()
	y.await("trouble told", func() bool { return y.standing("school-b").Lost == "place" })
	if s := y.standing("school-b"); s.State(time.Now()) != fleet.Failed ||
		!strings.HasPrefix(s.LostWhy, "its database and schema are those of school-a: give each school its own") {
		t.Errorf("%+v", s)
	}
	y.eachHas(1, "school-a")
	away := must(fleet.Open(t.Context(), y.url))
	away.Close()
	db := must(store.Prepare(y.databaseOf("school-a")))
	defer func() { _ = db.Close() }()
	var claimed *fleet.ClaimedError
	if err := away.Claim(t.Context(), db, "school-b"); !errors.As(err, &claimed) {
		t.Errorf("while nobody can say that school-a is gone: %v", err)
	}
	if err := away.Claim(t.Context(), db, "school-a"); err != nil {
		t.Errorf("its own: %v", err)
	}
	y.change("school-b", func(s *fleet.School) { s.Configuration = y.databaseOf("school-b") + " " + y.web.URL })
	y.await("the night of the other", func() bool { return y.areDone(1, "school-b") })
	y.eachHas(1, "school-a", "school-b")

	// A school that has another name from now on keeps its database.
	y.wanted.Schools[0].Name = "school-c"
	y.give("school-c", isamstest.New(1, tiny).Document())
	y.apply()
	y.dayGoesBy("school-a") // in whose schema school-c is now
	y.exec(`UPDATE fleet.school_status SET next = now() WHERE school = 'school-c'`)
	y.await("another night there", func() bool { return y.areDone(2, "school-a") })
	p.stop()
}

// TestAResumeWhileASchoolIsTaken is heeded: whoever takes a school up sees all that was changed before.
func TestAResumeWhileASchoolIsTaken(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	y.add("school-a")
	until := map[string]time.Time{"school-a": time.Now().Add(1000 * time.Hour)}
	if err := y.fleet.Pause(t.Context(), []string{"school-a"}, until, ""); err != nil {
		t.Fatal(err)
	}
	if err := y.fleet.LookAgain(t.Context(), "school-a"); err != nil { // which queues it
		t.Fatal(err)
	}
	db, err := sql.Open("postgres", y.url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	resume, err := db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	for _, statement := range []string{`UPDATE fleet.schools SET paused_until = NULL`,
		`UPDATE fleet.school_status SET next = now(), touched = touched + 1`} {
		if _, err := resume.Exec(statement); err != nil {
			t.Fatal(err)
		}
	}
	p := y.work()
	y.await("the worker at it", func() bool { return y.jobs("school-a", "running") == 1 })
	time.Sleep(quick.Tick)
	if err := resume.Commit(); err != nil {
		t.Fatal(err)
	}
	y.await("its night", func() bool { return y.areDone(1, "school-a") })
	p.stop()
}

// TestACanaryThatEndsItsWorkers stops the fleet.
func TestACanaryThatEndsItsWorkers(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	y.add("poison", "school-b")
	y.change("poison", func(s *fleet.School) { s.Canary = true })
	y.exec(`UPDATE fleet.school_status SET tries = 6 WHERE school = 'poison'`)
	p := y.work()
	y.awaitStop("poison, which goes first, was set aside: its job has ended its workers")
	time.Sleep(2 * quick.Tick)
	y.eachHas(0, "school-b")
	if _, err := y.fleet.ResumeAll(t.Context(), ""); err != nil {
		t.Fatal(err)
	}
	y.await("the other", func() bool { return y.areDone(1, "school-b") })
	p.stop()
}

// TestACanaryThatIsHeldAfterAll stops the fleet, though its import began before somebody said that the fleet goes on.
func TestACanaryThatIsHeldAfterAll(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	y.add("slow-a", "school-b")
	y.change("slow-a", func(s *fleet.School) { s.Canary = true })
	p := y.work()
	y.await("the first night", func() bool { return y.areDone(1, "slow-a", "school-b") })
	y.await("all put away", func() bool { return y.standing("school-b").Worker == "" })
	y.give("slow-a", halved(1))
	y.dayGoesBy("slow-a", "school-b")
	y.await("the canary in hand", func() bool { return y.standing("slow-a").Worker != "" })
	y.exec(`INSERT INTO fleet.stops (why) VALUES ('a test')`)
	if _, err := y.fleet.ResumeAll(t.Context(), ""); err != nil {
		t.Fatal(err)
	}
	y.awaitStop("slow-a, which goes first, was held")
	p.stop()
	y.eachHas(1, "school-b")
}

// TestACanaryThatWasLost and is at work now does not stop the fleet, however long that takes.
func TestACanaryThatWasLost(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	y.add("slow-a", "school-b")
	y.change("slow-a", func(s *fleet.School) { s.Canary = true })
	y.exec(`UPDATE fleet.school_status SET lost = 'database', lost_since = now() - interval '21 minutes',
		gave_up = true, worker = 'w', next = now() WHERE school = 'slow-a'`) // it is taken at once
	p := y.work()
	y.await("the first night", func() bool { return y.areDone(1, "slow-a", "school-b") })
	if o, err := y.fleet.Overview(t.Context()); err != nil || o.Stop != nil {
		t.Errorf("stopped: %+v (%v)", o.Stop, err)
	}
	p.stop()
}

// TestWhoIsPausedOrLost neither stops the fleet nor counts as waiting.
func TestWhoIsPausedOrLost(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	y.add("school-a", "school-b", "school-c")
	y.change("school-a", func(s *fleet.School) { s.Canary = true })
	y.exec(`UPDATE fleet.schools SET paused_until = now() + interval '1 day' WHERE name = 'school-a'`)
	y.exec(`UPDATE fleet.school_status SET lost = 'database', lost_since = now() - interval '1 hour',
		due_at = now() - interval '2 hours', next = now() + interval '1 hour' WHERE school <> 'school-c'`)
	p := y.work()
	y.await("the others", func() bool { return y.areDone(1, "school-c") })
	time.Sleep(3 * quick.Tick)
	o, err := y.fleet.Overview(t.Context())
	if err != nil || o.Stop != nil || o.Lag > time.Minute {
		t.Errorf("stopped: %+v, lag %s (%v)", o.Stop, o.Lag, err)
	}
	p.stop()
}

// TestALookAtAPausedSchool reads what was decided there, and begins no night.
func TestALookAtAPausedSchool(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	y.add("school-a")
	p := y.work()
	y.await("its night", func() bool { return y.areDone(1, "school-a") })
	y.give("school-a", halved(1))
	y.dayGoesBy("school-a")
	y.await("it held", func() bool { return y.standing("school-a").State(time.Now()) == fleet.Held })
	until := map[string]time.Time{"school-a": time.Now().Add(1000 * time.Hour)}
	if err := y.fleet.Pause(t.Context(), []string{"school-a"}, until, ""); err != nil {
		t.Fatal(err)
	}
	y.reject("school-a", 2)
	y.dayGoesBy("school-a") // so that a night is due
	if err := y.fleet.LookAgain(t.Context(), "school-a"); err != nil {
		t.Fatal(err)
	}
	y.await("it is merely paused", func() bool { return y.standing("school-a").State(time.Now()) == fleet.Paused })
	time.Sleep(3 * quick.Tick)
	y.eachHas(2, "school-a")
	until["school-a"] = time.Now().Add(time.Second) // somebody finds that it is enough
	if err := y.fleet.Pause(t.Context(), []string{"school-a"}, until, ""); err != nil {
		t.Fatal(err)
	}
	y.await("the night that was due", func() bool { return y.areDone(3, "school-a") })
	p.stop()
}

// TestAJobIsPutOffByAWrongClock and is brought back by the leader.
func TestAJobIsPutOffByAWrongClock(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	y.add("school-a")
	if err := y.fleet.LookAgain(t.Context(), "school-a"); err != nil { // which queues it
		t.Fatal(err)
	}
	y.exec(`UPDATE fleet.river_job SET state = 'retryable', scheduled_at = now() + interval '1 hour'`)
	p := y.work()
	y.await("its night", func() bool { return y.areDone(1, "school-a") })
	p.stop()
}

// TestALookWhileOthersGoFirst reads what was done at a school, and does not begin its night.
func TestALookWhileOthersGoFirst(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	y.add("school-a", "school-b")
	y.change("school-a", func(s *fleet.School) { s.Canary = true })
	p := y.work()
	y.await("the first night", func() bool { return y.areDone(1, "school-a", "school-b") })
	y.await("all put away", func() bool { return y.standing("school-b").Worker == "" })
	p.stop()
	y.dayGoesBy("school-a", "school-b")
	y.exec(`UPDATE fleet.school_status SET next = now() + interval '3 hours', ran_at = now() - interval '1 day'
		WHERE school = 'school-a'`)
	before := y.jobs("school-b", "completed")
	if err := y.fleet.LookAgain(t.Context(), "school-b"); err != nil {
		t.Fatal(err)
	}
	p = y.work()
	y.await("a look", func() bool { return y.jobs("school-b", "completed") == before+1 })
	time.Sleep(3 * quick.Tick)
	y.eachHas(1, "school-b")
	o, err := y.fleet.Overview(t.Context())
	if err != nil || o.Lag > time.Minute {
		t.Errorf("lag %s (%v)", o.Lag, err)
	}
	y.exec(`UPDATE fleet.school_status SET next = now()`)
	y.await("both nights", func() bool { return y.areDone(2, "school-a", "school-b") })
	p.stop()
}

// TestOthersWaitForACanaryThatIsDueSoon, and are told so; a school that was never imported does not wait for that.
func TestOthersWaitForACanaryThatIsDueSoon(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	y.add("school-a", "school-b", "school-c")
	y.change("school-a", func(s *fleet.School) { s.Canary = true })
	y.exec(`UPDATE fleet.school_status SET next = now() + interval '3 hours' WHERE school = 'school-a'`)
	y.exec(`UPDATE fleet.school_status SET ran_at = now() - interval '1 day' WHERE school = 'school-b'`)
	p := y.work()
	y.await("the new school", func() bool { return y.areDone(1, "school-c") })
	time.Sleep(4 * quick.Tick)
	y.eachHas(0, "school-b")
	o, err := y.fleet.Overview(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if why := o.Why(y.standing("school-b")); why != "waits for school-a, which goes first" {
		t.Errorf("why it waits: %q", why)
	}
	y.exec(`UPDATE fleet.school_status SET next = now() WHERE school = 'school-a'`)
	y.await("both nights", func() bool { return y.areDone(1, "school-a", "school-b") })
	p.stop()
}
