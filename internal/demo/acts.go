package demo

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"countersign/internal/access"
	"countersign/internal/db"
	"countersign/internal/org"
	"countersign/internal/people"
	"countersign/internal/profile"
	"countersign/internal/signin"
)

// What people do in the portal, each by the use case behind the page.

func (f *filling) initialise(c *companyOnStage, first *player) error {
	token, err := f.People.Initialise(f.ctx, people.Founding{Name: c.name, CustomerID: c.id, Environment: c.environment,
		FirstName: first.firstName, LastName: first.lastName, Email: first.email, Language: "en"})
	if err != nil {
		return err
	}
	return f.DB.View(f.ctx, func(tx *db.Tx) error {
		a, _, err := org.Platform(tx)
		if err != nil {
			return err
		}
		p, _, err := people.PersonByIdentifier(tx, first.email)
		c.accountID, c.entityID, first.userID, f.letters[p.ID] = a.ID, a.EntityID, p.ID, token
		return err
	})
}

// build puts a company's entities, shops and terminals below it.
func (f *filling) build(c *companyOnStage) error {
	if len(c.units) == 0 {
		return nil
	}
	return f.visit("platform.owner", 9*time.Minute, func(who db.Who) error {
		for _, u := range c.units {
			err := f.DB.Update(f.ctx, who, func(tx *db.Tx) error { return f.open(tx, c, u) })
			if err != nil {
				return err
			}
		}
		return nil
	})
}

func (f *filling) open(tx *db.Tx, c *companyOnStage, u unit) error {
	e, err := org.CreateEntity(tx, org.New{Kind: access.LegalEntity, ParentID: c.entityID, Name: u.name, CustomerID: u.id})
	if err != nil {
		return err
	}
	for _, s := range u.shops {
		l, err := org.CreateLocation(tx, e.ID, s.name, s.site)
		if err != nil {
			return err
		}
		for kind := range strings.FieldsSeq(s.terminals) {
			if err := addTerminal(tx, l, kind, s.name+" "+strings.ReplaceAll(kind, "_", " ")); err != nil {
				return err
			}
		}
	}
	return nil
}

// access is what somebody is to have in their company.
func (f *filling) access(c *companyOnStage, over []string, roleKeys ...string) (people.Access, error) {
	a := people.Access{AllEntities: len(over) == 0, Entities: over, Acknowledged: true}
	for _, key := range roleKeys {
		id, err := f.roleID(c, key)
		if err != nil {
			return a, err
		}
		a.Roles = append(a.Roles, id)
	}
	return a, nil
}

// asks invites somebody; the mail stays in the outbox.
func (f *filling) asks(who db.Who, p *player) error {
	in := p.invitee()
	var err error
	if in.Access, err = f.access(p.company, p.over, p.role); err != nil {
		return err
	}
	id, err := f.People.Invite(f.ctx, who, p.company.accountID, in)
	if err == nil {
		p.userID = id
	}
	return err
}

func (f *filling) invite(by, p *player) error {
	return f.visit(by.key, 3*time.Minute, func(who db.Who) error {
		if err := f.asks(who, p); err != nil {
			return err
		}
		return f.collect()
	})
}

// upon is a visit in which somebody does something to somebody else, whom they
// have on their screen; the mails that it makes go out.
func (f *filling) upon(by string, p *player, do func(who db.Who, version int64) error) error {
	return f.visit(by, 3*time.Minute, func(who db.Who) error {
		version, err := f.version(p)
		if err == nil {
			err = do(who, version)
		}
		if err != nil {
			return err
		}
		return f.collect()
	})
}

func (f *filling) resend(by, p *player) error {
	return f.upon(by.key, p, func(who db.Who, version int64) error {
		return f.People.Resend(f.ctx, who, p.company.accountID, p.userID, version)
	})
}

func (f *filling) uninvite(by, p *player) error {
	return f.upon(by.key, p, func(who db.Who, version int64) error {
		return f.People.DeactivateInvitation(f.ctx, who, p.company.accountID, p.userID, version)
	})
}

func (f *filling) shut(who db.Who, whom, reason string) error {
	p := f.players[whom]
	version, err := f.version(p)
	if err != nil {
		return err
	}
	return f.People.Deactivate(f.ctx, who, p.company.accountID, p.userID, version, reason)
}

func (f *filling) give(who db.Who, whom string, over []string, roleKeys ...string) error {
	p := f.players[whom]
	version, err := f.version(p)
	if err != nil {
		return err
	}
	in, err := f.access(p.company, over, roleKeys...)
	if err != nil {
		return err
	}
	return f.People.ChangeAccess(f.ctx, who, p.company.accountID, p.userID, version, in)
}

// loseFactor resets somebody's second factor: they set up another when they
// sign in next.
func (f *filling) loseFactor(by, whom, reason string) error {
	p := f.players[whom]
	return f.upon(by, p, func(who db.Who, version int64) error {
		return f.People.ResetFactor(f.ctx, who, p.company.accountID, p.userID, version, reason)
	})
}

func (f *filling) makeToken(by, name string) error {
	return f.visit(by, 2*time.Minute, func(who db.Who) error {
		_, _, err := f.Org.CreateToken(f.ctx, who, who.AccountID, org.Decisions, name, f.now.AddDate(1, 0, 0))
		return err
	})
}

