package report

import "misimportd/era"

// Sanity is what was looked for, and what was found.
type Sanity struct {
	What  string `json:"what"`
	Count int    `json:"count"`
	Found []Odd  `json:"found"`
}

// Odd is something that is not as it should be in a school.
type Odd struct {
	Kind     string    `json:"kind"`
	SourceID string    `json:"id"`
	Name     string    `json:"name"`
	On       *era.Date `json:"on,omitempty"` // of lessons
	Detail   string    `json:"detail,omitempty"`
}
