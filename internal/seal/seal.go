// Package seal keeps secrets: it encrypts what the database must hold and be
// able to read again (TOTP seeds, queued messages), hashes what it must only
// recognise (links, sessions, service tokens), and makes ids.
//
// Encryption is XChaCha20-Poly1305 under a ring of keys that lives in a file or
// the environment, never in the database: the first key of the ring seals, all
// of them open, so a key is rotated by putting a new one on top. Every sealed
// value is bound to a purpose ("factor", "outbox"), so that one cannot be moved
// into another's place.
//
// The one rule: nothing here prints. Secret and Token show "[hidden]" in logs,
// errors and JSON; Reveal is the only way out and is easy to search for.
package seal

import (
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base32"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"

	"golang.org/x/crypto/chacha20poly1305"
)

const (
	version   = 1
	keyBytes  = chacha20poly1305.KeySize
	idBytes   = 4
	hidden    = "[hidden]"
	tokenSize = 32 // 256 bits: model.md, "Ids"
)

// ErrUnreadable tells that a sealed value was changed, belongs to another
// purpose, or was sealed with a key that is not on the ring.
var ErrUnreadable = errors.New("sealed value cannot be opened: wrong key file, wrong purpose, or changed")

// Box seals and opens with a ring of keys. Make one with Parse.
type Box struct {
	keys []key
	mac  []byte
}

type key struct {
	id   [idBytes]byte
	aead cipher.AEAD
}

// NewKey writes one line of a key file, with a fresh key from random: an id of
// eight hexadecimal digits, a space, 32 bytes in base64.
func NewKey(random io.Reader) (string, error) {
	raw := make([]byte, idBytes+keyBytes)
	if _, err := io.ReadFull(random, raw); err != nil {
		return "", fmt.Errorf("make key: %w", err)
	}
	return hex.EncodeToString(raw[:idBytes]) + " " + base64.StdEncoding.EncodeToString(raw[idBytes:]) + "\n", nil
}

// Parse reads a key file: one key a line, the newest first; blank lines and
// lines that start with # are passed over. The keyed hashes (Mac) follow the
// last line, the oldest key, so that they outlive a rotation.
func Parse(text string) (*Box, error) {
	var b Box
	var oldest []byte
	for n, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		name, encoded, _ := strings.Cut(line, " ")
		id, err := hex.DecodeString(name)
		if err != nil || len(id) != idBytes {
			return nil, fmt.Errorf("key file line %d: want an id of 8 hexadecimal digits, a space and 32 bytes in base64", n+1)
		}
		raw, err := base64.StdEncoding.DecodeString(strings.TrimSpace(encoded))
		if err != nil || len(raw) != keyBytes {
			return nil, fmt.Errorf("key file line %d: the key is not 32 bytes in base64", n+1)
		}
		aead, err := chacha20poly1305.NewX(raw)
		if err != nil {
			return nil, err
		}
		k := key{aead: aead}
		copy(k.id[:], id)
		for _, other := range b.keys {
			if other.id == k.id {
				return nil, fmt.Errorf("key file line %d: the id %s stands there twice", n+1, name)
			}
		}
		b.keys = append(b.keys, k)
		oldest = raw
	}
	if len(b.keys) == 0 {
		return nil, errors.New("key file holds no key: make one with 'countersign init'")
	}
	mac, err := hkdf.Key(sha256.New, oldest, nil, "countersign mac", sha256.Size)
	if err != nil {
		return nil, err
	}
	b.mac = mac
	return &b, nil
}

// Seal encrypts plain for a purpose, with a nonce from random.
func (b *Box) Seal(random io.Reader, purpose string, plain []byte) ([]byte, error) {
	k := b.keys[0]
	head := 1 + idBytes + k.aead.NonceSize()
	out := make([]byte, head, head+len(plain)+k.aead.Overhead())
	out[0] = version
	copy(out[1:], k.id[:])
	nonce := out[1+idBytes : head]
	if _, err := io.ReadFull(random, nonce); err != nil {
		return nil, fmt.Errorf("make nonce: %w", err)
	}
	return k.aead.Seal(out, nonce, plain, []byte(purpose)), nil
}

// Open decrypts what Seal made for the same purpose. It returns ErrUnreadable
// for anything else.
func (b *Box) Open(purpose string, sealed []byte) ([]byte, error) {
	for _, k := range b.keys {
		head := 1 + idBytes + k.aead.NonceSize()
		if len(sealed) < head || sealed[0] != version || string(sealed[1:1+idBytes]) != string(k.id[:]) {
			continue
		}
		plain, err := k.aead.Open(nil, sealed[1+idBytes:head], sealed[head:], []byte(purpose))
		if err != nil {
			return nil, ErrUnreadable
		}
		return plain, nil
	}
	return nil, ErrUnreadable
}

// Mac is a keyed hash of data for a purpose: it recognises a value again
// without telling it to whoever reads the database alone.
func (b *Box) Mac(purpose string, data []byte) []byte {
	h := hmac.New(sha256.New, b.mac)
	fmt.Fprintf(h, "%d:%s:", len(purpose), purpose)
	h.Write(data)
	return h.Sum(nil)
}

// Secret is a string that does not print.
type Secret string

// Reveal gives the secret itself.
func (s Secret) Reveal() string { return string(s) }

// String prints "[hidden]".
func (Secret) String() string { return hidden }

// GoString prints "[hidden]".
func (Secret) GoString() string { return hidden }

// LogValue logs "[hidden]".
func (Secret) LogValue() slog.Value { return slog.StringValue(hidden) }

// MarshalText writes "[hidden]".
func (Secret) MarshalText() ([]byte, error) { return []byte(hidden), nil }

// Hash is what the database keeps of a token.
type Hash []byte

// NewToken makes a token of 256 random bits, 43 characters of base64url, and
// its hash for a purpose.
func NewToken(random io.Reader, purpose string) (Secret, Hash, error) {
	raw := make([]byte, tokenSize)
	if _, err := io.ReadFull(random, raw); err != nil {
		return "", nil, fmt.Errorf("make token: %w", err)
	}
	t := base64.RawURLEncoding.EncodeToString(raw)
	return Secret(t), HashToken(purpose, t), nil
}

// LooksLikeToken tells whether a text from outside could be one of NewToken's.
func LooksLikeToken(text string) bool {
	if len(text) != base64.RawURLEncoding.EncodedLen(tokenSize) {
		return false
	}
	_, err := base64.RawURLEncoding.DecodeString(text)
	return err == nil
}

// HashToken hashes a token for a purpose: SHA-256, which needs neither salt nor
// cost for 256 random bits. What is not a token hashes to something that no
// token has.
func HashToken(purpose, token string) Hash {
	sum := sha256.Sum256([]byte("countersign " + purpose + " " + token))
	return sum[:]
}

// Equal compares in constant time.
func Equal(a, b []byte) bool { return subtle.ConstantTimeCompare(a, b) == 1 }

var idText = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)

// ID makes an id of 128 random bits with a type prefix: "usr_" and 26
// characters. Ids are never reused and are not secrets.
func ID(random io.Reader, prefix string) (string, error) {
	var raw [16]byte
	if _, err := io.ReadFull(random, raw[:]); err != nil {
		return "", fmt.Errorf("make id: %w", err)
	}
	return prefix + "_" + idText.EncodeToString(raw[:]), nil
}
