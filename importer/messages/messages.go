// Package messages tells people by mail and by webhooks what they have to know of the imports: that something waits for
// them, that a night came to nothing, and that it is over. It decides from what a daemon sees, keeps what is not
// delivered yet in a file, and tries that again. It must never change anything else, never hold up an import, and never
// name a person: messages pass through others' hands.
package messages

import (
	_ "embed"
	"time"

	"misimportd/store/model"
)

// Manual is what a user has to know of messages, in Markdown.
//
//go:embed messages.md
var Manual string

// Kind is what a message is about.
type Kind string

const (
	Held        Kind = "held"              // a run waits for a person
	Failed      Kind = "failed"            // a night's import failed, and is not tried again that night
	Late        Kind = "late"              // an import is due, and nothing came of it
	Paused      Kind = "paused"            // imports have been paused for long
	YearMissing Kind = "next_year_missing" // the academic year ends, and there is no next one
	RollDue     Kind = "roll_due"          // the academic year ends, and somebody has to roll into the next one
	Digest      Kind = "digest"            // what a morning's summary is
	Test        Kind = "test"              // what a person asked for, to see whether messages arrive
)

// Message is what is sent, by every channel the same. It names no person.
type Message struct {
	ID      string    `json:"id"` // the same whenever it is tried again: msg_ and 26 letters and digits
	Kind    Kind      `json:"kind"`
	Over    bool      `json:"over,omitempty"` // the incident has ended
	At      time.Time `json:"at"`             // when it was written
	Run     model.ID  `json:"run,omitempty"`  // that it speaks of, 0 for none
	Subject string    `json:"subject"`
	Text    string    `json:"text"`
	Link    string    `json:"link,omitempty"` // to the service's page, "" where none is configured
}

// Sent is a message that a channel has taken.
type Sent struct {
	Channel string    `json:"channel"`
	At      time.Time `json:"at"` // when it was taken
	Message
}

// Undelivered is a message that a channel has not taken yet, or did not take at all.
type Undelivered struct {
	Channel string    `json:"channel"` // such as "mail to office@school.example", "webhook 1 (slack) at HOST"
	Since   time.Time `json:"since"`   // when it was written
	Tries   int       `json:"tries"`
	Error   string    `json:"error"` // of the last try, without secrets; "" before the first has ended
	Subject string    `json:"subject"`
	GivenUp bool      `json:"given_up"` // it is not tried any more
}

// Security is how the conversation with a mail server is kept from others.
type Security string

const (
	StartTLS Security = "starttls" // it begins in the clear, and goes on only after STARTTLS
	TLS      Security = "tls"      // from the first byte on
	None     Security = "none"
)

// Format is what the body of a webhook looks like.
type Format string

const (
	Standard Format = "standard" // Standard Webhooks: JSON with a signature
	Slack    Format = "slack"
	Teams    Format = "teams"
	Ntfy     Format = "ntfy"
)

// Formats are all there are.
var Formats = []Format{Standard, Slack, Teams, Ntfy}

// Mail is how mail is sent. A message goes to each of To by itself, so that one that is refused keeps none from the
// others.
type Mail struct {
	Host     string
	Port     int
	Security Security
	User     string // "" where the server wants no log-in
	Password string
	From     string
	To       []string
}

// Webhook is an address that messages are posted to. URL is a secret.
type Webhook struct {
	URL    string
	Format Format
	Secret string // signs (standard) or is sent as a token (ntfy); "" for none
}

// Days are those on which a digest is sent.
type Days string

const (
	Off      Days = "off"
	Daily    Days = "daily"
	Weekdays Days = "weekdays" // Monday to Friday
)

// Settings are what messages go by.
type Settings struct {
	Mail     *Mail // nil for none
	Webhooks []Webhook
	Digest   Days
	Morning  time.Duration // after midnight, by the clock on the school's wall: when the digest is sent
	Late     time.Duration // after the time of the schedule that nothing came of
	Page     string        // where links lead, "" for nowhere
	CAFile   string        // more authorities that certificates may be of, in PEM form; "" for the system's alone
	Texts    *Texts        // nil for the built-in ones
	Patience time.Duration // for one try; 30 s where it is 0
}
