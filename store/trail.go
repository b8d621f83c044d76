package store

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"misimportd/store/model"
)

// TrailOf says of what the trail is looked for: an element with its kind, or the lessons of a record of the MIS.
type TrailOf struct {
	Kind     string   // pupil, staff, location, subject, house or group; "" for lessons
	ID       model.ID // of the element
	SourceID string   // of the lessons
	Since    time.Time
}

// Step is one recorded change, and the run that made it.
type Step struct {
	RunID model.ID `db:"run_id"`
	Seq   int64    `db:"seq"`
	model.Recorded
}

// deleted is what gives the ids of records that are gone, by what they belonged to.
func (v *View) deleted(entity model.Entity, column, of string) string {
	return fmt.Sprintf(`SELECT g.record_id FROM changes g WHERE g.entity = '%s' AND g.action = 'delete' AND %s %s`, entity,
		v.db.dialect.cast("(g.before ->> '"+column+"')", "bigint"), of)
}

// records are SQL's conditions that a change is a part of the trail.
func (v *View) records(of TrailOf) (conditions []string, args []any) {
	members := func(column string) string {
		return fmt.Sprintf(`c.entity = 'membership' AND c.record_id IN (SELECT m.id FROM memberships m WHERE m.%s = $1
			UNION ALL %s)`, column, v.deleted(model.MembershipEntity, column, "= $1"))
	}
	switch of.Kind {
	case "":
		const lessons = `SELECT l.id FROM lessons l JOIN datasources d ON l.datasource_id = d.id WHERE l.source_id = $1
			UNION ALL SELECT g.record_id FROM changes g WHERE g.entity = 'lesson' AND g.action = 'delete'
				AND (g.before ->> 'source_id') = $1`
		return []string{"c.entity = 'lesson' AND c.record_id IN (" + lessons + ")",
			"c.entity = 'commitment' AND c.record_id IN (SELECT m.id FROM commitments m WHERE m.lesson_id IN (" + lessons +
				") UNION ALL " + v.deleted(model.CommitmentEntity, "lesson_id", "IN ("+lessons+")") + ")"}, []any{of.SourceID}
	case "pupil", "staff":
		conditions = append(conditions, members("element_id"))
	case "group":
		conditions = append(conditions, members("group_id"), members("element_id"))
	}
	return append(conditions, "c.entity = '"+of.Kind+"' AND c.record_id = $1"), []any{of.ID}
}

// Trail reads what runs did to something, in the order in which they did.
func (v *View) Trail(ctx context.Context, of TrailOf) ([]Step, error) {
	if v.empty {
		return nil, nil
	}
	conditions, args := v.records(of)
	from := "changes c"
	if !of.Since.IsZero() {
		args = append(args, of.Since.UTC())
		from += " JOIN runs r ON r.id = c.run_id AND r.started_at >= $2"
	}
	var all []Step
	for _, condition := range conditions {
		var steps []Step
		if err := v.tx.SelectContext(ctx, &steps, `SELECT c.run_id, c.seq, c.entity, c.action, c.record_id, c.why,
				coalesce(CAST(c.before AS text), 'null') AS before, coalesce(CAST(c.after AS text), 'null') AS after
			FROM `+from+` WHERE `+condition, args...); err != nil {
			return nil, v.db.failed("reading the changes", err)
		}
		all = append(all, steps...)
	}
	slices.SortFunc(all, func(a, b Step) int {
		if a.RunID != b.RunID {
			return int(a.RunID - b.RunID)
		}
		return int(a.Seq - b.Seq)
	})
	return slices.CompactFunc(all, func(a, b Step) bool { return a.RunID == b.RunID && a.Seq == b.Seq }), nil
}

// RunsOf reads the runs that made steps, without what they recorded in full, by their numbers.
func (v *View) RunsOf(ctx context.Context, steps []Step) (map[model.ID]model.Run, error) {
	ids := map[model.ID]bool{}
	for _, s := range steps {
		ids[s.RunID] = true
	}
	runs := map[model.ID]model.Run{}
	for some := range inChunks(slices.Sorted(maps.Keys(ids))) {
		var found []model.Run
		if err := v.tx.SelectContext(ctx, &found, `SELECT id, kind, result, started_at, finished_at, as_of, era, about,
			decision, decided_by, undone_by FROM runs WHERE id IN (`+some+`)`); err != nil {
			return nil, v.db.failed("reading the runs", err)
		}
		for _, run := range found {
			runs[run.ID] = run
		}
	}
	return runs, nil
}

// NamesThen reads how the records were called that the changes of a run refer to, when it made them (R39): its own
// changes of these records go before its labels, and those before what they are called now.
func (v *View) NamesThen(ctx context.Context, run model.ID, steps []Step) (model.Names, error) {
	names := model.NewNames()
	asked := map[string]map[model.ID]bool{model.OfElement: {}, model.OfEra: {}, model.OfLesson: {}}
	for _, s := range steps {
		change, err := s.Typed()
		if err != nil {
			return names, err
		}
		note := func(what string, id model.ID) { asked[what][id] = true }
		model.EachReference(change.Before, note)
		model.EachReference(change.After, note)
	}
	for what, ids := range asked {
		for some := range inChunks(slices.Sorted(maps.Keys(ids))) {
			if err := v.readLabels(ctx, names.Of(what), labelQueries[what]+` WHERE e.id IN (`+some+`)`); err != nil {
				return names, err
			}
			if err := v.readLabels(ctx, names.Of(what), `SELECT record_id, kind, source_id, name, on_date FROM run_labels
				WHERE run_id = $1 AND what = $2 AND record_id IN (`+some+`)`, run, what); err != nil {
				return names, err
			}
			if err := v.learnSome(ctx, names, run, what, some); err != nil {
				return names, err
			}
		}
	}
	return names, nil
}

// learnSome reads how some records were called by a run's own changes of them.
func (v *View) learnSome(ctx context.Context, names model.Names, run model.ID, what, some string) error {
	var own []Step
	if err := v.tx.SelectContext(ctx, &own, `SELECT c.run_id, c.seq, c.entity, c.action, c.record_id, c.why,
			coalesce(CAST(c.before AS text), 'null') AS before, coalesce(CAST(c.after AS text), 'null') AS after
		FROM changes c WHERE c.record_id IN (`+some+`) AND c.run_id = $1 ORDER BY c.seq`, run); err != nil {
		return v.db.failed("reading the changes", err)
	}
	for _, s := range own {
		if model.CalledAs(s.Entity) == what {
			names.Learn(s.Recorded)
		}
	}
	return nil
}

// HasLessons tells whether there is, or was, a lesson of a record of the MIS.
func (v *View) HasLessons(ctx context.Context, sourceID string) (known bool, err error) {
	if v.empty {
		return false, nil
	}
	err = v.tx.GetContext(ctx, &known, `SELECT EXISTS (SELECT 1 FROM lessons l JOIN datasources d ON l.datasource_id = d.id
			WHERE l.source_id = $1) OR EXISTS (SELECT 1 FROM changes g WHERE g.entity = 'lesson' AND g.action = 'delete'
			AND (g.before ->> 'source_id') = $1)`, sourceID)
	return known, v.db.failed("looking it up", err)
}
