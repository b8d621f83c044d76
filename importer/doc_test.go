package importer_test

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"strings"
)

// doc writes small documents. The zero doc has every section, and each with one record
// that no test looks at: a section without any says nothing.
type doc struct {
	staff, pupils, forms, sets, lists, subjects, houses, rooms []string
	without                                                    map[string]bool     // sections to leave out
	timetable                                                  map[string][]string // records of its sections
}

// in adds records to a section of the timetable.
func (d *doc) in(section string, records ...string) *doc {
	if d.timetable == nil {
		d.timetable = map[string][]string{}
	}
	d.timetable[section] = append(d.timetable[section], records...)
	return d
}

// taught gives the school a timetable: week A (1) with two periods on Monday, 11 from 09:00
// to 10:00 and 12 from 10:00 to 11:00, and one on Tuesday, 21 from 09:00 to 10:00; it is
// every week from 5 September 2016 to 2 October, and from 24 October to 6 November.
func (d *doc) taught() *doc {
	d.in("Structure", `<Week Id="1"><Name>A</Name><Days><Day Id="1"><Day>2</Day><Periods>`+period(11, "09:00", "10:00")+
		period(12, "10:00", "11:00")+
		`</Periods></Day><Day Id="2"><Day>3</Day><Periods>`+period(21, "09:00", "10:00")+
		`</Periods></Day></Days></Week>`)
	for i, week := range []int{37, 38, 39, 40, 44, 45} {
		d.in("TimetableAllocations", fmt.Sprintf(`<TimetableAllocation Id="%d"><Year>2016</Year><Week>%d</Week>`+
			`<TimetableWeekId>1</TimetableWeekId></TimetableAllocation>`, i+1, week))
	}
	return d.in("Terms", `<Term Id="1"><StartDate>2016-09-05T00:00:00</StartDate><FinishDate>`+
		`2016-10-01T00:00:00</FinishDate></Term>`)
}

func period(id int, from, to string) string {
	return fmt.Sprintf(`<Period Id="%d"><Name>P%d</Name><StartTime>%s</StartTime><EndTime>%s</EndTime></Period>`, id,
		id, from, to)
}

// lesson adds a schedule of a set, with a teacher by code.
func (d *doc) lesson(id int, set int, code string, period int, teacher string, room int) *doc {
	return d.in("Schedules", fmt.Sprintf(`<Schedule Id="%d"><Code>%s</Code><Teacher>%s</Teacher><PeriodId>`+
		`%d</PeriodId><RoomId>%d</RoomId><Set>1</Set><SetId>%d</SetId></Schedule>`, id, code, teacher, period, room,
		set))
}

func (d *doc) coded(id int, name, code string) *doc {
	d.staff = append(d.staff, fmt.Sprintf(`<StaffMember Id="%d"><FullName>%s</FullName><UserCode>%s</UserCode>`+
		`</StaffMember>`, id, esc(name), code))
	return d
}

func (d *doc) room(id int, name string) *doc {
	d.rooms = append(d.rooms, fmt.Sprintf(`<Classroom Id="%d"><Name>%s</Name></Classroom>`, id, name))
	return d
}

func esc(text string) string {
	var b bytes.Buffer
	_ = xml.EscapeText(&b, []byte(text))
	return b.String()
}

func (d *doc) teacher(id int, name string) *doc {
	d.staff = append(d.staff, fmt.Sprintf(`<StaffMember Id="%d"><FullName>%s</FullName></StaffMember>`, id, esc(name)))
	return d
}

func (d *doc) pupil(id int, name, form string, year int) *doc {
	d.pupils = append(d.pupils, fmt.Sprintf(`<Pupil Id="%d"><Fullname>%s</Fullname><Form>%s</Form><NCYear>`+
		`%d</NCYear></Pupil>`, id, esc(name), form, year))
	return d
}

func (d *doc) form(id, name string, year, tutor int) *doc {
	d.forms = append(d.forms, fmt.Sprintf(`<Form Id="%s" YearId="%d" TutorId="%d"><Form>%s</Form></Form>`, id, year,
		tutor, name))
	return d
}

func (d *doc) set(id int, name string, year int, pupils ...int) *doc {
	d.sets = append(d.sets, fmt.Sprintf(`<Set Id="%d" YearId="%d"><Name>%s</Name></Set>`, id, year, name))
	for _, p := range pupils {
		d.lists = append(d.lists, fmt.Sprintf(`<SetList Id="%d%d" SetId="%d" PupilId="%d"/>`, id, p, id, p))
	}
	return d
}

func (d *doc) leaveOut(section string) *doc {
	if d.without == nil {
		d.without = map[string]bool{}
	}
	d.without[section] = true
	return d
}

func (d *doc) xml() []byte {
	var b strings.Builder
	b.WriteString("<iSAMS>")
	for _, s := range []struct {
		section, before, after string
		records                []string
	}{
		{"CurrentStaff", "<HRManager><CurrentStaff>", "</CurrentStaff></HRManager>", d.staff},
		{"CurrentPupils", "<PupilManager><CurrentPupils>", "</CurrentPupils></PupilManager>", d.pupils},
		{"Forms", "<SchoolManager><Forms>", "</Forms></SchoolManager>", d.forms},
		{"AcademicHouses", "<SchoolManager><AcademicHouses>", "</AcademicHouses></SchoolManager>", d.houses},
		{"Sets", "<TeachingManager><Sets>", "</Sets></TeachingManager>", d.sets},
		{"SetLists", "<TeachingManager><SetLists>", "</SetLists></TeachingManager>", d.lists},
		{"Departments", "<TeachingManager><Departments><Department><Subjects>",
			"</Subjects></Department></Departments></TeachingManager>", d.subjects},
		{"Buildings", "<EstateManager><Buildings><Building><Classrooms>",
			"</Classrooms></Building></Buildings></EstateManager>", d.rooms},
	} {
		if !d.without[s.section] {
			b.WriteString(s.before + "\n" + strings.Join(append(s.records, ""), "\n") + s.after + "\n")
		}
	}
	if d.timetable != nil {
		section := func(name string) {
			b.WriteString("<" + name + ">" + strings.Join(d.timetable[name], "\n") + "</" + name + ">\n")
		}
		b.WriteString("<SchoolManager>")
		section("Terms")
		b.WriteString("</SchoolManager><TeachingManager>")
		section("TeachingForms")
		b.WriteString("</TeachingManager><TimetableManager>")
		section("Structure")
		section("TimetableAllocations")
		b.WriteString(`<PublishedTimetables><Timetable Id="1"><Name>Ours</Name>`)
		for _, name := range []string{"Schedules", "StaffMeetings", "YearSchedules", "Tutorials"} {
			section(name)
		}
		b.WriteString("</Timetable></PublishedTimetables></TimetableManager>")
	}
	b.WriteString("</iSAMS>")
	return []byte(b.String())
}
