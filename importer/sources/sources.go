// Package sources plans what a change of MIS asks for: rows of an old one are adopted, one MIS's record
// is found to be another's, one record gets another id, or two become one. It is pure. It must never know
// a document's form, nor a database.
package sources

import (
	"fmt"
	"slices"
	"strings"

	"misimportd/era/hint"
	"misimportd/store/model"
)

// misLike are the kinds of group that come from an MIS.
var misLike = []string{model.FormGroup, model.SetGroup, "activity", "custom"}

// Adopt plans that rows which have an id of an MIS, and no datasource, are given one. It is refused
// where the datasource has a row of the same id already.
func Adopt(plan *model.Plan, to model.Datasource, orphans, there model.Elements) error {
	orphans.Groups = slices.DeleteFunc(slices.Clone(orphans.Groups),
		func(g model.Group) bool { return !slices.Contains(misLike, g.GroupKind) })
	if twice := sharedIDs(orphans, there); len(twice) > 0 {
		const shown = 5
		more := ""
		if len(twice) > shown {
			more = fmt.Sprintf(" and %d more", len(twice)-shown)
		}
		return fmt.Errorf("datasource %s has rows of the same ids already: %s%s; nothing is adopted", to.Name,
			strings.Join(twice[:min(len(twice), shown)], ", "), more)
	}
	adopt(plan, orphans.Staff, func(r *model.Staff) { r.DatasourceID = to.ID })
	adopt(plan, orphans.Subjects, func(r *model.Subject) { r.DatasourceID = to.ID })
	adopt(plan, orphans.Houses, func(r *model.House) { r.DatasourceID = to.ID })
	adopt(plan, orphans.Locations, func(r *model.Location) { r.DatasourceID = to.ID })
	adopt(plan, orphans.Pupils, func(r *model.Pupil) { r.DatasourceID = to.ID })
	adopt(plan, orphans.Groups, func(r *model.Group) { r.DatasourceID = to.ID })
	return nil
}

func adopt[T model.Record](plan *model.Plan, rows []T, give func(*T)) {
	for _, before := range rows {
		after := before
		give(&after)
		plan.Change(model.Update, before, after, model.Adopted)
	}
}

// sharedIDs lists what two lists of elements both have, or the first has twice.
func sharedIDs(a, b model.Elements) (twice []string) {
	seen := map[string]bool{}
	each(b, func(name string) { seen[name] = true })
	each(a, func(name string) {
		if seen[name] {
			twice = append(twice, name)
		}
		seen[name] = true
	})
	return twice
}

// each calls one with the kind and the id of each element; of a group with its era too.
func each(e model.Elements, one func(name string)) {
	name := func(kind, id string) { one(kind + " " + id) }
	for _, r := range e.Staff {
		name(r.Kind, r.SourceID)
	}
	for _, r := range e.Pupils {
		name(r.Kind, r.SourceID)
	}
	for _, r := range e.Locations {
		name(r.Kind, r.SourceID)
	}
	for _, r := range e.Subjects {
		name(r.Kind, r.SourceID)
	}
	for _, r := range e.Houses {
		name(r.Kind, r.SourceID)
	}
	for _, r := range e.Groups {
		name(r.GroupKind, fmt.Sprintf("%s of era %d", r.SourceID, r.EraID))
	}
}

// Kinds are the kinds of record that can be given another id or be merged, groups aside.
var Kinds = []string{"pupil", "staff", "location", "subject", "house"}

// GroupKinds are the kinds of group that can be given another id.
var GroupKinds = []string{model.FormGroup, model.SetGroup}

// Find is the record of a kind and an id, nil when there is none. Groups are those of one era.
func Find(e model.Elements, kind, id string, eraID model.ID) model.Record {
	switch kind {
	case "pupil":
		return first(e.Pupils, func(r model.Pupil) bool { return r.SourceID == id })
	case "staff":
		return first(e.Staff, func(r model.Staff) bool { return r.SourceID == id })
	case "location":
		return first(e.Locations, func(r model.Location) bool { return r.SourceID == id })
	case "subject":
		return first(e.Subjects, func(r model.Subject) bool { return r.SourceID == id })
	case "house":
		return first(e.Houses, func(r model.House) bool { return r.SourceID == id })
	}
	return first(e.Groups, func(r model.Group) bool {
		return r.SourceID == id && r.GroupKind == kind && r.EraID == eraID
	})
}

func first[T model.Record](rows []T, is func(T) bool) model.Record {
	if i := slices.IndexFunc(rows, is); i >= 0 {
		return rows[i]
	}
	return nil
}

// withOrigin is a record as another MIS's, or under another id.
func withOrigin(r model.Record, to model.Origin) model.Record {
	switch r := r.(type) {
	case model.Pupil:
		r.Origin = to
		return r
	case model.Staff:
		r.Origin = to
		return r
	case model.Location:
		r.Origin = to
		return r
	case model.Subject:
		r.Origin = to
		return r
	case model.House:
		r.Origin = to
		return r
	case model.Group:
		r.Origin = to
		return r
	}
	return r
}

// NewKey is another id that the MIS has given a record.
type NewKey struct{ Kind, From, To string }

// Rekey plans that the MIS's record of one id, which is before, is the one of another from now on. taken
// is the record that has that id already.
func Rekey(plan *model.Plan, source model.Datasource, before, taken model.Record, k NewKey) error {
	switch {
	case k.From == k.To:
		return fmt.Errorf("%s %s has that id already", k.Kind, k.From)
	case before == nil:
		return fmt.Errorf("there is no %s with the id %s: the id is the MIS's own", k.Kind, k.From)
	case taken != nil:
		return fmt.Errorf("there is a %s with the id %s already: if both are the same, \"%s\" makes them one", k.Kind,
			k.To,
			hint.Command("merge %s %s %s", k.Kind, hint.Quote(k.To), hint.Quote(k.From)))
	}
	if id, ok := canonical(k.Kind, k.To); !ok || id != k.To {
		return fmt.Errorf("%q cannot be the id of a %s: write it as the MIS has it", k.To, k.Kind)
	}
	plan.Change(model.Update, before, withOrigin(before, model.Origin{DatasourceID: source.ID, SourceID: k.To}),
		model.NewID)
	return nil
}

// IsCurrent tells whether the school has a record now.
func IsCurrent(r model.Record) bool {
	current, ok := r.(interface{ IsCurrent() bool })
	return ok && current.IsCurrent()
}

// canonical is an id as rows have it, and whether it can be one.
func canonical(kind, id string) (string, bool) {
	id = strings.TrimSpace(id)
	return id, id != "" && (kind == model.FormGroup || kind == "house" || isNumber(id))
}

func isNumber(id string) bool {
	return strings.Trim(id, "0123456789") == "" && (id == "0" || !strings.HasPrefix(id, "0"))
}
