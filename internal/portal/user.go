package portal

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"countersign/internal/access"
	"countersign/internal/audit"
	"countersign/internal/db"
	"countersign/internal/fault"
	"countersign/internal/org"
	"countersign/internal/people"
	"countersign/internal/profile"
	"countersign/internal/roles"
	"countersign/internal/web"
)

// userActs are what the pages of one user can do, each with a page that confirms it.
var userActs = []Act{Deactivate, Activate, ResendInvitation, DeactivateInvitation, ResetSecondFactor}

// actPermissions are what the acts ask for.
var actPermissions = map[Act]string{Deactivate: "users:deactivate", Activate: "users:deactivate", ResendInvitation: "users:create",
	DeactivateInvitation: "users:create", ResetSecondFactor: "users:manage_2fa"}

// user is one user with what their pages show.
type user struct {
	row      people.Row
	head     UserHead
	choices  choices
	settings profile.Settings
	given    []roles.Assignment
}

// enterUser opens a user's page for whoever holds the permission.
func (p *Portal) enterUser(w http.ResponseWriter, r *http.Request, v *web.Visit, permission string) (inside, user, error) {
	i, err := p.enter(w, r, v, SectionUsers, permission)
	if err != nil {
		return i, user{}, err
	}
	var u user
	err = p.reading(r, func(tx *db.Tx) error {
		if u.row, err = p.People.Get(tx, i.account, r.PathValue("user")); err != nil {
			return err
		}
		if u.choices, err = p.choices(tx, i.account, v.Lang); err != nil {
			return err
		}
		if u.settings, err = org.Settings(tx, p.Profiles, i.account.ID); err != nil {
			return err
		}
		given, err := roles.Of(tx, i.account.ID, u.row.Member.ID)
		if err != nil {
			return err
		}
		u.given = given[u.row.Member.ID]
		by, err := people.Names(tx, []string{u.row.DeactivatedBy, u.row.CreatedBy, u.row.InvitationSentBy})
		if err != nil {
			return err
		}
		u.head = userHead(i, u, v.Who.ID, by)
		return nil
	})
	if fault.CodeOf(err) == "not_found" {
		err = p.none(r, v, i.account.ID, "user", r.PathValue("user"), "user")
	}
	return i, u, err
}

func userHead(i inside, u user, me string, names map[string]string) UserHead {
	row := u.row
	h := UserHead{ID: row.ID(), Name: row.Name(), Identifier: identifier(row.Email, row.Username), Status: Status(row.Status), Since: moment(row.Since),
		Self: row.ID() == me, FirstAdministrator: row.FirstAdministrator, MaySeeActivity: i.may("users:view_activity")}
	switch row.Status {
	case people.Deactivated:
		h.By, h.Why = names[row.DeactivatedBy], row.DeactivationReason
	case people.Invited:
		h.By = names[row.InvitationSentBy]
	}
	managed := access.CanManage(i.snapshot, i.q, row.ID(), row.Member.ID) == ""
	shielded := row.FirstAdministrator && u.settings.FirstAdministratorProtected
	h.MayChangeAccess = managed && !shielded && i.may("users:assign_roles")
	for _, act := range userActs {
		may := managed && i.may(actPermissions[act]) || act == ResendInvitation && people.Appoints(i.snapshot, i.q, i.account, row.Member)
		if may && possible(act, row, shielded) {
			h.MayAct = append(h.MayAct, act)
		}
	}
	return h
}

// possible tells whether an act makes sense for somebody as they are now.
func possible(act Act, row people.Row, shielded bool) bool {
	waiting := row.ActivatedAt == 0 && row.DeactivatedAt == 0
	switch act {
	case Deactivate:
		return row.DeactivatedAt == 0 && !shielded
	case Activate:
		return row.DeactivatedAt != 0 && !shielded
	case ResendInvitation:
		return waiting
	case DeactivateInvitation:
		return waiting && row.Status != people.DeactivatedInvitation
	case ResetSecondFactor:
		return row.Factors > 0 && row.AccountsOfPerson == 1
	}
	return false
}

// user is the overview.
func (p *Portal) user(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	i, u, err := p.enterUser(w, r, v, "users:view")
	if err != nil {
		return err
	}
	view := UserOverview{Page: i.page, User: u.head, Email: u.row.Email, Language: string(u.row.Lang), Created: moment(u.row.CreatedAt),
		LastSignIn: moment(u.row.LastSignInAt), Factor: factorOf(u.row), Grants: u.grants()}
	if u.row.Status == people.Invited || u.row.Status == people.ExpiredInvitation {
		view.InvitationExpires = moment(u.row.InvitedUntil)
	}
	err = p.reading(r, func(tx *db.Tx) error {
		names, err := people.Names(tx, []string{u.row.CreatedBy})
		if err != nil {
			return err
		}
		view.CreatedBy = names[u.row.CreatedBy]
		if u.head.MaySeeActivity {
			view.Activity, _, err = p.entries(tx, i, v, "users:view_activity", audit.Query{Person: u.row.ID(), Limit: 5})
		}
		return err
	})
	if err != nil {
		return err
	}
	return p.show(w, view)
}

