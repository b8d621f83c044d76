//go:build !single

package fleet_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	_ "github.com/lib/pq" // the driver postgres

	"misimportd/importer/fleet"
	"misimportd/mis/isams/isamstest"
	"misimportd/store"
	"misimportd/store/model"
	"misimportd/store/storetest"
)

// yard is a fleet with all that it needs, for one test.
type yard struct {
	testing.TB
	url     string // of the fleet's database
	schools string // of the database that has a schema for each school
	raw     *sql.DB
	fleet   *fleet.Fleet
	wanted  fleet.Wanted
	web     *httptest.Server

	template *isamstest.School // of which all are copies

	mutex     sync.Mutex
	documents map[string][]byte // by school
	down      map[string]bool   // schools whose host answers nothing of use
	asked     map[string]int
}

// newYard sets a fleet up on the server of the tests.
func newYard(t testing.TB) *yard {
	t.Helper()
	return newYardOn(t, storetest.Database(t), storetest.Database(t))
}

// newYardOn sets a fleet up in a database, with the schools in another.
func newYardOn(t testing.TB, fleetURL, schoolsURL string) *yard {
	t.Helper()
	y := &yard{TB: t, url: fleetURL, schools: schoolsURL, documents: map[string][]byte{}, down: map[string]bool{},
		asked: map[string]int{}}
	y.web = httptest.NewServer(y)
	t.Cleanup(y.web.Close)
	if _, _, err := fleet.Init(context.Background(), y.url, slog.New(slog.DiscardHandler)); err != nil {
		t.Fatal(err)
	}
	var err error
	if y.fleet, err = fleet.Open(context.Background(), y.url); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(y.fleet.Close)
	if y.raw, err = sql.Open("postgres", y.schools); err != nil {
		t.Fatal(err)
	}
	y.raw.SetMaxIdleConns(1)
	t.Cleanup(func() { _ = y.raw.Close() })
	y.wanted.Settings = fleet.Settings{StopPercent: 100, StopAtLeast: 1000}
	return y
}

var tiny = isamstest.Size{Pupils: 64, Staff: 6, Forms: 2, Sets: 4, SetLists: 120}

// add enters schools, each with a document of its own.
func (y *yard) add(names ...string) {
	y.Helper()
	for _, name := range names {
		y.give(name, isamstest.New(uint64(len(y.wanted.Schools)+1), tiny).Document())
		y.wanted.Schools = append(y.wanted.Schools, y.school(name))
	}
	y.apply()
}

// school is a school as a fleet knows it, in a schema of its own.
func (y *yard) school(name string) fleet.School {
	return fleet.School{Name: name, Zone: "UTC", Schedule: lastHour(), GiveUp: giveUp(), Database: "here",
		Configuration: y.databaseOf(name) + " " + y.web.URL}
}

// change changes a school that was entered.
func (y *yard) change(name string, how func(*fleet.School)) {
	y.Helper()
	for i := range y.wanted.Schools {
		if y.wanted.Schools[i].Name == name {
			how(&y.wanted.Schools[i])
		}
	}
	y.apply()
}

func (y *yard) databaseOf(name string) string { return y.schools + "&search_path=" + schemaOf(name) }

func schemaOf(name string) string { return "s_" + strings.ReplaceAll(name, "-", "_") }

// lastHour is a schedule of which one time came an hour ago, and the next comes in 23.
func lastHour() string {
	at := time.Now().UTC().Add(-time.Hour)
	return fmt.Sprintf("%d %d * * *", at.Minute(), at.Hour())
}

func giveUp() string { return time.Now().UTC().Add(6 * time.Hour).Format("15:04") }

func (y *yard) apply() {
	y.Helper()
	if _, err := y.fleet.Apply(context.Background(), y.wanted, true); err != nil {
		y.Fatal(err)
	}
}

func (y *yard) give(name string, document []byte) {
	y.mutex.Lock()
	defer y.mutex.Unlock()
	y.documents[name] = document
}

// ServeHTTP is the pretended iSAMS of all schools.
func (y *yard) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name := r.URL.Query().Get("apiKey") // each school has its own
	y.mutex.Lock()
	document, isDown := y.documents[name], y.down[name]
	y.asked[name]++
	y.mutex.Unlock()
	if document == nil || isDown {
		http.Error(w, "not now", http.StatusServiceUnavailable)
		return
	}
	w.Header().Set("Content-Type", "text/xml")
	_, _ = w.Write(document)
}

// await waits until something is so.
func (y *yard) await(what string, is func() bool) {
	y.Helper()
	y.awaitFor(awaitMost, what, is)
}

// awaitStop waits until the fleet's guard has stopped it, and says why.
func (y *yard) awaitStop(why string) {
	y.Helper()
	y.await("the fleet stopped", func() bool {
		o, err := y.fleet.Overview(context.Background())
		return err == nil && o.Stop != nil && strings.HasPrefix(o.Stop.Why, why)
	})
}

// awaitLong waits for what takes long.
func (y *yard) awaitLong(what string, is func() bool) {
	y.Helper()
	y.awaitFor(time.Hour, what, is)
}

func (y *yard) awaitFor(most time.Duration, what string, is func() bool) {
	y.Helper()
	for begin := time.Now(); time.Since(begin) < most; time.Sleep(50 * time.Millisecond) {
		if is() {
			return
		}
	}
	o, err := y.fleet.Overview(context.Background())
	for _, s := range o.Standings {
		y.Logf("%s %s run %d %s (%s) next %s tries %d %s", s.School, s.State(o.At), s.Run, s.Result, s.Reason,
			s.Next.Format(time.TimeOnly), s.Tries, s.Worker)
	}
	y.Fatalf("waited for %s: %s is not so (%v, %+v)", most, what, err, o.Stop)
}

