package main

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/exporter-toolkit/web"
	"go.yaml.in/yaml/v4"
	"golang.org/x/net/netutil"
	"golang.org/x/sys/unix"

	"misimportd/cmd/misimportd/config"
	"misimportd/era/files"
	"misimportd/era/hint"
	"misimportd/importer"
	"misimportd/importer/daemon"
	"misimportd/importer/messages"
	"misimportd/importer/status"
	"misimportd/importer/status/pages"
	"misimportd/importer/text"
	"misimportd/mis/cache"
	"misimportd/store"
)

// listening is the flag of those who answer, and those who ask them.
type listening struct {
	Listen string `placeholder:"ADDRESS" env:"MISIMPORTD_LISTEN" help:"${help_listen}"`
}

type serveCommand struct {
	listening `embed:""`
}

// faults are several things that are wrong, each to be told.
type faults []error

func (f faults) Error() string {
	said := make([]string, len(f))
	for i, err := range f {
		said[i] = err.Error()
	}
	return strings.Join(said, "; ")
}

// service is the daemon with all that watches it.
type service struct {
	*app
	trigger   chan struct{} // asks for an import
	listen    string        // of the command line, "" for the configuration's
	bound     string        // where it listens, "" when it does not
	webConfig string
	pulse     *status.Pulse
	metrics   *status.Metrics
	messenger *messages.Messenger
	registry  *prometheus.Registry
	manager   *manager
	school    atomic.Pointer[pages.School] // that the pages show
}

func (c serveCommand) Run(a *app) error {
	a.asks = true
	// A fault of the program's own ends it by a signal, and not with the status of a wrong
	// configuration, after which systemd does not start it again.
	debug.SetTraceback("crash")
	trigger, reload := make(chan struct{}, 1), make(chan struct{}, 1)
	stop := relay(map[os.Signal]chan struct{}{syscall.SIGUSR1: trigger, syscall.SIGHUP: reload})
	defer stop()
	if a.AsOf != 0 {
		return usagef("--as-of is not for the service: every night has its own day")
	}
	a.Fetch = true // every night has a document of its own
	s := &service{app: a, trigger: trigger, listen: c.Listen, registry: prometheus.NewRegistry(),
		pulse: status.NewPulse(version())}
	s.metrics = status.NewMetrics(s.registry, version())
	s.messenger = messages.New(s.registry, a.log)
	s.manager = &manager{pulse: s.pulse, log: a.log}
	told := make(chan struct{})
	context.AfterFunc(a.ctx, func() {
		defer close(told)
		s.hurry()
	})
	setup, listener, err := s.start()
	if a.ctx.Err() != nil {
		<-told
		a.log.Info("stopped before it had begun")
		return nil
	}
	if err != nil {
		return err
	}
	return s.serve(told, &daemon.Daemon{
		Setup: setup, Load: s.reloaded, Trigger: trigger, Reload: reload, Now: time.Now, Log: a.log,
		Watch: []daemon.Watcher{s.pulse, s.metrics, s.messenger, s.manager},
	}, listener)
}

// serve answers while the daemon works.
func (s *service) serve(told <-chan struct{}, d *daemon.Daemon, listener net.Listener) error {
	ctx, cancel := context.WithCancelCause(s.ctx)
	defer cancel(nil)
	server := status.Server(s.registry, s.pulse, s.site(ctx).Handler())
	server.ErrorLog = slog.NewLogLogger(s.log.Handler(), slog.LevelDebug) // of what clients do wrong
	if listener != nil {
		defer func() { _ = server.Close() }()
		go func() { cancel(s.answer(server, listener)) }()
	}
	go s.manager.feedWatchdog(ctx)
	telling := s.tell(ctx)
	s.manager.ready()
	d.Serve(ctx)
	telling.Wait()
	if s.ctx.Err() == nil {
		return context.Cause(ctx)
	}
	<-told
	s.log.Info("stopped")
	return nil
}

// answer answers people and Prometheus until the listener is closed.
func (s *service) answer(server *http.Server, listener net.Listener) error {
	addresses := []string{listener.Addr().String()}
	quiet := slog.New(logHandler(s.terminal.err, s.LogFormat, slog.LevelWarn))
	err := web.Serve(listener, server, &web.FlagConfig{WebListenAddresses: &addresses, WebConfigFile: &s.webConfig},
		quiet)
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return fmt.Errorf("answering on %s: %w", addresses[0], err)
}

