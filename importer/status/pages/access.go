package pages

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"sync"
	"time"

	"go.yaml.in/yaml/v4"
	"golang.org/x/crypto/bcrypt"

	"misimportd/era/files"
	"misimportd/importer/words"
)

// Access knows who is logged in, and which forms they have sent. Sites that share one share their log-in: whoever has
// logged in to one is known to all, and whoever has failed at one waits at all.
type Access struct {
	key      [32]byte // by which tokens are made; of this process
	now      func() time.Time
	seats    chan struct{} // of passwords that are checked: that is slow on purpose
	attempts attempts
	dummies  map[int]string // by cost; of whoever has the seat
	acts     acts

	mutex    sync.Mutex
	sessions map[[32]byte]session // by the hash of what the cookie holds
}

// NewAccess is nobody logged in. It is kept in memory: a restart logs everybody out.
func NewAccess() *Access {
	a := &Access{sessions: map[[32]byte]session{}, attempts: attempts{by: map[string]attempt{}},
		dummies: map[int]string{}, seats: make(chan struct{}, 1), now: time.Now,
		acts: acts{done: map[string]*deed{}}}
	_, _ = rand.Read(a.key[:]) // it never fails
	return a
}

// session is somebody who has logged in.
type session struct {
	operator string
	hash     string // of the password then: a new one ends the session
	ends     time.Time
}

// A session ends after so long, whatever is done in it. There are not more than so many.
const (
	sessionMost  = 12 * time.Hour
	sessionsMost = 1000
	cookieName   = "misimportd"
)

// visitor is who asks.
type visitor struct {
	operator string // "" for somebody who is not logged in
	by       string // what the token of the visitor's forms is made of
	leaves   bool   // the visitor can log out
}

// visitorOf finds out who asks: somebody with a certificate or a password that exporter-toolkit has
// checked, or with a session.
func (a *Access) visitorOf(r *http.Request, of keys) visitor {
	if of.open {
		return visitor{operator: "demo", by: "open"}
	}
	if r.TLS != nil && len(r.TLS.VerifiedChains) > 0 {
		if name := r.TLS.PeerCertificates[0].Subject.CommonName; name != "" {
			return visitor{operator: name, by: "certificate " + name}
		}
	}
	if name, _, has := r.BasicAuth(); has && asksPasswords(of.WebConfig) {
		return visitor{operator: name, by: "password " + name}
	}
	cookie, err := r.Cookie(cookieName)
	if err != nil {
		return visitor{by: "nobody"}
	}
	found, known := a.find(cookie.Value)
	if !known || of.Operators[found.operator] != found.hash {
		return visitor{by: "nobody"}
	}
	return visitor{operator: found.operator, by: "session " + cookie.Value, leaves: true}
}

// asksPasswords tells whether exporter-toolkit asks whoever comes for a password: only then has it checked
// the one that was sent. It reads its file at each request, too.
func asksPasswords(path string) bool {
	if path == "" {
		return false
	}
	var c struct {
		Users map[string]string `yaml:"basic_auth_users"`
	}
	text, err := files.Read(path)
	return err == nil && yaml.Unmarshal(text, &c) == nil && len(c.Users) > 0
}

func (a *Access) find(secret string) (of session, known bool) {
	locked(&a.mutex, func() {
		key := sha256.Sum256([]byte(secret))
		if of, known = a.sessions[key]; known && !a.now().Before(of.ends) {
			delete(a.sessions, key)
			known = false
		}
	})
	return of, known
}

// begin makes a session, whose secret nobody has seen before.
func (a *Access) begin(operator, hash string) (secret string) {
	secret = random()
	locked(&a.mutex, func() {
		for key, of := range a.sessions {
			if !a.now().Before(of.ends) || len(a.sessions) >= sessionsMost {
				delete(a.sessions, key)
			}
		}
		a.sessions[sha256.Sum256([]byte(secret))] = session{operator, hash, a.now().Add(sessionMost)}
	})
	return secret
}

func (a *Access) end(secret string) {
	locked(&a.mutex, func() { delete(a.sessions, sha256.Sum256([]byte(secret))) })
}

