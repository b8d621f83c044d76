package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"misimportd/era"
	"misimportd/mis/isams/isamstest"
)

type simulateCommand struct {
	Listen       string            `default:"127.0.0.1:8088" help:"Address to listen on: a loopback one."`
	Key          string            `default:"0A1C996B-8E74-4388-A3C4-8DA1E40ADA57" help:"${help_key}"`
	Also         map[string]string `placeholder:"KEY=METHOD METHOD" help:"${help_also}"`
	ClientID     string            `placeholder:"ID" help:"Offer OAuth2 to this client too."`
	ClientSecret string            `default:"pretended" help:"The client's secret."`
	Seed         uint64            `default:"1" help:"Which pretend school."`
	Pupils       int               `default:"1000" help:"How many pupils."`
	Lessons      int               `default:"2400" help:"${help_lessons}"`
	Cache        time.Duration     `default:"24h" help:"How long an answer is given again."`
	Fault        string            `placeholder:"KIND" help:"Misbehave: ${faults}."`
	After        int               `placeholder:"BYTES" help:"How much to send before that."`
	Times        int               `placeholder:"N" help:"How many requests are to meet the fault (default all)."`
	Section      string            `placeholder:"NAME" help:"The section that is missing or empty."`
}

func (c simulateCommand) Run(a *app) error {
	host, _, err := net.SplitHostPort(c.Listen)
	if ip := net.ParseIP(host); err != nil || host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return usagef("--listen: a pretend iSAMS listens on this machine only: write it as 127.0.0.1:8088")
	}
	if c.Fault != "" && !slices.Contains(isamstest.FaultKinds, c.Fault) {
		return usagef("--fault is one of %s", strings.Join(isamstest.FaultKinds, ", "))
	}
	size := isamstest.Typical
	size.Pupils, size.SetLists = c.Pupils, c.Pupils*12
	school := isamstest.New(c.Seed, size)
	if c.Lessons > 0 {
		school.TeachIn(era.Academic(era.DateOf(time.Now()), era.FirstSeptember).StartsOn.Time().Year(), c.Lessons)
	}
	server := isamstest.NewServer(school, c.Key)
	for key, methods := range c.Also {
		server.Keys[key] = strings.Fields(methods)
	}
	server.Cache, server.ClientID, server.ClientSecret = c.Cache, c.ClientID, c.ClientSecret
	if c.Fault != "" {
		server.Misbehave(isamstest.Fault{Kind: c.Fault, After: c.After, Times: c.Times, Section: c.Section})
	}
	listener, err := net.Listen("tcp", c.Listen)
	if err != nil {
		return fmt.Errorf("simulate: %w; choose another port with --listen", err)
	}
	at := "http://" + listener.Addr().String()
	fmt.Fprintf(a.out, `A pretend iSAMS with %d pupils listens on %s. In a configuration:

  isams:
    url: %s
    requests: [{key_file: isams.key}]      # a file beside the configuration that holds %s

Its methods: %s


  curl -X POST %s/control/night                             a day goes by
  curl -X POST '%s/control/fault?kind=stall&after=5000'     misbehave; also times=N, section=NAME
  curl -X POST '%s/control/fault?kind=none'                  no more

Ctrl-C ends it.
`, c.Pupils, at, at, c.Key, strings.Join(isamstest.Methods(), " "), at, at, at)
	web := &http.Server{Handler: server, ReadHeaderTimeout: 10 * time.Second}
	context.AfterFunc(a.ctx, func() { _ = web.Close() })
	if err := web.Serve(listener); a.ctx.Err() == nil {
		return fmt.Errorf("simulate: %w", err)
	}
	return nil
}
