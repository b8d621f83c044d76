package store_test

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"misimportd/era"
	"misimportd/store"
	"misimportd/store/model"
	"misimportd/store/storetest"
)

func open(t testing.TB, database string) *store.DB {
	t.Helper()
	db, err := store.Open(t.Context(), database)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// apply carries out the plan that make makes.
func apply(t testing.TB, db *store.DB, make func(*store.View, *model.Plan)) (model.Run, error) {
	t.Helper()
	lock, err := db.Lock(t.Context(), store.NewHolder("test"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := lock.Unlock(); err != nil {
			t.Error(err)
		}
	}()
	return lock.Run(t.Context(), func(v *store.View) (model.Proposal, error) {
		p := model.Proposal{Run: model.Run{Kind: "test", StartedAt: time.Now()}}
		make(v, &p.Plan)
		return p, nil
	})
}

var (
	first = era.NewDate(2016, 8, 15)
	last  = era.NewDate(2017, 8, 14)
)

// begin fills a database with one of everything and returns the ids by name.
func begin(t testing.TB, database string) (*store.DB, map[string]model.ID) {
	t.Helper()
	db := open(t, database)
	run, err := apply(t, db, func(v *store.View, p *model.Plan) {
		mis := model.Origin{DatasourceID: 1}
		of := func(id string) model.Origin { mis.SourceID = id; return mis }
		e := model.Era{ID: p.NewID(), Era: era.Era{Name: "2016/17", StartsOn: first, EndsOn: last}}
		staff := model.Staff{Element: model.Element{ID: p.NewID(), Kind: "staff", Name: "Ms Brown", Current: true},
			Origin: of("1"), Code: "BRO", Teaching: true}
		subject := model.Subject{Element: model.Element{ID: p.NewID(), Kind: "subject", Name: "Maths", Current: true},
			Origin: of("2"), Code: "Mat"}
		house := model.House{Element: model.Element{ID: p.NewID(), Kind: "house", Name: "Austin", Current: true},
			Origin: of("academic/3"), Type: "academic"}
		room := model.Location{Element: model.Element{ID: p.NewID(), Kind: "location", Name: "Lab", Current: true},
			Origin: of("4")}
		pupil := model.Pupil{Element: model.Element{ID: p.NewID(), Kind: "pupil", Name: `Zoë "O’Brien" \ (7A)`,
			Current: true}, Origin: of("5"), Year: 7, HouseID: house.ID}
		group := model.Group{Element: model.Element{ID: p.NewID(), Kind: "group", Name: "7Mat1", Current: true},
			Origin: of("6"), GroupKind: model.SetGroup,
			EraID: e.ID, Year: 7, StartsOn: first, EndsOn: last, SubjectID: subject.ID, TutorID: staff.ID}
		member := model.Membership{ID: p.NewID(), GroupID: group.ID, ElementID: pupil.ID, StartsOn: first.AddDays(10),
			EndsOn: last}
		for _, r := range []model.Record{e, staff, subject, house, room, pupil, group, member} {
			p.Create(r, model.NewInMIS)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	ids := map[string]model.ID{}
	if err := db.View(t.Context(), func(v *store.View) error {
		changes, err := v.Changes(t.Context(), run.ID)
		for _, c := range changes {
			ids[string(c.Entity)] = c.RecordID
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return db, ids
}

func state(t testing.TB, db *store.DB, eraID model.ID) *model.State {
	t.Helper()
	var s *model.State
	if err := db.View(t.Context(), func(v *store.View) (err error) {
		s, err = v.State(t.Context(), 1, first, eraID)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestLookingLeavesNothingBehind(t *testing.T) {
	storetest.Each(t, func(t *testing.T, database string) {
		db := open(t, database)
		if err := db.View(t.Context(), func(v *store.View) error {
			calendar, err := v.Calendar(t.Context())
			if err != nil || len(calendar.Eras) != 0 {
				t.Errorf("%v %v", calendar, err)
			}
			s, err := v.State(t.Context(), 1, first, 1)
			if err != nil || len(s.Pupils) != 0 {
				t.Errorf("%v %v", s, err)
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
		if path, ok := strings.CutPrefix(database, "sqlite:"); ok {
			if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
				t.Errorf("the file was made: %v", err)
			}
			return
		}
		var tables int
		if err := storetest.Raw(t, database).QueryRow(`SELECT count(*) FROM pg_tables
			WHERE schemaname = current_schema()`).Scan(&tables); err != nil || tables > 0 {
			t.Errorf("%d tables were made: %v", tables, err)
		}
	})
}

func TestEverythingComesBackAsItWasStored(t *testing.T) {
	storetest.Each(t, func(t *testing.T, database string) {
		db, ids := begin(t, database)
		s := state(t, db, ids["era"])
		mis := func(id string) model.Origin { return model.Origin{DatasourceID: 1, SourceID: id} }
		want := &model.State{
			DatasourceID: 1,
			Staff: []model.Staff{{Element: model.Element{ID: ids["staff"], Kind: "staff", Name: "Ms Brown",
				Current: true}, Origin: mis("1"), Code: "BRO", Teaching: true}},
			Pupils: []model.Pupil{{Element: model.Element{ID: ids["pupil"], Kind: "pupil", Name: `Zoë "O’Brien" \ (7A)`,
				Current: true}, Origin: mis("5"),
				Year: 7, HouseID: ids["house"]}},
			Locations: []model.Location{{Element: model.Element{ID: ids["location"], Kind: "location", Name: "Lab",
				Current: true}, Origin: mis("4")}},
			Subjects: []model.Subject{{Element: model.Element{ID: ids["subject"], Kind: "subject", Name: "Maths",
				Current: true}, Origin: mis("2"), Code: "Mat"}},
			Houses: []model.House{{Element: model.Element{ID: ids["house"], Kind: "house", Name: "Austin",
				Current: true}, Origin: mis("academic/3"), Type: "academic"}},
			Groups: []model.Group{{Element: model.Element{ID: ids["group"], Kind: "group", Name: "7Mat1",
				Current: true}, Origin: mis("6"), GroupKind: model.SetGroup,
				EraID: ids["era"], Year: 7, StartsOn: first, EndsOn: last, SubjectID: ids["subject"],
				TutorID: ids["staff"]}},
			Memberships: []model.Membership{{ID: ids["membership"], GroupID: ids["group"], ElementID: ids["pupil"],
				StartsOn: first.AddDays(10), EndsOn: last}},
			Suspensions:     []model.Suspension{},
			NeededElsewhere: map[model.ID]bool{}, TakenBy: map[model.ID]int{}, LessonDays: map[era.Date]model.Digest{},
		}
		if diff := cmp.Diff(want, s); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
	})
}

func TestFilesAreTheOwnersAlone(t *testing.T) {
	database := storetest.SQLite(t)
	begin(t, database)
	path := strings.TrimPrefix(database, "sqlite:")
	for _, name := range []string{path, path + ".lock"} {
		if info, err := os.Stat(name); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v %v", name, info.Mode(), err)
		}
	}
}

// TestR36ChangesAreEnoughToUndo takes recorded changes backwards over what the
// database holds, and finds what it held before.
func TestR36ChangesAreEnoughToUndo(t *testing.T) {
	storetest.Each(t, func(t *testing.T, database string) {
		db, ids := begin(t, database)
		before := images(t, database)
		s := state(t, db, ids["era"])
		run, err := apply(t, db, func(v *store.View, p *model.Plan) {
			pupil, group, member, staff := s.Pupils[0], s.Groups[0], s.Memberships[0], s.Staff[0]
			renamed := pupil
			renamed.Name, renamed.HouseID, renamed.Year = "Zoë", 0, era.NoYear
			p.Change(model.Update, pupil, renamed, model.ChangedInMIS)
			gone := staff
			gone.Current = false
			p.Change(model.End, staff, gone, model.GoneFromMIS)
			fresh := model.Pupil{Element: model.Element{ID: p.NewID(), Kind: "pupil", Name: "New", Current: true},
				Origin: model.Origin{DatasourceID: 1, SourceID: "9"}, Year: era.NoYear}
			p.Create(fresh, model.NewInMIS)
			other := group
			other.Element = model.Element{ID: p.NewID(), Kind: "group", Name: "7Mat2", Current: true}
			other.SourceID = "7"
			p.Create(other, model.NewInMIS)
			p.Create(model.Membership{ID: p.NewID(), GroupID: other.ID, ElementID: fresh.ID, StartsOn: first,
				EndsOn: last}, model.Joined)
			remove(p, member)
			remove(p, group)
		})
		if err != nil {
			t.Fatal(err)
		}
		after := images(t, database)
		if err := db.View(t.Context(), func(v *store.View) error {
			changes, err := v.Changes(t.Context(), run.ID)
			for i := len(changes) - 1; i >= 0; i-- {
				c := changes[i]
				key := fmt.Sprintf("%s %d", c.Entity, c.RecordID)
				if diff := cmp.Diff(c.After.V, after[key]); diff != "" {
					t.Errorf("%s after the run (-recorded +found):\n%s", key, diff)
				}
				after[key] = c.Before.V
				if c.Before.V == nil {
					delete(after, key)
				}
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(before, after); diff != "" {
			t.Errorf("(-before +undone):\n%s", diff)
		}
	})
}

func remove(p *model.Plan, r model.Record) {
	p.Changes = append(p.Changes, model.Change{Action: model.Delete, Why: model.Left, Before: r})
}

func makeReadOnly(t testing.TB, v *store.View) {
	t.Helper()
	if err := v.MakeReadOnly(); err != nil {
		t.Fatal(err)
	}
}

// images reads every element and membership as the changes record them, by entity and
// id, without the store.
func images(t testing.TB, database string) map[string]model.Image {
	t.Helper()
	db := storetest.Raw(t, database)
	found := map[string]model.Image{}
	for entity, query := range map[string]string{
		"pupil": "SELECT e.id, e.kind, e.name, e.current, datasource_id, source_id, school_id, forename, " +
			"surname, known_as, email, year, house_id, boarding_house_id FROM pupils t JOIN elements e ON e.id = t.id",
		"staff": "SELECT e.id, e.kind, e.name, e.current, datasource_id, source_id, initials, code, title, " +
			"forename, surname, email, teaching, previous_source_id FROM staff t JOIN elements e ON e.id = t.id",
		"group": "SELECT e.id, e.kind, e.name, e.current, datasource_id, source_id, t.kind AS group_kind, " +
			"era_id, year, starts_on, ends_on, subject_id, tutor_id, suspended, house_id, owner_id, shared FROM " +
			"groups t JOIN elements e ON " +
			"e.id = t.id",
		"membership": "SELECT id, group_id, element_id, starts_on, ends_on FROM memberships",
	} {
		rows, err := db.Query(query)
		if err != nil {
			t.Fatal(err)
		}
		columns, err := rows.Columns()
		if err != nil {
			t.Fatal(err)
		}
		for rows.Next() {
			values := make([]any, len(columns))
			for i := range values {
				values[i] = new(any)
			}
			if err := rows.Scan(values...); err != nil {
				t.Fatal(err)
			}
			image := model.Image{}
			for i, c := range columns[1:] {
				image[c] = plain(c, *values[i+1].(*any))
			}
			found[fmt.Sprintf("%s %v", entity, *values[0].(*any))] = image
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			t.Fatal(err)
		}
	}
	return found
}

// plain is a column's value as JSON has it. SQLite has its booleans as numbers.
func plain(column string, v any) any {
	switch v := v.(type) {
	case int64:
		if column == "current" || column == "teaching" || column == "suspended" || column == "shared" {
			return v != 0
		}
		return float64(v)
	case time.Time:
		return v.Format("2006-01-02")
	case []byte:
		return string(v)
	}
	return v
}

func TestR31AFailingStepUndoesTheWhole(t *testing.T) {
	storetest.Each(t, func(t *testing.T, database string) {
		db, ids := begin(t, database)
		before := images(t, database)
		_, err := apply(t, db, func(v *store.View, p *model.Plan) {
			s, err := v.State(t.Context(), 1, first, ids["era"])
			if err != nil {
				t.Fatal(err)
			}
			renamed := s.Pupils[0]
			renamed.Name = "Half done"
			p.Change(model.Update, s.Pupils[0], renamed, model.ChangedInMIS)
			doubled := s.Memberships[0]
			doubled.ID = p.NewID()
			p.Create(doubled, model.Joined)
		})
		if err == nil {
			t.Fatal("a membership could be doubled")
		}
		if diff := cmp.Diff(before, images(t, database)); diff != "" {
			t.Errorf("(-before +after):\n%s", diff)
		}
		var rows int
		if err := storetest.Raw(t, database).QueryRow(`SELECT count(*) FROM changes WHERE run_id > 1`).
			Scan(&rows); err != nil || rows > 0 {
			t.Errorf("%d changes are recorded of a run that failed: %v", rows, err)
		}
	})
}

func TestR31AMissingRowIsNoticed(t *testing.T) {
	storetest.Each(t, func(t *testing.T, database string) {
		db, ids := begin(t, database)
		_, err := apply(t, db, func(v *store.View, p *model.Plan) {
			remove(p, model.Membership{ID: ids["membership"] + 1000, GroupID: 1, ElementID: 2, StartsOn: first,
				EndsOn: last})
		})
		if err == nil || !strings.Contains(err.Error(), "0 rows are there where the plan has 1") {
			t.Errorf("%v", err)
		}
	})
}
