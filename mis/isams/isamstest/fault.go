package isamstest

import (
	"compress/gzip"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Fault is one way in which a pretend iSAMS misbehaves.
type Fault struct {
	Kind    string
	After   int    // bytes before it shows, where that has a meaning
	Times   int    // requests that meet it; 0 means all
	Section string // for section-missing and section-empty
}

// FaultKinds are the kinds of Fault that there are.
var FaultKinds = []string{
	"deadlock", "lock-timeout", "502", "503", "html", "cut", "cut-no-length", "cut-in-chunk", "stall", "trickle",
	"reset",
	"slow-first-byte", "gzip", "redirect", "section-missing", "section-empty", "empty", "wrong-key",
	"method-not-allocated", "oversized",
	"echo-message", "echo-html",
}

// trickleRate is how slow a trickle is, in bytes a second: it flows all the time.
const trickleRate = 200_000

// instead answers in place of a document, if that is the fault.
func (f Fault) instead(w http.ResponseWriter, r *http.Request) bool {
	switch f.Kind {
	case "deadlock":
		message(w, http.StatusInternalServerError, "UnhandledException",
			"Transaction (Process ID 57) was deadlocked on lock resources with another process and has been chosen "+
				"as the deadlock victim. Rerun the transaction.")
	case "lock-timeout":
		message(w, http.StatusOK, "UnhandledException", "Lock request time out period exceeded.")
	case "502":
		http.Error(w, "Bad Gateway", http.StatusBadGateway)
	case "503":
		w.Header().Set("Retry-After", "1")
		http.Error(w, "Service Unavailable", http.StatusServiceUnavailable)
	case "html":
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, "<!DOCTYPE html><html lang=en><head><meta charset=utf-8><title>Sign in</title></head><body>"+
			"Please sign in</body></html>")
	case "echo-message": // the whole address, over the place where a message is cut
		message(w, http.StatusUnauthorized, "InvalidApiKey", strings.Repeat("x", f.After)+" "+r.URL.String())
	case "echo-html":
		fmt.Fprintf(w, "<html><head><title>%s %s</title></head></html>", strings.Repeat("x", f.After),
			strings.ToLower(r.URL.String()))
	case "redirect":
		http.Redirect(w, r, "http://login.example/"+"?back="+r.URL.RequestURI(), http.StatusFound)
	case "slow-first-byte":
		waitFor(r, time.Hour)
	default:
		return false
	}
	return true
}

func waitFor(r *http.Request, d time.Duration) {
	select {
	case <-time.After(d):
	case <-r.Context().Done():
	}
}

// deliver sends a document, well or badly.
func (f Fault) deliver(w http.ResponseWriter, r *http.Request, body []byte) {
	w.Header().Set("Content-Type", "application/xml; charset=utf-8")
	after := min(f.After, len(body))
	switch f.Kind {
	case "cut": // the length is promised, and not kept
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
		_, _ = w.Write(body[:after])
		hangUp(w)
	case "cut-no-length": // the end of the connection is the end of the body
		if conn := take(w); conn != nil {
			fmt.Fprintf(conn, "HTTP/1.0 200 OK\r\nContent-Type: application/xml\r\n\r\n%s", body[:after])
			_ = conn.Close()
		}
	case "cut-in-chunk":
		if conn := take(w); conn != nil {
			fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\nContent-Type: application/xml\r\nTransfer-Encoding: chunked\r\n"+
				"\r\n%x\r\n%s", len(body), body[:after])
			_ = conn.Close()
		}
	case "reset":
		if conn := take(w); conn != nil {
			fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(body), body[:after])
			if tcp, ok := conn.(*net.TCPConn); ok {
				_ = tcp.SetLinger(0)
			}
			_ = conn.Close()
		}
	case "stall":
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
		_, _ = w.Write(body[:after])
		_ = http.NewResponseController(w).Flush()
		waitFor(r, time.Hour)
	case "trickle":
		trickle(w, body)
	case "gzip":
		w.Header().Set("Content-Encoding", "gzip")
		packer := gzip.NewWriter(w)
		_, _ = packer.Write(body)
		_ = packer.Close()
	case "oversized":
		oversize(w, body)
	default:
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
		_, _ = w.Write(body)
	}
}

func hangUp(w http.ResponseWriter) {
	_ = http.NewResponseController(w).Flush()
	if conn := take(w); conn != nil {
		_ = conn.Close()
	}
}

// take takes the connection over from the server.
func take(w http.ResponseWriter) net.Conn {
	conn, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return nil
	}
	_ = buffered.Flush()
	return conn
}

func trickle(w http.ResponseWriter, body []byte) {
	const step = trickleRate / 20
	for len(body) > 0 {
		n := min(step, len(body))
		if _, err := w.Write(body[:n]); err != nil {
			return
		}
		_ = http.NewResponseController(w).Flush()
		body = body[n:]
		time.Sleep(time.Second / 20)
	}
}

// oversize goes on for as long as somebody listens, up to a gigabyte.
func oversize(w http.ResponseWriter, body []byte) {
	if _, err := w.Write([]byte(strings.TrimSuffix(string(body), "</iSAMS>\n"))); err != nil {
		return
	}
	more := []byte(strings.Repeat("<More>"+strings.Repeat("x", 1000)+"</More>\n", 1000))
	for range 1000 {
		if _, err := w.Write(more); err != nil {
			return
		}
	}
}
