package guard

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"misimportd/importer/want"
	"misimportd/importer/words"
	"misimportd/mis"
	"misimportd/store/model"
)

// sectionsMissing judges which sections the document has not, and should have (R34).
func (j *judgement) sectionsMissing() (found []Finding) {
	for _, s := range j.MissingSections {
		if s.Kept == 0 { // the database has nothing of it that could be kept until a person decides
			found = append(found, j.finding(SectionsMissing, measure{about: s.Section, holds: model.HoldAll,
				count: s.Known, of: s.Known,
				says: fmt.Sprintf("%s is absent or empty, and had %s last time", s.Section, words.Thousands(s.Known))}))
			continue
		}
		found = append(found, j.finding(SectionsMissing, measure{about: s.Section, holds: model.HoldSections,
			count: s.Kept, of: s.Kept,
			says: fmt.Sprintf("%s is absent or empty, and the database holds %s%s of it; nothing of that is ended "+
				"unless a person says so", s.Section, words.Thousands(s.Kept), s.Unit)}))
	}
	if len(found) == 0 {
		return []Finding{j.finding(SectionsMissing, measure{holds: model.HoldSections})}
	}
	return found
}

// sectionsShrinking judges how many records each section has less than last time.
func (j *judgement) sectionsShrinking() []Finding {
	counts := j.Snap.Counts()
	return worst(slices.Sorted(maps.Keys(j.Baseline)), func(section string) Finding {
		had, has := j.Baseline[section], counts[section]
		if has == 0 {
			has = had // it is missing, which is another matter
		}
		return j.finding(SectionShrinks, measure{about: section, holds: model.HoldRemovals,
			count: max(0, had-has), of: had,
			says: fmt.Sprintf("the section %s has %s records where it had %s, which is %.1f %% less", section,
				words.Thousands(has), words.Thousands(had),
				100*float64(had-has)/float64(max(1, had)))})
	})
}

// worst judges one limit for each of several things: the breaches, or when there is none the
// finding with the largest share.
func worst(of []string, judge func(string) Finding) (breaches []Finding) {
	if len(of) == 0 {
		of = []string{""}
	}
	var found []Finding
	for _, what := range of {
		f := judge(what)
		if found = append(found, f); f.Breached {
			breaches = append(breaches, f)
		}
	}
	if len(breaches) > 0 {
		return breaches
	}
	largest := slices.MaxFunc(found, func(a, b Finding) int { return cmp.Compare(a.Value, b.Value) })
	if largest.Count == 0 {
		largest.About, largest.Of = "", 0
	}
	return []Finding{largest}
}

// shares looks at how much of the pupils and the staff that the database has is in the
// document, and how much of the document's the database knows: under the same ids, and not
// under names that have nothing in common, for schools number their people alike.
func (j *judgement) shares() []Finding {
	pupils := people{section: j.Snap.Pupils.Section, what: "pupils", missing: tallied{}, strange: tallied{}}
	known := make(map[string]*model.Pupil, len(j.State.Pupils))
	for i := range j.State.Pupils {
		known[j.State.Pupils[i].SourceID] = &j.State.Pupils[i]
	}
	said := make(map[string]bool, len(j.Snap.Pupils.Records)) // false of those who have another's name
	for i := range j.Snap.Pupils.Records {
		s := &j.Snap.Pupils.Records[i]
		p := known[s.ID]
		said[s.ID] = p == nil || areAlike(p, s)
		if p == nil || !said[s.ID] {
			pupils.has(!j.Wanted.Unwanted[want.Ref{Kind: "pupil", ID: s.ID}] && !j.Wanted.Yearless[s.ID], false, s.ID)
		} else {
			pupils.wanted++
		}
	}
	for i := range j.State.Pupils {
		p := &j.State.Pupils[i]
		alike, ok := said[p.SourceID]
		pupils.had(p.Current, alike || !ok && j.Snap.Pupils.SilentOn(p.SourceID, p.Name), p.SourceID)
	}
	staff := people{section: j.Snap.Staff.Section, what: "staff", missing: tallied{}, strange: tallied{}}
	saidStaff := map[string]mis.StaffMember{}
	for _, s := range j.Snap.Staff.Records {
		saidStaff[s.ID] = s
	}
	knownStaff := want.BySource(j.State.Staff)
	alike := func(h model.Staff, s mis.StaffMember) bool {
		return haveAName(h.Forename, h.Surname, h.Name, s.Forename, s.Surname, s.Name)
	}
	for _, h := range j.State.Staff {
		s, ok := saidStaff[h.SourceID]
		staff.had(h.Current, ok && alike(h, s) || !ok && j.Snap.Staff.SilentOn(h.SourceID, h.Name), h.SourceID)
	}
	for _, s := range j.Snap.Staff.Records {
		h, ok := knownStaff[s.ID]
		staff.has(true, ok && alike(h, s), s.ID)
	}
	return worst([]string{pupils.section, staff.section}, func(section string) Finding {
		if section == staff.section {
			return j.share(staff)
		}
		return j.share(pupils)
	})
}