// hurry ends the process when stopping takes too long: a server that does not answer must
// not hold it up. What is not committed is rolled back.
func (s *service) hurry() {
	const most = 25 * time.Second
	s.manager.stopping()
	s.log.Info("stopping", "state", s.pulse.Line())
	time.AfterFunc(most, func() {
		s.log.Error("stopping took too long: the database does not answer. Either all of the import in hand was "+
			"done or nothing; "+
			hint.Command("runs")+" tells which", "state", s.pulse.Line())
		os.Exit(statusFailed)
	})
}

// relay passes signals on. Those that come while one is waiting come to the same.
func relay(to map[os.Signal]chan struct{}) (stop func()) {
	signals := make(chan os.Signal, 16)
	for s := range to {
		signal.Notify(signals, s)
	}
	done := make(chan struct{})
	go func() {
		for {
			select {
			case s := <-signals:
				select {
				case to[s] <- struct{}{}:
				default:
				}
			case <-done:
				return
			}
		}
	}()
	return func() { signal.Stop(signals); close(done) }
}

// start sets all up and opens the listener. It tells all that is wrong, not the first
// thing only.
func (s *service) start() (*daemon.Setup, net.Listener, error) {
	settings, err := s.settle()
	if err != nil {
		return nil, nil, err
	}
	var wrong faults
	listener, err := s.bind(settings)
	if err != nil {
		wrong = append(wrong, err)
	}
	setup, found := s.wire(s.ctx, settings)
	if found == nil {
		if err := setup.Importer.ClearAway(s.ctx); err != nil && !importer.IsBusy(err) {
			found = faults{err}
		}
	}
	if wrong = append(wrong, found...); len(wrong) > 0 {
		if listener != nil {
			_ = listener.Close()
		}
		return nil, nil, wrong
	}
	return setup, listener, nil
}

func (s *service) bind(settings config.Settings) (net.Listener, error) {
	s.webConfig = settings.WebConfig
	if settings.Listen = cmp.Or(s.listen, settings.Listen); settings.Listen == "off" {
		return nil, nil
	}
	if err := config.CheckListen(settings.Listen); err != nil { // that of the command line
		return nil, usageError{err}
	}
	listener, err := net.Listen("tcp", settings.Listen)
	if err != nil {
		hint := "choose another address"
		if errors.Is(err, syscall.EADDRINUSE) {
			hint = "stop what uses it, another misimportd perhaps, or " + hint
		}
		return nil, fmt.Errorf("listen: %w; %s", err, hint)
	}
	s.bound = settings.Listen
	s.log.Info("answering", "at", listener.Addr().String())
	return netutil.LimitListener(listener, status.Connections), nil
}

// reloaded sets all up anew.
func (s *service) reloaded(ctx context.Context) (setup *daemon.Setup, err error) {
	s.manager.reloading()
	defer func() {
		s.pulse.Refused(err)
		s.manager.ready()
	}()
	settings, err := s.settle()
	if err != nil {
		return nil, err
	}
	if missing := missingFolder(settings); missing != nil { // a name that was mistyped begins no second school
		return nil, missing
	}
	setup, wrong := s.wire(ctx, settings)
	if len(wrong) > 0 {
		return nil, wrong
	}
	if wanted := cmp.Or(s.listen, settings.Listen); wanted != cmp.Or(s.bound, "off") ||
		settings.WebConfig != s.webConfig {
		s.log.Warn("listen and web_config_file change when the service is restarted", "now", cmp.Or(s.bound, "off"),
			"then", wanted)
	}
	return setup, nil
}

