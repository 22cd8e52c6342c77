package signin

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"countersign/internal/db"
	"countersign/internal/fault"
	"countersign/internal/people"
	"countersign/internal/seal"
)

// WebAuthn credentials (WebAuthn level 3): on USB keys, phones and the devices
// themselves. The relying party's id and origin come from the public URL alone;
// no attestation is asked for. As a second factor after a password a key only
// proves that it is there; as a passkey it must have verified its person.
const credentialPurpose = "credential"

// credentialMost bounds what a browser may answer, in octets.
const credentialMost = 64 << 10

// relyingParty is this installation as browsers know it; nil where they refuse
// WebAuthn: over plain HTTP (but for localhost), and on a bare address.
func relyingParty(site Site) *webauthn.WebAuthn {
	u, err := url.Parse(site.Origin)
	if err != nil {
		return nil
	}
	host := u.Hostname()
	local := host == "localhost" || strings.HasSuffix(host, ".localhost")
	if u.Scheme != "https" && !local {
		return nil
	}
	origin := u.Scheme + "://" + u.Host
	if port := u.Port(); u.Scheme == "https" && port == "443" || u.Scheme == "http" && port == "80" {
		origin = u.Scheme + "://" + host // as browsers write it
	}
	keys, err := webauthn.New(&webauthn.Config{RPID: host, RPDisplayName: site.Name, RPOrigins: []string{origin},
		AttestationPreference: protocol.PreferNoAttestation, ExtensionsUnsolicitedOutputPolicy: protocol.UnsolicitedOutputPolicyIgnore})
	if err != nil || protocol.ValidateRPID(host) != nil {
		return nil
	}
	return keys
}

// keyOwner is a person as the library wants them: with these keys.
type keyOwner struct {
	people.Person
	identifier  string
	credentials []webauthn.Credential
}

// WebAuthnID is the person's id, which tells nothing of them.
func (o keyOwner) WebAuthnID() []byte { return []byte(o.ID) }

// WebAuthnName is what they sign in with.
func (o keyOwner) WebAuthnName() string { return o.identifier }

// WebAuthnDisplayName is their name.
func (o keyOwner) WebAuthnDisplayName() string { return o.Name() }

// WebAuthnCredentials are their keys.
func (o keyOwner) WebAuthnCredentials() []webauthn.Credential { return o.credentials }

// keyOwner opens the person's keys.
func (d *Door) keyOwner(c candidate) (keyOwner, error) {
	o := keyOwner{Person: c.Person, identifier: c.identifier()}
	for _, f := range c.factors {
		if f.Kind != KindKey {
			continue
		}
		plain, err := d.db.Box().Open(credentialPurpose, f.sealed)
		if err != nil {
			return o, fmt.Errorf("factor %s: %w", f.ID, err)
		}
		var one webauthn.Credential
		if err := json.Unmarshal(plain, &one); err != nil {
			return o, fmt.Errorf("factor %s: %w", f.ID, err)
		}
		o.credentials = append(o.credentials, one)
	}
	return o, nil
}

// newKeyOwner is the person with the keys on which no other is made. Whoever is to
// set up anew may do so on the device that they have.
func (d *Door) newKeyOwner(c candidate) (keyOwner, error) {
	c.factors = c.current()
	return d.keyOwner(c)
}

func credentialHash(id []byte) []byte { return seal.HashToken(credentialPurpose, string(id)) }

// KeyOptions are what a page gives to the browser (PublicKeyCredential…OptionsJSON).
type KeyOptions json.RawMessage

// assertionOptions asks for a signature of one of the person's keys.
func (d *Door) assertionOptions(c candidate, purpose string) (KeyOptions, error) {
	o, err := d.keyOwner(c)
	if err != nil {
		return nil, err
	}
	challenge, err := d.beginCeremony(purpose)
	if err != nil {
		return nil, err
	}
	asked, _, err := d.asks(o, challenge)
	if err != nil {
		return nil, err
	}
	return json.Marshal(asked.Response)
}

func (d *Door) asks(o keyOwner, challenge []byte) (*protocol.CredentialAssertion, *webauthn.SessionData, error) {
	return d.keys.BeginLogin(o, webauthn.WithChallenge(challenge), webauthn.WithUserVerification(protocol.VerificationDiscouraged))
}

// passkeyOptions asks whoever it is for a passkey, with its person verified.
func (d *Door) passkeyOptions() (KeyOptions, error) {
	challenge, err := d.beginCeremony(forPasskey)
	if err != nil {
		return nil, err
	}
	asked, _, err := d.asksAnybody(challenge)
	if err != nil {
		return nil, err
	}
	return json.Marshal(asked.Response)
}

func (d *Door) asksAnybody(challenge []byte) (*protocol.CredentialAssertion, *webauthn.SessionData, error) {
	return d.keys.BeginDiscoverableLogin(webauthn.WithChallenge(challenge), webauthn.WithUserVerification(protocol.VerificationRequired))
}

// signed is an answer with a signature that was read, not yet looked at.
type signed struct {
	*protocol.ParsedCredentialAssertionData
	ceremony
}

// readSigned reads an answer and finds its ceremony.
func (d *Door) readSigned(purpose, answer string) (s signed, err error) {
	if d.keys == nil || len(answer) > credentialMost {
		return s, credentialFormat()
	}
	if s.ParsedCredentialAssertionData, err = protocol.ParseCredentialRequestResponseBytes([]byte(answer)); err != nil {
		return s, credentialFormat()
	}
	s.ceremony, err = d.cameBack(purpose, s.Raw.AssertionResponse.ClientDataJSON)
	return s, err
}

