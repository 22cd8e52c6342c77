package portal

import (
	"net/http"

	"countersign/internal/db"
	"countersign/internal/org"
	"countersign/internal/people"
	"countersign/internal/signin"
	"countersign/internal/web"
)

// What administrators do for a user's sign-in.

// signIn is how somebody's sign-in stands. Of people of several accounts that is
// not this account's to know, and empty.
type signIn struct {
	lock   people.Lock
	locked bool   // after wrong attempts
	until  Moment // when that opens by itself; zero: it does not
	signin.Security
	rescued bool // the viewer may let them in again though they are of a live account: nobody else is there who could
}

func (p *Portal) signInOf(tx *db.Tx, i inside, v *web.Visit, u user) (s signIn, err error) {
	if u.ours() {
		if s.Security, err = p.Door.Security(tx, u.row.ID()); err != nil {
			return s, err
		}
	}
	if !u.row.Active() {
		return s, nil
	}
	if s.rescued, err = p.Help.MayRescue(tx, i.snapshot, i.q, i.account, u.row.Member); err != nil || !u.ours() {
		return s, err
	}
	if s.lock, err = people.LockOf(tx, u.row.ID()); err != nil {
		return s, err
	}
	if s.locked = s.lock.Until != 0; s.locked && !people.Endless(s.lock.Until) {
		s.until = moment(s.lock.Until)
	}
	return s, nil
}

// helpable is why an act on somebody's sign-in makes no sense, as a code; "" when it
// does, and for other acts.
func (u user) helpable(act Act) string {
	shared := u.row.AccountsOfPerson > 1
	switch act {
	case SendResetLink, RequirePassword, UnlockSignIn, SignOutEverywhere:
	default:
		return ""
	}
	switch {
	case u.row.ActivatedAt == 0:
		return "not_active_yet"
	case u.row.DeactivatedAt != 0:
		return "deactivated_user"
	case act == SendResetLink && u.row.Email == "":
		return "no_address"
	case act == SendResetLink:
		return ""
	case shared:
		return "sign_in_of_several_accounts"
	case act == RequirePassword && u.signIn.ChangePasswordSince != 0:
		return "password_asked_already"
	case act == UnlockSignIn && !u.signIn.locked:
		return "not_locked"
	case act == SignOutEverywhere && len(u.signIn.Sessions) == 0:
		return "no_open_sessions"
	}
	return ""
}

// rescuing is the permission that a page asks for, or users:view for an operator
// who lets an account's last administrator in again.
func (p *Portal) rescuing(r *http.Request, v *web.Visit, otherwise string) (permission string, err error) {
	permission = otherwise
	err = p.reading(r, func(tx *db.Tx) error {
		a, found, err := org.AccountByCustomerID(tx, r.PathValue("customer"))
		if err != nil || !found {
			return err
		}
		m, found, err := people.MemberOf(tx, a.ID, r.PathValue("user"))
		if err != nil || !found {
			return err
		}
		may, err := p.Help.MayRescue(tx, p.Live.Load(), org.Question(tx, v.Who, a.ID), a, m)
		if may {
			permission = "users:view"
		}
		return err
	})
	return permission, err
}

func (p *Portal) helpOut(r *http.Request, v *web.Visit, accountID, userID string, act Act, version int64, reason string) (err error) {
	switch act {
	case SendResetLink:
		return p.Help.SendReset(r.Context(), v.Who, accountID, userID, version, reason)
	case RequirePassword:
		return p.Help.RequirePassword(r.Context(), v.Who, accountID, userID, version, reason)
	case UnlockSignIn:
		_, err = p.Help.Unlock(r.Context(), v.Who, accountID, userID, version, reason)
	default:
		_, err = p.Help.EndSessions(r.Context(), v.Who, accountID, userID, version, reason)
	}
	return err
}

// doEndUserSession signs a user out of one session.
func (p *Portal) doEndUserSession(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	f, err := web.Form(r, "revision")
	if err != nil {
		return err
	}
	i, u, err := p.enterUser(w, r, v, "users:end_sessions")
	if err != nil {
		return err
	}
	if err := p.Help.EndSession(r.Context(), v.Who, i.account.ID, u.row.ID(), revision(f.Get("revision")), r.PathValue("session")); err != nil {
		return err
	}
	p.flash(w, v, Done, "session_ended_of", "name", u.row.Name())
	return to(w, r, i.page.To().UserTab(u.row.ID(), "security"))
}