func (f *filling) revokeToken(by, name string) error {
	return f.visit(by, 2*time.Minute, func(who db.Who) error {
		var id string
		err := f.DB.View(f.ctx, func(tx *db.Tx) error {
			list, err := org.Tokens(tx, who.AccountID)
			for _, t := range list {
				if t.Name == name {
					id = t.ID
				}
			}
			return err
		})
		if err != nil {
			return err
		}
		return f.Org.RevokeToken(f.ctx, who, who.AccountID, id)
	})
}

// lockAttempts is how many wrong passwords lock.
func (f *filling) lockAttempts() int {
	pr, _ := f.Profiles.Get(profile.Standard)
	return pr.Settings.LockAttempts
}

// readdress gives somebody the address of a new family name; it must be confirmed.
func (f *filling) readdress(by, p *player) error {
	return f.upon(by.key, p, func(who db.Who, version int64) error {
		p.next = f.otherAddress(p)
		_, err := f.People.ChangeEmail(f.ctx, who, p.company.accountID, p.userID, version, p.next)
		return err
	})
}

func (f *filling) confirmAddress(p *player) error {
	if _, err := f.People.ConfirmEmail(f.ctx, p.from, f.letters[p.userID]); err != nil {
		return fmt.Errorf("%s confirms an address: %w", p.key, err)
	}
	p.email = p.next
	return nil
}

// otherAddress is that of the same person with another family name, which nobody has.
func (f *filling) otherAddress(p *player) string {
	given, _, _ := strings.Cut(p.email, ".")
	for {
		_, _, local := f.draw(p.company.home)
		_, family, _ := strings.Cut(local, ".")
		email := given + "." + family + "@" + p.company.domain
		if !f.taken(&self{email: email}) {
			return email
		}
	}
}

// correct sends an invitation that came back to the address that was meant,
// which makes it another user's.
func (f *filling) correct(by, p *player) error {
	return f.upon(by.key, p, func(who db.Who, version int64) error {
		p.mail, p.email = arrives, f.otherAddress(p)
		out, err := f.People.ChangeEmail(f.ctx, who, p.company.accountID, p.userID, version, p.email)
		if err == nil {
			p.userID = out.UserID
		}
		return err
	})
}

func (f *filling) reopen(by, p *player) error {
	return f.upon(by.key, p, func(who db.Who, version int64) error {
		return f.People.Reactivate(f.ctx, who, p.company.accountID, p.userID, version)
	})
}

func (f *filling) remove(by, p *player) error {
	return f.upon(by.key, p, func(who db.Who, version int64) error {
		return f.People.Delete(f.ctx, who, p.company.accountID, p.userID, version)
	})
}

// from lets somebody act from their company's network alone.
func (f *filling) from(by, p *player) error {
	return f.upon(by.key, p, func(who db.Who, version int64) error {
		network, err := p.from.IP.Prefix(24)
		if err != nil {
			return err
		}
		return f.People.Edit(f.ctx, who, p.company.accountID, p.userID, version, people.Edits{AllowedIPs: &[]string{network.String()}})
	})
}

// phones are numbers that the authorities give to nobody, for use in stories
// (Ofcom, 020 7946 0xxx; ARCEP, 01 99 00 xx xx).
var phones = map[string]string{"en": "+44 20 7946 00%02d", "fr": "+33 1 99 00 00 %02d"}

// ownDetails is what somebody puts right about themselves: where they are, and
// perhaps a telephone number and how the portal looks.
func (f *filling) ownDetails(who db.Who, p *player) error {
	var me people.Person
	err := f.DB.View(f.ctx, func(tx *db.Tx) (err error) {
		me, _, err = people.PersonByID(tx, p.userID)
		return err
	})
	if err != nil {
		return err
	}
	in := people.Details{FirstName: me.FirstName, LastName: me.LastName, Language: string(me.Lang), TimeZone: p.company.zone}
	if f.one(2) {
		phone := fmt.Sprintf(phones[cmp.Or(p.company.language, "en")], f.random.IntN(100))
		in.Phone = &phone
	}
	if err := f.People.SetDetails(f.ctx, who, me.DetailsVersion, in); err != nil || p.login || !f.one(5) {
		return err
	}
	return f.People.SetTheme(f.ctx, who, "dark")
}

// forgetsPassword is somebody who asks for a link, and chooses another password.
func (f *filling) forgetsPassword(p *player) error {
	if err := f.door.AskReset(f.ctx, p.from, signin.Forgotten{Email: p.email}); err != nil {
		return err
	}
	f.pass(20 * time.Second)
	if _, err := f.door.Errands(f.ctx); err != nil {
		return err
	}
	if err := f.collect(); err != nil {
		return err
	}
	f.pass(2 * time.Minute)
	p.password = f.another(p)
	if _, err := f.door.Reset(f.ctx, p.from, f.letters[p.userID], p.password); err != nil {
		return fmt.Errorf("%s forgot their password: %w", p.key, err)
	}
	return nil
}

func (f *filling) unlock(by, whom, reason string) error {
	p := f.players[whom]
	return f.upon(by, p, func(who db.Who, version int64) error {
		_, err := f.help.Unlock(f.ctx, who, p.company.accountID, p.userID, version, reason)
		return err
	})
}

func (f *filling) askForPassword(by, whom, reason string) error {
	p := f.players[whom]
	return f.upon(by, p, func(who db.Who, version int64) error {
		return f.help.RequirePassword(f.ctx, who, p.company.accountID, p.userID, version, reason)
	})
}
