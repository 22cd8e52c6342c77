package seal_test

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"countersign/internal/seal"
)

func line(t *testing.T) string {
	t.Helper()
	l, err := seal.NewKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func box(t *testing.T, text string) *seal.Box {
	t.Helper()
	b, err := seal.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestBox(t *testing.T) {
	old, fresh := line(t), line(t)
	b := box(t, "# keys\n\n"+old)
	sealed, err := b.Seal(rand.Reader, "factor", []byte("seed"))
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(sealed, []byte("seed")) {
		t.Fatal("the sealed value shows what it holds")
	}
	cases := []struct {
		name    string
		box     *seal.Box
		purpose string
		change  int
		want    string
	}{
		{"opens", b, "factor", -1, "seed"},
		{"opens after a rotation", box(t, fresh+old), "factor", -1, "seed"},
		{"another purpose", b, "outbox", -1, ""},
		{"another key", box(t, fresh), "factor", -1, ""},
		{"version changed", b, "factor", 0, ""},
		{"nonce changed", b, "factor", 7, ""},
		{"text changed", b, "factor", len(sealed) - 1, ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			value := bytes.Clone(sealed)
			if c.change >= 0 {
				value[c.change] ^= 1
			}
			got, err := c.box.Open(c.purpose, value)
			if string(got) != c.want || (c.want == "") != errors.Is(err, seal.ErrUnreadable) {
				t.Fatalf("got %q, %v; want %q", got, err, c.want)
			}
		})
	}
	for cut := range len(sealed) {
		if _, err := b.Open("factor", sealed[:cut]); !errors.Is(err, seal.ErrUnreadable) {
			t.Fatalf("cut at %d: %v", cut, err)
		}
	}
}

func TestMacOutlivesRotation(t *testing.T) {
	old := line(t)
	a, b := box(t, old).Mac("name", []byte("ada")), box(t, line(t)+old).Mac("name", []byte("ada"))
	if !seal.Equal(a, b) {
		t.Fatal("a rotation changed the keyed hash")
	}
	if seal.Equal(a, box(t, old).Mac("nam", []byte("eada"))) {
		t.Fatal("purpose and data run into each other")
	}
}

func TestParseRefuses(t *testing.T) {
	l := line(t)
	for name, text := range map[string]string{
		"empty": "", "comment only": "# x\n", "no key": "00112233\n", "short key": "00112233 AAAA\n",
		"bad id": "zz112233 " + strings.Fields(l)[1], "twice": l + l,
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := seal.Parse(text); err == nil {
				t.Fatal("accepted")
			}
		})
	}
}

func TestSecretDoesNotPrint(t *testing.T) {
	s := seal.Secret("hunter2")
	var out strings.Builder
	fmt.Fprintf(&out, "%v %s %q %#v %+v", s, s, s, s, struct{ S seal.Secret }{s})
	slog.New(slog.NewJSONHandler(&out, nil)).Info("x", "s", s)
	j, _ := json.Marshal(map[string]any{"s": s})
	out.Write(j)
	if strings.Contains(out.String(), "hunter2") {
		t.Fatal(out.String())
	}
}

func TestTokensAndIDs(t *testing.T) {
	tok, hash, err := seal.NewToken(rand.Reader, "session")
	if err != nil || len(tok.Reveal()) != 43 {
		t.Fatal(len(tok.Reveal()), err)
	}
	if !seal.Equal(hash, seal.HashToken("session", tok.Reveal())) || seal.Equal(hash, seal.HashToken("link", tok.Reveal())) {
		t.Fatal("a hash belongs to one token and one purpose")
	}
	id, err := seal.ID(rand.Reader, "usr")
	if err != nil || !strings.HasPrefix(id, "usr_") || len(id) != 30 {
		t.Fatal(id, err)
	}
}
