package guard

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"

	"misimportd/era"
	"misimportd/store/model"
)

// Look is what it looks like when many records change the same field on one night.
type Look string

// What changes of values look like.
const (
	Garbled   Look = "garbled"    // text in a wrong encoding
	Swapped   Look = "swapped"    // with another field of the record
	AllOne    Look = "all one"    // and the same value
	NewDomain Look = "new domain" // of addresses
	OneUp     Look = "one up"     // year groups
	OneDown   Look = "one down"
	Moved     Look = "moved"   // times, all by as much
	Shifted   Look = "shifted" // the value of the record beside it
	Others    Look = "others'" // the value of some other record
	Shared    Look = "shared"  // values that were apart
	Renamed   Look = "renamed" // groups, rooms, subjects or houses, and none of the above
	New       Look = "new"     // none of the above
)

// says tells people of a look.
var says = map[Look]string{
	Garbled:   ": this looks like text in a wrong encoding, in which letters have become other signs",
	Swapped:   ": it is what stood in another field of the same record, as when two columns are swapped",
	AllOne:    ": all of them now have one and the same",
	NewDomain: ": every address has the same new domain, as when a school takes another one",
	OneUp:     ": every year group is one higher, as at a new school year, but this is none",
	OneDown:   ": every year group is one lower",
	Moved:     ": all are moved by the same time",
	Shifted:   ": it is that of the record before or after it, as when a column has slipped",
	Others:    ": it is what another record had until now, as when records are mixed up",
	Shared:    ": values that were apart are now shared",
	Renamed:   ": none of the new ones was another's before, as when a school renames them",
	New:       "",
}

// looks is what to look for, what says most first.
var looks = []struct {
	look Look
	fits func(*fieldChanges) bool
}{
	{Garbled, func(f *fieldChanges) bool { return f.most(0.5, valueChange.isGarbled) }},
	{Swapped, (*fieldChanges).isSwapped},
	{AllOne, func(f *fieldChanges) bool {
		return len(f.changes) > 1 && f.most(0.95, func(c valueChange) bool { return c.is == f.changes[0].is })
	}},
	{NewDomain, (*fieldChanges).hasNewDomain},
	{OneUp, func(f *fieldChanges) bool { return f.most(0.8, func(c valueChange) bool { return c.years() == 1 }) }},
	{OneDown, func(f *fieldChanges) bool { return f.most(0.8, func(c valueChange) bool { return c.years() == -1 }) }},
	{Moved, func(f *fieldChanges) bool {
		by := f.changes[0].minutes()
		return by != 0 && f.most(0.8, func(c valueChange) bool { return c.minutes() == by })
	}},
	{Shifted, (*fieldChanges).isShifted},
	{Others, func(f *fieldChanges) bool {
		had := f.holders()
		return f.most(0.8, func(c valueChange) bool { return had[c.is] > 0 })
	}},
	{Shared, func(f *fieldChanges) bool {
		now := map[any]int{}
		for _, c := range f.changes {
			now[c.is]++
		}
		return f.wereApart() && f.most(0.5, func(c valueChange) bool { return now[c.is] > 1 })
	}},
	{Renamed, func(f *fieldChanges) bool {
		return !slices.Contains([]string{string(model.PupilEntity), string(model.StaffEntity),
			string(model.LessonEntity)}, f.Kind)
	}},
	{New, func(*fieldChanges) bool { return true }},
}

// look is what the changes look like.
func (f *fieldChanges) look() Look {
	for _, l := range looks {
		if len(f.changes) > 0 && l.fits(f) {
			return l.look
		}
	}
	return ""
}

// most tells whether a share of the changes are so.
func (f *fieldChanges) most(share float64, so func(valueChange) bool) bool {
	n := 0
	for _, c := range f.changes {
		n += btoi(so(c))
	}
	return float64(n) >= share*float64(len(f.changes))
}

// holders counts which records have which value so far.
func (f *fieldChanges) holders() map[any]int {
	had := map[any]int{}
	for _, r := range f.records {
		if value := model.ValueOf(r, f.Field); value != nil {
			had[value]++
		}
	}
	return had
}

// wereApart tells whether nearly every record has a value of its own so far.
func (f *fieldChanges) wereApart() bool {
	n := len(f.holders())
	return n > 0 && 20*n >= 19*f.of
}

