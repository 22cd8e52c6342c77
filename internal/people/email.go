package people

import (
	"context"
	"time"

	"countersign/internal/audit"
	"countersign/internal/db"
	"countersign/internal/fault"
	"countersign/internal/lang"
	"countersign/internal/org"
	"countersign/internal/profile"
	"countersign/internal/roles"
	"countersign/internal/seal"
)

// An address changes in one of three ways (features.md, U7):
//
//	not come in yet            ChangeEmail: the invitation goes to the right address, the earlier link is dead
//	of one account alone       ChangeEmail by an administrator ── link to the new address ──▶ ConfirmEmail
//	of several, or the first   ChangeOwnEmail, freshly proved ── links to both addresses ──▶ ConfirmEmail twice
//
// Until it is confirmed, and for 72 hours at most, the old address signs in.

// ConfirmWithin is how long a link that confirms an address works.
const ConfirmWithin = 72 * time.Hour

// Readdressed is what came of ChangeEmail.
type Readdressed struct {
	UserID string // whose page to open: another one's when an invitation went astray
	Until  int64  // µs: until when the link can be confirmed; 0 when there is nothing to confirm
}

// ChangeEmail gives a member another address. Who has not come in yet is invited
// anew, as another user: nothing but the address was known of the one before, and
// whoever reads mail there may be somebody. Of somebody who has, the new address
// must be confirmed there, and the old one is told; they must be of this account
// alone.
//
// Operators correct the address of the first administrator of an account that
// was never opened (Appoints).
func (p *People) ChangeEmail(ctx context.Context, who db.Who, accountID, userID string, version int64, address string) (out Readdressed, err error) {
	e := audit.Entry{Action: audit.EmailChangeStarted, AccountID: accountID, Kind: "user", ID: userID, PersonID: userID}
	err = p.refusing(ctx, who, e, func(tx *db.Tx) error {
		a, settings, m, err := p.readdresses(tx, who, accountID, userID, version)
		if err != nil {
			return err
		}
		seen, err := seenOf(tx, m)
		if err != nil {
			return err
		}
		var f fault.Fields
		email, key := emailField(&f, address)
		if old, _ := EmailKey(seen.Email); key != "" && key == old {
			f.Add("email", "same_address")
		}
		if err := f.Err(); err != nil {
			return err
		}
		if m.ActivatedAt == 0 {
			out, err = p.correct(tx, a, settings, m, seen, email, key)
			return err
		}
		if m.DeactivatedAt != 0 {
			return fault.New(fault.Conflict, "deactivated_user")
		}
		if err := Alone(tx, m, "details_of_several_accounts"); err != nil {
			return err
		}
		out = Readdressed{userID, tx.Now + ConfirmWithin.Microseconds()}
		return p.ask(tx, a, seen, email, key, false)
	})
	return out, err
}

// readdresses loads the member whose address who wants to change.
func (p *People) readdresses(tx *db.Tx, who db.Who, accountID, userID string, version int64) (a org.Account, settings profile.Settings, m Member, err error) {
	if a, settings, err = p.account(tx, who, accountID, "users:edit"); err != nil {
		return p.appoints(tx, who, accountID, userID, version, err)
	}
	if m, err = member(tx, a.ID, userID); err != nil {
		return a, settings, m, err
	}
	s, err := p.guard.Snapshot(tx)
	if err != nil {
		return a, settings, m, err
	}
	if Appoints(s, org.Question(tx, who, a.ID), a, m) {
		return a, settings, m, touch(tx, m, version)
	}
	m, err = p.changes(tx, who, a, settings, "users:edit", userID, version)
	return a, settings, m, err
}

