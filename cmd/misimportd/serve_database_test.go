package main

import (
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"misimportd/store/storetest"
)

// TestServeWithoutItsDatabase waits for a database that is not up yet, and for one that
// goes away in the middle of an import, tells of it, and feeds the watchdog all the while.
func TestServeWithoutItsDatabase(t *testing.T) {
	t.Parallel()
	misimportd := program(t)
	s := newStation(t, misimportd)
	s.daemonConfigured("")
	direct := storetest.Postgres(t)
	gate, database := newGateway(t, direct)
	m, env := newPretendManager(t)
	d := s.serve(append(env, "MISIMPORTD_DATABASE="+database)...)
	d.await(`level=WARN msg="waiting for the database" error=".*connection refused; is PostgreSQL running`)
	m.await(t, `^READY=1`)
	m.await(t, `^STATUS=waiting for the database: `)
	fed := m.count("WATCHDOG=1")
	if code, text := d.get("/healthz"); code != 200 || !strings.Contains(text, "waiting for the database") {
		t.Errorf("%d %s", code, text)
	}
	if up := d.value("misimport_database_up"); up != "0" {
		t.Errorf("database_up is %s", up)
	}
	if code, text := d.get("/-/ready"); code != 503 || !strings.HasPrefix(text, "not ready: the database is away: ") {
		t.Errorf("%d %s", code, text)
	}
	gate.let(t)
	d.await(`result=applied`)
	m.await(t, `^STATUS=importing: `)
	m.await(t, `^STATUS=waiting for the next import, \w+ \d+ \w+ \d{4} \d\d:\d\d UTC; the last was run 1, applied`)
	if up := d.value("misimport_database_up"); up != "1" {
		t.Errorf("database_up is %s", up)
	}
	for _, page := range []string{"/-/ready", "/-/healthy"} {
		if code, text := d.get(page); code != 200 || !strings.Contains(text, "waiting for the next import") {
			t.Errorf("%s: %d %s", page, code, text)
		}
	}

	// It goes away while an import waits in it.
	s.server.Night()
	raw := storetest.Raw(t, direct)
	tx, err := raw.Begin()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec("LOCK TABLE memberships IN SHARE MODE"); err != nil {
		t.Fatal(err)
	}
	from := d.mark()
	d.signal(syscall.SIGUSR1)
	d.awaitAfter(from, `msg="stage begins" stage=apply`)
	time.Sleep(100 * time.Millisecond)
	gate.shut()
	d.awaitAfter(from, `level=ERROR msg="the import failed and changed nothing: `)
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	d.awaitAfter(from, `msg="waiting for the database"`)
	gate.let(t)
	d.awaitAfter(from, `msg="the database is there again"`)
	d.signal(syscall.SIGUSR1)
	d.awaitAfter(from, `result=applied`)
	if again := m.count("WATCHDOG=1"); again <= fed {
		t.Errorf("the watchdog was fed %d times, and then %d", fed, again)
	}
	d.signal(syscall.SIGHUP)
	m.await(t, `^RELOADING=1\nMONOTONIC_USEC=\d+`)
	d.awaitAfter(from, "reloaded")
	d.stop()
	m.await(t, `^STOPPING=1`)
}

// TestServeWithADatabaseThatIsSilent has a connection that is open and says nothing, at the
// start and later: it is told as away, the watchdog is fed, an end is an end, and when the
// database speaks again all goes on.
func TestServeWithADatabaseThatIsSilent(t *testing.T) {
	t.Parallel()
	misimportd := program(t)
	s := newStation(t, misimportd)
	s.daemonConfigured("")
	gate, database := newGateway(t, storetest.Postgres(t))
	gate.let(t)
	gate.frozen.Lock()
	env := "MISIMPORTD_DATABASE=" + database

	d := s.begin(env)
	time.Sleep(500 * time.Millisecond)
	d.signal(syscall.SIGTERM) // while it starts
	if status := d.ended(); status != 0 || !strings.Contains(d.said(), "stopped before it had begun") {
		t.Errorf("%d\n%s", status, d.said())
	}

	m, notify := newPretendManager(t)
	d = s.begin(append(notify, env)...)
	d.await(`level=WARN msg="waiting for the database" error="the database has not answered for 20s"`)
	d.at = "http://" + d.await(`msg=answering at=(\S+)`)[1]
	if up := d.value("misimport_database_up"); up != "0" {
		t.Errorf("database_up is %s", up)
	}
	fed := m.count("WATCHDOG=1")
	time.Sleep(time.Second)
	if m.count("WATCHDOG=1") == fed {
		t.Error("the watchdog is not fed")
	}
	gate.frozen.Unlock()
	d.await("result=applied")
	gate.frozen.Lock()
	defer gate.frozen.Unlock()
	d.signal(syscall.SIGUSR1) // it looks, and hears nothing
	time.Sleep(500 * time.Millisecond)
	begin := time.Now()
	d.stop()
	const soon = 10 * time.Second
	if took := time.Since(begin); took > soon {
		t.Errorf("it took %s to end", took)
	}
}

// TestServeWithFailuresThatCannotBeRecorded does not try again and again without a pause.
func TestServeWithFailuresThatCannotBeRecorded(t *testing.T) {
	t.Parallel()
	misimportd := program(t)
	s := newStation(t, misimportd)
	s.daemonConfigured("")
	database := storetest.Postgres(t)
	if out, err := exec.Command(misimportd, "era", "create", "2020/21", "--from", "2020-09-01", "--to", "2021-08-31",
		"--database", database).CombinedOutput(); err != nil {
		t.Fatalf("%v %s", err, out)
	}
	raw := storetest.Raw(t, database)
	for _, statement := range []string{
		`CREATE FUNCTION full_up() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no space left' USING ERRCODE ` +
			`= '53100'; END $$`,
		`CREATE TRIGGER runs_full BEFORE INSERT ON runs FOR EACH ROW EXECUTE FUNCTION full_up()`,
	} {
		if _, err := raw.Exec(statement); err != nil {
			t.Fatal(err)
		}
	}
	d := s.serve("MISIMPORTD_DATABASE=" + database)
	d.await(`msg="the failed run could not be recorded"`)
	time.Sleep(5 * time.Second)
	if n := strings.Count(d.said(), "could not be recorded"); n != 1 {
		t.Errorf("%d imports in 5 s", n)
	}
	if completed := d.value("misimport_last_completion_timestamp_seconds"); completed == "0" {
		t.Error("the failure is not counted as an end")
	}
	d.stop()
}
