package mis_test

import (
	"slices"
	"testing"

	"misimportd/mis"
)

func TestIDsHaveOneOrder(t *testing.T) {
	want := []string{"0", "7", "9", "10", "007", "12345678901234567890", "", "10/B", "1A", "7/A", "A", "a", "é"}
	for shift := range want {
		got := append(slices.Clone(want[shift:]), want[:shift]...)
		slices.SortFunc(got, mis.CompareIDs)
		if !slices.Equal(got, want) {
			t.Errorf("got  %q\nwant %q", got, want)
		}
	}
	for _, a := range want {
		for _, b := range want {
			for _, c := range want {
				if mis.CompareIDs(a, b) < 0 && mis.CompareIDs(b, c) < 0 && mis.CompareIDs(a, c) >= 0 {
					t.Errorf("%q < %q < %q, and not %q < %q", a, b, c, a, c)
				}
			}
		}
	}
}

func TestProblemsWithoutEndAreCounted(t *testing.T) {
	var p mis.Problems
	for range 250_000 {
		p.Add(mis.Problem{Section: "Pupils", Reason: mis.NoName, ID: "1"})
	}
	p.Add(mis.Problem{Section: "Pupils", Reason: mis.NoID})
	list := p.List()
	if len(list) != 1001 {
		t.Fatalf("%d are listed", len(list))
	}
	var more int
	for _, q := range list {
		more += q.More
	}
	if more != 249_000 {
		t.Errorf("%d more are told of", more)
	}
}
