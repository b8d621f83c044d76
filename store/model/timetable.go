package model

// Taking says whom or what the lessons that are looked for take; blank is any.
type Taking struct {
	GroupKind, GroupID string // a group's kind, and its id in the MIS
	Staff              string // a code, or initials
	Room               string // a name, or a short one
}

// Taken is an element that a lesson takes.
type Taken struct{ Kind, Name string }

// TakingLesson is a lesson with all that it takes, in order of kind and name.
type TakingLesson struct {
	Lesson
	Takes []Taken
}
