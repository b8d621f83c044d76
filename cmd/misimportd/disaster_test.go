package main

import (
	"bytes"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"misimportd/mis/isams/isamstest"
	"misimportd/store/storetest"
)

// program builds the real program, for what must happen to a process of its own.
func program(t *testing.T) string {
	t.Helper()
	built := buildOnce()
	if built.err != nil {
		t.Fatal(built.err)
	}
	path := filepath.Join(t.TempDir(), "misimportd")
	// Another process writes the file: a test that starts a program meanwhile would have it open, and it could not run.
	install := exec.Command("install", "-m", "700", "/dev/stdin", path)
	install.Stdin = bytes.NewReader(built.program)
	if out, err := install.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return path
}

// built is the program, or why it cannot be built.
type built struct {
	program []byte
	err     error
}

// buildOnce builds it: linking takes longer than most tests do.
var buildOnce = sync.OnceValue(func() (b built) {
	folder, err := os.MkdirTemp("", "build")
	if err != nil {
		return built{err: err}
	}
	defer func() { _ = os.RemoveAll(folder) }()
	path := filepath.Join(folder, "misimportd")
	if out, err := exec.Command("go", "build", "-o", path, ".").CombinedOutput(); err != nil {
		return built{err: fmt.Errorf("%w\n%s", err, out)}
	}
	b.program, b.err = os.ReadFile(path)
	return b
})

// putDocument puts a document into a state folder.
func putDocument(t *testing.T, state string, document []byte) {
	t.Helper()
	folder := filepath.Join(state, "PreFetched")
	if err := errors.Join(os.MkdirAll(folder, 0o700),
		os.WriteFile(filepath.Join(folder, "data.xml"), document, 0o600)); err != nil {
		t.Fatal(err)
	}
}

// TestR31KilledAtAnyMoment kills runs that fetch, import and archive, at moments spread
// over the whole of it, and looks at what each leaves: in every folder a whole old
// document or a whole new one, in the database the state before or the state after, no
// lock; and the next run ends in the right state and leaves nothing in Incoming.
func TestR31KilledAtAnyMoment(t *testing.T) {
	misimportd := program(t)
	kills := 12
	if os.Getenv("MISIMPORTD_SOAK") != "" {
		kills = 250
	}
	storetest.Each(t, func(t *testing.T, database string) {
		k := newKillings(t, misimportd, database, "--as-of", "2016-09-05")
		for i := range kills {
			k.once(time.Duration(i) * k.whole * 3 / 2 / time.Duration(kills))
		}
		k.once(20 * k.whole) // when it is over, on the slowest of days
		t.Logf("%d kills over %d ms of a run: database %v, PreFetched %v, Incoming %v", kills, k.whole.Milliseconds(),
			k.database, k.prefetched, k.incoming)
		if k.database["before"] == 0 || k.database["after"] == 0 {
			t.Error("the kills do not cover the whole run")
		}
	})
}

// killings is a school's server on which runs are killed, and what was found after.
type killings struct {
	*testing.T
	server                         *isamstest.Server
	misimportd, state              string
	env, flags                     []string
	raw                            *sql.DB
	whole                          time.Duration // what a run takes
	database, prefetched, incoming map[string]int
}

