package main

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	systemd "github.com/coreos/go-systemd/v22/daemon"

	"misimportd/importer/daemon"
	"misimportd/importer/report"
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
	if _, err := systemd.SdNotify(false, state); err != nil {
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
func (m *manager) Looked(daemon.Outlook) { m.line() }

func (m *manager) Began(time.Time) { m.line() }

func (m *manager) Ended(time.Time, report.Report, error) { m.line() }

func (m *manager) ready() { m.notify(systemd.SdNotifyReady) }

func (m *manager) reloading() {
	m.notify(fmt.Sprintf("%s\nMONOTONIC_USEC=%d", systemd.SdNotifyReloading, monotonic().Microseconds()))
}

func (m *manager) stopping() { m.notify(systemd.SdNotifyStopping) }

// feedWatchdog tells the manager that the service lives for as long as its pulse is felt.
func (m *manager) feedWatchdog(ctx context.Context) {
	most, err := systemd.SdWatchdogEnabled(false)
	if err != nil || most == 0 {
		return
	}
	tick := time.NewTicker(most / 3)
	defer tick.Stop()
	for {
		if err := m.pulse.Well(); err == nil {
			m.notify(systemd.SdNotifyWatchdog)
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
