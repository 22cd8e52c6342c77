package gallery

import (
	"slices"
	"time"

	"countersign/internal/fault"
	"countersign/internal/portal"
)

func at(day, hour, minute int) time.Time {
	return time.Date(2026, time.March, day, hour, minute, 12, 345678000, time.UTC)
}

type maker struct {
	n       Names
	outside portal.Page
}

// Samples are all pages, in the order people meet them. base gives language,
// zone, theme and address; the rest of the frame is made here.
func Samples(base portal.Page, n Names) []Sample {
	base.RequestID = "req_7f3a91c05be24d10"
	if base.Here == "" {
		base.Here = "/here"
	}
	m := maker{n, base}
	var all []Sample
	all = append(all, m.door()...)
	all = append(all, m.home()...)
	all = append(all, m.users()...)
	all = append(all, m.bulk()...)
	all = append(all, m.user()...)
	all = append(all, m.forms()...)
	all = append(all, m.confirms()...)
	all = append(all, m.roles()...)
	all = append(all, m.makers()...)
	all = append(all, m.effects()...)
	all = append(all, m.policies()...)
	all = append(all, m.matrix()...)
	all = append(all, m.toxic()...)
	all = append(all, m.explaining()...)
	all = append(all, m.adjusts()...)
	all = append(all, m.activity()...)
	all = append(all, m.types()...)
	all = append(all, m.accounts()...)
	all = append(all, m.tree()...)
	all = append(all, m.settings()...)
	all = append(all, m.search()...)
	all = append(all, m.tokens()...)
	all = append(all, m.me()...)
	return append(all, m.errors()...)
}

func (m maker) account() portal.AccountRef {
	return portal.AccountRef{CustomerID: m.n.CustomerID, Name: m.n.Account, Alias: m.n.Alias, Environment: portal.Live, Current: true}
}

func (m maker) to() portal.Addresses { return portal.InAccount(m.n.CustomerID) }

func (m maker) inside(section portal.Section) portal.Page {
	p := m.outside
	account := m.account()
	p.Me = &portal.Viewer{ID: "usr_me", Name: m.n.Me, Identifier: "camille.laurent@northwind.example"}
	p.Account = &account
	p.Accounts = []portal.AccountRef{account, {CustomerID: "NW-2210", Name: "Northwind Rentals", Environment: portal.Test}}
	p.Menu = portal.BuildMenu(m.to(), section, func(string) bool { return true })
	return p
}

func (m maker) flashed(section portal.Section, mood portal.Mood, code string, args ...any) portal.Page {
	p := m.inside(section)
	p.Flash = &portal.Flash{Mood: mood, Code: code, Args: args}
	return p
}

// wrong is a form with those fields refused as left empty.
func wrong(fields ...string) portal.Form {
	var f fault.Fields
	for _, name := range fields {
		f.Add(name, "required")
	}
	return portal.Form{Refusal: fault.From(f.Err())}
}

func (m maker) sections() (here, elsewhere []portal.AccessSection) {
	all := []portal.AccessSource{{Role: "Access administrator", AllEntities: true}}
	two := []portal.AccessSource{
		{Role: "Operations", Policy: "Transactions in full", Entities: []string{m.n.Account, "Northwind Rentals"}},
		{Role: "Auditor", Entities: []string{"Northwind Rentals"}, Until: at(31, 22, 0)},
	}
	here = []portal.AccessSection{
		{Section: "users", Href: m.to().Users(portal.UsersFilter{}), Lines: []portal.AccessLine{
			{Permission: "users:view", Sources: all}, {Permission: "users:create", Sources: all, NeedsTwo: true},
			{Permission: "users:deactivate", Sources: all, NeedsTwo: true}, {Permission: "users:manage_2fa", Sources: all, NeedsTwo: true, Dangerous: true},
		}},
		{Section: "roles", Href: m.to().Roles(), Lines: []portal.AccessLine{{Permission: "roles:view", Sources: all}}},
		{Section: "audit", Href: m.to().Activity(portal.ActivityFilter{}), Lines: []portal.AccessLine{{Permission: "audit:view", Sources: all}}},
	}
	elsewhere = []portal.AccessSection{
		{Section: "transactions", Elsewhere: true, Lines: []portal.AccessLine{
			{Permission: "transactions:search_full", Sources: two}, {Permission: "transactions:view", Sources: two},
			{Permission: "transactions:history", Sources: []portal.AccessSource{{Role: "Operations", AllEntities: true, Limits: []string{"only their own records", m.n.Text}}}}, {Permission: "transactions:export", Sources: two},
		}},
		{Section: "payments", Elsewhere: true, Lines: []portal.AccessLine{
			{Permission: "payments:view", Sources: two}, {Permission: "payments:capture", Sources: two},
			{Permission: "payments:refund", Sources: two, NeedsTwo: true, Lost: true},
		}},
		{Section: "reports", Elsewhere: true, Lines: []portal.AccessLine{{Permission: "reports:view", Sources: two}, {Permission: "page:disputes", Sources: two}, {Permission: "made_up:thing", Sources: two}}},
	}
	for _, list := range [][]portal.AccessSection{here, elsewhere} {
		for _, s := range list {
			for i := range s.Lines {
				s.Lines[i].WhyHref = m.to().Explain("usr_2", portal.ExplainFilter{Permission: s.Lines[i].Permission, Entity: m.n.CustomerID})
			}
		}
	}
	return here, elsewhere
}

