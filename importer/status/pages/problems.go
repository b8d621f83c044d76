package pages

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"slices"
	"strconv"

	"misimportd/era"
	"misimportd/importer/ask"
	"misimportd/importer/report"
	"misimportd/importer/words"
	"misimportd/mis"
	"misimportd/store/model"
)

// problemsPage is what there is to mend.
type problemsPage struct {
	report.ProblemList
	Kinds []problemsOf
}

// problemsOf is the problems of one section and kind.
type problemsOf struct {
	Where, Section, Mend string
	Reason               mis.Reason
	Count                int
	New                  int // that the run before did not meet
	Causes               []cause
}

// cause is what several problems come of, or one.
type cause struct {
	Says  string // in the school's words; for operators only
	IDs   []string
	Lines int // where a single one stands in the document; 0 for several
	Since era.Date
	New   bool
}

func problems(v *visit) (shown, error) {
	list, err := ask.Problems(v.ctx, v.db())
	if err != nil {
		return shown{}, err
	}
	return shown{page: "problems", nav: "problems", title: "Problems to mend",
		data: problemsPage{list, problemsIn(list.Problems, list.Called, list.AsOf)}}, nil
}

// problemsIn puts those of one section and kind together; they are in that order. None is marked as new where all are.
func problemsIn(list []report.ListedProblem, called model.KnownAs, asOf era.Date) (kinds []problemsOf) {
	isOld := func(p report.ListedProblem) bool { return !p.New }
	if !slices.ContainsFunc(list, isOld) {
		asOf = 0
	}
	for i := 0; i < len(list); {
		first := list[i]
		k := problemsOf{Where: first.Where, Section: first.Section, Mend: first.Mend, Reason: first.Reason}
		var of []mis.Problem
		for ; i < len(list) && list[i].Section == first.Section && list[i].Reason == first.Reason; i++ {
			of = append(of, list[i].Problem)
			k.Count += 1 + list[i].More
			if asOf != 0 && list[i].New {
				k.New += 1 + list[i].More
			}
		}
		for _, c := range report.CausesOf(of, called) {
			k.Causes = append(k.Causes, causeOf(c, called, asOf))
		}
		kinds = append(kinds, k)
	}
	return kinds
}

// causeOf is a cause as it is shown.
func causeOf(c report.Cause, called model.KnownAs, asOf era.Date) cause {
	shown := cause{Says: c.Says, Since: c.Since(), New: asOf != 0 && c.IsNew(asOf)}
	for _, p := range c.Problems {
		if p.ID != "" {
			shown.IDs = append(shown.IDs, p.ID)
		}
	}
	if one := c.Problems[0]; len(c.Problems) == 1 {
		shown.Lines = one.Line
		if shown.Says == "" {
			shown.Says = report.DetailOf(one, called)
		}
		if about := report.About(one, called); about != "" {
			shown.Says = about + ": " + shown.Says
		}
	}
	if more := c.Count() - len(c.Problems); more > 0 {
		shown.Says += fmt.Sprintf("; and %s more like it", words.Thousands(more))
	}
	return shown
}

// problemsCSV is the same for a spreadsheet.
func problemsCSV(v *visit) (shown, error) {
	list, err := ask.Problems(v.ctx, v.db())
	if err != nil {
		return shown{}, err
	}
	var b bytes.Buffer
	c := csv.NewWriter(&b)
	_ = c.Write([]string{"where", "section", "id", "reason", "since", "mend", "detail", "line", "more", "new"})
	for _, p := range list.Problems {
		row := []string{p.Where, p.Section, p.ID, string(p.Reason), p.Since.String(), p.Mend,
			report.DetailOf(p.Problem, list.Called),
			strconv.Itoa(p.Line),
			strconv.Itoa(p.More), strconv.FormatBool(p.New)}
		for i := range row {
			row[i] = words.SpreadsheetSafe(row[i])
		}
		_ = c.Write(row)
	}
	c.Flush()
	return shown{raw: b.Bytes(), kind: "text/csv; charset=utf-8", name: "problems.csv"}, c.Error()
}
