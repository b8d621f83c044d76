package isams_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"

	"misimportd/era"
	"misimportd/mis"
	"misimportd/mis/isams"
	"misimportd/mis/isams/isamstest"
)

// school wraps sections in a document.
func school(sections string) string {
	return `<?xml version="1.0" encoding="utf-8"?><iSAMS>` + sections + `</iSAMS>`
}

func decode(t testing.TB, document string) *mis.Snapshot {
	t.Helper()
	s, err := isams.Decode(strings.NewReader(document))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// problems is what there is to say of a document, a line each, without line numbers.
func problems(s *mis.Snapshot) []string {
	var texts []string
	for _, p := range s.Problems.List() {
		texts = append(texts, fmt.Sprintf("%s %s: %s", p.Section, p.ID, p.Reason))
	}
	return texts
}

func TestEverySectionIsRead(t *testing.T) {
	file, err := os.Open(filepath.Join("..", "..", "testdata", "isams", "oddities.xml"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	s, err := isams.Decode(file)
	if err != nil {
		t.Fatal(err)
	}
	check := func(what string, got, want any) {
		t.Helper()
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", what, diff)
		}
	}
	check("staff", s.Staff.Records, []mis.StaffMember{
		{ID: "9", Initials: "AB", Code: "ABR", Title: "Mrs", Forename: "Anne", Surname: "Brown", Name: "Nan Brown",
			Email: "anne.brown@school.example", Teaching: true, PreviousID: "77"},
		{ID: "10", Code: "CDV", Forename: "Carl", Surname: "Davies", Name: "Carl Davies", Email: "carl@school.example"},
	})
	check("pupils", s.Pupils.Records, []mis.Pupil{
		{ID: "1001", SchoolID: "S/1001", Forename: "Zoë", Surname: "O’Brien", KnownAs: "Zo", Name: "Zoë O’Brien",
			Email: "zoe@school.example", Year: 7, DivisionID: "1", FormID: "7/ABR", House: "Austin",
			BoardingHouse: "Austin"},
		{ID: "1002", Forename: "D'Arcy", Surname: "李", KnownAs: "D'Arcy", Name: "D'Arcy 李", Year: 12, FormID: "12/BBN"},
		{ID: "1003", Forename: "Ömer", Surname: "Khan", Name: "Ömer Khan", Year: 7, DivisionID: "1", FormID: ""},
		{ID: "1004", Forename: "Ann", Surname: "Lee", Name: "Ann Lee", Year: -1, DivisionID: "2"},
	})
	check("forms", s.Forms.Records, []mis.Form{
		{ID: "12/BBN", Name: "12B", Year: 12, TutorID: ""},
		{ID: "7/ABR", Name: "7A", Year: 7, TutorID: "9"},
	})
	check("sets", s.Sets.Records, []mis.Set{
		{ID: "501", Name: "7Mat1 Top", Code: "7Mat1", Year: 7, SubjectID: "3"},
		{ID: "502", Name: "7Fre2", Code: "7Fre2", Year: 7},
	})
	check("set lists", s.SetLists.Records, []mis.Member{{ID: "1", GroupID: "501", PupilID: "1001"},
		{ID: "3", GroupID: "501", PupilID: "1003"}})
	check("subjects", s.Subjects.Records, []mis.Subject{{ID: "3", Name: "Mathematics", Code: "Mat"},
		{ID: "4", Name: "French", Code: "Fre"}})
	check("rooms", s.Locations.Records, []mis.Location{{ID: "21", Name: "Lab 1", ShortName: "L1"},
		{ID: "22", Name: "Gym", ShortName: "Gym"}})
	check("academic houses", s.AcademicHouses.Records,
		[]mis.House{{ID: "academic/3", Kind: mis.Academic, Name: "Austin", Code: "A"}})
	check("boarding houses", s.BoardingHouses.Records,
		[]mis.House{{ID: "boarding/3", Kind: mis.Boarding, Name: "Austin", Code: "AB"}})
	check("divisions", s.Divisions.Records, []mis.Division{{ID: "1", Years: []era.Year{7, 12}},
		{ID: "2", Years: []era.Year{-1}}})
	check("problems", problems(s), []string{
		"CurrentPupils 1004: no year group",
		"CurrentPupils 1003: unknown form",
		"CurrentPupils 1004: unknown house",
		"Forms 12/BBN: no tutor",
		"SetLists 2: repeated",
		"SetLists 4: unknown pupil",
		"SetLists 5: unknown set",
	})
}

func TestProblemsSayWhere(t *testing.T) {
	s := decode(t,
		"<iSAMS>\n<HRManager>\n<CurrentStaff>\n<StaffMember Id=\"x1\"/>\n</CurrentStaff></HRManager></iSAMS>")
	want := mis.Problem{Section: "CurrentStaff", ID: "x1", Reason: mis.BadID, Line: 4,
		Detail: "skipped; it has no name either, so nothing of this section is ended because of it"}
	if diff := cmp.Diff([]mis.Problem{want}, s.Problems.List()); diff != "" {
		t.Error(diff)
	}
}

const ann = `<Pupil Id="1"><Fullname>Ann Lee</Fullname><NCYear>7</NCYear></Pupil>`

func pupils(records string) string {
	return school("<PupilManager><CurrentPupils>" + records + "</CurrentPupils></PupilManager>")
}

func TestR33BadRecordsAreSkippedAndSaid(t *testing.T) {
	for name, c := range map[string]struct {
		records  string
		used     int
		problems []string
		silent   []string // ids whose absence proves nothing
		certain  []string
	}{
		"good": {ann, 1, nil, nil, []string{"1", "2"}},
		"id that is not a number": {ann + `<Pupil Id="one"><Fullname>X</Fullname></Pupil>`, 1,
			[]string{"CurrentPupils one: id is not a number"}, nil, []string{"1", "2"}},
		"no id": {ann + `<Pupil><Fullname>X</Fullname></Pupil>`, 1,
			[]string{"CurrentPupils : no id"}, nil, []string{"2"}},
		"neither id nor name": {ann + `<Pupil Id="?"/>`, 1, []string{"CurrentPupils ?: id is not a number"},
			[]string{"1", "2"}, nil},
		"every name blank": {ann + `<Pupil Id="2"><Fullname>&#x20;</Fullname><Surname/><Forename> ` +
			`</Forename><NCYear>7</NCYear></Pupil>`, 1, []string{"CurrentPupils 2: no name"}, []string{"2"},
			[]string{"3"}},
		"twice the same": {ann + ann, 1, []string{"CurrentPupils 1: repeated"}, nil, []string{"1"}},
		"twice, and not the same": {ann + strings.ReplaceAll(ann, "Lee", "Li"), 0,
			[]string{"CurrentPupils 1: same id, different content"}, []string{"1"}, []string{"2"}},
		"thrice, one not the same": {ann + strings.ReplaceAll(ann, "Lee", "Li") + ann, 0,
			[]string{"CurrentPupils 1: same id, different content"}, []string{"1"}, nil},
		"one good, one faulty": {ann + `<Pupil Id="1"/>`, 0,
			[]string{"CurrentPupils 1: no name", "CurrentPupils 1: same id, different content"}, []string{"1"}, nil},
		"id with zeros and spaces": {strings.ReplaceAll(ann, `"1"`, `" 001 "`), 1, nil, nil, []string{"1"}},
		"year that is not a number": {strings.ReplaceAll(ann, `>7<`, `>seven<`), 1,
			[]string{"CurrentPupils 1: no year group", "CurrentPupils 1: value cannot be read"}, nil, []string{"1"}},
		"too large": {ann + `<Pupil Id="2"><Fullname>B</Fullname>` +
			strings.Repeat("<X>"+strings.Repeat("x", 1000)+"</X>", 1100) + `</Pupil>` +
			strings.ReplaceAll(ann, `"1"`, `"3"`), 2, []string{"CurrentPupils 2: record too large"}, []string{"2"},
			[]string{"3"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := decode(t, pupils(c.records))
			if len(s.Pupils.Records) != c.used {
				t.Errorf("%d pupils are used, want %d", len(s.Pupils.Records), c.used)
			}
			if diff := cmp.Diff(c.problems, problems(s)); diff != "" {
				t.Errorf("problems:\n%s", diff)
			}
			for _, id := range c.silent {
				if !s.Pupils.SilentOn(id, "Somebody") {
					t.Errorf("the absence of %s is taken as proof", id)
				}
			}
			for _, id := range c.certain {
				if s.Pupils.SilentOn(id, "Somebody") {
					t.Errorf("the absence of %s is not taken as proof", id)
				}
			}
		})
	}
}

func TestR33FaultySetListsEndNothing(t *testing.T) {
	s := decode(t, school(`<TeachingManager><SetLists>
		<SetList Id="1" SetId="x" PupilId="1"/><SetList Id="2" SetId="7" PupilId=""/></SetLists></TeachingManager>`))
	if !s.SetLists.SilentOn("9", "1") || !s.SetLists.SilentOn("7", "4") || s.SetLists.SilentOn("9", "4") {
		t.Error("what a faulty set list protects is wrong")
	}
	s = decode(t, school(`<TeachingManager><SetLists><SetList Id="1"/></SetLists></TeachingManager>`))
	if !s.SetLists.SilentOn("9", "4") {
		t.Error("a set list of which nothing can be read protects nothing")
	}
}

func TestR34MissingAndEmptySectionsSayNothing(t *testing.T) {
	const years = `<SchoolManager><Years><Year Id="7"/></Years></SchoolManager>`
	for _, document := range []string{school(years), school(years + "<PupilManager/>"),
		school(years + "<PupilManager><CurrentPupils>\n\t</CurrentPupils></PupilManager>")} {
		s := decode(t, document)
		if !s.Pupils.SaysNothing() || !s.Pupils.SilentOn("1", "Ann Lee") {
			t.Errorf("%s is taken for a school without pupils", document)
		}
	}
	if s := decode(t, school(years+"<PupilManager><CurrentPupils/></PupilManager>")); !s.Pupils.Present {
		t.Error("an empty section is taken for a missing one")
	}
}

func TestUnknownThingsArePassedOver(t *testing.T) {
	s := decode(t, school(`<New><CurrentPupils><Pupil Id="9"/></CurrentPupils></New>
		<PupilManager new="1"><Pupil Id="8"/><CurrentPupils><Novelty><Pupil Id="7"/></Novelty>`+
		strings.Replace(ann, "<Full", `<Future>x</Future><!-- a comment --><?a pi?><Full`, 1)+
		`</CurrentPupils></PupilManager>`))
	if len(s.Pupils.Records) != 1 || len(s.Problems.List()) != 0 {
		t.Errorf("%v %v", s.Pupils.Records, s.Problems.List())
	}
}

func TestTextIsWholeAndTrimmed(t *testing.T) {
	s := decode(t, pupils(`<Pupil Id="1"><NCYear> 7 </NCYear><Fullname> Ann<!-- really --> <![CDATA[<Lee>]]>&amp; `+
		`Co&#x20;</Fullname>`+
		`<EmailAddress/><EmailAddress Legacy="True"> A.LEE@School.Example </EmailAddress></Pupil>`))
	p := s.Pupils.Records[0]
	if p.Name != "Ann <Lee>& Co" || p.Email != "a.lee@school.example" {
		t.Errorf("%q %q", p.Name, p.Email)
	}
}

func TestYearsSectionTranslatesYearIds(t *testing.T) {
	s := decode(t, school(`<SchoolManager><Forms><Form Id="A" YearId="14"/><Form Id="B" YearId="8"/></Forms>
		<Years><Year Id="14"><NationalCurriculumYear>7</NationalCurriculumYear></Year></Years></SchoolManager>`))
	if s.Forms.Records[0].Year != 7 || s.Forms.Records[1].Year != 8 {
		t.Errorf("%+v", s.Forms.Records)
	}
}

func TestEncodings(t *testing.T) {
	body := `<iSAMS><PupilManager><CurrentPupils><Pupil Id="1"><Fullname>Zoë O’Brien</Fullname><NCYear>7</NCYear>` +
		`</Pupil></CurrentPupils></PupilManager></iSAMS>`
	declare := func(encoding string) string { return `<?xml version="1.0" encoding="` + encoding + `"?>` + body }
	convert := func(text string, err error) string {
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	little := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder()
	big := unicode.UTF16(unicode.BigEndian, unicode.UseBOM).NewEncoder()
	for name, document := range map[string]string{
		"UTF-8":                              declare("utf-8"),
		"nothing declared":                   body,
		"UTF-8 with a mark":                  "\ufeff" + declare("UTF-8"),
		"UTF-8 with a mark, declared utf-16": "\ufeff" + declare("utf-16"),
		"UTF-8 declared utf-16":              declare("utf-16"),
		"UTF-16 little-endian":               convert(little.String(declare("utf-16"))),
		"UTF-16 big-endian":                  convert(big.String(declare("UTF-16"))),
		"UTF-16 declared utf-8":              convert(little.String(declare("utf-8"))),
		"windows-1252": convert(charmap.Windows1252.NewEncoder().
			String(declare("windows-1252"))),
		"iso-8859-1, which means windows-1252": convert(charmap.Windows1252.NewEncoder().String(declare("ISO-8859-1"))),
	} {
		t.Run(name, func(t *testing.T) {
			if s := decode(t, document); len(s.Pupils.Records) != 1 || s.Pupils.Records[0].Name != "Zoë O’Brien" {
				t.Errorf("%+v", s.Pupils.Records)
			}
		})
	}
}

const message = `<?xml version="1.0" encoding="utf-16"?>
<Message><MessageId>InvalidApiKey</MessageId><MessageName>x</MessageName><Title>Invalid API Key</Title>` +
	`<Description>The API key is invalid.</Description></Message>`

// errDisk stands for a file that cannot be read to its end.
var errDisk = errors.New("input/output error")

type failing struct{ r *strings.Reader }

func (f failing) Read(p []byte) (int, error) {
	if f.r.Len() == 0 {
		return 0, errDisk
	}
	return f.r.Read(p)
}

func TestReadErrorsAreNotTakenForTheEnd(t *testing.T) {
	if _, err := isams.Decode(failing{strings.NewReader(school(""))}); !errors.Is(err, errDisk) {
		t.Errorf("%v", err)
	}
}

func FuzzDecode(f *testing.F) {
	for _, seed := range []string{"", school(""), pupils(ann), message,
		school(`<TeachingManager><SetLists><SetList Id="1" SetId="2" PupilId="3"/></SetLists></TeachingManager>`)} {
		f.Add([]byte(seed))
	}
	odd, err := os.ReadFile(filepath.Join("..", "..", "testdata", "isams", "oddities.xml"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(odd)
	f.Add(isamstest.New(1, isamstest.Size{Pupils: 4, Staff: 2, Forms: 2, Sets: 4, SetLists: 4}).Teach(4).Document())
	f.Fuzz(func(t *testing.T, document []byte) {
		s, err := isams.Decode(strings.NewReader(string(document)))
		if (s == nil) == (err == nil) {
			t.Fatalf("%v and %v", s, err)
		}
		if err != nil {
			return
		}
		for i, p := range s.Pupils.Records {
			if p.ID == "" || p.Name == "" || i > 0 && mis.CompareIDs(s.Pupils.Records[i-1].ID, p.ID) >= 0 {
				t.Errorf("pupils are not in order, or one is without id or name: %+v", s.Pupils.Records)
			}
		}
		for _, m := range s.SetLists.Records {
			if m.GroupID == "" || m.PupilID == "" {
				t.Errorf("a set list of nobody: %+v", m)
			}
		}
	})
}
