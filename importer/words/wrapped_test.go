package words

import (
	"slices"
	"testing"
)

func TestTextsWrapWhereTheirWordsLetThem(t *testing.T) {
	for _, c := range []struct {
		text  string
		width int
		want  []string
	}{
		{"", 10, []string{""}},
		{"as it is", 8, []string{"as it is"}},
		{"one two three", 8, []string{"one two", "three"}},
		{"  + one two three", 10, []string{"  + one", "      two", "      three"}},
		{"  name   12 created, 3 ended", 18, []string{"  name   12", "      created, 3", "      ended"}},
		{"Zoë O’Brien ok", 11, []string{"Zoë O’Brien", "ok"}},
		{"\x1b[1mbold\x1b[0m word", 9, []string{"\x1b[1mbold\x1b[0m word"}},
		{`see "run 4 --state x" now`, 12, []string{"see", `"run 4 --state x"`, "now"}},
		{`a lone " quote goes`, 9, []string{`a lone "`, "quote", "goes"}},
		{"unbreakable", 4, []string{"unbreakable"}},
	} {
		if got := Wrapped(c.text, c.width); !slices.Equal(got, c.want) {
			t.Errorf("%q at %d: %q, want %q", c.text, c.width, got, c.want)
		}
	}
}
