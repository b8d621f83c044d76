// Package isams knows the documents of iSAMS's batch API: how they are written, what in them is
// odd, and the errors that come in their place. It turns a document into a mis.Snapshot. It must
// never know a database or where documents come from and are kept, nor decide what a change in one
// means.
package isams

import (
	"encoding/xml"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"misimportd/era"
	"misimportd/mis"
)

// Decode reads an iSAMS document to its end. Memory grows with the records that
// are kept, not with the bytes that are read.
//
// A record that cannot be used becomes a Problem of the Snapshot and the rest goes
// on (R33). The document as a whole is refused, with a *DocumentError or, when
// iSAMS answered with an error, a *MessageError, when it is not an iSAMS document,
// or not all of one. Any other error comes from r.
func Decode(r io.Reader) (*mis.Snapshot, error) { return DecodeChoosing(r, "") }

// DecodeChoosing is Decode with the lessons of the published timetable of a name. Without
// a name they are those of the only one, or of several of the first.
func DecodeChoosing(r io.Reader, timetable string) (*mis.Snapshot, error) {
	return DecodeWith(r, Options{Timetable: timetable})
}

// Options are what a document is read with: the name of a timetable, and the dumps of iSAMS's tables that came
// with it.
type Options struct {
	Timetable string
	Dumps     []Dump
}

// DecodeWith is DecodeChoosing with the dumps that came beside the document. A dump that cannot be read becomes
// Problems; an error of one comes from its Open, or from reading it.
func DecodeWith(r io.Reader, with Options) (*mis.Snapshot, error) {
	s, err := newScanner(r)
	if err != nil {
		return nil, err
	}
	start, err := s.root()
	if err != nil {
		return nil, err
	}
	if start.Name.Local != "iSAMS" {
		return nil, s.refuse(start.Name.Local)
	}
	d := newDecoder()
	d.timetables.chosen = with.Timetable
	if err := s.walk(d.root); err != nil {
		return nil, err
	}
	for _, dump := range with.Dumps {
		if err := d.readDump(dump); err != nil {
			return nil, fmt.Errorf("%s: %w", dump.Name, err)
		}
	}
	snap := d.finish()
	if d.seen() == 0 {
		return nil, &DocumentError{Found: "one without a single record of what is imported",
			Hint: "check what the API key is allowed, and export again"}
	}
	return snap, nil
}

// Sections are those that are read, by the names that Problems and counts of records
// have, in order.
func Sections() []string { return slices.Sorted(maps.Keys(newDecoder().snap.Counts())) }

// seen counts the records of all sections.
func (d *decoder) seen() int {
	seen := d.years.roll.Seen
	for _, n := range d.snap.Counts() {
		seen += n
	}
	return seen
}

// refuse says what a document with another root than iSAMS is.
func (s *scanner) refuse(root string) error {
	switch {
	case strings.EqualFold(root, "html"):
		line := s.line()
		return &DocumentError{Found: "an HTML page" + s.titled(), Line: line,
			Hint: "fetch the document again; is somebody to log in, or is iSAMS down for maintenance?", Retry: true}
	case root == "Message":
		return s.message()
	}
	return &DocumentError{Found: fmt.Sprintf("XML with the root <%s>", clip(root)), Line: s.line(),
		Hint: "its root has to be <iSAMS>"}
}

func (s *scanner) message() error {
	said := &MessageError{}
	root := &node{}
	for name, field := range map[string]*string{"MessageId": &said.ID, "Title": &said.Title,
		"Description": &said.Description} {
		root.child(name).record = func(rec *record) { *field = s.clip(textOf(rec.Element)) }
	}
	// What can be read of an error is told, be it cut off or not.
	_ = s.walk(root)
	return said
}

// titled looks for the title of an HTML page, which is seldom well-formed XML.
func (s *scanner) titled() string {
	s.xml.Strict = false
	inTitle := false
	for {
		token, err := s.next()
		if err != nil {
			return ""
		}
		switch t := token.(type) {
		case xml.StartElement:
			inTitle = strings.EqualFold(t.Name.Local, "title")
		case xml.CharData:
			if title := strings.TrimSpace(string(t)); inTitle && title != "" {
				return fmt.Sprintf(" titled %q", s.clip(title))
			}
		}
	}
}

// clip shortens what a server says to what an error has room for, less secrets.
func (s *scanner) clip(text string) string {
	const enough = 200
	if s.redact != nil {
		text = s.redact(text)
	}
	if len(text) > enough {
		return strings.ToValidUTF8(text[:enough], "") + "…"
	}
	return text
}

// decoder holds what is read until the document's end, where references between
// records can be followed.
type decoder struct {
	root *node
	snap *mis.Snapshot
	done []func()

	timetables *timetables
	activities *activities
	covers     *covers
	tables     map[string]*table // the dumps that are read
	years      *collector[yearName]
	yearRefs   map[era.Year]era.Year // Year/@Id to NC year, where they differ
}

// yearName is one Year record: its id is nearly always the NC year itself.
type yearName struct {
	id      string
	ncYear  era.Year
	yearRef era.Year
}

