package isams

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"

	"misimportd/mis"
)

// collector gathers the records of one kind into a roll, whatever order they come
// in (R30).
type collector[T comparable] struct {
	roll     *mis.Roll[T]
	problems *mis.Problems
	byID     map[string]*held[T]
	ids      []string // of the roll's records, once it is finished
}

// held is a record waiting for the end of the document, where it is known whether
// another one contradicts it.
type held[T comparable] struct {
	value       T
	line        int
	again       int // the line of another that is the same, 0 for none
	conflicting bool
}

func newCollector[T comparable](roll *mis.Roll[T], section string, problems *mis.Problems) *collector[T] {
	roll.Section = section
	roll.Faulty, roll.Unreadable = map[string]bool{}, map[string]bool{}
	return &collector[T]{roll: roll, problems: problems, byID: map[string]*held[T]{}}
}

func (c *collector[T]) enter() { c.roll.Present = true }

func (c *collector[T]) note(id string, reason mis.Reason, line int, format string, args ...any) {
	c.problems.Add(mis.Problem{Section: c.roll.Section, ID: id, Reason: reason, Line: line,
		Detail: fmt.Sprintf(format, args...)})
}

// skip leaves a faulty record out and remembers that nothing is known of it.
func (c *collector[T]) skip(id string, reason mis.Reason, line int, format string, args ...any) {
	c.note(id, reason, line, format, args...)
	c.roll.Faulty[id] = true
}

// skipUnreadable leaves out a record whose id, given as text, cannot be read. What the
// database holds under its name is safe.
func (c *collector[T]) skipUnreadable(text, name string, line int) {
	reason, kept := mis.BadID, "nothing of the same name is ended because of it"
	switch {
	case text == "":
		reason = mis.NoID
	case len(text) > maxTextID:
		reason = mis.TooLarge
	}
	if name == "" {
		kept = "it has no name either, so nothing of this section is ended because of it"
	}
	c.note(clip(text), reason, line, "skipped; %s", kept)
	c.roll.Unreadable[name] = true
}

// clip shows what a document holds where an id should be, unless it may be anything:
// problems are logged, and names must not be.
func clip(text string) string {
	const enough = 40
	if text == "" || len(text) <= enough && idLike.MatchString(text) {
		return text
	}
	return "(no id)"
}

var idLike = regexp.MustCompile(`^[\p{L}\p{N}_./?-]+$`)

// accepted reports whether rec is of a size to be read, and its id in the form
// that canonical gives it.
func (c *collector[T]) accepted(rec *record, canonical func(string) (string, bool), name func(*record) string) (string,
	bool) {
	c.roll.Seen++
	id, ok := canonical(rec.attr("Id"))
	if !ok {
		c.skipUnreadable(rec.attr("Id"), name(rec), rec.line)
		return "", false
	}
	if rec.tooLarge {
		c.skip(id, mis.TooLarge, rec.line, "more than %d bytes; skipped", maxRecordBytes)
		return "", false
	}
	return id, true
}

func (c *collector[T]) add(id string, value T, line int) {
	earlier := c.byID[id]
	switch {
	case earlier == nil:
		c.byID[id] = &held[T]{value: value, line: line}
	case earlier.value == value:
		earlier.again = line
	default:
		earlier.conflicting = true
	}
}

// finish puts the usable records into the roll. Of records that share an id and
// differ none is used, for which came first must not matter.
func (c *collector[T]) finish() {
	c.roll.Records = make([]T, 0, len(c.byID))
	for _, id := range sortedIDs(c.byID) {
		h := c.byID[id]
		if h.conflicting || c.roll.Faulty[id] {
			c.skip(id, mis.Conflicting, h.line, "several records have this id and differ; none is used")
			continue
		}
		if h.again > 0 {
			c.note(id, mis.Repeated, h.again, "the same as in line %d; used once", h.line)
		}
		c.roll.Records, c.ids = append(c.roll.Records, h.value), append(c.ids, id)
	}
	c.byID = nil
}

func sortedIDs[V any](m map[string]V) []string {
	ids := make([]string, 0, len(m))
	for id := range m {
		ids = append(ids, id)
	}
	slices.SortFunc(ids, mis.CompareIDs)
	return ids
}

// memberCollector gathers who is in which group of a kind. Their identity is the pair: the
// record's own id changes when a pupil is taken out and put back.
type memberCollector struct {
	collector[mis.Member]
	lists *mis.MemberLists
	in    membersOf
	ids   map[string]string // each id's one copy: a group's id comes with every pupil in it
}

// membersOf says how a kind of group calls its members.
type membersOf struct {
	section, group       string // the group as people call it
	groupField, pupilKey string // where the ids stand
}

func newMemberCollector(lists *mis.MemberLists, in membersOf, problems *mis.Problems) *memberCollector {
	lists.FaultyIn, lists.FaultyOf = map[string]bool{}, map[string]bool{}
	return &memberCollector{
		collector: *newCollector(&lists.Roll, in.section, problems),
		lists:     lists, in: in, ids: map[string]string{},
	}
}

func (c *memberCollector) read(rec *record) {
	c.roll.Seen++
	id := rec.attr("Id")
	group, groupOK := c.number(rec.field(c.in.groupField))
	pupil, pupilOK := c.number(rec.field(c.in.pupilKey))
	switch {
	case groupOK && pupilOK:
		c.roll.Records = append(c.roll.Records, mis.Member{ID: id, GroupID: group, PupilID: pupil})
	case groupOK:
		c.note(clip(id), reasonOf(rec, c.in.pupilKey), rec.line,
			"%s %q; skipped, and nobody leaves %s %s because of it", c.in.pupilKey, clip(rec.field(c.in.pupilKey)),
			c.in.group, group)
		c.lists.FaultyIn[group] = true
	case pupilOK:
		c.note(clip(id), reasonOf(rec, c.in.groupField), rec.line,
			"%s %q; skipped, and pupil %s leaves no %s because of it", c.in.groupField,
			clip(rec.field(c.in.groupField)), pupil, c.in.group)
		c.lists.FaultyOf[pupil] = true
	default:
		c.note(clip(id), mis.BadID, rec.line, "neither %s nor %s can be read; skipped, and nobody leaves "+
			"any %s because of it", c.in.groupField, c.in.pupilKey, c.in.group)
		c.roll.Unreadable[""] = true
	}
}

// reasonOf tells an id that is missing from one that is no number.
func reasonOf(rec *record, name string) mis.Reason {
	if rec.field(name) == "" {
		return mis.NoID
	}
	return mis.BadID
}

func (c *memberCollector) number(text string) (string, bool) {
	if id, ok := c.ids[text]; ok {
		return id, true
	}
	id, ok := number(text)
	if ok {
		c.ids[text] = id
	}
	return id, ok
}

func (c *memberCollector) finish() {
	slices.SortFunc(c.roll.Records, func(a, b mis.Member) int {
		return cmp.Or(mis.CompareIDs(a.GroupID, b.GroupID), mis.CompareIDs(a.PupilID, b.PupilID),
			mis.CompareIDs(a.ID, b.ID))
	})
	kept := c.roll.Records[:0]
	for i, m := range c.roll.Records {
		if i > 0 && m.GroupID == kept[len(kept)-1].GroupID && m.PupilID == kept[len(kept)-1].PupilID {
			c.note(m.ID, mis.Repeated, 0, "pupil %s is listed for %s %s more than once; used once", m.PupilID,
				c.in.group,
				m.GroupID)
			continue
		}
		kept = append(kept, m)
	}
	c.roll.Records = kept
}
