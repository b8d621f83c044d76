//go:build needsroot

package needsroot

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"misimportd/mis/isams/isamstest"
)

// diskDocuments writes three documents to a folder: of two nights, and one without half of
// the pupils.
func diskDocuments(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	school := isamstest.New(1, isamstest.Size{Pupils: 300, Staff: 40, Forms: 14, Sets: 100, SetLists: 3000})
	write := func(name string) {
		if err := os.WriteFile(filepath.Join(folder, name), school.Document(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("monday.xml")
	school.Night()
	write("tuesday.xml")
	school.Pupils = school.Pupils[:170]
	write("half.xml")
	return folder
}

// decisions is the rest of a script: it approves a held run and undoes the approval, each
// with less and less room on the disk, and again when there is room. $dir is the disk, $misimportd
// the program; room N leaves so many kB of it free, and room all gives all back.
const decisions = `
put() { mkdir -p "$state/PreFetched"; cp "$documents/$1" "$state/PreFetched/data.xml"; }
id() { sed -n 's/.*{"run":\([0-9]*\).*/\1/p'; }
again() { # what a command says that is done again, less what is of the run alone
	"$misimportd" --json "$@" | sed 's/.*"changes":\(\[[^]]*\]\).*/\1/'; }
put monday.xml; "$misimportd" run --as-of 2016-09-05 >/dev/null
put tuesday.xml; "$misimportd" run --as-of 2016-09-06 >/dev/null
for free in $sizes; do
	put half.xml; held=$("$misimportd" run --force --as-of 2016-09-06 --json | id)
	waiting=$("$misimportd" runs show $held --json | sed 's/.*"waiting":\(\[[^]]*\]\).*/\1/')
	room $free
	if said=$("$misimportd" approve $held 2>&1); then echo "approve fitted"; room all
	else
		room all
		case "$said" in *"left on device"*|*"is full"*) ;; *) echo "approve said $said";; esac
		case "$("$misimportd" runs show $held --json)" in
		*'"decision":"waiting"'*) [ "$(again approve $held)" = "$waiting" ] &&
			echo "approve before" || echo "approve BROKEN";;
		*'"decision":"approved"'*) echo "approve after";;
		*) echo "approve BROKEN";; esac
	fi
	approval=$("$misimportd" runs show $held --json | sed 's/.*"decided_by":\([0-9]*\).*/\1/')
	room $free
	if said=$("$misimportd" undo $approval 2>&1); then echo "undo fitted"; room all
	else
		room all
		case "$said" in *"left on device"*|*"is full"*) ;; *) echo "undo said $said";; esac
		case "$("$misimportd" runs show $approval --json)" in
		*'"undone_by"'*) echo "undo after";;
		*) "$misimportd" undo $approval >/dev/null && echo "undo before" || echo "undo BROKEN";; esac
	fi
	put tuesday.xml; "$misimportd" run --force --as-of 2016-09-06 --json |
		grep -q '"result":"\(unchanged\|applied\)"' || echo "BROKEN in the end"
done
`

// TestR31AFullDiskAtDecisions has approvals and undos run out of room, on both databases.
func TestR31AFullDiskAtDecisions(t *testing.T) {
	misimportd := program(t)
	documents := diskDocuments(t)
	t.Run("sqlite", func(t *testing.T) {
		const script = `set -e; disk=$1 documents=$2 misimportd=$3 sizes=$4
mount -t tmpfs -o size=200M tmpfs "$disk"; state=$disk/state; mkdir "$state"
export MISIMPORTD_STATE=$state MISIMPORTD_DATABASE=sqlite:$state/misimportd.db MISIMPORTD_TIMEZONE=UTC
room() {
	rm -f "$disk/filler"
	[ "$1" = all ] ||
		head -c $((($(df -k --output=avail "$disk" | tail -1) - $1) * 1024)) /dev/zero > "$disk/filler"
}
` + decisions
		tellDisk(t, inNamespace(script, t.TempDir(), documents, misimportd, "20 120 400 900 1800 6000"))
	})
	t.Run("postgres", func(t *testing.T) {
		// The server runs as another user, who may not be let into the test's own folder: its
		// folder is one over /mnt, in the namespace.
		const script = `set -e; documents=$1 misimportd=$2 sizes=$3 bin=$4 real=$5 home=/mnt
user=$(id -u postgres 2>/dev/null || id -u nobody)
as() { setpriv --reuid "$user" --clear-groups "$@"; }
[ "$real" = 0 ] || { user=0; as() { unshare --user --map-user=1000 "$@"; }; } # root of a namespace has no other user
mount -t tmpfs -o "size=1G,mode=755,uid=$user" tmpfs "$home"; cd "$home"
disk=$home/disk; mkdir "$disk"; mount -t tmpfs -o "size=200M,mode=700,uid=$user" tmpfs "$disk"
as "$bin/initdb" -D "$home/data" -A trust -U misimportd --no-sync >"$home/log" 2>&1
as "$bin/pg_ctl" -D "$home/data" -l "$home/server.log" -w start \
	-o "-c listen_addresses='' -c unix_socket_directories='$home' -c fsync=off -c shared_buffers=8MB" >/dev/null
trap 'as "$bin/pg_ctl" -D "$home/data" -m immediate -w stop >/dev/null' EXIT
sql() { "$bin/psql" -qAt -h "$home" -U misimportd -d misimportd -c "$1"; }
"$bin/createdb" -h "$home" -U misimportd misimportd
sql "CREATE TABLESPACE small LOCATION '$disk'"
sql "ALTER DATABASE misimportd SET default_tablespace = small"
sql "ALTER DATABASE misimportd SET temp_tablespaces = pg_default"
state=$home/state; mkdir "$state"
export MISIMPORTD_STATE=$state
export "MISIMPORTD_DATABASE=postgres://misimportd@/misimportd?host=$home" MISIMPORTD_TIMEZONE=UTC
room() {
	rm -f "$disk/filler"
	[ "$1" = all ] || {
		sql CHECKPOINT
		head -c $((($(df -k --output=avail "$disk" | tail -1) - $1) * 1024)) /dev/zero > "$disk/filler"
	}
}
` + decisions
		bin := filepath.Dir(os.Getenv("MISIMPORTD_TEST_PSQL"))
		tellDisk(t, inNamespace(script, documents, misimportd, "0 40 120 400 3000", bin, fmt.Sprint(os.Getuid())))
	})
}

// tellDisk runs a script and counts what became of what had too little room.
func tellDisk(t *testing.T, script *exec.Cmd) {
	t.Helper()
	said, err := script.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	tally := map[string]int{}
	for line := range strings.Lines(string(said)) {
		tally[strings.TrimSpace(line)]++
	}
	t.Logf("TABLE %v", tally)
	for _, what := range []string{"approve", "undo"} {
		if tally[what+" before"] == 0 || tally[what+" fitted"] == 0 {
			t.Errorf("%s: the sizes do not cover what they should", what)
		}
	}
	for line, n := range tally {
		switch line {
		case "approve before", "approve after", "approve fitted", "undo before", "undo after", "undo fitted":
		default:
			t.Errorf("%d × %s", n, line)
		}
	}
}
