package store

import (
	"cmp"
	"fmt"
	"os"
	"strings"
	"time"
)

// Holder says who runs an import: what others are told while it does.
type Holder struct {
	Command string // such as run
	PID     int
	Host    string
	Since   time.Time

	Operator string // who asked for it on a page, "" for a night or a command
}

// NewHolder is this process, from now on.
func NewHolder(command string) Holder {
	return Holder{Command: command, PID: os.Getpid(), Host: hostname(), Since: time.Now()}
}

func hostname() string {
	host, err := os.Hostname()
	if err != nil {
		return "unknown"
	}
	return host
}

// maxHolder is as much as PostgreSQL keeps of an application's name.
const maxHolder = 63

// String has as much of the host's name as there is room for.
func (h Holder) String() string {
	since := h.Since.UTC().Format(time.RFC3339)
	who := fmt.Sprintf("misimportd %s, process %d", h.Command, h.PID)
	room := maxHolder - len(who) - len(" on ") - len(" since ") - len(since)
	if room > 0 {
		who += " on " + h.Host[:min(len(h.Host), room)]
	}
	return who + " since " + since
}

// neighbour is the holder that a text tells of, if it is one of this machine.
func neighbour(text string) (h Holder, ok bool) {
	who, since, _ := strings.Cut(text, " since ")
	if _, err := fmt.Sscanf(who, "misimportd %s process %d", &h.Command, &h.PID); err != nil {
		return h, false
	}
	var err error
	if h.Since, err = time.Parse(time.RFC3339, since); err != nil {
		return h, false
	}
	h.Command, h.Host = strings.TrimSuffix(h.Command, ","), hostname()
	return h, h.String() == text // it would say so itself
}

// BusyError says that another run has the lock (R32).
type BusyError struct{ Holder string }

func (e *BusyError) Error() string {
	return fmt.Sprintf("another run is under way: %s; wait for it to end",
		cmp.Or(e.Holder, "in a process that does not say what it is"))
}