// grants are the user's roles over their scopes.
func (u user) grants() []Grant {
	var out []Grant
	for _, a := range u.given {
		r, ok := u.choices.role(a.RoleID)
		if !ok {
			continue
		}
		out = append(out, Grant{Role: r.Title(u.choices.lang), RoleID: r.ID, Entities: u.choices.entityNames(a.Entities), AllEntities: a.AllEntities,
			Until: moment(a.Until), Dangerous: len(r.Dangerous()) > 0})
	}
	return out
}

// userAccess explains what the user may do here, section by section (U17).
func (p *Portal) userAccess(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	i, u, err := p.enterUser(w, r, v, "users:view")
	if err != nil {
		return err
	}
	q := i.q
	q.User, q.SecondFactor, q.Fresh = u.row.ID(), true, true
	with2 := access.Held(i.snapshot, q)
	q.SecondFactor = u.row.Factors > 0
	return p.show(w, UserAccess{Page: i.page, User: u.head, Grants: u.grants(), Sections: accessSections(i, u.sources(), with2, access.Held(i.snapshot, q))})
}

// sources says for each permission which of the user's roles give it.
func (u user) sources() map[access.Permission][]AccessSource {
	out := map[access.Permission][]AccessSource{}
	for _, a := range u.given {
		r, ok := u.choices.role(a.RoleID)
		if !ok {
			continue
		}
		s := AccessSource{Role: r.Title(u.choices.lang), Entities: u.choices.entityNames(a.Entities), AllEntities: a.AllEntities, Until: moment(a.Until)}
		for p := range r.Permissions.All() {
			out[p] = append(out[p], s)
		}
	}
	return out
}

// accessSections groups what is held by section; now is what is held without
// what is lost for want of a second factor.
func accessSections(i inside, sources map[access.Permission][]AccessSource, held, now access.Set) []AccessSection {
	var out []AccessSection
	for p := range withoutPages(held).All() {
		info := p.Info()
		n := slices.IndexFunc(out, func(s AccessSection) bool { return s.Section == info.Resource })
		if n < 0 {
			out = append(out, AccessSection{Section: info.Resource, Href: sectionHref(i, info.Resource), Elsewhere: !info.Built})
			n = len(out) - 1
		}
		out[n].Lines = append(out[n].Lines, AccessLine{Permission: p.String(), Sources: sources[p], Dangerous: info.Dangerous, NeedsTwo: info.NeedsTwoFactor, Lost: !now.Has(p)})
	}
	return out
}

// sectionHref is the page of a resource's section, when the viewer may open it.
func sectionHref(i inside, resource string) string {
	at := InAccount(i.account.CustomerID)
	hrefs := map[string]string{"home": at.Home(), "users": at.Users(UsersFilter{}), "roles": at.Roles(), "audit": at.Activity(ActivityFilter{}),
		"service_tokens": at.ServiceTokens(), "accounts": at.Accounts(AccountsFilter{}), "entities": at.Tree(TreeFilter{}), "account": at.Settings()}
	if href, ok := hrefs[resource]; ok && i.may(resource+":view") {
		return href
	}
	return ""
}

// ours tells whether how the person signs in is this account's to know: they
// came into this one and into no other.
func (u user) ours() bool { return u.row.ActivatedAt != 0 && u.row.AccountsOfPerson == 1 }

func (p *Portal) userSecurity(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	i, u, err := p.enterUser(w, r, v, "users:view")
	if err != nil {
		return err
	}
	view := UserSecurity{Page: i.page, User: u.head, Factor: factorOf(u.row), FactorRequired: u.row.TwoFactorRequired, LastSignIn: moment(u.row.LastSignInAt), AttemptsAllowed: u.settings.LockAttempts,
		Shared: u.row.AccountsOfPerson > 1}
	if !u.ours() {
		return p.show(w, view)
	}
	err = p.reading(r, func(tx *db.Tx) error {
		s, err := p.Door.Security(tx, u.row.ID())
		view.FactorSince, view.PasswordSince, view.LastAddress = moment(s.FactorSince), moment(s.PasswordSince), s.LastAddress
		view.OpenSessions, view.FailedAttempts = s.Sessions, s.Failed
		return err
	})
	if err != nil {
		return err
	}
	return p.show(w, view)
}

func (p *Portal) userActivity(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	i, u, err := p.enterUser(w, r, v, "users:view_activity")
	if err != nil {
		return err
	}
	view := UserActivity{Page: i.page, User: u.head}
	view.Rows, view.Pager, err = p.entryPage(r, i, v, "users:view_activity", audit.Query{Person: u.row.ID(), Limit: activityRows}, "person "+u.row.ID())
	if err != nil {
		return err
	}
	return p.show(w, view)
}

// confirm is the page before an act: what will happen, and to whom.
func (p *Portal) confirm(act Act) web.Handle {
	return func(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
		permission, err := p.actPermission(r, v, act)
		if err != nil {
			return err
		}
		i, u, err := p.enterUser(w, r, v, permission)
		if err != nil {
			return err
		}
		if !u.head.May(act) {
			return p.refused(r, v, i, u, u.mayNot(act))
		}
		view, err := p.confirmView(r, i, u, act)
		if err != nil {
			return err
		}
		return p.show(w, view)
	}
}