// correct sends an invitation that went to a wrong address to the right one.
func (p *People) correct(tx *db.Tx, a org.Account, settings profile.Settings, m Member, typed Person, email, key string) (Readdressed, error) {
	if m.DeactivatedAt != 0 {
		return Readdressed{}, fault.New(fault.Conflict, "deactivated_user")
	}
	j := joining{person: typed, key: key, like: m}
	j.person.Email = email
	given, err := roles.Of(tx, a.ID, m.ID)
	if err == nil {
		j.list, err = roles.Carry(tx, a.ID, given[m.ID])
	}
	if err == nil {
		j.networks, err = Networks(tx, a.ID, m.ID)
	}
	var values map[string]string
	if err == nil {
		values, err = Properties(tx, a.ID, m.ID)
	}
	if err != nil {
		return Readdressed{}, err
	}
	e := audit.Entry{Action: audit.EmailCorrected, AccountID: a.ID, Kind: "user", ID: m.UserID, PersonID: m.UserID}
	if e.Changes, err = p.remove(tx, a, m); err != nil {
		return Readdressed{}, err
	}
	if err := p.leave(tx, m.UserID); err != nil {
		return Readdressed{}, err
	}
	tx.ChangedUser(m.UserID)
	now, to, err := p.admit(tx, a, settings, j)
	if err == nil {
		err = saveProperties(tx, now, values)
	}
	if err != nil {
		return Readdressed{}, err
	}
	if err := p.invite(tx, a, now, to, settings.InvitationLifetime); err != nil {
		return Readdressed{}, err
	}
	e.Changes = append(e.Changes, audit.Change{Field: "user", Before: m.UserID, After: now.UserID})
	return Readdressed{UserID: now.UserID}, audit.Record(tx, e)
}

// ChangeOwnEmail begins to give the person who acts another address, which they
// confirm at the old one and the new. It is for those whose address no
// administrator may change (MayChangeOwn), and asks for a fresh authentication.
func (p *People) ChangeOwnEmail(ctx context.Context, who db.Who, address string) error {
	e := audit.Entry{Action: audit.EmailChangeStarted, AccountID: who.AccountID, Kind: "user", ID: who.ID, PersonID: who.ID}
	return p.refusing(ctx, who, e, func(tx *db.Tx) error {
		me, a, err := p.mine(tx, who)
		if err != nil {
			return err
		}
		if !who.Fresh {
			return fault.New(fault.Forbidden, "needs_fresh")
		}
		var f fault.Fields
		email, key := emailField(&f, address)
		if old, _ := EmailKey(me.Email); key != "" && key == old {
			f.Add("email", "same_address")
		}
		if err := f.Err(); err != nil {
			return err
		}
		return p.ask(tx, a, me, email, key, true)
	})
}

// mine reads the person who acts, who may change their own address, and the
// account in which they do.
func (p *People) mine(tx *db.Tx, who db.Who) (me Person, a org.Account, err error) {
	me, found, err := PersonByID(tx, who.ID)
	if err != nil {
		return me, a, err
	}
	if who.Kind != db.User || !found {
		return me, a, fault.New(fault.Unauthenticated, "sign_in_first")
	}
	may, err := p.MayChangeOwn(tx, who.ID)
	if err == nil && !may {
		err = fault.New(fault.Conflict, "email_by_administrator")
	}
	if err == nil {
		a, _, err = org.AccountByID(tx, who.AccountID)
	}
	return me, a, err
}

// MayChangeOwn tells whether a person changes their address themselves: they are
// in several accounts, or first administrator of one whose other administrators
// may not touch them. For everybody else an administrator does (U7).
func (p *People) MayChangeOwn(tx *db.Tx, userID string) (bool, error) {
	list, err := Memberships(tx, userID)
	if err != nil {
		return false, err
	}
	in := 0
	for _, m := range list {
		if m.ActivatedAt == 0 {
			continue
		}
		if in++; !m.FirstAdministrator {
			continue
		}
		s, err := org.Settings(tx, p.profiles, m.AccountID)
		if err != nil || s.FirstAdministratorProtected {
			return err == nil, err
		}
	}
	return in > 1, nil
}

