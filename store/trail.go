package store

import (
	"cmp"
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

// parts are the records whose changes make the trail: which entity they are of, and the queries for their ids.
func (v *View) parts(of TrailOf) (parts []trailPart) {
	gone := func(entity model.Entity, column, is string) string {
		return fmt.Sprintf(`SELECT g.record_id FROM changes g WHERE g.entity = '%s' AND g.action = 'delete' AND %s
			%s`, entity,
			v.db.dialect.cast("(g.before ->> '"+column+"')", "bigint"), is)
	}
	members := func(column string) trailPart {
		return trailPart{model.MembershipEntity, []string{`SELECT m.id FROM memberships m WHERE m.` + column + ` = $1`,
			gone(model.MembershipEntity, column, "= $1")}}
	}
	switch of.Kind {
	case "pupil", "staff":
		parts = append(parts, members("element_id"))
	case "group":
		parts = append(parts, members("group_id"), members("element_id"))
	}
	return append(parts, trailPart{model.Entity(of.Kind), nil})
}

// trailPart is the records of an entity that belong to a trail; without queries, the one that it is of.
type trailPart struct {
	entity  model.Entity
	queries []string
}

// Trail reads what runs did to something, in the order in which they did.
func (v *View) Trail(ctx context.Context, of TrailOf) (all []Step, err error) {
	if v.empty {
		return nil, nil
	}
	if of.Kind == "" {
		all, err = v.lessonTrail(ctx, of)
	}
	for _, part := range v.parts(of) {
		if err != nil || of.Kind == "" {
			break
		}
		ids := []model.ID{of.ID}
		if part.queries != nil {
			if ids, err = v.idsOf(ctx, part.queries, of.ID); err != nil {
				break
			}
		}
		var steps []Step
		steps, err = v.steps(ctx, part.entity, ids, of.Since)
		all = append(all, steps...)
	}
	if err != nil {
		return nil, v.db.failed("reading the changes", err)
	}
	slices.SortFunc(all, func(a, b Step) int {
		return cmp.Or(cmp.Compare(a.RunID, b.RunID), cmp.Compare(a.Seq, b.Seq))
	})
	return slices.CompactFunc(all, func(a, b Step) bool { return a.RunID == b.RunID && a.Seq == b.Seq }), nil
}

// lessonTrail is the trail of the lessons of a record of the MIS, and of what they take and took.
func (v *View) lessonTrail(ctx context.Context, of TrailOf) ([]Step, error) {
	lessons, err := v.idsOf(ctx, []string{`SELECT l.id FROM lessons l WHERE l.datasource_id IN (SELECT id FROM
		datasources)
			AND l.source_id = $1`, `SELECT g.record_id FROM changes g WHERE g.entity = 'lesson' AND g.action = 'delete'
			AND (g.before ->> 'source_id') = $1`}, of.SourceID)
	if err != nil {
		return nil, err
	}
	var taken []model.ID
	for some := range inChunks(lessons) {
		more, err := v.idsOf(ctx, []string{`SELECT m.id FROM commitments m WHERE m.lesson_id IN (` + some + `)`,
			`SELECT g.record_id FROM changes g WHERE g.entity = 'commitment' AND g.action = 'delete' AND ` +
				v.db.dialect.cast("(g.before ->> 'lesson_id')", "bigint") + ` IN (` + some + `)`})
		if err != nil {
			return nil, err
		}
		taken = append(taken, more...)
	}
	own, err := v.steps(ctx, model.LessonEntity, lessons, of.Since)
	if err != nil {
		return nil, err
	}
	more, err := v.steps(ctx, model.CommitmentEntity, taken, of.Since)
	return append(own, more...), err
}

func (v *View) idsOf(ctx context.Context, queries []string, args ...any) (ids []model.ID, err error) {
	for _, query := range queries {
		var some []model.ID
		if err := v.tx.SelectContext(ctx, &some, query, args...); err != nil {
			return nil, err
		}
		ids = append(ids, some...)
	}
	slices.Sort(ids)
	return slices.Compact(ids), nil
}

// steps reads what runs did to some records of an entity.
func (v *View) steps(ctx context.Context, entity model.Entity, ids []model.ID, since time.Time) (all []Step,
	err error) {
	from, args := "changes c", []any{entity}
	if !since.IsZero() {
		from, args = from+" JOIN runs r ON r.id = c.run_id AND r.started_at >= $2", append(args, since.UTC())
	}
	for some := range inChunks(ids) {
		var steps []Step
		if err := v.tx.SelectContext(ctx, &steps, `SELECT c.run_id, c.seq, c.entity, c.action, c.record_id, c.why,
				coalesce(CAST(c.before AS text), 'null') AS before, coalesce(CAST(c.after AS text), 'null') AS after
			FROM `+from+` WHERE c.entity = $1 AND c.record_id IN (`+some+`)`, args...); err != nil {
			return nil, err
		}
		all = append(all, steps...)
	}
	return all, nil
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

// NamesThen reads how the records were called that steps refer to, when the runs made them (R39): what a run itself
// did to such a record goes before its labels, and those before what it is called now. It is asked for once for all
// runs.
func (v *View) NamesThen(ctx context.Context, steps []Step) (now model.Names, then map[model.ID]model.Names,
	err error) {
	now, then = model.NewNames(), map[model.ID]model.Names{}
	asked := map[string]map[model.ID]bool{model.OfElement: {}, model.OfEra: {}, model.OfLesson: {}}
	var runs []model.ID
	for _, s := range steps {
		change, err := s.Typed()
		if err != nil {
			return now, nil, err
		}
		note := func(what string, id model.ID) { asked[what][id] = true }
		model.EachReference(change.Before, note)
		model.EachReference(change.After, note)
		if _, known := then[s.RunID]; !known {
			then[s.RunID] = model.NewNames()
			runs = append(runs, s.RunID)
		}
	}
	for what, ids := range asked {
		for some := range inChunks(slices.Sorted(maps.Keys(ids))) {
			if err := v.readLabels(ctx, now.Of(what), labelQueries[what]+` WHERE e.id IN (`+some+`)`); err != nil {
				return now, nil, err
			}
			for of := range inChunks(runs) {
				if err := v.readThen(ctx, then, of, what, some); err != nil {
					return now, nil, v.db.failed("reading names", err)
				}
			}
		}
	}
	return now, then, nil
}

// readThen reads how some records were called by the labels of some runs, and by what these did to the records.
func (v *View) readThen(ctx context.Context, then map[model.ID]model.Names, runs, what, some string) error {
	var labels []struct {
		RunID    model.ID `db:"run_id"`
		RecordID model.ID `db:"record_id"`
		model.Label
	}
	if err := v.tx.SelectContext(ctx, &labels, `SELECT run_id, record_id, kind, source_id, name, on_date FROM run_labels
		WHERE run_id IN (`+runs+`) AND what = $1 AND record_id IN (`+some+`)`, what); err != nil {
		return err
	}
	for _, l := range labels {
		then[l.RunID].Of(what)[l.RecordID] = l.Label
	}
	var entities []model.Entity
	for _, e := range model.Called {
		if model.CalledAs(e) == what {
			entities = append(entities, e)
		}
	}
	var own []Step
	if err := v.tx.SelectContext(ctx, &own, `SELECT c.run_id, c.seq, c.entity, c.action, c.record_id, c.why,
			coalesce(CAST(c.before AS text), 'null') AS before, coalesce(CAST(c.after AS text), 'null') AS after
		FROM changes c WHERE c.record_id IN (`+some+`) AND c.run_id IN (`+runs+`) AND c.entity IN (`+quoted(entities)+`)
		ORDER BY c.run_id, c.seq`); err != nil {
		return err
	}
	for _, s := range own {
		then[s.RunID].Learn(s.Recorded)
	}
	return nil
}

// GoneGroup finds the newest group of a kind and an id that a run has deleted: one that never had a day.
func (v *View) GoneGroup(ctx context.Context, kind, sourceID string) (g Found, isThere bool, err error) {
	if v.empty {
		return g, false, nil
	}
	var found []Found
	err = v.tx.SelectContext(ctx, &found, `SELECT g.record_id AS id, g.before ->> 'group_kind' AS kind,
			g.before ->> 'source_id' AS source_id, g.before ->> 'name' AS name FROM changes g
		WHERE g.entity = 'group' AND g.action = 'delete' AND (g.before ->> 'source_id') = $1
			AND (g.before ->> 'group_kind') = $2 ORDER BY g.run_id DESC LIMIT 1`, sourceID, kind)
	if err != nil || len(found) == 0 {
		return g, false, v.db.failed("looking it up", err)
	}
	return found[0], true, nil
}

// HasLessons tells whether there is, or was, a lesson of a record of the MIS.
func (v *View) HasLessons(ctx context.Context, sourceID string) (known bool, err error) {
	if v.empty {
		return false, nil
	}
	err = v.tx.GetContext(ctx, &known, `SELECT EXISTS (SELECT 1 FROM lessons l JOIN datasources d ON l.datasource_id
		= d.id
			WHERE l.source_id = $1) OR EXISTS (SELECT 1 FROM changes g WHERE g.entity = 'lesson' AND g.action = 'delete'
			AND (g.before ->> 'source_id') = $1)`, sourceID)
	return known, v.db.failed("looking it up", err)
}
