package importer_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"misimportd/era"
	"misimportd/importer"
	"misimportd/mis/cache"
	"misimportd/store"
	"misimportd/store/storetest"
)

// BenchmarkSetsOfOnePupil imports a document in which one pupil is in very many sets, on
// each database: what a set costs is told, and does not grow with their number.
func BenchmarkSetsOfOnePupil(b *testing.B) {
	for name, database := range map[string]func() string{
		"postgres": func() string { return storetest.Postgres(b) },
		"sqlite":   func() string { return "sqlite:" + b.TempDir() + "/x.db" },
	} {
		for _, sets := range []int{10000, 20000, 40000, 80000} {
			d := small()
			for i := range sets {
				d.set(1000+i, fmt.Sprintf("S%d", i), 7, 11)
			}
			document := d.xml()
			b.Run(fmt.Sprintf("%s/sets=%d", name, sets), func(b *testing.B) {
				for b.Loop() {
					importOnce(b, database(), document)
				}
				b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*sets), "µs/set")
			})
		}
	}
}

// importOnce is the first import into a database.
func importOnce(b *testing.B, database string, document []byte) {
	b.Helper()
	db, err := store.Open(b.Context(), database)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	folder := b.TempDir()
	waits := filepath.Join(folder, cache.PreFetched)
	if err := errors.Join(os.Mkdir(waits, 0o700),
		os.WriteFile(filepath.Join(waits, "data.xml"), document, 0o600)); err != nil {
		b.Fatal(err)
	}
	im := &importer.Importer{
		DB: db, State: cache.Folder(folder), Zone: time.UTC, AcademicYearStarts: era.FirstSeptember,
		AsOf: era.NewDate(2016, 9, 5), Version: "bench", Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
	}
	if _, err := im.Run(context.Background()); err != nil {
		b.Fatal(err)
	}
}