func newKillings(t *testing.T, misimportd, database string, flags ...string) *killings {
	k := &killings{T: t, misimportd: misimportd, flags: flags, state: t.TempDir(), database: map[string]int{},
		prefetched: map[string]int{}, incoming: map[string]int{}}
	k.server = isamstest.NewServer(isamstest.New(3,
		isamstest.Size{Pupils: 300, Staff: 40, Forms: 14, Sets: 100, SetLists: 3000}), testKey)
	web := httptest.NewServer(k.server)
	t.Cleanup(web.Close)
	// A year's nights pass on one day: what they take away together is no matter here.
	for name, text := range map[string]string{"isams.key": testKey,
		"config.yml": "state: .\nlisten: 127.0.0.1:0\ntimezone: UTC\nschedule: " + aDayLater() +
			"\nguard: {recent_losses: off}\nisams: {url: '" + web.URL +
			"', stall: 1s, retry: {first: 50ms}, requests: [{key_file: isams.key}]}\n"} {
		if err := os.WriteFile(filepath.Join(k.state, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	k.env = append(os.Environ(), "MISIMPORTD_CONFIG="+filepath.Join(k.state, "config.yml"), "MISIMPORTD_DATABASE="+
		database)
	k.run()
	k.server.Night()
	begin := time.Now()
	k.run()
	k.whole = time.Since(begin)
	k.raw = storetest.Raw(t, database)
	return k
}

func (k *killings) command() *exec.Cmd {
	cmd := exec.Command(k.misimportd, append([]string{"run"}, k.flags...)...)
	cmd.Env = k.env
	return cmd
}

// run is one import, which succeeds whatever became of the one before.
func (k *killings) run() {
	k.Helper()
	if out, err := k.command().CombinedOutput(); err != nil {
		k.Fatalf("%v\n%s", err, out)
	}
}

// fingerprint is all that an import can change, in a few bytes.
func (k *killings) fingerprint() string {
	k.Helper()
	sum := sha256.New()
	for _, query := range []string{
		`SELECT e.kind || e.name || coalesce(p.source_id, s.source_id, g.source_id, '')
			|| CASE WHEN e.current THEN '' ELSE 'gone' END
			FROM elements e LEFT JOIN pupils p ON p.id = e.id LEFT JOIN staff s ON s.id = e.id
			LEFT JOIN groups g ON g.id = e.id ORDER BY 1`,
		`SELECT group_source_id || ' ' || member_source_id || CAST(starts_on AS text) || coalesce(CAST(ends_on AS
			text), '')
			FROM membership_details ORDER BY 1`,
	} {
		rows, err := k.raw.Query(query)
		if err != nil {
			k.Fatal(err)
		}
		for rows.Next() {
			var row string
			if err := rows.Scan(&row); err != nil {
				k.Fatal(err)
			}
			fmt.Fprintln(sum, row)
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			k.Fatal(err)
		}
	}
	return hex.EncodeToString(sum.Sum(nil))
}

func (k *killings) once(after time.Duration) {
	k.Helper()
	before, old := k.fingerprint(), k.server.Document()
	k.server.Night()
	night := k.server.Document()
	cmd := k.command()
	if err := cmd.Start(); err != nil {
		k.Fatal(err)
	}
	time.Sleep(after)
	_ = cmd.Process.Signal(syscall.SIGKILL)
	_ = cmd.Wait()
	found := k.fingerprint()
	k.prefetched[k.folder("PreFetched", old, night)]++
	k.folder("Current", old, night)
	left, err := os.ReadDir(filepath.Join(k.state, "Incoming"))
	if err != nil {
		k.Fatal(err)
	}
	k.incoming[fmt.Sprintf("%d files", len(left))]++
	k.run() // no lock is left, and the work is finished
	switch finished := k.fingerprint(); {
	case found == before:
		k.database["before"]++
	case found == finished:
		k.database["after"]++
	default:
		k.Fatalf("killed after %s: the database holds neither the state before nor the one after", after)
	}
	if text, err := os.ReadFile(filepath.Join(k.state, "Current", "data.xml")); err != nil ||
		!bytes.Equal(text, night) {
		k.Fatalf("killed after %s: the next run did not end with the new document: %v", after, err)
	}
	if left, err := os.ReadDir(filepath.Join(k.state, "Incoming")); err != nil || len(left) > 0 {
		k.Fatalf("the next run left %v in Incoming: %v", left, err)
	}
}

// folder says which document a folder holds; half a one is the end of the test.
func (k *killings) folder(name string, old, night []byte) string {
	k.Helper()
	text, err := os.ReadFile(filepath.Join(k.state, name, "data.xml"))
	switch {
	case errors.Is(err, os.ErrNotExist):
		return "nothing"
	case err != nil:
		k.Fatal(err)
	case bytes.Equal(text, old):
		return "old"
	case bytes.Equal(text, night):
		return "new"
	}
	k.Fatalf("%s holds a document of %d bytes that is neither the old nor the new", name, len(text))
	return ""
}
