package importer_test

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"misimportd/era"
	"misimportd/importer"
	"misimportd/importer/ask"
	"misimportd/importer/cycle"
	"misimportd/importer/paper"
	"misimportd/mis/isams"
	"misimportd/mis/isams/isamstest"
	"misimportd/store/storetest"
)

// answer is a question of a Monday morning and the bare queries that hold all that is answered.
type answer struct {
	name string
	ask  func(context.Context, *importer.Importer) error
	bare []string
	read bool // the bare thing is to read the document and the State
}

// BenchmarkAnswers times each answer beside its bare queries, in a school with 400 nights of history.
func BenchmarkAnswers(b *testing.B) {
	for _, pupils := range []int{1000, 16000} {
		for kind, database := range map[string]func(testing.TB) string{"postgres": storetest.Postgres,
			"sqlite": storetest.SQLite} {
			b.Run(fmt.Sprintf("%s/pupils=%d", kind, pupils), func(b *testing.B) {
				benchAnswers(b, pupils,
					database(b))
			})
		}
	}
}

func benchAnswers(b *testing.B, pupils int, database string) {
	im, raw, s := aged(b, pupils, database)
	timeAnswers(b, im, raw, s, answers(s, agedDay))
}

// agedDay is a day in the lessons of an aged school.
var agedDay = era.NewDate(2016, 9, 28)

// aged is a school of so many pupils with 400 nights of history.
func aged(b *testing.B, pupils int, database string) (*importer.Importer, *sql.DB, *isamstest.School) {
	size := isamstest.Typical
	scale := pupils / size.Pupils
	s := isamstest.New(1, isamstest.Size{Pupils: pupils, Staff: size.Staff * scale, Forms: size.Forms * scale,
		Sets: size.Sets * scale, SetLists: size.SetLists * scale}).Teach(2400).Gather(30, 20).CoverSome(200)
	y := &yard{B: b, document: s.Document(), dumps: s.Dumps()}
	im := y.freshIn(database)
	y.run(im)
	const real, all = 10, 400
	for range real {
		s.Change(0.005)
		s.CoverNight()
		y.document, y.dumps, im.AsOf = s.Document(), s.Dumps(), im.AsOf.AddDays(1)
		y.run(im)
	}
	raw := storetest.Raw(b, database)
	ageBy(b, raw, real, all)
	return im, raw, s
}

// timeAnswers times each answer beside its bare queries.
func timeAnswers(b *testing.B, im *importer.Importer, raw *sql.DB, s *isamstest.School, list []answer) {
	document := s.Document()
	for _, a := range list {
		b.Run(a.name, func(b *testing.B) {
			var took, ratios []float64
			for b.Loop() {
				bare := a.measure(b, raw, document)
				begin := time.Now()
				if err := a.ask(context.Background(), im); err != nil {
					b.Fatal(err)
				}
				answered := time.Since(begin)
				took, ratios = append(took, answered.Seconds()*1000), append(ratios, answered.Seconds()/bare.Seconds())
			}
			b.ReportMetric(median(took), "ms")
			b.ReportMetric(median(ratios), "×bare")
		})
	}
}

// ageBy has the changes of the newest nights stand for those of so many.
func ageBy(b *testing.B, raw *sql.DB, nights, all int) {
	exec := func(query string, args ...any) {
		b.Helper()
		if _, err := raw.Exec(query, args...); err != nil {
			b.Fatal(err)
		}
	}
	var last int
	if err := raw.QueryRow(`SELECT max(id) FROM runs`).Scan(&last); err != nil {
		b.Fatal(err)
	}
	for n := nights; n < all; n++ {
		from := last - n%nights
		exec(`INSERT INTO runs (id, kind, result, started_at, finished_at, as_of, era, source_sha256, counts,
			problems, records,
				labelled) SELECT $1, kind, result, started_at, finished_at, as_of, era, '', counts, problems, records,
				labelled FROM runs WHERE id = $2`, last+n, from)
		exec(`INSERT INTO changes (run_id, seq, entity, action, record_id, why, before, after)
			SELECT $1, seq, entity, action, record_id, why, before, after FROM changes WHERE run_id = $2`, last+n, from)
		exec(`INSERT INTO run_labels (run_id, what, record_id, kind, source_id, name, on_date)
			SELECT $1, what, record_id, kind, source_id, name, on_date FROM run_labels WHERE run_id = $2`, last+n, from)
	}
	exec(`ANALYZE`)
}

