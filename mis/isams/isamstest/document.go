package isamstest

import (
	"bufio"
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
)

// Document is the school as iSAMS writes it.
func (s *School) Document() []byte {
	var b bytes.Buffer
	_ = s.Write(&b) // a buffer takes whatever it is given
	return b.Bytes()
}

// Shuffled is the school with the records of each section in an order drawn by
// seed. It means the same as Document.
func (s *School) Shuffled(seed uint64) []byte {
	var b bytes.Buffer
	w := &writer{Writer: bufio.NewWriter(&b), shuffle: rand.New(rand.NewPCG(seed, 1))}
	s.write(w, func(section) content { return whole })
	_ = w.Flush()
	return b.Bytes()
}

// Write writes the document to w.
func (s *School) Write(w io.Writer) error {
	return s.writeSome(w, func(section) content { return whole })
}

func (s *School) writeSome(w io.Writer, of func(section) content) error {
	out := &writer{Writer: bufio.NewWriterSize(w, 1<<16)}
	s.write(out, of)
	return out.Flush()
}

// content says how much of a section a document has.
type content int

const (
	whole   content = iota
	absent          // the key lacks the method
	emptied         // there, without a record
)

// section is what one method contributes to a document.
type section struct {
	method, module, name string
	write                func(*School, *writer)
}

var sections = []section{
	{"HumanResources_GetCurrentStaff", "HRManager", "CurrentStaff", (*School).writeStaff},
	{"School_GetYears", "SchoolManager", "Years", (*School).writeYears},
	{"School_GetSchoolDivisions", "SchoolManager", "SchoolDivisions", (*School).writeDivisions},
	{"School_GetAcademicHouses", "SchoolManager", "AcademicHouses", (*School).writeHouses},
	{"School_GetSchoolForms", "SchoolManager", "Forms", (*School).writeForms},
	{"Pupil_GetCurrentPupils", "PupilManager", "CurrentPupils", (*School).writePupils},
	{"Pupil_GetCustomGroupCategories", "PupilManager", "CustomGroupCategory", (*School).writeCategories},
	{"Pupil_GetCustomGroups", "PupilManager", "CustomPupilGroups", (*School).writeCustom},
	{"Pupil_GetCustomGroupMembers", "PupilManager", "CustomPupilGroupMembershipItems", (*School).writeCustomMembers},
	{"Teaching_GetDepartments", "TeachingManager", "Departments", (*School).writeDepartments},
	{"Teaching_GetSets", "TeachingManager", "Sets", (*School).writeSets},
	{"Teaching_GetSetLists", "TeachingManager", "SetLists", (*School).writeSetLists},
	{"Estate_GetBuildings", "EstateManager", "Buildings", (*School).writeBuildings},
	{"School_GetTerms", "SchoolManager", "Terms", (*School).writeTerms},
	{"Timetable_GetStructure", "TimetableManager", "Structure", (*School).writeStructure},
	{"Timetable_GetAllocations", "TimetableManager", "TimetableAllocations", (*School).writeAllocations},
	{"Timetable_GetPublishedTimetables", "TimetableManager", "PublishedTimetables", (*School).writePublished},
}

// ofTimetable tells whether a school without a timetable has no such section.
func (s section) ofTimetable() bool { return s.module == "TimetableManager" || s.name == "Terms" }

// ofCustomGroups tells whether a school without custom groups has no such section.
func (s section) ofCustomGroups() bool { return strings.HasPrefix(s.name, "Custom") }

// Methods are the names of the batch methods that the pretend iSAMS has.
func Methods() []string {
	var names []string
	for _, s := range sections {
		names = append(names, s.method)
	}
	return names
}

type writer struct {
	*bufio.Writer
	shuffle *rand.Rand
}

func (w *writer) f(format string, args ...any) { fmt.Fprintf(w, format, args...) }

// each calls do for every index below n, in order or shuffled.
func (w *writer) each(n int, do func(i int)) {
	if w.shuffle != nil {
		for _, i := range w.shuffle.Perm(n) {
			do(i)
		}
		return
	}
	for i := range n {
		do(i)
	}
}

func esc(text string) string {
	var b bytes.Buffer
	_ = xml.EscapeText(&b, []byte(text))
	return b.String()
}

func (s *School) write(w *writer, of func(section) content) {
	w.f("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<iSAMS>\n")
	module := ""
	for _, part := range sections {
		much := of(part)
		if much == absent || part.ofTimetable() && s.Timetable == nil ||
			part.ofCustomGroups() && s.Categories == nil {
			continue
		}
		if part.module != module {
			if module != "" {
				w.f("</%s>\n", module)
			}
			module = part.module
			w.f("<%s>\n", module)
		}
		w.f("<%s>\n", part.name)
		if much == whole {
			part.write(s, w)
		}
		w.f("</%s>\n", part.name)
	}
	if module != "" {
		w.f("</%s>\n", module)
	}
	w.f("</iSAMS>\n")
}

func (s *School) writeStaff(w *writer)  { w.each(len(s.Staff), func(i int) { s.Staff[i].write(w) }) }
func (s *School) writePupils(w *writer) { w.each(len(s.Pupils), func(i int) { s.Pupils[i].write(w) }) }

