package importer

import (
	"context"
	"fmt"
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
		waiting, err := v.Waiting(ctx, model.Roll)
		isDue = waiting == 0
		return err
	})
	if err != nil || !isDue {
		return 0, err
	}
	rolled, err := im.rolling(roll{byItself: true}).carryOut(ctx, im, lock, holder)
	switch {
	case err != nil:
		return 0, err
	case rolled.Result == model.Held:
		im.Log.Warn("the academic year is over, and the roll waits for a person: "+rolled.Sentence(), "run", rolled.Run)
		return 0, nil
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
	const mostBehind = 400 // days: after more, a person looks first
	return c.Next() != nil && t.AutoRoll || c.Next() == nil && t.CreateNext && day-current.EndsOn <= mostBehind
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
	following := years.Following(current.Era, im.day(), im.AcademicYearStarts)
	for i := range c.Eras { // it was entered, and nobody said what it is
		if e := &c.Eras[i]; !e.IsPerpetual() && e.StartsOn > current.EndsOn && e.Days().Overlaps(following.Days()) {
			return e
		}
	}
	e := model.Era{ID: plan.NewID(), Era: following}
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
			"--ahead and --no out for the current one", named.Name)
	case named.IsPerpetual() || current == nil || named.StartsOn <= current.EndsOn:
		return e, 0, refusef("era %s does not come after the current one: only a later one is loaded ahead of time",
			named.Name)
	}
	if asOf = max(n.day(), named.StartsOn); asOf > named.EndsOn {
		return e, 0, refusef("era %s is over on %s: it cannot be loaded ahead of time", named.Era, asOf)
	}
	return *named, asOf, nil
}

// checkTimetable refuses to load a later year without the timetable that was named for it.
func (n *night) checkTimetable() error {
	if n.NextYear == nil || n.NextYear.Timetable == "" {
		return nil
	}
	for _, p := range n.snap.Problems.List() {
		if p.Reason == mis.UnknownTimetable {
			return refusef("%s", p.Detail)
		}
	}
	if n.snap.Timetable.Name != n.NextYear.Timetable && !slices.Contains(n.NextYear.Without, n.snap.Timetable.Section) {
		return refusef("the document has no timetable called %q, and none at all", n.NextYear.Timetable)
	}
	return nil
}

// checkConverted refuses to import a new MIS beside the one before: all its people would be there twice.
func (n *night) checkConverted(ctx context.Context, v *store.View) error {
	if n.Convert {
		return nil
	}
	list, err := v.Datasources(ctx)
	if err != nil {
		return err
	}
	previous, current := list.Is(model.PreviousMIS), list.Is(model.CurrentMIS)
	if previous == nil || current == nil {
		return nil
	}
	waits, err := v.IsNew(ctx, current.ID, previous.ID)
	if err != nil || !waits {
		return err
	}
	return &NotConvertedError{current.Name, previous.Name}
}

// NotConvertedError says that an MIS is the current one and nothing of it is there, and that people of the
// previous one are.
type NotConvertedError struct{ Current, Previous string }

func (e *NotConvertedError) Error() string {
	return fmt.Sprintf("%s is the current MIS, and nobody of %s was taken over yet: all would be there twice. "+
		"\"%s\" shows who is who, and \"%s\" takes them over; to go on with %s until then: "+
		"\"%s\"", e.Current, e.Previous,
		hint.Import("plan --convert"), hint.Import("run --convert"), e.Previous,
		hint.Command("datasource set current %s", hint.Quote(e.Previous)))
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
func (n *night) noteYear(ctx context.Context, s *scene) error {
	if n.NextYear != nil {
		return nil
	}
	waiting, err := s.view.Waiting(ctx, model.Roll)
	if err != nil {
		return err
	}
	warning := years.Warning(s.calendar, n.day(), n.Turn.AutoRoll)
	switch {
	case n.peopleOnly && waiting != 0:
		warning = years.RollWaits(waiting).What
	case n.looking && n.Turn.isDue(s.calendar, n.day()):
		warning = fmt.Sprintf("a run rolls into the next academic year first: \"%s\" shows that",
			hint.Command("era roll --plan"))
	}
	if warning != "" {
		s.noted = append(slices.Clone(s.noted), mis.Problem{Section: "eras", ID: s.era.Name, Reason: mis.YearEnds,
			Detail: warning})
		n.Log.Warn(warning)
	}
	return nil
}

// loadAhead imports into the next era what each night is to load ahead of time: the document that was
// imported a moment ago, once more.
func (im *Importer) loadAhead(ctx context.Context, lock *store.Lock, holder store.Holder) (*report.Report, error) {
	ahead := *im
	ahead.Again = true
	ahead.ask(im.Turn.Ahead)
	done, err := ahead.importOne(ctx, lock, holder)
	if err != nil {
		done.Error = err.Error()
		err = &AheadError{im.Turn.Ahead.Era, err}
	}
	return &done, err
}

// AheadError says that a night's import is done, and that what it was to load ahead of time is not.
type AheadError struct {
	Era string
	Err error
}

func (e *AheadError) Error() string {
	return fmt.Sprintf("the night's import is done; loading %s ahead of time after it is not: %v", e.Era, e.Err)
}

func (e *AheadError) Unwrap() error { return e.Err }

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
