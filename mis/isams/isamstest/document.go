package isamstest

import (
	"bufio"
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"math/rand/v2"
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
	s.write(w)
	_ = w.Flush()
	return b.Bytes()
}

// Write writes the document to w.
func (s *School) Write(w io.Writer) error {
	out := &writer{Writer: bufio.NewWriterSize(w, 1<<16)}
	s.write(out)
	return out.Flush()
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

func (s *School) write(w *writer) {
	w.f("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<iSAMS>\n")
	w.f("<HRManager><CurrentStaff>\n")
	w.each(len(s.Staff), func(i int) { s.Staff[i].write(w) })
	w.f("</CurrentStaff></HRManager>\n<SchoolManager>\n")
	s.writeSchoolManager(w)
	w.f("</SchoolManager>\n<PupilManager><CurrentPupils>\n")
	w.each(len(s.Pupils), func(i int) { s.Pupils[i].write(w) })
	w.f("</CurrentPupils></PupilManager>\n<TeachingManager>\n")
	s.writeTeachingManager(w)
	w.f("</TeachingManager>\n<EstateManager><Buildings><Building Id=\"1\"><Name>Main</Name><Classrooms>\n")
	w.each(len(s.Rooms), func(i int) {
		r := s.Rooms[i]
		w.f("<Classroom Id=\"%d\"><Name>%s</Name><Initials>%s</Initials></Classroom>\n", r.ID, esc(r.Name), esc(r.Code))
	})
	w.f("</Classrooms></Building></Buildings></EstateManager>\n</iSAMS>\n")
}

func (m *Staff) write(w *writer) {
	w.f("<StaffMember Id=\"%d\" PersonId=\"%d\"><Initials>%s</Initials><UserCode>%s</UserCode><Title>%s</Title>"+
		"<Forename>%s</Forename><MiddleNames/><Surname>%s</Surname><FullName>%s</FullName><PreferredName>%s</PreferredName>"+
		"<SchoolEmailAddress>%s@School.Example</SchoolEmailAddress><PreviousMISId>%d</PreviousMISId><TeachingStaff>%d</TeachingStaff></StaffMember>\n",
		m.ID, m.ID+500000, esc(m.Initials), m.Code, m.Title, esc(m.Forename), esc(m.Surname),
		esc(m.Forename+" "+m.Surname), esc(m.Forename), m.Code, m.ID-60000, btoi(m.Teaching))
}

func (s *School) writeSchoolManager(w *writer) {
	w.f("<Years>\n")
	w.each(years, func(i int) {
		y := FirstYear + i
		w.f("<Year Id=\"%d\"><NationalCurriculumYear>%d</NationalCurriculumYear><Name>Year %d</Name><Code>Y%d</Code></Year>\n", y, y, i+1, y)
	})
	w.f("</Years>\n<SchoolDivisions><SchoolDivision Id=\"1\"><Name>Senior</Name><Code>S</Code><Years>")
	for y := FirstYear; y <= LastYear; y++ {
		w.f("<Year YearId=\"%d\"/>", y)
	}
	w.f("</Years></SchoolDivision></SchoolDivisions>\n<AcademicHouses>\n")
	w.each(len(s.Houses), func(i int) {
		h := s.Houses[i]
		w.f("<House Id=\"%d\"><Name>%s</Name><Code>%s</Code></House>\n", h.ID, esc(h.Name), esc(h.Code))
	})
	w.f("</AcademicHouses>\n<Forms>\n")
	w.each(len(s.Forms), func(i int) {
		f := s.Forms[i]
		w.f("<Form Id=\"%s\" TutorId=\"%d\" YearId=\"%d\" RoomId=\"1\"><Form>%s</Form><Tutor>%d</Tutor></Form>\n", esc(f.ID), f.Tutor, f.Year, esc(f.Name), f.Tutor)
	})
	w.f("</Forms>\n")
}

func (p *Pupil) write(w *writer) {
	known := p.Preferred
	if known == "" {
		known = p.Forename
	}
	w.f("<Pupil Id=\"%d\" PersonId=\"%d\" DivisionId=\"1\"><SchoolCode>%012d</SchoolCode><SchoolId>%d</SchoolId><UserCode>P%d</UserCode>"+
		"<Title/><Forename>%s</Forename><Surname>%s</Surname><Middlename>&#x20;</Middlename><Preferredname>%s</Preferredname>"+
		"<Fullname>%s</Fullname><DOB>2004-05-0%dT00:00:00</DOB><Gender>-</Gender><AcademicHouse>%s</AcademicHouse><BoardingHouse/>"+
		"<Form>%s</Form><NCYear>%d</NCYear><EmailAddress>%s</EmailAddress><EnrolmentDate>2015-09-01T00:00:00</EnrolmentDate>"+
		"<EnrolmentStatus Legacy=\"True\">1</EnrolmentStatus></Pupil>\n",
		p.ID, p.ID+500000, p.ID, p.ID, p.ID, esc(p.Forename), esc(p.Surname), esc(known), esc(known+" "+p.Surname), p.ID%9+1,
		esc(p.House), esc(p.Form), p.Year, esc(p.Email))
}

func (s *School) writeTeachingManager(w *writer) {
	w.f("<Departments><Department Id=\"1\"><Name>All</Name><Subjects>\n")
	w.each(len(s.Subjects), func(i int) {
		u := s.Subjects[i]
		w.f("<Subject Id=\"%d\"><Name>%s</Name><Code>%s</Code></Subject>\n", u.ID, esc(u.Name), esc(u.Code))
	})
	w.f("</Subjects></Department></Departments>\n<Sets>\n")
	w.each(len(s.Sets), func(i int) {
		t := &s.Sets[i]
		w.f("<Set Id=\"%d\" SubjectId=\"%d\" YearId=\"%d\"><SetCode>%s</SetCode><Name>%s</Name></Set>\n", t.ID, t.Subject, t.Year, esc(t.Name), esc(t.Name))
	})
	w.f("</Sets>\n<SetLists>\n")
	type pair struct{ set, pupil int }
	var pairs []pair
	for i := range s.Sets {
		for _, pupil := range s.Sets[i].Pupils {
			pairs = append(pairs, pair{s.Sets[i].ID, pupil})
		}
	}
	w.each(len(pairs), func(i int) {
		w.f("<SetList Id=\"%d\" SetId=\"%d\" PupilId=\"%d\"><SubmittedBy>system</SubmittedBy><SubmittedDate>2016-08-30T09:15:00</SubmittedDate></SetList>\n", i+1, pairs[i].set, pairs[i].pupil)
	})
	w.f("</SetLists>\n")
}
