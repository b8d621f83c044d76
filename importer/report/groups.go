package report

import "misimportd/era"

// ListedGroup is a group as it is listed, on a day.
type ListedGroup struct {
	Kind     string   `json:"kind"`
	SourceID string   `json:"id"` // in the MIS, "" for a user's
	Name     string   `json:"name"`
	Era      string   `json:"era"`
	Year     era.Year `json:"year"`
	StartsOn era.Date `json:"starts_on"`
	EndsOn   era.Date `json:"ends_on"`
	Members  int      `json:"members"` // of its own
}

// ListedMember is a member of a group as it is listed, on a day.
type ListedMember struct {
	Kind     string   `json:"kind"`
	SourceID string   `json:"id"`
	Name     string   `json:"name"`
	Surname  string   `json:"surname"`
	Forename string   `json:"forename"`
	StartsOn era.Date `json:"starts_on"`
	EndsOn   era.Date `json:"ends_on"`
	Through  string   `json:"through,omitempty"` // the group within the group
}

// Members is who is in a group on a day.
type Members struct {
	Group   ListedGroup    `json:"group"`
	On      era.Date       `json:"on"`
	Flat    bool           `json:"flat"`
	Members []ListedMember `json:"members"`
}
