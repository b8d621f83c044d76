package isams_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"

	"misimportd/mis"
	"misimportd/mis/isams"
)

// clubs is a document of a teacher, a room and two pupils, whose school ids are S1 and S2.
const clubs = `<iSAMS><HRManager><CurrentStaff><StaffMember Id="1"><UserCode>AB</UserCode><FullName>Ann ` +
	`Bee</FullName>` +
	`</StaffMember></CurrentStaff></HRManager><EstateManager><Buildings><Building><Classrooms><Classroom Id="3">` +
	`<Name>Hall</Name></Classroom></Classrooms></Building></Buildings></EstateManager><PupilManager><CurrentPupils>` +
	`<Pupil Id="11"><SchoolId>S1</SchoolId><Fullname>A</Fullname><NCYear>7</NCYear></Pupil>` +
	`<Pupil Id="12"><SchoolId>S2</SchoolId><Fullname>B</Fullname><NCYear>8</NCYear></Pupil>` +
	`</CurrentPupils></PupilManager></iSAMS>`

const (
	groupsHead = "TblActivityManagerGroupId,txtName,intActivity,dteStartDate,dteEndDate,blnActive\r\n"
	linksHead  = "TblActivityManagerGroupPupilLinkId,txtSchoolID,intGroup,dteStartDate,dteEndDate\r\n"
	eventsHead = "TblActivityManagerEventId,txtSubject,txtLocation,dteStartDate,dteEndDate,blnAllDayEvent,intGroup," +
		"intActivity\r\n"
	datesHead    = "TblActivityManagerEventOccurrenceId,intEventId,dteOccurrenceDate,blnCancelled\r\n"
	teachersHead = "TblEventTeacherLinkId,intEventId,txtTeacherId\r\n"
)

// goodDumps are of one activity with two pupils and one event on two days, one of them cancelled.
func goodDumps() map[string]string {
	return map[string]string{
		"TblActivityManagerGroup.csv": groupsHead +
			"5,\"Chess, or\r\ndraughts \"\"A\"\"\",1,2016-09-05 00:00:00.000,2017-07-14T00:00:00,0\r\n",
		"TblActivityManagerGroupPupilLink.csv": linksHead + "1,S1,5,2016-09-05 00:00:00.000,NULL\r\n" +
			"2,S2,5,2016-10-01,2016-12-01\r\n",
		"TblActivityManagerEvent.csv": eventsHead +
			"9,Chess meets,HALL (north end),2016-01-01 16:00:00.000,2015-01-01 17:00:00.000,0,5,1\r\n",
		"TblActivityManagerEventOccurrence.csv": datesHead + "1,9,2016-09-12 16:00:00.000,0\r\n" +
			"2,9,2016-09-19 00:00:00.000,True\r\n",
		"TblActivityManagerEventTeacherLink.csv": teachersHead + "1,9,AB\r\n2,9,0\r\n3,9,-4995\r\n",
	}
}

func decodeWith(t testing.TB, dumps map[string]string) *mis.Snapshot {
	t.Helper()
	var list []isams.Dump
	for _, name := range slices.Sorted(maps.Keys(dumps)) {
		list = append(list, isams.Dump{Name: name, Open: func() (io.ReadCloser, error) {
			return io.NopCloser(strings.NewReader(dumps[name])), nil
		}})
	}
	s, err := isams.DecodeWith(strings.NewReader(clubs), isams.Options{Dumps: list})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// saysOf is what a snapshot says of activities, in one line each.
func saysOf(s *mis.Snapshot) string {
	var b strings.Builder
	for _, a := range s.Activities.Records {
		fmt.Fprintf(&b, "activity %s %q %s\n", a.ID, a.Name, a.Days)
	}
	for _, m := range s.ActivityLinks.Records {
		fmt.Fprintf(&b, "pupil %s in %s %s\n", m.PupilID, m.ActivityID, m.Days)
	}
	for _, l := range s.Timetable.Lessons {
		p := s.Timetable.Periods[l.PeriodID]
		fmt.Fprintf(&b, "%s %q %s-%s %v %v %v %v\n", l.IDs[0], l.Name, p.From, p.To, l.Activities, l.Staff, l.Locations,
			s.Timetable.Dates[l.IDs[0]])
	}
	return b.String()
}

const wellSaid = "activity 5 \"Chess, or draughts \\\"A\\\"\" 2016-09-05 to 2017-07-14\n" +
	"pupil 11 in 5 2016-09-05 to 2017-07-14\npupil 12 in 5 2016-10-01 to 2016-12-01\n" +
	"event/9 \"Chess meets\" 16:00-17:00 [5] [1] [3] [{2016-09-12 false} {2016-09-19 true}]\n"

// TestDumpsInEveryEncoding: the same dumps mean the same in every encoding that SQL Server's tools write.
func TestDumpsInEveryEncoding(t *testing.T) {
	if got := saysOf(decodeWith(t, goodDumps())); got != wellSaid {
		t.Errorf("%s", got)
	}
	name := func(dumps map[string]string) map[string]string {
		dumps["TblActivityManagerGroup.csv"] = strings.Replace(dumps["TblActivityManagerGroup.csv"], "Chess",
			"Échecs – é", 1)
		return dumps
	}
	want := saysOf(decodeWith(t, name(goodDumps())))
	if !strings.Contains(want, "Échecs – é") {
		t.Fatal(want)
	}
	for what, encode := range map[string]func(string) (string, error){
		"with a mark":      func(s string) (string, error) { return "\ufeff" + s, nil },
		"UTF-16, marked":   unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder().String,
		"UTF-16, big":      unicode.UTF16(unicode.BigEndian, unicode.UseBOM).NewEncoder().String,
		"UTF-16, unmarked": unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM).NewEncoder().String,
		"windows-1252":     charmap.Windows1252.NewEncoder().String,
	} {
		dumps := name(goodDumps())
		for file, text := range dumps {
			encoded, err := encode(text)
			if err != nil {
				t.Fatal(err)
			}
			dumps[file] = encoded
		}
		if got := saysOf(decodeWith(t, dumps)); got != want {
			t.Errorf("%s:\n%s", what, got)
		}
	}
	both := name(goodDumps()) // one field in each of two encodings
	both["TblActivityManagerGroup.csv"] += "6,Caf\xe9,1,2016-09-05,NULL,0\r\n"
	if got := saysOf(decodeWith(t, both)); !strings.Contains(got, "Échecs – é") || !strings.Contains(got, `"Café"`) {
		t.Errorf("%s", got)
	}
}

