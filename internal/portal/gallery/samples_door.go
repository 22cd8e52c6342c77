package gallery

import (
	"bytes"
	"image/png"
	"slices"

	"github.com/pquerna/otp"

	"countersign/internal/fault"
	"countersign/internal/portal"
)

const exampleKey = "JBSWY3DPEHPK3PXPGEZDGNBVGY3TQOJQ"

// qr is a real code for a made-up key.
func qr() []byte {
	key, err := otp.NewKeyFromURL("otpauth://totp/Countersign:camille.laurent@northwind.example?secret=" + exampleKey + "&issuer=Countersign")
	if err != nil {
		return nil
	}
	image, err := key.Image(192, 192)
	if err != nil {
		return nil
	}
	var b bytes.Buffer
	if err := png.Encode(&b, image); err != nil {
		return nil
	}
	return b.Bytes()
}

func (m maker) door() []Sample {
	p := m.outside
	const mail = "camille.laurent@northwind.example"
	signIn := portal.SignInView{Page: p, Next: m.to().Home(), Passkey: askedKey}
	refused := portal.SignInView{Page: p, Identifier: m.n.Chloe, Form: portal.Form{Refusal: fault.New(fault.Invalid, "invalid")}}
	ended := portal.SignInView{Page: p, Ended: true, Identifier: mail}
	kept := portal.SignInView{Page: p, Ended: true, Kept: true}
	activate := portal.ActivateView{Page: p, Name: m.n.Me, Identifier: mail, AccountName: m.n.Account, MinLength: 12}
	short := activate
	short.Form = wrong("password")
	known := activate
	known.HasPassword = true
	all := []Sample{
		{"activate-confirm", known},
		{"signin", signIn}, {"signin-refused", refused}, {"signin-ended", ended}, {"signin-kept", kept},
		{"activate", activate}, {"activate-wrong", short},
		{"signedout", portal.SignedOutView{Page: p}},
		{"help", portal.HelpView{Page: p, MinLength: 12}},
		{"help-inside", portal.HelpView{Page: m.inside(portal.SectionNone), MinLength: 12}},
	}
	for _, s := range []portal.LinkState{portal.LinkExpired, portal.LinkUsed, portal.LinkReplaced, portal.LinkDeactivated, portal.LinkUnknown} {
		v := portal.LinkView{Page: p, State: s}
		if s == portal.LinkExpired {
			v.At = at(4, 14, 5)
		}
		all = append(all, Sample{"link-" + string(s), v})
	}
	return slices.Concat(all, m.doorFactors(), m.resets(), m.emailLinks())
}

func (m maker) emailLinks() (all []Sample) {
	for _, s := range []portal.EmailLinkState{portal.EmailAsk, portal.EmailDone, portal.EmailHalf, portal.EmailUsed, portal.EmailDropped, portal.EmailExpired, portal.EmailTaken, portal.EmailUnknown} {
		v := portal.EmailLinkView{Page: m.outside, State: s}
		switch s {
		case portal.EmailAsk:
			v.Address, v.AccountName, v.Both = m.pending().Email, m.n.Account, true
		case portal.EmailDone, portal.EmailHalf:
			v.Address = m.pending().Email
		case portal.EmailUsed, portal.EmailExpired:
			v.At = at(4, 14, 5)
		}
		all = append(all, Sample{"email-link-" + string(s), v})
	}
	return all
}
