package main

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"

	"misimportd/importer"
	"misimportd/importer/status"
)

// manager is the service manager that started this process. Without one, telling it
// does nothing.
type manager struct {
	pulse *status.Pulse
	log   *slog.Logger
	said  string
}

func (m *manager) notify(state string) {
	if _, err := daemon.SdNotify(false, state); err != nil {
		m.log.Warn("the service manager cannot be told", "error", err)
	}
}

// line tells in one line what the service is at: "systemctl status" shows it.
func (m *manager) line() {
	if line := m.pulse.Line(); line != m.said {
		m.said = line
		m.notify("STATUS=" + line)
	}
}

// Looked is also how the manager learns that the service is ready, or ready again.
func (m *manager) Looked(importer.Outlook) { m.line() }

func (m *manager) Began(time.Time) { m.line() }

func (m *manager) Ended(time.Time, importer.Report, error) { m.line() }

func (m *manager) ready() { m.notify(daemon.SdNotifyReady) }

func (m *manager) reloading() {
	m.notify(fmt.Sprintf("%s\nMONOTONIC_USEC=%d", daemon.SdNotifyReloading, monotonic().Microseconds()))
}

func (m *manager) stopping() { m.notify(daemon.SdNotifyStopping) }

// feedWatchdog tells the manager that the service lives for as long as its pulse is felt.
func (m *manager) feedWatchdog(ctx context.Context) {
	most, err := daemon.SdWatchdogEnabled(false)
	if err != nil || most == 0 {
		return
	}
	tick := time.NewTicker(most / 3)
	defer tick.Stop()
	for {
		if err := m.pulse.Well(); err == nil {
			m.notify(daemon.SdNotifyWatchdog)
		} else {
			m.log.Error("the service is stuck, and the watchdog will end it", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}
