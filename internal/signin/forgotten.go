package signin

import (
	"context"
	"net/netip"
	"strings"
	"time"

	"countersign/internal/audit"
	"countersign/internal/db"
	"countersign/internal/fault"
	"countersign/internal/people"
)

const (
	asksPerHour  = 20 // forgotten passwords from a network address
	linksPerHour = 3  // mailed to a person who asked themselves
)

// Forgotten is what somebody says who has forgotten their password. Those who
// were told that their name alone does not say who they are add a user name; so
// far nobody is.
type Forgotten struct {
	Email string `json:"email"`
}

// AskReset takes what somebody says who has forgotten their password (I6). The
// answer is the same for every address, and so is the work: one row, and what comes
// of it is found out later (remind). It refuses in the field email what is no
// address. More than twenty an hour from one network address are not even
// written down; the caller is not told.
func (d *Door) AskReset(ctx context.Context, who db.Who, ask Forgotten) error {
	ask.Email = strings.TrimSpace(ask.Email)
	if ask.Email == "" {
		return fault.In("email", "required")
	}
	if _, ok := people.EmailKey(ask.Email); !ok {
		return fault.In("email", "email")
	}
	who = unsigned(who)
	err := d.db.Keep(ctx, func(tx *db.Tx) error {
		free, err := countAsk(tx, network(who.IP))
		if err != nil || !free {
			return err
		}
		full, err := crowded(tx)
		if err != nil || full {
			return err
		}
		return leave(tx, who, errand{Kind: errandForgotten, Ask: ask})
	})
	d.stir()
	return err
}

// network is what counts as one address: of IPv6, all that one household or
// office is given.
func network(ip netip.Addr) string {
	ip = ip.Unmap().WithZone("")
	if !ip.IsValid() {
		return "unknown"
	}
	if ip.Is4() {
		return ip.String()
	}
	return netip.PrefixFrom(ip, 64).Masked().String()
}

// remind mails a link to whoever has that address, or does nothing; the log tells
// which, and why.
func (d *Door) remind(ctx context.Context, e errand) error {
	var c candidate
	var cause string
	find := func(tx *db.Tx) (err error) {
		if c, err = d.candidateNamed(tx, e.Ask.Email); err == nil {
			cause, err = d.noLink(tx, c, e)
		}
		return err
	}
	if err := d.db.View(ctx, find); err != nil {
		return err
	}
	if cause == "" {
		err := d.db.Update(ctx, e.who(), func(tx *db.Tx) error {
			if err := find(tx); err != nil || cause != "" {
				return err
			}
			if err := take(tx, e); err != nil {
				return err
			}
			return d.mailLink(tx, c)
		})
		if err != nil || cause == "" {
			return taken(err)
		}
	}
	if cause != causeLate {
		entry := audit.Entry{Action: audit.ResetAsked, AccountID: c.account(), Kind: "user", ID: c.target()}
		_ = d.log.Refuse(ctx, e.who(), entry, fault.New(fault.Conflict, cause))
	}
	return d.forget(ctx, e)
}

// noLink is why nothing is mailed to somebody who asked for a link; "" when it is.
func (d *Door) noLink(tx *db.Tx, c candidate, e errand) (string, error) {
	switch {
	case tx.Now >= e.at+micros(resetTime):
		return causeLate, nil // nobody waits for it any more
	case !c.known:
		return causeUnknown, nil
	case len(c.members) == 0:
		return causeDeactivated, nil
	case !c.active() || c.hash == "":
		return causeUnfinished, nil
	}
	n, err := linksSince(tx, c.ID, tx.Now-micros(time.Hour))
	if err != nil {
		return "", err
	}
	if n >= linksPerHour {
		return causeManyMails, nil
	}
	if c.mailAlone() {
		vouched, err := vouchedFor(tx, c.ID)
		if err != nil || !vouched {
			return causeMailbox, err
		}
	}
	return "", nil
}

// mailLink makes the link and queues the mail. A link that an administrator sent
// within the hour hands its word over: the person looked for a newer mail, nothing
// else.
func (d *Door) mailLink(tx *db.Tx, c candidate) error {
	vouched, err := vouchedFor(tx, c.ID)
	if err != nil {
		return err
	}
	token, l, err := addLink(tx, resetLink{UserID: c.ID, AccountID: c.account(), ByAdministrator: vouched, CreatedBy: c.ID})
	if err != nil {
		return err
	}
	if err := tell(tx, c, "password_reset", "token", token.Reveal(), "expires", rfc3339(l.ExpiresAt)); err != nil {
		return err
	}
	return audit.Record(tx, audit.Entry{Action: audit.ResetAsked, AccountID: c.account(), Kind: "user", ID: c.ID})
}

func rfc3339(at int64) string { return time.UnixMicro(at).UTC().Format(time.RFC3339) }
