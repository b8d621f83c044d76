package messages

import (
	"context"
	"time"

	"github.com/cenkalti/backoff/v7"
)

// How often a message is tried, and for how long.
const (
	firstPause   = time.Minute
	longestPause = time.Hour
	triedFor     = 24 * time.Hour
)

// pausesOf are the pauses between tries: each twice as long as the one before.
func pausesOf() *backoff.ExponentialBackOff {
	pauses := backoff.NewExponentialBackOff()
	pauses.InitialInterval, pauses.MaxInterval, pauses.Multiplier = firstPause, longestPause, 2
	pauses.RandomizationFactor = 0.1
	return pauses
}

// deliver sends what waits for a channel, in order, until ctx is done. While the channel fails, only the oldest message
// is tried.
func (m *Messenger) deliver(ctx context.Context, c channel, more <-chan struct{}) {
	pauses := pausesOf()
	for ctx.Err() == nil {
		next, ok := m.next(c)
		if !ok {
			select {
			case <-more:
			case <-ctx.Done():
			}
			continue
		}
		err := c.send(ctx, next.Message)
		switch {
		case err == nil:
			m.delivered(c, next)
			pauses.Reset()
		case ctx.Err() == nil:
			m.refused(c, next, err)
			pass(ctx, pauses.NextBackOff())
		}
	}
}

// pass waits for a time, or for the end.
func pass(ctx context.Context, how time.Duration) {
	timer := time.NewTimer(how)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

func (m *Messenger) next(c channel) (queued, bool) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	return m.memory.first(c.name())
}

// delivered notes that a channel has taken a message.
func (m *Messenger) delivered(c channel, q queued) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	if i := m.memory.at(q.Channel, q.Message.ID); i >= 0 {
		m.memory.Queue = append(m.memory.Queue[:i:i], m.memory.Queue[i+1:]...)
	}
	m.memory.Sent = append(m.memory.Sent, Sent{Channel: q.Channel, At: m.now(), Message: q.Message})
	m.metrics.messages.WithLabelValues(c.label(), sent).Inc()
	m.log.Info("a message was sent", "by", q.Channel, "kind", q.Message.Kind, "over", q.Message.Over)
	m.keep()
}

// refused notes that a channel has not taken a message. After a day it is given up.
func (m *Messenger) refused(c channel, q queued, err error) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	i := m.memory.at(q.Channel, q.Message.ID)
	if i < 0 {
		return
	}
	kept := &m.memory.Queue[i]
	kept.Tries, kept.Error = kept.Tries+1, err.Error()
	attributes := []any{"by", q.Channel, "kind", q.Message.Kind, "tries", kept.Tries, "error", err}
	switch {
	case m.now().Sub(q.Message.At) >= triedFor:
		kept.GivenUp = true
		m.metrics.messages.WithLabelValues(c.label(), failed).Inc()
		m.log.Error("a message could not be delivered, and is not tried again", attributes...)
	case kept.Tries == 1:
		m.log.Warn("a message could not be delivered, and is tried again", attributes...)
	default:
		m.log.Debug("a message could not be delivered, and is tried again", attributes...)
	}
	m.keep()
}

// Undelivered is what is not delivered yet, or was given up within the last week, oldest first. It is safe for
// concurrent use.
func (m *Messenger) Undelivered() []Undelivered {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	list := []Undelivered{}
	for _, q := range m.memory.Queue {
		list = append(list, Undelivered{Channel: q.Channel, Since: q.Message.At, Tries: q.Tries, Error: q.Error,
			Subject: q.Message.Subject, GivenUp: q.GivenUp})
	}
	return list
}

// Newest is at most n of the messages that were sent, newest first. Fifty are kept. It is safe for concurrent use.
func (m *Messenger) Newest(n int) []Sent {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	list := []Sent{}
	for i := len(m.memory.Sent) - 1; i >= 0 && len(list) < n; i-- {
		list = append(list, m.memory.Sent[i])
	}
	return list
}