// standing is how a school stands.
func (y *yard) standing(name string) (found fleet.Standing) {
	y.Helper()
	o, err := y.fleet.Overview(context.Background())
	if err != nil {
		y.Logf("looking: %v", err)
		return found
	}
	for _, s := range o.Standings {
		if s.School == name {
			return s
		}
	}
	return found
}

// imports counts a school's imports that came to an end, by its own record.
func (y *yard) imports(name string) (n int) {
	y.Helper()
	var isThere bool
	schema := schemaOf(name)
	err := y.raw.QueryRow(`SELECT to_regclass($1) IS NOT NULL`, schema+".runs").Scan(&isThere)
	if err == nil && isThere {
		err = y.raw.QueryRow(`SELECT count(*) FROM ` + schema +
			`.runs WHERE kind = 'import' AND result IN ('applied', 'unchanged', 'held')`).Scan(&n)
	}
	if err != nil {
		y.Fatal(err)
	}
	return n
}

// areDone tells whether schools have had so many imports each.
func (y *yard) areDone(n int, names ...string) bool {
	for _, name := range names {
		if y.imports(name) < n {
			return false
		}
	}
	return true
}

// reject rejects what a school's run holds.
func (y *yard) reject(name string, run model.ID) {
	y.Helper()
	db, err := store.Open(context.Background(), y.databaseOf(name))
	if err != nil {
		y.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	lock, err := db.Lock(context.Background(), store.NewHolder("reject"))
	if err != nil {
		y.Fatal(err)
	}
	if err := errors.Join(lock.Reject(context.Background(), run, ""), lock.Unlock()); err != nil {
		y.Fatal(err)
	}
}

// dayGoesBy moves the record of schools a day into the past: another night is due.
func (y *yard) dayGoesBy(names ...string) {
	y.Helper()
	for _, name := range names {
		if _, err := y.raw.Exec(`UPDATE ` + schemaOf(name) + `.runs SET started_at = started_at - interval '1 day',
			finished_at = finished_at - interval '1 day'`); err != nil {
			y.Fatal(err)
		}
	}
	y.exec(`UPDATE fleet.school_status SET next = now(), ran_at = ran_at - interval '1 day',
		ended_at = ended_at - interval '1 day', trouble_since = trouble_since - interval '1 day'`)
}

// jobs counts a school's jobs in a state.
func (y *yard) jobs(school, state string) (n int) {
	y.Helper()
	db, err := sql.Open("postgres", y.url)
	if err != nil {
		y.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	if err := db.QueryRow(`SELECT count(*) FROM fleet.river_job WHERE args->>'school' = $1 AND state::text = $2`,
		school, state).Scan(&n); err != nil {
		y.Fatal(err)
	}
	return n
}

// exec changes the fleet's database behind its back.
func (y *yard) exec(statement string) {
	y.Helper()
	execIn(y.TB, y.url, statement)
}

func execIn(t testing.TB, database, statement string) {
	t.Helper()
	db, err := sql.Open("postgres", database)
	if err == nil {
		_, err = db.Exec(statement)
	}
	if err = errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
}

// names are those of n schools.
func names(n int) (list []string) {
	for i := range n {
		list = append(list, fmt.Sprintf("school-%03d", i+1))
	}
	return list
}

// eachHas checks that each school has exactly so many imports.
func (y *yard) eachHas(n int, names ...string) {
	y.Helper()
	for _, name := range names {
		if has := y.imports(name); has != n {
			y.Errorf("%s has %d imports, and should have %d", name, has, n)
		}
		if n > 0 {
			y.hasItsDocuments(name)
		}
	}
}

// hasItsDocuments checks that no document of a school is lost: each that a run read is archived, the one that the
// newest read is Current, and none waits.
func (y *yard) hasItsDocuments(name string) {
	y.Helper()
	schema := schemaOf(name)
	var lost, current, waits int
	err := y.raw.QueryRow(`SELECT
		(SELECT count(*) FROM `+schema+`.runs r WHERE result IN ('applied', 'held')
			AND NOT EXISTS (SELECT FROM `+schema+`.documents d WHERE d.place = 'Archive' AND d.run_id = r.id)),
		(SELECT count(*) FROM `+schema+`.documents WHERE place = 'Current'),
		(SELECT count(*) FROM `+schema+`.documents WHERE place = 'PreFetched')`).Scan(&lost, &current, &waits)
	if err != nil || lost != 0 || current != 1 || waits != 0 {
		y.Errorf("%s: the documents of %d runs are lost, %d are Current, %d wait (%v)", name, lost, current, waits, err)
	}
}

// nothingLeft checks that no lock is left, and no school in hand.
func (y *yard) nothingLeft() {
	y.Helper()
	var locks int
	if err := y.raw.QueryRow(`SELECT count(*) FROM pg_locks l JOIN pg_database d ON d.oid = l.database
		WHERE l.locktype = 'advisory' AND d.datname = current_database()`).Scan(&locks); err != nil || locks != 0 {
		y.Errorf("%d locks are left (%v)", locks, err)
	}
	o, err := y.fleet.Overview(context.Background())
	if err != nil {
		y.Error(err)
	}
	for _, s := range o.Standings {
		if s.Worker != "" {
			y.Errorf("%s is said to be in hand of %s", s.School, s.Worker)
		}
	}
}

const awaitMost = time.Minute

func asError[T error](err error, target *T) bool { return errors.As(err, target) }