// token is what a visitor's forms carry: nobody else knows it.
func (a *Access) token(v visitor) string {
	mac := hmac.New(sha256.New, a.key[:])
	mac.Write([]byte(v.by))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// isOwnForm tells whether a form is one of this visitor's pages.
func (a *Access) isOwnForm(r *http.Request, v visitor) bool {
	return hmac.Equal([]byte(r.PostFormValue("token")), []byte(a.token(v)))
}

func random() string {
	var b [24]byte
	_, _ = rand.Read(b[:]) // it never fails
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// nobody is a hash that no password has, of the highest cost among the operators': checking one against it takes as
// long as for somebody who is there.
func (a *Access) nobody(operators map[string]string) string {
	cost := bcrypt.DefaultCost
	for _, hash := range operators {
		if of, err := bcrypt.Cost([]byte(hash)); err == nil {
			cost = max(cost, of)
		}
	}
	if a.dummies[cost] == "" {
		hash, _ := bcrypt.GenerateFromPassword([]byte(random()), cost) // short enough for it
		a.dummies[cost] = string(hash)
	}
	return a.dummies[cost]
}

// isPassword tells whether a password is an operator's. The caller has the seat.
func (a *Access) isPassword(operators map[string]string, name, password string) bool {
	hash, known := operators[name]
	if !known {
		hash = a.nobody(operators)
	}
	return bcrypt.CompareHashAndPassword([]byte(hash), []byte(password)) == nil && known
}

// queueMost is for how long somebody waits while others' passwords are checked, one after the other.
const queueMost = 5 * time.Second

// try checks a password: one at a time, and none while its sender has to wait. isBusy says that too many others are
// before it.
func (a *Access) try(ctx context.Context, operators map[string]string, name, password, address string) (is bool,
	wait time.Duration, isBusy bool) {
	timer := time.NewTimer(queueMost)
	defer timer.Stop()
	select {
	case a.seats <- struct{}{}:
	case <-timer.C:
		return false, 0, true
	case <-ctx.Done():
		return false, 0, true
	}
	defer func() { <-a.seats }()
	of := triesOf(name, address)
	if wait := a.attempts.wait(a.now(), of); wait > 0 {
		return false, wait, false
	}
	if is = a.isPassword(operators, name, password); is {
		a.attempts.succeed(of)
	} else {
		a.attempts.fail(a.now(), of)
	}
	return is, 0, false
}

// tries is by what failures are counted, each with its longest wait: a name and an address together may have to wait
// for long, either alone not for so long that somebody could be kept out by others.
type tries map[string]time.Duration

func triesOf(name, address string) tries {
	name = words.Clip(name, nameMost)
	return tries{"both " + name + " " + address: longestWait, "name " + name: shortWait, "address " +
		address: shortWait}
}

// attempts remembers who has failed to log in, by name and by address.
type attempts struct {
	mutex sync.Mutex
	by    map[string]attempt
}

type attempt struct {
	failed int
	next   time.Time // the next attempt is looked at from then on
}

const (
	freeAttempts   = 4 // without a wait
	longestWait    = 5 * time.Minute
	shortWait      = 8 * time.Second
	attemptsMost   = 10000
	forgetAttempts = time.Hour
)

// wait is how long those who come by these names have to wait.
func (a *attempts) wait(now time.Time, of tries) (most time.Duration) {
	locked(&a.mutex, func() {
		for name := range of {
			most = max(most, a.by[name].next.Sub(now))
		}
	})
	return most
}

// fail notes a failure: each wait is twice as long as the one before.
func (a *attempts) fail(now time.Time, of tries) {
	locked(&a.mutex, func() {
		for name, before := range a.by {
			if len(a.by) >= attemptsMost || now.Sub(before.next) > forgetAttempts {
				delete(a.by, name)
			}
		}
		for name, longest := range of {
			failed := a.by[name]
			failed.failed++
			failed.next = now
			if over := failed.failed - freeAttempts; over > 0 {
				failed.next = now.Add(min(longest, time.Second<<min(over-1, 20)))
			}
			a.by[name] = failed
		}
	})
}

func (a *attempts) succeed(of tries) {
	locked(&a.mutex, func() {
		for name := range of {
			delete(a.by, name)
		}
	})
}
