package browser

import "github.com/chromedp/cdproto/webauthn"

// Key is what a browser shows for WebAuthn: Chromium's virtual authenticator. It is touched as soon as it is asked.
type Key struct {
	b  *Browser
	id webauthn.AuthenticatorID
}

// SecurityKey plugs a USB key in: it has no PIN and keeps no passkeys.
func (b *Browser) SecurityKey() *Key {
	b.t.Helper()
	return b.key(webauthn.VirtualAuthenticatorOptions{Transport: webauthn.AuthenticatorTransportUsb})
}

// Device makes the machine itself the key, as Touch ID and Windows Hello do: it keeps passkeys, which are backed up, and
// verifies its person.
func (b *Browser) Device() *Key {
	b.t.Helper()
	return b.key(webauthn.VirtualAuthenticatorOptions{Transport: webauthn.AuthenticatorTransportInternal, HasResidentKey: true,
		HasUserVerification: true, IsUserVerified: true, DefaultBackupEligibility: true, DefaultBackupState: true})
}

func (b *Browser) key(o webauthn.VirtualAuthenticatorOptions) *Key {
	b.t.Helper()
	call(b, "turn WebAuthn on", webauthn.Enable, webauthn.EnableParams{})
	o.Protocol, o.AutomaticPresenceSimulation = webauthn.AuthenticatorProtocolCtap2, true
	added := call(b, "plug a key in", webauthn.AddVirtualAuthenticator, webauthn.AddVirtualAuthenticatorParams{Options: &o})
	return &Key{b, added.AuthenticatorID}
}

// Recognises says whether the key knows its person from now on: the finger, the face, the PIN.
func (k *Key) Recognises(person bool) {
	k.b.t.Helper()
	call(k.b, "recognise", webauthn.SetUserVerified, webauthn.SetUserVerifiedParams{AuthenticatorID: k.id, IsUserVerified: person})
}

// Remove takes the key away, with all that it keeps.
func (k *Key) Remove() {
	k.b.t.Helper()
	call(k.b, "take the key away", webauthn.RemoveVirtualAuthenticator, webauthn.RemoveVirtualAuthenticatorParams{AuthenticatorID: k.id})
}

// Holds counts the credentials on the key.
func (k *Key) Holds() int {
	k.b.t.Helper()
	return len(call(k.b, "look at the key", webauthn.GetCredentials, webauthn.GetCredentialsParams{AuthenticatorID: k.id}).Credentials)
}