func (m maker) home() []Sample {
	here, elsewhere := m.sections()
	page := m.inside(portal.SectionHome)
	full := portal.HomeView{
		Page:   page,
		People: &portal.PeopleCounts{Active: 1204, Invited: 3, Expired: 1, InvitationOff: 2, Locked: 0, PasswordExpired: 4, Deactivated: 12},
		Invitations: []portal.InvitationRow{
			{UserID: "usr_3", Name: m.n.Chloe, Identifier: "chloe.marchand@northwind.example", Status: portal.Invited, Expires: at(7, 9, 30)},
			{UserID: "usr_4", Name: m.n.Dana, Identifier: "dana.whitfield@northwind.example", Status: portal.InvitationExpired, Expires: at(2, 8, 0)},
		},
		Activity: m.entries()[:3],
		Sections: here, Elsewhere: elsewhere,
	}
	little := portal.HomeView{Page: page, Elsewhere: elsewhere, NoFactor: true, LostWithout2F: []string{"payments:refund", "payouts:create"}}
	little.Menu = portal.BuildMenu(m.to(), portal.SectionHome, func(string) bool { return false })
	none := full
	none.Page = m.flashed(portal.SectionHome, portal.Done, "already_in")
	none.Invitations, none.Activity, none.Elsewhere = nil, nil, nil
	return []Sample{{"home", full}, {"home-little", little}, {"home-first", none}}
}

func (m maker) me() []Sample {
	v := portal.MeView{
		Page: m.inside(portal.SectionNone), FirstName: "Camille", LastName: m.n.Me, Email: "camille.laurent@northwind.example",
		TimeZone: "Europe/Paris", TimeZones: []string{"America/New_York", "Europe/London", "Europe/Paris", "UTC"},
		PasswordAt: at(1, 8, 0), Ways: m.ways(),
		Places: []portal.MyPlace{{Account: m.account(), Roles: []string{"Administrator", "Finance"}, WhyHref: m.to().Explain("usr_me", portal.ExplainFilter{})}, {Account: portal.AccountRef{CustomerID: "NW-2210", Name: "Northwind Rentals"}, Roles: []string{"Read only"}, WhyHref: m.to().Explain("usr_me", portal.ExplainFilter{})}},
	}
	v.Phone = "+33 1 55 50 10 20"
	v.Sessions, v.History = m.sessions(true), m.history()
	bad := v
	bad.OwnEmail, bad.NewEmail = true, m.pending()
	bad.Details, bad.LastName = wrong("last_name"), ""
	bad.MoreSessions = 3
	bad.Ways.Again, bad.Ways.Codes = true, 1
	none := v
	none.Ways, none.Sessions, none.History = portal.MyWays{MayApp: true}, v.Sessions[:1], v.History[:1]
	email := portal.MyEmailView{Page: v.Page, Current: v.Email, Email: "camille@@", Hours: 72, Form: wrong("email")}
	return slices.Concat([]Sample{{"me", v}, {"me-wrong", bad}, {"me-password-only", none}, {"my-email", email}}, m.myPassword(), m.myFactors())
}

func (m maker) errors() []Sample {
	signedIn, nobody := m.inside(portal.SectionNone), m.outside
	kind := func(name string, p portal.Page, f *fault.Error) Sample {
		return Sample{"error-" + name, portal.ErrorView{Page: p, Fault: f}}
	}
	nowhere := signedIn // an address that leads into no account
	nowhere.Account, nowhere.Accounts, nowhere.Menu = nil, nil, nil
	busy := fault.New(fault.Busy, "busy")
	busy.RetryAfter = 5 * time.Second
	forbidden := portal.ErrorView{Page: signedIn, Fault: fault.Missing("audit:view"), Granted: []string{m.n.Ada, m.n.Boris}, Why: m.to().Explain("usr_me", portal.ExplainFilter{Permission: "audit:view"})}
	return []Sample{
		{"error-403", forbidden},
		kind("404", signedIn, fault.None("user")),
		kind("404-nowhere", nowhere, fault.None("page")),
		kind("401", nobody, fault.New(fault.Unauthenticated, "signed_out")),
		kind("ended", nobody, fault.New(fault.Unauthenticated, portal.CodeSessionEnded)),
		kind("409", signedIn, fault.New(fault.Conflict, "internal")),
		kind("412", signedIn, fault.New(fault.Stale, "stale")),
		kind("413", signedIn, fault.New(fault.TooLarge, "too_large", "limit", 1048576)),
		kind("429", nobody, fault.New(fault.TooMany, "busy")),
		kind("500", signedIn, fault.New(fault.Internal, "internal")),
		kind("503", nobody, busy),
		kind("database", nobody, fault.New(fault.Busy, portal.CodeDatabaseAway)),
		kind("maintenance", nobody, fault.New(fault.Busy, portal.CodeMaintenance)),
		kind("maintenance-until", nobody, fault.New(fault.Busy, portal.CodeMaintenanceUntil, "until", at(4, 18, 0))),
		kind("not-set-up", nobody, fault.New(fault.Busy, portal.CodeNotSetUp)),
		kind("none", nobody, nil),
	}
}
