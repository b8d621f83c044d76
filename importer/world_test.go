package importer_test

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/xml"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"misimportd/era"
	"misimportd/importer"
	"misimportd/importer/entry"
	"misimportd/importer/report"
	"misimportd/mis/cache"
	"misimportd/store"
	"misimportd/store/model"
	"misimportd/store/storetest"
)

// world is a school with a database and a state folder, in which nights can pass.
type world struct {
	*testing.T
	im  *importer.Importer
	raw *sql.DB // as another program sees the database

	isolation sql.IsolationLevel // at which several reads are of one moment
	dumps     map[string][]byte  // of the MIS's tables, that come with each document
}

// each tells a story once on each kind of database.
func each(t *testing.T, story func(w *world)) {
	t.Helper()
	storetest.Each(t, func(t *testing.T, database string) { story(newWorld(t, database)) })
}

// eachVariant tells one of a story's many variants on SQLite, and every third of them on
// PostgreSQL too; all of them in the soak.
func eachVariant(t *testing.T, variant int, story func(w *world)) {
	t.Helper()
	if variant%soak(1, 3) == 0 {
		each(t, story)
		return
	}
	t.Run("sqlite", func(t *testing.T) { story(newWorld(t, storetest.SQLite(t))) })
}

var year2016 = era.Era{Name: "2016/17", StartsOn: era.NewDate(2016, 8, 15), EndsOn: era.NewDate(2017, 8, 14)}

func newWorld(t *testing.T, database string) *world {
	t.Helper()
	db, err := store.Open(t.Context(), database)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	w := &world{T: t, raw: storetest.Raw(t, database), im: &importer.Importer{
		DB: db, State: cache.Folder(t.TempDir()), Zone: time.UTC, AcademicYearStarts: era.FirstSeptember,
		Version: "test", Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
	}}
	if strings.HasPrefix(database, "postgres") {
		w.isolation = sql.LevelRepeatableRead
	}
	w.must(entry.Desk{DB: db, Version: "test"}.CreateEra(t.Context(), year2016))
	w.must(entry.Desk{DB: db, Version: "test"}.SetEra(t.Context(), entry.CurrentEra, year2016.Name))
	return w
}

// desk is where a person enters things.
func (w *world) desk() entry.Desk { return entry.Desk{DB: w.im.DB, Version: "test"} }

func (w *world) must(_ model.Run, err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func (w *world) drop(document []byte) {
	w.Helper()
	folder := filepath.Join(string(w.im.State), cache.PreFetched)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		w.Fatal(err)
	}
	files := map[string][]byte{"data.xml": document}
	maps.Copy(files, w.dumps)
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(folder, name), text, 0o600); err != nil {
			w.Fatal(err)
		}
	}
}

// night imports a document as of a day.
func (w *world) night(day string, document []byte) report.Report {
	w.Helper()
	w.drop(document)
	w.im.AsOf = date(w, day)
	report, err := w.im.Run(context.Background())
	if err != nil {
		w.Fatal(err)
	}
	return report
}

// plan says what a document would change as of a day.
func (w *world) plan(day string, document []byte) report.Report {
	w.Helper()
	w.drop(document)
	w.im.AsOf = date(w, day)
	report, err := w.im.Plan(context.Background())
	if err != nil {
		w.Fatal(err)
	}
	return report
}

