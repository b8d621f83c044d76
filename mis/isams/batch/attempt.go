package batch

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"time"

	"github.com/cenkalti/backoff/v7"
	"golang.org/x/oauth2"

	"misimportd/era/files"
	"misimportd/mis/isams"
)

// attemptError is what became of one attempt, less secrets. It wraps nothing: what it
// came from may hold the key.
type attemptError struct {
	text   string
	retry  bool
	after  time.Duration // the server asked for this pause; 0 when it did not
	giveUp bool          // it may pass, and will take too long
	timeUp bool          // nothing else was wrong but that the time for all attempts was over
	full   error         // there is no room for the answer: no fault of the server's; nil otherwise
}

func (e *attemptError) Error() string { return e.text }

// forBackoff is e as the retrying library understands it.
func (e *attemptError) forBackoff() error {
	switch {
	case !e.retry, e.giveUp:
		return backoff.Permanent(e)
	case e.after > 0:
		return backoff.RetryAfter(e.after, e)
	}
	return e
}

var (
	errStalled  = errors.New("stalled")
	errTooLarge = errors.New("too large")
)

func withHTTP(ctx context.Context, client *http.Client) context.Context {
	return context.WithValue(ctx, oauth2.HTTPClient, client)
}

// attempt asks once, downloads the answer into file and checks it to its end.
func (c *Client) attempt(ctx context.Context, r Request, file *os.File) (isams.Contents, *attemptError) {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	watch := time.AfterFunc(c.settings.Stall, func() { stop(errStalled) })
	defer watch.Stop()
	response, err := c.ask(ctx, r, watch)
	if err != nil {
		return nil, c.explain(ctx, err)
	}
	defer func() { _ = response.Body.Close() }()
	body := &download{body: response.Body, watch: watch, stall: c.settings.Stall, left: c.settings.MaxSize,
		progress: c.Progress}
	if response.StatusCode != http.StatusOK {
		return nil, c.refused(ctx, response, body)
	}
	if err := rewrite(file, body); err != nil {
		return nil, c.explain(ctx, files.Written(file.Name(), err))
	}
	watch.Stop()
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return nil, c.explain(ctx, err)
	}
	contents, err := isams.InspectRedacting(file, c.secrets.redact)
	if err != nil {
		return nil, c.explain(ctx, err)
	}
	return contents, nil
}

func (c *Client) ask(ctx context.Context, r Request, watch *time.Timer) (*http.Response, error) {
	client, err := c.authorised(ctx)
	if err != nil {
		return nil, err
	}
	watch.Reset(c.settings.Stall) // the token came
	request, err := c.newRequest(ctx, r)
	if err != nil {
		return nil, err
	}
	return client.Do(request)
}

// rewrite replaces what is in file.
func rewrite(file *os.File, body io.Reader) error {
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	written, err := io.Copy(file, body)
	if err != nil {
		return err
	}
	return file.Truncate(written)
}

// download reads a body, tells how it goes on, and refuses to read too much of it.
type download struct {
	body     io.Reader
	watch    *time.Timer
	stall    time.Duration
	left     int64
	done     int64
	progress func(int64)
}

func (d *download) Read(p []byte) (int, error) {
	n, err := d.body.Read(p)
	if n > 0 {
		d.watch.Reset(d.stall)
	}
	d.done += int64(n)
	if d.left -= int64(n); d.left < 0 {
		return 0, errTooLarge
	}
	if d.progress != nil {
		d.progress(d.done)
	}
	return n, err
}

// refused judges an answer that is not 200: by its root element, if it is iSAMS's own
// error, else by its status.
func (c *Client) refused(ctx context.Context, response *http.Response, body io.Reader) *attemptError {
	const enough = 1 << 16
	text, _ := io.ReadAll(io.LimitReader(body, enough)) // what there is of it
	_, err := isams.InspectRedacting(bytes.NewReader(text), c.secrets.redact)
	var said *isams.MessageError
	if errors.As(err, &said) {
		failed := c.explain(ctx, err)
		if !said.Permanent() && mayPass(response.StatusCode) {
			failed.retry, failed.after = true, retryAfter(response.Header.Get("Retry-After"))
		}
		return failed
	}
	failed := &attemptError{text: fmt.Sprintf("the server answered %d %s", response.StatusCode,
		http.StatusText(response.StatusCode))}
	switch status := response.StatusCode; {
	case status >= 300 && status < 400:
		failed.text += c.elsewhere(response)
	case mayPass(status):
		failed.retry, failed.after = true, retryAfter(response.Header.Get("Retry-After"))
	default:
		failed.text += "; check url, and whether this machine may reach it"
	}
	return failed
}

