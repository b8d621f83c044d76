package messages

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/textproto"
	"strings"
	"time"

	"github.com/wneessen/go-mail"
)

// mailbox is one address that mail is sent to.
type mailbox struct {
	Mail
	to       string
	trust    *tls.Config
	patience time.Duration
}

func (b *mailbox) name() string { return "mail to " + b.to }

func (b *mailbox) label() string { return byMail }

// send delivers a message to the mail server. It never takes longer than its patience, whatever the server does.
func (b *mailbox) send(ctx context.Context, m Message) error {
	ctx, cancel := context.WithTimeout(ctx, b.patience)
	defer cancel()
	letter, err := b.letter(m)
	if err != nil {
		return b.failed(ctx, err)
	}
	client, err := b.client(ctx)
	if err == nil {
		err = client.DialAndSendWithContext(ctx, letter)
	}
	if letter.IsDelivered() { // what went wrong after the server took it is no matter
		return nil
	}
	if err != nil {
		return b.failed(ctx, err)
	}
	return nil
}

// letter is a message as mail. Tried again, it is the same letter, by its id.
func (b *mailbox) letter(m Message) (*mail.Msg, error) {
	letter := mail.NewMsg()
	if err := errors.Join(letter.From(b.From), letter.To(b.to)); err != nil {
		return letter, err
	}
	letter.Subject("misimportd: " + m.Subject)
	letter.SetDateWithValue(m.At)
	letter.SetMessageIDWithValue(m.ID + "@misimportd")
	letter.SetGenHeader("Auto-Submitted", "auto-generated") // so that nobody's holiday note answers it
	letter.SetBodyString(mail.TypeTextPlain, m.Text)
	return letter, nil
}

func (b *mailbox) client(ctx context.Context) (*mail.Client, error) {
	trust := b.trust.Clone()
	trust.ServerName = b.Host
	options := []mail.Option{mail.WithPort(b.Port), mail.WithTimeout(2 * b.patience), mail.WithTLSConfig(trust),
		mail.WithDialContextFunc(b.dial(ctx, trust)), mail.WithTLSPolicy(mail.NoTLS), mail.WithoutNoop()}
	if b.Security == StartTLS {
		options = append(options, mail.WithTLSPolicy(mail.TLSMandatory))
	}
	if b.User != "" {
		options = append(options, mail.WithUsername(b.User), mail.WithPassword(b.Password), b.login())
	}
	return mail.NewClient(b.Host, options...)
}

// login chooses how to log in by what the server offers. In the clear it is what the settings allow.
func (b *mailbox) login() mail.Option {
	strong := []mail.SMTPAuthType{mail.SMTPAuthSCRAMSHA256, mail.SMTPAuthSCRAMSHA1, mail.SMTPAuthCramMD5}
	plain, login := mail.SMTPAuthPlain, mail.SMTPAuthLogin
	if b.Security != StartTLS { // that a TLS connection was dialled by hand, the library does not know
		plain, login = mail.SMTPAuthPlainNoEnc, mail.SMTPAuthLoginNoEnc
	}
	return mail.WithOpportunisticSMTPAuth(append(strong, plain, login)...)
}

// dial connects, and lets no server hold the connection longer than ctx lasts.
func (b *mailbox) dial(ctx context.Context, trust *tls.Config) mail.DialContextFunc {
	return func(dialling context.Context, network, address string) (net.Conn, error) {
		conn, err := (&net.Dialer{}).DialContext(dialling, network, address)
		if err != nil {
			return nil, err
		}
		context.AfterFunc(ctx, func() { _ = conn.Close() })
		if b.Security != TLS {
			return conn, nil
		}
		encrypted := tls.Client(conn, trust)
		if err := encrypted.HandshakeContext(dialling); err != nil {
			_ = conn.Close()
			return nil, err
		}
		return encrypted, nil
	}
}

// failed says what went wrong with the mail server, and what to do.
func (b *mailbox) failed(ctx context.Context, err error) error {
	said := b.trouble(err)
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		said = unreached(ctx.Err(), b.patience)
	}
	return fmt.Errorf("mail server %s: %s", net.JoinHostPort(b.Host, fmt.Sprint(b.Port)), redact(said, b.Password))
}

func (b *mailbox) trouble(err error) string {
	const login = "; check user and password_file, and whether the server wants another way to log in"
	var answer *textproto.Error
	var refused *mail.SendError
	switch {
	case errors.As(err, &refused):
		said, _, _ := strings.Cut(refused.Error(), ", affected ") // what follows tells of the message
		if b.User == "" && refused.ErrorCode() != 0 {
			said += "; if it wants a log-in, set user and password_file"
		}
		return "it did not take the message: " + said
	case errors.Is(err, mail.ErrNoSupportedAuthDiscovered):
		return "it offers no way to log in that this program knows" + login
	case errors.As(err, &answer) && isLoginRefused[answer.Code]:
		return fmt.Sprintf("it refused the log-in (%d %s)%s", answer.Code, answer.Msg, login)
	case errors.As(err, &answer):
		return fmt.Sprintf("it answered %d %s", answer.Code, answer.Msg)
	}
	if inner := errors.Unwrap(err); inner != nil {
		err = inner
	}
	return unreached(err, b.patience)
}

// isLoginRefused are the answers to a log-in that failed (RFC 4954).
var isLoginRefused = map[int]bool{432: true, 454: true, 530: true, 534: true, 535: true, 538: true}