func (m *Staff) write(w *writer) {
	w.f("<StaffMember Id=\"%d\" PersonId=\"%d\"><Initials>%s</Initials><UserCode>%s</UserCode><Title>%s</Title>"+
		"<Forename>%s</Forename><MiddleNames/><Surname>%s</Surname><FullName>%s</FullName><PreferredName>"+
		"%s</PreferredName>"+
		"<SchoolEmailAddress>%s@School.Example</SchoolEmailAddress><PreviousMISId>%d</PreviousMISId><TeachingStaff>"+
		"%d</TeachingStaff></StaffMember>\n",
		m.ID, m.ID+500000, esc(m.Initials), m.Code, m.Title, esc(m.Forename), esc(m.Surname),
		esc(m.Forename+" "+m.Surname), esc(m.Forename), m.Code, m.ID-60000, btoi(m.Teaching))
}

func (s *School) writeYears(w *writer) {
	w.each(years, func(i int) {
		y := FirstYear + i
		w.f("<Year Id=\"%d\"><NationalCurriculumYear>%d</NationalCurriculumYear><Name>Year %d</Name><Code>Y%d</Code>"+
			"</Year>\n", y, y, i+1, y)
	})
}

func (s *School) writeDivisions(w *writer) {
	w.f("<SchoolDivision Id=\"1\"><Name>Senior</Name><Code>S</Code><Years>")
	for y := FirstYear; y <= LastYear; y++ {
		w.f("<Year YearId=\"%d\"/>", y)
	}
	w.f("</Years></SchoolDivision>\n")
}

func (s *School) writeHouses(w *writer) {
	w.each(len(s.Houses), func(i int) {
		h := s.Houses[i]
		w.f("<House Id=\"%d\"><Name>%s</Name><Code>%s</Code></House>\n", h.ID, esc(h.Name), esc(h.Code))
	})
}

func (s *School) writeForms(w *writer) {
	w.each(len(s.Forms), func(i int) {
		f := s.Forms[i]
		w.f("<Form Id=\"%s\" TutorId=\"%d\" YearId=\"%d\" RoomId=\"1\"><Form>%s</Form><Tutor>%d</Tutor></Form>\n",
			esc(f.ID), f.Tutor, f.Year, esc(f.Name), f.Tutor)
	})
}

func (p *Pupil) write(w *writer) {
	known := p.Preferred
	if known == "" {
		known = p.Forename
	}
	w.f("<Pupil Id=\"%d\" PersonId=\"%d\" DivisionId=\"1\"><SchoolCode>%012d</SchoolCode><SchoolId>%d</SchoolId>"+
		"<UserCode>P%d</UserCode>"+
		"<Title/><Forename>%s</Forename><Surname>%s</Surname><Middlename>&#x20;</Middlename><Preferredname>"+
		"%s</Preferredname>"+
		"<Fullname>%s</Fullname><DOB>2004-05-0%dT00:00:00</DOB><Gender>-</Gender><AcademicHouse>%s</AcademicHouse>"+
		"<BoardingHouse/>"+
		"<Form>%s</Form><NCYear>%d</NCYear><EmailAddress>%s</EmailAddress><EnrolmentDate>"+
		"2015-09-01T00:00:00</EnrolmentDate>"+
		"<EnrolmentStatus Legacy=\"True\">1</EnrolmentStatus></Pupil>\n",
		p.ID, p.ID+500000, p.ID, p.ID, p.ID, esc(p.Forename), esc(p.Surname), esc(known), esc(known+" "+p.Surname),
		p.ID%9+1,
		esc(p.House), esc(p.Form), p.Year, esc(p.Email))
}

func (s *School) writeDepartments(w *writer) {
	w.f("<Department Id=\"1\"><Name>All</Name><Subjects>\n")
	w.each(len(s.Subjects), func(i int) {
		u := s.Subjects[i]
		w.f("<Subject Id=\"%d\"><Name>%s</Name><Code>%s</Code></Subject>\n", u.ID, esc(u.Name), esc(u.Code))
	})
	w.f("</Subjects></Department>\n")
}

func (s *School) writeSets(w *writer) {
	w.each(len(s.Sets), func(i int) {
		t := &s.Sets[i]
		w.f("<Set Id=\"%d\" SubjectId=\"%d\" YearId=\"%d\"><SetCode>%s</SetCode><Name>%s</Name></Set>\n", t.ID,
			t.Subject, t.Year, esc(t.Name), esc(t.Name))
	})
}

func (s *School) writeSetLists(w *writer) {
	type pair struct{ set, pupil int }
	var pairs []pair
	for i := range s.Sets {
		for _, pupil := range s.Sets[i].Pupils {
			pairs = append(pairs, pair{s.Sets[i].ID, pupil})
		}
	}
	w.each(len(pairs), func(i int) {
		w.f("<SetList Id=\"%d\" SetId=\"%d\" PupilId=\"%d\"><SubmittedBy>system</SubmittedBy><SubmittedDate>"+
			"2016-08-30T09:15:00</SubmittedDate></SetList>\n", i+1, pairs[i].set, pairs[i].pupil)
	})
}

func (s *School) writeBuildings(w *writer) {
	w.f("<Building Id=\"1\"><Name>Main</Name><Classrooms>\n")
	w.each(len(s.Rooms), func(i int) {
		r := s.Rooms[i]
		w.f("<Classroom Id=\"%d\"><Name>%s</Name><Initials>%s</Initials></Classroom>\n", r.ID, esc(r.Name), esc(r.Code))
	})
	w.f("</Classrooms></Building>\n")
}
