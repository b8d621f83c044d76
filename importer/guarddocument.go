package importer

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"misimportd/mis"
	"misimportd/store"
)

// sections judges what the document has of each section (R34).
func (j *judgement) sections() {
	for _, s := range j.silences {
		j.find(SectionsMissing, s.section, store.HoldSections, s.kept, s.kept, nil,
			fmt.Sprintf("the section %s is absent or empty, and the database holds %s%s of it, of which nothing is ended", s.section, thousands(s.kept), s.unit))
	}
	if len(j.silences) == 0 {
		j.find(SectionsMissing, "", store.HoldSections, 0, 0, nil, "")
	}
	var worst Finding
	counts, breached := j.snap.Counts(), false
	for _, section := range slices.Sorted(maps.Keys(j.baseline)) {
		had, has := j.baseline[section], counts[section]
		if has == 0 || has >= had {
			continue
		}
		j.find(SectionShrinks, section, store.HoldRemovals, had-has, had, nil,
			fmt.Sprintf("the section %s has %s records where it had %s, which is %.1f %% less", section, thousands(has), thousands(had), 100*float64(had-has)/float64(had)))
		last := len(j.findings) - 1
		if f := j.findings[last]; f.Breached {
			breached = true
		} else {
			j.findings = j.findings[:last]
			if f.Value > worst.Value {
				worst = f
			}
		}
	}
	if !breached {
		if worst.Limit == "" {
			j.find(SectionShrinks, "", store.HoldRemovals, 0, 0, nil, "")
		} else {
			j.findings = append(j.findings, worst)
		}
	}
}

// document judges whether the document is this school's at all, and can be read.
func (j *judgement) document() {
	j.shares()
	j.rekeyed()
	j.skipped()
}

// shares looks at how much of the pupils that the database has is in the document, and how
// much of the document's the database knows.
func (j *judgement) shares() {
	known, current, missing := map[string]bool{}, 0, 0
	said := map[string]bool{}
	for _, p := range j.snap.Pupils.Records {
		said[p.ID] = true
	}
	lost, strange := tallied{}, tallied{}
	for _, p := range j.state.Pupils {
		known[p.SourceID] = true
		if p.Current {
			current++
			if !said[p.SourceID] && !j.snap.Pupils.SilentOn(p.SourceID, p.Name) {
				missing++
				lost["pupil "+p.SourceID]++
			}
		}
	}
	wanted, unknown := 0, 0
	for _, p := range j.snap.Pupils.Records {
		if j.differ.unwanted["pupil "+p.ID] || j.differ.yearless[p.ID] {
			continue
		}
		wanted++
		if !known[p.ID] {
			unknown++
			strange["pupil "+p.ID]++
		}
	}
	const ask = ": is it another school's document, or have the ids changed?"
	if limit := j.limits[DocumentDiffers]; current < max(1, limit.AtLeast) || unknown*max(1, current) <= missing*max(1, wanted) {
		j.find(DocumentDiffers, j.snap.Pupils.Section, store.HoldAll, missing, current, lost, fmt.Sprintf("%s current pupils are not in the document%s", share(missing, current), ask))
		return
	}
	j.find(DocumentDiffers, j.snap.Pupils.Section, store.HoldAll, unknown, wanted, strange, fmt.Sprintf("%s pupils in the document are unknown here%s", share(unknown, wanted), ask))
}

// rekeyed looks for people who go and come on the same night under the same name, with new
// ids.
func (j *judgement) rekeyed() {
	type person struct{ kind, forename, surname string }
	gone := map[person][]string{}
	people := 0
	saidPupils, saidStaff := map[string]bool{}, map[string]bool{}
	for _, p := range j.snap.Pupils.Records {
		saidPupils[p.ID] = true
	}
	for _, s := range j.snap.Staff.Records {
		saidStaff[s.ID] = true
	}
	note := func(who person, id string, isSaid bool) {
		people++
		if !isSaid {
			gone[who] = append(gone[who], id)
		}
	}
	for _, p := range j.state.Pupils {
		if p.Current {
			name, _, _ := strings.Cut(p.Name, " (")
			note(person{"pupil", cmp.Or(p.Forename, name), p.Surname}, p.SourceID, saidPupils[p.SourceID] || j.snap.Pupils.SilentOn(p.SourceID, p.Name))
		}
	}
	for _, s := range j.state.Staff {
		if s.Current {
			note(person{"staff", cmp.Or(s.Forename, s.Name), s.Surname}, s.SourceID, saidStaff[s.SourceID] || j.snap.Staff.SilentOn(s.SourceID, s.Name))
		}
	}
	rekeyed, pairs := 0, tallied{}
	match := func(who person, id string) {
		if ids := gone[who]; len(ids) > 0 {
			rekeyed++
			pairs[fmt.Sprintf("%s %s → %s", who.kind, ids[0], id)]++
			gone[who] = ids[1:]
		}
	}
	for _, p := range j.differ.want.pupils {
		if p.ID < 0 {
			name, _, _ := strings.Cut(p.Name, " (")
			match(person{"pupil", cmp.Or(p.Forename, name), p.Surname}, p.SourceID)
		}
	}
	for _, s := range j.differ.want.staff {
		if s.ID < 0 {
			match(person{"staff", cmp.Or(s.Forename, s.Name), s.Surname}, s.SourceID)
		}
	}
	j.find(IDsChanged, "", store.HoldAll, rekeyed, people, pairs, share(rekeyed, people)+" pupils and staff would leave and join on the same night, under the same names with new ids: have the ids changed?")
}

// faults are the reasons for which a record is skipped.
var faults = map[mis.Reason]bool{mis.NoID: true, mis.BadID: true, mis.Conflicting: true, mis.NoName: true, mis.BadValue: true, mis.TooLarge: true}

func (j *judgement) skipped() {
	seen, skipped, where := 0, 0, tallied{}
	for _, n := range j.snap.Counts() {
		seen += n
	}
	for _, p := range j.snap.Problems.List() {
		if faults[p.Reason] {
			skipped += 1 + p.More
			where[fmt.Sprintf("%s: %s", p.Section, p.Reason)] += 1 + p.More
		}
	}
	j.find(RecordsSkipped, "", store.HoldAll, skipped, seen, where, share(skipped, seen)+" records of the document cannot be read")
}
