// Package config holds every option of the program with its default.
//
// The structs are made for alecthomas/kong: a command of the command line holds
// one of them and gets its flags, its environment variables (COUNTERSIGN_ and
// the flag's name) and its help:
//
//   - Common is what every command needs: database, key, log.
//   - Serve is Common and what the server needs besides: addresses, mail, hashing.
//   - File is the option --config, a YAML file whose keys are the names of the flags.
//   - Common.Log makes the log that these ask for (log.go), with a quick way for plain lines (quick.go).
//
// What is said on the command line counts before the environment, that before
// the file, that before the default. The two secrets, the key and the SMTP
// password, are no flags, because everybody on the machine sees those: they
// come from the environment or from a file of their own.
//
// The one rule: all problems are told at once (Problems), those of the file
// with the others. The zero value is no configuration; kong sets the defaults.
package config

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"net/netip"
	"net/url"
	"os"
	"strings"
	"time"

	"countersign/internal/lang"
	"countersign/internal/seal"
)

// Common is what every command needs.
type Common struct {
	Config File `name:"config" env:"COUNTERSIGN_CONFIG" placeholder:"FILE" help:"A YAML file with options; its keys are the names of the flags, without the dashes."`

	// A file of SQLite, made when there is none, or the address of a PostgreSQL database with the C locale.
	Database Database `name:"database" env:"COUNTERSIGN_DATABASE" default:"countersign.db" placeholder:"FILE|postgres://…" help:"The database: a file (default ${default}) or the address of a PostgreSQL database."`

	// What is sealed in the database opens with this alone. Key comes from the variable COUNTERSIGN_KEY and counts before the file.
	KeyFile string      `name:"key-file" env:"COUNTERSIGN_KEY_FILE" default:"countersign.key" placeholder:"FILE" help:"The key file (default ${default}), which 'countersign init' makes; or put its content into $$COUNTERSIGN_KEY."`
	Key     seal.Secret `kong:"-"`

	LogFormat string `name:"log-format" env:"COUNTERSIGN_LOG_FORMAT" default:"text" placeholder:"text|json" help:"How the log is written: text (default) or json."`
	LogLevel  string `name:"log-level" env:"COUNTERSIGN_LOG_LEVEL" default:"info" placeholder:"LEVEL" help:"From what on: debug, info (default), warn, error."`
}

// Serve is what the server needs.
type Serve struct {
	Common

	// Where people and programs connect. Beyond loopback either TLS or a proxy in front must be declared.
	Listen string `name:"listen" env:"COUNTERSIGN_LISTEN" default:"127.0.0.1:8080" placeholder:"ADDR" help:"Where to listen for people and programs (default ${default})."`
	// Health, readiness and metrics, for those who run the server. Empty: nowhere.
	InternalListen string `name:"internal-listen" env:"COUNTERSIGN_INTERNAL_LISTEN" default:"127.0.0.1:8081" placeholder:"ADDR" help:"Where to answer /healthz, /readyz and /metrics (default ${default}); empty for nowhere."`
	// What stands in every link. WebAuthn and secure cookies work on https, and on http for localhost alone.
	PublicURL string `name:"public-url" env:"COUNTERSIGN_PUBLIC_URL" default:"http://localhost:8080" placeholder:"URL" help:"The address that people type (default ${default}); links in mails begin with it."`
	// A certificate and its key, PEM; both or none.
	TLSCertFile string `name:"tls-cert-file" env:"COUNTERSIGN_TLS_CERT_FILE" placeholder:"FILE" help:"Certificate chain (PEM) for --listen; without it, plain HTTP for a proxy in front."`
	TLSKeyFile  string `name:"tls-key-file" env:"COUNTERSIGN_TLS_KEY_FILE" placeholder:"FILE" help:"Private key (PEM) of the certificate."`
	// Whose X-Forwarded-For is believed. Empty: nobody's, the client is who connects.
	TrustedProxies []string `name:"trusted-proxies" env:"COUNTERSIGN_TRUSTED_PROXIES" placeholder:"RANGE" help:"Proxies in front whose word on the client's address is believed, such as 10.0.0.0/8,::1."`

	Mail

	// Each password check takes 19 MiB and one worker for some 25 ms. 0: one worker a processor.
	HashingWorkers int `name:"hashing-workers" env:"COUNTERSIGN_HASHING_WORKERS" default:"0" placeholder:"N" help:"Passwords checked at the same time (default 0: one a processor but one, which stays free)."`
	// Who waits longer than the queue is told to come back (503).
	HashingQueue int `name:"hashing-queue" env:"COUNTERSIGN_HASHING_QUEUE" default:"64" placeholder:"N" help:"Sign-ins that wait for a worker before more are told to try again (default ${default})."`

	// MMDB, as MaxMind and others give it away, read at start. Empty: addresses are shown without a place.
	GeoDatabase string `name:"geo-database" env:"COUNTERSIGN_GEO_DATABASE" placeholder:"FILE" help:"A file (MMDB with cities or countries) that says where network addresses are, for lists of sessions; without it, the address alone is shown."`

	// Put there before planned work, with a time such as 2026-03-04T18:00:00Z in it or empty, and removed after.
	MaintenanceFile string `name:"maintenance-file" env:"COUNTERSIGN_MAINTENANCE_FILE" placeholder:"FILE" help:"While this file is there, pages and the JSON API say that work is under way; decisions are answered as always. It may hold the time when it ends."`

	// For whoever has chosen none and whose browser asks for none that there is.
	Language string `name:"language" env:"COUNTERSIGN_LANGUAGE" default:"en" placeholder:"en|fr" help:"The language for people who have chosen none (default ${default})."`
}