// wire puts together what imports need and checks it, without changing anything. A
// database that is away is waited for later.
func (s *service) wire(ctx context.Context, settings config.Settings) (*daemon.Setup, faults) {
	var wrong faults
	fetching, err := s.fetching(settings, nil)
	if err != nil {
		wrong = append(wrong, err)
	}
	if settings.MessagesUnread != nil {
		wrong = append(wrong, settings.MessagesUnread)
	}
	folder := cache.Folder(settings.State)
	if err := folder.Prepare(); err != nil {
		wrong = append(wrong, err)
	} else if _, err := folder.Check(); err != nil {
		wrong = append(wrong, err)
	}
	db, err := store.Prepare(settings.Database)
	if err != nil {
		return nil, append(wrong, err)
	}
	db.Waiting = importer.TellWaiting(s.log)
	im := s.importerOf(settings, db, fetching, s.stage)
	setup := &daemon.Setup{Importer: im, Schedule: settings.Schedule}
	outlook := setup.Look(ctx, time.Now())
	if outlook.Away != nil && !setup.IsAway(outlook.Away) {
		wrong = append(wrong, outlook.Away)
	}
	if len(wrong) > 0 {
		_ = db.Close()
		return nil, wrong
	}
	if err := s.messenger.Configure(messageSetup(settings, db)); err != nil {
		_ = db.Close()
		return nil, append(wrong, err)
	}
	var most time.Duration
	if c := fetching.Client; c != nil {
		c.Progress, c.Attempted = s.metrics.Downloaded, s.metrics.Attempted
		most = settings.ISAMS.Timeout
	}
	s.pulse.FetchMost(most)
	if reflected, err := im.State.CurrentManifest(); err == nil && outlook.Away == nil {
		s.metrics.Reflects(reflected.Since)
	}
	s.metrics.Looked(outlook)
	settings.WebConfig = s.webConfig // which is asked for passwords until the service is restarted
	s.school.Store(s.shown(settings, setup, pages.Setting{Value: s.listen, From: "the command line or the " +
		"environment"}))
	return setup, nil
}

// stage notes that an import has come to a stage.
func (s *service) stage(stage string) {
	s.pulse.Stage(stage)
	s.manager.line()
}

// monotonic is the time that systemd orders notifications by.
func monotonic() time.Duration {
	var now unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &now); err != nil {
		return 0
	}
	return time.Duration(now.Nano())
}

type healthcheckCommand struct {
	listening `embed:""`
}

// configuredListen is what the configuration says of listen, be the rest as it may: the
// service may go on with an older one, and its health is not that of the file.
func configuredListen(path string) string {
	var c struct {
		Listen string `yaml:"listen"`
	}
	if text, err := files.Read(cmp.Or(path, config.DefaultFile)); err == nil {
		_ = yaml.Unmarshal(text, &c)
	}
	return c.Listen
}

// Run asks the service for its health. One that wants a password has answered, and that
// is as much as can be known without it.
func (c healthcheckCommand) Run(a *app) error {
	address := cmp.Or(c.Listen, configuredListen(a.Config), config.DefaultListen)
	if address == "off" {
		return errors.New("the service answers nobody (listen: off)")
	}
	if err := config.CheckListen(address); err != nil {
		return usageError{err}
	}
	host, port, _ := net.SplitHostPort(address)
	switch host { // not by name: a container may know none
	case "", "0.0.0.0":
		host = "127.0.0.1"
	case "::":
		host = "::1"
	}
	const patience = 5 * time.Second
	// The certificate is this machine's own, and its name that of others' view of it.
	down := "is it running? \"systemctl status misimportd\" tells"
	client := &http.Client{Timeout: patience,
		Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}
	var failed error
	for _, scheme := range []string{"http", "https"} {
		response, err := client.Get(scheme + "://" + net.JoinHostPort(host, port) + "/healthz")
		if err != nil {
			if failed = errors.Join(failed, err); errors.Is(err, syscall.ECONNREFUSED) {
				break
			}
			continue
		}
		said, _ := io.ReadAll(io.LimitReader(response.Body, 1<<10))
		_ = response.Body.Close()
		switch response.StatusCode {
		case http.StatusOK:
			return a.print(map[string]bool{"well": true}, func(w io.Writer, _ text.Style) error {
				_, err := w.Write(said)
				return err
			})
		case http.StatusUnauthorized:
			return a.print(map[string]bool{"well": true}, func(w io.Writer, _ text.Style) error {
				_, err := fmt.Fprintln(w, "it answers, and wants a password")
				return err
			})
		case http.StatusBadRequest: // a server that speaks https was asked in http
			continue
		}
		return fmt.Errorf("the service at %s says: %s", address, strings.TrimSpace(string(said)))
	}
	return fmt.Errorf("the service at %s does not answer: %w; %s", address, failed, down)
}
