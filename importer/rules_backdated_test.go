package importer_test

import (
	"slices"
	"strings"
	"testing"

	"misimportd/importer/guard"
	"misimportd/store/model"
)

// movedZoe is small's school once Zoë has gone from 7A to 7B and from 7Mat1 to 7Mat2.
func movedZoe() *doc {
	return (&doc{}).teacher(1, "Ms Brown").teacher(2, "Mr Green").form("7/A", "7A", 7, 1).form("7/B", "7B", 7, 2).
		pupil(11, "Zoë O’Brien", "7/B", 7).pupil(12, "Ömer Khan", "7/A", 7).pupil(13, "Ann Lee", "7/B", 7).
		set(21, "7Mat1", 7, 12).set(22, "7Mat2", 7, 11, 13)
}

// withoutZoe is small's school once Zoë has left it.
func withoutZoe() *doc {
	d := small()
	d.pupils, d.lists = d.pupils[1:], d.lists[1:]
	return d
}

// silences spoil a document so that it says nothing of Zoë, or not all.
var silences = map[string]func(s string) string{
	"the pupil twice, differing": func(s string) string {
		return strings.Replace(s, "</CurrentPupils>",
			`<Pupil Id="11"><Fullname>Zoë Brien</Fullname><NCYear>8</NCYear></Pupil></CurrentPupils>`, 1)
	},
	"the pupil without a name": func(s string) string {
		return strings.Replace(s, "<Fullname>Zoë O’Brien</Fullname>", "", 1)
	},
	"the pupil's id cannot be read": func(s string) string {
		return strings.Replace(s, `<Pupil Id="11">`, `<Pupil Id="11a">`, 1)
	},
	"no pupils": func(s string) string { return cutOut(s, "CurrentPupils") },
	"no forms":  func(s string) string { return cutOut(s, "Forms") },
	"no sets":   func(s string) string { return cutOut(s, "Sets") },
	"no lists":  func(s string) string { return cutOut(s, "SetLists") },
	"a faulty 7A": func(s string) string {
		return strings.Replace(s, "</Forms>", `<Form Id="7/A"><Form>7X</Form></Form></Forms>`, 1)
	},
	"a faulty 7B": func(s string) string {
		return strings.Replace(s, "</Forms>", `<Form Id="7/B"><Form>7X</Form></Form></Forms>`, 1)
	},
	"a faulty 7Mat1": func(s string) string {
		return strings.Replace(s, "</Sets>", `<Set Id="21" YearId="7"><Name>7X</Name></Set></Sets>`, 1)
	},
	"a faulty 7Mat2": func(s string) string {
		return strings.Replace(s, "</Sets>", `<Set Id="22" YearId="7"><Name>7X</Name></Set></Sets>`, 1)
	},
	"a list of hers cannot be read": func(s string) string {
		return strings.NewReplacer(`SetId="21" PupilId="11"`, `SetId="?" PupilId="11"`, `SetId="22" PupilId="11"`,
			`SetId="?" PupilId="11"`).Replace(s)
	},
	"a list of 7Mat1's cannot be read": func(s string) string {
		return strings.Replace(s, "</SetLists>", `<SetList Id="9" SetId="21" PupilId="?"/></SetLists>`, 1)
	},
	"a list of 7Mat2's cannot be read": func(s string) string {
		return strings.Replace(s, "</SetLists>", `<SetList Id="9" SetId="22" PupilId="?"/></SetLists>`, 1)
	},
}

func cutOut(s, section string) string {
	from := strings.Index(s, "<"+section+">")
	to := strings.Index(s, "</"+section+">") + len("</"+section+">")
	return s[:from] + s[to:]
}

// TestR40AnImportDatedBack is one before an earlier one, on a night when the MIS is silent on a
// pupil who has moved, or left, since: on each day the pupil is where the database has them,
// or where the document says, never in two forms or two sets, nor back where they had left.
func TestR40AnImportDatedBack(t *testing.T) {
	variant := 0
	for since, then := range map[string]func() *doc{"moved": movedZoe, "left": withoutZoe} {
		for says, now := range map[string]func() *doc{"the old places": small, "the new places": then} {
			for silence, spoil := range silences {
				variant++
				document := spoil(string(now().xml()))
				speaks := !strings.Contains(silence, "the pupil") && silence != "no pupils"
				if !speaks && since == "left" && says == "the new places" {
					continue // the document has nothing of her that could be spoilt
				}
				t.Run(since+", and the document says "+says+", "+silence, func(t *testing.T) {
					eachVariant(t, variant, func(w *world) {
						w.night("2016-09-05", small().xml())
						w.night("2016-11-07", then().xml())
						before := w.zoe()
						w.night("2016-10-03", []byte(document))
						w.expectOnePlace()
						if !speaks {
							w.expect("Zoë, of whom nobody speaks", w.zoe(), before...)
						}
					})
				})
			}
		}
	}
}

