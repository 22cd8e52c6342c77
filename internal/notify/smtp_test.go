package notify_test

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"math/big"
	"net"
	"net/mail"
	"strings"
	"sync"
	"testing"
	"time"

	"countersign/internal/config"
	"countersign/internal/notify"
)

// script is a mail server that answers as it is told, with TLS where it is
// wanted; smtpd, which keeps mails, has neither TLS nor sign-in.
type script struct {
	offer
	mu   sync.Mutex
	said []string // what came, with "tls " before it when it was encrypted
}

type offer struct {
	answers  map[string]string // by verb; else 250
	extra    []string          // offered after EHLO
	tls      *tls.Config       // for STARTTLS
	implicit bool              // TLS from the first byte
}

func (s *script) start(t *testing.T, network, address string) string {
	t.Helper()
	l, err := net.Listen(network, address)
	if err != nil {
		t.Skip("this machine has no ", address)
	}
	if s.implicit {
		l = tls.NewListener(l, s.tls)
	}
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			serving.Go(func() { defer c.Close(); s.serve(c, s.implicit) })
		}
	})
	t.Cleanup(func() { l.Close(); serving.Wait() })
	return l.Addr().String()
}

func (s *script) serve(c net.Conn, encrypted bool) {
	if _, err := fmt.Fprint(c, s.answer("greeting", "220 ready")); err != nil {
		return
	}
	lines := bufio.NewReader(c)
	content := false
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			return
		}
		line = strings.TrimRight(line, "\r\n")
		verb, _, _ := strings.Cut(strings.ToUpper(line), " ")
		switch {
		case content && line == ".":
			content = false
			fmt.Fprint(c, s.answer("end", "250 kept"))
			continue
		case content:
			continue
		}
		s.note(line, encrypted)
		switch verb {
		case "EHLO":
			offers := append([]string{"localhost"}, s.extra...)
			if s.tls != nil && !encrypted {
				offers = append(offers, "STARTTLS")
			}
			for i, o := range offers {
				sep := "-"
				if i == len(offers)-1 {
					sep = " "
				}
				fmt.Fprintf(c, "250%s%s\r\n", sep, o)
			}
		case "STARTTLS":
			fmt.Fprint(c, "220 go\r\n")
			c = tls.Server(c, s.tls)
			lines, encrypted = bufio.NewReader(c), true
		case "DATA":
			answer := s.answer("DATA", "354 go on")
			content = strings.HasPrefix(answer, "354")
			fmt.Fprint(c, answer)
		case "AUTH":
			fmt.Fprint(c, s.answer("AUTH", "235 welcome"))
		case "QUIT":
			fmt.Fprint(c, s.answer("QUIT", "221 bye"))
			return
		default:
			fmt.Fprint(c, s.answer(verb, "250 fine"))
		}
	}
}

func (s *script) answer(verb, usual string) string {
	if a, ok := s.answers[verb]; ok {
		usual = a
	}
	return usual + "\r\n"
}

func (s *script) note(line string, encrypted bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if encrypted {
		line = "tls " + line
	}
	s.said = append(s.said, line)
}

func (s *script) heard(prefix string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, line := range s.said {
		if strings.HasPrefix(line, prefix) {
			return line
		}
	}
	return ""
}

// certificate is one for localhost, and who trusts it.
func certificate(t *testing.T) (*tls.Config, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(parsed)
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}, roots
}

var aMail = notify.Mail{
	ID: "msg_1", From: sender, To: mail.Address{Name: "Ada", Address: "ada@example.org"}, Date: start, Lang: "en",
	Subject: "Hello", Text: "Hello\n", HTML: "<p>Hello</p>",
}

func TestTLS(t *testing.T) {
	server, roots := certificate(t)
	for _, c := range []struct {
		name     string
		mode     string
		server   offer
		roots    *x509.CertPool
		wantMail string // how MAIL was heard; "" for an error before it
	}{
		{"mandatory and offered", config.TLSMandatory, offer{tls: server}, roots, "tls MAIL FROM:<no-reply@desk.example.com>"},
		{"mandatory and not offered", config.TLSMandatory, offer{}, roots, ""},
		{"mandatory, nobody trusts the certificate", config.TLSMandatory, offer{tls: server}, x509.NewCertPool(), ""},
		{"implicit", config.TLSImplicit, offer{tls: server, implicit: true}, roots, "tls MAIL FROM:<no-reply@desk.example.com>"},
		{"implicit, nobody trusts the certificate", config.TLSImplicit, offer{tls: server, implicit: true}, x509.NewCertPool(), ""},
		{"opportunistic and offered", config.TLSOpportunistic, offer{tls: server}, roots, "tls MAIL FROM:<no-reply@desk.example.com>"},
		{"opportunistic and not offered", config.TLSOpportunistic, offer{}, roots, "MAIL FROM:<no-reply@desk.example.com>"},
		{"none", config.TLSNone, offer{tls: server}, roots, "MAIL FROM:<no-reply@desk.example.com>"},
	} {
		for network, address := range map[string]string{"tcp4": "127.0.0.1:0", "tcp6": "[::1]:0"} {
			t.Run(c.name+" "+network, func(t *testing.T) {
				running := &script{offer: c.server}
				o := smtpOptions(t, running.start(t, network, address))
				o.SMTPTLS = c.mode
				s, err := notify.NewSMTP(o, "", c.roots)
				if err != nil {
					t.Fatal(err)
				}
				err = s.Send(t.Context(), aMail)
				heard := running.heard("tls MAIL") + running.heard("MAIL")
				if heard != c.wantMail || (err == nil) != (c.wantMail != "") {
					t.Errorf("heard %q, want %q; error %v", heard, c.wantMail, err)
				}
				if _, refused := errors.AsType[*notify.Refused](err); refused {
					t.Error("a connection that can be mended is no refusal of the mail")
				}
			})
		}
	}
}

