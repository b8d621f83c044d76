// Package hint writes the commands that messages tell people to type: under the name
// that the program was started by, and with the flags that say which school it works on,
// so that they can be pasted. It must never know what a command does.
package hint

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// Caller is how this process was started.
type Caller struct {
	Program string   // as it was typed, such as misimportd or sudo misimport
	School  []string // flags with their values that any command needs to find the same school
	Day     []string // those that an import needs besides, to be the one that was planned
	At      string   // a school of a fleet, at which commands are carried out; "" for a single school
}

// caller is set once, before any message is written: a process is started one way only.
var caller = Caller{Program: "misimportd"}

// CalledBy sets how commands are written.
func CalledBy(c Caller) { caller = c }

// Program is the program as it was typed.
func Program() string { return caller.Program }

// Command is a command of this program that does the same for the same school.
func Command(format string, args ...any) string {
	return line(fmt.Sprintf(format, args...), caller.School)
}

// Import is Command for an import: it has the day, too, that was asked for.
func Import(format string, args ...any) string {
	return line(fmt.Sprintf(format, args...), slices.Concat(caller.School, caller.Day))
}

func line(command string, flags []string) string {
	quoted := make([]string, len(flags))
	for i, flag := range flags {
		quoted[i] = Quote(flag)
	}
	words := slices.Concat([]string{caller.Program, command}, quoted)
	if caller.At != "" && !strings.HasPrefix(command, "fleet ") {
		words = slices.Concat([]string{caller.Program, "fleet"}, quoted, []string{"at", caller.At, command})
	}
	return strings.Join(words, " ")
}

var plain = regexp.MustCompile(`^[…\pL\pN_@%+=:,./-]+$`)

// Quote writes a word as a shell takes it.
func Quote(word string) string {
	if plain.MatchString(word) {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

// In picks flags that have values, and switches, which have none, out of a command line. Of a
// database's URL that may hold a password, only dots are left.
func In(args, flags, switches []string) (found []string) {
	for i := 0; i < len(args) && args[i] != "--"; i++ {
		name, value, joined := strings.Cut(args[i], "=")
		switch name, long := strings.CutPrefix(name, "--"); {
		case long && slices.Contains(switches, name):
			found = append(found, args[i])
		case long && slices.Contains(flags, name):
			if !joined && i+1 < len(args) {
				i++
				value = args[i]
			}
			if name == "database" {
				value = withoutPassword(value)
			}
			found = append(found, "--"+name, value)
		}
	}
	return found
}

// withoutPassword leaves all as it is but the URL of a server with a password in it.
func withoutPassword(value string) string {
	u, err := url.Parse(value)
	secret := strings.Contains(value, "password")
	if err == nil {
		_, has := u.User.Password()
		secret = secret || has
	}
	if secret || err != nil && strings.Contains(value, "://") {
		return "…"
	}
	return value
}
