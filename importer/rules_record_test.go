package importer_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"misimportd/era"
	"misimportd/importer"
	"misimportd/importer/entry"
	"misimportd/importer/guard"
	"misimportd/importer/report"
	"misimportd/importer/text"
	"misimportd/mis/isams/isamstest"
	"misimportd/store/model"
	"misimportd/store/storetest"
)

// told is what the record of a run tells, but for what became of the run.
func (w *world) told(id model.ID) string {
	w.Helper()
	past, err := importer.Show(w.Context(), w.im.DB, id)
	if err != nil {
		w.Fatal(err)
	}
	past.Decision, past.DecidedBy, past.DecidedAt, past.UndoneBy = "", 0, nil, 0
	return mustJSON(past)
}

// linesOf is the changes of a run, as JSON has them.
func (w *world) linesOf(id model.ID) string {
	w.Helper()
	past, err := importer.Show(w.Context(), w.im.DB, id)
	if err != nil {
		w.Fatal(err)
	}
	return mustJSON(past.Lines)
}

// shownAs is how a run is written for people.
func (w *world) shownAs(id model.ID, style text.Style) string {
	w.Helper()
	past, err := importer.Show(w.Context(), w.im.DB, id)
	if err != nil {
		w.Fatal(err)
	}
	var b strings.Builder
	if err := text.WriteOneRun(&b, past, w.im.Zone, style); err != nil {
		w.Fatal(err)
	}
	return b.String()
}

// TestR39RecordOutlivesItsRecords: a night took a teacher out of lessons and moved a pupil;
// later the lessons fall into a gap, and everybody has another name.
func TestR39RecordOutlivesItsRecords(t *testing.T) {
	each(t, func(w *world) {
		night := func(teacher string) *doc {
			return (&doc{}).taught().coded(1, "Ms Brown", "BRO").coded(2, "Mr Green", "GRE").room(1, "Lab").
				form("7/A", "7A", 7, 1).form("7/B", "7B", 7, 2).
				pupil(11, "Zoë O’Brien", "7/A", 7).set(21, "7Mat1", 7, 11).lesson(1, 21, "7Mat1", 11, teacher, 1)
		}
		w.night("2016-09-05", night("BRO").xml())
		moved := strings.ReplaceAll(string(night("GRE").xml()), `<Form>7/A</Form>`, `<Form>7/B</Form>`)
		changed := w.night("2016-09-06", []byte(moved))
		before, written := w.told(changed.Run), w.shownAs(changed.Run, text.Style{})
		if !strings.Contains(written, "7Mat1: − Ms Brown, + Mr Green (5 times, 12 September – 31 October 2016)") {
			w.Errorf("%s", written)
		}
		w.suspend("- {name: No lessons, kind: gap, from: 2016-09-07, to: 2016-12-31}")
		later := strings.NewReplacer("Ms Brown", "Mrs Black", "Mr Green", "Dr White", "Zoë", "Zara",
			">7A<", ">7X<", ">7B<", ">7Y<", "7Mat1", "7Maths")
		w.night("2016-09-07", []byte(later.Replace(string(night("GRE").xml()))))
		w.exec(`UPDATE eras SET name = 'A year'`+" WHERE name = $1", year2016.Name)
		if w.rowsOf(`SELECT 1 FROM lessons WHERE on_date > '2016-09-07'`) > 0 {
			w.Fatal("the gap took no lesson away")
		}
		w.expect("what the record tells", strings.Split(w.told(changed.Run), "},{"), strings.Split(before, "},{")...)
		now := w.shownAs(changed.Run, text.Style{})
		w.expect("how it is written", strings.Split(now, "\n"), strings.Split(written, "\n")...)
	})
}

