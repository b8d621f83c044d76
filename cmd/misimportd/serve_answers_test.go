package main

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"
)

// TestHealthIsNotTheFiles asks a service that goes on with an older configuration.
func TestHealthIsNotTheFiles(t *testing.T) {
	t.Parallel()
	misimportd := program(t)
	s := newStation(t, misimportd)
	s.daemonConfigured("")
	d := s.serve()
	d.await("result=applied")
	s.write("config.yml", "shedule: never\nlisten: "+strings.TrimPrefix(d.at, "http://")+"\n")
	d.signal(syscall.SIGHUP)
	d.await("the configuration was not reloaded")
	out, err := exec.Command(misimportd, "healthcheck", "--config", filepath.Join(s.state, "config.yml")).
		CombinedOutput()
	if err != nil || !strings.Contains(string(out),
		"the configuration on disk was refused, and the one before goes on") {
		t.Errorf("%v %s", err, out)
	}
	// A hundred connections that say nothing, and stay, are not in anybody's way for long.
	for range 100 {
		conn, err := net.Dial("tcp", strings.TrimPrefix(d.at, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = conn.Close() }()
		_, _ = io.WriteString(conn, "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
	}
	if code, _ := d.get("/healthz"); code != 200 {
		t.Error(code)
	}
	d.stop()
}

// TestServeIsAnswering with TLS and a password, when it is asked for.
func TestServeIsAnswering(t *testing.T) {
	t.Parallel()
	misimportd := program(t)
	s := newStation(t, misimportd)
	hash, err := bcrypt.GenerateFromPassword([]byte("hunter2"), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Fatal(err)
	}
	certificate := exec.Command("go", "run",
		filepath.Join(strings.TrimSpace(string(out)), "src/crypto/tls/generate_cert.go"), "--host",
		"localhost,127.0.0.1")
	certificate.Dir = s.state
	if out, err := certificate.CombinedOutput(); err != nil {
		t.Fatalf("%v %s", err, out)
	}
	s.write("web.yml", fmt.Sprintf("tls_server_config: {cert_file: cert.pem, key_file: key.pem}\nbasic_auth_users: "+
		"{prometheus: '%s'}\n", hash))
	s.daemonConfigured("web_config_file: web.yml\n")
	d := s.serve()
	curl := func(args ...string) string {
		out, err := exec.Command(tool(t, "curl"),
			append(args, "-sS", "--cacert", filepath.Join(s.state, "cert.pem"),
				strings.Replace(d.at, "http:", "https:", 1)+"/healthz")...).CombinedOutput()
		if err != nil {
			t.Fatalf("%v %s", err, out)
		}
		return string(out)
	}
	if said := curl(); !strings.Contains(said, "Unauthorized") {
		t.Error(said)
	}
	if said := curl("-u", "prometheus:hunter2"); !strings.HasPrefix(said, "well: ") {
		t.Error(said)
	}
	if out, err := exec.Command(misimportd, "healthcheck", "--listen", strings.TrimPrefix(d.at, "http://")).
		CombinedOutput(); err != nil || string(out) != "it answers, and wants a password\n" {
		t.Errorf("%v %s", err, out)
	}
	d.stop()
	if out, err := exec.Command(misimportd, "healthcheck", "--listen", strings.TrimPrefix(d.at, "http://")).
		CombinedOutput(); err == nil || !strings.Contains(string(out), "does not answer") {
		t.Errorf("%v %s", err, out)
	}
}

// TestAThousandHostileRequests leaves the service answering, importing, and as it was.
func TestAThousandHostileRequests(t *testing.T) {
	t.Parallel()
	misimportd := program(t)
	s := newStation(t, misimportd)
	s.daemonConfigured("")
	d := s.serve()
	d.await("result=applied")
	at := strings.TrimPrefix(d.at, "http://")
	goroutines, files := d.value("go_goroutines"), d.value("process_open_fds")
	random := rand.New(rand.NewPCG(1, 1))
	long := strings.Repeat("a", 1<<20)
	noise := func() string {
		b := make([]byte, random.IntN(3000))
		for i := range b {
			b[i] = byte(random.Uint32())
		}
		return string(b)
	}
	kinds := []struct {
		name string
		text func() string
		slow bool
	}{
		{"oversized header", func() string { return "GET /metrics HTTP/1.1\r\nHost: x\r\nX: " + long + "\r\n\r\n" },
			false},
		{"oversized address", func() string { return "GET /" + long + " HTTP/1.1\r\nHost: x\r\n\r\n" }, false},
		{"oversized body", func() string {
			return "POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 1048576\r\n\r\n" + long
		}, false},
		{"noise", noise, false},
		{"noise after a beginning", func() string { return "GET /metrics HTTP/1.1\r\nHost: " + noise() }, false},
		{"path tricks", func() string {
			return "GET /runbook/..%2f..%2f..%2fetc%2fpasswd HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
		}, false},
		{"more path tricks", func() string {
			return "GET /../../config.yml HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
		}, false},
		{"smuggling", func() string {
			return "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" +
				"GET /metrics HTTP/1.1\r\nHost: y\r\n\r\n"
		}, false},
		{"chunks without end", func() string {
			return "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" +
				strings.Repeat("fff\r\n"+strings.Repeat("b", 0xfff)+"\r\n", 100)
		}, false},
		{"a method of its own", func() string {
			return "DELETE /runs HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
		}, false},
		{"slow header", func() string { return "GET /metrics HTTP/1.1\r\nHost: x\r\n" }, true},
		{"nothing", func() string { return "" }, true},
	}
	const requests = 1000
	counts := map[string]int{}
	var wait sync.WaitGroup
	places := make(chan struct{}, 60)
	for i := range requests {
		kind := kinds[i%len(kinds)]
		text := kind.text()
		counts[kind.name]++
		if kind.slow && i%7 > 0 {
			kind.slow = false
		}
		places <- struct{}{}
		wait.Go(func() {
			defer func() { <-places }()
			conn, err := net.DialTimeout("tcp", at, 10*time.Second)
			if err != nil {
				t.Error(err)
				return
			}
			defer func() { _ = conn.Close() }()
			_ = conn.SetDeadline(time.Now().Add(30 * time.Second))
			_, _ = conn.Write([]byte(text))
			if kind.slow { // the service has to end it
				_, _ = io.Copy(io.Discard, conn)
				return
			}
			answer := make([]byte, 1<<14)
			n, _ := conn.Read(answer)
			if bytes.Contains(answer[:n], []byte(testKey)) || bytes.Contains(answer[:n], []byte("root:")) {
				t.Errorf("%s was answered with %s", kind.name, answer[:n])
			}
		})
	}
	from := d.mark()
	d.signal(syscall.SIGUSR1)
	d.awaitAfter(from, "result=unchanged") // while they go on
	wait.Wait()
	t.Logf("%d requests: %v", requests, counts)
	if code, text := d.get("/healthz"); code != 200 {
		t.Errorf("%d %s", code, text)
	}
	http.DefaultClient.CloseIdleConnections()
	deadline := time.Now().Add(30 * time.Second)
	near := func(series, before string) bool {
		a, errA := strconv.ParseFloat(before, 64)
		b, errB := strconv.ParseFloat(d.value(series), 64)
		return errA == nil && errB == nil && b <= a+3
	}
	for !near("go_goroutines", goroutines) || !near("process_open_fds", files) {
		if time.Now().After(deadline) {
			t.Fatalf("before: %s goroutines, %s files; after: %s and %s", goroutines, files, d.value("go_goroutines"),
				d.value("process_open_fds"))
		}
		time.Sleep(100 * time.Millisecond)
	}
	d.stop()
}
