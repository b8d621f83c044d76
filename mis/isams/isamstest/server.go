package isamstest

import (
	"bytes"
	"crypto/subtle"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Server is a pretend iSAMS: the batch API, as it really behaves, over a School. It
// can be told to misbehave. It is an http.Handler, safe for concurrent use.
type Server struct {
	// Keys are the API keys and the methods that each is allowed; none means all.
	Keys map[string][]string
	// ClientID and ClientSecret are for OAuth2; blank means that it is not offered.
	ClientID, ClientSecret string
	// Cache is how long an answer is given again, byte for byte. iSAMS does 24 hours.
	Cache time.Duration
	// Padding is appended to a document, in a module that nobody reads, in bytes.
	Padding int

	mutex    sync.Mutex
	school   *School
	faults   []Fault
	answers  map[string]answer
	requests int
}

type answer struct {
	body []byte
	at   time.Time
}

// NewServer is a pretend iSAMS with one key that is allowed everything.
func NewServer(school *School, key string) *Server {
	return &Server{Keys: map[string][]string{key: nil}, Cache: 24 * time.Hour, school: school,
		answers: map[string]answer{}}
}

// The paths of the API and of the pretence's own controls.
const (
	BatchPath   = "/api/batch/1.0/xml.ashx"
	TokenPath   = "/auth/connect/token"
	controlPath = "/control/"
	token       = "a-pretended-token"
)

// Night lets a day go by: the school changes, and no answer is given again.
func (s *Server) Night() {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.school.Night()
	s.answers = map[string]answer{}
}

// Document is what a key that is allowed everything gets now.
func (s *Server) Document() []byte {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.school.Document()
}

// Misbehave makes the next requests meet these faults, in order.
func (s *Server) Misbehave(faults ...Fault) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.faults = faults
	s.answers = map[string]answer{}
}

// Requests counts the requests of documents so far.
func (s *Server) Requests() int {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.requests
}

func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.URL.Path == BatchPath:
		s.batch(w, r)
	case r.URL.Path == TokenPath && r.Method == http.MethodPost && s.ClientID != "":
		s.token(w, r)
	case strings.HasPrefix(r.URL.Path, controlPath) && r.Method == http.MethodPost:
		s.control(w, r)
	default:
		http.NotFound(w, r)
	}
}

// control steers the pretence: POST /control/night, or
// /control/fault?kind=stall&after=1000&times=2&section=Sets.
func (s *Server) control(w http.ResponseWriter, r *http.Request) {
	switch strings.TrimPrefix(r.URL.Path, controlPath) {
	case "night":
		s.Night()
	case "fault":
		q := r.URL.Query()
		fault := Fault{Kind: q.Get("kind"), Section: q.Get("section"), After: number(q.Get("after")),
			Times: number(q.Get("times"))}
		if fault.Kind == "none" {
			s.Misbehave()
			break
		}
		if !slices.Contains(FaultKinds, fault.Kind) {
			http.Error(w, "kind is none, or one of "+strings.Join(FaultKinds, ", "), http.StatusBadRequest)
			return
		}
		s.Misbehave(fault)
	default:
		http.NotFound(w, r)
		return
	}
	fmt.Fprintln(w, "done")
}

func number(text string) int {
	n, _ := strconv.Atoi(text)
	return n
}

func (s *Server) token(w http.ResponseWriter, r *http.Request) {
	id, secret, ok := r.BasicAuth()
	if !ok {
		id, secret = r.PostFormValue("client_id"), r.PostFormValue("client_secret")
	}
	w.Header().Set("Content-Type", "application/json")
	if id != s.ClientID || subtle.ConstantTimeCompare([]byte(secret), []byte(s.ClientSecret)) != 1 ||
		r.PostFormValue("scope") != "apiv1" {
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprint(w, `{"error":"invalid_client"}`)
		return
	}
	fmt.Fprintf(w, `{"access_token":"%s","token_type":"Bearer","expires_in":3600}`, token)
}