// TestR39RecordsOfBefore this version hold no names of what they refer to: they are told as
// the database has it now.
func TestR39RecordsOfBefore(t *testing.T) {
	each(t, func(w *world) {
		night := func(teacher string) []byte {
			return (&doc{}).taught().coded(1, "Ms Brown", "BRO").coded(2, "Mr Green", "GRE").room(1, "Lab").
				pupil(11, "Zoë O’Brien", "7/A", 7).set(21, "7Mat1", 7, 11).lesson(1, 21, "7Mat1", 11, teacher, 1).xml()
		}
		w.night("2016-09-05", night("BRO"))
		changed := w.night("2016-09-06", night("GRE"))
		told := w.linesOf(changed.Run)
		w.exec(`DELETE FROM run_labels`)
		w.exec(`UPDATE runs SET labelled = $1`, false)
		if now := w.linesOf(changed.Run); now != told {
			w.Errorf("told\n%s\nand tells\n%s", told, now)
		}
		w.exec(`UPDATE elements SET name = 'Mrs Black' WHERE name = 'Ms Brown'`)
		if now := w.linesOf(changed.Run); now != strings.ReplaceAll(told, "Ms Brown", "Mrs Black") {
			w.Errorf("tells\n%s", now)
		}
	})
}

// TestR39RandomHistory lets a hundred things happen, and then asks of each run what its
// record tells: byte for byte what it told right after the run.
func TestR39RandomHistory(t *testing.T) {
	seeds, steps := 1, 120
	if os.Getenv("MISIMPORTD_SOAK") != "" {
		seeds = 25
	}
	storetest.Each(t, func(t *testing.T, _ string) {
		fresh := storetest.SQLite
		if strings.HasSuffix(t.Name(), "postgres") {
			fresh = storetest.Postgres
		}
		tally := map[string]int{}
		for seed := range seeds {
			size := isamstest.Size{Pupils: 20, Staff: 8, Forms: 7, Sets: 14, SetLists: 50}
			h := &history{world: newWorld(t, fresh(t)), dice: rand.New(rand.NewPCG(uint64(seed), 39)),
				day:   era.NewDate(2016, 9, 5),
				tally: tally, said: map[model.ID]string{}, school: isamstest.New(uint64(seed), size).Teach(8)}
			for range steps {
				h.step()
				h.listen()
			}
			for id, said := range h.said {
				h.tally["runs asked again"]++
				if now := h.told(id); now != said {
					h.Fatalf("run %d told\n%s\nand tells\n%s", id, said, now)
				}
			}
			_, _ = h.im.DB.Close(), h.raw.Close()
		}
		t.Logf("%v", tally)
		for _, what := range []string{"night", "bad night", "gap", "undo", "approve", "renamed", "rekeyed", "deleted"} {
			if tally[what] == 0 {
				t.Errorf("no %s", what)
			}
		}
	})
}

// history is a school to which things happen.
type history struct {
	*world
	dice   *rand.Rand
	school *isamstest.School
	day    era.Date
	said   map[model.ID]string // what each run told right after it
	newest model.ID
	tally  map[string]int
}

// listen takes down what the runs tell that are new.
func (h *history) listen() {
	h.Helper()
	past, err := importer.Runs(h.Context(), h.im.DB, 1)
	if err != nil {
		h.Fatal(err)
	}
	for h.newest < past[0].Run {
		h.newest++
		h.said[h.newest] = h.told(h.newest)
	}
}

