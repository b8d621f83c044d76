package main

import (
	"bytes"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"misimportd/cmd/misimportd/manual"
	"misimportd/era"
	"misimportd/importer/entry"
	"misimportd/importer/messages"
	"misimportd/importer/status"
	"misimportd/store"
	"misimportd/store/storetest"
)

func TestTheManualTellsOfEachMetric(t *testing.T) {
	registry := prometheus.NewPedanticRegistry()
	status.NewMetrics(registry, "test")
	messages.New(registry, slog.New(slog.DiscardHandler))
	descriptions := make(chan *prometheus.Desc)
	go func() {
		registry.Describe(descriptions)
		close(descriptions)
	}()
	var names []string
	for d := range descriptions {
		name := regexp.MustCompile(`fqName: "(misimport_\w+)"`).FindStringSubmatch(d.String())
		if name == nil {
			continue
		}
		names = append(names, name[1])
		if !tellsOf(told(t, ""), name[1]) {
			t.Errorf("not told: %s", name[1])
		}
	}
	for _, name := range regexp.MustCompile(`\bmisimport_\w+`).FindAllString(told(t, ""), -1) {
		if !slices.Contains(names, name) {
			t.Errorf("told, and not exported: %s", name)
		}
	}
}

func TestTheManualTellsOfEachAlert(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("..", "..", "deploy", "prometheus", "*.rules.yml"))
	if err != nil || len(files) == 0 {
		t.Fatal("no rules", err)
	}
	for _, file := range files {
		rules, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		alerts := regexp.MustCompile(`(?m)- alert: (\w+)$`).FindAllStringSubmatch(string(rules), -1)
		if len(alerts) == 0 {
			t.Errorf("%s has no alert", file)
		}
		for _, alert := range alerts {
			if !strings.Contains(told(t, ""), "\n## "+alert[1]+"\n") {
				t.Errorf("not told: %s", alert[1])
			}
		}
	}
}

// TestTheManualTellsOfEachTable and view of both databases, and of a view's columns.
func TestTheManualTellsOfEachTable(t *testing.T) {
	storetest.Each(t, func(t *testing.T, database string) {
		tables := map[string]bool{}
		for _, c := range columnsOf(t, database) {
			if tables[c.table] = true; !tellsOf(told(t, "database"), c.table) {
				t.Errorf("not told: %s", c.table)
			}
			if c.isView && !tellsOf(told(t, "database"), c.name) {
				t.Errorf("not told: column %s of the view %s", c.name, c.table)
			}
		}
		if len(tables) < 25 {
			t.Errorf("only %d tables were found", len(tables))
		}
	})
}

// column is one of a table or a view.
type column struct {
	table, name string
	isView      bool
}

// columnsOf lists the columns of a database that a first run has given its tables.
func columnsOf(t *testing.T, database string) (found []column) {
	t.Helper()
	db, err := store.Open(t.Context(), database)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	year := era.Era{Name: "2016/17", StartsOn: era.NewDate(2016, time.August, 15),
		EndsOn: era.NewDate(2017, time.August, 14)}
	if _, err := (&entry.Desk{DB: db, Version: "test"}).CreateEra(t.Context(), year); err != nil {
		t.Fatal(err)
	}
	columns := `SELECT m.name, p.name, m.type = 'view' FROM sqlite_master m JOIN pragma_table_info(m.name) p
		WHERE m.type IN ('table', 'view') AND m.name NOT LIKE 'sqlite%' AND m.name NOT LIKE 'goose%'`
	if strings.HasPrefix(database, "postgres") {
		columns = `SELECT c.table_name, c.column_name, t.table_type = 'VIEW' FROM information_schema.columns c
			JOIN information_schema.tables t USING (table_schema, table_name)
			WHERE table_schema = current_schema() AND c.table_name NOT LIKE 'goose%'`
	}
	rows, err := storetest.Raw(t, database).Query(columns)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var c column
		if err := rows.Scan(&c.table, &c.name, &c.isView); err != nil {
			t.Fatal(err)
		}
		found = append(found, c)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return found
}

// TestManPages are what mandoc finds nothing wrong with, and the same each time.
func TestManPages(t *testing.T) {
	mandoc, model := tool(t, "mandoc"), commandLine(t)
	day := time.Date(2026, time.November, 26, 12, 0, 0, 0, time.UTC)
	for _, name := range manual.Pages() {
		var page, again bytes.Buffer
		for _, out := range []*bytes.Buffer{&page, &again} {
			if err := manual.WriteMan(out, name, model, manual.Edition{Version: "1.2.3", Day: day}); err != nil {
				t.Fatal(err)
			}
		}
		if !bytes.Equal(page.Bytes(), again.Bytes()) {
			t.Errorf("%s differs from one time to the next", name)
		}
		lint := exec.Command(mandoc, "-T", "lint")
		lint.Stdin = bytes.NewReader(page.Bytes())
		if out, err := lint.CombinedOutput(); err != nil || len(out) > 0 {
			t.Errorf("mandoc -T lint %s: %v\n%s", name, err, out)
		}
		show := exec.Command(mandoc, "-T", "utf8", "-O", "width=78")
		show.Stdin = &page
		out, err := show.Output()
		plain := regexp.MustCompile(".\b").ReplaceAllString(string(out), "")
		for _, want := range map[string][]string{
			manual.CommandsPage: {"MISIMPORTD(1)", "MISIMPORTD_STATE", "era roll", "--yes", "2026-11-26",
				"misimportd.yml(5)"},
			manual.ConfigurationPage: {"MISIMPORTD.YML(5)", "isams.retry.first, isams.retry.most", "misimportd(7)"},
			manual.RestPage:          {"MISIMPORTD(7)", "MisimportHeld", "misimportd run --database 'postgres://"},
		}[name] {
			if err != nil || !strings.Contains(plain, want) {
				t.Errorf("%s: %v; %q is missing", name, err, want)
			}
		}
	}
	if err := manual.WriteMan(&bytes.Buffer{}, "ls.1", model, manual.Edition{}); err == nil {
		t.Error("a page that there is not was written")
	}
}
