package isamstest

import (
	"encoding/csv"
	"fmt"
	"slices"
	"strings"
	"time"
)

// CustomGroup is a group that a member of staff gathered: Author is a code, Expires a day or blank.
type CustomGroup struct {
	ID, Category    int
	Name, Author    string
	Expires         string
	Shared, Deleted bool
	Pupils          []int
}

// Activity is a group with days of its own, which are written as 2016-09-05; To may be blank.
type Activity struct {
	ID             int
	Name, From, To string
	Links          []Link
	Events         []Event
}

// Link says that a pupil is in an activity on some days.
type Link struct {
	ID, Pupil int
	From, To  string
}

// Event is what happens in an activity, on dates of its own, between two times such as 16:00.
type Event struct {
	ID                   int
	Name, Room, From, To string
	Teachers             []string
	Dates                []string
	Cancelled            map[string]bool
}

// The school year in which activities take place.
const (
	yearBegins = "2016-09-05"
	yearEnds   = "2017-07-14"
)

// Gather gives the school custom groups and activities. It returns s.
func (s *School) Gather(custom, activities int) *School {
	s.Categories = []Named{{ID: 1, Name: "Trips"}, {ID: 2, Name: "Clubs & societies"}, {ID: 3, Name: "Exams"}}
	for i := range custom {
		s.gatherGroup(nameOf(customNames, i))
	}
	for i := range activities {
		s.beginActivity(nameOf(activityNames, i), yearBegins, yearEnds)
	}
	return s
}

var (
	customNames = []string{"Ski trip", "Open day guides", "Prefects", "Library helpers", "Extra time", "Paris exchange"}

	activityNames = []string{"Chess", "Debating", "Orchestra", "Climbing", "Robotics", "Drama", "Choir", "Fencing"}
)

// nameOf numbers names from the second round on.
func nameOf(names []string, i int) string {
	if i < len(names) {
		return names[i]
	}
	return fmt.Sprintf("%s %d", names[i%len(names)], i/len(names)+1)
}