// batch answers a request for a document.
func (s *Server) batch(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
	if err != nil {
		return
	}
	fault := s.nextFault()
	if fault.instead(w, r) {
		return
	}
	key := r.URL.Query().Get("apiKey")
	allowed, known := s.Keys[key]
	if key == s.ClientID && key != "" {
		known = r.Header.Get("Authorization") == "Bearer "+token
	}
	switch {
	case key == "":
		message(w, http.StatusUnauthorized, "MissingParameter", `The required field "apiKey" was not supplied.`)
		return
	case !known || fault.Kind == "wrong-key":
		message(w, http.StatusUnauthorized, "InvalidApiKey", "The API key is invalid.")
		return
	}
	wanted, err := methodsToRun(r.Method, body)
	if err != nil {
		message(w, http.StatusInternalServerError, "UnhandledException",
			"Data at the root level is invalid. Line 1, position 1.")
		return
	}
	if refused := notAllowed(wanted, allowed, fault); len(refused) > 0 {
		message(w, http.StatusForbidden, "MethodsNotAllocatedToKeyException",
			"The following methods in MethodsToRun are not allocated to the key: "+strings.Join(refused, ", "))
		return
	}
	if wanted == nil {
		wanted = allowed
	}
	fault.deliver(w, r, s.answer(key, wanted, fault))
}

// filters is the document of a POST.
type filters struct {
	XMLName xml.Name `xml:"Filters"`
	Methods []string `xml:"MethodsToRun>Method"`
}

// methodsToRun are those that a POST asks for; nil means all that the key has.
func methodsToRun(method string, body []byte) ([]string, error) {
	if method != http.MethodPost {
		return nil, nil
	}
	var f filters
	err := xml.Unmarshal(body, &f)
	return f.Methods, err
}

func notAllowed(wanted, allowed []string, fault Fault) (refused []string) {
	if fault.Kind == "method-not-allocated" {
		return []string{"Pupil_GetCurrentPupils"}
	}
	for _, m := range wanted {
		if !slices.Contains(Methods(), m) || allowed != nil && !slices.Contains(allowed, m) {
			refused = append(refused, m)
		}
	}
	return refused
}

// answer is the document for a key, made anew or given again.
func (s *Server) answer(key string, methods []string, fault Fault) []byte {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	id := key + " " + strings.Join(methods, " ")
	if a, ok := s.answers[id]; ok && time.Since(a.at) < s.Cache {
		return a.body
	}
	var b bytes.Buffer
	_ = s.school.writeSome(&b, func(part section) content { // a buffer takes whatever it is given
		switch {
		case methods != nil && !slices.Contains(methods, part.method), fault.Kind == "empty",
			fault.Kind == "section-missing" && part.name == fault.Section:
			return absent
		case fault.Kind == "section-empty" && part.name == fault.Section:
			return emptied
		}
		return whole
	})
	body := b.Bytes()
	if s.Padding > 0 {
		body = pad(body, s.Padding)
	}
	if fault.Kind == "" {
		s.answers[id] = answer{body, time.Now()}
	}
	return body
}

// pad adds a module that nobody reads: a key is allowed much that is not imported.
func pad(body []byte, n int) []byte {
	record := []byte("<Report Id=\"1\"><Comment>Has worked well this term and should keep it up.</Comment><Grade>" +
		"B</Grade></Report>\n")
	padded := bytes.TrimSuffix(body, []byte("</iSAMS>\n"))
	padded = append(padded, "<SchoolReports><Reports>\n"...)
	padded = append(padded, bytes.Repeat(record, n/len(record))...)
	return append(padded, "</Reports></SchoolReports>\n</iSAMS>\n"...)
}

// message is an error as iSAMS words it: with a false declaration of its encoding.
func message(w http.ResponseWriter, status int, id, description string) {
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(status)
	fmt.Fprintf(w, "<?xml version=\"1.0\" encoding=\"utf-16\"?>\n<Message><MessageId>%s</MessageId><MessageName>"+
		"%s</MessageName>"+
		"<Title>%s</Title><Description>%s</Description></Message>", id, id, id, esc(description))
}

func (s *Server) nextFault() Fault {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.requests++
	if len(s.faults) == 0 {
		return Fault{}
	}
	fault := s.faults[0]
	switch {
	case fault.Times == 1:
		s.faults = s.faults[1:]
	case fault.Times > 1:
		s.faults[0].Times--
	}
	return fault
}
