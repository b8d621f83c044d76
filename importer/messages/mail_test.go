package messages

import (
	"context"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
)

// settings are those of a school that uses the server.
func (p *post) settings(security Security, to ...string) Settings {
	p.Helper()
	return Settings{CAFile: p.ca, Patience: 20 * time.Second, Page: "https://misimportd.school.example",
		Mail: mailAt(p.T, p.address, security, to...)}
}

func mailAt(t *testing.T, address string, security Security, to ...string) *Mail {
	t.Helper()
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	number, err := net.LookupPort("tcp", port)
	if err != nil {
		t.Fatal(err)
	}
	return &Mail{Host: host, Port: number, Security: security, User: mailUser, Password: mailPassword,
		From: "misimportd@school.example", To: to}
}

// tested sends a test message, and tells what became of it.
func tested(t *testing.T, s Settings) []Result {
	t.Helper()
	results, err := SendTest(context.Background(), s, time.UTC, time.Date(2026, 6, 10, 7, 0, 0, 0, time.UTC))
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range results {
		if strings.Contains(r.Error, mailPassword) {
			t.Errorf("the password is told: %s", r.Error)
		}
	}
	return results
}

// TestMailArrives through STARTTLS, through TLS from the first byte on, and in the clear where that was chosen.
func TestMailArrives(t *testing.T) {
	for _, security := range []Security{StartTLS, TLS, None} {
		t.Run(string(security), func(t *testing.T) {
			p := newPost(t, security, sasl.Plain)
			results := tested(t, p.settings(security, "office@school.example", "head@school.example"))
			if len(results) != 2 || !results[0].OK || !results[1].OK ||
				results[0].Channel != "mail to office@school.example" {
				t.Fatalf("%+v", results)
			}
			if len(p.letters) != 2 || !p.loggedIn || p.encrypted != (security != None) {
				t.Fatalf("%d letters, logged in %t, encrypted %t", len(p.letters), p.loggedIn, p.encrypted)
			}
			for _, want := range []string{"Subject: misimportd: A test message\r\n",
				"From: <misimportd@school.example>\r\n",
				"To: <office@school.example>\r\n", "Auto-Submitted: auto-generated\r\n", "Message-ID: <msg_",
				"Date: Wed, 10 Jun 2026 07:00:00 +0000\r\n", "messages of misimportd arrive here",
				"https://misimportd.school.example"} {
				if !strings.Contains(p.letters[0], want) {
					t.Errorf("%q is missing in\n%s", want, p.letters[0])
				}
			}
		})
	}
}

// TestAServerWithoutALogin takes mail from those who have none.
func TestAServerWithoutALogin(t *testing.T) {
	p := newPost(t, StartTLS)
	s := p.settings(StartTLS, "office@school.example")
	s.Mail.User, s.Mail.Password = "", ""
	if results := tested(t, s); !results[0].OK || len(p.letters) != 1 {
		t.Errorf("%+v", results)
	}
}

// script is a mail server that says what it is told to, line by line, and then does as it is told.
func script(t *testing.T, then func(net.Conn), lines ...string) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var open sync.WaitGroup
	open.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			open.Go(func() {
				defer func() { _ = conn.Close() }()
				buffer := make([]byte, 1<<10)
				for _, line := range lines {
					_, _ = io.WriteString(conn, line+"\r\n")
					if _, err := conn.Read(buffer); err != nil {
						return
					}
				}
				then(conn)
			})
		}
	})
	t.Cleanup(func() { _ = listener.Close(); open.Wait() })
	return listener.Addr().String()
}

// TestMailServersThatMisbehave are each told of, with what to do, and none is waited for longer than patience has it.
func TestMailServersThatMisbehave(t *testing.T) {
	hang := func(c net.Conn) { _, _ = io.Copy(io.Discard, c) }
	cut := func(net.Conn) {}
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = closed.Close()
	quick := func(address string, security Security) Settings {
		s := Settings{Patience: 300 * time.Millisecond, Mail: mailAt(t, address, security, "office@school.example")}
		if security == None {
			s.Mail.User, s.Mail.Password = "", ""
		}
		return s
	}
	at := func(p *post, change func(*Settings)) Settings {
		s := p.settings(StartTLS, "office@school.example")
		change(&s)
		return s
	}
	good := newPost(t, StartTLS, sasl.Plain)
	for name, c := range map[string]struct {
		settings Settings
		want     string
	}{
		"hangs at once": {quick(script(t, hang), StartTLS), "it did not answer within 300ms; is it the right address"},
		"hangs in the midst": {quick(script(t, hang, "220 hello", "250 hello", "250 sender"), None),
			"it did not answer within 300ms"},
		"hangs before TLS": {quick(script(t, hang), TLS), "it did not answer within 300ms"},
		"is not there":     {quick(closed.Addr().String(), StartTLS), "connection refused"},
		"refuses":          {quick(script(t, cut, "554 go away"), None), "it answered 554 go away"},
		"refuses the sender": {quick(script(t, cut, "220 hello", "250 hello", "550 not from you", "250 reset",
			"221 bye"), None), `550 "not from you"`},
		"cuts off": {quick(script(t, cut, "220 hello", "250 hello", "250 sender"), None), "EOF"},
		"offers no STARTTLS": {at(newPost(t, None, sasl.Plain), func(*Settings) {}),
			"STARTTLS"},
		"wants another log-in": {at(newPost(t, StartTLS, "GSSAPI"), func(*Settings) {}),
			"check user and password_file, and whether the server wants another way to log in"},
		"wants a log-in": {at(good, func(s *Settings) { s.Mail.User = "" }),
			`Please authenticate first"; if it wants a log-in, set user and password_file`},
		"knows another password": {at(good, func(s *Settings) { s.Mail.Password = "wrong-horse" }),
			"it refused the log-in (535 5.7.8 Authentication failed); check user and password_file"},
		"has no known certificate": {at(good, func(s *Settings) { s.CAFile = "" }),
			"its certificate is of an authority that is not known; name the authority's file in ca_file"},
		"has another's certificate": {at(good, func(s *Settings) { s.Mail.Host = "localhost" }),
			"its certificate is not valid: "},
		"knows no such address": {at(good, func(s *Settings) { s.Mail.To = []string{"nobody@school.example"} }),
			`550 "5.1.1 no such user here"`},
	} {
		t.Run(name, func(t *testing.T) {
			r := tested(t, c.settings)[0]
			if r.OK || !strings.HasPrefix(r.Error, "mail server ") || !strings.Contains(r.Error, c.want) {
				t.Errorf("%+v", r)
			}
			if strings.Contains(r.Error, "wrong-horse") {
				t.Error("the password is told")
			}
			t.Log(r.Error)
		})
	}
	if len(good.letters) != 0 {
		t.Errorf("%d letters arrived", len(good.letters))
	}
}

// TestOneAddressThatIsRefused keeps no message from the others.
func TestOneAddressThatIsRefused(t *testing.T) {
	p := newPost(t, StartTLS, sasl.Plain)
	results := tested(t, p.settings(StartTLS, "nobody@school.example", "office@school.example"))
	if results[0].OK || !results[1].OK || len(p.letters) != 1 {
		t.Errorf("%+v", results)
	}
}