func (s *School) somePupils(most int) (ids []int) {
	for range 1 + s.rand.IntN(most) {
		if id := s.Pupils[s.rand.IntN(len(s.Pupils))].ID; !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

func (s *School) gatherGroup(name string) {
	s.Custom = append(s.Custom, CustomGroup{ID: s.id(), Name: name, Category: s.rand.IntN(len(s.Categories) + 1),
		Author: s.Staff[s.rand.IntN(len(s.Staff))].Code, Shared: s.rand.IntN(2) == 0, Pupils: s.somePupils(12)})
}

func (s *School) beginActivity(name, from, to string) {
	a := Activity{ID: s.id(), Name: name, From: from, To: to}
	for _, pupil := range s.somePupils(15) {
		a.Links = append(a.Links, Link{ID: s.id(), Pupil: pupil, From: from, To: to})
	}
	s.schedule(&a)
	s.Activities = append(s.Activities, a)
}

// schedule gives an activity an event, every week for some weeks.
func (s *School) schedule(a *Activity) {
	e := Event{ID: s.id(), Name: a.Name + " meets", From: "16:00", To: "17:00", Cancelled: map[string]bool{},
		Teachers: []string{s.Staff[s.rand.IntN(len(s.Staff))].Code},
		Room:     s.Rooms[s.rand.IntN(len(s.Rooms))].Name + " (upstairs)"}
	first := day(a.From).AddDate(0, 0, s.rand.IntN(5))
	for week := range 10 {
		e.Dates = append(e.Dates, first.AddDate(0, 0, 7*week).Format(time.DateOnly))
	}
	a.Events = append(a.Events, e)
}

// day reads a day that this package wrote.
func day(text string) time.Time {
	d, err := time.Parse(time.DateOnly, text)
	if err != nil {
		panic(err)
	}
	return d
}

// GatherNight lets a day go by for the custom groups and the activities.
func (s *School) GatherNight(today string) {
	g := &s.Custom[s.rand.IntN(len(s.Custom))]
	switch s.rand.IntN(6) {
	case 0:
		g.Deleted = !g.Deleted
	case 1:
		g.Expires = day(today).AddDate(0, 0, s.rand.IntN(9)-4).Format(time.DateOnly)
	case 2:
		g.Name += "'"
	case 3:
		s.gatherGroup(fmt.Sprintf("Late group %d", s.id()))
	default:
		g.Pupils = append(g.Pupils[min(1, len(g.Pupils)):], s.somePupils(1)...)
		slices.Sort(g.Pupils)
		g.Pupils = slices.Compact(g.Pupils)
	}
	a := &s.Activities[s.rand.IntN(len(s.Activities))]
	later := day(today).AddDate(0, 0, s.rand.IntN(40)-5).Format(time.DateOnly)
	switch s.rand.IntN(6) {
	case 0:
		a.To = max(later, a.From)
	case 1:
		a.To = yearEnds
	case 2:
		s.beginActivity(fmt.Sprintf("Activity %d", s.id()), later, yearEnds)
	case 3:
		e := &a.Events[0]
		on := e.Dates[s.rand.IntN(len(e.Dates))]
		e.Cancelled[on] = !e.Cancelled[on]
	case 4:
		if len(a.Links) > 0 {
			a.Links[0].To = max(later, a.Links[0].From)
		}
	default:
		for _, pupil := range s.somePupils(3) {
			a.Links = append(a.Links, Link{ID: s.id(), Pupil: pupil, From: later, To: yearEnds})
		}
	}
}

func (s *School) writeCategories(w *writer) {
	w.each(len(s.Categories), func(i int) {
		w.f("<Category Id=\"%d\"><Name>%s</Name></Category>\n", s.Categories[i].ID, esc(s.Categories[i].Name))
	})
}

func (s *School) writeCustom(w *writer) {
	w.each(len(s.Custom), func(i int) {
		g := &s.Custom[i]
		expires, disabled := "0001-01-01", 1
		if g.Expires != "" {
			expires, disabled = g.Expires, 0
		}
		w.f("<CustomPupilGroup Id=\"%d\" AuthorID=\"0\"><Name>%s</Name><CategoryId>%d</CategoryId><Shared>%d</Shared>"+
			"<ExpiryDate>%sT00:00:00</ExpiryDate><ExpiryDisable>%d</ExpiryDisable><Author>%s</Author>"+
			"<Deleted>%d</Deleted>"+
			"</CustomPupilGroup>\n", g.ID, esc(g.Name), g.Category, btoi(g.Shared), expires, disabled, g.Author,
			btoi(g.Deleted))
	})
}

func (s *School) writeCustomMembers(w *writer) {
	type item struct{ group, pupil int }
	var items []item
	for _, g := range s.Custom {
		for _, pupil := range g.Pupils {
			items = append(items, item{g.ID, pupil})
		}
	}
	w.each(len(items), func(i int) {
		w.f("<CustomPupilGroupMembershipItem Id=\"%d\" PupilID=\"%d\"><CustomGroupId>%d</CustomGroupId>"+
			"</CustomPupilGroupMembershipItem>\n", i+1, items[i].pupil, items[i].group)
	})
}

// Dumps are the tables of activities, and of covers where there are any, as SQL Server writes them, by the names of
// the files.
func (s *School) Dumps() map[string][]byte {
	groups := table{{"TblActivityManagerGroupId", "txtName", "intActivity", "dteStartDate", "dteEndDate", "blnActive"}}
	links := table{{"TblActivityManagerGroupPupilLinkId", "txtSchoolID", "intGroup", "dteStartDate", "dteEndDate"}}
	events := table{{"TblActivityManagerEventId", "txtSubject", "txtLocation", "dteStartDate", "dteEndDate",
		"blnAllDayEvent", "intGroup", "intActivity"}}
	occurrences := table{{"TblActivityManagerEventOccurrenceId", "intEventId", "dteOccurrenceDate", "blnCancelled"}}
	teachers := table{{"TblEventTeacherLinkId", "intEventId", "txtTeacherId"}}
	for _, a := range s.Activities {
		groups.add(a.ID, a.Name, a.ID, moment(a.From, "00:00"), moment(a.To, "00:00"), "False")
		for _, l := range a.Links {
			links.add(l.ID, l.Pupil, a.ID, moment(l.From, "00:00"), moment(l.To, "00:00"))
		}
		for _, e := range a.Events {
			events.add(e.ID, e.Name, e.Room, moment(yearBegins, e.From), moment(yearBegins, e.To), 0, a.ID, a.ID)
			for i, code := range e.Teachers {
				teachers.add(e.ID*100+i, e.ID, code)
			}
			for i, on := range e.Dates {
				occurrences.add(e.ID*1000+i, e.ID, moment(on, e.From), btoi(e.Cancelled[on]))
			}
		}
	}
	dumps := map[string][]byte{
		"TblActivityManagerGroup.csv": groups.bytes(), "TblActivityManagerGroupPupilLink.csv": links.bytes(),
		"TblActivityManagerEvent.csv": events.bytes(), "TblActivityManagerEventOccurrence.csv": occurrences.bytes(),
		"TblActivityManagerEventTeacherLink.csv": teachers.bytes(),
	}
	if s.covering != nil {
		dumps["TblCoverManagerCover.csv"] = s.coverDump()
	}
	return dumps
}

// moment is a day and a time as SQL Server writes them, NULL for none.
func moment(on, at string) string {
	if on == "" {
		return "NULL"
	}
	return on + " " + at + ":00.000"
}

// table is the rows of a dump, the names of the columns first.
type table [][]string

func (t *table) add(values ...any) {
	row := make([]string, len(values))
	for i, v := range values {
		row[i] = fmt.Sprint(v)
	}
	*t = append(*t, row)
}

func (t *table) bytes() []byte {
	var b strings.Builder
	w := csv.NewWriter(&b)
	w.UseCRLF = true
	_ = w.WriteAll(*t) // a builder takes whatever it is given
	return []byte(b.String())
}
