package batch_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http/httptest"
	"os"
	"testing"
	"time"

	"misimportd/era/files"
	"misimportd/mis/isams/batch"
	"misimportd/mis/isams/isamstest"
)

// TestAFullDiskIsNoFaultOfTheServer downloads to a device that is always full: that is what
// is told, and the server is asked once and blamed for nothing.
func TestAFullDiskIsNoFaultOfTheServer(t *testing.T) {
	server := isamstest.NewServer(isamstest.New(1,
		isamstest.Size{Pupils: 20, Staff: 3, Forms: 2, Sets: 4, SetLists: 40}), "word")
	web := httptest.NewServer(server)
	defer web.Close()
	client, err := batch.NewClient(batch.Settings{URL: web.URL, Requests: []batch.Request{{Key: "word"}},
		Timeout: time.Minute,
		Connect: time.Minute, Stall: time.Minute, RetryFirst: time.Millisecond, RetryMost: time.Millisecond,
		MaxSize: 1 << 20}, slog.New(slog.NewTextHandler(io.Discard, nil)))
	if err != nil {
		t.Fatal(err)
	}
	var outcomes []string
	client.Attempted = func(outcome string) { outcomes = append(outcomes, outcome) }
	full, err := os.OpenFile("/dev/full", os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = full.Close() }()
	_, _, err = client.Document(context.Background(), alwaysFull{full})
	var told *files.FullError
	if !errors.As(err, &told) || told.Folder != "/dev" ||
		err.Error() != "the disk is full: there is no room in /dev: no space left on device; make room there, and "+
			"the next attempt succeeds" {
		t.Errorf("%v", err)
	}
	if server.Requests() != 1 || len(outcomes) > 0 {
		t.Errorf("%d requests; told of %v", server.Requests(), outcomes)
	}
}

// alwaysFull gives a file with no room.
type alwaysFull struct{ file *os.File }

func (f alwaysFull) Part(string) (*os.File, error) { return f.file, nil }