// people are those of a kind that the database has and those that the document has.
type people struct {
	section, what    string
	current, wanted  int
	missing, strange tallied
}

func (p *people) had(isCurrent, isSaid bool, who string) {
	if isCurrent {
		p.current++
	}
	if isCurrent && !isSaid {
		p.missing["no. "+who]++
	}
}

func (p *people) has(isWanted, isKnown bool, who string) {
	if isWanted {
		p.wanted++
	}
	if isWanted && !isKnown {
		p.strange["no. "+who]++
	}
}

func (j *judgement) share(p people) Finding {
	const ask = ": is it another school's document, or have the ids changed?"
	missing, unknown := len(p.missing), len(p.strange)
	if limit := j.limits[DocumentDiffers]; p.current < max(1, limit.AtLeast) ||
		unknown*max(1, p.current) <= missing*max(1, p.wanted) {
		return j.finding(DocumentDiffers, measure{about: p.section, holds: model.HoldAll, count: missing,
			of: p.current, causes: p.missing,
			says: fmt.Sprintf("%s current %s are not in the document, or not under their names%s",
				words.Share(missing, p.current), p.what, ask)})
	}
	return j.finding(DocumentDiffers, measure{about: p.section, holds: model.HoldAll, count: unknown, of: p.wanted,
		causes: p.strange,
		says: fmt.Sprintf("%s %s in the document are unknown here, or not under their names%s",
			words.Share(unknown, p.wanted), p.what, ask)})
}

// areAlike tells whether two records of one id can be of one pupil: one of the names is
// the same.
func areAlike(p *model.Pupil, s *mis.Pupil) bool {
	name, _, _ := strings.Cut(p.Name, " (")
	return haveAName(p.Forename, p.Surname, name, s.Forename, s.Surname, s.Name)
}

// haveAName tells whether two people have a name in common, the full one where that is all
// there is. Names that are swapped, or spoilt, are those of the same person: another limit
// tells of them.
func haveAName(forename, surname, name, otherForename, otherSurname, otherName string) bool {
	if forename+surname == "" || otherForename+otherSurname == "" {
		return name == otherName || forename+surname+otherForename+otherSurname != ""
	}
	return forename == otherForename || surname == otherSurname ||
		forename == otherSurname || surname == otherForename || isGarbled(forename, otherForename) ||
		isGarbled(surname, otherSurname)
}

