package model

// Taken is an element that a lesson takes, or one that covers another in it.
type Taken struct {
	Kind, Name string
	ID         ID
	Covers     string // whose place is taken, "" for nobody's
	CoversID   ID
	ByHand     bool // a person entered the cover
}

// TakingLesson is a lesson with all that it takes, in order of kind and name.
type TakingLesson struct {
	Lesson
	Organiser string
	Takes     []Taken
}

// Booking is a lesson's use of somebody or something, to be held against others.
type Booking struct {
	LessonID  ID     `db:"lesson_id"`
	ElementID ID     `db:"element_id"`
	CoversID  ID     `db:"covers_id"`
	StartsAt  int64  `db:"starts_at"` // minutes, as era.Moment counts them
	EndsAt    int64  `db:"ends_at"`
	Name      string `db:"name"`  // whose it is
	Title     string `db:"title"` // what the lesson is called
	Suspended bool   `db:"suspended"`
}

// Overlaps tells whether two lessons share a minute.
func (b Booking) Overlaps(other Booking) bool {
	return b.StartsAt < other.EndsAt && other.StartsAt < b.EndsAt
}

// IsAllDay tells whether the lesson is as long as its day: that keeps nobody from anything.
func (b Booking) IsAllDay() bool {
	const day = 24 * 60
	return b.EndsAt-b.StartsAt >= day
}