// actPermission is what an act's pages ask for. An operator who resends to the
// first administrator of an account that was never opened need only see them.
func (p *Portal) actPermission(r *http.Request, v *web.Visit, act Act) (permission string, err error) {
	permission = actPermissions[act]
	if act != ResendInvitation {
		return permission, nil
	}
	err = p.reading(r, func(tx *db.Tx) error {
		a, found, err := org.AccountByCustomerID(tx, r.PathValue("customer"))
		if err != nil || !found {
			return err
		}
		m, found, err := people.MemberOf(tx, a.ID, r.PathValue("user"))
		if err == nil && found && people.Appoints(p.Live.Load(), org.Question(tx, v.Who, a.ID), a, m) {
			permission = "users:view"
		}
		return err
	})
	return permission, err
}

// refused records that somebody was refused a form about a user.
func (p *Portal) refused(r *http.Request, v *web.Visit, i inside, u user, err error) error {
	e := audit.Entry{Action: audit.PageRefused, AccountID: i.account.ID, Kind: "user", ID: u.row.ID()}
	return p.Audit.Refuse(r.Context(), v.Who, e, err)
}

// mayNot is why an act cannot be done: it is above the viewer, or makes no sense now.
func (u user) mayNot(act Act) error {
	switch {
	case u.head.Self:
		return fault.New(fault.Forbidden, "own_access")
	case act == ResetSecondFactor && u.row.AccountsOfPerson > 1:
		return fault.New(fault.Conflict, "person_of_several_accounts")
	case u.row.FirstAdministrator && u.settings.FirstAdministratorProtected && (act == Deactivate || act == Activate):
		return fault.New(fault.Forbidden, "first_administrator")
	case !possible(act, u.row, false):
		return fault.New(fault.Conflict, map[Act]string{Deactivate: "already_deactivated", Activate: "not_deactivated",
			ResendInvitation: "already_active", DeactivateInvitation: "no_open_invitation", ResetSecondFactor: "no_second_factor"}[act])
	}
	return fault.New(fault.Forbidden, "person_above_you")
}

func (p *Portal) confirmView(r *http.Request, i inside, u user, act Act) (ConfirmView, error) {
	at := i.page.To()
	view := ConfirmView{Page: i.page, Act: act, Subject: u.row.Name(), Identifier: u.head.Identifier, Action: at.UserAct(u.row.ID(), act), Back: at.User(u.row.ID()),
		AskReason: act == Deactivate || act == ResetSecondFactor, Revision: strconv.FormatInt(u.row.Member.Version, 10)}
	if act == ResendInvitation {
		view.ExpiryHours = int(u.settings.InvitationLifetime.Hours())
	}
	if !u.ours() {
		return view, nil // what they have open goes on for their other accounts
	}
	err := p.reading(r, func(tx *db.Tx) error {
		s, err := p.Door.Security(tx, u.row.ID())
		view.Sessions = s.Sessions
		return err
	})
	return view, err
}

// act does what was confirmed.
func (p *Portal) act(act Act) web.Handle {
	return func(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
		f, err := web.Form(r, "reason", "name", "revision")
		if err != nil {
			return err
		}
		permission, err := p.actPermission(r, v, act)
		if err != nil {
			return err
		}
		i, u, err := p.enterUser(w, r, v, permission)
		if err != nil {
			return err
		}
		if err := p.carryOut(r, v, i, u.row.ID(), act, revision(f.Get("revision")), strings.TrimSpace(f.Get("reason"))); err != nil {
			view, problem := p.confirmView(r, i, u, act)
			if problem != nil {
				return problem
			}
			view.Reason = f.Get("reason")
			return p.again(w, err, func(form Form) View { view.Form = form; return view })
		}
		code, name := flashes[act], "name"
		if act == ResendInvitation {
			p.flash(w, v, Done, code, "email", u.row.Email)
		} else {
			p.flash(w, v, Done, code, name, u.row.Name())
		}
		return to(w, r, i.page.To().User(u.row.ID()))
	}
}

var flashes = map[Act]string{Deactivate: "deactivated", Activate: "activated", ResendInvitation: "invitation_resent",
	DeactivateInvitation: "invitation_deactivated", ResetSecondFactor: "factor_reset"}

func (p *Portal) carryOut(r *http.Request, v *web.Visit, i inside, userID string, act Act, version int64, reason string) error {
	ctx, account := r.Context(), i.account.ID
	switch act {
	case Deactivate:
		return p.People.Deactivate(ctx, v.Who, account, userID, version, reason)
	case Activate:
		return p.People.Reactivate(ctx, v.Who, account, userID, version)
	case ResendInvitation:
		return p.People.Resend(ctx, v.Who, account, userID, version)
	case DeactivateInvitation:
		return p.People.DeactivateInvitation(ctx, v.Who, account, userID, version)
	}
	return p.People.ResetFactor(ctx, v.Who, account, userID, version, reason)
}