// ask makes the links that confirm another address and queues the mails; an
// earlier change that waits is dropped. With both, the old address must confirm
// it too; else it is told. That the address is somebody else's, only whoever reads
// its mail learns, from the link (emailLink), and whoever may know it anyway.
func (p *People) ask(tx *db.Tx, a org.Account, of Person, email, key string, both bool) error {
	known, taken, err := PersonByIdentifier(tx, key)
	if err != nil {
		return err
	}
	if taken && known.ID != of.ID && !both {
		told, err := p.toldTaken(tx, a, known, key)
		if err != nil {
			return err
		}
		if told {
			return fault.In("email", "email_in_use")
		}
	}
	if err := dropEmailChange(tx, Member{UserID: of.ID}); err != nil {
		return err
	}
	c := EmailChange{UserID: of.ID, AccountID: a.ID, Email: email, Both: both, CreatedAt: tx.Now, ExpiresAt: tx.Now + ConfirmWithin.Microseconds()}
	toNew, toOld, err := c.add(tx, key)
	if err != nil {
		return err
	}
	old := of.Email
	if err := p.mail(tx, "email_confirm", a, of, email, toNew, c); err != nil {
		return err
	}
	kind := "email_notice"
	if both {
		kind = "email_confirm_old"
	}
	if err := p.mail(tx, kind, a, of, old, toOld, c); err != nil {
		return err
	}
	return audit.Record(tx, audit.Entry{Action: audit.EmailChangeStarted, AccountID: a.ID, Kind: "user", ID: of.ID, PersonID: of.ID,
		Changes: []audit.Change{{Field: "email", Before: old, After: email, Personal: true}}})
}

// toldTaken tells whether an account's administrators are told that an address is
// taken: by somebody whom they see under it, or where an invitation to it would be
// refused too.
func (p *People) toldTaken(tx *db.Tx, a org.Account, by Person, key string) (bool, error) {
	settings, err := org.Settings(tx, p.profiles, a.ID)
	if err != nil || settings.EmailInUse == "refuse" {
		return true, err
	}
	m, found, err := MemberOf(tx, a.ID, by.ID)
	if err != nil || !found {
		return false, err
	}
	seen, err := seenOf(tx, m)
	its, _ := EmailKey(seen.Email)
	return its == key, err
}

// mail queues a letter about a change of address.
func (p *People) mail(tx *db.Tx, kind string, a org.Account, of Person, to string, token seal.Secret, c EmailChange) error {
	by, _, err := PersonByID(tx, tx.Who.ID)
	if err != nil || to == "" {
		return err
	}
	data := map[string]string{"account": a.Name, "customer_id": a.CustomerID, "by": by.written(), "address": c.Email}
	if tx.Who.IP.IsValid() {
		data["ip"] = tx.Who.IP.String()
	}
	if token != "" {
		data["token"] = token.Reveal()
		data["expires"] = time.UnixMicro(c.ExpiresAt).UTC().Format(time.RFC3339)
	}
	return tx.Queue(db.Message{Kind: kind, AccountID: a.ID, UserID: of.ID, To: to, Name: of.written(), Lang: of.Lang, Data: data})
}

// DropEmailChange gives up a member's change of address that is not confirmed
// yet; its links are dead from that moment.
func (p *People) DropEmailChange(ctx context.Context, who db.Who, accountID, userID string, version int64) error {
	e := audit.Entry{Action: audit.EmailChangeDropped, AccountID: accountID, Kind: "user", ID: userID}
	return p.refusing(ctx, who, e, func(tx *db.Tx) error {
		a, settings, err := p.account(tx, who, accountID, "users:edit")
		if err != nil {
			return err
		}
		m, err := p.changes(tx, who, a, settings, "users:edit", userID, version)
		if err != nil {
			return err
		}
		c, err := OpenEmailChange(tx, a.ID, userID)
		if err != nil {
			return err
		}
		if c.ID == "" {
			return fault.New(fault.Conflict, "no_email_change")
		}
		if err := dropEmailChange(tx, m); err != nil {
			return err
		}
		return audit.Record(tx, e)
	})
}

