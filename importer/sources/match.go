package sources

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/text/cases"

	"misimportd/era/hint"
	"misimportd/mis"
	"misimportd/store/model"
)

// By what a pupil of the new MIS is matched to one of the previous.
const (
	BySchoolID = "school_id"
	BySameID   = "same_id"
	ByEmail    = "email"
)

// Pair is a match that a person wrote down.
type Pair struct {
	Kind, Old, New string
	Line           int // of the file
}

// Matching is what records of a new MIS are matched to rows of the previous one from.
type Matching struct {
	Old    model.Elements // of the previous MIS
	Known  *model.State   // of the new one
	Snap   *mis.Snapshot  // likewise
	Pupils string         // by what they are matched: BySchoolID …
	Pairs  []Pair
	File   string // that the pairs were read in, for errors
}

// Left is a record of one side that has no match.
type Left struct {
	Kind string   `json:"kind"`
	Side string   `json:"side"` // old or new
	ID   string   `json:"id"`
	Name string   `json:"name"`
	Why  string   `json:"why"`
	With []string `json:"with,omitempty"` // ids of the other side that it could be
}

// Count says how many records of a kind were matched.
type Count struct {
	Kind    string `json:"kind"`
	By      string `json:"by"`
	Matched int    `json:"matched"`
	Old     int    `json:"old"` // records of the previous MIS that the school has now
	New     int    `json:"new"` // of the new MIS that had no row of their own
}

// Found is what matching came to.
type Found struct {
	Counts []Count        `json:"counts"`
	Left   []Left         `json:"unmatched"`
	Taken  []model.Change `json:"-"` // rows that are the new MIS's from now on
}

// candidate is a record of one side.
type candidate struct {
	id, name, key string
	current       bool         // of the old side
	row           model.Record // likewise
}

// Match finds out which rows of the previous MIS the new one's records are. Where two could be it, none is.
func (m Matching) Match() (Found, error) {
	f := Found{Left: []Left{}}
	kinds := []kind{m.staff(), m.pupils(), m.places(), m.subjects(), m.houses()}
	if err := m.checkPairs(kinds); err != nil {
		return f, err
	}
	for _, k := range kinds {
		k.match(&f, m.Pairs)
	}
	return f, nil
}

// kind is the two sides of one kind of record.
type kind struct {
	name, by string
	old      []candidate
	new      []candidate     // that have no row of their own
	known    map[string]bool // the new MIS's ids that have one
}

// match matches one kind: first what a person wrote, then by the key.
func (k kind) match(f *Found, pairs []Pair) {
	olds, news := map[string]int{}, map[string]int{}
	for i, c := range k.old {
		olds[c.id] = i
	}
	for i, c := range k.new {
		news[c.id] = i
	}
	ofNew, taken := map[int]int{}, map[int]bool{}
	for _, p := range pairs {
		o, isOld := olds[p.Old]
		n, isNew := news[p.New]
		if p.Kind == k.name && isOld && isNew {
			ofNew[n], taken[o] = o, true
		}
	}
	doubts := k.byKey(ofNew, taken)
	current := 0
	for i, c := range k.old {
		if !taken[i] && c.current {
			f.Left = append(f.Left, Left{Kind: k.name, Side: "old", ID: c.id, Name: c.name,
				Why:  cmp.Or(doubts["old "+c.id].why, "no record of the new MIS is the same by "+k.by),
				With: doubts["old "+c.id].with})
		}
		if taken[i] || c.current {
			current++
		}
	}
	matched := 0
	for i, c := range k.new {
		o, ok := ofNew[i]
		if !ok {
			f.Left = append(f.Left, Left{Kind: k.name, Side: "new", ID: c.id, Name: c.name,
				Why:  cmp.Or(doubts["new "+c.id].why, "no record of the previous MIS is the same by "+k.by),
				With: doubts["new "+c.id].with})
			continue
		}
		matched++
		f.Taken = append(f.Taken, model.Change{Action: model.Update, Why: model.Matched, By: k.by, Before: k.old[o].row,
			After: withOrigin(k.old[o].row, c.row.(origin).Origin)})
	}
	f.Counts = append(f.Counts, Count{Kind: k.name, By: k.by, Matched: matched, Old: current, New: len(k.new)})
}

// origin is where a matched row comes from now.
type origin struct {
	model.Origin
}

func (origin) Entity() model.Entity { return "" }

func (origin) RowID() model.ID { return 0 }