func date(t testing.TB, text string) era.Date {
	t.Helper()
	d, err := era.ParseDate(text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// rows runs a query of one text column and returns its rows.
func (w *world) rows(query string, args ...any) []string {
	w.Helper()
	rows, err := w.raw.Query(query, args...)
	if err != nil {
		w.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	found := []string{}
	for rows.Next() {
		var row string
		if err := rows.Scan(&row); err != nil {
			w.Fatal(err)
		}
		found = append(found, row)
	}
	if err := rows.Err(); err != nil {
		w.Fatal(err)
	}
	return found
}

func (w *world) exec(query string, args ...any) {
	w.Helper()
	if _, err := w.raw.Exec(query, args...); err != nil {
		w.Fatal(err)
	}
}

func (w *world) expect(what string, got []string, want ...string) {
	w.Helper()
	if want == nil {
		want = []string{}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		w.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

const (
	membershipsQuery = `SELECT group_name || ': ' || coalesce(member_source_id, member_name) || ' '
		|| CAST(starts_on AS text) || ' ' || coalesce(CAST(ends_on AS text), 'open')
		FROM membership_details ORDER BY group_name, era, member_source_id, starts_on`
	groupsQuery = `SELECT kind || ' ' || name || ' ' || CAST(starts_on AS text) || ' '
		|| coalesce(CAST(ends_on AS text), 'open') || CASE WHEN current THEN '' ELSE ' gone' END
		FROM group_details ORDER BY kind, name, starts_on`
	elementsQuery = `SELECT kind || ' ' || name || CASE WHEN current THEN '' ELSE ' gone' END FROM elements
		WHERE kind <> 'group' ORDER BY kind, name, id`
)

func (w *world) expectMemberships(want ...string) {
	w.Helper()
	w.expect("memberships", w.rows(membershipsQuery), want...)
}

func (w *world) expectGroups(want ...string) {
	w.Helper()
	w.expect("groups", w.rows(groupsQuery), want...)
}

func (w *world) expectElements(want ...string) {
	w.Helper()
	w.expect("elements", w.rows(elementsQuery), want...)
}

func (w *world) expectCounts(r report.Report, want ...string) {
	w.Helper()
	got := []string{}
	for _, c := range r.Changes {
		got = append(got, fmt.Sprintf("%s %s %d", c.Entity, c.Action, c.Count))
	}
	w.expect("counts", got, want...)
}

func (w *world) expectProblems(r report.Report, want ...string) {
	w.Helper()
	got := []string{}
	for _, p := range r.Problems {
		got = append(got, fmt.Sprintf("%s %s: %s", p.Section, p.ID, p.Reason))
	}
	w.expect("problems", got, want...)
}

// dump is every row of every table that an import can change, and how often each was
// written where the database tells.
func (w *world) dump() string {
	w.Helper()
	var b strings.Builder
	tx, err := w.raw.BeginTx(context.Background(),
		&sql.TxOptions{Isolation: w.isolation}) // one view: somebody may just be committing
	if err != nil {
		w.Fatal(err)
	}
	defer func() { _ = tx.Rollback() }()
	for _, table := range []string{"eras", "settings", "elements", "staff", "pupils", "locations", "subjects", "houses",
		"groups", "memberships",
		"lessons", "commitments", "suspensions", "group_suspensions", "absences", "pins", "datasources", "pauses"} {
		rows, err := tx.Query("SELECT * FROM " + table + " ORDER BY id")
		if err != nil {
			w.Fatal(err)
		}
		columns, err := rows.Columns()
		if err != nil {
			w.Fatal(err)
		}
		for rows.Next() {
			values := make([]any, len(columns))
			for i := range values {
				values[i] = new(any)
			}
			if err := rows.Scan(values...); err != nil {
				w.Fatal(err)
			}
			fmt.Fprint(&b, table)
			for i, v := range values {
				fmt.Fprintf(&b, " %s=%v", columns[i], *v.(*any))
			}
			fmt.Fprintln(&b)
		}
		if err := rows.Close(); err != nil {
			w.Fatal(err)
		}
	}
	return b.String()
}

// doc writes small documents. The zero doc has every section, and each with one record
// that no test looks at: a section without any says nothing.
type doc struct {
	staff, pupils, forms, sets, lists, subjects, houses, rooms []string
	without                                                    map[string]bool     // sections to leave out
	timetable                                                  map[string][]string // records of its sections
}

// in adds records to a section of the timetable.
func (d *doc) in(section string, records ...string) *doc {
	if d.timetable == nil {
		d.timetable = map[string][]string{}
	}
	d.timetable[section] = append(d.timetable[section], records...)
	return d
}

// taught gives the school a timetable: week A (1) with two periods on Monday, 11 from 09:00
// to 10:00 and 12 from 10:00 to 11:00, and one on Tuesday, 21 from 09:00 to 10:00; it is
// every week from 5 September 2016 to 2 October, and from 24 October to 6 November.
func (d *doc) taught() *doc {
	d.in("Structure", `<Week Id="1"><Name>A</Name><Days><Day Id="1"><Day>2</Day><Periods>`+period(11, "09:00", "10:00")+
		period(12, "10:00", "11:00")+
		`</Periods></Day><Day Id="2"><Day>3</Day><Periods>`+period(21, "09:00", "10:00")+
		`</Periods></Day></Days></Week>`)
	for i, week := range []int{37, 38, 39, 40, 44, 45} {
		d.in("TimetableAllocations", fmt.Sprintf(`<TimetableAllocation Id="%d"><Year>2016</Year><Week>%d</Week>`+
			`<TimetableWeekId>1</TimetableWeekId></TimetableAllocation>`, i+1, week))
	}
	return d.in("Terms", `<Term Id="1"><StartDate>2016-09-05T00:00:00</StartDate><FinishDate>`+
		`2016-10-01T00:00:00</FinishDate></Term>`)
}

func period(id int, from, to string) string {
	return fmt.Sprintf(`<Period Id="%d"><Name>P%d</Name><StartTime>%s</StartTime><EndTime>%s</EndTime></Period>`, id,
		id, from, to)
}

// lesson adds a schedule of a set, with a teacher by code.
func (d *doc) lesson(id int, set int, code string, period int, teacher string, room int) *doc {
	return d.in("Schedules", fmt.Sprintf(`<Schedule Id="%d"><Code>%s</Code><Teacher>%s</Teacher><PeriodId>`+
		`%d</PeriodId><RoomId>%d</RoomId><Set>1</Set><SetId>%d</SetId></Schedule>`, id, code, teacher, period, room,
		set))
}

func (d *doc) coded(id int, name, code string) *doc {
	d.staff = append(d.staff, fmt.Sprintf(`<StaffMember Id="%d"><FullName>%s</FullName><UserCode>%s</UserCode>`+
		`</StaffMember>`, id, esc(name), code))
	return d
}

func (d *doc) room(id int, name string) *doc {
	d.rooms = append(d.rooms, fmt.Sprintf(`<Classroom Id="%d"><Name>%s</Name></Classroom>`, id, name))
	return d
}

func esc(text string) string {
	var b bytes.Buffer
	_ = xml.EscapeText(&b, []byte(text))
	return b.String()
}

func (d *doc) teacher(id int, name string) *doc {
	d.staff = append(d.staff, fmt.Sprintf(`<StaffMember Id="%d"><FullName>%s</FullName></StaffMember>`, id, esc(name)))
	return d
}

func (d *doc) pupil(id int, name, form string, year int) *doc {
	d.pupils = append(d.pupils, fmt.Sprintf(`<Pupil Id="%d"><Fullname>%s</Fullname><Form>%s</Form><NCYear>`+
		`%d</NCYear></Pupil>`, id, esc(name), form, year))
	return d
}

func (d *doc) form(id, name string, year, tutor int) *doc {
	d.forms = append(d.forms, fmt.Sprintf(`<Form Id="%s" YearId="%d" TutorId="%d"><Form>%s</Form></Form>`, id, year,
		tutor, name))
	return d
}

func (d *doc) set(id int, name string, year int, pupils ...int) *doc {
	d.sets = append(d.sets, fmt.Sprintf(`<Set Id="%d" YearId="%d"><Name>%s</Name></Set>`, id, year, name))
	for _, p := range pupils {
		d.lists = append(d.lists, fmt.Sprintf(`<SetList Id="%d%d" SetId="%d" PupilId="%d"/>`, id, p, id, p))
	}
	return d
}

func (d *doc) leaveOut(section string) *doc {
	if d.without == nil {
		d.without = map[string]bool{}
	}
	d.without[section] = true
	return d
}

func (d *doc) xml() []byte {
	var b strings.Builder
	b.WriteString("<iSAMS>")
	for _, s := range []struct {
		section, before, after string
		records                []string
	}{
		{"CurrentStaff", "<HRManager><CurrentStaff>", "</CurrentStaff></HRManager>", d.staff},
		{"CurrentPupils", "<PupilManager><CurrentPupils>", "</CurrentPupils></PupilManager>", d.pupils},
		{"Forms", "<SchoolManager><Forms>", "</Forms></SchoolManager>", d.forms},
		{"AcademicHouses", "<SchoolManager><AcademicHouses>", "</AcademicHouses></SchoolManager>", d.houses},
		{"Sets", "<TeachingManager><Sets>", "</Sets></TeachingManager>", d.sets},
		{"SetLists", "<TeachingManager><SetLists>", "</SetLists></TeachingManager>", d.lists},
		{"Departments", "<TeachingManager><Departments><Department><Subjects>",
			"</Subjects></Department></Departments></TeachingManager>", d.subjects},
		{"Buildings", "<EstateManager><Buildings><Building><Classrooms>",
			"</Classrooms></Building></Buildings></EstateManager>", d.rooms},
	} {
		if !d.without[s.section] {
			b.WriteString(s.before + "\n" + strings.Join(append(s.records, ""), "\n") + s.after + "\n")
		}
	}
	if d.timetable != nil {
		section := func(name string) {
			b.WriteString("<" + name + ">" + strings.Join(d.timetable[name], "\n") + "</" + name + ">\n")
		}
		b.WriteString("<SchoolManager>")
		section("Terms")
		b.WriteString("</SchoolManager><TeachingManager>")
		section("TeachingForms")
		b.WriteString("</TeachingManager><TimetableManager>")
		section("Structure")
		section("TimetableAllocations")
		b.WriteString(`<PublishedTimetables><Timetable Id="1"><Name>Ours</Name>`)
		for _, name := range []string{"Schedules", "StaffMeetings", "YearSchedules", "Tutorials"} {
			section(name)
		}
		b.WriteString("</Timetable></PublishedTimetables></TimetableManager>")
	}
	b.WriteString("</iSAMS>")
	return []byte(b.String())
}

func postgresFor(t *testing.T) string {
	t.Helper()
	return storetest.Postgres(t)
}