// TestDumpsThatAreWrong: each fault is a problem with its place, and nothing else is different, or is silent where
// nobody can know.
func TestDumpsThatAreWrong(t *testing.T) {
	const groups, links, events, dates = "TblActivityManagerGroup.csv", "TblActivityManagerGroupPupilLink.csv",
		"TblActivityManagerEvent.csv", "TblActivityManagerEventOccurrence.csv"
	for what, c := range map[string]struct {
		file     string
		change   func(string) string
		problem  mis.Problem // but for what it says
		isSilent func(*mis.Snapshot) bool
	}{
		"a column is missing": {links, func(s string) string { return strings.Replace(s, "intGroup", "intGrp", 1) },
			mis.Problem{Reason: mis.DumpUnreadable, Line: 1},
			func(s *mis.Snapshot) bool { return s.ActivityLinks.SaysNothing() }},
		"only the header": {links, func(string) string { return linksHead }, mis.Problem{},
			func(s *mis.Snapshot) bool { return s.ActivityLinks.SaysNothing() && s.ActivityLinks.Present }},
		"nothing at all": {links, func(string) string { return "" }, mis.Problem{Reason: mis.DumpUnreadable},
			func(s *mis.Snapshot) bool { return s.ActivityLinks.SaysNothing() }},
		"cut off in a quote": {links, func(s string) string { return s + "3,\"S" },
			mis.Problem{Reason: mis.DumpUnreadable, Line: 4},
			func(s *mis.Snapshot) bool { return s.ActivityLinks.SilentOn("5") && len(s.ActivityLinks.Records) == 2 }},
		"cut off in a line": {links, func(s string) string { return s + "3,S1" },
			mis.Problem{Reason: mis.DumpUnreadable, Line: 4},
			func(s *mis.Snapshot) bool { return s.ActivityLinks.SilentOn("5") && len(s.ActivityLinks.Records) == 2 }},
		"an end before its start": {groups, func(s string) string { return s + "6,X,1,2016-10-02,2016-10-01,0\r\n" },
			mis.Problem{ID: "6", Reason: mis.Backwards, Line: 4},
			func(s *mis.Snapshot) bool { return s.Activities.SilentOn("6", "") && !s.Activities.SilentOn("5", "") }},
		"a member with an end before the start": {links,
			func(s string) string { return s + "3,S1,5,2017-01-02,2017-01-01\r\n" },
			mis.Problem{ID: "3", Reason: mis.Backwards, Line: 4},
			func(s *mis.Snapshot) bool { return s.ActivityLinks.SilentOn("5") && !s.ActivityLinks.SilentOn("6") }},
		"a member outside of the group's days": {links,
			func(s string) string { return s + "3,S1,5,2016-08-01,2016-09-06\r\n" },
			mis.Problem{ID: "3", Reason: mis.OutsideGroup}, nil},
		"an unknown school id": {links, func(s string) string { return s + "3,S9,5,NULL,NULL\r\n" },
			mis.Problem{ID: "3", Reason: mis.UnknownPupil}, nil},
		"an unknown activity": {links, func(s string) string { return s + "3,S1,77,NULL,NULL\r\n" },
			mis.Problem{ID: "3", Reason: mis.UnknownActivity}, nil},
		"an event with an end before its start": {events, func(s string) string {
			return s + "10,X,,2016-01-01 17:00:00,2016-01-01 16:30:00,0,NULL,NULL\r\n"
		}, mis.Problem{ID: "10", Reason: mis.Backwards, Line: 3},
			func(s *mis.Snapshot) bool { return s.Timetable.SilentOn(mis.Event, "event/10", "", "X") }},
		"an occurrence at another time": {dates, func(s string) string { return s + "3,9,2016-09-26 15:00:00,0\r\n" },
			mis.Problem{ID: "9", Reason: mis.TimesDiffer}, nil},
		"an occurrence of no event": {dates, func(s string) string { return s + "3,99,2016-09-26,0\r\n" },
			mis.Problem{ID: "99", Reason: mis.UnknownEvent}, nil},
		"an occurrence on no day": {dates, func(s string) string { return s + "3,9,soon,0\r\n" },
			mis.Problem{ID: "3", Reason: mis.BadValue, Line: 4},
			func(s *mis.Snapshot) bool { return s.Timetable.SilentOn(mis.Event, "event/9", "", "Chess meets") }},
	} {
		t.Run(what, func(t *testing.T) {
			dumps := goodDumps()
			dumps[c.file] = c.change(dumps[c.file])
			s := decodeWith(t, dumps)
			if c.problem != (mis.Problem{}) {
				c.problem.Section = strings.TrimSuffix(c.file, ".csv")
			}
			if !slices.ContainsFunc(s.Problems.List(), func(p mis.Problem) bool {
				p.Detail = ""
				return p == c.problem
			}) && c.problem != (mis.Problem{}) {
				t.Errorf("not reported: %+v", s.Problems.List())
			}
			if c.isSilent != nil && !c.isSilent(s) {
				t.Errorf("it is not silent, or on too much:\n%s", saysOf(s))
			}
		})
	}
	if s := decodeWith(t, goodDumps()); len(s.Problems.List()) > 0 || s.Timetable.SilentOnKind(mis.Event) {
		t.Errorf("good dumps: %+v", s.Problems.List())
	}
	if s := decodeWith(t, nil); !s.Timetable.SilentOnKind(mis.Event) || !s.Activities.SaysNothing() {
		t.Error("absent dumps are taken for empty ones")
	}
	order := goodDumps() // other columns first, and some that nobody knows
	order[links] = "x,dteEndDate,intGroup,txtSchoolID,dteStartDate,TblActivityManagerGroupPupilLinkId\r\n" +
		"1,NULL,5,S1,2016-09-05,1\r\n1,2016-12-01,5,S2,2016-10-01,2\r\n"
	if got := saysOf(decodeWith(t, order)); got != wellSaid {
		t.Errorf("in another order:\n%s", got)
	}
}

