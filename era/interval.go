package era

// Interval is a stretch of days, both ends included. A zero To means that it has
// no end. A zero From with a zero To is no interval but every day there is.
type Interval struct {
	From Date `json:"from"`
	To   Date `json:"to"`
}

// Contains tells whether d lies in i.
func (i Interval) Contains(d Date) bool {
	return i.From <= d && (i.To == 0 || d <= i.To)
}

// IsEmpty tells whether i ends before it starts, and so holds no day.
func (i Interval) IsEmpty() bool { return i.To != 0 && i.To < i.From }

// Overlaps tells whether i and j share a day.
func (i Interval) Overlaps(j Interval) bool {
	if i.IsEmpty() || j.IsEmpty() {
		return false
	}
	return (j.To == 0 || i.From <= j.To) && (i.To == 0 || j.From <= i.To)
}

// Within tells whether every day of i lies in j.
func (i Interval) Within(j Interval) bool {
	if i.IsEmpty() {
		return true
	}
	return i.From >= j.From && (j.To == 0 || (i.To != 0 && i.To <= j.To))
}

// String is "2016-09-05 to 2017-08-14", or "from 2016-09-05" without an end.
func (i Interval) String() string {
	if i.To == 0 {
		return "from " + i.From.String()
	}
	return i.From.String() + " to " + i.To.String()
}