// measure is how long the bare queries take, in one transaction, each row fetched.
func (a answer) measure(b *testing.B, raw *sql.DB, document []byte) time.Duration {
	b.Helper()
	begin := time.Now()
	if a.read {
		if _, err := isams.Decode(bytes.NewReader(document)); err != nil {
			b.Fatal(err)
		}
	}
	tx, err := raw.BeginTx(context.Background(), &sql.TxOptions{ReadOnly: true})
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = tx.Rollback() }()
	for _, query := range a.bare {
		rows, err := tx.Query(query)
		if err != nil {
			b.Fatalf("%s: %v", query, err)
		}
		columns, err := rows.Columns()
		if err != nil {
			b.Fatal(err)
		}
		values := make([]any, len(columns))
		for i := range values {
			values[i] = new(any)
		}
		for rows.Next() {
			if err := rows.Scan(values...); err != nil {
				b.Fatal(err)
			}
		}
		if err := rows.Close(); err != nil {
			b.Fatal(err)
		}
	}
	return time.Since(begin)
}

// answers are the questions, of a pupil, a teacher, a set and a lesson of the school.
func answers(s *isamstest.School, on era.Date) []answer {
	pupil, set, lesson := fmt.Sprint(s.Pupils[10].ID), s.Sets[10], s.Timetable.Schedules[20]
	staff, room := fmt.Sprint(s.Staff[5].ID), s.Rooms[7].Name
	day := era.Interval{From: on, To: on}
	at := strings.NewReplacer("PUPIL", pupil, "SET", fmt.Sprint(set.ID), "LESSON", fmt.Sprintf("schedule/%d",
		lesson.ID),
		"STAFF", staff, "ROOM", room, "DAY", on.String(), "FORTNIGHT", on.AddDays(ask.Fortnight-1).String())
	queries := func(list ...string) (bare []string) {
		for _, query := range list {
			bare = append(bare, at.Replace(query))
		}
		return bare
	}
	const groupsOf = `SELECT g.kind, g.source_id, e.name, r.name, m.starts_on, m.ends_on FROM memberships m
		JOIN groups g ON g.id = m.group_id JOIN elements e ON e.id = g.id JOIN eras r ON r.id = g.era_id
		WHERE m.element_id = (SELECT id FROM TABLE WHERE source_id = 'ID')`
	of := func(query, table, id string) string {
		return strings.NewReplacer("TABLE", table, "ID", id).Replace(query)
	}
	lessonsOf := func(which string) string { // what lesson_details gathers, a row for each that is taken
		return `SELECT l.id, l.source_id, l.code, l.name, l.starts_at, l.ends_at, l.suspended, e.kind, e.name
			FROM lessons l JOIN commitments c ON c.lesson_id = l.id JOIN elements e ON e.id = c.element_id
			WHERE l.on_date = 'DAY' AND EXISTS (SELECT 1 FROM commitments o WHERE o.lesson_id = l.id
			AND o.element_id IN (` + which + `))`
	}
	who := func(kind, text string) func(context.Context, *importer.Importer) error {
		return func(ctx context.Context, im *importer.Importer) error {
			_, err := ask.Who(ctx, im.DB, kind, text, on)
			return err
		}
	}
	lessons := func(asked ask.LessonsOf) func(context.Context, *importer.Importer) error {
		return func(ctx context.Context, im *importer.Importer) error {
			asked.Days = day
			_, err := ask.Lessons(ctx, im.DB, asked)
			return err
		}
	}
	trail := func(text string) func(context.Context, *importer.Importer) error {
		return func(ctx context.Context, im *importer.Importer) error {
			_, err := ask.History(ctx, im.DB, ask.HistoryOf{Text: text, On: on, Zone: time.UTC})
			return err
		}
	}
	const historyOf = `SELECT c.run_id, c.action, c.why, c.before, c.after, r.kind, r.started_at, g.kind, ge.name,
		e.name
		FROM changes c JOIN runs r ON r.id = c.run_id LEFT JOIN memberships s ON s.id = c.record_id
		LEFT JOIN groups g ON g.id = s.group_id LEFT JOIN elements ge ON ge.id = g.id LEFT JOIN elements e
		ON e.id = s.element_id WHERE c.entity = 'membership' AND c.record_id IN (SELECT m.id FROM memberships m WHERE
		m.COLUMN = (SELECT id FROM TABLE WHERE source_id = 'ID'))`
	return []answer{
		{name: "pupil", ask: who("pupil", pupil), bare: queries(of(groupsOf, "pupils", "PUPIL"),
			`SELECT * FROM pupils WHERE source_id = 'PUPIL'`, lessonsOf(`SELECT m.group_id FROM memberships m
				JOIN pupils p ON p.id = m.element_id WHERE p.source_id = 'PUPIL'`))},
		{name: "staff", ask: who("staff", staff), bare: queries(of(groupsOf, "staff", "STAFF"),
			`SELECT * FROM staff WHERE source_id = 'STAFF'`, lessonsOf(`SELECT id FROM staff WHERE source_id =
				'STAFF'`))},
		{name: "room", ask: who("location", room), bare: queries(`SELECT l.* FROM locations l JOIN elements e ON
			e.id = l.id
			WHERE e.name = 'ROOM'`, lessonsOf(`SELECT e.id FROM elements e WHERE e.kind = 'location' AND e.name =
				'ROOM'`))},
		{name: "members", ask: func(ctx context.Context, im *importer.Importer) error {
			_, err := ask.Members(ctx, im.DB, fmt.Sprintf("set/%d", set.ID), on, false)
			return err
		}, bare: queries(`SELECT * FROM group_details WHERE kind = 'set' AND source_id = 'SET'`, `SELECT member_kind,
			member_source_id, member_name, starts_on, ends_on FROM membership_details WHERE group_kind = 'set'
			AND group_source_id = 'SET' AND starts_on <= 'DAY' AND (ends_on IS NULL OR ends_on >= 'DAY')`)},
		{name: "lessons of a day", ask: lessons(ask.LessonsOf{}), bare: queries(`SELECT * FROM lesson_details
			WHERE on_date = 'DAY'`)},
		{name: "lessons of a teacher", ask: lessons(ask.LessonsOf{Staff: staff}), bare: queries(
			lessonsOf(`SELECT id FROM staff WHERE source_id = 'STAFF'`))},
		{name: "history of a pupil", ask: trail("pupil/" + pupil), bare: queries(strings.Replace(of(historyOf, "pupils",
			"PUPIL"), "COLUMN", "element_id", 1))},
		{name: "history of a set", ask: trail(fmt.Sprintf("set/%d", set.ID)),
			bare: queries(strings.Replace(of(historyOf,
				"groups", "SET' AND kind = 'set"), "COLUMN", "group_id", 1))},
		{name: "history of a lesson", ask: trail(fmt.Sprintf("schedule/%d", lesson.ID)), bare: queries(`SELECT c.run_id,
			c.action, c.before, c.after, r.kind FROM changes c JOIN runs r ON r.id = c.run_id WHERE c.entity = 'lesson'
			AND c.record_id IN (SELECT id FROM lessons WHERE source_id = 'LESSON' AND datasource_id IS NOT NULL
			AND datasource_id IN (SELECT id FROM datasources))`, `SELECT c.run_id, c.action, c.before, c.after, r.kind
			FROM changes c JOIN runs r ON r.id = c.run_id WHERE c.entity = 'commitment' AND c.record_id IN (SELECT m.id
			FROM commitments m JOIN lessons l ON l.id = m.lesson_id WHERE l.source_id = 'LESSON'
			AND l.datasource_id IN (SELECT id FROM datasources))`)},
		{name: "problems", ask: func(ctx context.Context, im *importer.Importer) error {
			_, err := ask.Problems(ctx, im.DB)
			return err
		}, bare: queries(`SELECT id, as_of, problems FROM runs WHERE kind = 'import' AND result = 'applied'
			ORDER BY id DESC LIMIT 1`)},
		{name: "sanity", ask: func(ctx context.Context, im *importer.Importer) error {
			_, _, err := ask.Sanity(ctx, im.DB, on)
			return err
		}, bare: queries(bareSanity...)},
		{name: "why", ask: func(ctx context.Context, im *importer.Importer) error {
			_, err := im.Why(ctx, pupil, fmt.Sprintf("set/%d", set.ID))
			return err
		}, bare: compared, read: true},
		{name: "week on a wall", ask: func(ctx context.Context, im *importer.Importer) error {
			return writeCycle(ctx, im, staff, io.Discard)
		}, read: true},
	}
}