// Mail says how messages leave: by SMTP, or as files in a folder.
type Mail struct {
	MailDir string `name:"mail-dir" env:"COUNTERSIGN_MAIL_DIR" placeholder:"DIR" help:"Write each mail to a file in this folder instead of sending it."`
	// Empty: "Countersign", no-reply at the public URL's host.
	MailFrom string `name:"mail-from" env:"COUNTERSIGN_MAIL_FROM" placeholder:"ADDRESS" help:"The sender, as in 'Example Pay <no-reply@example.com>' (default: no-reply at the host of --public-url)."`
	// Empty: the sender of the mails.
	MailBouncesTo string `name:"mail-bounces-to" env:"COUNTERSIGN_MAIL_BOUNCES_TO" placeholder:"ADDRESS" help:"Where mails that cannot be delivered come back to (the envelope sender; default: the address of --mail-from)."`
	// A Maildir into which the mail server delivers what comes back. Empty: nobody looks.
	BouncesDir string `name:"bounces-dir" env:"COUNTERSIGN_BOUNCES_DIR" placeholder:"DIR" help:"A Maildir into which the mail server delivers what comes back; it is watched."`
	SMTP
}

// SMTP says to which server mail is given.
type SMTP struct {
	SMTPHost string `name:"smtp-host" env:"COUNTERSIGN_SMTP_HOST" placeholder:"HOST" help:"The mail server: a name, or an IPv4 or IPv6 address."`
	SMTPPort int    `name:"smtp-port" env:"COUNTERSIGN_SMTP_PORT" default:"587" placeholder:"PORT" help:"Its port (default ${default})."`
	// mandatory: STARTTLS or nothing. implicit: TLS from the first byte (port 465). opportunistic: STARTTLS when offered.
	// none: for a server on this machine alone.
	SMTPTLS  string `name:"smtp-tls" env:"COUNTERSIGN_SMTP_TLS" default:"mandatory" placeholder:"MODE" help:"mandatory (default), implicit, opportunistic, or none for a server on this machine."`
	SMTPUser string `name:"smtp-user" env:"COUNTERSIGN_SMTP_USER" placeholder:"NAME" help:"The user name there; without it, no sign-in."`
	// SMTPPassword comes from the variable COUNTERSIGN_SMTP_PASSWORD and counts before the file.
	SMTPPasswordFile string        `name:"smtp-password-file" env:"COUNTERSIGN_SMTP_PASSWORD_FILE" placeholder:"FILE" help:"A file that holds the password; or put it into $$COUNTERSIGN_SMTP_PASSWORD."`
	SMTPPassword     seal.Secret   `kong:"-"`
	SMTPTimeout      time.Duration `name:"smtp-timeout" env:"COUNTERSIGN_SMTP_TIMEOUT" default:"30s" placeholder:"TIME" help:"How long one mail may take (default ${default}, at most 1m)."`
}

