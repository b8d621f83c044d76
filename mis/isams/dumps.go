package isams

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"

	"misimportd/era"
	"misimportd/mis"
)

// Dump is a dump of one of iSAMS's own tables, as SQL Server's tools write it: a CSV file.
type Dump struct {
	Name string // the file's, such as TblActivityManagerGroup.csv
	Open func() (io.ReadCloser, error)
}

// IsDump tells whether a file of this name is a dump that is read.
func IsDump(name string) bool {
	_, known := newDecoder().tables[strings.TrimSuffix(name, ".csv")]
	return known && strings.HasSuffix(name, ".csv")
}

// table says how a dump is read.
type table struct {
	columns []string // that it has to have
	row     func(*row)
	note    func(id string, reason mis.Reason, line int, format string, args ...any)
	begin   func() // it has a header
	broken  func() // some of it cannot be read: what it does not say may stand there
}

// row is one record of a dump.
type row struct {
	fields []string
	at     map[string]int // columns by name
	line   int
}

// text is the trimmed text of a column, "" for NULL. It is in UTF-8, or what is not is in Windows' own encoding.
func (r *row) text(column string) string {
	at := r.at[column]
	if at >= len(r.fields) {
		return ""
	}
	text := r.fields[at]
	if !utf8.ValidString(text) {
		if decoded, err := charmap.Windows1252.NewDecoder().String(text); err == nil {
			text = decoded
		}
	}
	if text = strings.TrimSpace(oneLine.Replace(text)); text == "NULL" {
		return ""
	}
	return text
}

// flag is a boolean: 1, True or true.
func (r *row) flag(column string) bool { return flagOf(r.text(column)) }

// errRecordTooLarge says that a dump has a record without end, as one does that was cut off within quotes.
var errRecordTooLarge = errors.New("record too large")

// recordLimit refuses to feed one record without end: a CSV reader holds a record whole in memory.
type recordLimit struct {
	r    io.Reader
	left int
}

func (l *recordLimit) Read(p []byte) (int, error) {
	if l.left <= 0 {
		return 0, errRecordTooLarge
	}
	n, err := l.r.Read(p)
	l.left -= n
	return n, err
}

// read reads a dump to its end. What cannot be read of it becomes a Problem; the error is of the file.
func (t *table) read(file io.Reader) error {
	text, err := textOfDump(file)
	if err != nil {
		return err
	}
	limit := &recordLimit{r: text, left: maxRecordBytes}
	c := csv.NewReader(limit)
	c.FieldsPerRecord, c.ReuseRecord = -1, true
	head, err := c.Read()
	if err != nil {
		return t.stopped(c, err, 1)
	}
	r := &row{at: map[string]int{}}
	for i, name := range head {
		r.at[strings.TrimSpace(name)] = i
	}
	if len(head) == 1 && strings.Count(head[0], ";") > 1 {
		t.note("", mis.DumpUnreadable, 1, "its columns are apart by semicolons, so the dump is not used: save it "+
			"with commas")
		return nil
	}
	for _, column := range t.columns {
		if _, there := r.at[column]; !there {
			t.note("", mis.DumpUnreadable, 1, "the column %s is missing, so the dump is not used: its first line "+
				"has to name %s", column, strings.Join(t.columns, ", "))
			return nil
		}
	}
	t.begin()
	for {
		limit.left = maxRecordBytes
		r.fields, err = c.Read()
		if err == nil {
			r.line, _ = c.FieldPos(0)
		}
		var faulty *csv.ParseError
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case errors.As(err, &faulty) || err == nil && len(r.fields) < len(head):
			line := r.line
			if faulty != nil {
				line = faulty.StartLine
			}
			t.note("", mis.DumpUnreadable, line, "the line is not whole, or has a quote that is not doubled; "+
				"skipped, and nothing that the dump does not say is ended because of it")
			t.broken()
		case err != nil:
			return t.stopped(c, err, r.line)
		default:
			t.row(r)
		}
	}
}

// stopped tells why a dump cannot be read to its end.
func (t *table) stopped(c *csv.Reader, err error, line int) error {
	var faulty *csv.ParseError
	switch {
	case errors.Is(err, io.EOF):
		t.note("", mis.DumpUnreadable, 0, "it is empty: not even the columns are named")
	case errors.As(err, &faulty):
		t.note("", mis.DumpUnreadable, faulty.StartLine, "it is cut off within quotes that begin in this line; "+
			"nothing that it does not say is ended because of it")
		t.broken()
	case errors.Is(err, errRecordTooLarge):
		t.note("", mis.TooLarge, line, "the record after this line has more than %d bytes: is a quote missing? "+
			"The rest is not read, and nothing that it does not say is ended because of it", maxRecordBytes)
		t.broken()
	default:
		return err
	}
	return nil
}

// textOfDump is a dump's text without the mark at its beginning, and in UTF-8 where it is in UTF-16.
func textOfDump(file io.Reader) (io.Reader, error) {
	text := bufio.NewReader(file)
	head, err := text.Peek(4)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	wide := func(order unicode.Endianness) io.Reader {
		return unicode.UTF16(order, unicode.UseBOM).NewDecoder().Reader(text)
	}
	switch {
	case bytes.HasPrefix(head, bomUTF8):
		_, err = text.Discard(len(bomUTF8))
		return text, err
	case bytes.HasPrefix(head, bomUTF16BE), bytes.HasPrefix(head, bomUTF16LE):
		return wide(unicode.LittleEndian), nil
	case len(head) > 1 && head[0] != 0 && head[1] == 0: // no mark, and every other byte is nought
		return wide(unicode.LittleEndian), nil
	case len(head) > 1 && head[0] == 0 && head[1] != 0:
		return wide(unicode.BigEndian), nil
	}
	return text, nil
}

// timeOf reads a moment of a dump, as SQL Server or ISO writes it.
func timeOf(text string) (date era.Date, clock era.Clock, err error) {
	day, time, _ := strings.Cut(strings.Replace(text, "T", " ", 1), " ")
	if date, err = era.ReadDate(day); err != nil || time == "" {
		return date, 0, err
	}
	time, _, _ = strings.Cut(time, ".")
	clock, err = era.ParseClock(clockText(strings.TrimSuffix(time, "Z")))
	return date, clock, err
}

// daysOf reads the first and the last day of a row, which may be blank. It fails with what to say.
func daysOf(r *row, from, to string) (days era.Interval, err error) {
	for _, of := range []struct {
		column string
		into   *era.Date
	}{{from, &days.From}, {to, &days.To}} {
		if text := r.text(of.column); text != "" {
			if *of.into, _, err = timeOf(text); err != nil {
				return days, fmt.Errorf("%s %q is not a date", of.column, clipName(text))
			}
		}
	}
	return days, nil
}