// DropOwnEmailChange gives up the change that the person who acts has begun.
func (p *People) DropOwnEmailChange(ctx context.Context, who db.Who) error {
	e := audit.Entry{Action: audit.EmailChangeDropped, AccountID: who.AccountID, Kind: "user", ID: who.ID}
	return p.refusing(ctx, who, e, func(tx *db.Tx) error {
		if who.Kind != db.User {
			return fault.New(fault.Unauthenticated, "sign_in_first")
		}
		c, err := OpenEmailChange(tx, "", who.ID)
		if err != nil {
			return err
		}
		if c.ID == "" {
			return fault.New(fault.Conflict, "no_email_change")
		}
		if err := dropEmailChange(tx, Member{UserID: who.ID}); err != nil {
			return err
		}
		return audit.Record(tx, e)
	})
}

// EmailLink is what the page behind a link that confirms an address shows. With a
// Problem only that, the language and At are told.
type EmailLink struct {
	Problem string // "", link_unknown, link_used, link_dropped, link_expired, link_taken
	At      int64  // µs: when it was used, or expired; 0 where that is not known
	Lang    lang.Tag

	Address   string // the new one
	Account   string
	Old       bool  // this link is the one that went to the old address
	Both      bool  // both addresses must confirm
	ExpiresAt int64 // µs
}

// LookAtEmailLink looks at a link and spends nothing.
func (p *People) LookAtEmailLink(ctx context.Context, token seal.Secret) (v EmailLink, err error) {
	err = p.db.View(ctx, func(tx *db.Tx) error {
		l, err := p.emailLink(tx, token)
		v = l.view()
		return err
	})
	return v, err
}

// EmailConfirmed is what came of a confirmation.
type EmailConfirmed struct {
	Done    bool   // the address has changed; else the other one must confirm it too
	Address string // the new one
}

// ConfirmEmail spends a link. When nothing else must be confirmed, the address
// changes: every session ends, links that went to the old address are dead, and
// the old address is told. It refuses with link_unknown, link_used, link_dropped,
// link_expired or link_taken (410).
func (p *People) ConfirmEmail(ctx context.Context, who db.Who, token seal.Secret) (out EmailConfirmed, err error) {
	e := audit.Entry{Action: audit.EmailChanged, Kind: "email_change"}
	err = p.db.Update(ctx, who, func(tx *db.Tx) error {
		l, err := p.emailLink(tx, token)
		if err != nil {
			return err
		}
		e.AccountID, e.ID = l.AccountID, l.ID
		if l.Problem != "" {
			return fault.New(fault.Gone, l.Problem)
		}
		tx.Who.Kind, tx.Who.ID, tx.Who.AccountID = db.User, l.UserID, l.AccountID // who reads mail there is them
		if err := l.confirm(tx); err != nil {
			return err
		}
		out = EmailConfirmed{Done: l.complete(), Address: l.Email}
		if out.Done {
			return p.changeAddress(tx, l)
		}
		return audit.Record(tx, audit.Entry{Action: audit.EmailConfirmed, AccountID: l.AccountID, Kind: "user", ID: l.UserID})
	})
	if err != nil {
		return EmailConfirmed{}, p.audit.Refuse(ctx, who, e, err)
	}
	return out, nil
}

// changeAddress does what was confirmed.
func (p *People) changeAddress(tx *db.Tx, l emailLink) error {
	old := l.person
	now := old
	now.Email = l.Email
	switch err := saveAddress(tx, now, l.key); {
	case db.Violates(err, "users.email_key"):
		return fault.New(fault.Gone, "link_taken").Because(err)
	case err != nil:
		return err
	}
	if err := l.finish(tx); err != nil {
		return err
	}
	if err := EndSessions(tx, l.UserID); err != nil {
		return err
	}
	a, _, err := org.AccountByID(tx, l.AccountID)
	if err != nil {
		return err
	}
	if err := p.mail(tx, "email_changed", a, old, old.Email, "", l.EmailChange); err != nil {
		return err
	}
	return audit.Record(tx, audit.Entry{Action: audit.EmailChanged, AccountID: l.AccountID, Kind: "user", ID: l.UserID, PersonID: l.UserID,
		Changes: []audit.Change{{Field: "email", Before: old.Email, After: now.Email, Personal: true}}})
}
