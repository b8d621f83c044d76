//go:build !single

package fleet

import (
	"context"
	"sync/atomic"

	"golang.org/x/sync/semaphore"
)

// memory is what all imports of a worker may take together. Who waits is served in turn: a large school is not passed
// by small ones for ever, nor does it push out those that are at work.
type memory struct {
	total int64
	sem   *semaphore.Weighted
	inUse atomic.Int64
}

// What an import takes, in bytes: measured with "go test -bench Memory ./importer/fleet" on schools of 1,000 and 4,000
// pupils with a year's timetable, and rounded up.
const (
	perImport = 32 << 20
	perByte   = 40 // of the document
)

func newMemory(total int64) *memory {
	return &memory{total: total, sem: semaphore.NewWeighted(total)}
}

// take waits until there is room for an import of a document of so many bytes. One that would never fit has all the
// room there is to itself.
func (m *memory) take(ctx context.Context, document int64) (release func(), err error) {
	return m.weigh(ctx, perImport+perByte*document)
}

// takeAll waits until nobody else is at work.
func (m *memory) takeAll(ctx context.Context) (release func(), err error) {
	return m.weigh(ctx, m.total)
}

func (m *memory) weigh(ctx context.Context, bytes int64) (release func(), err error) {
	bytes = min(bytes, m.total)
	if err := m.sem.Acquire(ctx, bytes); err != nil {
		return nil, err
	}
	m.inUse.Add(bytes)
	return func() {
		m.inUse.Add(-bytes)
		m.sem.Release(bytes)
	}, nil
}

// taken is what the imports under way are reckoned to take.
func (m *memory) taken() int64 { return m.inUse.Load() }
