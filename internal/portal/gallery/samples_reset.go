package gallery

import (
	"countersign/internal/portal"
)

// resets are the pages about forgotten passwords, and about another one.
func (m maker) resets() []Sample {
	p := m.outside
	const mail = "camille.laurent@northwind.example"
	reset := portal.ResetView{Page: p, Identifier: mail, MinLength: 12}
	short, shut := reset, reset
	short.Form, shut.StaysShut = wrong("password"), true
	renew := portal.RenewView{Page: p, Why: "asked", Identifier: mail, MinLength: 12, Next: m.to().Home()}
	old := renew
	old.Why, old.Form = "expired", wrong("password")
	all := []Sample{
		{"forgotten", portal.ForgottenView{Page: p}}, {"forgotten-wrong", portal.ForgottenView{Page: p, Email: m.n.Chloe, Form: wrong("email")}},
		{"forgotten-sent", portal.ForgottenView{Page: p, Sent: true}},
		{"reset", reset}, {"reset-wrong", short}, {"reset-locked", shut},
		{"reset-done", portal.ResetDoneView{Page: p}}, {"reset-done-locked", portal.ResetDoneView{Page: p, Locked: true}},
		{"renew", renew}, {"renew-expired", old},
	}
	for _, s := range []portal.LinkState{portal.LinkExpired, portal.LinkUsed, portal.LinkReplaced, portal.LinkEnded, portal.LinkUnknown} {
		v := portal.ResetLinkView{Page: p, State: s}
		if s == portal.LinkExpired || s == portal.LinkUsed {
			v.At = at(4, 14, 5)
		}
		all = append(all, Sample{"reset-link-" + string(s), v})
	}
	return all
}

func (m maker) myPassword() []Sample {
	v := portal.MyPasswordView{Page: m.inside(portal.SectionNone), MinLength: 12}
	bad := v
	bad.Form = wrong("password")
	return []Sample{{"me-password", v}, {"me-password-wrong", bad}}
}

// sessions are somebody's, the viewer's own with the one in which they look.
func (m maker) sessions(own bool) []portal.SessionRow {
	rows := []portal.SessionRow{
		{Whence: portal.Whence{Browser: "Firefox", System: "Windows", IP: "203.0.113.7", Place: m.n.Text}, Begun: at(4, 8, 2), Used: at(4, 14, 5), Current: own},
		{Whence: portal.Whence{Browser: "Safari", System: "iOS", Mobile: true, IP: "2001:db8:85a3:8d3:1319:8a2e:370:7348"}, Begun: at(4, 7, 40), Used: at(4, 13, 58)},
		{Whence: portal.Whence{IP: "10.20.0.9", Near: true}, Begun: at(4, 6, 12), Used: at(4, 13, 55)},
	}
	for i := range rows {
		ref := string(rune('a' + i))
		switch {
		case rows[i].Current:
			rows[i].EndHref = portal.SignOutPath
		case own:
			rows[i].EndHref = portal.EndMySession(ref)
		default:
			rows[i].EndHref = m.to().EndUserSession("usr_2", ref)
		}
	}
	return rows
}

func (m maker) history() []portal.SignInRow {
	windows := portal.Whence{Browser: "Firefox", System: "Windows", IP: "203.0.113.7", Place: "Lyon, France"}
	phone := portal.Whence{Browser: "Safari", System: "iOS", Mobile: true, IP: "2001:db8:85a3:8d3:1319:8a2e:370:7348"}
	return []portal.SignInRow{
		{Whence: windows, At: at(4, 8, 2), How: []string{"password", "security key"}},
		{Whence: phone, At: at(4, 7, 40), How: []string{"passkey"}},
		{Whence: portal.Whence{IP: "198.51.100.200"}, At: at(3, 22, 12), Refused: true, Cause: "too many wrong attempts: locked"},
		{Whence: portal.Whence{IP: "198.51.100.200"}, At: at(3, 22, 11), Refused: true, Cause: "wrong password", Times: 5},
		{Whence: portal.Whence{IP: "10.20.0.9", Near: true}, At: at(3, 8, 0), How: []string{"password", "authenticator app"}},
		{Whence: windows, At: at(2, 8, 0), How: []string{"password", "recovery code"}},
		{Whence: windows, At: at(1, 8, 0), How: []string{"password", "authenticator app"}},
	}
}
