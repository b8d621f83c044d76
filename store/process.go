package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Patience is for how long the lock of a process that was killed is waited for. The server of
// a database, or the system, gives it up when it has ended what it was doing.
const Patience = 30 * time.Second

// Outwait calls take until it has the lock, or finds that somebody has it who lives, or who is
// not of this machine. take says who has it, or "". While that is a process that was killed,
// take is called again, and tell is called once.
func Outwait(ctx context.Context, tell func(holder string), take func() (holder string, err error)) error {
	const pause = 100 * time.Millisecond
	for end := time.Now().Add(Patience); ; tell = nil {
		holder, err := take()
		if said, ok := neighbour(holder); !ok || !said.isGone() || time.Now().After(end) {
			return err
		}
		if tell != nil {
			tell(holder)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause):
		}
	}
}

// isGone tells whether the process has ended, is about to, or was never this one: numbers are
// used again.
func (h Holder) isGone() bool {
	if err := syscall.Kill(h.PID, 0); errors.Is(err, syscall.ESRCH) {
		return true
	}
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", h.PID))
	if err != nil {
		return false // the system hides it: it may well live
	}
	// After the program's name in brackets follow: its state, … flags, … the start in ticks.
	const state, flags, start, fields = 0, 6, 19, 20
	said := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	if len(said) < fields {
		return false
	}
	const exiting = 4
	bits, _ := strconv.ParseUint(said[flags], 10, 64)
	if strings.Contains("ZX", said[state]) || bits&exiting != 0 || h.isSentenced() {
		return true
	}
	ticks, err := strconv.ParseInt(said[start], 10, 64)
	const perTick = time.Second / 100 // whatever the kernel's own clock
	const rounding = 3 * time.Second
	booted := bootTime()
	return err == nil && !booted.IsZero() && booted.Add(time.Duration(ticks)*perTick).After(h.Since.Add(rounding))
}

// isSentenced tells whether the process was sent SIGKILL and does not know it yet.
func (h Holder) isSentenced() bool {
	status, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", h.PID))
	for line := range strings.Lines(string(status)) {
		name, mask, _ := strings.Cut(line, ":")
		signals, _ := strconv.ParseUint(strings.TrimSpace(mask), 16, 64)
		if (name == "SigPnd" || name == "ShdPnd") && signals&(1<<(syscall.SIGKILL-1)) != 0 {
			return true
		}
	}
	return false
}

// bootTime is when the machine was started, zero if the system does not tell.
func bootTime() time.Time {
	stat, _ := os.ReadFile("/proc/stat")
	for line := range strings.Lines(string(stat)) {
		if seconds, ok := strings.CutPrefix(strings.TrimSpace(line), "btime "); ok {
			if n, err := strconv.ParseInt(seconds, 10, 64); err == nil {
				return time.Unix(n, 0)
			}
		}
	}
	return time.Time{}
}
