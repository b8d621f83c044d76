package pages

import (
	"net"
	"net/http"
	"os"
	"runtime/debug"
	"slices"
	"strings"
)

// headers keep a browser from making more of a page than it is, and bodies small.
func (d *door) headers(next http.Handler) http.Handler {
	const policy = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; " +
		"frame-ancestors 'none'"
	const bodyAtMost = 64 << 10
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		r.Body = http.MaxBytesReader(w, r.Body, bodyAtMost)
		next.ServeHTTP(w, r)
	})
}

// ownHost refuses whoever asks for the pages by a name that is not theirs: a page from elsewhere could have
// given its own name the address of this machine, to read what is on it.
func (d *door) ownHost(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if host := hostOf(r); !isOwn(host, d.house().Hosts) {
			d.log.Warn("a page was asked for by a name that is not in hosts", "from", addressOf(r))
			d.say(w, r, http.StatusMisdirectedRequest, "This is not a name of this service",
				"It was asked for by a name that it does not know. Write the name into the configuration "+
					"(hosts), or ask by the machine's address.")
			return
		}
		next.ServeHTTP(w, r)
	})
}

// hostOf is the name by which a request asks, without the port.
func hostOf(r *http.Request) string {
	host := r.Host
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	return strings.ToLower(strings.Trim(strings.TrimSuffix(host, "."), "[]"))
}

// isOwn tells whether a name is one of ours. Addresses always are: nobody gives those to a machine of
// another's.
func isOwn(host string, hosts []string) bool {
	if net.ParseIP(host) != nil || host == "localhost" || slices.Contains(hosts, host) {
		return true
	}
	machine, err := os.Hostname()
	return err == nil && host == strings.ToLower(machine)
}

// addressOf is the address of whoever asks.
func addressOf(r *http.Request) string {
	if host, _, err := net.SplitHostPort(r.RemoteAddr); err == nil {
		return host
	}
	return r.RemoteAddr
}

// fromElsewhere answers a form that another site has sent.
func (d *door) fromElsewhere(w http.ResponseWriter, r *http.Request) {
	d.log.Warn("a form came from another site, and was refused", "from", addressOf(r))
	d.say(w, r, http.StatusForbidden, "Nothing was done", "This form was not sent by a page of this service.")
}

// nothingHere answers whoever asks for a page that there is not.
func (d *door) nothingHere(w http.ResponseWriter, r *http.Request) {
	d.say(w, r, http.StatusNotFound, "There is no such page", "Choose one above.")
}

// survive turns a fault of the program's own into a page that says so.
func (d *door) survive(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			if fault := recover(); fault != nil {
				d.fault(fault)
				d.say(w, r, http.StatusInternalServerError, "The program is at fault",
					"The log has it: please report it.")
			}
		}()
		next.ServeHTTP(w, r)
	})
}

func (d *door) fault(fault any) {
	d.log.Error("the program is at fault", "error", fault, "stack", string(debug.Stack()))
}
