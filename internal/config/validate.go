package config

import (
	"fmt"
	"net"
	"net/mail"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/net/idna"

	"countersign/internal/lang"
)

// Validate tells all problems at once, as Problems. Whether there is a key is
// for Serve to ask, and for Box: the command that makes it has none yet.
func (c Common) Validate() error { return c.check().err() }

func (c Common) check() Problems {
	var p Problems
	if c.Config.read != nil {
		p = append(p, c.Config.read.problems...)
	}
	c.checkDatabase(&p)
	oneOf(&p, "--log-format", c.LogFormat, "text", "json")
	oneOf(&p, "--log-level", c.LogLevel, "debug", "info", "warn", "error")
	return p
}

func (c Common) checkDatabase(p *Problems) {
	const option = "--database"
	scheme, _, isURL := strings.Cut(string(c.Database), "://")
	switch {
	case c.Database == "":
		p.add(option, "name a file, or postgres://…")
	case c.Database.Postgres():
		if _, err := url.Parse(string(c.Database)); err != nil {
			p.add(option, "this address cannot be read; special characters in the password are written as %%XX") // err would show the password
		}
	case isURL || scheme == "file":
		p.add(option, "name a file without anything before it, or postgres://…")
	default:
		folder := filepath.Dir(string(c.Database))
		if info, err := os.Stat(folder); err != nil || !info.IsDir() {
			p.add(option, "there is no folder %s", folder)
		} else if info, err := os.Stat(string(c.Database)); err == nil && !info.Mode().IsRegular() {
			p.add(option, "%s is not a file", c.Database)
		}
	}
}

// Validate tells all problems at once, as Problems.
func (s Serve) Validate() error {
	p := s.Common.check()
	if _, err := s.Box(); err != nil {
		p.add("--key-file", "%v", err)
	}
	s.checkPublicURL(&p)
	s.checkListen(&p)
	s.checkTLS(&p)
	for _, text := range s.TrustedProxies {
		if _, err := parseRange(text); err != nil {
			p.add("--trusted-proxies", "%q is neither an address nor a range such as 10.0.0.0/8", text)
		}
	}
	s.Mail.check(&p, s.PublicURL)
	if info, err := os.Stat(s.GeoDatabase); s.GeoDatabase != "" && (err != nil || !info.Mode().IsRegular()) {
		p.add("--geo-database", "there is no file %s", s.GeoDatabase)
	}
	between(&p, "--hashing-workers", s.HashingWorkers, 0, 1024)
	between(&p, "--hashing-queue", s.HashingQueue, 1, 100_000)
	if _, ok := lang.Parse(s.Language); !ok {
		p.add("--language", "%q is neither en nor fr", s.Language)
	}
	return p.err()
}

func (s Serve) checkPublicURL(p *Problems) {
	const option = "--public-url"
	u, err := url.Parse(s.PublicURL)
	if err != nil || u.Hostname() == "" || (u.Scheme != "http" && u.Scheme != "https") {
		p.add(option, "%q is not an address such as https://desk.example.com", s.PublicURL)
		return
	}
	if u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" || strings.Trim(u.Path, "/") != "" {
		p.add(option, "only scheme, host and port, such as https://desk.example.com: the portal stands at the root of its host")
	}
	if u.Scheme == "http" && !Loopback(u.Hostname()) {
		p.add(option, "http is for localhost alone; people's passwords travel here, so use https")
	}
	if _, err := port(u.Port()); u.Port() != "" && err != nil {
		p.add(option, "%v", err)
	}
	if ascii, err := idna.Lookup.ToASCII(u.Hostname()); !isASCII(u.Hostname()) && err == nil {
		p.add(option, "write the host in its ASCII form, %s", ascii)
	} else if !isASCII(u.Hostname()) {
		p.add(option, "%q is not the name of a host", u.Hostname())
	}
}

func (s Serve) checkListen(p *Problems) {
	public, okPublic := checkAddress(p, "--listen", s.Listen)
	if okPublic && !Loopback(public) && s.TLSCertFile == "" && len(s.TrustedProxies) == 0 {
		p.add("--listen", "%s can be reached from other machines: give --tls-cert-file and --tls-key-file, or name the proxy in front with --trusted-proxies", s.Listen)
	}
	if s.InternalListen == "" {
		return
	}
	if _, ok := checkAddress(p, "--internal-listen", s.InternalListen); ok && s.InternalListen == s.Listen && !strings.HasSuffix(s.Listen, ":0") {
		p.add("--internal-listen", "must differ from --listen, or be empty")
	}
}

func (s Serve) checkTLS(p *Problems) {
	switch {
	case s.TLSCertFile == "" && s.TLSKeyFile == "":
	case s.TLSCertFile == "":
		p.add("--tls-cert-file", "is missing: certificate and key go together")
	case s.TLSKeyFile == "":
		p.add("--tls-key-file", "is missing: certificate and key go together")
	default:
		if _, err := readSecret(s.TLSKeyFile); err != nil {
			p.add("--tls-key-file", "%v", err)
		} else if _, err := s.TLS(); err != nil {
			p.add("--tls-cert-file", "%v", err)
		}
	}
}

