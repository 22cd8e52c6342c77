package portal

import (
	"net/http"
	"net/netip"
	"slices"
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
var userActs = []Act{Deactivate, Activate, Delete, ResendInvitation, DeactivateInvitation, DropEmailChange, SetUpSecondFactor, ResetSecondFactor,
	SendResetLink, RequirePassword, UnlockSignIn, SignOutEverywhere}

// actPermissions are what the acts ask for.
var actPermissions = map[Act]string{Deactivate: "users:deactivate", Activate: "users:deactivate", Delete: "users:delete", ResendInvitation: "users:create",
	DeactivateInvitation: "users:create", DropEmailChange: "users:edit", SetUpSecondFactor: "users:manage_2fa", ResetSecondFactor: "users:manage_2fa",
	SendResetLink: "users:reset_password", RequirePassword: "users:reset_password", UnlockSignIn: "users:unlock", SignOutEverywhere: "users:end_sessions"}

// user is one user with what their pages show.
type user struct {
	row        people.Row
	head       UserHead
	customerID string // of the account
	choices    choices
	settings   profile.Settings
	given      []roles.Assignment
	policies   map[string]map[access.Permission][]string // names of policies that give a permission, by role
	invited    people.Mail                               // the newest invitation, of somebody who has not come in
	newEmail   people.EmailChange                        // an address that waits to be confirmed; without an ID there is none
	signIn     signIn                                    // of people of this account alone
}

// enterUser opens a user's page for whoever holds the permission.
func (p *Portal) enterUser(w http.ResponseWriter, r *http.Request, v *web.Visit, permission string) (inside, user, error) {
	i, err := p.enter(w, r, v, SectionUsers, permission)
	if err != nil {
		return i, user{}, err
	}
	u := user{customerID: i.account.CustomerID}
	err = p.reading(r, func(tx *db.Tx) error {
		if u.row, err = p.People.Get(tx, i.account, r.PathValue("user")); err != nil {
			return err
		}
		if u.choices, err = p.choices(tx, i.account, v.Lang, u.row.Member.ID); err != nil {
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
		var over []string
		for _, g := range u.given {
			over = append(over, g.Entities...)
		}
		if err := u.choices.include(tx, i.account, over); err != nil {
			return err
		}
		if u.newEmail, err = people.OpenEmailChange(tx, i.account.ID, u.row.ID()); err != nil {
			return err
		}
		if u.row.ActivatedAt == 0 {
			mails, err := people.InvitationMails(tx, i.account.ID, []string{u.row.ID()})
			if err != nil {
				return err
			}
			u.invited = mails[u.row.ID()]
		}
		if u.signIn, err = p.signInOf(tx, i, v, u); err != nil {
			return err
		}
		by, err := people.Names(tx, []string{u.row.DeactivatedBy, u.row.CreatedBy, u.row.InvitationSentBy, u.newEmail.CreatedBy})
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
	managed := access.CanManage(i.snapshot, i.q, row.ID()) == ""
	shielded := row.FirstAdministrator && u.settings.FirstAdministratorProtected
	appoints := people.Appoints(i.snapshot, i.q, i.account, row.Member)
	if row.Status == people.LockedAttempts {
		h.Until = u.signIn.until
	}
	h.MayChangeAccess = managed && !shielded && i.may("users:assign_roles")
	h.MayEditDetails = managed && !shielded && i.may("users:edit")
	h.MayChangeEmail = (h.MayEditDetails && !u.shared() || appoints) && row.DeactivatedAt == 0
	h.DeletionOff = managed && !shielded && i.may("users:delete") && !u.settings.Deletion
	for _, act := range userActs {
		may := managed && i.may(actPermissions[act]) || act == ResendInvitation && appoints || act == SendResetLink && u.signIn.rescued
		if may && u.possible(act) {
			h.MayAct = append(h.MayAct, act)
		}
	}
	if u.newEmail.ID != "" {
		h.NewEmail = &PendingEmail{Email: u.newEmail.Email, Until: moment(u.newEmail.ExpiresAt), By: names[u.newEmail.CreatedBy]}
	}
	if mail := mailRow(u.invited); mail.Lost() {
		h.InvitationLost = &mail
	}
	return h
}

// mailRow is what became of a message, as pages show it.
func mailRow(m people.Mail) MailRow {
	row := MailRow{Kind: m.Kind, State: m.State, Cause: m.Cause(), At: moment(m.At), Done: moment(m.DoneAt), Tries: m.Attempts}
	if row.Cause != m.Reason {
		row.Code = m.Reason
	}
	if m.State == "queued" {
		row.Next = moment(m.NextAt)
	}
	return row
}

// possible tells whether an act makes sense for somebody as they are now.
func (u user) possible(act Act) bool {
	row := u.row
	waiting := row.ActivatedAt == 0 && row.DeactivatedAt == 0
	shielded := row.FirstAdministrator && u.settings.FirstAdministratorProtected
	switch act {
	case Deactivate:
		return row.DeactivatedAt == 0 && !shielded
	case Activate:
		return row.DeactivatedAt != 0 && !shielded
	case Delete:
		return u.settings.Deletion && !shielded
	case ResendInvitation:
		return waiting
	case DeactivateInvitation:
		return waiting && row.Status != people.DeactivatedInvitation
	case DropEmailChange:
		return u.newEmail.ID != "" && !shielded
	case ResetSecondFactor, SetUpSecondFactor:
		return row.Factors > 0 && row.AccountsOfPerson == 1
	}
	return u.helpable(act) == ""
}

// user is the overview.
func (p *Portal) user(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	i, u, err := p.enterUser(w, r, v, "users:view")
	if err != nil {
		return err
	}
	view := UserOverview{Page: i.page, User: u.head, Email: u.row.Email, Phone: u.row.Phone, Language: string(u.row.Lang), Created: moment(u.row.CreatedAt),
		LastSignIn: moment(u.row.LastSignInAt), Factor: factorOf(u.row), FactorRequired: u.row.TwoFactorRequired, FactorActions: u.row.TwoFactorActions, Grants: u.grants()}
	if u.row.Status == people.Invited || u.row.Status == people.ExpiredInvitation {
		view.InvitationExpires = moment(u.row.InvitedUntil)
	}
	err = p.reading(r, func(tx *db.Tx) error {
		names, err := people.Names(tx, []string{u.row.CreatedBy})
		if err != nil {
			return err
		}
		view.CreatedBy = names[u.row.CreatedBy]
		if view.Networks, _, err = u.networks(tx); err != nil {
			return err
		}
		mails, err := people.Mails(tx, i.account, u.row, 1)
		if err != nil {
			return err
		}
		if len(mails) > 0 {
			last := mailRow(mails[0])
			view.LastMail = &last
		}
		if view.Values, err = p.valuesOf(tx, i, v, u); err != nil {
			return err
		}
		view.MayValues = u.mayValues()
		if u.head.MaySeeActivity {
			view.Activity, err = p.entries(tx, i, v, "users:view_activity", audit.Query{Person: u.row.ID(), Limit: 5})
		}
		return err
	})
	if err != nil {
		return err
	}
	return p.show(w, view)
}

// networks are from where the user may act, as words and as they are.
func (u user) networks(tx *db.Tx) (words []string, list []netip.Prefix, err error) {
	list, err = people.Networks(tx, u.row.AccountID, u.row.Member.ID)
	for _, n := range list {
		words = append(words, people.NetworkText(n))
	}
	return words, list, err
}

// ours tells whether how the person signs in is this account's to know: they
// came into this one and into no other.
func (u user) ours() bool { return u.row.ActivatedAt != 0 && u.row.AccountsOfPerson == 1 }

// mailsShown is how many messages the security tab shows.
const mailsShown = 10

func (p *Portal) userSecurity(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	i, u, err := p.enterUser(w, r, v, "users:view")
	if err != nil {
		return err
	}
	view := UserSecurity{Page: i.page, User: u.head, Factor: factorOf(u.row), FactorRequired: u.row.TwoFactorRequired, FactorActions: u.row.TwoFactorActions,
		LastSignIn: moment(u.row.LastSignInAt), AttemptsAllowed: u.settings.LockAttempts, Shared: u.row.AccountsOfPerson > 1, MailsOurs: !u.ours()}
	err = p.reading(r, func(tx *db.Tx) error {
		if view.Networks, _, err = u.networks(tx); err != nil {
			return err
		}
		mails, err := people.Mails(tx, i.account, u.row, mailsShown)
		if err != nil {
			return err
		}
		for _, m := range mails {
			view.Mails = append(view.Mails, mailRow(m))
		}
		if !u.ours() {
			return nil
		}
		view.Locked, view.LockedUntil, view.InactiveSince = u.signIn.locked, u.signIn.until, moment(u.signIn.lock.InactiveSince)
		s := u.signIn.Security
		view.FactorSince, view.PasswordSince, view.LastAddress = moment(s.FactorSince), moment(s.PasswordSince), s.LastAddress
		view.AskedSince, view.FailedAttempts, view.Revision = moment(s.ChangePasswordSince), s.Failed, u.revision()
		view.OpenSessions, view.MaySeeSessions = len(s.Sessions), i.may("users:end_sessions")
		if view.MaySeeSessions {
			view.Sessions, view.MoreSessions = p.sessionRows(v.Lang, s.Sessions, "", func(ref string) string { return i.page.To().EndUserSession(u.row.ID(), ref) })
		}
		return nil
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
	p.noteReading(r, v, i)
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
		view := confirmView(i, u, act)
		if err := p.typedConfirm(r, v, &view); err != nil {
			return err
		}
		return p.show(w, view)
	}
}

// actPermission is what an act's pages ask for. An operator who resends to the
// first administrator of an account that was never opened need only see them.
func (p *Portal) actPermission(r *http.Request, v *web.Visit, act Act) (permission string, err error) {
	permission = actPermissions[act]
	switch act {
	case ResendInvitation:
		return p.appointing(r, v, permission)
	case SendResetLink:
		return p.rescuing(r, v, permission)
	}
	return permission, nil
}

// appointing is the permission that a page asks for, or users:view for an
// operator who appoints the user of the address (people.Appoints).
func (p *Portal) appointing(r *http.Request, v *web.Visit, otherwise string) (permission string, err error) {
	permission = otherwise
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
	case (act == ResetSecondFactor || act == SetUpSecondFactor) && u.row.AccountsOfPerson > 1:
		return fault.New(fault.Conflict, "person_of_several_accounts")
	case u.row.FirstAdministrator && u.settings.FirstAdministratorProtected && (act == Deactivate || act == Activate || act == Delete || act == DropEmailChange):
		return fault.New(fault.Forbidden, "first_administrator")
	case u.helpable(act) != "":
		return fault.New(fault.Conflict, u.helpable(act))
	case !u.possible(act):
		return fault.New(fault.Conflict, map[Act]string{Deactivate: "already_deactivated", Activate: "not_deactivated", Delete: "deletion_off", DropEmailChange: "no_email_change",
			ResendInvitation: "already_active", DeactivateInvitation: "no_open_invitation", ResetSecondFactor: "no_second_factor", SetUpSecondFactor: "no_second_factor"}[act])
	}
	return fault.New(fault.Forbidden, "person_above_you")
}

func confirmView(i inside, u user, act Act) ConfirmView {
	at := i.page.To()
	view := ConfirmView{Page: i.page, Act: act, Subject: u.row.Name(), Identifier: u.head.Identifier, Action: at.UserAct(u.row.ID(), act), Back: at.User(u.row.ID()),
		AskReason: slices.Contains(withReason, act), TypeName: act == Delete, Revision: u.revision()}
	if act == ResendInvitation {
		view.ExpiryHours = int(u.settings.InvitationLifetime.Hours())
	}
	if act == UnlockSignIn {
		view.Attempts = u.signIn.Failed
	}
	if slices.Contains(endsSessions, act) {
		view.Sessions = len(u.signIn.Sessions) // none of whoever is in other accounts: theirs go on there
	}
	return view
}

// withReason are the acts that ask for a reason, and endsSessions those that sign
// their person out.
var (
	withReason   = []Act{Deactivate, ResetSecondFactor, SetUpSecondFactor, SendResetLink, RequirePassword, UnlockSignIn, SignOutEverywhere}
	endsSessions = []Act{Deactivate, Delete, ResetSecondFactor, RequirePassword, SignOutEverywhere}
)

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
		if act == Delete {
			err = typedName(f.Get("name"), u.row.Name())
		}
		if err == nil {
			err = p.carryOut(r, v, i, u.row.ID(), act, revision(f.Get("revision")), strings.TrimSpace(f.Get("reason")))
		}
		if err != nil {
			view := confirmView(i, u, act)
			view.Reason, view.Typed = f.Get("reason"), f.Get("name")
			return p.again(w, err, func(form Form) View { view.Form = form; return view })
		}
		return p.acted(w, r, v, i, u, act)
	}
}

// acted says what was done, on the user's page, or on the list when they are gone.
func (p *Portal) acted(w http.ResponseWriter, r *http.Request, v *web.Visit, i inside, u user, act Act) error {
	switch act {
	case ResendInvitation:
		p.flash(w, v, Done, flashes[act], "email", u.row.Email)
	case SendResetLink:
		p.flash(w, v, Done, flashes[act], "name", u.row.Name(), "email", u.row.Email)
	default:
		p.flash(w, v, Done, flashes[act], "name", u.row.Name())
	}
	if act == Delete {
		return to(w, r, i.page.To().Users(UsersFilter{}))
	}
	return to(w, r, i.page.To().User(u.row.ID()))
}

var flashes = map[Act]string{Deactivate: "deactivated", Activate: "activated", Delete: "deleted", ResendInvitation: "invitation_resent",
	DeactivateInvitation: "invitation_deactivated", DropEmailChange: "email_dropped", SetUpSecondFactor: "factor_again", ResetSecondFactor: "factor_reset",
	SendResetLink: "reset_sent", RequirePassword: "password_required", UnlockSignIn: "unlocked", SignOutEverywhere: "signed_out"}

func (p *Portal) carryOut(r *http.Request, v *web.Visit, i inside, userID string, act Act, version int64, reason string) error {
	ctx, account := r.Context(), i.account.ID
	switch act {
	case SendResetLink, RequirePassword, UnlockSignIn, SignOutEverywhere:
		return p.helpOut(r, v, account, userID, act, version, reason)
	case Deactivate:
		return p.People.Deactivate(ctx, v.Who, account, userID, version, reason)
	case Activate:
		return p.People.Reactivate(ctx, v.Who, account, userID, version)
	case Delete:
		return p.People.Delete(ctx, v.Who, account, userID, version)
	case DropEmailChange:
		return p.People.DropEmailChange(ctx, v.Who, account, userID, version)
	case ResendInvitation:
		return p.People.Resend(ctx, v.Who, account, userID, version)
	case DeactivateInvitation:
		return p.People.DeactivateInvitation(ctx, v.Who, account, userID, version)
	case SetUpSecondFactor:
		return p.People.SetUpAgain(ctx, v.Who, account, userID, version, reason)
	}
	return p.People.ResetFactor(ctx, v.Who, account, userID, version, reason)
}
