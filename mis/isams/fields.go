package isams

import (
	"cmp"
	"strings"

	"misimportd/era"
	"misimportd/mis"
)

// fullName is a person's name by R9: the full name, or where that is blank the
// preferred name and the surname. A blank preferred name gives way to the forename.
func fullName(full, preferred, forename, surname string) string {
	if full != "" {
		return full
	}
	if preferred == "" {
		preferred = forename
	}
	return strings.TrimSpace(preferred + " " + surname)
}

func staffName(rec *record) string {
	return fullName(rec.text("FullName"), rec.text("PreferredName"), rec.text("Forename"), rec.text("Surname"))
}

func pupilName(rec *record) string {
	return fullName(rec.text("Fullname"), rec.text("Preferredname"), rec.text("Forename"), rec.text("Surname"))
}

func plainName(rec *record) string { return rec.text("Name") }

// formName is the text of the element Form within the element Form.
func formName(rec *record) string { return rec.text("Form") }

// setName is a set's name, or its code where it has none: at some schools they differ.
func setName(rec *record) string { return cmp.Or(rec.text("Name"), rec.text("SetCode")) }

func locationName(rec *record) string { return cmp.Or(rec.text("Name"), rec.text("Initials")) }

func email(text string) string { return strings.ToLower(text) }

func readStaff(c *collector[mis.StaffMember], rec *record, id string) (mis.StaffMember, bool) {
	m := mis.StaffMember{
		ID:         id,
		Initials:   rec.text("Initials"),
		Code:       rec.text("UserCode"),
		Title:      rec.text("Title"),
		Forename:   rec.text("Forename"),
		Surname:    rec.text("Surname"),
		Email:      email(rec.text("SchoolEmailAddress")),
		Teaching:   rec.flag("TeachingStaff"),
		PreviousID: rec.text("PreviousMISId"),
		Name:       staffName(rec),
	}
	return m, named(c, rec, id, m.Name)
}

func readPupil(c *collector[mis.Pupil], rec *record, id string) (mis.Pupil, bool) {
	division, _ := reference(rec.attr("DivisionId")) // of use for a missing year only
	p := mis.Pupil{
		ID:            id,
		SchoolID:      rec.text("SchoolId"),
		Forename:      rec.text("Forename"),
		Surname:       rec.text("Surname"),
		KnownAs:       rec.text("Preferredname"),
		Email:         email(rec.text("EmailAddress")),
		FormID:        rec.text("Form"),
		House:         rec.text("AcademicHouse"),
		BoardingHouse: rec.text("BoardingHouse"),
		DivisionID:    division,
		Name:          pupilName(rec),
		Year:          yearOf(c, rec, id, "NCYear", rec.text("NCYear")),
	}
	return p, named(c, rec, id, p.Name)
}

func readHouse(kind mis.HouseKind) func(*collector[mis.House], *record, string) (mis.House, bool) {
	return func(c *collector[mis.House], rec *record, id string) (mis.House, bool) {
		h := mis.House{ID: id, Kind: kind, Name: plainName(rec), Code: rec.text("Code")}
		return h, named(c, rec, id, h.Name)
	}
}

func readForm(c *collector[mis.Form], rec *record, id string) (mis.Form, bool) {
	f := mis.Form{ID: id, Name: cmp.Or(formName(rec), id), Year: yearOf(c, rec, id, "YearId", rec.attr("YearId"))}
	tutor, ok := reference(rec.attr("TutorId"))
	if !ok {
		c.note(id, mis.BadValue, rec.line, "TutorId %q is not a number; imported without a tutor",
			clip(rec.attr("TutorId")))
	}
	f.TutorID = tutor
	return f, true
}

func readSet(c *collector[mis.Set], rec *record, id string) (mis.Set, bool) {
	s := mis.Set{ID: id, Code: rec.text("SetCode"), Name: setName(rec),
		Year: yearOf(c, rec, id, "YearId", rec.attr("YearId"))}
	subject, ok := reference(rec.attr("SubjectId"))
	if !ok {
		c.note(id, mis.BadValue, rec.line, "SubjectId %q is not a number; imported without a subject",
			clip(rec.attr("SubjectId")))
	}
	s.SubjectID = subject
	return s, named(c, rec, id, s.Name)
}

func readSubject(c *collector[mis.Subject], rec *record, id string) (mis.Subject, bool) {
	s := mis.Subject{ID: id, Name: plainName(rec), Code: rec.text("Code")}
	return s, named(c, rec, id, s.Name)
}