// bareSanity is what there is to look through for what is odd: pupils with their forms, sets with their members, and
// who and what is taken by the lessons of a fortnight.
var bareSanity = []string{
	`SELECT p.id, m.group_id FROM pupils p JOIN memberships m ON m.element_id = p.id JOIN groups g ON g.id = m.group_id
		WHERE g.kind = 'form' AND m.starts_on <= 'DAY' AND (m.ends_on IS NULL OR m.ends_on >= 'DAY')`,
	`SELECT g.id, m.element_id FROM groups g JOIN memberships m ON m.group_id = g.id WHERE g.kind = 'set'
		AND m.starts_on <= 'DAY' AND (m.ends_on IS NULL OR m.ends_on >= 'DAY')`,
	`SELECT l.id, l.starts_at, l.ends_at, c.element_id, e.kind, e.name FROM lessons l JOIN commitments c
		ON c.lesson_id = l.id JOIN elements e ON e.id = c.element_id WHERE l.on_date BETWEEN 'DAY' AND 'FORTNIGHT'`,
	`SELECT l.id, l.starts_at, l.ends_at, m.element_id FROM lessons l JOIN commitments c ON c.lesson_id = l.id
		JOIN memberships m ON m.group_id = c.element_id WHERE l.on_date BETWEEN 'DAY' AND 'FORTNIGHT'`,
}

func writeCycle(ctx context.Context, im *importer.Importer, staff string, to io.Writer) error {
	cycles, err := importer.Cycle(ctx, im.State, "", cycle.Asked{Week: "A", Staff: staff})
	if err != nil {
		return err
	}
	return paper.WriteCycles(to, cycles)
}
