package messages

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
)

// testSecret is that of the specification's test vector.
const testSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

// TestSignaturesAreThoseOfStandardWebhooks by the test vector of the specification's own libraries.
func TestSignaturesAreThoseOfStandardWebhooks(t *testing.T) {
	got, err := sign(testSecret, "msg_p5jXN8AQM9LWM0D4loKWxJek", time.Unix(1614265330, 0),
		[]byte(`{"test": 2432232314}`))
	if want := "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="; err != nil || got != want {
		t.Errorf("%s %v", got, err)
	}
	for _, secret := range []string{"", "whsec_", "whsec_c2hvcnQ=", "whsec_%%%%",
		"whsec_" + strings.Repeat("QUJD", 30)} {
		if err := CheckSecret(secret); err == nil || len(secret) > 6 && strings.Contains(err.Error(), secret[6:]) {
			t.Errorf("%q: %v", secret, err)
		}
	}
}

// taken is what a webhook's receiver got.
type taken struct {
	header http.Header
	path   string
	body   string
}

// receiver answers with a status and a text, and notes what it got.
func receiver(t *testing.T, status int, text string, got *[]taken) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		*got = append(*got, taken{r.Header, r.URL.Path, string(body)})
		w.Header().Set("Location", "http://127.0.0.1:1/elsewhere")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, text)
	}))
	t.Cleanup(server.Close)
	return server
}

// posted sends a message by a webhook of a format.
func posted(t *testing.T, address string, format Format, secret string, m Message) error {
	t.Helper()
	list, err := Settings{Webhooks: []Webhook{{URL: address, Format: format, Secret: secret}}}.channels()
	if err != nil {
		t.Fatal(err)
	}
	return list[0].send(context.Background(), m)
}

var aMessage = Message{ID: "msg_1", Kind: Held, At: time.Date(2026, 6, 10, 3, 0, 0, 0, time.UTC), Run: 7,
	Subject: "Run 7 waits & waits – für Frau <X>",
	Text:    "What happened.\n\nWhat to do:\n- \"misimportd runs show 7\"\n",
	Link:    "https://misimportd.school.example"}

// TestStandardWebhooks are signed as their receivers verify them.
func TestStandardWebhooks(t *testing.T) {
	var got []taken
	server := receiver(t, http.StatusNoContent, "", &got)
	if err := posted(t, server.URL+"/hook", Standard, testSecret, aMessage); err != nil {
		t.Fatal(err)
	}
	header := got[0].header
	var at int64
	if err := json.Unmarshal([]byte(header.Get("Webhook-Timestamp")), &at); err != nil {
		t.Fatal(err)
	}
	want, err := sign(testSecret, "msg_1", time.Unix(at, 0), []byte(got[0].body))
	if err != nil || header.Get("Webhook-Signature") != want || header.Get("Webhook-Id") != "msg_1" ||
		time.Since(time.Unix(at, 0)) > 5*time.Minute || header.Get("Content-Type") != "application/json" {
		t.Errorf("%v, want %s", header, want)
	}
	var body map[string]any
	if err := json.Unmarshal([]byte(got[0].body), &body); err != nil || body["type"] != "misimportd.held" ||
		body["timestamp"] != "2026-06-10T03:00:00Z" ||
		body["data"].(map[string]any)["run"] != 7.0 || body["data"].(map[string]any)["subject"] != aMessage.Subject {
		t.Errorf("%v %s", err, got[0].body)
	}
}

// TestFormats of those who have their own.
func TestFormats(t *testing.T) {
	var got []taken
	server := receiver(t, http.StatusOK, "ok", &got)
	for _, f := range []struct {
		format Format
		secret string
	}{{Slack, ""}, {Teams, ""}, {Ntfy, "tk_token"}} {
		if err := posted(t, server.URL+"/topic", f.format, f.secret, aMessage); err != nil {
			t.Fatal(err)
		}
	}
	var slack struct{ Text string }
	if err := json.Unmarshal([]byte(got[0].body), &slack); err != nil ||
		!strings.HasPrefix(slack.Text, "*Run 7 waits &amp; waits – für Frau &lt;X&gt;*\nWhat happened.\n") {
		t.Errorf("%v %s", err, got[0].body)
	}
	var teams struct {
		Type        string
		Attachments []struct {
			ContentType string
			Content     struct {
				Type    string
				Body    []struct{ Type, Text string }
				Actions []struct{ Type, URL string }
			}
		}
	}
	if err := json.Unmarshal([]byte(got[1].body), &teams); err != nil || teams.Type != "message" ||
		len(teams.Attachments) != 1 || teams.Attachments[0].ContentType != "application/vnd.microsoft.card.adaptive" {
		t.Fatalf("%v %s", err, got[1].body)
	}
	card := teams.Attachments[0].Content
	if card.Type != "AdaptiveCard" || len(card.Body) != 4 || card.Body[0].Text != aMessage.Subject ||
		card.Body[3].Text != `- "misimportd runs show 7"` || card.Actions[0].URL != aMessage.Link {
		t.Errorf("%+v", card)
	}
	header := got[2].header
	title := "=?utf-8?q?Run_7_waits_&_waits_=E2=80=93_f=C3=BCr_Frau_<X>?="
	if got[2].body != aMessage.Text || header.Get("Title") != title ||
		header.Get("Click") != aMessage.Link || header.Get("Priority") != "high" ||
		header.Get("Authorization") != "Bearer tk_token" {
		t.Errorf("%q %v", got[2].body, header)
	}
	long := aMessage
	long.Text = strings.Repeat("é", 3000)
	if err := posted(t, server.URL, Ntfy, "", long); err != nil || len(got[3].body) > 4096 ||
		!strings.HasSuffix(got[3].body, "é…") {
		t.Errorf("%v, %d bytes", err, len(got[3].body))
	}
}

