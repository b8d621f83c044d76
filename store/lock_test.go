package store_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"misimportd/store"
	"misimportd/store/storetest"
)

// lockAs has another program hold the lock of a database under a name, until it is told to let
// go.
func lockAs(t *testing.T, database, name string) (release func()) {
	t.Helper()
	if path, ok := strings.CutPrefix(database, "sqlite:"); ok {
		file, err := os.Create(path + ".lock")
		if err == nil {
			_, err = file.WriteString(name + "\n")
		}
		if err = errors.Join(err, syscall.Flock(int(file.Fd()), syscall.LOCK_EX)); err != nil {
			t.Fatal(err)
		}
		return func() { _ = file.Close() }
	}
	raw := storetest.Raw(t, database)
	conn, err := raw.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, statement := range []string{
		`SET application_name = '` + name + `'`,
		fmt.Sprintf(`SELECT pg_advisory_lock(%d, hashtext(current_schema()))`, store.LockClass),
	} {
		if _, err := conn.ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	return func() {
		_, _ = conn.ExecContext(context.Background(), `SELECT pg_advisory_unlock_all()`)
		_ = conn.Close()
	}
}

// started is a process that runs, and ends with the test.
func started(t *testing.T, name string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(name, args...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	return cmd
}

// TestR32AKilledHolderIsWaitedFor, and nobody else: who lives, or is on another machine, is
// told of at once.
func TestR32AKilledHolderIsWaitedFor(t *testing.T) {
	me := store.NewHolder("run")
	living := started(t, "sleep", "1h").Process.Pid
	ended := exec.Command("true")
	if err := ended.Run(); err != nil {
		t.Fatal(err)
	}
	unreaped := started(t, "true").Process.Pid
	elsewhere := "a"
	if strings.HasPrefix(me.Host, "a") {
		elsewhere = "b"
	}
	long := time.Date(2001, 1, 1, 0, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		holder string
		waits  bool
	}{
		"ended": {store.Holder{Command: "run", PID: ended.Process.Pid, Host: me.Host,
			Since: me.Since}.String(), true},
		"ended and not yet reaped": {store.Holder{Command: "undo", PID: unreaped, Host: me.Host,
			Since: me.Since}.String(), true},
		"another has its number": {store.Holder{Command: "run", PID: living, Host: me.Host, Since: long}.String(),
			true},
		"lives": {store.Holder{Command: "run", PID: living, Host: me.Host,
			Since: time.Now()}.String(), false},
		"is this process": {me.String(), false},
		"ended on another machine": {store.Holder{Command: "run", PID: ended.Process.Pid, Host: elsewhere,
			Since: me.Since}.String(), false},
		"does not say who it is":    {"another program", false},
		"has not said who it is":    {"", false},
		"has a number that is none": {"misimportd run, process x on y since z", false},
	} {
		t.Run(name, func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, database string) {
				db, err := store.Open(t.Context(), database)
				if err != nil {
					t.Fatal(err)
				}
				defer func() { _ = db.Close() }()
				release := lockAs(t, database, c.holder)
				told := 0
				db.Waiting = func(holder string) {
					told++
					if holder != c.holder {
						t.Errorf("told of %q, want %q", holder, c.holder)
					}
					release()
				}
				lock, err := db.Lock(t.Context(), me)
				var busy *store.BusyError
				switch {
				case c.waits && (err != nil || told != 1):
					t.Errorf("told %d times: %v", told, err)
				case !c.waits && (!errors.As(err, &busy) || busy.Holder != c.holder || told != 0):
					t.Errorf("told %d times: %v", told, err)
				}
				if err == nil {
					err = lock.Unlock()
				} else {
					release()
					err = nil
				}
				if err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// TestR32WaitingEndsWhenToldTo: who is told to stop waits for nobody.
func TestR32WaitingEndsWhenToldTo(t *testing.T) {
	storetest.Each(t, func(t *testing.T, database string) {
		ended := exec.Command("true")
		if err := ended.Run(); err != nil {
			t.Fatal(err)
		}
		holder := store.NewHolder("run")
		holder.PID = ended.Process.Pid
		defer lockAs(t, database, holder.String())()
		db, err := store.Open(t.Context(), database)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = db.Close() }()
		ctx, stop := context.WithCancel(t.Context())
		db.Waiting = func(string) { stop() }
		if _, err := db.Lock(ctx, store.NewHolder("run")); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
}
