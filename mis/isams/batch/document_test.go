package batch_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"misimportd/mis/isams/batch"
	"misimportd/mis/isams/isamstest"
)

// folder gives files of a folder.
type folder string

func (f folder) Part(name string) (*os.File, error) { return os.Create(filepath.Join(string(f), name)) }

// TestItIsNotTriedForEver where others wait: long before the time for all attempts is up.
func TestItIsNotTriedForEver(t *testing.T) {
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusServiceUnavailable)
	}))
	defer web.Close()
	client, err := batch.NewClient(batch.Settings{URL: web.URL, Requests: []batch.Request{{Key: "word"}},
		Timeout: time.Hour, Connect: time.Minute, Stall: time.Minute, RetryFirst: 20 * time.Millisecond,
		RetryMost: 20 * time.Millisecond, RetryFor: 100 * time.Millisecond, MaxSize: 1 << 20},
		slog.New(slog.NewTextHandler(io.Discard, nil)))
	if err != nil {
		t.Fatal(err)
	}
	_, _, err = client.Document(t.Context(), folder(t.TempDir()))
	var failed *batch.FetchError
	if !errors.As(err, &failed) || failed.Permanent || failed.Attempts < 2 {
		t.Errorf("%+v", err)
	}
}

// TestASectionComesOnce asks with two keys that are allowed the same: nobody could say which answer counts.
func TestASectionComesOnce(t *testing.T) {
	web := httptest.NewServer(isamstest.NewServer(isamstest.New(1,
		isamstest.Size{Pupils: 20, Staff: 3, Forms: 2, Sets: 4, SetLists: 40}), "word"))
	defer web.Close()
	client, err := batch.NewClient(batch.Settings{URL: web.URL, Requests: []batch.Request{{Key: "word"}, {Key: "word"}},
		Timeout: time.Minute, Connect: time.Minute, Stall: time.Minute, RetryFirst: time.Millisecond,
		RetryMost: time.Millisecond, MaxSize: 1 << 20}, slog.New(slog.NewTextHandler(io.Discard, nil)))
	if err != nil {
		t.Fatal(err)
	}
	_, _, err = client.Document(context.Background(), folder(t.TempDir()))
	var settings *batch.SettingsError
	if !errors.As(err, &settings) || !strings.Contains(err.Error(), "comes with request 1 and with request 2: say "+
		"with methods what each is to bring, so that only one brings it") {
		t.Errorf("%v", err)
	}
}