// shared are the changes to a value that another record has, or had, of a field in which
// nearly every record had its own; fewer than so many are not looked at.
func (f *fieldChanges) shared(atLeast int) (changes []valueChange) {
	if len(f.changes) < max(1, atLeast) {
		return nil
	}
	had := f.holders()
	if !f.wereApart() {
		return nil
	}
	now := map[any]int{}
	for _, c := range f.changes {
		now[c.is]++
	}
	for _, c := range f.changes {
		if now[c.is] > 1 || had[c.is] > 0 {
			changes = append(changes, c)
		}
	}
	return changes
}

// isSwapped tells whether the values are those of another field, and the other way round.
func (f *fieldChanges) isSwapped() bool {
	fields := model.Pinnable(f.changes[0].before.Entity())
	return slices.ContainsFunc(fields, func(other string) bool {
		return other != f.Field && f.most(0.5, func(c valueChange) bool {
			return model.ValueOf(c.before, other) == c.is && model.ValueOf(c.after, other) == c.was
		})
	})
}

// isShifted tells whether records have the value of the one beside them.
func (f *fieldChanges) isShifted() bool {
	at := make(map[model.ID]int, len(f.records))
	for i, r := range f.records {
		at[r.RowID()] = i
	}
	beside := func(by int) bool {
		return len(f.records) > 0 && f.most(0.8, func(c valueChange) bool {
			i, ok := at[c.before.RowID()]
			return ok && model.ValueOf(f.records[(i+by+len(f.records))%len(f.records)], f.Field) == c.is
		})
	}
	return beside(1) || beside(-1)
}

// hasNewDomain tells whether addresses differ in their domain only, which is one.
func (f *fieldChanges) hasNewDomain() bool {
	domain := f.changes[0].domain()
	return domain != "" && f.most(0.95, func(c valueChange) bool { return c.domain() == domain })
}

// domain is the new domain of an address, of which nothing else changes.
func (c valueChange) domain() string {
	was, is := c.texts()
	whoWas, _, ok := strings.Cut(was, "@")
	whoIs, domain, also := strings.Cut(is, "@")
	if !ok || !also || whoWas != whoIs {
		return ""
	}
	return domain
}

func (c valueChange) texts() (was, is string) {
	was, _ = c.was.(string)
	is, _ = c.is.(string)
	return was, is
}

// years is by how many a year group is higher.
func (c valueChange) years() int {
	was, ok := c.was.(era.Year)
	is, also := c.is.(era.Year)
	if !ok || !also {
		return 0
	}
	return int(is) - int(was)
}

// minutes is by how many a time of day is later.
func (c valueChange) minutes() int {
	was, ok := c.was.(era.Moment)
	is, also := c.is.(era.Moment)
	if !ok || !also {
		return 0
	}
	return int(is - was)
}

func (c valueChange) isGarbled() bool { return isGarbled(c.texts()) }

// isGarbled tells whether a text looks like another one whose encoding was mistaken: letters
// that have become question marks or replacement characters, or two signs each.
func isGarbled(was, is string) bool {
	if was == "" || is == "" || was == is {
		return false
	}
	const lost = string(utf8.RuneError)
	worse := func(sign string) bool { return strings.Count(is, sign) > strings.Count(was, sign) }
	switch {
	case worse(lost), worse("&#"):
		return true
	case !hasLettersBeyondASCII(was):
		return isMisread(is)
	}
	return worse("?") || isMisread(is) && !isMisread(was) || is == withoutLettersBeyondASCII(was)
}

func hasLettersBeyondASCII(text string) bool { return withoutLettersBeyondASCII(text) != text }

func withoutLettersBeyondASCII(text string) string {
	return strings.Map(func(r rune) rune {
		if r > unicode.MaxASCII {
			return -1
		}
		return r
	}, text)
}

// isMisread tells whether a text is UTF-8 that was taken for Windows-1252: ZoÃ«.
func isMisread(text string) bool {
	if !hasLettersBeyondASCII(text) {
		return false
	}
	bytes := make([]byte, 0, len(text))
	for _, r := range text {
		b, ok := charmap.Windows1252.EncodeRune(r)
		switch {
		case ok:
			bytes = append(bytes, b)
		case r < 0x100:
			bytes = append(bytes, byte(r))
		default:
			return false
		}
	}
	return utf8.Valid(bytes)
}