// step lets one thing happen. What is refused has not happened.
func (h *history) step() {
	h.Helper()
	whats := []string{"night", "night", "night", "bad night", "bad night", "bad night", "gap", "gap over", "undo",
		"undo", "undo",
		"approve", "approve", "pin", "renamed", "rekeyed", "deleted", "era"}
	what := whats[h.dice.IntN(len(whats))]
	happened := true
	switch what {
	case "night", "bad night":
		h.anyNight(what)
	case "gap":
		from := h.day.AddDays(h.dice.IntN(40))
		_, err := h.desk().AddSuspension(h.Context(), era.Suspension{
			Name: fmt.Sprint("Trip ", h.dice.IntN(3)), Kind: era.Gap, From: from.At(0), To: from.AddDays(20).
				At(era.MinutesOfDay)})
		happened = err == nil
	case "gap over":
		listed, err := entry.Suspensions(h.Context(), h.im.DB, "")
		if happened = err == nil && len(listed) > 0; happened {
			h.must(h.desk().RemoveSuspension(h.Context(), listed[0].ID))
		}
	case "undo":
		_, err := h.im.Undo(h.Context(), max(3, h.newest-model.ID(h.dice.IntN(4))))
		happened = err == nil
	case "approve":
		past, err := importer.Runs(h.Context(), h.im.DB, 10)
		waits := slices.IndexFunc(past, func(p report.Past) bool { return p.Decision == model.Waiting })
		if happened = err == nil && waits >= 0; happened {
			_, err = h.im.Approve(h.Context(), past[waits].Run)
			happened = err == nil
		}
	case "pin":
		one := h.school.Pupils[h.dice.IntN(len(h.school.Pupils))]
		_, err := h.desk().AddPin(h.Context(), "pupil", fmt.Sprint(one.ID), "email")
		happened = err == nil
	case "era":
		next := era.Era{Name: "2017/18", StartsOn: era.NewDate(2017, 8, 15), EndsOn: era.NewDate(2018, 8, 14)}
		_, err := h.desk().CreateEra(h.Context(), next)
		if err != nil {
			_, err = h.desk().SetEra(h.Context(), entry.NextEra, "2017/18")
		}
		happened = err == nil
	default:
		happened = h.meddle(what)
	}
	if happened {
		h.tally[what]++
	}
}

// anyNight is a night on which everything may change, or a bad one, of which some is held.
func (h *history) anyNight(what string) {
	h.Helper()
	h.im.Guard = guard.Guard{}
	h.day = h.day.AddDays(h.dice.IntN(2))
	if h.school.Night(); len(h.school.Timetable.Schedules) < 5 { // its sets have closed
		h.school.Teach(8)
	}
	document := h.school.Document()
	if what == "bad night" {
		limits := guard.Limits{guard.PupilsLeaving: {Percent: 5, AtLeast: 1}, guard.SectionsMissing: {}}
		h.im.Guard = guard.Guard{Hold: model.HoldRemovals, Import: limits}
		document, _ = faultOf(document, h.dice)
	}
	h.drop(document)
	h.im.AsOf = h.day
	if _, err := h.im.Run(h.Context()); err != nil {
		h.Fatal(err)
	}
}

// meddle is what other programs do.
func (h *history) meddle(what string) bool {
	h.Helper()
	table := []string{"pupils", "staff", "groups", "houses", "locations", "subjects"}[h.dice.IntN(6)]
	some := fmt.Sprintf(`(SELECT id FROM %s WHERE id %% 5 = %d)`, table, h.dice.IntN(5))
	deletable := []string{"pupils", "staff", "groups"}[h.dice.IntN(3)]
	one := fmt.Sprintf(`(SELECT max(id) FROM %s WHERE id %% 5 = %d)`, deletable, h.dice.IntN(5))
	return h.together(map[string][]string{
		"renamed": {
			`UPDATE elements SET name = name || 'x' WHERE id IN ` + some,
			`UPDATE eras SET name = name || 'x' WHERE name LIKE '2016%'`,
			fmt.Sprintf(`UPDATE lessons SET code = code || 'x', name = '' WHERE id %% 5 = %d`, h.dice.IntN(5)),
		},
		"rekeyed": {`UPDATE ` + table + ` SET source_id = source_id || '0' WHERE id IN ` + some},
		"deleted": {
			`UPDATE groups SET tutor_id = NULL WHERE tutor_id = ` + one,
			`DELETE FROM commitments WHERE element_id = ` + one, `DELETE FROM memberships WHERE element_id = ` + one,
			`DELETE FROM memberships WHERE group_id = ` + one, `DELETE FROM elements WHERE id = ` + one,
		},
	}[what])
}

// together does all of these, or none where one is refused.
func (h *history) together(queries []string) bool {
	h.Helper()
	tx, err := h.raw.Begin()
	if err != nil {
		h.Fatal(err)
	}
	defer func() { _ = tx.Rollback() }()
	for _, query := range queries {
		if _, err := tx.Exec(query); err != nil {
			return false
		}
	}
	return tx.Commit() == nil
}
