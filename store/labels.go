package store

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"

	"misimportd/store/model"
)

// labelQueries read how records are called that the database holds.
var labelQueries = map[string]string{
	model.OfElement: `SELECT e.id, coalesce(g.kind, e.kind) AS kind,
		coalesce(p.source_id, s.source_id, g.source_id, u.source_id, h.source_id, r.source_id, '') AS source_id,
		e.name, CAST(NULL AS date) AS on_date
		FROM elements e LEFT JOIN pupils p ON p.id = e.id LEFT JOIN staff s ON s.id = e.id
		LEFT JOIN groups g ON g.id = e.id
		LEFT JOIN subjects u ON u.id = e.id LEFT JOIN houses h ON h.id = e.id LEFT JOIN locations r ON r.id = e.id`,
	model.OfEra: `SELECT e.id, '' AS kind, '' AS source_id, e.name, CAST(NULL AS date) AS on_date FROM eras e`,
	model.OfLesson: `SELECT e.id, '' AS kind, coalesce(e.source_id, '') AS source_id,
		coalesce(nullif(e.name, ''), e.code) AS name, e.on_date FROM lessons e`,
}

// NamesNow reads how every element and era of the database is called.
func (v *View) NamesNow(ctx context.Context) (names model.Names, err error) {
	names = model.NewNames()
	for _, what := range []string{model.OfElement, model.OfEra} {
		if err == nil && !v.empty {
			err = v.readLabels(ctx, names.Of(what), labelQueries[what])
		}
	}
	return names, err
}

// Labels reads how every element of the database is called.
func (v *View) Labels(ctx context.Context) (map[model.ID]model.Label, error) {
	names, err := v.NamesNow(ctx)
	return names.Elements, err
}

// NameLessons reads how lessons are called, as far as there are any.
func (v *View) NameLessons(ctx context.Context, ids []model.ID, into model.Names) error {
	if v.empty {
		return nil
	}
	for some := range inChunks(ids) {
		if err := v.readLabels(ctx, into.Lessons, labelQueries[model.OfLesson]+` WHERE e.id IN (`+some+
			`)`); err != nil {
			return err
		}
	}
	return nil
}

func (v *View) readLabels(ctx context.Context, into map[model.ID]model.Label, query string, args ...any) error {
	rows, err := v.tx.QueryContext(ctx, query, args...)
	if err != nil {
		return v.db.failed("reading names", err)
	}
	defer quiet(rows.Close)
	for rows.Next() {
		var id model.ID
		var l model.Label
		if err := rows.Scan(&id, &l.Kind, &l.SourceID, &l.Name, &l.OnDate); err != nil {
			return v.db.failed("reading names", err)
		}
		into[id] = l
	}
	return v.db.failed("reading names", rows.Err())
}

// NamesOf reads how the records were called that the changes of a run refer to: from its
// record alone (R39). A run of an older version recorded no such names: what is missing is
// looked up in the database as it is now. held are those that the held changes give
// themselves, which among them go before the others.
func (v *View) NamesOf(ctx context.Context, run model.ID) (made, held model.Names, err error) {
	made, held = model.NewNames(), model.NewNames()
	if v.empty {
		return made, held, nil
	}
	var known bool
	if err := v.tx.GetContext(ctx, &known, `SELECT labelled FROM runs WHERE id = $1`, run); err != nil {
		return made, held, v.db.failed("reading the run", err)
	}
	if !known {
		if made, err = v.NamesNow(ctx); err != nil {
			return made, held, err
		}
	}
	for _, what := range []string{model.OfElement, model.OfEra, model.OfLesson} {
		err := v.readLabels(ctx, made.Of(what), `SELECT record_id, kind, source_id, name, on_date FROM run_labels
			WHERE run_id = $1 AND what = $2`, run, what)
		if err == nil {
			err = v.learn(ctx, made, Recording{Run: run}, what)
		}
		if err == nil {
			err = v.learn(ctx, held, Recording{Run: run, Held: true}, what)
		}
		if err != nil {
			return made, held, err
		}
	}
	if known {
		return made, held, nil
	}
	return made, held, v.nameOldLessons(ctx, run, made)
}

// learn reads how the records are called that are recorded themselves.
func (v *View) learn(ctx context.Context, into model.Names, of Recording, what string) error {
	for _, entity := range model.Called {
		if model.CalledAs(entity) == what {
			of.Only = append(of.Only, entity)
		}
	}
	text := func(column string) string { return "coalesce(coalesce(after, before) ->> '" + column + "', '')" }
	kind, name, day := text("kind"), text("name"), "CAST(NULL AS date)"
	switch what {
	case model.OfElement:
		kind = "coalesce(nullif(" + text(model.KindOfGroup) + ", ''), " + kind + ")"
	case model.OfEra:
		kind = "''"
	case model.OfLesson:
		kind, name = "''", "coalesce(nullif("+name+", ''), "+text("code")+")"
		day = v.db.dialect.cast("(coalesce(after, before) ->> 'on_date')", "date")
	}
	columns := strings.Join([]string{"record_id", kind, text("source_id"), name, day}, ", ")
	return v.readLabels(ctx, into.Of(what), `SELECT `+columns+of.from()+` ORDER BY seq`)
}

// nameOldLessons looks lessons up that the commitments of a run of an older version speak of.
func (v *View) nameOldLessons(ctx context.Context, run model.ID, into model.Names) error {
	missing := map[model.ID]bool{}
	for _, held := range []bool{false, true} {
		err := v.Each(ctx, Recording{Run: run, Held: held, Only: []model.Entity{model.CommitmentEntity}},
			func(c model.Recorded) error {
				id := c.Shown().ID("lesson_id")
				if _, told := into.Lessons[id]; !told {
					missing[id] = true
				}
				return nil
			})
		if err != nil {
			return err
		}
	}
	return v.NameLessons(ctx, slices.Sorted(maps.Keys(missing)), into)
}

// inChunks gives ids as SQL's lists, some hundreds at a time.
func inChunks(ids []model.ID) func(yield func(string) bool) {
	const atOnce = 1000
	return func(yield func(string) bool) {
		for chunk := range slices.Chunk(ids, atOnce) {
			texts := make([]string, len(chunk))
			for i, id := range chunk {
				texts[i] = strconv.FormatInt(int64(id), 10)
			}
			if !yield(strings.Join(texts, ", ")) {
				return
			}
		}
	}
}
