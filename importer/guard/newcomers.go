package guard

import (
	"cmp"
	"fmt"
	"slices"

	"misimportd/era"
	"misimportd/importer/want"
	"misimportd/importer/words"
	"misimportd/mis"
	"misimportd/store/model"
)

// strangers judges what is new: much of it on one night is another school's (R38). A school
// takes in many pupils at once, but into one or two of its year groups. New rooms, subjects and
// houses harm nobody.
func (j *judgement) strangers() []Finding {
	created, years := map[string]int{}, map[era.Year]int{}
	for _, c := range j.Plan.Changes {
		if c.Action != model.Create || !slices.Contains(comeInSmallNumbers, c.Entity()) {
			continue
		}
		if g, isGroup := c.After.(model.Group); isGroup && !slices.Contains(comesByItself, g.GroupKind) {
			continue // others come by the term, of the school's file, or follow from the rest
		}
		created[model.KindOfRecord(c.After)]++
		if p, ok := c.After.(model.Pupil); ok {
			years[p.Year]++
		}
	}
	kindsOfNew := []string{}
	for kind := range created {
		kindsOfNew = append(kindsOfNew, kind)
	}
	slices.Sort(kindsOfNew)
	return worst(kindsOfNew, func(kind string) Finding {
		c := measure{about: kind, holds: model.HoldAll, count: created[kind]}
		switch {
		case kind == "":
		case kind == string(model.PupilEntity):
			j.newPupils(&c, years)
		default:
			if c.of = len(recordsOf(j.State, kind)); c.of == 0 {
				c.count = 0 // the first of their kind
			}
			c.says = fmt.Sprintf("%s %s would be new, beside %s that there are", words.Thousands(c.count),
				model.Kinds(kind), words.Thousands(c.of))
		}
		return j.finding(RecordsNew, c)
	})
}

var comeInSmallNumbers = []model.Entity{model.PupilEntity, model.StaffEntity, model.GroupEntity}

// comesByItself are the kinds of group of which few are new at once.
var comesByItself = []string{model.FormGroup, model.SetGroup, model.CustomGroup}

// newPupils counts new pupils but for the two year groups that most of them join.
func (j *judgement) newPupils(c *measure, created map[era.Year]int) {
	known := []era.Year{}
	for year := range created {
		if year.Known() {
			known = append(known, year)
		}
	}
	slices.SortFunc(known, func(a, b era.Year) int {
		return cmp.Or(cmp.Compare(created[b], created[a]), cmp.Compare(a, b))
	})
	intake := known[:min(2, len(known))]
	c.causes = tallied{}
	for year, n := range created {
		if slices.Contains(intake, year) {
			c.count -= n
		} else {
			c.causes[cmp.Or(words.Prefixed("year ", year.String()), "no year")] = n
		}
	}
	for _, p := range j.State.Pupils {
		c.of += btoi(p.Current && !slices.Contains(intake, p.Year))
	}
	if want.CountCurrent(j.State.Pupils) == 0 {
		c.count = 0
	}
	c.says = fmt.Sprintf("%s pupils would be new in year groups that no intake joins, beside %s that there are: are "+
		"another school's among them?",
		words.Thousands(c.count), words.Thousands(c.of))
}

// absentYears looks for year groups of which the document has nobody. A pupil whose year
// stands there no longer, and is taken from the form, is not one of it.
func (j *judgement) absentYears() []Finding {
	c := measure{holds: model.HoldRemovals, causes: tallied{}}
	if j.Snap.Pupils.SaysNothing() {
		return []Finding{j.finding(YearsAbsent, c)}
	}
	blank := Yearless(j.Snap.Problems.List(), j.Snap.Pupils.Section)
	isNew := blank.Count-j.Yearless >= large
	here, yearOf := map[era.Year]int{}, map[string]era.Year{}
	for i := range j.State.Pupils {
		p := &j.State.Pupils[i]
		if p.Current && p.Year.Known() {
			here[p.Year]++
		}
		if blank.Count > 0 {
			yearOf[p.SourceID] = p.Year
		}
	}
	has := map[era.Year]int{}
	for i := range j.Snap.Pupils.Records {
		switch p := &j.Snap.Pupils.Records[i]; {
		case isNew && (blank.ids[p.ID] || blank.Count > len(blank.ids)): // then not all of them are named
		case p.Year.Known():
			has[p.Year]++
		default:
			has[yearOf[p.ID]]++
		}
	}
	for year, n := range here {
		if n < large {
			continue
		}
		c.of++
		if has[year] == 0 {
			c.count++
			c.causes["year "+year.String()] = n
		}
	}
	c.says = fmt.Sprintf("%s of %s year groups have no pupil in the document", words.Thousands(c.count),
		words.Thousands(c.of))
	if isNew {
		c.holds = model.HoldAll
		c.says += fmt.Sprintf(", which gives no year for %s pupils", words.Thousands(blank.Count))
	}
	return []Finding{j.finding(YearsAbsent, c)}
}

// blanks are the pupils of whom the document tells no year.
type blanks struct {
	ids   map[string]bool // not all, when there are very many
	Count int
}

// Yearless finds them among the problems with a document.
func Yearless(problems []mis.Problem, section string) blanks {
	b := blanks{ids: map[string]bool{}}
	for _, p := range problems {
		if p.Section == section && p.Reason == mis.NoYearGroup {
			b.ids[p.ID] = true
			b.Count += 1 + p.More
		}
	}
	return b
}