// usedKey is a signature that was right: of which key, and what it is now.
type usedKey struct {
	factor Factor
	count  int64
	sealed []byte // the credential with its flags of today
	ceremony
}

// verify finds the key, of several, whose signature this is. passkey asks that it
// verified its person and named them itself. cause is "" when all is right.
func (d *Door) verify(c candidate, s signed, passkey bool) (used usedKey, cause string, err error) {
	o, err := d.keyOwner(c)
	if err != nil {
		return used, "", err
	}
	found, err := d.validate(o, s, passkey)
	switch {
	case err != nil:
		return used, causeKey, nil
	case found.Authenticator.CloneWarning:
		return used, causeCounter, nil
	}
	used, err = d.usedKey(c, s, o, found)
	return used, "", err
}

func (d *Door) validate(o keyOwner, s signed, passkey bool) (*webauthn.Credential, error) {
	if passkey {
		_, session, err := d.asksAnybody(s.challenge)
		if err != nil {
			return nil, err
		}
		_, found, err := d.keys.ValidatePasskeyLogin(func(_, _ []byte) (webauthn.User, error) { return o, nil }, *session, s.ParsedCredentialAssertionData)
		return found, err
	}
	_, session, err := d.asks(o, s.challenge)
	if err != nil {
		return nil, err
	}
	return d.keys.ValidateLogin(o, *session, s.ParsedCredentialAssertionData)
}

func (d *Door) usedKey(c candidate, s signed, o keyOwner, found *webauthn.Credential) (usedKey, error) {
	used := usedKey{count: int64(found.Authenticator.SignCount), ceremony: s.ceremony}
	n := -1
	for _, f := range c.factors {
		if f.Kind != KindKey {
			continue
		}
		if n++; string(o.credentials[n].ID) == string(found.ID) {
			used.factor = f
		}
	}
	plain, err := json.Marshal(found)
	if err != nil {
		return used, err
	}
	used.sealed, err = d.db.Box().Seal(d.db.Random(), credentialPurpose, plain)
	return used, err
}

// burn spends the challenge and notes the count: nil for the first who brings
// the signature, errWrong for everybody after, and for a count that another
// signature has passed meanwhile.
func (u usedKey) burn(tx *db.Tx) error {
	if err := u.spend(tx); err != nil {
		if fault.CodeOf(err) == causeCeremony {
			return errWrong
		}
		return err
	}
	return useFactor(tx, u.factor, u.count, u.sealed)
}

// creationOptions asks a browser for a new key of the person's.
func (d *Door) creationOptions(c candidate, purpose string, passkey bool) (KeyOptions, error) {
	o, err := d.newKeyOwner(c)
	if err != nil {
		return nil, err
	}
	challenge, err := d.beginCeremony(purpose)
	if err != nil {
		return nil, err
	}
	asked, _, err := d.asksForKey(o, challenge, passkey)
	if err != nil {
		return nil, err
	}
	return json.Marshal(asked.Response)
}

// asksForKey asks for a credential that can be found without a name and verifies
// its person where that is of use, and for no more than a key elsewhere: places
// on a USB key are few.
func (d *Door) asksForKey(o keyOwner, challenge []byte, passkey bool) (*protocol.CredentialCreation, *webauthn.SessionData, error) {
	resident, verified := protocol.ResidentKeyRequirementDiscouraged, protocol.VerificationDiscouraged
	if passkey {
		resident, verified = protocol.ResidentKeyRequirementPreferred, protocol.VerificationPreferred
	}
	return d.keys.BeginRegistration(o,
		func(cco *protocol.PublicKeyCredentialCreationOptions) error { cco.Challenge = challenge; return nil },
		webauthn.WithExtensions(webauthn.WithExtensionCredProps()),
		webauthn.WithExclusions(webauthn.Credentials(o.credentials).CredentialDescriptors()),
		webauthn.WithAuthenticatorSelection(protocol.AuthenticatorSelection{ResidentKey: resident, RequireResidentKey: protocol.ResidentKeyNotRequired(), UserVerification: verified}))
}

// findable tells whether a key can be found without a name: a browser has said
// so, or it was made when its person was verified and the browser did not say.
func findable(c webauthn.Credential) bool {
	if c.Extensions.RK != nil {
		return *c.Extensions.RK
	}
	return c.Flags.UserVerified
}

// madeKey is a key that a browser made, ready to be kept.
type madeKey struct {
	freshFactor
	ceremony
}

// readMade reads and checks a new key. It refuses with credential_format or
// key_refused in the field credential (422), and with ceremony_ended (401).
func (d *Door) readMade(c candidate, purpose, answer string, passkey bool) (made madeKey, err error) {
	if d.keys == nil || len(answer) > credentialMost {
		return made, credentialFormat()
	}
	parsed, err := protocol.ParseCredentialCreationResponseBytes([]byte(answer))
	if err != nil {
		return made, credentialFormat()
	}
	if made.ceremony, err = d.cameBack(purpose, parsed.Raw.AttestationResponse.ClientDataJSON); err != nil {
		return made, err
	}
	o, err := d.newKeyOwner(c)
	if err != nil {
		return made, err
	}
	_, session, err := d.asksForKey(o, made.challenge, passkey)
	if err != nil {
		return made, err
	}
	credential, err := d.keys.CreateCredential(o, *session, parsed)
	if err != nil {
		return made, fault.In("credential", "key_refused")
	}
	made.kind, made.last, made.freshFactor.credential = KindKey, int64(credential.Authenticator.SignCount), credentialHash(credential.ID)
	plain, err := json.Marshal(credential)
	if err == nil {
		made.sealed, err = d.db.Box().Seal(d.db.Random(), credentialPurpose, plain)
	}
	return made, err
}

func keyInUse() error { return fault.In("credential", "key_in_use") }
