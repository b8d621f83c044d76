// Package paper writes what hangs on a wall or lies on a desk as pages for a browser to print, each on one sheet of
// A4. What is on them is decided elsewhere.
package paper

import (
	"embed"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strings"

	"misimportd/importer/report"
	"misimportd/importer/words"
)

//go:embed *.html
var files embed.FS

var pages = template.Must(template.New("").Funcs(template.FuncMap{"clean": words.Clean,
	"number": func(i int) int { return i + 1 }}).ParseFS(files, "*.html"))

// WriteClassList writes who is in a group, with room for marks.
func WriteClassList(w io.Writer, m report.Members) error {
	const sheet, mostRow, boxes = 232.0, 8.0, 12 // millimetres of rows, and columns for marks
	row := min(mostRow, sheet/float64(len(m.Members)+1))
	return pages.ExecuteTemplate(w, "classlist.html", map[string]any{
		"Title":   words.Clean(m.Group.Kind + " " + m.Group.Name),
		"On":      m.On.Time().Format("Monday 2 January 2006"),
		"Members": m.Members, "Boxes": make([]struct{}, boxes),
		"Row": template.CSS(fmt.Sprintf("%.2fmm", row)), "Text": template.CSS(fmt.Sprintf("%.2fmm", row*0.55)),
	})
}

// grid is a week as a table: a row for each time at which something begins.
type grid struct {
	Title, Subtitle string
	Days            []string
	Rows            []gridRow
	Row, Text       template.CSS // how high, and how large
}

type gridRow struct {
	From, To, Name string
	Cells          [][]report.CycleLesson // a list for each day
}

// WriteCycles writes weeks of the timetable, each as a page of its own.
func WriteCycles(w io.Writer, cycles []report.Cycle) error {
	var grids []grid
	for _, c := range cycles {
		grids = append(grids, gridOf(c))
	}
	return pages.ExecuteTemplate(w, "cycle.html", grids)
}

func gridOf(c report.Cycle) grid {
	g := grid{Title: "Week " + words.Clean(c.Week), Subtitle: words.Clean(c.Of)}
	for _, day := range c.Days {
		g.Days = append(g.Days, day.Day)
	}
	for _, p := range c.Periods {
		row := gridRow{From: p.From, To: p.To, Name: words.Clean(p.Name)}
		for _, day := range c.Days {
			var cell []report.CycleLesson
			for _, l := range day.Lessons {
				if l.From == p.From && l.To == p.To {
					cell = append(cell, withoutTitle(l, c.Of))
				}
			}
			row.Cells = append(row.Cells, cell)
		}
		g.Rows = append(g.Rows, row)
	}
	g.fit()
	return g
}

// withoutTitle leaves out of a lesson the room or the teacher whose page it is.
func withoutTitle(l report.CycleLesson, title string) report.CycleLesson {
	if title == "" {
		return l
	}
	isIt := func(name string) bool { return name == title }
	l.Rooms = slices.DeleteFunc(slices.Clone(l.Rooms), isIt)
	if len(l.Staff) == 1 && l.Of == title {
		l.Staff = nil
	}
	return l
}

// The sheet, in millimetres: what is left of A4 across for the rows, and for the columns of the days.
const (
	sheetHeight, sheetWidth  = 158.0, 255.0
	largestText, smallestOne = 4.0, 0.8
)

// fit finds the largest text with which all rows are on the sheet, and how high they are then at least.
func (g *grid) fit() {
	text := largestText
	for text > smallestOne && g.height(text) > sheetHeight {
		text -= 0.1
	}
	const mostRow = 22.0
	row := min(mostRow, (sheetHeight-g.height(text))/float64(max(len(g.Rows), 1))+text)
	g.Text, g.Row = template.CSS(fmt.Sprintf("%.2fmm", text)), template.CSS(fmt.Sprintf("%.2fmm", max(row, 0)))
}

// height is how high the rows are with a text of a size.
func (g *grid) height(text float64) (height float64) {
	const letter, line, padding, smallest = 0.62, 1.22, 1.2, 7.5 // by the text's size, and in millimetres
	perLine := max(1, int((sheetWidth/float64(max(len(g.Days), 1))-2.5)/(letter*text)))
	for _, row := range g.Rows {
		most := 0
		for _, cell := range row.Cells {
			lines := 0
			for _, l := range cell {
				lines += (len([]rune(lessonText(l))) + perLine - 1) / perLine
			}
			most = max(most, lines)
		}
		height += max(float64(most)*text*line+padding, smallest)
	}
	return height
}

// lessonText is a lesson as it stands in a cell.
func lessonText(l report.CycleLesson) string {
	return strings.Join(slices.Concat([]string{l.Called()}, l.Staff, l.Rooms), " ")
}
