package hint

import "testing"

// TestCommandsCanBePasted as they stand: a shell gives back the words that were typed, and
// no password is told.
func TestCommandsCanBePasted(t *testing.T) {
	t.Cleanup(func() { CalledBy(Caller{Program: "misimportd"}) })
	for _, c := range []struct {
		typed []string
		want  string
	}{
		{nil, "misimport run"},
		{[]string{"plan", "--state", "school", "-v"}, "misimport run --state school"},
		{[]string{"plan", "--state=a b", "--config", "it's.yml"}, `misimport run --state 'a b' --config 'it'\''s.yml'`},
		{[]string{"--state", "Schule Köln/x", "plan", "--as-of", "2016-09-05", "--force"},
			"misimport run --state 'Schule Köln/x' --as-of 2016-09-05 --force"},
		{[]string{"plan", "--database", "postgres://me@/scheduler?host=/run/postgresql"},
			"misimport run --database 'postgres://me@/scheduler?host=/run/postgresql'"},
		{[]string{"plan", "--database", "postgres://me:hunter2@h/scheduler"}, "misimport run --database …"},
		{[]string{"plan", "--database", "postgres://me:hunter2@[::1/x"}, "misimport run --database …"},
		{[]string{"plan", "--database", "user=me password=hunter2"}, "misimport run --database …"},
		{[]string{"plan", "--", "--state", "x"}, "misimport run"},
		{[]string{"plan", "--state"}, "misimport run --state ''"},
	} {
		CalledBy(Caller{
			Program: "misimport", School: In(c.typed, []string{"state", "config", "database"}, nil),
			Day: In(c.typed, []string{"as-of"}, []string{"force"}),
		})
		if got := Import("run"); got != c.want {
			t.Errorf("%q: %s, want %s", c.typed, got, c.want)
		}
	}
	CalledBy(Caller{Program: "misimport", Day: []string{"--as-of", "2016-09-05"}})
	if got := Command("runs show %d", 7); got != "misimport runs show 7" {
		t.Error(got)
	}
}
