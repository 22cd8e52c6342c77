package config_test

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
	"github.com/google/go-cmp/cmp"

	"countersign/internal/config"
	"countersign/internal/seal"
)

type commands struct {
	Serve struct{ config.Serve }  `cmd:""`
	Init  struct{ config.Common } `cmd:""`
}

// parse does what the program does, in an environment without our variables but those given.
func parse(t *testing.T, args ...string) (config.Serve, error) {
	t.Helper()
	var c commands
	parser, err := kong.New(&c, kong.Name("countersign"), kong.Exit(func(int) { t.Fatal("exit") }))
	if err != nil {
		t.Fatal(err)
	}
	_, err = parser.Parse(args)
	return c.Serve.Serve, err
}

func write(t *testing.T, name, text string, mode os.FileMode) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(file, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(file, mode); err != nil { // whatever the umask
		t.Fatal(err)
	}
	return file
}

func newKey(t *testing.T) string {
	t.Helper()
	key, err := seal.NewKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// options gives the names of what is complained about, in order.
func options(t *testing.T, err error) []string {
	t.Helper()
	if err == nil {
		return nil
	}
	p, ok := errors.AsType[config.Problems](err)
	if !ok {
		t.Fatalf("not Problems: %v", err)
	}
	var out []string
	for _, one := range p {
		if one.Text == "" {
			t.Errorf("%s: says nothing", one.Option)
		}
		out = append(out, one.Option)
	}
	return out
}

func TestServe(t *testing.T) {
	key := write(t, "key", newKey(t), 0o600)
	openKey := write(t, "open", newKey(t), 0o644)
	brokenKey := write(t, "broken", "no key\n", 0o600)
	openPassword := write(t, "password", "hunter2\n", 0o604)
	folder := t.TempDir()
	db := filepath.Join(folder, "c.db")
	smtp := []string{"--smtp-host=mail.example.com", "--mail-from=a@example.com"}
	for _, c := range []struct {
		name string
		args []string // after --database and --key-file that are right
		want []string
	}{
		{"the least", []string{"--mail-dir", folder}, nil},
		{"PostgreSQL", []string{"--mail-dir", folder, "--database=postgres://u:p@db/x"}, nil},
		{"mail has nowhere to go", nil, []string{"--mail-dir"}},
		{"mail has two ways to go", append(smtp, "--mail-dir="+folder), []string{"--mail-dir"}},
		{"the mail folder is a file", []string{"--mail-dir", key}, []string{"--mail-dir"}},
		{"a mail server", smtp, nil},
		{"a mail server on IPv6", []string{"--smtp-host=2001:db8::25", "--mail-from=a@example.com"}, nil},
		{"a mail server with its port", []string{"--smtp-host=mail.example.com:25", "--mail-from=a@example.com"}, []string{"--smtp-host"}},
		{"no sender for a mail server", []string{"--smtp-host=mail.example.com"}, []string{"--mail-from"}},
		{"a sender that is none", []string{"--mail-dir", folder, "--mail-from=a@b\r\nBcc: c@d"}, []string{"--mail-from"}},
		{"no TLS to another machine", append(smtp, "--smtp-tls=none"), []string{"--smtp-tls"}},
		{"no TLS to this machine", append(smtp, "--smtp-tls=none", "--smtp-host=::1"), nil},
		{"no such TLS", append(smtp, "--smtp-tls=yes"), []string{"--smtp-tls"}},
		{"no password", append(smtp, "--smtp-user=me"), []string{"--smtp-user"}},
		{"a password that everybody can read", append(smtp, "--smtp-user=me", "--smtp-password-file="+openPassword), []string{"--smtp-password-file"}},
		{"SMTP port and timeout", append(smtp, "--smtp-port=0", "--smtp-timeout=5m"), []string{"--smtp-port", "--smtp-timeout"}},
		{"bounces", []string{"--mail-dir", folder, "--mail-bounces-to=bounces@example.com", "--bounces-dir", filepath.Join(folder, "bounces")}, nil},
		{"bounces that go nowhere", []string{"--mail-dir", folder, "--mail-bounces-to=Bounces <bounces@example.com>"}, []string{"--mail-bounces-to"}},
		{"bounces with a header", []string{"--mail-dir", folder, "--mail-bounces-to=a@b.example\r\nRCPT TO:<c@d.example>"}, []string{"--mail-bounces-to"}},
		{"the folder of bounces is a file", []string{"--mail-dir", folder, "--bounces-dir", key}, []string{"--bounces-dir"}},
		{"a key that everybody can read", []string{"--mail-dir", folder, "--key-file", openKey}, []string{"--key-file"}},
		{"a key that is none", []string{"--mail-dir", folder, "--key-file", brokenKey}, []string{"--key-file"}},
		{"a key that is not there", []string{"--mail-dir", folder, "--key-file", db + ".no"}, []string{"--key-file"}},
		{"a database in no folder", []string{"--mail-dir", folder, "--database=" + folder + "/no/c.db"}, []string{"--database"}},
		{"a database of another make", []string{"--mail-dir", folder, "--database=mysql://db/x"}, []string{"--database"}},
		{"a database that is a folder", []string{"--mail-dir", folder, "--database=" + folder}, []string{"--database"}},
		{"https", []string{"--mail-dir", folder, "--public-url=https://desk.example.com/"}, nil},
		{"http to localhost by number", []string{"--mail-dir", folder, "--public-url=http://[::1]:8080"}, nil},
		{"http to the world", []string{"--mail-dir", folder, "--public-url=http://desk.example.com"}, []string{"--public-url"}},
		{"http to a name that looks local", []string{"--mail-dir", folder, "--public-url=http://localhost.example.com"}, []string{"--public-url"}},
		{"a public path", []string{"--mail-dir", folder, "--public-url=https://example.com/desk"}, []string{"--public-url"}},
		{"a public URL without scheme", []string{"--mail-dir", folder, "--public-url=desk.example.com"}, []string{"--public-url"}},
		{"a public URL of script", []string{"--mail-dir", folder, "--public-url=javascript://x"}, []string{"--public-url"}},
		{"a public URL with a user", []string{"--mail-dir", folder, "--public-url=https://me:pw@example.com"}, []string{"--public-url"}},
		{"a public port too high", []string{"--mail-dir", folder, "--public-url=https://example.com:99999"}, []string{"--public-url"}},
		{"a public host in letters of its own", []string{"--mail-dir", folder, "--public-url=https://büro.example"}, []string{"--public-url"}},
		{"to the world without TLS", []string{"--mail-dir", folder, "--listen=:8080"}, []string{"--listen"}},
		{"to the world behind a proxy", []string{"--mail-dir", folder, "--listen=0.0.0.0:8080", "--trusted-proxies=10.0.0.0/8,::1"}, nil},
		{"a proxy that is a name", []string{"--mail-dir", folder, "--trusted-proxies=proxy,10.0.0.1"}, []string{"--trusted-proxies"}},
		{"half a certificate", []string{"--mail-dir", folder, "--tls-cert-file=x"}, []string{"--tls-key-file"}},
		{"a certificate that is not there", []string{"--mail-dir", folder, "--tls-cert-file=x", "--tls-key-file=y"}, []string{"--tls-key-file"}},
		{"no port", []string{"--mail-dir", folder, "--listen=127.0.0.1"}, []string{"--listen"}},
		{"the same port twice", []string{"--mail-dir", folder, "--internal-listen=127.0.0.1:8080"}, []string{"--internal-listen"}},
		{"any port twice", []string{"--mail-dir", folder, "--internal-listen=127.0.0.1:0", "--listen=127.0.0.1:0"}, nil},
		{"no internal listener", []string{"--mail-dir", folder, "--internal-listen="}, nil},
		{"hashing", []string{"--mail-dir", folder, "--hashing-workers=-1", "--hashing-queue=0"}, []string{"--hashing-workers", "--hashing-queue"}},
		{"log and language", []string{"--mail-dir", folder, "--log-format=xml", "--log-level=loud", "--language=de"}, []string{"--log-format", "--log-level", "--language"}},
		{"everything at once", []string{"--database=", "--key-file=" + openKey, "--public-url=x", "--listen=x", "--trusted-proxies=x", "--language=x"},
			[]string{"--database", "--key-file", "--public-url", "--listen", "--trusted-proxies", "--mail-dir", "--language"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := parse(t, append([]string{"serve", "--database", db, "--key-file", key}, c.args...)...)
			if diff := cmp.Diff(c.want, options(t, err)); diff != "" {
				t.Errorf("%s\n%v", diff, err)
			}
		})
	}
}

func TestDefaults(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.WriteFile("countersign.key", []byte(newKey(t)), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := parse(t, "serve", "--mail-dir=mails")
	if err != nil {
		t.Fatal(err)
	}
	if got.Origin() != "http://localhost:8080" || got.Listen != "127.0.0.1:8080" || got.Lang() != "en" || got.HashingQueue != 64 || got.Database != "countersign.db" {
		t.Errorf("%+v", got)
	}
	if from, err := got.From(got.PublicURL); err != nil || from.String() != `"Countersign" <no-reply@localhost>` {
		t.Error(from, err)
	}
	if _, err := got.Box(); err != nil {
		t.Error(err)
	}
	if c, err := got.TLS(); c != nil || err != nil {
		t.Error(c, err)
	}
}

func TestInitNeedsNoKeyYet(t *testing.T) {
	folder := t.TempDir()
	if _, err := parse(t, "init", "--database", folder+"/c.db", "--key-file", folder+"/none"); err != nil {
		t.Error(err)
	}
	if _, err := parse(t, "init", "--database", folder+"/no/c.db", "--key-file", folder+"/none"); err == nil {
		t.Error("a database in no folder passes")
	}
}

func TestFile(t *testing.T) {
	key := write(t, "key", newKey(t), 0o600)
	folder := t.TempDir()
	right := []string{"serve", "--database", folder + "/c.db", "--key-file", key, "--mail-dir", folder}
	for _, c := range []struct {
		name, text string
		want       []string // without the file's name
	}{
		{"empty", "", nil},
		{"all sorts", "hashing-queue: 7\nlanguage: fr\ntrusted-proxies: [10.0.0.0/8, '::1']\nsmtp-timeout: 20s\n", nil},
		{"unknown, mistyped and wrong, all at once", "listen: nowhere\nhashing-queu: 7\nsmtp-port: many\nlanguage: {a: b}\nlog-level:\n",
			[]string{"hashing-queu", "language", "log-level", "smtp-port", "--listen"}},
		{"a secret", "smtp-password: hunter2\nkey: x\n", []string{"key", "smtp-password"}},
		{"itself", "config: other.yaml\n", []string{"config"}},
		{"a key twice", "language: fr\nlanguage: en\n", []string{"--config"}},
		{"two documents", "language: fr\n---\nlanguage: en\n", []string{"--config"}},
		{"no YAML", "language: [", []string{"--config"}},
		{"a list", "- language\n", []string{"--config"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			file := write(t, "c.yaml", c.text, 0o644)
			_, err := parse(t, append(right, "--config", file)...)
			got := options(t, err)
			for i := range got {
				got[i] = strings.TrimPrefix(got[i], file+", ")
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("%s\n%v", diff, err)
			}
			if err != nil && strings.Contains(err.Error(), "hunter2") {
				t.Errorf("the secret stands in the error: %v", err)
			}
		})
	}
	if _, err := parse(t, append(right, "--config", folder+"/none.yaml")...); err == nil {
		t.Error("a file that is not there passes")
	}
}

func TestWhichCounts(t *testing.T) {
	key := write(t, "key", newKey(t), 0o600)
	folder := t.TempDir()
	file := write(t, "c.yaml", "hashing-queue: 7\nhashing-workers: 7\nlanguage: fr\ntrusted-proxies: [10.1.2.3/8, '::1']\nmail-dir: "+folder+"\n", 0o644)
	t.Setenv("COUNTERSIGN_CONFIG", file)
	t.Setenv("COUNTERSIGN_HASHING_QUEUE", "8")
	t.Setenv("COUNTERSIGN_HASHING_WORKERS", "8")
	got, err := parse(t, "serve", "--database", folder+"/c.db", "--key-file", key, "--hashing-workers=9")
	if err != nil {
		t.Fatal(err)
	}
	if got.HashingWorkers != 9 || got.HashingQueue != 8 || got.Lang() != "fr" || got.LogLevel != "info" {
		t.Errorf("command line %d (9), environment %d (8), file %s (fr), default %s (info)", got.HashingWorkers, got.HashingQueue, got.Language, got.LogLevel)
	}
	want := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("::1/128")}
	if diff := cmp.Diff(fmt.Sprint(want), fmt.Sprint(got.Proxies())); diff != "" {
		t.Error(diff)
	}
}

func TestSecretsDoNotPrint(t *testing.T) {
	key := newKey(t)
	secret := strings.Fields(key)[1]
	t.Setenv("COUNTERSIGN_KEY", key)
	t.Setenv("COUNTERSIGN_SMTP_PASSWORD", "hunter2")
	got, err := parse(t, "serve", "--database=postgres://me:hunter2@db/x?sslpassword=hunter2", "--smtp-host=mail.example.com", "--smtp-user=me", "--mail-from=a@example.com", "--key-file=/none")
	if err != nil {
		t.Fatal(err)
	}
	if password, err := got.Password(); err != nil || password.Reveal() != "hunter2" {
		t.Error(password.Reveal(), err)
	}
	if _, err := got.Box(); err != nil {
		t.Error(err)
	}
	asJSON, err := json.Marshal(got)
	if err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "all", got, "database", got.Database)
	for name, text := range map[string]string{"%v": fmt.Sprint(got), "%+v": fmt.Sprintf("%+v", got), "%#v": fmt.Sprintf("%#v", got), "JSON": string(asJSON), "log": log.String()} {
		if strings.Contains(text, "hunter2") || strings.Contains(text, secret) {
			t.Errorf("%s shows a secret: %s", name, text)
		}
		if !strings.Contains(text, "[hidden]") || !strings.Contains(text, "postgres://db/x") {
			t.Errorf("%s: %s", name, text)
		}
	}
}

func TestPasswordFile(t *testing.T) {
	m := config.SMTP{SMTPPasswordFile: write(t, "password", "hunter2\n", 0o600)}
	if got, err := m.Password(); err != nil || got.Reveal() != "hunter2" {
		t.Error(got.Reveal(), err)
	}
}

func TestFrom(t *testing.T) {
	for url, want := range map[string]string{
		"https://desk.example.com": `"Countersign" <no-reply@desk.example.com>`,
		"http://127.0.0.1:8080":    `"Countersign" <no-reply@localhost>`,
		"http://[::1]:8080":        `"Countersign" <no-reply@localhost>`,
	} {
		if got, err := (config.Mail{}).From(url); err != nil || got.String() != want {
			t.Errorf("%s: %s, %v", url, &got, err)
		}
	}
}