// TestEnvelopeSender: what cannot be delivered comes back to where it is said to; the mail's own sender stays.
func TestEnvelopeSender(t *testing.T) {
	running := &script{}
	s, err := notify.NewSMTP(smtpOptions(t, running.start(t, "tcp4", "127.0.0.1:0")), "bounces@desk.example.com", nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Send(t.Context(), aMail); err != nil {
		t.Fatal(err)
	}
	if heard := running.heard("MAIL"); heard != "MAIL FROM:<bounces@desk.example.com>" {
		t.Error(heard)
	}
}

func TestNoTLSElsewhere(t *testing.T) {
	o := config.SMTP{SMTPHost: "mail.example.com", SMTPPort: 25, SMTPTLS: config.TLSNone}
	if _, err := notify.NewSMTP(o, "", nil); err == nil {
		t.Error("mails would leave this machine unencrypted")
	}
	o.SMTPTLS = "perhaps"
	if _, err := notify.NewSMTP(o, "", nil); err == nil {
		t.Error("an unknown mode passes")
	}
}

func TestSignIn(t *testing.T) {
	server, roots := certificate(t)
	plain := "tls AUTH PLAIN " + base64.StdEncoding.EncodeToString([]byte("\x00me\x00hunter2"))
	for _, c := range []struct {
		name, mode string
		server     offer
		want       string // how AUTH was heard
		sent       bool
	}{
		{"taken", config.TLSMandatory, offer{tls: server, extra: []string{"AUTH PLAIN LOGIN"}}, plain, true},
		{"wrong password", config.TLSMandatory, offer{tls: server, extra: []string{"AUTH PLAIN"}, answers: map[string]string{"AUTH": "535 5.7.8 no, me with hunter2"}}, plain, false},
		{"not offered", config.TLSMandatory, offer{tls: server}, "", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			running := &script{offer: c.server}
			o := smtpOptions(t, running.start(t, "tcp4", "127.0.0.1:0"))
			o.SMTPHost, o.SMTPTLS, o.SMTPUser, o.SMTPPassword = "127.0.0.1", c.mode, "me", "hunter2"
			s, err := notify.NewSMTP(o, "", roots)
			if err != nil {
				t.Fatal(err)
			}
			err = s.Send(t.Context(), aMail)
			if got := running.heard("tls AUTH") + running.heard("AUTH"); got != c.want || (err == nil) != c.sent {
				t.Errorf("heard %q, want %q; error %v", got, c.want, err)
			}
			if err != nil && strings.Contains(err.Error(), "hunter2") {
				t.Errorf("the error tells the password: %v", err)
			}
			if _, refused := errors.AsType[*notify.Refused](err); refused {
				t.Error("a wrong password is no refusal of the mail")
			}
		})
	}
}

func TestJudge(t *testing.T) {
	const words = " 5.7.1 <ada@example.org> https://desk.example.com/activate/x"
	for _, c := range []struct {
		name    string
		answers map[string]string
		want    string // "sent", "refused" or "later"
		says    string
	}{
		{"taken", nil, "sent", ""},
		{"the recipient is unknown", map[string]string{"RCPT": "550" + words}, "refused", "550 5.7.1"},
		{"the recipient's box is full", map[string]string{"RCPT": "452" + words}, "later", "452"},
		{"the content is refused before it comes", map[string]string{"DATA": "554" + words}, "refused", "554"},
		{"the content is refused", map[string]string{"end": "554" + words}, "refused", "554"},
		{"the content is put off", map[string]string{"end": "451" + words}, "later", "451"},
		{"the sender is refused", map[string]string{"MAIL": "550" + words}, "later", "550"},
		{"the sender is put off", map[string]string{"MAIL": "421" + words}, "later", "421"},
		{"nobody is let in", map[string]string{"greeting": "554" + words}, "later", "554"},
		{"trouble after the mail was taken", map[string]string{"RSET": "550" + words, "QUIT": "550" + words}, "sent", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := smtpSender(t, (&script{offer: offer{answers: c.answers}}).start(t, "tcp4", "127.0.0.1:0")).Send(t.Context(), aMail)
			got := "sent"
			if _, refused := errors.AsType[*notify.Refused](err); refused {
				got = "refused"
			} else if err != nil {
				got = "later"
			}
			if got != c.want {
				t.Errorf("%s, want %s: %v", got, c.want, err)
			}
			if err != nil {
				if !strings.Contains(err.Error(), c.says) {
					t.Errorf("%v does not say %s", err, c.says)
				}
				silent(t, err.Error())
			}
		})
	}
	t.Run("nobody is there", func(t *testing.T) {
		l, err := net.Listen("tcp4", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		address := l.Addr().String()
		l.Close()
		err = smtpSender(t, address).Send(t.Context(), aMail)
		if _, refused := errors.AsType[*notify.Refused](err); err == nil || refused {
			t.Error(err)
		}
	})
	t.Run("the context ends while the server is silent", func(t *testing.T) {
		l, err := net.Listen("tcp4", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		ctx, stop := context.WithCancel(t.Context())
		go func() {
			c, err := l.Accept()
			if err == nil {
				defer c.Close()
				fmt.Fprint(c, "220 ready\r\n")
				bufio.NewReader(c).ReadString('\n') // EHLO: the connection stands
				stop()
				<-t.Context().Done()
			}
		}()
		o := smtpOptions(t, l.Addr().String())
		o.SMTPTimeout = time.Hour // so that only the context can end it
		s, err := notify.NewSMTP(o, "", nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Send(ctx, aMail); err == nil {
			t.Error("sent to nobody")
		}
	})
}
