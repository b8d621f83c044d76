package pages

import (
	"bytes"
	"encoding/csv"
	"strconv"

	"misimportd/importer/ask"
	"misimportd/importer/report"
	"misimportd/importer/words"
	"misimportd/mis"
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
	New                  int // since the night of the newest document
	Problems             []report.ListedProblem
}

func problems(v *visit) (shown, error) {
	list, err := ask.Problems(v.ctx, v.db())
	if err != nil {
		return shown{}, err
	}
	return shown{page: "problems", nav: "problems", title: "Problems to mend",
		data: problemsPage{list, problemsIn(list.Problems)}}, nil
}

// problemsIn puts those of one section and kind together; they are in that order.
func problemsIn(list []report.ListedProblem) (kinds []problemsOf) {
	for _, p := range list {
		last := len(kinds) - 1
		if last < 0 || kinds[last].Section != p.Section || kinds[last].Reason != p.Reason {
			kinds = append(kinds, problemsOf{Where: p.Where, Section: p.Section, Mend: p.Mend, Reason: p.Reason})
			last++
		}
		k := &kinds[last]
		k.Problems = append(k.Problems, p)
		k.Count += 1 + p.More
		if p.New {
			k.New++
		}
	}
	return kinds
}

// problemsCSV is the same for a spreadsheet.
func problemsCSV(v *visit) (shown, error) {
	list, err := ask.Problems(v.ctx, v.db())
	if err != nil {
		return shown{}, err
	}
	var b bytes.Buffer
	c := csv.NewWriter(&b)
	_ = c.Write([]string{"where", "section", "id", "reason", "since", "mend", "detail", "line", "more"})
	for _, p := range list.Problems {
		row := []string{p.Where, p.Section, p.ID, string(p.Reason), p.Since.String(), p.Mend, p.Detail,
			strconv.Itoa(p.Line),
			strconv.Itoa(p.More)}
		for i := range row {
			row[i] = words.SpreadsheetSafe(row[i])
		}
		_ = c.Write(row)
	}
	c.Flush()
	return shown{raw: b.Bytes(), kind: "text/csv; charset=utf-8", name: "problems.csv"}, c.Error()
}
