package report

import "misimportd/era"

// Why says why a pupil is, or is not, in a group.
type Why struct {
	Pupil    PersonRef   `json:"pupil"`
	Group    GroupRef    `json:"group"`
	On       era.Date    `json:"on"`
	Document WhyDocument `json:"document"`
	Database WhyDatabase `json:"database"`
	Wanted   bool        `json:"wanted"` // in the group, by the document and all that is between
	Between  []Because   `json:"between"`
	Answer   string      `json:"answer"`
}

// WhyDocument is what the newest document says.
type WhyDocument struct {
	From  string `json:"from"`  // which document it is
	Knows bool   `json:"knows"` // it says whether the pupil is in the group
	Says  bool   `json:"says"`  // that the pupil is
}

// WhyDatabase is what the database holds.
type WhyDatabase struct {
	In        bool     `json:"in"` // on the day
	Stretches []During `json:"stretches"`
}

// During is days, both included, without a last one where that is null.
type During struct {
	StartsOn era.Date `json:"starts_on"`
	EndsOn   era.Date `json:"ends_on"`
}

// Because is one thing that lies between the document and the database.
type Because struct {
	What string `json:"what"` // rule, pin, hold, problem or setting
	Rule string `json:"rule,omitempty"`
	Text string `json:"text"`
}
