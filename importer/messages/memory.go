package messages

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"time"

	"github.com/google/renameio/v2"

	"misimportd/era/files"
	"misimportd/mis/cache"
)

// memory is what a restart must not forget: what people know of, what they have not been sent yet, and what they were.
type memory struct {
	Incidents []Incident `json:"incidents"`
	Queue     []queued   `json:"queue"` // oldest first
	Sent      []Sent     `json:"sent"`  // newest last
	Digest    digested   `json:"digest"`
}

// queued is a message that a channel has not taken.
type queued struct {
	Channel string  `json:"channel"`
	Message Message `json:"message"`
	Tries   int     `json:"tries"`
	Error   string  `json:"error,omitempty"`
	GivenUp bool    `json:"given_up,omitempty"`
}

const (
	sentKept     = 50
	givenUpKept  = 7 * 24 * time.Hour
	queuedAtMost = 1000
)

// File is where in a state folder the memory is.
const File = "messages.json"

// recall reads the memory of a state folder, a blank one where there is none. It fails when the file cannot be read, or
// is none that this program wrote.
func recall(state string) (m memory, err error) {
	path := filepath.Join(state, File)
	text, err := files.Read(path)
	if errors.Is(err, fs.ErrNotExist) {
		return m, nil
	}
	if err == nil {
		err = json.Unmarshal(text, &m)
	}
	if err != nil {
		return memory{}, fmt.Errorf("what was sent so far cannot be read from %s: %w; it is begun anew, and some "+
			"messages may come twice", path, err)
	}
	return m, nil
}

// keep writes the memory. Its beginnings are in Incoming, where what a killed process leaves is cleared away.
func (m *memory) keep(state string, now time.Time) error {
	m.forget(now)
	text, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return err
	}
	path := filepath.Join(state, File)
	return files.Written(path, renameio.WriteFile(path, append(text, '\n'), 0o600,
		renameio.WithStaticPermissions(0o600), renameio.WithTempDir(filepath.Join(state, cache.Incoming))))
}

// forget drops what nobody looks at any more.
func (m *memory) forget(now time.Time) {
	m.Sent = m.Sent[max(0, len(m.Sent)-sentKept):]
	m.Queue = slices.DeleteFunc(m.Queue, func(q queued) bool {
		return q.GivenUp && now.Sub(q.Message.At) > givenUpKept
	})
	m.Queue = m.Queue[max(0, len(m.Queue)-queuedAtMost):]
}

// first is what a channel has to be tried with next.
func (m *memory) first(channel string) (queued, bool) {
	if i := m.at(channel, ""); i >= 0 {
		return m.Queue[i], true
	}
	return queued{}, false
}

// at is where a message of a channel stands in the queue, and -1 where it does not; of any id, the first that is tried.
func (m *memory) at(channel, id string) int {
	return slices.IndexFunc(m.Queue, func(q queued) bool {
		return q.Channel == channel && (q.Message.ID == id || id == "" && !q.GivenUp)
	})
}

// waiting is how many messages are still tried.
func (m *memory) waiting() (n int) {
	for _, q := range m.Queue {
		if !q.GivenUp {
			n++
		}
	}
	return n
}

// same tells whether people know of these incidents, and of no other.
func (m *memory) same(now []Incident) bool {
	return slices.EqualFunc(m.Incidents, now, func(a, b Incident) bool {
		return a.Kind == b.Kind && a.Run == b.Run && a.Since.Equal(b.Since) && a.Due.Equal(b.Due)
	})
}