func readLocation(c *collector[mis.Location], rec *record, id string) (mis.Location, bool) {
	l := mis.Location{ID: id, Name: locationName(rec), ShortName: rec.text("Initials")}
	return l, named(c, rec, id, l.Name)
}

func readCategory(c *collector[mis.Category], rec *record, id string) (mis.Category, bool) {
	g := mis.Category{ID: id, Name: plainName(rec)}
	return g, named(c, rec, id, g.Name)
}

// readCustomGroup reads a custom group. One of which it cannot be read when it expires stays as it is.
func readCustomGroup(c *collector[mis.CustomGroup], rec *record, id string) (mis.CustomGroup, bool) {
	g := mis.CustomGroup{ID: id, Name: plainName(rec), Author: rec.field("Author"), Shared: rec.flag("Shared"),
		Over: rec.flag("Deleted")}
	category, ok := reference(rec.field("CategoryId"))
	if !ok {
		c.note(id, mis.BadValue, rec.line, "CategoryId %q is not a number; imported without a category",
			clip(rec.field("CategoryId")))
	}
	g.CategoryID = category
	// The year 1 is how iSAMS writes that there is no date.
	if expires := rec.text("ExpiryDate"); expires != "" && !rec.flag("ExpiryDisable") &&
		!strings.HasPrefix(expires, "0001-") {
		date, err := dateOf(expires)
		if err != nil {
			c.skip(id, mis.BadValue, rec.line, "ExpiryDate %q is not a date; skipped, and what the database holds "+
				"of it is left as it is", clip(expires))
			return g, false
		}
		g.ExpiresOn = date
	}
	return g, named(c, rec, id, g.Name)
}

func readYear(c *collector[yearName], rec *record, id string) (yearName, bool) {
	y := yearName{id: id, yearRef: yearOf(c, rec, id, "Id", id), ncYear: era.NoYear}
	if nc, err := era.ParseYear(rec.text("NationalCurriculumYear")); err == nil {
		y.ncYear = nc
	}
	return y, y.yearRef.Known()
}

// yearOf reads a year group. One that is blank is unknown; one that cannot be read
// is unknown and a Problem, but no reason to lose the record.
func yearOf[T comparable](c *collector[T], rec *record, id, field, value string) era.Year {
	if value == "" {
		return era.NoYear
	}
	year, err := era.ParseYear(value)
	if err != nil {
		c.note(id, mis.BadValue, rec.line, "%s %q is not a year group; taken as missing", field, clip(value))
	}
	return year
}

// named reports whether a record has a name to show; without one it is skipped.
func named[T comparable](c *collector[T], rec *record, id, name string) bool {
	if name == "" {
		c.skip(id, mis.NoName, rec.line, "every name is blank; skipped, and what the database holds of it is left "+
			"as it is")
	}
	return name != ""
}

// division is a mis.Division that can be compared: its years as text.
type division struct{ id, years string }

func (d *decoder) divisionSection(problems *mis.Problems) {
	c := newCollector(&mis.Roll[division]{}, "SchoolDivisions", problems)
	d.snap.Divisions.Section = c.roll.Section
	section(d, "SchoolManager/SchoolDivisions", "SchoolDivision", c, number, plainName, readDivision)
	d.done = append(d.done, func() { d.takeDivisions(c.roll) })
}

func readDivision(c *collector[division], rec *record, id string) (division, bool) {
	var years []string
	if list := rec.SelectElement("Years"); list != nil {
		for _, child := range list.SelectElements("Year") {
			years = append(years, strings.TrimSpace(child.SelectAttrValue("YearId", "")))
		}
	}
	return division{id: id, years: strings.Join(years, " ")}, true
}

func (d *decoder) takeDivisions(roll *mis.Roll[division]) {
	to := &d.snap.Divisions
	to.Section, to.Present, to.Seen, to.Faulty, to.Unreadable = roll.Section, roll.Present, roll.Seen, roll.Faulty,
		roll.Unreadable
	for _, r := range roll.Records {
		taken := mis.Division{ID: r.id}
		for text := range strings.FieldsSeq(r.years) {
			if year, err := era.ParseYear(text); err == nil {
				taken.Years = append(taken.Years, year)
			}
		}
		to.Records = append(to.Records, taken)
	}
}