// The values of SMTPTLS.
const (
	TLSMandatory     = "mandatory"
	TLSImplicit      = "implicit"
	TLSOpportunistic = "opportunistic"
	TLSNone          = "none"
)

// BeforeApply is called by kong: it takes the key from the environment.
func (c *Common) BeforeApply() error {
	c.Key = seal.Secret(os.Getenv("COUNTERSIGN_KEY"))
	return nil
}

// BeforeApply is called by kong: it takes the password from the environment.
func (m *SMTP) BeforeApply() error {
	m.SMTPPassword = seal.Secret(os.Getenv("COUNTERSIGN_SMTP_PASSWORD"))
	return nil
}

// Box opens the ring of keys, from Key or else from KeyFile.
func (c Common) Box() (*seal.Box, error) {
	if c.Key != "" {
		box, err := seal.Parse(c.Key.Reveal())
		if err != nil {
			return nil, fmt.Errorf("COUNTERSIGN_KEY: %w", err)
		}
		return box, nil
	}
	text, err := readSecret(c.KeyFile)
	if err != nil {
		return nil, err
	}
	return seal.Parse(text.Reveal())
}

// Password is the SMTP password, from the environment or its file; "" when there is neither.
func (m SMTP) Password() (seal.Secret, error) {
	if m.SMTPPassword != "" || m.SMTPPasswordFile == "" {
		return m.SMTPPassword, nil
	}
	text, err := readSecret(m.SMTPPasswordFile)
	return seal.Secret(strings.TrimRight(text.Reveal(), "\r\n")), err
}

// Origin is the public URL without a slash at its end: what every link begins with.
func (s Serve) Origin() string { return strings.TrimRight(s.PublicURL, "/") }

// Proxies are the trusted proxies; a single address is a range of one. Options
// that Validate refuses are left out.
func (s Serve) Proxies() []netip.Prefix {
	var out []netip.Prefix
	for _, text := range s.TrustedProxies {
		if p, err := parseRange(text); err == nil {
			out = append(out, p)
		}
	}
	return out
}

// TLS is the certificate to serve with, or nil for plain HTTP.
func (s Serve) TLS() (*tls.Config, error) {
	if s.TLSCertFile == "" {
		return nil, nil
	}
	pair, err := tls.LoadX509KeyPair(s.TLSCertFile, s.TLSKeyFile)
	if err != nil {
		return nil, err
	}
	return &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}, nil
}

// Lang is the language for people who have chosen none.
func (s Serve) Lang() lang.Tag {
	tag, _ := lang.Parse(s.Language)
	return tag
}

// Database is a file or the address of a PostgreSQL database. It prints without
// the password that may stand in it.
type Database string

// Reveal gives the whole address, for db.Open.
func (d Database) Reveal() string { return string(d) }

// Postgres tells whether this is the address of a PostgreSQL database.
func (d Database) Postgres() bool {
	return strings.HasPrefix(string(d), "postgres://") || strings.HasPrefix(string(d), "postgresql://")
}

// String prints a file's name, or server and database without user, password and options.
func (d Database) String() string {
	if !strings.Contains(string(d), "://") {
		return string(d)
	}
	u, err := url.Parse(string(d))
	if err != nil {
		return "[hidden]"
	}
	return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}).String()
}

// GoString prints what String prints.
func (d Database) GoString() string { return d.String() }

// LogValue logs what String prints.
func (d Database) LogValue() slog.Value { return slog.StringValue(d.String()) }

// MarshalText writes what String prints.
func (d Database) MarshalText() ([]byte, error) { return []byte(d.String()), nil }
