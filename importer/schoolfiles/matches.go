package schoolfiles

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"

	"misimportd/era/files"
)

// Match is a line of the file of matches: which record of the previous MIS is which of the new one.
type Match struct {
	Kind, Old, New string
	Line           int // of the file
}

// ReadMatches reads the file in which a person wrote which record of the previous MIS is which of the new
// one: kind, old id, new id, a line each, in any form in which a spreadsheet writes it. A file that is
// not there has none; named is whether somebody said that it is.
func ReadMatches(path string, named bool) (pairs []Match, err error) {
	text, err := files.Read(path)
	if errors.Is(err, fs.ErrNotExist) && !named {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("matches: %w", err)
	}
	if text, err = fromSpreadsheet(text); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	reader := csv.NewReader(bytes.NewReader(text))
	reader.Comma, reader.FieldsPerRecord, reader.TrimLeadingSpace = separator(text), -1, true
	for {
		fields, err := reader.Read()
		var fault *csv.ParseError
		switch {
		case errors.Is(err, io.EOF):
			return pairs, nil
		case errors.As(err, &fault):
			return nil, fmt.Errorf("%s: line %d: %w: write kind, old id, new id", path, fault.Line, fault.Err)
		case err != nil:
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		line, _ := reader.FieldPos(0)
		pair, isPair, err := readPair(fields, line, len(pairs) == 0)
		if err != nil {
			return nil, fmt.Errorf("%s: line %d: %w", path, line, err)
		}
		if isPair {
			pairs = append(pairs, pair)
		}
	}
}

// readPair reads a line. The first may say what the columns are; one without anything is none.
func readPair(fields []string, line int, isFirst bool) (p Match, isPair bool, err error) {
	for i := range fields {
		fields[i] = strings.TrimSpace(fields[i])
	}
	if strings.Join(fields, "") == "" {
		return p, false, nil
	}
	for len(fields) > 3 && fields[len(fields)-1] == "" {
		fields = fields[:len(fields)-1]
	}
	if isFirst && strings.EqualFold(fields[0], "kind") {
		return p, false, nil
	}
	if len(fields) != 3 || fields[0] == "" || fields[1] == "" || fields[2] == "" {
		return p, false, fmt.Errorf("expected kind, old id and new id, and found %q", strings.Join(fields, ", "))
	}
	return Match{Kind: strings.ToLower(fields[0]), Old: fields[1], New: fields[2], Line: line}, true, nil
}

// fromSpreadsheet is a text in UTF-8, be it written in that, in UTF-16, or as Windows does.
func fromSpreadsheet(text []byte) ([]byte, error) {
	for _, mark := range []string{"\xff\xfe", "\xfe\xff"} {
		if bytes.HasPrefix(text, []byte(mark)) {
			return unicode.UTF16(unicode.LittleEndian, unicode.ExpectBOM).NewDecoder().Bytes(text)
		}
	}
	text = bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))
	if bytes.IndexByte(text, 0) >= 0 {
		return nil, errors.New("this is no text: save the sheet as CSV")
	}
	if utf8.Valid(text) {
		return text, nil
	}
	return charmap.Windows1252.NewDecoder().Bytes(text)
}

// separator is what stands between the fields of the first line that has any.
func separator(text []byte) rune {
	for line := range strings.Lines(string(text)) {
		for _, between := range []rune{';', '\t', ','} {
			if strings.ContainsRune(line, between) {
				return between
			}
		}
	}
	return ','
}
