package importer

import (
	"context"
	"slices"
	"strings"

	"misimportd/era/hint"
	"misimportd/importer/report"
	"misimportd/importer/sources"
	"misimportd/store"
	"misimportd/store/model"
)

// SourceAct is something that a person asks for about the MIS whose rows are which.
type SourceAct struct {
	im      *Importer
	kind    string
	meant   bool // though it is much
	prepare func(context.Context, *store.View, *model.Plan) error
}

// Do carries it out.
func (a SourceAct) Do(ctx context.Context) (report.Report, error) { return a.im.do(ctx, a.act()) }

// Plan says what Do would do, and changes nothing.
func (a SourceAct) Plan(ctx context.Context) (report.Report, error) {
	a.meant = true
	return a.act().plan(ctx, a.im)
}

func (a SourceAct) act() act {
	return act{kind: a.kind, alone: true,
		prepare: func(ctx context.Context, v *store.View, r *report.Report) (p model.Proposal, err error) {
			if err := a.prepare(ctx, v, &p.Plan); err != nil {
				return p, err
			}
			calendar, err := v.Calendar(ctx)
			if err != nil {
				return p, err
			}
			if current := calendar.Current(); current != nil {
				r.Era = current.Name
			}
			r.AsOf = a.im.today()
			return p, a.im.judge(ctx, v, r, p.Plan, a.meant)
		}}
}

// Adopt gives rows that have an id of an MIS, and no datasource, to one.
func (im *Importer) Adopt(name string, meant bool) SourceAct {
	return SourceAct{im, "adopt", meant, func(ctx context.Context, v *store.View, plan *model.Plan) error {
		list, err := v.Datasources(ctx)
		if err != nil {
			return err
		}
		to := list.Named(name)
		if to == nil {
			return refusef("there is no datasource %q: \"%s\" lists them, \"%s\" enters one", name,
				hint.Command("datasource list"), hint.Command("datasource create %s", hint.Quote(name)))
		}
		orphans, err := v.ElementsOf(ctx, 0)
		if err != nil {
			return err
		}
		there, err := v.ElementsOf(ctx, to.ID)
		if err != nil {
			return err
		}
		if err := sources.Adopt(plan, *to, orphans, there); err != nil {
			return refusef("%v", err)
		}
		return nil
	}}
}

// Trim mends memberships that break R18 or R19, from before the database kept them.
func (im *Importer) Trim(meant bool) SourceAct {
	return SourceAct{im, "trim", meant, func(ctx context.Context, v *store.View, plan *model.Plan) error {
		broken, err := v.Broken(ctx)
		if err == nil {
			sources.Trim(plan, broken)
		}
		return err
	}}
}

// Rekey gives a record of the current MIS another id, as the MIS has done. Groups are those of the
// current era.
func (im *Importer) Rekey(kind, from, to string) SourceAct {
	return SourceAct{im, "rekey", true, func(ctx context.Context, v *store.View, plan *model.Plan) error {
		source, found, err := im.findBoth(ctx, v, append(slices.Clone(sources.Kinds), sources.GroupKinds...), kind,
			from, to)
		if err != nil {
			return err
		}
		from, to := strings.TrimSpace(from), strings.TrimSpace(to)
		if err := sources.Rekey(plan, source, found[0], found[1], sources.NewKey{Kind: kind, From: from,
			To: to}); err != nil {
			return refusef("%v", err)
		}
		return nil
	}}
}

// Merge makes two records of the current MIS one: what one of them is in and is booked for goes over to
// the one that is kept.
func (im *Importer) Merge(kind, keep, lose string, meant bool) SourceAct {
	return SourceAct{im, "merge", meant, func(ctx context.Context, v *store.View, plan *model.Plan) error {
		_, found, err := im.findBoth(ctx, v, sources.Kinds, kind, keep, lose)
		if err != nil {
			return err
		}
		if found[1] == nil {
			if found[1], err = findLost(ctx, v, kind, lose); err != nil {
				return err
			}
		}
		for i, id := range []string{keep, lose} {
			if found[i] == nil {
				return refusef("there is no %s with the id %s: the id is the MIS's own", kind, id)
			}
		}
		switch kept, lost := found[0], found[1]; {
		case kept.RowID() == lost.RowID():
			return refusef("%s %s is one already", kind, strings.TrimSpace(keep))
		case !sources.IsCurrent(kept) && sources.IsCurrent(lost):
			return refusef("the school no longer has %s %s, and it has %s: keep that one, with \"%s\"", kind, keep,
				lose,
				hint.Command("merge %s %s %s", kind, hint.Quote(lose), hint.Quote(keep)))
		}
		of, err := v.Pointing(ctx, found[0].RowID(), found[1].RowID())
		if err == nil {
			sources.Merge(plan, found[0], found[1], of)
		}
		return err
	}}
}

// findBoth finds two records of the current MIS, nil for one that is not there.
func (im *Importer) findBoth(ctx context.Context, v *store.View, kinds []string, kind string,
	ids ...string) (source model.Datasource, found []model.Record, err error) {
	if !slices.Contains(kinds, kind) {
		return source, nil, refusef("%q is no kind of record that this is for: choose one of %s", kind,
			strings.Join(kinds, ", "))
	}
	if source, err = currentMIS(ctx, v); err != nil {
		return source, nil, err
	}
	calendar, err := v.Calendar(ctx)
	if err != nil {
		return source, nil, err
	}
	all, err := v.ElementsOf(ctx, source.ID)
	for _, id := range ids {
		found = append(found, sources.Find(all, kind, strings.TrimSpace(id), calendar.Settings.CurrentEraID))
	}
	return source, found, err
}

// findLost finds the record that is to be lost where the current MIS has none: it may be the previous
// one's, or nobody's who adopted it.
func findLost(ctx context.Context, v *store.View, kind, id string) (model.Record, error) {
	list, err := v.Datasources(ctx)
	if err != nil {
		return nil, err
	}
	owners := []model.ID{0}
	if previous := list.Is(model.PreviousMIS); previous != nil {
		owners = []model.ID{previous.ID, 0}
	}
	for _, owner := range owners {
		rows, err := v.ElementsOf(ctx, owner)
		if err != nil {
			return nil, err
		}
		if found := sources.Find(rows, kind, strings.TrimSpace(id), 0); found != nil {
			return found, nil
		}
	}
	return nil, nil
}
