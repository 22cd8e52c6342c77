package browser

import (
	"strings"
	"testing"
)

// made makes a credential and says how: "made", "made, backed up, a passkey", or the name of the error.
const made = `navigator.credentials.create({publicKey: {challenge: new Uint8Array(32), rp: {name: "Test"}, user: {id: new Uint8Array(8), name: "ann", displayName: "Ann"},
	pubKeyCredParams: [{type: "public-key", alg: -7}], authenticatorSelection: {residentKey: "preferred", userVerification: "%"}, extensions: {credProps: true}}}).then(c => {
	const flags = new Uint8Array(c.response.getAuthenticatorData())[32];
	return [flags & 1 && "made", flags & 4 && "verified", flags & 16 && "backed up", c.getClientExtensionResults().credProps?.rk && "a passkey"].filter(Boolean).join(", ");
}, e => e.name)`

func TestKeys(t *testing.T) {
	page := New(t)
	page.Goto(strings.Replace(site(t), "127.0.0.1", "localhost", 1) + "/quiet") // WebAuthn refuses a bare address
	try := func(verification string) string {
		return Eval[string](page, strings.Replace(made, "%", verification, 1))
	}
	key := page.SecurityKey()
	if got := try("discouraged"); got != "made" || key.Holds() != 1 {
		t.Errorf("a security key: %q, it holds %d", got, key.Holds())
	}
	key.Remove()
	device := page.Device()
	if got := try("required"); got != "made, verified, backed up, a passkey" || device.Holds() != 1 {
		t.Errorf("the device itself: %q, it holds %d", got, device.Holds())
	}
	device.Recognises(false)
	if got := try("required"); got != "NotAllowedError" {
		t.Errorf("a stranger's finger: %q", got)
	}
}
