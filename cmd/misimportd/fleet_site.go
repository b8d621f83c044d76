//go:build !single

package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/prometheus/exporter-toolkit/web"
	"golang.org/x/net/netutil"

	"misimportd/importer/status"
	"misimportd/importer/status/pages"
)

// answer answers people and Prometheus until it is closed.
func (w *work) answer(ctx context.Context, cancel context.CancelCauseFunc) (close func(), err error) {
	handler, err := w.handler(ctx)
	if err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", w.settings.Listen)
	if err != nil {
		return nil, fmt.Errorf("listen: %w; choose another address (--listen)", err)
	}
	listener = netutil.LimitListener(listener, status.Connections)
	w.log.Info("answering", "at", listener.Addr().String())
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second,
		WriteTimeout: 60 * time.Second, MaxHeaderBytes: 16 << 10,
		ErrorLog: slog.NewLogLogger(w.log.Handler(), slog.LevelDebug)}
	addresses := []string{listener.Addr().String()}
	quiet := slog.New(logHandler(w.terminal.err, w.LogFormat, slog.LevelWarn))
	go func() {
		err := web.Serve(listener, server, &web.FlagConfig{WebListenAddresses: &addresses,
			WebConfigFile: &w.settings.WebConfig}, quiet)
		if !errors.Is(err, http.ErrServerClosed) {
			cancel(fmt.Errorf("answering on %s: %w", addresses[0], err))
		}
	}()
	return func() { _ = server.Close() }, nil
}

// handler answers programs and people.
func (w *work) handler(ctx context.Context) (http.Handler, error) {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(w.registry, promhttp.HandlerOpts{MaxRequestsInFlight: 8,
		Timeout: 10 * time.Second}))
	mux.HandleFunc("GET /healthz", answering(w.worker.Well))
	mux.HandleFunc("GET /-/healthy", answering(w.worker.Well))
	mux.HandleFunc("GET /-/ready", answering(w.isReady))
	jobs, err := w.fleet.JobsPages(ctx, pages.JobsPath, w.log)
	if err != nil {
		return nil, err
	}
	keys := func() pages.FleetKeys { return *w.keys.Load() }
	access := pages.NewAccess()
	seen := &seenSchools{work: w, life: ctx, access: access, keys: keys, open: map[string]*seenSchool{}}
	context.AfterFunc(ctx, seen.close)
	mux.Handle("/", pages.NewFleet(pages.GivenFleet{Life: ctx, Fleet: seen, Jobs: jobs, Access: access,
		Manual: shownManual{}, Keys: keys, Version: version(), Log: w.log}).Handler())
	return mux, nil
}

// isReady tells whether the worker is of use, without telling strangers where its database is.
func (w *work) isReady() error {
	if w.worker.Ready() != nil {
		return errors.New("waiting for the fleet's database: the log tells why")
	}
	return nil
}

// answering tells whether all is well.
func answering(is func() error) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		if err := is(); err != nil {
			w.WriteHeader(http.StatusServiceUnavailable)
			_, _ = fmt.Fprintln(w, err)
			return
		}
		_, _ = fmt.Fprintln(w, "well")
	}
}
