//go:build !single

package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	systemd "github.com/coreos/go-systemd/v22/daemon"
	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sys/unix"

	"misimportd/cmd/misimportd/config"
	"misimportd/era/files"
	"misimportd/importer/fleet"
	"misimportd/importer/status/pages"
)

type fleetWorkCommand struct {
	Jobs      int    `placeholder:"N" env:"MISIMPORTD_JOBS" help:"Schools at once (default: as many as processors)."`
	MaxMemory string `placeholder:"SIZE" env:"MISIMPORTD_MAX_MEMORY" help:"${help_memory}"`
	Listen    string `placeholder:"ADDRESS" env:"MISIMPORTD_LISTEN" help:"${help_fleet_listen}"`
	Secrets   string `placeholder:"DIR" env:"MISIMPORTD_SECRETS" help:"${help_secrets}"`
	Address   string `placeholder:"NAME" env:"MISIMPORTD_ADDRESS" help:"${help_address}"`
}

// defaultFleetListen is beside that of a single school.
const defaultFleetListen = "127.0.0.1:9191"

// work is a worker with all that watches it.
type work struct {
	*app
	fleet    *fleet.Fleet
	worker   *fleet.Worker
	settings config.Fleet
	keys     atomic.Pointer[pages.FleetKeys] // to its pages, in force now
	again    func() (config.Fleet, error)    // reads the settings once more
	schools  schools
	registry *prometheus.Registry
}

func (c fleetWorkCommand) Run(a *app, of *fleetCommand) (err error) {
	debug.SetTraceback("crash")
	s, err := a.settleFleet(of.fleetFlags)
	if err != nil {
		return err
	}
	if s, err = c.over(s); err != nil {
		return err
	}
	folder, clear, err := scratch(s.State)
	if err != nil {
		return err
	}
	defer clear()
	opened, err := fleet.Open(a.ctx, s.URL)
	if err != nil {
		return asUsage(err)
	}
	defer opened.Close()
	debug.SetMemoryLimit(s.MaxMemory)
	w := &work{app: a, fleet: opened, settings: s, registry: prometheus.NewRegistry(),
		schools: schools{a, folder, s.Secrets},
		again:   func() (config.Fleet, error) { return a.settleFleet(of.fleetFlags) }}
	if s.Secrets == "" && os.Getenv("CREDENTIALS_DIRECTORY") == "" {
		a.log.Warn("this worker has no secrets: name their folder with --secrets, or secrets in fleet.yml")
	}
	w.keys.Store(keysOf(s))
	w.worker = &fleet.Worker{Fleet: opened, ID: workerID(), Version: version(), Machine: machine(),
		Address: s.Address, Jobs: s.Jobs, MaxMemory: s.MaxMemory, Open: w.schools.open, Registry: w.registry,
		Log: a.log}
	return w.run()
}

// over puts the flags over the file's settings, and fills in what nobody has said.
func (c fleetWorkCommand) over(s config.Fleet) (config.Fleet, error) {
	const usualMemory = 1 << 30
	memory, err := config.ParseMemory(c.MaxMemory)
	if err != nil {
		return s, usageError{err}
	}
	s.Jobs = cmp.Or(c.Jobs, s.Jobs, runtime.NumCPU())
	s.MaxMemory = cmp.Or(memory, s.MaxMemory, usualMemory)
	s.Listen = cmp.Or(c.Listen, s.Listen, defaultFleetListen)
	s.Secrets = cmp.Or(c.Secrets, s.Secrets)
	s.Address = cmp.Or(c.Address, s.Address, machine())
	if s.Jobs < 1 || s.Jobs > 1000 {
		return s, usagef("--jobs has to be between 1 and 1000")
	}
	if err := config.CheckListen(s.Listen); err != nil {
		return s, usageError{err}
	}
	if s.Secrets != "" {
		if info, err := os.Stat(s.Secrets); err != nil || !info.IsDir() {
			return s, usagef("--secrets: there is no folder %s", s.Secrets)
		}
	}
	return s, nil
}

// workerID is a name that no other worker has.
func workerID() string {
	return fmt.Sprintf("%s-%d-%s", machine(), os.Getpid(), strings.ToLower(rand.Text()[:6]))
}

// machine is this machine's name.
func machine() string {
	hostname, _ := os.Hostname()
	return cmp.Or(hostname, "unknown")
}