// mayPass tells whether a status speaks of trouble that passes.
func mayPass(status int) bool {
	return status == http.StatusRequestTimeout || status == http.StatusTooManyRequests || status >= 500
}

// elsewhere tells where a redirect leads, as far as that is nobody's secret.
func (c *Client) elsewhere(response *http.Response) string {
	to, err := response.Location()
	if err != nil {
		return ""
	}
	return c.secrets.redact(fmt.Sprintf(" to %s://%s: the key is not sent there; if it is your iSAMS, make it the url",
		to.Scheme, to.Host))
}

// retryAfter reads the header of that name: seconds, or a date.
func retryAfter(value string) time.Duration {
	if seconds, err := strconv.Atoi(value); err == nil && seconds > 0 {
		return time.Duration(seconds) * time.Second
	}
	if at, err := http.ParseTime(value); err == nil {
		return max(0, time.Until(at))
	}
	return 0
}

// explain turns whatever went wrong into an attemptError.
func (c *Client) explain(ctx context.Context, err error) *attemptError {
	failed := &attemptError{retry: true}
	var document *isams.DocumentError
	var said *isams.MessageError
	var token *oauth2.RetrieveError
	var certificate *tls.CertificateVerificationError
	var inURL *url.Error
	var path *os.PathError
	var full *files.FullError
	switch {
	case errors.As(err, &full): // whatever else may be over by now
		failed.text, failed.retry, failed.full = full.Error(), false, full
	case errors.Is(context.Cause(ctx), errStalled):
		failed.text = fmt.Sprintf("nothing came for %s (stall)", c.settings.Stall)
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		failed.text, failed.timeUp = "the answer had not come to its end", true
	case errors.Is(err, errTooLarge):
		failed.text, failed.retry = fmt.Sprintf("the answer is larger than %d bytes (max_size)", c.settings.MaxSize),
			false
	case errors.As(err, &document):
		failed.text, failed.retry = document.Error(), document.Retry
	case errors.As(err, &said):
		failed.text, failed.retry = said.Error(), said.Transient()
	case errors.As(err, &token):
		failed.text = fmt.Sprintf("no OAuth2 token: the server answered %s %s; check client_id and client_secret_file",
			token.Response.Status, token.ErrorCode)
		failed.retry, failed.after = mayPass(token.Response.StatusCode),
			retryAfter(token.Response.Header.Get("Retry-After"))
	case errors.As(err, &certificate):
		failed.text, failed.retry = certificate.Error()+"; check url, or name the authority in ca_file", false
	case errors.As(err, &path):
		failed.text, failed.retry = path.Error(), false
	case errors.As(err, &inURL): // its own text quotes the address, and with it the key
		failed.text = inURL.Err.Error()
	case errors.Is(err, io.ErrUnexpectedEOF):
		failed.text = "the connection ended before the answer did"
	default:
		failed.text = err.Error()
	}
	failed.text = c.secrets.redact(failed.text)
	return failed
}

// filterDocument is the body of a POST.
func (r Request) filterDocument() string {
	var b bytes.Buffer
	b.WriteString("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<Filters>\n")
	if len(r.Methods) > 0 {
		b.WriteString("<MethodsToRun>")
		for _, m := range r.Methods {
			fmt.Fprintf(&b, "<Method>%s</Method>", isams.Escaped(m))
		}
		b.WriteString("</MethodsToRun>\n")
	}
	for _, module := range slices.Sorted(maps.Keys(r.Filters)) {
		fmt.Fprintf(&b, "<%s>", module)
		for _, element := range slices.Sorted(maps.Keys(r.Filters[module])) {
			fmt.Fprintf(&b, "<%s", element)
			attributes := r.Filters[module][element]
			for _, name := range slices.Sorted(maps.Keys(attributes)) {
				fmt.Fprintf(&b, " %s=\"%s\"", name, isams.Escaped(attributes[name]))
			}
			b.WriteString("/>")
		}
		fmt.Fprintf(&b, "</%s>\n", module)
	}
	b.WriteString("</Filters>\n")
	return b.String()
}