// doubt is why something is not matched that could have been.
type doubt struct {
	why  string
	with []string
}

// byKey matches what has one key that nothing else of its side has. Of several old ones with a key the
// only one that the school has now counts.
func (k kind) byKey(ofNew map[int]int, taken map[int]bool) map[string]doubt {
	oldOf, newOf := map[string][]int{}, map[string][]int{}
	for i, c := range k.old {
		if !taken[i] && c.key != "" {
			oldOf[c.key] = append(oldOf[c.key], i)
		}
	}
	for i, c := range k.new {
		if _, done := ofNew[i]; !done && c.key != "" {
			newOf[c.key] = append(newOf[c.key], i)
		}
	}
	doubts := map[string]doubt{}
	for key, news := range newOf {
		olds := oldOf[key]
		if now := slices.DeleteFunc(slices.Clone(olds), func(i int) bool { return !k.old[i].current }); len(now) > 0 {
			olds = now
		}
		switch {
		case len(olds) == 0:
		case len(olds) == 1 && len(news) == 1:
			ofNew[news[0]], taken[olds[0]] = olds[0], true
		default:
			for _, n := range news {
				doubts["new "+k.new[n].id] = k.doubtOf(len(olds), len(news), k.old, olds)
			}
			for _, o := range olds {
				doubts["old "+k.old[o].id] = k.doubtOf(len(olds), len(news), k.new, news)
			}
		}
	}
	return doubts
}

func (k kind) doubtOf(olds, news int, others []candidate, at []int) doubt {
	d := doubt{why: fmt.Sprintf("%d records of the previous MIS and %d of the new one are the same by %s", olds, news,
		k.by)}
	for _, i := range at {
		d.with = append(d.with, others[i].id)
	}
	return d
}

// checkPairs tells what is wrong with what a person wrote, with the line.
func (m Matching) checkPairs(kinds []kind) error {
	type side struct{ kind, id string }
	olds, news := map[side]int{}, map[side]int{}
	for _, p := range m.Pairs {
		at := fmt.Sprintf("%s: line %d", m.File, p.Line)
		i := slices.IndexFunc(kinds, func(k kind) bool { return k.name == p.Kind })
		if i < 0 {
			return fmt.Errorf("%s: %q is no kind of record that is matched: write one of %s", at, p.Kind,
				strings.Join(Kinds, ", "))
		}
		if line, twice := olds[side{p.Kind, p.Old}]; twice {
			return fmt.Errorf("%s: the old id %s of a %s stands in line %d already", at, p.Old, p.Kind, line)
		}
		if line, twice := news[side{p.Kind, p.New}]; twice {
			return fmt.Errorf("%s: the new id %s of a %s stands in line %d already", at, p.New, p.Kind, line)
		}
		olds[side{p.Kind, p.Old}], news[side{p.Kind, p.New}] = p.Line, p.Line
		if fault := faultOf(kinds, kinds[i], p); fault != "" {
			return fmt.Errorf("%s: %s", at, fault)
		}
	}
	return nil
}

// faultOf is what is wrong with a pair, "" for nothing.
func faultOf(kinds []kind, k kind, p Pair) string {
	isOld := func(k kind) bool { return hasID(k.old, p.Old) }
	isNew := func(k kind) bool { return hasID(k.new, p.New) || k.known[p.New] }
	switch {
	case !isOld(k) && k.known[p.New]:
		return "" // that was done
	case k.known[p.New]:
		return fmt.Sprintf("%s %s of the new MIS has a row of its own already, from an import before: \"%s\" makes "+
			"the two one", k.name, p.New, hint.Command("merge %s %s %s", k.name, hint.Quote(p.New), hint.Quote(p.Old)))
	case !isOld(k):
		return fmt.Sprintf("there is no %s with the old id %s%s", k.name, p.Old, elsewhere(kinds, isOld))
	case !isNew(k):
		return fmt.Sprintf("there is no %s with the new id %s in the document%s", k.name, p.New, elsewhere(kinds,
			isNew))
	}
	return ""
}

func elsewhere(kinds []kind, has func(kind) bool) string {
	for _, k := range kinds {
		if has(k) {
			return fmt.Sprintf(": that is the id of a %s", k.name)
		}
	}
	return ""
}

func hasID(list []candidate, id string) bool {
	return slices.ContainsFunc(list, func(c candidate) bool { return c.id == id })
}

// folded is a name as it is compared.
func folded(name string) string { return cases.Fold().String(strings.Join(strings.Fields(name), " ")) }