// TestR40AHeldImportDatedBack holds what ends, and leaves who moved, or left, since where the
// database has them on each day.
func TestR40AHeldImportDatedBack(t *testing.T) {
	for since, then := range map[string]func() *doc{"moved": movedZoe, "left": withoutZoe} {
		for says, now := range map[string]func() *doc{"the old places": small, "the new places": then} {
			t.Run(since+", and the document says "+says, func(t *testing.T) {
				each(t, func(w *world) {
					w.night("2016-09-05", small().xml())
					w.night("2016-11-07", then().xml())
					before := w.zoe()
					w.im.Guard = guard.Guard{Hold: model.HoldRemovals, Import: guard.Limits{guard.PupilsLeaving: {}}}
					d := now()
					d.pupils = slices.DeleteFunc(d.pupils, func(p string) bool {
						return strings.Contains(p, "Ann Lee")
					})
					if r := w.night("2016-10-03", d.xml()); r.Hold != model.HoldRemovals {
						w.Fatalf("%s, held %q", r.Result, r.Hold)
					}
					w.expectOnePlace()
					if since == "moved" || says == "the new places" { // else she is back, which takes nothing away
						w.expect("Zoë, of whom something waits", w.zoe(), before...)
					}
				})
			})
		}
	}
}

// zoe is where Zoë is, and was.
func (w *world) zoe() []string {
	w.Helper()
	return w.rows(`SELECT group_name || ' ' || CAST(starts_on AS text) || ' ' || CAST(ends_on AS text)
		FROM membership_details WHERE member_source_id = '11' ORDER BY 1`)
}

// expectOnePlace finds nobody in two forms, or in two sets of the one subject, on one day (R17).
func (w *world) expectOnePlace() {
	w.Helper()
	w.expect("in two places on one day",
		w.rows(`SELECT a.member_source_id || ' in ' || a.group_name || ' and ' || b.group_name || ' from '
			|| CAST(a.starts_on AS text)
		FROM membership_details a JOIN membership_details b ON a.group_kind = b.group_kind
		AND a.member_source_id = b.member_source_id AND a.group_id < b.group_id
		WHERE a.starts_on <= b.ends_on AND b.starts_on <= a.ends_on ORDER BY 1`))
}

// TestR17AMoveIntoASetThatCannotBeRead leaves the pupil in the old set, and says so.
func TestR17AMoveIntoASetThatCannotBeRead(t *testing.T) {
	each(t, func(w *world) {
		w.night("2016-09-05", small().xml())
		before := w.rows(membershipsQuery)
		d := movedZoe().set(22, "7Mat9", 7)
		d.pupils = small().pupils // the sets alone change
		r := w.night("2016-10-03", d.xml())
		w.expect("memberships", w.rows(membershipsQuery), before...)
		w.expectProblems(r, "SetLists 2211: unknown set", "Sets 22: same id, different content")
		d = movedZoe()
		d.pupils = small().pupils
		w.night("2016-10-04", d.xml())
		w.expect("Zoë, once it can be read", w.zoe(), "7A 2016-09-05 2017-08-14", "7Mat1 2016-09-05 2016-10-03",
			"7Mat2 2016-10-04 2017-08-14")
	})
}

// TestR17AMoveOutOfASetWhoseListCannotBeRead waits while the pupil stays in one that cannot be read.
func TestR17AMoveOutOfASetWhoseListCannotBeRead(t *testing.T) {
	each(t, func(w *world) {
		w.night("2016-09-05", small().xml())
		before := w.zoe()
		d := movedZoe()
		d.pupils = small().pupils
		w.night("2016-10-03", []byte(silences["a list of 7Mat1's cannot be read"](string(d.xml()))))
		w.expect("Zoë", w.zoe(), before...)
	})
}
