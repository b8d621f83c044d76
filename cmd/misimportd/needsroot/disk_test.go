//go:build needsroot

package needsroot

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"misimportd/mis/isams/isamstest"
)

// TestR31AFullDisk gives the program, its database and its folder a disk of a few sizes,
// each too small at another moment. What was there stays whole; with more room, the same
// command does the rest.
func TestR31AFullDisk(t *testing.T) {
	misimportd := program(t)
	document := isamstest.New(1, isamstest.Typical).Document()
	const script = `set -e; mount -t tmpfs -o size=$1 tmpfs "$2"; mkdir -p "$2/PreFetched"
		export MISIMPORTD_CONFIG="$5"
		cp "$3" "$2/PreFetched/data.xml"
		if "$4" run --state "$2" --as-of 2016-09-05 2>&1; then echo fitted; exit; fi
		cmp "$3" "$2/PreFetched/data.xml"
		mount -o remount,size=100M "$2"
		"$4" run --state "$2" --as-of 2016-09-05 --json
		"$4" runs --state "$2"`
	source := filepath.Join(t.TempDir(), "data.xml")
	if err := os.WriteFile(source, document, 0o600); err != nil {
		t.Fatal(err)
	}
	plain := filepath.Join(filepath.Dir(source), "plain.yml")
	if err := os.WriteFile(plain, []byte("automatic_groups: off\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	failures := map[string]int{}
	for size := 2600; size < 16000; size += 600 {
		out, err := inNamespace(script, fmt.Sprintf("%dk", size), t.TempDir(), source, misimportd, plain).
			CombinedOutput()
		said := string(out)
		if err != nil {
			t.Fatalf("%d kB: %v\n%s", size, err, said)
		}
		switch {
		case strings.Contains(said, "fitted"):
			failures["none"]++
		case strings.Contains(said, "could not be filed away") && strings.Contains(said, `"result":"unchanged"`):
			failures["after the run was applied"]++
		case strings.Contains(said, "space left on device") || strings.Contains(said, "disk is full"):
			failures["before"]++
			if !strings.Contains(said, `{"entity":"membership","action":"create","count":13000}`) {
				t.Errorf("%d kB: with more room the run did not do all:\n%s", size, said)
			}
		default:
			t.Errorf("%d kB: %s", size, said)
		}
	}
	t.Logf("disk full: %v", failures)
	if failures["before"] == 0 || failures["none"] == 0 {
		t.Error("the sizes do not cover what they should")
	}
}

// TestAFullDiskDuringDownload has no room for what comes: it is told, the document that
// the database reflects stays, and with room again the next run does the work.
func TestAFullDiskDuringDownload(t *testing.T) {
	misimportd := program(t)
	server := isamstest.NewServer(isamstest.New(1,
		isamstest.Size{Pupils: 100, Staff: 20, Forms: 7, Sets: 35, SetLists: 600}), testKey)
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		server.ServeHTTP(w, r)
		server.Night() // the next answer is another document
	}))
	defer web.Close()
	const script = `set -e; mount -t tmpfs -o size=100M tmpfs "$1"; cd "$1"; printf %s "$2" > isams.key
		printf 'state: .\nisams: {url: %s, retry: {first: 50ms, most: 50ms}, timeout: 2s, %s}\n' \
			"$3" 'requests: [{key_file: isams.key}]' > config.yml
		"$4" run --config config.yml --as-of 2016-09-05
		cp Current/data.xml old.xml
		mount -o remount,size=$(($(df -k --output=used . | tail -1) + 60))k "$1"
		if "$4" run --config config.yml --as-of 2016-09-06; then echo FITTED; fi
		cmp old.xml Current/data.xml; test ! -e PreFetched/data.xml; test -z "$(ls Incoming)"
		mount -o remount,size=100M "$1"
		"$4" run --config config.yml --as-of 2016-09-06`
	out, err := inNamespace(script, t.TempDir(), testKey, web.URL, misimportd).CombinedOutput()
	said := string(out)
	if err != nil || strings.Contains(said, "FITTED") || !strings.Contains(said, "no space left on device") ||
		strings.Count(said, ": applied") != 2 {
		t.Errorf("%v\n%s", err, said)
	}
}
