package main

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"misimportd/mis/isams/isamstest"
	"misimportd/store/storetest"
)

// TestSignalsAtEveryStage sends each signal to the real service at each stage of an
// import, and looks at what it did and what it left. It writes the table of it.
func TestSignalsAtEveryStage(t *testing.T) {
	misimportd := program(t)
	signals := map[string][]syscall.Signal{"USR1": {syscall.SIGUSR1}, "HUP": {syscall.SIGHUP},
		"TERM": {syscall.SIGTERM}, "TERM TERM": {syscall.SIGTERM, syscall.SIGTERM}}
	storetest.Each(t, func(t *testing.T, database string) {
		k := newKillings(t, misimportd, database)
		for _, stage := range []string{"idle", "fetch", "state", "decode", "diff", "apply", "archive"} {
			for _, name := range []string{"USR1", "HUP", "TERM", "TERM TERM"} {
				k.signalled(stage, name, signals[name])
			}
		}
	})
}

// signalled sends signals to a service at a stage.
func (k *killings) signalled(stage, name string, signals []syscall.Signal) {
	k.Helper()
	before, old := k.fingerprint(), k.server.Document()
	k.server.Night()
	night := k.server.Document()
	d := startService(k.T, k.misimportd, k.env)
	d.await("msg=ready")
	from := d.mark()
	release := func() {}
	if stage != "idle" {
		release = k.hold(stage)
		d.signal(syscall.SIGUSR1)
		pattern := `msg="stage begins" stage=` + stage
		if stage == "state" && !k.isPostgres() {
			pattern = `msg=stage stage=fetch` // then it waits for the one who writes
		}
		d.awaitAfter(from, pattern)
	}
	if held := stage == "fetch" || stage == "state"; held {
		time.Sleep(100 * time.Millisecond)
	} else { // it goes on only when the signals are there
		d.signal(syscall.SIGSTOP)
	}
	for _, s := range signals {
		d.signal(s)
		if len(signals) > 1 {
			_ = d.cmd.Process.Signal(syscall.SIGCONT)
			time.Sleep(30 * time.Millisecond)
			if d.cmd.ProcessState != nil {
				break
			}
		}
	}
	_ = d.cmd.Process.Signal(syscall.SIGCONT)
	did := ""
	switch name {
	case "USR1", "HUP":
		release()
		did = k.goesOn(d, from, stage, name)
	default:
		did = k.goes(d, stage, name)
		release()
	}
	found := k.fingerprint()
	prefetched, left := k.folder("PreFetched", old, night), 0
	k.folder("Current", old, night)
	if files, err := os.ReadDir(filepath.Join(k.state, "Incoming")); err == nil {
		left = len(files)
	}
	if name != "TERM TERM" && left > 0 {
		k.Errorf("%s at %s: %d files in Incoming", name, stage, left)
	}
	k.run() // no lock is left, and the work is finished
	held := "before"
	switch finished := k.fingerprint(); found {
	case finished:
		held = "after"
	case before:
	default:
		k.Fatalf("%s at %s: the database holds neither the state before nor the one after:\n%s", name, stage, d.said())
	}
	if stopped := strings.Contains(did, "rolled back"); stopped && held == "after" ||
		strings.Contains(did, "applied") && held == "before" {
		k.Errorf("%s at %s: it said %q, and the database is as %s", name, stage, did, held)
	}
	k.Logf("TABLE %s | %s | %s | database %s | PreFetched %s | Incoming %d files", stage, name, did, held, prefetched,
		left)
}

// goesOn waits for what a service does that is not told to stop.
func (k *killings) goesOn(d *served, from int, stage, name string) (did string) {
	switch {
	case name == "HUP" && stage == "idle":
		d.awaitAfter(from, `msg="the configuration was reloaded"`)
		did = "reloaded"
	case name == "HUP":
		d.awaitAfter(from, `result=applied`)
		d.awaitAfter(from, `msg="the configuration was reloaded"`)
		did = "applied, then reloaded"
	case stage == "idle":
		d.awaitAfter(from, `result=applied`)
		did = "applied"
	default:
		d.awaitAfter(from, `result=applied`)
		d.awaitAfter(from, `result=unchanged`)
		did = "applied, then one more: unchanged"
	}
	d.stop()
	if n := strings.Count(d.said(), "msg=fetching"); n > 2 {
		k.Errorf("%s at %s: %d imports", name, stage, n)
	}
	return did
}

// goes waits for the end of a service that was told to stop.
func (k *killings) goes(d *served, stage, name string) string {
	k.Helper()
	begin := time.Now()
	status := d.ended()
	const most = 30 * time.Second
	if took := time.Since(begin); took > most {
		k.Errorf("%s at %s: it took %s to end", name, stage, took)
	}
	said := d.said()
	did := fmt.Sprintf("ended with status %d", status)
	switch {
	case name == "TERM" && status != 0 || status > 0:
		k.Errorf("%s at %s: exit status %d:\n%s", name, stage, status, said)
	case strings.Contains(said, "result=applied"):
		did += ", said: applied"
	case strings.Contains(said, "rolled back: nothing was changed"):
		did += ", said: rolled back: nothing was changed"
		if name == "TERM" && !strings.Contains(said, "result=aborted") {
			k.Errorf("%s at %s: the run is not recorded as aborted:\n%s", name, stage, said)
		}
	case name == "TERM" && stage != "idle":
		k.Errorf("%s at %s: it did not say what became of the run:\n%s", name, stage, said)
	}
	return strings.Replace(did, "status -1", "the signal", 1)
}

func (k *killings) isPostgres() bool { return strings.Contains(k.Name(), "postgres") }

// hold keeps the next import at a stage, where that can be done, until it is released.
func (k *killings) hold(stage string) (release func()) {
	k.Helper()
	statement := ""
	switch {
	case stage == "fetch":
		k.server.Misbehave(isamstest.Fault{Kind: "stall", After: 5000, Times: 1})
	case stage == "state" && k.isPostgres():
		statement = "LOCK TABLE pupils IN ACCESS EXCLUSIVE MODE"
	case stage == "state":
		statement = "DELETE FROM pupils WHERE 1 = 0"
	case stage == "apply" && k.isPostgres():
		statement = "LOCK TABLE memberships IN SHARE MODE"
	}
	if statement == "" {
		return func() {}
	}
	tx, err := k.raw.BeginTx(context.Background(), &sql.TxOptions{})
	if err != nil {
		k.Fatal(err)
	}
	if _, err := tx.Exec(statement); err != nil {
		k.Fatal(err)
	}
	return func() { _ = tx.Rollback() }
}

// mark is where the log ends now.
func (d *served) mark() int {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	return len(d.lines)
}
