// Package people holds the life of users: who they are, in which accounts they
// are, how they come in by invitation, and how they are shut out again.
//
// A Person is kept once; a Member is that person in one account, with their
// roles, scopes and state there. Administrators act on members; what they may do
// to the person behind is little, and less when that person is in several
// accounts.
//
//	invite ──mail──▶ link opened ──password──▶ (second factor) ──▶ active ⇄ deactivated
//	   ▲ resend: the earlier link is dead        │30 minutes, else a new link    │
//	   └─ invitation deactivated / expired ◀─────┘            deleted: a tombstone ──retention──▶ erased
//
// The use cases are Board (an account with its first administrator), Invite,
// Resend, DeactivateInvitation, Deactivate, Reactivate, ChangeAccess, Edit,
// ChangeEmail (and ConfirmEmail behind its link), Delete, ResetFactor and SetUpAgain;
// Initialise starts the platform, and Sweep erases who left long ago. The status
// of a member is derived in one place, statusSQL, and stored nowhere.
//
//	board.go, invite.go, invitation.go   how somebody comes in
//	change.go, factor.go, edit.go        what changes of them
//	email.go                             their address
//	delete.go, erase.go                  how they go
//	bulk.go, export.go, help.go          what is done to many, taken out, or done by package signin
//	list.go, look.go, find.go, code.go   lists of any length, and who keeps them so (relist_sql.go)
//	fields.go, networks.go               what must be said of them, and how
//	properties.go                        values of registered properties, which restrictions are decided by
//	*_sql.go                             what is read and written
//
// The one rule: nobody gives what they may not give (access.CanGrant), acts on
// somebody whose roles they could not give (access.CanManage), or touches their
// own access.
package people

import (
	"cmp"
	"context"
	"log/slog"
	"net/mail"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/text/unicode/norm"

	"countersign/internal/access"
	"countersign/internal/audit"
	"countersign/internal/db"
	"countersign/internal/fault"
	"countersign/internal/lang"
	"countersign/internal/org"
	"countersign/internal/profile"
)

// People are the use cases. Make them with New.
type People struct {
	db       *db.DB
	guard    org.Guard
	profiles profile.Profiles
	audit    *audit.Log
	bounds   bounds
}

// New makes the use cases over a database; live answers what they ask.
func New(d *db.DB, live *access.Live, profiles profile.Profiles, log *audit.Log) *People {
	return &People{db: d, guard: org.Guard{Live: live}, profiles: profiles, audit: log, bounds: usualBounds()}
}

// Person is one human being, whatever accounts they are in.
type Person struct {
	ID, FirstName, LastName string
	Email, Username, Phone  string
	Lang                    lang.Tag
	TimeZone                string // IANA name
	Theme                   string // auto, light, dark
	Epoch                   int64  // sessions of an older one are dead
	HasPassword             bool
	InactiveLockedAt        int64 // µs; 0 is not
	LastSignInAt            int64 // µs; 0 is never
	DetailsVersion          int64 // of their own details: names, language, time zone
}

// Name is first and last name as people write it; of somebody who gave none, what
// they sign in with.
func (p Person) Name() string { return cmp.Or(p.written(), p.Email, p.Username) }

// written is the name as it is typed, which may be empty: for letters.
func (p Person) written() string { return strings.TrimSpace(p.FirstName + " " + p.LastName) }

const (
	nameMax    = 100 // code points
	emailMax   = 254 // octets (RFC 5321, 4.5.3.1.3 less the angle brackets)
	localMax   = 64  // octets (RFC 5321, 4.5.3.1.1)
	phoneMax   = 32
	reasonMax  = 500
	entityMost = 200 // entities in one assignment
	roleMost   = 50  // roles of one person in one account
)

// EmailKey is the form in which addresses are unique and looked up: NFKC, lower
// case, the domain in ASCII (RFC 5891); dots and plus signs stay. false for what
// is no address.
func EmailKey(address string) (string, bool) {
	address = strings.TrimSpace(address)
	if !utf8.ValidString(address) || len(address) > emailMax || strings.ContainsAny(address, "<>()[]\\,;:\"") || strings.ContainsFunc(address, hidden) {
		return "", false
	}
	local, domain, ok := strings.Cut(address, "@")
	if !ok || local == "" || len(local) > localMax || strings.Contains(domain, "@") || !strings.Contains(domain, ".") {
		return "", false
	}
	ascii, err := idna.Lookup.ToASCII(strings.ToLower(domain))
	if err != nil {
		return "", false
	}
	key := strings.ToLower(norm.NFKC.String(local)) + "@" + ascii
	if a, err := mail.ParseAddress(key); err != nil || a.Address != key {
		return "", false
	}
	return key, true
}

// hidden tells whether a character does not show, so that two addresses could look the same.
func hidden(r rune) bool {
	return unicode.IsSpace(r) || unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp) || unicode.Is(unicode.Variation_Selector, r)
}

// emailField cleans an address and notes what is wrong with it.
func emailField(f *fault.Fields, address string) (clean, key string) {
	clean, problem := lang.Line(address, emailMax)
	if problem != "" {
		f.Add("email", problem, "max", emailMax)
		return "", ""
	}
	key, ok := EmailKey(clean)
	if !ok {
		f.Add("email", "email")
	}
	return clean, key
}

func languageField(f *fault.Fields, code string) lang.Tag {
	if code == "" {
		return lang.English
	}
	tag, ok := lang.Parse(code)
	if !ok {
		f.Add("language", "language")
	}
	return tag
}

// refusing runs an update and records it when it was refused. e says what was tried.
func (p *People) refusing(ctx context.Context, who db.Who, e audit.Entry, f func(*db.Tx) error) error {
	if err := p.db.Update(ctx, who, f); err != nil {
		return p.audit.Refuse(ctx, who, e, err)
	}
	return nil
}

// account reads the account that a use case acts in, and refuses as if there
// were none when who has nothing there.
func (p *People) account(tx *db.Tx, who db.Who, accountID string, permission string) (org.Account, profile.Settings, error) {
	if err := p.guard.May(tx, who, accountID, access.MustParse(permission)); err != nil {
		return org.Account{}, profile.Settings{}, err
	}
	a, ok, err := org.AccountByID(tx, accountID)
	if err == nil && !ok {
		err = fault.None("account")
	}
	if err != nil {
		return a, profile.Settings{}, err
	}
	s, err := org.Settings(tx, p.profiles, accountID)
	return a, s, err
}

// LogValue keeps a person's details out of the log.
func (p Person) LogValue() slog.Value { return slog.StringValue(p.ID) }
