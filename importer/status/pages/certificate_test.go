package pages_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

// certificate is one of a name, signed by itself, with its key.
func certificate(t *testing.T, name string) (tls.Certificate, *x509.Certificate) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	of := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true,
		BasicConstraintsValid: true,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}
	text, err := x509.CreateCertificate(rand.Reader, of, of, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(text)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{text}, PrivateKey: key}, parsed
}

// TestACertificateIsEnough where it is one that the server trusts; the operator has its name. One that nobody has
// checked is nothing.
func TestACertificateIsEnough(t *testing.T) {
	t.Parallel()
	p := newPlace(t, true)
	own, trusted := certificate(t, "Carol of the office")
	authorities := x509.NewCertPool()
	authorities.AddCert(trusted)
	for _, of := range []struct {
		auth tls.ClientAuthType
		want int
	}{{tls.VerifyClientCertIfGiven, http.StatusOK}, {tls.RequestClientCert, http.StatusForbidden}} {
		server := httptest.NewUnstartedServer(p.server.Config.Handler)
		server.TLS = &tls.Config{ClientAuth: of.auth, ClientCAs: authorities}
		server.StartTLS()
		t.Cleanup(server.Close)
		p.server, p.at = server, server.URL
		b := p.browser()
		b.client.Transport.(*http.Transport).TLSClientConfig.Certificates = []tls.Certificate{own}
		a := b.get("/audit")
		b.has(a, of.want)
		if of.want == http.StatusOK {
			b.has(a, of.want, "Carol of the office")
		}
	}
}