func (m Mail) check(p *Problems, publicURL string) {
	switch {
	case m.MailDir == "" && m.SMTPHost == "":
		p.add("--mail-dir", "name a folder for the mails, or a mail server with --smtp-host")
	case m.MailDir != "" && m.SMTPHost != "":
		p.add("--mail-dir", "choose: the mails go to this folder or to --smtp-host")
	case m.MailDir != "":
		if info, err := os.Stat(m.MailDir); err == nil && !info.IsDir() {
			p.add("--mail-dir", "%s is not a folder", m.MailDir)
		}
	default:
		m.SMTP.check(p)
		if from, err := m.From(publicURL); err == nil && strings.HasSuffix(from.Address, "@localhost") {
			p.add("--mail-from", "is needed: a mail server takes nothing from %s", from.Address)
		}
	}
	if m.MailFrom != "" {
		if _, err := mail.ParseAddress(m.MailFrom); err != nil {
			p.add("--mail-from", "%q is not an address such as 'Example Pay <no-reply@example.com>'", m.MailFrom)
		}
	}
	if m.MailBouncesTo != "" {
		if a, err := mail.ParseAddress(m.MailBouncesTo); err != nil || a.Address != m.MailBouncesTo {
			p.add("--mail-bounces-to", "%q is not a plain address such as bounces@example.com", m.MailBouncesTo)
		}
	}
	if info, err := os.Stat(m.BouncesDir); m.BouncesDir != "" && err == nil && !info.IsDir() {
		p.add("--bounces-dir", "%s is not a folder", m.BouncesDir)
	}
}

func (m SMTP) check(p *Problems) {
	if strings.ContainsAny(m.SMTPHost, "/[] \t") || strings.Contains(m.SMTPHost, ":") && !isIP(m.SMTPHost) {
		p.add("--smtp-host", "%q is neither a name nor an address; the port goes into --smtp-port", m.SMTPHost)
	}
	between(p, "--smtp-port", m.SMTPPort, 1, 65535)
	oneOf(p, "--smtp-tls", m.SMTPTLS, TLSMandatory, TLSImplicit, TLSOpportunistic, TLSNone)
	if m.SMTPTLS == TLSNone && !Loopback(m.SMTPHost) {
		p.add("--smtp-tls", "none is for a server on this machine alone: mails carry links that open accounts")
	}
	password, err := m.Password()
	switch {
	case err != nil:
		p.add("--smtp-password-file", "%v", err)
	case m.SMTPUser != "" && password == "":
		p.add("--smtp-user", "needs a password: --smtp-password-file, or the environment variable COUNTERSIGN_SMTP_PASSWORD")
	case m.SMTPUser == "" && password != "":
		p.add("--smtp-user", "is missing: there is a password")
	}
	if m.SMTPTimeout < time.Second || m.SMTPTimeout > time.Minute {
		p.add("--smtp-timeout", "between 1s and 1m, not %s", m.SMTPTimeout)
	}
}

// From is the sender of every mail: MailFrom, or else no-reply at the host of
// the public URL, or at localhost where that is an address.
func (m Mail) From(publicURL string) (mail.Address, error) {
	if m.MailFrom != "" {
		a, err := mail.ParseAddress(m.MailFrom)
		if err != nil {
			return mail.Address{}, fmt.Errorf("sender: %w", err)
		}
		return *a, nil
	}
	u, err := url.Parse(publicURL)
	if err != nil || u.Hostname() == "" {
		return mail.Address{}, fmt.Errorf("sender: %q has no host", publicURL)
	}
	host := u.Hostname()
	if isIP(host) {
		host = "localhost"
	}
	return mail.Address{Name: "Countersign", Address: "no-reply@" + host}, nil
}

// Loopback tells whether a host is this machine: localhost or a loopback address.
func Loopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}

func isIP(host string) bool {
	_, err := netip.ParseAddr(host)
	return err == nil
}

func isASCII(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r > 0x7e })
}

func parseRange(text string) (netip.Prefix, error) {
	if p, err := netip.ParsePrefix(text); err == nil {
		return p.Masked(), nil
	}
	a, err := netip.ParseAddr(text)
	if err != nil {
		return netip.Prefix{}, err
	}
	return netip.PrefixFrom(a, a.BitLen()), nil
}

func checkAddress(p *Problems, option, address string) (host string, ok bool) {
	host, number, err := net.SplitHostPort(address)
	if err != nil {
		p.add(option, "%q is not an address and a port, such as 127.0.0.1:8080 or [::1]:8080", address)
		return "", false
	}
	if _, err := port(number); err != nil {
		p.add(option, "%v", err)
		return "", false
	}
	return host, true
}

func port(text string) (int, error) {
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 || n > 65535 {
		return 0, fmt.Errorf("%q is not a port: a number up to 65535", text)
	}
	return n, nil
}

func between(p *Problems, option string, n, low, high int) {
	if n < low || n > high {
		p.add(option, "between %d and %d, not %d", low, high, n)
	}
}

func oneOf(p *Problems, option, value string, choices ...string) {
	if !slices.Contains(choices, value) {
		p.add(option, "%q is none of %s", value, strings.Join(choices, ", "))
	}
}

// ValidateInit tells the problems of what 'countersign init' is given: the
// common options and the public URL, all at once.
func (s Serve) ValidateInit() error {
	p := s.Common.check()
	s.checkPublicURL(&p)
	return p.err()
}
