package importer_test

import (
	"bytes"
	"context"
	"encoding/xml"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"misimportd/era"
	"misimportd/importer"
	"misimportd/importer/guard"
	"misimportd/importer/want"
	"misimportd/mis/cache"
	"misimportd/mis/isams/isamstest"
	"misimportd/store"
	"misimportd/store/storetest"
)

// The benchmarks time a thing and its yardstick in turns, in one run, and report the
// median of the ratios: these machines are shared, and single times mean little.

var schools = []struct {
	name string
	size isamstest.Size
}{
	{"pupils=1000", isamstest.Typical},
	{"pupils=20000", isamstest.Huge},
}

// tables is every table that a first import writes, in an order that references allow.
var tables = []string{"eras", "settings", "elements", "staff", "locations", "subjects", "houses", "pupils", "groups",
	"memberships", "lessons", "commitments", "changes", "runs"}

// compared is what a run that changes nothing has to read.
var compared = []string{
	"SELECT e.*, t.* FROM elements e JOIN staff t ON t.id = e.id",
	"SELECT e.*, t.* FROM elements e JOIN pupils t ON t.id = e.id",
	"SELECT e.*, t.* FROM elements e JOIN locations t ON t.id = e.id",
	"SELECT e.*, t.* FROM elements e JOIN subjects t ON t.id = e.id",
	"SELECT e.*, t.* FROM elements e JOIN houses t ON t.id = e.id",
	"SELECT e.*, t.* FROM elements e JOIN groups t ON t.id = e.id",
	"SELECT * FROM memberships",
}

// yard is a school on PostgreSQL, to be timed.
type yard struct {
	*testing.B
	document []byte
	dumps    map[string][]byte
	groups   want.OtherGroups
	database string
	folder   string
}

func (y *yard) fresh() *importer.Importer { return y.freshIn(storetest.Postgres(y)) }

func (y *yard) freshIn(database string) *importer.Importer {
	y.Helper()
	y.database, y.folder = database, y.TempDir()
	db, err := store.Open(y.Context(), y.database)
	if err != nil {
		y.Fatal(err)
	}
	y.Cleanup(func() { _ = db.Close() })
	lock, err := db.Lock(y.Context(), store.NewHolder("bench")) // makes the tables
	if err != nil {
		y.Fatal(err)
	}
	if err := lock.Unlock(); err != nil {
		y.Fatal(err)
	}
	return &importer.Importer{
		DB: db, State: cache.Folder(y.folder), Zone: time.UTC, AcademicYearStarts: era.FirstSeptember,
		AsOf: era.NewDate(2016, 9, 5), Version: "bench", Guard: guard.NewGuard(),
		Groups: y.groups,
		Log:    slog.New(slog.NewTextHandler(io.Discard, nil)),
	}
}

func (y *yard) run(im *importer.Importer) time.Duration {
	y.Helper()
	folder := filepath.Join(y.folder, cache.PreFetched)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		y.Fatal(err)
	}
	files := map[string][]byte{"data.xml": y.document}
	maps.Copy(files, y.dumps)
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(folder, name), text, 0o600); err != nil {
			y.Fatal(err)
		}
	}
	begin := time.Now()
	if _, err := im.Run(context.Background()); err != nil {
		y.Fatal(err)
	}
	return time.Since(begin)
}

// tokenPass is what the standard library needs to look at each token of the document.
func (y *yard) tokenPass() time.Duration {
	begin := time.Now()
	d := xml.NewDecoder(bytes.NewReader(y.document))
	for {
		if _, err := d.Token(); err != nil {
			return time.Since(begin)
		}
	}
}

// psql runs commands in the database and throws away what they print.
func (y *yard) psql(commands string) time.Duration {
	y.Helper()
	program := os.Getenv("MISIMPORTD_TEST_PSQL")
	if program == "" {
		program = "psql"
	}
	address, schema, _ := strings.Cut(y.database, "&search_path=")
	cmd := exec.Command(program, "-XqAt", "-v", "ON_ERROR_STOP=1", address)
	cmd.Env = append(os.Environ(), "PGOPTIONS=-c search_path="+schema)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(commands), io.Discard, os.Stderr
	begin := time.Now()
	if err := cmd.Run(); err != nil {
		y.Fatal(err)
	}
	return time.Since(begin)
}