// TestARecordWithoutEnd: a quote that is never closed does not fill the memory.
func TestARecordWithoutEnd(t *testing.T) {
	endless := io.MultiReader(strings.NewReader(linksHead+"1,\"S1,5"), zeros{})
	_, err := isams.DecodeWith(strings.NewReader(clubs), isams.Options{Dumps: []isams.Dump{{
		Name: "TblActivityManagerGroupPupilLink.csv",
		Open: func() (io.ReadCloser, error) { return io.NopCloser(endless), nil }}}})
	if err != nil {
		t.Error(err)
	}
	broken := errors.New("the disk has a bad day")
	_, err = isams.DecodeWith(strings.NewReader(clubs), isams.Options{Dumps: []isams.Dump{{
		Name: "TblActivityManagerGroupPupilLink.csv",
		Open: func() (io.ReadCloser, error) { return nil, broken }}}})
	if !errors.Is(err, broken) {
		t.Errorf("%v", err)
	}
}

// zeros is noughts without end.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = '0'
	}
	return len(p), nil
}

// FuzzDumps: whatever a dump holds, it is read to its end or refused, and all that is said of is there.
func FuzzDumps(f *testing.F) {
	for _, name := range slices.Sorted(maps.Keys(goodDumps())) {
		f.Add(name, []byte(goodDumps()[name]))
	}
	f.Add("TblCoverManagerCover.csv", []byte("TblCoverManagerCoverID,TblTimetableManagerScheduleID,dteDate,"+
		"txtCoverTeacher,blnVisible,blnEnabled,blnPublished\n1,1,2016-09-26 00:00:00.000,T1,1,1,0\n2,x,,,,,\n"))
	f.Fuzz(func(t *testing.T, name string, text []byte) {
		s, err := isams.DecodeWith(strings.NewReader(clubs), isams.Options{Dumps: []isams.Dump{{Name: name,
			Open: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(text)), nil }}}})
		if err != nil {
			return
		}
		for _, l := range s.Timetable.Lessons {
			if p := s.Timetable.Periods[l.PeriodID]; p.To <= p.From {
				t.Errorf("%+v is never", l)
			}
		}
		for _, m := range s.ActivityLinks.Records {
			if m.PupilID == "" || m.Days.IsEmpty() {
				t.Errorf("%+v", m)
			}
		}
		for _, c := range s.Covers.Records {
			if c.By == "" || c.On == 0 || c.LessonID == "" || s.Covers.Faulty[c.ID] {
				t.Errorf("%+v", c)
			}
		}
	})
}