// scratch is a folder for what is under way. What an earlier worker left there goes; so it does when this one ends.
func scratch(state string) (folder string, clear func(), err error) {
	if state == "" {
		all, clear, err := temporary("misimportd-worker-")
		return filepath.Join(all, "schools"), clear, err
	}
	if err := os.MkdirAll(state, 0o700); err != nil {
		return "", nil, fmt.Errorf("state folder: %w; choose another with --state", err)
	}
	unlock, err := lockFolder(state)
	var locked *files.LockedError
	if errors.As(err, &locked) {
		return "", nil, fmt.Errorf("state folder: %s is in use %s: give each worker a folder of its own (--state)",
			state, locked.Holder)
	}
	if err != nil {
		return "", nil, fmt.Errorf("state folder: %w", err)
	}
	folder = filepath.Join(state, "schools")
	clearAway := func() error { return errors.Join(os.RemoveAll(folder), os.RemoveAll(folder+seenToo)) }
	if err := clearAway(); err != nil {
		return "", nil, errors.Join(fmt.Errorf("state folder: %w", err), unlock())
	}
	return folder, func() { _ = clearAway(); _ = unlock() }, nil
}

func lockFolder(folder string) (unlock func() error, err error) {
	return files.Lock(filepath.Join(folder, "lock"), fmt.Sprintf("by process %d", os.Getpid()))
}

// temporary is a folder that goes when clear is called. Those of processes that were killed go first: there may be a
// part of a document in them.
func temporary(prefix string) (folder string, clear func(), err error) {
	left, err := filepath.Glob(filepath.Join(os.TempDir(), prefix+"*"))
	if err != nil {
		return "", nil, err
	}
	for _, folder := range left {
		if info, err := os.Stat(folder); err != nil || time.Since(info.ModTime()) < time.Minute {
			continue // another may be about to lock it
		}
		if unlock, err := lockFolder(folder); err == nil { // nobody works in it
			_ = os.RemoveAll(folder)
			_ = unlock()
		}
	}
	if folder, err = os.MkdirTemp("", prefix); err != nil {
		return "", nil, err
	}
	unlock, err := lockFolder(folder)
	if err != nil {
		return "", nil, errors.Join(err, os.RemoveAll(folder))
	}
	return folder, func() { _ = os.RemoveAll(folder); _ = unlock() }, nil
}

// run answers while the worker works.
func (w *work) run() error {
	ctx, cancel := context.WithCancelCause(w.ctx)
	defer cancel(nil)
	if w.settings.Listen != "off" {
		close, err := w.answer(ctx, cancel)
		if err != nil {
			return err
		}
		defer close()
	}
	reload := make(chan struct{}, 1)
	defer relay(map[os.Signal]chan struct{}{syscall.SIGHUP: reload})()
	go w.keepReloading(ctx, reload)
	telling := make(chan struct{})
	go func() {
		defer close(telling)
		w.tellManager(ctx)
	}()
	context.AfterFunc(w.ctx, w.hurry)
	if err := w.worker.Work(ctx); err != nil {
		return err
	}
	cancel(nil)
	<-telling
	if w.ctx.Err() == nil {
		return context.Cause(ctx)
	}
	return nil
}

func keysOf(s config.Fleet) *pages.FleetKeys {
	return &pages.FleetKeys{Operators: s.Operators, Hosts: s.Hosts, WebConfig: s.WebConfig}
}

// keepReloading takes over who may see the pages when it is told to. All else changes when the worker is restarted:
// schools and their secrets are read for each night anyway.
func (w *work) keepReloading(ctx context.Context, reload <-chan struct{}) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-reload:
		}
		s, err := w.again()
		if err != nil {
			w.log.Error("the configuration was not reloaded, and what was before goes on", "error", err)
			continue
		}
		s.WebConfig = w.settings.WebConfig // which is asked for passwords until the worker is restarted
		w.keys.Store(keysOf(s))
		w.log.Info("the configuration was reloaded: who may see the pages; all else changes with a restart")
	}
}

// hurry ends the process when stopping takes too long. What is not committed is rolled back.
func (w *work) hurry() {
	const most = 30 * time.Second
	w.notify(systemd.SdNotifyStopping)
	time.AfterFunc(most, func() {
		w.log.Error("stopping took too long: a database does not answer. Of each import either all was done or nothing")
		_ = unix.Kill(os.Getpid(), syscall.SIGKILL)
	})
}

func (w *work) notify(state string) {
	if _, err := systemd.SdNotify(false, state); err != nil {
		w.log.Warn("the service manager cannot be told", "error", err)
	}
}

// tellManager tells the service manager that the worker is ready, what it is at, and that it lives.
func (w *work) tellManager(ctx context.Context) {
	tick := time.NewTicker(5 * time.Second)
	defer tick.Stop()
	ready := false
	for {
		err := w.worker.Well()
		switch {
		case err != nil && ready:
			w.log.Error("the watchdog will end this worker", "error", err)
		case err == nil:
			state := "STATUS=" + w.worker.Line() + "\n" + systemd.SdNotifyWatchdog
			if !ready {
				ready = true
				state = systemd.SdNotifyReady + "\n" + state
			}
			w.notify(state)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}
