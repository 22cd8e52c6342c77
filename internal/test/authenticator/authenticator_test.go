package authenticator

import (
	"encoding/json"
	"testing"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"
)

// ann is a person as the library wants them.
type ann struct{ keys []webauthn.Credential }

func (ann) WebAuthnID() []byte                           { return []byte("usr_ann") }
func (ann) WebAuthnName() string                         { return "ann" }
func (ann) WebAuthnDisplayName() string                  { return "Ann" }
func (a ann) WebAuthnCredentials() []webauthn.Credential { return a.keys }

// TestHonest holds the key against the library that the door uses: what it answers is right, and wrong when it is told to.
func TestHonest(t *testing.T) {
	site, err := webauthn.New(&webauthn.Config{RPID: "desk.example.com", RPDisplayName: "Desk", RPOrigins: []string{"https://desk.example.com"}})
	if err != nil {
		t.Fatal(err)
	}
	key, person := New("https://desk.example.com"), ann{}
	asked, session, err := site.BeginRegistration(person)
	if err != nil {
		t.Fatal(err)
	}
	made, err := protocol.ParseCredentialCreationResponseBytes([]byte(key.Make(t, inJSON(t, asked.Response))))
	if err != nil {
		t.Fatal(err)
	}
	credential, err := site.CreateCredential(person, *session, made)
	if err != nil {
		t.Fatal(err)
	}
	person.keys = []webauthn.Credential{*credential}
	for what, c := range map[string]struct {
		change func(*Answer)
		right  bool
	}{
		"honest":               {func(*Answer) {}, true},
		"of another origin":    {func(a *Answer) { a.Origin = "https://evil.example" }, false},
		"of another party":     {func(a *Answer) { a.RPID = "evil.example" }, false},
		"to another challenge": {func(a *Answer) { a.Challenge = "AAAA" }, false},
		"with nobody there":    {func(a *Answer) { a.Flags = 0 }, false},
		"with another signature": {func(a *Answer) {
			a.Credential = Forge(t, "desk.example.com", "usr_ann")
			a.Credential.ID = credential.ID
		}, false},
	} {
		t.Run(what, func(t *testing.T) {
			asked, session, err := site.BeginLogin(person)
			if err != nil {
				t.Fatal(err)
			}
			answer, err := protocol.ParseCredentialRequestResponseBytes([]byte(key.Sign(t, inJSON(t, asked.Response), c.change)))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := site.ValidateLogin(person, *session, answer); (err == nil) != c.right {
				t.Error(err)
			}
		})
	}
}

func inJSON(t *testing.T, v any) []byte {
	t.Helper()
	out, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return out
}
