package notify

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/textproto"
	"regexp"
	"strconv"
	"time"

	gomail "github.com/wneessen/go-mail"

	"countersign/internal/config"
	"countersign/internal/seal"
)

// SMTP gives each mail to a mail server, over a connection of its own. Make one
// with NewSMTP.
type SMTP struct {
	host     string
	address  string
	mode     string
	bounces  string // the envelope's sender; "" is the sender of the mail
	user     string
	password seal.Secret
	timeout  time.Duration
	roots    *x509.CertPool
}

// NewSMTP makes a sender of options that Serve.Validate accepts. Mails that
// cannot be delivered come back to bounces, or to their sender when that is
// empty. roots are the certificate authorities to trust; nil: the system's.
func NewSMTP(o config.SMTP, bounces string, roots *x509.CertPool) (*SMTP, error) {
	password, err := o.Password()
	if err != nil {
		return nil, fmt.Errorf("smtp password: %w", err)
	}
	switch o.SMTPTLS {
	case config.TLSMandatory, config.TLSImplicit, config.TLSOpportunistic:
	case config.TLSNone:
		if !config.Loopback(o.SMTPHost) {
			return nil, fmt.Errorf("smtp: without TLS to a server on this machine alone, not to %s", o.SMTPHost)
		}
	default:
		return nil, fmt.Errorf("smtp: unknown TLS mode %q", o.SMTPTLS)
	}
	return &SMTP{
		host: o.SMTPHost, address: net.JoinHostPort(o.SMTPHost, strconv.Itoa(o.SMTPPort)), mode: o.SMTPTLS, bounces: bounces,
		user: o.SMTPUser, password: password, timeout: o.SMTPTimeout, roots: roots,
	}, nil
}

// Send hands the mail over. Only a final refusal (5xx) of the recipient or of
// the mail itself makes it *Refused: whatever goes wrong before (connection,
// TLS, sign-in, the sender's address) is the configuration's and can be mended
// while the mails wait.
func (s *SMTP) Send(ctx context.Context, m Mail) error {
	msg, err := compose(m)
	if err == nil && s.bounces != "" {
		err = msg.EnvelopeFrom(s.bounces)
	}
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	done := func() {} // closes the connection whatever happens: the library leaves it open after some errors
	defer func() { done() }()
	client, err := s.client(func(dialing context.Context, network, _ string) (net.Conn, error) {
		c, err := s.dial(dialing, network)
		if err != nil {
			return nil, err
		}
		stop := context.AfterFunc(ctx, func() { c.Close() })
		done = func() { stop(); c.Close() }
		return c, nil
	})
	if err != nil {
		return fmt.Errorf("smtp: %w", err)
	}
	session, err := client.DialToSMTPClientWithContext(ctx)
	if err != nil {
		return fmt.Errorf("mail server: %w", withoutText(err))
	}
	if err := client.SendWithSMTPClient(session, msg); err != nil && !msg.IsDelivered() {
		return judge(err)
	}
	session.Quit() // it has the mail: what it says now changes nothing
	return nil
}

func (s *SMTP) client(dial gomail.DialContextFunc) (*gomail.Client, error) {
	policy := map[string]gomail.TLSPolicy{config.TLSMandatory: gomail.TLSMandatory, config.TLSOpportunistic: gomail.TLSOpportunistic}
	options := []gomail.Option{
		gomail.WithTimeout(s.timeout), gomail.WithDialContextFunc(dial), gomail.WithTLSConfig(s.tls()), gomail.WithoutNoop(),
	}
	if p, starts := policy[s.mode]; starts {
		options = append(options, gomail.WithTLSPolicy(p))
	} else {
		options = append(options, gomail.WithTLSPolicy(gomail.NoTLS))
	}
	if s.mode == config.TLSImplicit {
		options = append(options, gomail.WithSSL())
	}
	if s.user != "" {
		options = append(options, gomail.WithUsername(s.user), gomail.WithPassword(s.password.Reveal()),
			gomail.WithOpportunisticSMTPAuth(gomail.SMTPAuthSCRAMSHA256, gomail.SMTPAuthSCRAMSHA1, gomail.SMTPAuthPlain, gomail.SMTPAuthLogin))
	}
	return gomail.NewClient(s.host, options...)
}

func (s *SMTP) tls() *tls.Config {
	return &tls.Config{ServerName: s.host, MinVersion: tls.VersionTLS12, RootCAs: s.roots}
}

// dial opens the connection itself: the library would write an IPv6 address
// without brackets.
func (s *SMTP) dial(ctx context.Context, network string) (net.Conn, error) {
	d := &net.Dialer{}
	if s.mode == config.TLSImplicit {
		return (&tls.Dialer{NetDialer: d, Config: s.tls()}).DialContext(ctx, network, s.address)
	}
	return d.DialContext(ctx, network, s.address)
}

var enhanced = regexp.MustCompile(`\b[245]\.\d{1,3}\.\d{1,3}\b`)

// judge makes an error without the server's words, which often repeat the
// address and may repeat a link.
func judge(err error) error {
	e, ok := errors.AsType[*gomail.SendError](err)
	if !ok {
		return errors.New("mail server: the connection broke")
	}
	code := e.ErrorCode()
	if code == 0 {
		return fmt.Errorf("mail server: no answer while %s", e.Reason)
	}
	said, status := fmt.Sprintf("the mail server answered %d", code), enhanced.FindString(err.Error())
	if status != "" {
		said += " " + status
	} else {
		status = strconv.Itoa(code)
	}
	said += " while " + e.Reason.String()
	final := e.Reason == gomail.ErrSMTPRcptTo || e.Reason == gomail.ErrSMTPData || e.Reason == gomail.ErrSMTPDataClose
	if code >= 500 && final {
		return &Refused{Code: status, Reason: said, Server: true}
	}
	return &later{code: status, text: said}
}

// compose makes the message as it travels (RFC 5322, MIME, RFC 3834). The same
// mail gives the same bytes.
func compose(m Mail) (*gomail.Msg, error) {
	msg := gomail.NewMsg(gomail.WithNoDefaultUserAgent(), gomail.WithBoundary(fmt.Sprintf("%x", sha256.Sum256([]byte(m.ID)))[:40]))
	msg.FromMailAddress(&m.From)
	msg.ToMailAddress(&m.To)
	msg.Subject(m.Subject)
	msg.SetDateWithValue(m.Date.UTC())
	msg.SetMessageIDWithValue(m.MessageID())
	msg.SetGenHeader("Auto-Submitted", "auto-generated")
	msg.SetGenHeader("Content-Language", string(m.Lang))
	msg.SetBodyString(gomail.TypeTextPlain, m.Text)
	msg.AddAlternativeString(gomail.TypeTextHTML, m.HTML)
	return msg, nil
}

// withoutText keeps of a server's answer its number alone; other errors (of the
// network, of certificates) hold nothing of the mail.
func withoutText(err error) error {
	if e, ok := errors.AsType[*textproto.Error](err); ok {
		return fmt.Errorf("it answered %d before any mail was offered", e.Code)
	}
	return err
}
