package gallery

import (
	"time"

	"countersign/internal/fault"
	"countersign/internal/portal"
)

// Options as a browser gets them, for keys that nobody has.
const (
	askedKey = `{"challenge":"Y2hhbGxlbmdl","rpId":"localhost","allowCredentials":[],"userVerification":"required"}`
	newKey   = `{"rp":{"id":"localhost","name":"Countersign"},"user":{"id":"dXNy","name":"camille","displayName":"Camille"},"challenge":"Y2hhbGxlbmdl","pubKeyCredParams":[{"type":"public-key","alg":-7}]}`
)

func exampleCodes() []string {
	return []string{"k7m2-9qxd-4hpz", "2w8r-vt5n-c3je", "q9ha-61kd-zr7x", "b4nc-p8se-0w2m", "6fyt-hd3v-j5qk",
		"x0z1-rm9g-t7ca", "3epw-8kbn-v6hs", "d5jr-y2qm-n4f9", "g8tc-7xve-1pzk", "w3sb-m0hd-q6ra"}
}

// refusedAs is a form that was refused as a whole.
func refusedAs(code string) portal.Form {
	return portal.Form{Refusal: fault.New(fault.Unauthenticated, code)}
}

// doorFactors are second factors on the way in, each way to show one, and the set-ups.
func (m maker) doorFactors() []Sample {
	p := m.outside
	const mail = "camille.laurent@northwind.example"
	steps := portal.AppSteps{QR: qr(), Key: exampleKey}
	ways := func(kind string) portal.Ways {
		return portal.Ways{Kind: kind, Kinds: []string{"totp", "webauthn", "recovery_code"}, Key: askedKey, At: portal.CodePath, Next: m.to().Home()}
	}
	setup := portal.SetupView{Page: p, AppSteps: steps, HasApp: true, HasKey: true, KeyOptions: newKey, Left: 1}
	wrongApp := setup
	wrongApp.Form = wrong("code")
	app := portal.SetupView{Page: p, AppSteps: steps, HasApp: true, Left: 2}
	key := portal.SetupView{Page: p, HasKey: true, KeyOptions: newKey, Left: 1, Again: true}
	wrongKey := key
	wrongKey.Form = wrong("credential")
	only := ways("totp")
	only.Kinds = only.Kinds[:1]
	return []Sample{
		{"code", portal.CodeView{Page: p, Ways: ways("totp"), Identifier: mail}},
		{"code-only", portal.CodeView{Page: p, Ways: only}},
		{"code-wrong", portal.CodeView{Page: p, Ways: ways("totp"), Identifier: mail, Form: wrong("code")}},
		{"code-key", portal.CodeView{Page: p, Ways: ways("webauthn"), Identifier: mail}},
		{"code-key-wrong", portal.CodeView{Page: p, Ways: ways("webauthn"), Identifier: mail, Form: refusedAs("wrong_key")}},
		{"code-recovery", portal.CodeView{Page: p, Ways: ways("recovery_code"), Identifier: mail}},
		{"code-recovery-wrong", portal.CodeView{Page: p, Ways: ways("recovery_code"), Identifier: mail, Form: wrong("recovery_code")}},
		{"after-passkey", portal.PasswordView{Page: p}},
		{"after-passkey-wrong", portal.PasswordView{Page: p, Form: wrong("password")}},
		{"setup", setup}, {"setup-wrong", wrongApp}, {"setup-app", app}, {"setup-key", key}, {"setup-key-wrong", wrongKey},
		{"codes", portal.CodesView{Page: p, Codes: exampleCodes(), Action: portal.CodesPath}},
	}
}

// myFactors are the pages of Your account about second factors.
func (m maker) myFactors() []Sample {
	p := m.inside(portal.SectionNone)
	row := m.ways().List[1]
	ways := func(kind string) portal.Ways {
		return portal.Ways{Kind: kind, Kinds: []string{"webauthn", "totp", "recovery_code"}, Key: askedKey, At: portal.ConfirmPath, Next: portal.MyNewKeyPath}
	}
	steps := portal.AppSteps{QR: qr(), Key: exampleKey}
	return []Sample{
		{"confirm-me", portal.ConfirmMeView{Page: p, Ways: ways("totp")}},
		{"confirm-me-wrong", portal.ConfirmMeView{Page: p, Ways: ways("recovery_code"), Form: wrong("password", "recovery_code")}},
		{"confirm-me-key", portal.ConfirmMeView{Page: p, Ways: ways("webauthn"), Form: wrong("credential")}},
		{"confirm-me-password", portal.ConfirmMeView{Page: p, Ways: portal.Ways{At: portal.ConfirmPath}}},
		{"me-app", portal.NewAppView{Page: p, AppSteps: steps}},
		{"me-app-wrong", portal.NewAppView{Page: p, AppSteps: steps, Called: m.n.Text, Form: wrong("code", "name")}},
		{"me-key", portal.NewKeyView{Page: p, KeyOptions: newKey}},
		{"me-key-wrong", portal.NewKeyView{Page: p, KeyOptions: newKey, Called: m.n.Text, Form: wrong("credential")}},
		{"me-factor", portal.MyFactorView{Page: p, Row: row, Called: row.Name, Revision: "1"}},
		{"me-factor-wrong", portal.MyFactorView{Page: p, Row: row, Called: row.Name, Revision: "1", Form: wrong("name")}},
		{"me-factor-removal", portal.RemoveFactorView{Page: p, Row: row, Revision: "1"}},
		{"me-factor-removal-last", portal.RemoveFactorView{Page: p, Row: m.ways().List[0], Last: true, Revision: "1"}},
		{"me-codes", portal.NewCodesView{Page: p, Left: 2}},
		{"me-codes-none", portal.NewCodesView{Page: p}},
		{"me-codes-made", portal.CodesView{Page: p, Codes: exampleCodes()}},
	}
}

// ways are an app, a key and a passkey.
func (m maker) ways() portal.MyWays {
	return portal.MyWays{MayApp: true, MayKey: true, Codes: 8, CodesSince: at(1, 8, 4), List: []portal.MyFactorRow{
		{ID: "fac_1", Kind: "totp", Since: at(1, 8, 4), LastUsed: at(4, 7, 58), Needed: true},
		{ID: "fac_2", Kind: "webauthn", Name: m.n.Text, Since: at(2, 9, 0), LastUsed: at(3, 16, 20)},
		{ID: "fac_3", Kind: "webauthn", Passkey: true, Since: at(3, 9, 0), LastUsed: time.Time{}},
	}}
}
