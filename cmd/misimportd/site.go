package main

import (
	"context"
	"errors"
	"fmt"
	"html/template"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"misimportd/cmd/misimportd/config"
	"misimportd/cmd/misimportd/manual"
	"misimportd/importer"
	"misimportd/importer/daemon"
	"misimportd/importer/status"
	"misimportd/importer/status/pages"
	"misimportd/store"
)

// site is the pages of the service.
func (s *service) site(ctx context.Context) *pages.Site {
	return pages.New(pages.Given{
		Life: ctx, School: s.school.Load, Pulse: s.pulse, Version: version(), Log: s.log, Manual: shownManual{},
		Undelivered: s.undelivered,
		Again: func() {
			select {
			case s.trigger <- struct{}{}:
			default: // one is asked for already
			}
		},
	})
}

// shownManual is the manual as the pages show it.
type shownManual struct{}

func (shownManual) Topics() (list []pages.Topic) {
	for _, t := range manual.Topics() {
		list = append(list, pages.Topic{Name: t.Name, Title: t.Title, Summary: t.Summary})
	}
	return list
}

func (shownManual) HTML(name string) (title string, text template.HTML, isThere bool) {
	topic, isThere := manual.Find(name)
	if !isThere {
		return "", "", false
	}
	text, err := manual.HTML(topic)
	return topic.Title, text, err == nil
}

// undelivered is the messages that could not be delivered yet.
func (s *service) undelivered() (list []pages.Message) {
	for _, u := range s.messenger.Undelivered() {
		if u.Tries == 0 { // it is on its way
			continue
		}
		list = append(list, pages.Message{Channel: u.Channel, Subject: u.Subject, Error: u.Error, Since: u.Since,
			Tries: u.Tries, GivenUp: u.GivenUp})
	}
	return list
}

// shown is what the pages show of a school. listen is where it is answered if that is not what the configuration says.
func (a *app) shown(settings config.Settings, setup *daemon.Setup, listen pages.Setting) *pages.School {
	school := &pages.School{
		Importer: setup.Importer, Schedule: settings.Schedule, Pauses: settings.Pauses, Operators: settings.Operators,
		Hosts: settings.Hosts, WebConfig: settings.WebConfig,
		Checks: func(ctx context.Context) (list []pages.Check) {
			for _, c := range a.checksOf(ctx, settings, func() (*store.DB, error) { return setup.Importer.DB, nil }) {
				list = append(list, pages.Check{Name: c.Name, Found: c.Found, OK: c.OK})
			}
			return list
		},
	}
	for _, e := range settings.Effective() {
		if e.Key == "listen" && listen.Value != "" {
			e.Value, e.From = listen.Value, listen.From
		}
		school.Settings = append(school.Settings, pages.Setting(e))
	}
	return school
}

// showPages answers browsers on this machine alone until somebody ends it: to look at a school whose people are
// pretend, without logging in.
func (a *app) showPages(settings config.Settings, db *store.DB, at func(address string)) error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("the page: %w", err)
	}
	setup := &daemon.Setup{Importer: a.importerOf(settings, db, importer.Fetching{}, nil), Schedule: settings.Schedule}
	school := a.shown(settings, setup, pages.Setting{Value: listener.Addr().String(), From: "the demo"})
	school.Open, school.Today = true, schoolDay(a.AsOf)
	pulse := status.NewPulse(version())
	pulse.Looked(setup.Look(a.ctx, time.Now()))
	site := pages.New(pages.Given{Life: a.ctx, School: func() *pages.School { return school }, Pulse: pulse,
		Version: version(), Log: a.log, Manual: shownManual{}})
	server := status.Server(prometheus.NewRegistry(), pulse, site.Handler())
	context.AfterFunc(a.ctx, func() { _ = server.Close() })
	at("http://" + listener.Addr().String())
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("the page: %w", err)
	}
	return nil
}
