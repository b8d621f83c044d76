package store_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"misimportd/era"
	"misimportd/store"
	"misimportd/store/model"
	"misimportd/store/storetest"
)

// nest fills a database with groups within groups: each may be a member of those before it, so that there is
// no cycle. It returns the memberships.
func nest(t *testing.T, database string, seed uint64) (rows [][4]int) {
	t.Helper()
	begin(t, database)
	raw := storetest.Raw(t, database)
	exec := func(query string, args ...any) {
		t.Helper()
		if _, err := raw.Exec(query, args...); err != nil {
			t.Fatal(err)
		}
	}
	const groups, people = 8, 5
	for i := range groups + people {
		kind := map[bool]string{true: "group", false: "staff"}[i < groups]
		exec(`INSERT INTO elements (id, kind, name) VALUES ($1, $2, $3)`, 1000+i, kind, fmt.Sprintf("%s %d", kind, i))
		if i < groups {
			exec(`INSERT INTO groups (id, kind, era_id, starts_on) SELECT $1, 'user', min(id), '1900-01-01' FROM eras`,
				1000+i)
		}
	}
	r := rand.New(rand.NewPCG(seed, 5))
	day := era.NewDate(2016, 9, 1)
	for i := 1; i < groups+people; i++ {
		for in := range min(i, groups) {
			if r.IntN(3) > 0 {
				continue
			}
			from := r.IntN(10)
			to := from + r.IntN(10)
			var end any = (day + era.Date(to)).String()
			if r.IntN(3) == 0 { // it has none
				const never = 1000
				end, to = nil, never
			}
			exec(`INSERT INTO memberships (group_id, element_id, starts_on, ends_on) VALUES ($1, $2, $3, $4)`, 1000+in,
				1000+i, (day + era.Date(from)).String(), end)
			rows = append(rows, [4]int{1000 + in, 1000 + i, from, to})
		}
	}
	return rows
}

// TestGroupsWithinGroups are seen through, at any depth, on each day.
func TestGroupsWithinGroups(t *testing.T) {
	for seed := range uint64(6) {
		t.Run(fmt.Sprint("seed", seed), func(t *testing.T) { storetest.Each(t, seesThrough(seed)) })
	}
}

// seesThrough holds the view against a model that goes round and round.
func seesThrough(seed uint64) func(t *testing.T, database string) {
	return func(t *testing.T, database string) {
		rows := nest(t, database, seed)
		raw := storetest.Raw(t, database)
		for day := range 20 {
			want := map[[2]int]bool{}
			for range 10 { // as deep as it goes
				for _, m := range rows {
					if m[2] > day || m[3] < day {
						continue
					}
					want[[2]int{m[0], m[1]}] = true
					for pair := range maps.Clone(want) {
						if pair[0] == m[1] {
							want[[2]int{m[0], pair[1]}] = true
						}
					}
				}
			}
			on := (era.NewDate(2016, 9, 1) + era.Date(day)).String()
			found, err := raw.Query(`SELECT DISTINCT group_id, element_id FROM flat_memberships WHERE starts_on <= $1
					AND (ends_on IS NULL OR ends_on >= $1) AND group_id >= 1000`, on)
			if err != nil {
				t.Fatal(err)
			}
			got := map[[2]int]bool{}
			for found.Next() {
				var pair [2]int
				if err := found.Scan(&pair[0], &pair[1]); err != nil {
					t.Fatal(err)
				}
				got[pair] = true
			}
			if err := found.Close(); err != nil {
				t.Fatal(err)
			}
			if !maps.Equal(got, want) {
				t.Fatalf("on %s: %v, want %v", on, got, want)
			}
		}
	}
}

// TestAGroupIsNotInItself, be it through others: the database refuses it.
func TestAGroupIsNotInItself(t *testing.T) {
	storetest.Each(t, func(t *testing.T, database string) {
		rows := nest(t, database, 1)
		raw := storetest.Raw(t, database)
		refused := 0
		for _, m := range rows {
			if m[1] >= 1008 { // a person
				continue
			}
			_, err := raw.Exec(`INSERT INTO memberships (group_id, element_id, starts_on)
				VALUES ($1, $2, '2030-01-01')`, m[1], m[0])
			if err == nil {
				t.Errorf("%d is in %d, and now the other way round, too", m[1], m[0])
			}
			refused++
		}
		if refused == 0 {
			t.Error("nothing was tried")
		}
	})
}

// TestAnOldCycleIsReported: a group that is in itself since before that was refused is found, and the view still ends.
func TestAnOldCycleIsReported(t *testing.T) {
	storetest.Each(t, func(t *testing.T, database string) {
		nest(t, database, 1)
		db, err := store.Open(t.Context(), database)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = db.Close() }()
		raw := storetest.Raw(t, database)
		off := []string{`DROP TRIGGER memberships_inserted_cycles`}
		if strings.HasPrefix(database, "postgres") {
			off = []string{`DROP TRIGGER memberships_inserted_cycles ON memberships`}
		}
		for _, query := range append(off, `INSERT INTO memberships (group_id, element_id, starts_on)
			VALUES (1000, 1001, '2031-01-01')`, `INSERT INTO memberships (group_id, element_id, starts_on)
			VALUES (1001, 1000, '2031-01-01')`) {
			if _, err := raw.Exec(query); err != nil {
				t.Fatal(err)
			}
		}
		var found []model.Fault
		if err := db.View(t.Context(), func(v *store.View) (err error) {
			found, err = v.Faults(t.Context(), 10)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		if !slices.ContainsFunc(found, func(f model.Fault) bool {
			return f.Table == "groups" && f.ID == 1000 && f.What == "it is a member of itself, through others"
		}) {
			t.Errorf("%+v", found)
		}
		var count int
		if err := raw.QueryRow(`SELECT count(*) FROM flat_memberships`).Scan(&count); err != nil || count == 0 {
			t.Errorf("%d %v", count, err)
		}
	})
}