// rekeyed looks for records that go and come on the same night under the same name, with new
// ids: each kind by itself.
func (j *judgement) rekeyed() []Finding {
	if len(j.Plan.Changes) == 0 {
		return []Finding{j.finding(IDsChanged, measure{holds: model.HoldAll})}
	}
	r := rekeying{gone: map[named][]string{}, total: map[string]int{}, again: map[string]int{},
		pairs: map[string]tallied{}}
	j.said.pupils, j.said.staff = map[string]bool{}, map[string]bool{}
	for i := range j.Snap.Pupils.Records {
		j.said.pupils[j.Snap.Pupils.Records[i].ID] = true
	}
	for _, s := range j.Snap.Staff.Records {
		j.said.staff[s.ID] = true
	}
	for _, p := range j.State.Pupils {
		r.had(p.Current, !isSaid(&j.Snap.Pupils, j.said.pupils, p),
			named{"pupil", fullName(p.Forename, p.Surname, p.Name)}, p.SourceID)
	}
	for _, s := range j.State.Staff {
		r.had(s.Current, !isSaid(&j.Snap.Staff, j.said.staff, s),
			named{"staff", fullName(s.Forename, s.Surname, s.Name)}, s.SourceID)
	}
	wanted := map[model.ID]bool{}
	for _, g := range j.Wanted.Groups {
		wanted[g.ID] = true
	}
	for _, g := range j.State.Groups {
		if model.IsDerived(g.GroupKind) {
			continue
		}
		r.had(g.Current, !wanted[g.ID], named{g.GroupKind, g.Name}, g.SourceID)
	}
	for _, p := range j.Wanted.Pupils {
		r.has(p.ID, named{"pupil", fullName(p.Forename, p.Surname, p.Name)}, p.SourceID)
	}
	for _, s := range j.Wanted.Staff {
		r.has(s.ID, named{"staff", fullName(s.Forename, s.Surname, s.Name)}, s.SourceID)
	}
	for _, g := range j.Wanted.Groups {
		if model.IsDerived(g.GroupKind) {
			continue
		}
		r.has(g.ID, named{g.GroupKind, g.Name}, g.SourceID)
	}
	return worst(slices.Sorted(maps.Keys(r.total)), func(kind string) Finding {
		return j.finding(IDsChanged, measure{about: kind, holds: model.HoldAll, count: r.again[kind], of: r.total[kind],
			causes: r.pairs[kind],
			says: fmt.Sprintf("%s records of kind %s go and come on the same night, under the same names with new "+
				"ids: have the ids changed?",
				words.Share(r.again[kind], r.total[kind]), kind)})
	})
}

// named is who or what has a name.
type named struct{ kind, name string }

// rekeying gathers what goes, and finds it again in what comes.
type rekeying struct {
	gone         map[named][]string
	total, again map[string]int
	pairs        map[string]tallied
}

func (r *rekeying) had(isCurrent, isGone bool, who named, id string) {
	if !isCurrent {
		return
	}
	r.total[who.kind]++
	if isGone {
		r.gone[who] = append(r.gone[who], id)
	}
}

func (r *rekeying) has(row model.ID, who named, id string) {
	ids := r.gone[who]
	if row > 0 || len(ids) == 0 {
		return
	}
	r.again[who.kind]++
	if r.pairs[who.kind] == nil {
		r.pairs[who.kind] = tallied{}
	}
	r.pairs[who.kind][words.Clean(fmt.Sprintf("%s %s → %s", who.kind, ids[0], id))]++
	r.gone[who] = ids[1:]
}

// fullName is a person's name without the form.
func fullName(forename, surname, name string) string {
	if forename+surname != "" {
		return forename + "\x00" + surname
	}
	name, _, _ = strings.Cut(name, " (")
	return name
}

// isSaid tells whether the document has a person, or may have.
func isSaid[R any, T want.Element](roll *mis.Roll[R], said map[string]bool, person T) bool {
	return said[person.Source()] || roll.SilentOn(person.Source(), person.Called())
}

// faults are the reasons for which a record is skipped.
var faults = map[mis.Reason]bool{mis.NoID: true, mis.BadID: true, mis.Conflicting: true, mis.NoName: true,
	mis.BadValue: true, mis.TooLarge: true}

func (j *judgement) skipped() []Finding {
	seen, skipped, where := j.Snap.Counts(), map[string]int{}, map[string]tallied{}
	for _, p := range j.Snap.Problems.List() {
		if faults[p.Reason] {
			skipped[p.Section] += 1 + p.More
			if where[p.Section] == nil {
				where[p.Section] = tallied{}
			}
			where[p.Section][string(p.Reason)] += 1 + p.More
		}
	}
	return worst(slices.Sorted(maps.Keys(seen)), func(section string) Finding {
		return j.finding(RecordsSkipped, measure{about: section, holds: model.HoldAll, count: skipped[section],
			of: seen[section], causes: where[section],
			says: fmt.Sprintf("%s records of the section %s cannot be read",
				words.Share(skipped[section], seen[section]), section)})
	})
}
