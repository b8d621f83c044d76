package mis

import "misimportd/era"

// Cover says that a teacher takes the place of another in a lesson on a day.
type Cover struct {
	ID       string
	LessonID string // of the record that makes the lesson, with its kind
	On       era.Date
	By       string // a StaffMember's ID
	Of       string // likewise: whose lesson it is, "" where that is not known

	Visible, Enabled, Published bool // which of these make a cover valid differs from school to school
}

// CoverFlag is one of a cover's marks.
type CoverFlag string

// CoverFlags are all of them, by the names that the configuration has for them.
var CoverFlags = []CoverFlag{"visible", "enabled", "published"}

// Has tells whether c has a mark.
func (c Cover) Has(flag CoverFlag) bool {
	switch flag {
	case "visible":
		return c.Visible
	case "enabled":
		return c.Enabled
	}
	return flag == "published" && c.Published
}
