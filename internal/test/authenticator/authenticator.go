// Package authenticator is a security key for tests that have no browser: it
// answers the options of a WebAuthn ceremony (level 3) as a browser with a key in
// it would, in JSON. It knows ES256 and attests nothing.
//
//	key := authenticator.New("https://desk.example.com")
//	answer := key.Make(t, options)              // a new credential
//	answer := key.Sign(t, options)              // a signature of one it has
//	answer := key.Sign(t, options, func(a *authenticator.Answer) { a.Origin = "https://evil.example" })
//
// Its one rule: it is honest unless told otherwise. What a test changes in an
// Answer is changed before it is signed, as a stolen or broken key would do it.
package authenticator

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"slices"
	"testing"
)

// The flags of authenticator data (WebAuthn level 3, 6.1).
const (
	Present        byte = 1 << 0
	Verified       byte = 1 << 2
	BackupEligible byte = 1 << 3
	BackedUp       byte = 1 << 4
	attested       byte = 1 << 6
)

// Key is a security key, or a device: it keeps its credentials.
type Key struct {
	Origin      string // of the page that it believes to be on
	Flags       byte   // that it sets on every answer
	Credentials []*Credential
}

// Credential is one that the key made.
type Credential struct {
	ID         []byte
	RPID       string
	UserHandle []byte
	Count      uint32 // of the last signature

	private *ecdsa.PrivateKey
}

// New is a key without credentials, which verifies its person.
func New(origin string) *Key { return &Key{Origin: origin, Flags: Present | Verified} }

// Answer is what goes into an answer, before it is signed.
type Answer struct {
	Type        string // webauthn.create or webauthn.get
	Challenge   string // base64url
	Origin      string
	CrossOrigin bool
	RPID        string
	Flags       byte
	Count       uint32
	UserHandle  []byte
	Credential  *Credential // that signs, or is made
}

type descriptor struct {
	ID string `json:"id"`
}

// options are those of both ceremonies, as far as a key reads them.
type options struct {
	Challenge string `json:"challenge"`
	RPID      string `json:"rpId"`
	RP        struct {
		ID string `json:"id"`
	} `json:"rp"`
	User struct {
		ID string `json:"id"`
	} `json:"user"`
	Allow []descriptor `json:"allowCredentials"`
}

func read(t testing.TB, text []byte) (o options) {
	t.Helper()
	if err := json.Unmarshal(text, &o); err != nil || o.Challenge == "" {
		t.Fatalf("no options of a ceremony: %v\n%.300s", err, text)
	}
	return o
}

var b64 = base64.RawURLEncoding

// Make makes a credential and answers as navigator.credentials.create does.
func (k *Key) Make(t testing.TB, creation []byte, change ...func(*Answer)) string {
	t.Helper()
	o := read(t, creation)
	handle, err := b64.DecodeString(o.User.ID)
	if err != nil || len(handle) == 0 {
		t.Fatalf("the options name no user: %q, %v", o.User.ID, err)
	}
	made := Forge(t, o.RP.ID, string(handle))
	k.Credentials = append(k.Credentials, made)
	a := Answer{Type: "webauthn.create", Challenge: o.Challenge, Origin: k.Origin, RPID: o.RP.ID, Flags: k.Flags | attested, Credential: made}
	return a.made(t, change)
}

// Forge makes a credential that nobody has asked for.
func Forge(t testing.TB, rpID, userHandle string) *Credential {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	id := make([]byte, 32)
	rand.Read(id)
	return &Credential{ID: id, RPID: rpID, UserHandle: []byte(userHandle), private: private}
}

func (a Answer) made(t testing.TB, change []func(*Answer)) string {
	t.Helper()
	for _, f := range change {
		f(&a)
	}
	data := append(a.data(), a.Credential.attestedData(t)...)
	object := slices.Concat([]byte{0xa3}, text("fmt"), text("none"), text("attStmt"), []byte{0xa0}, text("authData"), head(2, len(data)), data)
	return a.answer(t, map[string]any{"attestationObject": b64.EncodeToString(object), "transports": []string{"usb"}})
}

// Sign answers as navigator.credentials.get does, with the newest credential
// that the options allow.
func (k *Key) Sign(t testing.TB, request []byte, change ...func(*Answer)) string {
	t.Helper()
	o := read(t, request)
	var c *Credential
	for _, one := range k.Credentials {
		allowed := len(o.Allow) == 0 || slices.Contains(o.Allow, descriptor{b64.EncodeToString(one.ID)})
		if one.RPID == o.RPID && allowed {
			c = one
		}
	}
	if c == nil {
		t.Fatalf("the key has nothing for these options: %.300s", request)
	}
	c.Count++
	a := Answer{Type: "webauthn.get", Challenge: o.Challenge, Origin: k.Origin, RPID: o.RPID, Flags: k.Flags, Count: c.Count, UserHandle: c.UserHandle, Credential: c}
	for _, f := range change {
		f(&a)
	}
	data := a.data()
	client := sha256.Sum256(a.clientData(t))
	digest := sha256.Sum256(append(slices.Clone(data), client[:]...))
	signature, err := ecdsa.SignASN1(rand.Reader, a.Credential.private, digest[:])
	if err != nil {
		t.Fatal(err)
	}
	return a.answer(t, map[string]any{"authenticatorData": b64.EncodeToString(data), "signature": b64.EncodeToString(signature), "userHandle": b64.EncodeToString(a.UserHandle)})
}

func (a Answer) answer(t testing.TB, response map[string]any) string {
	t.Helper()
	response["clientDataJSON"] = b64.EncodeToString(a.clientData(t))
	id := b64.EncodeToString(a.Credential.ID)
	out, err := json.Marshal(map[string]any{"id": id, "rawId": id, "type": "public-key", "response": response,
		"clientExtensionResults": map[string]any{}, "authenticatorAttachment": "cross-platform"})
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

func (a Answer) clientData(t testing.TB) []byte {
	t.Helper()
	out, err := json.Marshal(map[string]any{"type": a.Type, "challenge": a.Challenge, "origin": a.Origin, "crossOrigin": a.CrossOrigin})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// data is the authenticator data without a credential (6.1).
func (a Answer) data() []byte {
	rp := sha256.Sum256([]byte(a.RPID))
	return binary.BigEndian.AppendUint32(append(rp[:], a.Flags), a.Count)
}

// attestedData is the new credential as it stands in authenticator data (6.5.2):
// sixteen zeros for the model, the id, and the public key in COSE.
func (c *Credential) attestedData(t testing.TB) []byte {
	t.Helper()
	point, err := c.private.PublicKey.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	out := binary.BigEndian.AppendUint16(make([]byte, 16), uint16(len(c.ID)))
	// {1: 2 (EC2), 3: -7 (ES256), -1: 1 (P-256), -2: x, -3: y}
	return slices.Concat(out, c.ID, []byte{0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21}, head(2, 32), point[1:33], []byte{0x22}, head(2, 32), point[33:])
}

// head begins a CBOR value (RFC 8949, 3): 2 is bytes, 3 text.
func head(major byte, length int) []byte {
	switch {
	case length < 24:
		return []byte{major<<5 | byte(length)}
	case length < 256:
		return []byte{major<<5 | 24, byte(length)}
	}
	return []byte{major<<5 | 25, byte(length >> 8), byte(length)}
}

func text(s string) []byte { return append(head(3, len(s)), s...) }