// TestNoAddressIsTold by an error, whatever the receiver says.
func TestNoAddressIsTold(t *testing.T) {
	const path = "/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX"
	for _, c := range []struct {
		status     int
		text, want string
	}{
		{500, "oops " + path, "webhook 1 (slack) at 127.0.0.1:"},
		{404, "no_service", "it answered 404 Not Found: no_service; the webhook is not there any more: make a new one"},
		{403, "invalid_token XXXXXXXXXXXXXXXXXXXXXXXX", "invalid_token [secret]; check the secret"},
		{302, "", "messages do not follow it"}, {500, "<html>" + path, "it answered 500 Internal Server Error"},
	} {
		var got []taken
		server := receiver(t, c.status, c.text, &got)
		err := posted(t, server.URL+path, Slack, "", aMessage)
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "XXXX") ||
			strings.Contains(err.Error(), "/services") || len(got) != 1 {
			t.Errorf("%d %s: %v", c.status, c.text, err)
		}
	}
	for _, address := range []string{"http://127.0.0.1:1" + path, "http://none.invalid" + path} {
		if err := posted(t, address, Slack, "", aMessage); err == nil || strings.Contains(err.Error(), "XXXX") {
			t.Errorf("%v", err)
		}
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// TestAWebhookThatAnswers500ForAnHour gets the message afterwards, once, and meanwhile is asked ever less often. The
// message is shown and counted as waiting as long.
func TestAWebhookThatAnswers500ForAnHour(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin, asked, accepted := time.Now(), 0, 0
		ids := map[string]bool{}
		m := New(prometheus.NewPedanticRegistry(), slog.New(slog.DiscardHandler))
		m.open = func(s Settings) ([]channel, error) {
			list, err := s.channels()
			list[0].(*hook).client.Transport = roundTrip(func(r *http.Request) (*http.Response, error) {
				asked++
				ids[r.Header.Get("Webhook-Id")] = true
				status := http.StatusInternalServerError
				if time.Since(begin) > time.Hour {
					status, accepted = http.StatusOK, accepted+1
				}
				return &http.Response{StatusCode: status, Status: http.StatusText(status), Body: http.NoBody}, nil
			})
			return list, err
		}
		s := Settings{Webhooks: []Webhook{{URL: "https://alerts.school.example/hook", Format: Standard,
			Secret: testSecret}}}
		if err := m.Configure(Setup{Settings: &s, State: t.TempDir()}); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan struct{})
		go func() { defer close(done); m.Serve(ctx) }()
		synctest.Wait()
		message := aMessage
		message.At = begin
		(&desk{Messenger: m}).send(nil, digested{}, []Message{message})
		time.Sleep(50 * time.Minute)
		if waiting := testutil.ToFloat64(m.metrics.waiting); waiting != 1 || asked < 5 || asked > 8 ||
			len(m.Undelivered()) != 1 {
			t.Errorf("%v waiting, asked %d times, %+v", waiting, asked, m.Undelivered())
		}
		time.Sleep(3 * time.Hour)
		if n := testutil.ToFloat64(m.metrics.messages.WithLabelValues(byWebhook, sent)); n != 1 || accepted != 1 ||
			len(ids) != 1 || len(m.Undelivered()) != 0 || testutil.ToFloat64(m.metrics.waiting) != 0 {
			t.Errorf("%v sent, %d accepted, ids %v, %+v", n, accepted, ids, m.Undelivered())
		}
		t.Logf("asked %d times", asked)
		cancel()
		<-done
	})
}
