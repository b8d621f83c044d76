package messages

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"log"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

const (
	mailUser     = "misimportd"
	mailPassword = "correct-horse"
)

// post is a mail server of a test.
type post struct {
	*testing.T
	address string
	ca      string // the file of its certificate

	mutex     sync.Mutex
	letters   []string
	to        []string
	encrypted bool // the last letter came through TLS
	loggedIn  bool
}

// session is one conversation with a mail server.
type session struct {
	*post
	conn    *smtp.Conn
	offered []string
	in      bool
}

func (s *session) AuthMechanisms() []string { return s.offered }

func (s *session) Auth(mechanism string) (sasl.Server, error) {
	if mechanism != sasl.Plain {
		return nil, errors.New("this server speaks no such mechanism")
	}
	return sasl.NewPlainServer(func(_, user, password string) error {
		if user != mailUser || password != mailPassword {
			return smtp.ErrAuthFailed
		}
		s.in = true
		return nil
	}), nil
}

func (s *session) Mail(string, *smtp.MailOptions) error {
	if !s.in && len(s.offered) > 0 {
		return smtp.ErrAuthRequired
	}
	return nil
}

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	if strings.HasPrefix(to, "nobody@") {
		return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "no such user here"}
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.to = append(s.to, to)
	return nil
}

func (s *session) Data(r io.Reader) error {
	text, err := io.ReadAll(r)
	s.mutex.Lock()
	defer s.mutex.Unlock()
	_, s.encrypted = s.conn.TLSConnectionState()
	s.letters, s.loggedIn = append(s.letters, string(text)), s.in
	return err
}

func (s *session) Reset() {}

func (s *session) Logout() error { return nil }

// certificate makes one for 127.0.0.1, and the file of its authority, which it is itself.
func certificate(t *testing.T) (tls.Certificate, string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IsCA: true,
		BasicConstraintsValid: true, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "school-ca.pem")
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{raw}, PrivateKey: key}, path
}

// newPost starts a real mail server. Without TLS it offers no STARTTLS; without ways to log in it wants none.
func newPost(t *testing.T, security Security, offered ...string) *post {
	t.Helper()
	p := &post{T: t}
	own, ca := certificate(t)
	p.ca = ca
	server := smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) {
		return &session{post: p, conn: c, offered: offered}, nil
	}))
	server.AllowInsecureAuth, server.ErrorLog = true, log.New(io.Discard, "", 0)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p.address = listener.Addr().String()
	trust := &tls.Config{Certificates: []tls.Certificate{own}}
	switch security {
	case StartTLS:
		server.TLSConfig = trust
	case TLS:
		listener = tls.NewListener(listener, trust)
	}
	done := make(chan struct{})
	go func() { defer close(done); _ = server.Serve(listener) }()
	t.Cleanup(func() { _ = server.Close(); <-done })
	return p
}
