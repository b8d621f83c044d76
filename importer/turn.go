package importer

import (
	"context"
	"slices"

	"misimportd/era"
	"misimportd/era/hint"
	"misimportd/importer/report"
	"misimportd/importer/years"
	"misimportd/mis"
	"misimportd/store"
	"misimportd/store/model"
)

// Turn is what imports do about the school year by themselves.
type Turn struct {
	AutoRoll   bool            // roll on the first night after the current era's last day
	CreateNext bool            // enter the academic year that follows then, if there is no next one
	Ahead      *model.NextYear // what each night imports into the next era, after the current one; nil for nothing
}

// turnYear rolls into the next era where the school wants that to happen by itself and the day has
// come. It returns the roll's number, 0 where there was none. One that its limits hold waits for a
// person, and the night goes on without.
func (im *Importer) turnYear(ctx context.Context, lock *store.Lock, holder store.Holder) (model.ID, error) {
	isDue := false
	err := im.DB.View(ctx, func(v *store.View) error {
		calendar, err := v.Calendar(ctx)
		if err != nil || !im.Turn.isDue(calendar, im.day()) {
			return err
		}
		held, err := v.Waits(ctx, model.Roll)
		isDue = !held
		return err
	})
	if err != nil || !isDue {
		return 0, err
	}
	rolled, err := im.rolling(false, true).carryOut(ctx, im, lock, holder)
	if err != nil {
		return 0, err
	}
	im.Log.Info("the academic year is over: "+rolled.Sentence(), "run", rolled.Run)
	return rolled.Run, nil
}

// isDue tells whether the current era is to be rolled by itself on a day.
func (t Turn) isDue(c model.Calendar, day era.Date) bool {
	current := c.Current()
	if current == nil || current.IsPerpetual() || day <= current.EndsOn {
		return false
	}
	return c.Next() != nil && t.AutoRoll || c.Next() == nil && t.CreateNext
}

// day is the day for which something is done: the one that a person said, or today.
func (im *Importer) day() era.Date {
	if im.AsOf != 0 {
		return im.AsOf
	}
	return im.today()
}

// nextOf is the next era, or where there is none and it is to be made, one that a plan enters.
func (im *Importer) nextOf(c model.Calendar, plan *model.Plan) *model.Era {
	current := c.Current()
	if c.Next() != nil || current == nil || !im.Turn.CreateNext {
		return c.Next()
	}
	for i := range c.Eras { // it was entered, and nobody said what it is
		if e := &c.Eras[i]; !e.IsPerpetual() && e.StartsOn > current.EndsOn {
			return e
		}
	}
	e := model.Era{ID: plan.NewID(), Era: years.Following(current.Era, im.day(), im.AcademicYearStarts)}
	plan.Create(e, model.EraOver)
	return &e
}

// eraOf is the era to import into and the as-of date.
func (n *night) eraOf(c model.Calendar, plan *model.Plan) (model.Era, era.Date, error) {
	n.peopleOnly = false
	current := c.Current()
	switch {
	case n.NextYear != nil:
		return n.aheadOf(c)
	case current == nil:
		return n.firstEra(c, plan)
	case current.EndsOn == 0 || n.day() <= current.EndsOn:
		asOf, err := current.AsOf(n.today(), n.AsOf)
		return *current, asOf, err
	}
	if n.looking && n.Turn.isDue(c, n.day()) { // a run rolls before it imports
		if next := n.nextOf(c, plan); next != nil {
			return *next, max(n.day(), next.StartsOn), nil
		}
	}
	n.peopleOnly = true
	return *current, n.day(), nil
}

// aheadOf is the era that is loaded ahead of time, and its as-of date.
func (n *night) aheadOf(c model.Calendar) (e model.Era, asOf era.Date, err error) {
	current, named := c.Current(), c.Named(n.NextYear.Era)
	switch {
	case named == nil:
		return e, 0, refusef("there is no era %q: \"%s\" lists them, \"%s\" enters one", n.NextYear.Era,
			hint.Command("era list"), hint.Command("era create"))
	case current != nil && named.ID == current.ID:
		return e, 0, refusef("era %s is the current one: only a later one is loaded ahead of time; leave --era, "+
			"--ahead "+
			"and --no out for the current one", named.Name)
	case named.IsPerpetual() || current == nil || named.StartsOn <= current.EndsOn:
		return e, 0, refusef("era %s does not come after the current one: only a later one is loaded ahead of time",
			named.Name)
	}
	if asOf = max(n.day(), named.StartsOn); asOf > named.EndsOn {
		return e, 0, refusef("era %s is over on %s: it cannot be loaded ahead of time", named.Era, asOf)
	}
	return *named, asOf, nil
}

// leaveOut leaves out of the document what is not to be looked at tonight.
func (n *night) leaveOut() {
	if n.peopleOnly {
		n.snap = n.snap.Without(n.snap.OfGroups()...)
	}
	if n.NextYear != nil && len(n.NextYear.Without) > 0 {
		n.snap = n.snap.Without(n.NextYear.Without...)
	}
}

// noteYear says in the record what has to be done about the school year.
func (n *night) noteYear(s *scene) {
	if n.NextYear != nil {
		return
	}
	if warning := years.Warning(s.calendar, n.day(), n.Turn.AutoRoll); warning != "" {
		s.noted = append(slices.Clone(s.noted), mis.Problem{Section: "eras", ID: s.era.Name, Reason: mis.YearEnds,
			Detail: warning})
		n.Log.Warn(warning)
	}
}

// loadAhead imports into the next era what each night is to load ahead of time: the document that was
// imported a moment ago, once more.
func (im *Importer) loadAhead(ctx context.Context, lock *store.Lock, holder store.Holder) (*report.Report, error) {
	ahead := *im
	ahead.Again, ahead.AsOf = true, 0
	ahead.ask(im.Turn.Ahead)
	done, err := ahead.importOne(ctx, lock, holder)
	return &done, err
}

// ask has im load a later era, with the timetable that is named for it; nil is for the current one.
func (im *Importer) ask(of *model.NextYear) {
	if im.NextYear = of; of != nil && of.Timetable != "" {
		im.Timetable = of.Timetable
	}
}

// isAheadDue tells whether there is an era that each night is to load ahead of time: until the roll.
func (im *Importer) isAheadDue(ctx context.Context) (due bool, err error) {
	if im.Turn.Ahead == nil || im.NextYear != nil {
		return false, nil
	}
	err = im.DB.View(ctx, func(v *store.View) error {
		c, err := v.Calendar(ctx)
		e, current := c.Named(im.Turn.Ahead.Era), c.Current()
		due = current != nil && (e == nil || e.StartsOn > current.EndsOn)
		return err
	})
	return due, err
}