// copyOf loads the rows that a first import made into empty tables, with psql's \copy:
// the import's yardstick.
func (y *yard) copyOf(files string, tables []string) time.Duration {
	y.Helper()
	y.fresh()
	script := "BEGIN; DELETE FROM settings; DELETE FROM eras;\n"
	for _, table := range tables {
		script += fmt.Sprintf("\\copy %s FROM '%s/%s'\n", table, files, table)
	}
	return y.psql(script + "COMMIT;\n")
}

func (y *yard) export(files string) {
	y.Helper()
	var script strings.Builder
	for _, table := range tables {
		columns := "*"
		fmt.Fprintf(&script, "\\copy (SELECT %s FROM %s ORDER BY 1, 2) TO '%s/%s'\n", columns, table, files, table)
	}
	y.psql(script.String())
}

func median(values []float64) float64 {
	slices.Sort(values)
	return values[len(values)/2]
}

// perPupil holds the median seconds of each benchmark and school, to tell how the cost
// grows.
var perPupil = map[string]float64{}

func (y *yard) report(what string, size isamstest.Size, seconds, ratios []float64, yardstick string) {
	y.ReportMetric(median(ratios), yardstick)
	y.ReportMetric(median(seconds), "s")
	perPupil[fmt.Sprint(what, size.Pupils)] = median(seconds) / float64(size.Pupils)
	if small := perPupil[fmt.Sprint(what, isamstest.Typical.Pupils)]; size == isamstest.Huge && small > 0 {
		y.ReportMetric(median(seconds)/float64(size.Pupils)/small, "×cost/pupil")
	}
}

// BenchmarkFirstImport is a school's first night, without a timetable and with a year's. The
// yardstick is a pass over the document's tokens and psql's COPY of the same rows, with the record
// of the changes and without.
func BenchmarkFirstImport(b *testing.B) {
	for _, school := range schools {
		b.Run(school.name, func(b *testing.B) {
			benchFirstImport(b, school.size, isamstest.New(1, school.size),
				"first")
		})
		b.Run(school.name+"/timetable", func(b *testing.B) {
			benchFirstImport(b, school.size, isamstest.New(1, school.size).Teach(2400), "first with a timetable")
		})
	}
}

func benchFirstImport(b *testing.B, size isamstest.Size, school *isamstest.School, what string) {
	y := &yard{B: b, document: school.Document()}
	var seconds, ratios, bare []float64
	for b.Loop() {
		took := y.run(y.fresh()).Seconds()
		files := b.TempDir()
		y.export(files)
		pass := y.tokenPass().Seconds()
		whole := y.copyOf(files, tables).Seconds()
		without := y.copyOf(files, tables[:len(tables)-2]).Seconds()
		seconds, ratios, bare = append(seconds, took), append(ratios, took/(pass+whole)),
			append(bare, took/(pass+without))
	}
	y.report(what, size, seconds, ratios, "×(tokenpass+COPY)")
	b.ReportMetric(median(bare), "×(tokenpass+COPY-without-changes)")
}

func BenchmarkNothingToDo(b *testing.B) {
	for _, school := range schools {
		b.Run(school.name, func(b *testing.B) {
			y := &yard{B: b, document: isamstest.New(1, school.size).Document()}
			im := y.fresh()
			y.run(im)
			y.psql("ANALYZE;")
			var seconds, ratios []float64
			for b.Loop() {
				took := y.run(im).Seconds()
				base := y.tokenPass().Seconds() + y.psql(strings.Join(compared, ";\n")+";\n").Seconds()
				seconds, ratios = append(seconds, took), append(ratios, took/base)
			}
			y.report("nothing", school.size, seconds, ratios, "×(tokenpass+SELECT)")
		})
	}
}

// BenchmarkNight is a night in which one in a hundred of everything changes.
func BenchmarkNight(b *testing.B) {
	for _, school := range schools {
		b.Run(school.name, func(b *testing.B) {
			s := isamstest.New(1, school.size)
			y := &yard{B: b, document: s.Document()}
			im := y.fresh()
			y.run(im)
			y.psql("ANALYZE;")
			var seconds, ratios []float64
			for b.Loop() {
				s.Night()
				y.document = s.Document()
				im.AsOf = im.AsOf.AddDays(1)
				took := y.run(im).Seconds()
				base := y.tokenPass().Seconds() + y.psql(strings.Join(compared, ";\n")+";\n").Seconds()
				seconds, ratios = append(seconds, took), append(ratios, took/base)
			}
			y.report("night", school.size, seconds, ratios, "×(tokenpass+SELECT)")
		})
	}
}

