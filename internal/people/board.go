package people

import (
	"context"

	"countersign/internal/access"
	"countersign/internal/audit"
	"countersign/internal/db"
	"countersign/internal/fault"
	"countersign/internal/org"
	"countersign/internal/profile"
	"countersign/internal/roles"
	"countersign/internal/seal"
)

// Boarding is a new account with the person who is to run it.
type Boarding struct {
	Account org.New
	First   Invitee // its Access is not read: they get the profile's highest role over all of the account
}

// Board creates an account below another and invites its first administrator.
// It returns the new account and that person's user id.
func (p *People) Board(ctx context.Context, who db.Who, operatorAccountID string, in Boarding) (a org.Account, userID string, err error) {
	e := audit.Entry{Action: audit.AccountCreated, AccountID: operatorAccountID, Kind: "account", ID: operatorAccountID}
	err = p.refusing(ctx, who, e, func(tx *db.Tx) error {
		above, _, err := p.account(tx, who, operatorAccountID, "accounts:create")
		if err != nil {
			return err
		}
		var f fault.Fields
		if in.Account.Kind == access.LegalEntity {
			return fault.In("kind", "account_kind")
		}
		in.Account.Check(&f, p.profiles)
		person, key := in.First.person(&f, p.mandatoryIn(in.Account.Profile))
		if in.Account.ParentID == "" {
			in.Account.ParentID = above.EntityID
		}
		parents, err := org.EntitiesIn(tx, above, []string{in.Account.ParentID})
		if err != nil {
			return err
		}
		if len(parents) != 1 {
			f.Add("parent", "unknown_entity")
			return f.Err()
		}
		in.Account.ParentID = parents[0].ID
		if err := p.guard.On(tx, who, operatorAccountID, parents[0].ID, access.MustParse("accounts:create")); err != nil {
			return err
		}
		if err := f.Err(); err != nil {
			return err
		}
		if a, err = org.CreateAccount(tx, in.Account, p.profiles); err != nil {
			return err
		}
		m, person, settings, err := p.first(tx, a, joining{person: person, key: key})
		if err != nil {
			return err
		}
		userID = m.UserID
		a.Users++
		return p.invite(tx, a, m, person, settings.InvitationLifetime)
	})
	return a, userID, err
}

// mandatoryIn is what a profile makes mandatory of the first administrator of an
// account; one that is not there is refused elsewhere.
func (p *People) mandatoryIn(profileName string) Mandatory {
	pr, ok := p.profiles.Get(profileName)
	if !ok {
		return Mandatory{}
	}
	return MandatoryOf(pr.Settings)
}

// first installs the profile's roles in a new account and adds its first
// administrator, who gets the highest of them: in a profile that knows an owner,
// that. Of them a second factor is asked unless the profile leaves it open.
func (p *People) first(tx *db.Tx, a org.Account, j joining) (Member, Person, profile.Settings, error) {
	pr, _ := p.profiles.Get(a.Profile)
	settings := pr.Settings
	if err := roles.Install(tx, a.ID, a.Kind, pr); err != nil {
		return Member{}, j.person, settings, err
	}
	top, err := highest(tx, a, pr)
	if err != nil {
		return Member{}, j.person, settings, err
	}
	j.list = []roles.Assignment{{RoleID: top.ID, AllEntities: true}}
	j.like = Member{FirstAdministrator: true, Owner: true, TwoFactorRequired: settings.TwoFactor != "optional", TwoFactorActions: AnyAction}
	m, person, err := p.admit(tx, a, settings, j)
	return m, person, settings, err
}

func highest(tx *db.Tx, a org.Account, pr *profile.Profile) (roles.Role, error) {
	list, err := roles.List(tx, a.ID, pr)
	if err != nil {
		return roles.Role{}, err
	}
	for _, r := range list {
		if r.Administrator {
			return r, nil
		}
	}
	return roles.Role{}, fault.In("profile", "unknown_profile")
}

// Founding is what a platform starts from.
type Founding struct {
	Name, CustomerID           string
	Environment                string
	FirstName, LastName, Email string
	Language                   string
	Again                      bool // a fresh link for the first administrator, while none is active
}

// Initialise makes the platform and its first administrator, and returns the
// token of their one-time link. It is for the command line alone. It is refused
// when there is a platform: "initialised", unless Again is set and no
// administrator is active yet ("administrator_active").
func (p *People) Initialise(ctx context.Context, in Founding) (token seal.Secret, err error) {
	who := db.Who{Kind: db.Operator, ID: "init"}
	err = p.db.Update(ctx, who, func(tx *db.Tx) error {
		a, exists, err := org.Platform(tx)
		switch {
		case err != nil:
			return err
		case exists && !in.Again:
			return fault.New(fault.Conflict, "initialised")
		case exists:
			token, err = p.again(tx, a)
			return err
		case in.Again:
			return fault.New(fault.Conflict, "not_initialised")
		}
		token, err = p.found(tx, in)
		return err
	})
	return token, err
}

func (p *People) found(tx *db.Tx, in Founding) (seal.Secret, error) {
	var f fault.Fields
	n := org.New{Kind: access.Partner, Name: in.Name, CustomerID: in.CustomerID, Environment: in.Environment}
	n.Check(&f, p.profiles)
	n.Kind = access.Platform
	person, key := Invitee{FirstName: in.FirstName, LastName: in.LastName, Email: in.Email, Language: in.Language}.person(&f, p.mandatoryIn(n.Profile))
	if err := f.Err(); err != nil {
		return "", err
	}
	a, err := org.CreateAccount(tx, n, p.profiles)
	if err != nil {
		return "", err
	}
	if err := audit.Record(tx, audit.Entry{Action: audit.PlatformInitialised, AccountID: a.ID, Kind: "account", ID: a.ID}); err != nil {
		return "", err
	}
	if _, _, _, err := p.first(tx, a, joining{person: person, key: key}); err != nil {
		return "", err
	}
	return p.again(tx, a)
}

// again makes a fresh link for the platform's first administrator and hands it
// over instead of mailing it.
func (p *People) again(tx *db.Tx, a org.Account) (seal.Secret, error) {
	if a.Open {
		return "", fault.New(fault.Conflict, "administrator_active")
	}
	settings, err := org.Settings(tx, p.profiles, a.ID)
	if err != nil {
		return "", err
	}
	var m Member
	found, err := db.One(tx, m.dest(), `SELECT `+memberColumns+` WHERE m.account_id = $1 AND m.first_administrator`, a.ID)
	if err != nil || !found {
		return "", fault.New(fault.Conflict, "not_initialised").Because(err)
	}
	token, err := p.handOver(tx, a, m, settings.InvitationLifetime)
	if err != nil {
		return "", err
	}
	return token, audit.Record(tx, audit.Entry{Action: audit.InvitationResent, AccountID: a.ID, Kind: "user", ID: m.UserID})
}