func newDecoder() *decoder {
	d := &decoder{root: &node{}, snap: &mis.Snapshot{}, yearRefs: map[era.Year]era.Year{},
		tables: map[string]*table{}}
	problems := &d.snap.Problems
	d.years = newCollector(&mis.Roll[yearName]{}, "Years", problems)

	section(d, "HRManager/CurrentStaff", "StaffMember", newCollector(&d.snap.Staff, "CurrentStaff", problems), number,
		staffName, readStaff)
	section(d, "SchoolManager/Years", "Year", d.years, number, plainName, readYear)
	section(d, "SchoolManager/AcademicHouses", "House",
		newCollector(&d.snap.AcademicHouses, "AcademicHouses", problems), houseID(mis.Academic), plainName,
		readHouse(mis.Academic))
	section(d, "SchoolManager/BoardingHouses", "House",
		newCollector(&d.snap.BoardingHouses, "BoardingHouses", problems), houseID(mis.Boarding), plainName,
		readHouse(mis.Boarding))
	section(d, "SchoolManager/Forms", "Form", newCollector(&d.snap.Forms, "Forms", problems), text, formName, readForm)
	section(d, "PupilManager/CurrentPupils", "Pupil", newCollector(&d.snap.Pupils, "CurrentPupils", problems), number,
		pupilName, readPupil)
	section(d, "TeachingManager/Departments", "Department/Subjects/Subject",
		newCollector(&d.snap.Subjects, "Departments", problems), number, plainName, readSubject)
	section(d, "TeachingManager/Sets", "Set", newCollector(&d.snap.Sets, "Sets", problems), number, setName, readSet)
	section(d, "EstateManager/Buildings", "Building/Classrooms/Classroom",
		newCollector(&d.snap.Locations, "Buildings", problems), number, locationName, readLocation)
	d.divisionSection(problems)
	d.memberSection("TeachingManager/SetLists", "SetList", &d.snap.SetLists, membersOf{"SetLists", "set", "SetId",
		"PupilId"})
	d.customSections(problems)
	d.activitySections(problems)
	d.timetableSections(problems)
	d.coverDumpSection(problems)
	d.coverSection()
	return d
}

// section has records of one kind read into a collector.
func section[T comparable](d *decoder, path, records string, c *collector[T], canonical func(string) (string, bool),
	name func(*record) string, read func(*collector[T], *record, string) (T, bool)) {
	at := d.root.child(path)
	at.enter = func(xml.StartElement) { c.enter() }
	at.child(records).record = func(rec *record) {
		id, ok := c.accepted(rec, canonical, name)
		if !ok {
			return
		}
		if value, ok := read(c, rec, id); ok {
			c.add(id, value, rec.line)
		}
	}
	d.done = append(d.done, c.finish)
}

// coverSection counts what the document says of cover and of suspended lessons: its shape
// is not published, so it is told of and not used.
func (d *decoder) coverSection() {
	sizes := map[string]int{}
	section := ""
	d.root.child("CoverManager").other = &node{
		enter: func(start xml.StartElement) { section = clip(start.Name.Local); sizes[section] += 0 },
		other: &node{enter: func(xml.StartElement) { sizes[section]++ }},
	}
	d.done = append(d.done, func() {
		for _, name := range slices.Sorted(maps.Keys(sizes)) {
			d.snap.Problems.Add(mis.Problem{Section: "CoverManager", ID: name, Reason: mis.NotUnderstood,
				Detail: fmt.Sprintf("%d records; they are not imported: keep suspensions in suspensions_file",
					sizes[name])})
		}
	})
}

// customSections has read the groups that staff gathered, what they are sorted by, and who is in them.
func (d *decoder) customSections(problems *mis.Problems) {
	section(d, "PupilManager/CustomGroupCategory", "Category",
		newCollector(&d.snap.Categories, "CustomGroupCategory", problems), number, plainName, readCategory)
	section(d, "PupilManager/CustomPupilGroups", "CustomPupilGroup",
		newCollector(&d.snap.Custom, "CustomPupilGroups", problems), number, plainName, readCustomGroup)
	d.memberSection("PupilManager/CustomPupilGroupMembershipItems", "CustomPupilGroupMembershipItem",
		&d.snap.CustomMembers, membersOf{"CustomPupilGroupMembershipItems", "custom group", "CustomGroupId", "PupilID"})
}

// memberSection has read who is in which group of a kind.
func (d *decoder) memberSection(path, records string, lists *mis.MemberLists, in membersOf) {
	c := newMemberCollector(lists, in, &d.snap.Problems)
	at := d.root.child(path)
	at.enter = func(xml.StartElement) { c.enter() }
	at.child(records).record = c.read
	d.done = append(d.done, c.finish)
}

// maxTextID is as long as an id that is text may be: the database has to index it.
const maxTextID = 200

// text is an id that iSAMS has as text.
func text(s string) (string, bool) { return s, s != "" && len(s) <= maxTextID }

func houseID(kind mis.HouseKind) func(string) (string, bool) {
	return func(s string) (string, bool) {
		id, ok := number(s)
		return string(kind) + "/" + id, ok
	}
}

func (d *decoder) finish() *mis.Snapshot {
	for _, done := range d.done {
		done()
	}
	for _, y := range d.years.roll.Records {
		if y.ncYear.Known() && y.ncYear != y.yearRef {
			d.yearRefs[y.yearRef] = y.ncYear
		}
	}
	for i := range d.snap.Forms.Records {
		d.translate(&d.snap.Forms.Records[i].Year)
	}
	for i := range d.snap.Sets.Records {
		d.translate(&d.snap.Sets.Records[i].Year)
	}
	for i := range d.snap.Divisions.Records {
		years := d.snap.Divisions.Records[i].Years
		for j := range years {
			d.translate(&years[j])
		}
	}
	d.snap.Resolve()
	timetable, problems := d.timetables.of(d.snap)
	d.snap.Timetable = timetable
	found := slices.Concat(problems, d.activities.addEvents(d.snap), d.covers.finish(d.snap, d.timetables.teachers))
	for _, p := range found {
		d.snap.Problems.Add(p)
	}
	return d.snap
}

// translate turns a YearId into the NC year that the Years section says it is.
func (d *decoder) translate(year *era.Year) {
	if nc, ok := d.yearRefs[*year]; ok {
		*year = nc
	}
}