// BenchmarkPeakMemory runs the program itself: on PostgreSQL and on SQLite, the first
// import, a plan of the next night, and that night.
func BenchmarkPeakMemory(b *testing.B) {
	program := filepath.Join(b.TempDir(), "misimportd")
	build := exec.Command("go", "build", "-o", program, "misimportd/cmd/misimportd")
	if out, err := build.CombinedOutput(); err != nil {
		b.Fatalf("%v\n%s", err, out)
	}
	for _, kind := range []string{"postgres", "sqlite"} {
		b.Run(kind, func(b *testing.B) {
			s := isamstest.New(1, isamstest.Huge).Teach(2400)
			y := &yard{B: b, document: s.Document()}
			for b.Loop() {
				y.fresh()
				if kind == "sqlite" {
					y.database = storetest.SQLite(b)
				}
				y.once(program, "run", "2016-09-05", "first")
				s.Night()
				y.document = s.Document()
				y.once(program, "plan", "2016-09-06", "plan")
				y.once(program, "run", "2016-09-06", "night")
			}
		})
	}
}

// BenchmarkLargeDocument fetches, checks and imports a document of 200 MB: the school of
// 20,000 pupils, and much beside it that is not imported.
func BenchmarkLargeDocument(b *testing.B) {
	program := filepath.Join(b.TempDir(), "misimportd")
	if out, err := exec.Command("go", "build", "-o", program, "misimportd/cmd/misimportd").
		CombinedOutput(); err != nil {
		b.Fatalf("%v\n%s", err, out)
	}
	server := isamstest.NewServer(isamstest.New(1, isamstest.Huge), "key")
	server.Padding = 153_000_000
	web := httptest.NewServer(server)
	defer web.Close()
	for b.Loop() {
		y := &yard{B: b}
		y.fresh()
		config := filepath.Join(y.folder, "config.yml")
		for name, text := range map[string]string{"isams.key": "key", "config.yml": "isams: {url: '" + web.URL +
			"', requests: [{key_file: isams.key}]}"} {
			if err := os.WriteFile(filepath.Join(y.folder, name), []byte(text), 0o600); err != nil {
				b.Fatal(err)
			}
		}
		y.measure(exec.Command(program, "run", "--config", config, "--state", y.folder, "--as-of", "2016-09-05"),
			"first")
		y.measure(exec.Command(program, "run", "--config", config, "--state", y.folder, "--as-of", "2016-09-05"),
			"again")
		info, err := os.Stat(filepath.Join(y.folder, cache.Current, "data.xml"))
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(info.Size())/1e6, "MB")
	}
}

func (y *yard) once(program, command, asOf, what string) {
	y.Helper()
	folder := filepath.Join(y.folder, cache.PreFetched)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		y.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "data.xml"), y.document, 0o600); err != nil {
		y.Fatal(err)
	}
	y.measure(exec.Command(program, command, "--state", y.folder, "--as-of", asOf), what)
}

// measure runs a command and reports how long it took and the most memory it held.
func (y *yard) measure(cmd *exec.Cmd, what string) (seconds, megabytes float64) {
	y.Helper()
	cmd.Env = append(os.Environ(), "MISIMPORTD_DATABASE="+y.database)
	cmd.Stderr = os.Stderr
	begin := time.Now()
	if err := cmd.Start(); err != nil {
		y.Fatal(err)
	}
	peak := make(chan float64)
	go func() { peak <- watchPeak(cmd.Process.Pid) }()
	if err := cmd.Wait(); err != nil {
		y.Fatal(err)
	}
	seconds, megabytes = time.Since(begin).Seconds(), <-peak
	y.ReportMetric(seconds, what+"-s")
	y.ReportMetric(megabytes, what+"-MB")
	return seconds, megabytes
}

// watchPeak follows a process to its end and returns the most memory it held, in MB. The
// kernel's own figure for a child begins with its parent's, which here is the larger.
func watchPeak(pid int) (megabytes float64) {
	for {
		status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
		if err != nil {
			return megabytes
		}
		_, after, found := strings.Cut(string(status), "VmHWM:")
		if !found {
			return megabytes
		}
		var kilobytes float64
		if _, err := fmt.Sscanf(after, "%f kB", &kilobytes); err == nil {
			megabytes = max(megabytes, kilobytes/1000)
		}
		time.Sleep(5 * time.Millisecond)
	}
}
