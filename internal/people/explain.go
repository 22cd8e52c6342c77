package people

import (
	"context"
	"net/netip"
	"slices"
	"strings"

	"golang.org/x/text/currency"

	"countersign/internal/access"
	"countersign/internal/audit"
	"countersign/internal/db"
	"countersign/internal/fault"
	"countersign/internal/lang"
	"countersign/internal/org"
	"countersign/internal/resource"
	"countersign/internal/roles"
)

// Asked is a question about what somebody may do to one record. What it leaves out
// of the record is unknown; what it leaves out of how they are signed in is as it
// usually is: with a second factor where they have one, fresh, and from where they
// may work.
type Asked struct {
	Permission             string
	Entity                 string // id or customer ID
	Resource               string // of a registered type: the id under which the account has stored it, which then says the entity and the location
	Location               string // id
	Owner, State, Currency string // of the record
	Amount                 int64  // minor units of Currency
	HasAmount              bool   // Amount is known
	SecondFactor, Fresh    *bool
	IP                     string
	Said                   []Said // of a registered type: what the service that asks would say
}

// Said is what a service would say of a property that it vouches for.
type Said struct {
	Name  string // "resource.pages", "action.soft", "user.shift"
	Value string // as somebody types it; "" is nothing
}

// Explained is the answer, with all that it names.
type Explained struct {
	access.Explanation
	Ways      []access.Way // what would change a deny, as far as it is the asker's to say
	Ask       []string     // names of who can give roles, where the asker cannot
	Elsewhere bool         // it is allowed by an account that the asker does not see

	User     Row
	Self     bool // the asker asks about themselves
	MayGive  bool // the asker may change this user's access here
	Question access.Question
	Entity   org.Entity
	Networks []netip.Prefix // from where they may work in this account; none is from anywhere
	Account  org.Account
	Places   map[string]Place        // the accounts of the memberships, by id
	Entities map[string]org.Entity   // that it names, by id
	Shops    map[string]org.Location // locations that it names, by id
}

// Place is an account with what its people may have.
type Place struct {
	Account  org.Account
	Roles    map[string]roles.Role
	Policies map[string]string // names of the shared ones, by id
}

// Explain answers why somebody may do something, or may not, and what would change
// that (R13). Whoever may see what that person may do may ask, about entities over
// which they may; and everybody about themselves. Nothing is told of accounts
// in which the asker sees nobody.
func (p *People) Explain(ctx context.Context, who db.Who, accountID, userID string, in Asked) (out Explained, err error) {
	e := audit.Entry{Action: audit.PageRefused, AccountID: accountID, Kind: "user", ID: userID}
	err = p.db.View(ctx, func(tx *db.Tx) error {
		x, err := p.explaining(tx, who, accountID, userID)
		if err != nil {
			return err
		}
		if err := x.ask(in); err != nil {
			return err
		}
		x.out.Explanation, x.out.Elsewhere = access.Explain(x.snapshot, x.out.Question).Explains(x.sees)
		if !x.out.Decision.Allowed {
			x.out.Ways = x.modest(access.Advise(x.snapshot, x.out.Question, x.sees, x.gives))
		}
		if err := x.name(); err != nil {
			return err
		}
		out = x.out
		return x.err
	})
	if err != nil {
		return Explained{}, p.audit.Refuse(ctx, who, e, err)
	}
	return out, nil
}

// explaining is a question under way in one transaction.
type explaining struct {
	people   *People
	tx       *db.Tx
	who      db.Who
	snapshot *access.Snapshot
	out      Explained
	seen     map[string]bool
	at       map[string]*giving
	err      error // of what was read while the rules asked
}

// explaining refuses whoever may not ask about somebody; nobody's id and another
// account's are answered alike.
func (p *People) explaining(tx *db.Tx, who db.Who, accountID, userID string) (x explaining, err error) {
	x = explaining{people: p, tx: tx, who: who, seen: map[string]bool{}, at: map[string]*giving{}}
	if x.snapshot, err = p.guard.Snapshot(tx); err != nil {
		return x, err
	}
	x.out.Self = who.Kind == db.User && who.ID == userID
	if !x.out.Self || org.Outside(x.snapshot, org.Question(tx, who, accountID)) {
		if err = p.guard.May(tx, who, accountID, access.MustParse("users:view")); err != nil {
			return x, err
		}
	}
	found := false
	if x.out.Account, found, err = org.AccountByID(tx, accountID); err == nil && !found {
		err = fault.None("account")
	}
	if err != nil {
		return x, err
	}
	if x.out.User, err = p.Get(tx, x.out.Account, userID); err != nil {
		return x, err
	}
	x.out.Networks, err = Networks(tx, accountID, x.out.User.Member.ID)
	return x, err
}

// Explainable is over which entities somebody may ask such questions: those over
// which they may see users, and about themselves also those that they see or over
// which they hold what they ask about.
func Explainable(s *access.Snapshot, asker access.Question, self bool, about access.Permission) (reach []access.Reach) {
	permissions := []access.Permission{access.MustParse("users:view")}
	if self {
		permissions = append(permissions, access.MustParse("entities:view"), about)
	}
	for _, asker.Permission = range permissions {
		reach = append(reach, access.Scope(s, asker)...)
	}
	for i := range reach {
		reach[i].AllLocations, reach[i].Locations = true, nil // it is about entities
	}
	return reach
}

// ask makes the question, and names every field that is wrong.
func (x *explaining) ask(in Asked) error {
	var f fault.Fields
	q := access.Question{User: x.out.User.ID(), Within: x.out.Account.ID, Now: x.tx.Now, SecondFactor: x.out.User.Factors > 0, Fresh: true}
	permission, known := access.Parse(in.Permission)
	switch {
	case in.Permission == "":
		f.Add("permission", "required")
	case !known:
		f.Add("permission", "unknown_permission", "permission", plain(in.Permission))
	}
	q.Permission = permission
	if in.Resource != plain(in.Resource) {
		f.Add("resource", "invalid")
	} else if err := x.stored(&q, &in); err != nil {
		return err
	}
	if err := x.place(&q, in, &f); err != nil {
		return err
	}
	q.Owner, q.State, q.Amount, q.HasAmount = in.Owner, in.State, in.Amount, in.HasAmount
	for _, field := range [][2]string{{"owner", in.Owner}, {"state", in.State}} {
		if field[1] != plain(field[1]) {
			f.Add(field[0], "invalid")
		}
	}
	if in.HasAmount && in.Amount < 0 {
		f.Add("amount", "invalid")
	}
	if q.Currency = strings.ToUpper(in.Currency); q.Currency != "" {
		if _, err := currency.ParseISO(q.Currency); err != nil {
			f.Add("currency", "invalid")
		}
	}
	x.said(&q, in.Said, &f)
	x.signedIn(&q, in, &f)
	x.out.Question = q
	return f.Err()
}

// saidMost is how many properties can be said.
const saidMost = 100

// said takes up what a service would say. What is stored it cannot say otherwise.
func (x *explaining) said(q *access.Question, list []Said, f *fault.Fields) {
	if len(list) > saidMost {
		f.Add("said", "too_many", "max", saidMost)
		return
	}
	info := q.Permission.Info()
	for _, s := range list {
		part, name, _ := strings.Cut(s.Name, ".")
		p, found := x.snapshot.Property(info.Resource, access.ParsePart(part), name)
		if !info.Registered || !found || p.Vouched != access.ByCaller {
			f.Add("said", "property_not_said", "name", plain(s.Name))
			continue
		}
		text, code := resource.Fit(p.Kind, resource.Given{Text: s.Value})
		if code == "" && slices.ContainsFunc(q.Claims, func(c access.Claim) bool { return c.Part == p.Part && c.Name == p.Name }) {
			code = "property_twice"
		}
		switch {
		case code != "":
			f.Add("said."+s.Name, code, "name", name, "type", info.Resource, "of", part)
		case text != "":
			q.Claims = append(q.Claims, access.Claim{Part: p.Part, Name: p.Name, Kind: p.Kind, Text: text})
		}
	}
}

// stored looks up a resource of a registered type. One that stands where the asker
// may not ask is as good as none.
func (x *explaining) stored(q *access.Question, in *Asked) error {
	info := q.Permission.Info()
	t, registered := x.snapshot.Type(info.Resource)
	if !info.Registered || !registered {
		return nil
	}
	if t.From == access.FromAccount {
		in.Entity = x.out.Account.EntityID
	}
	r, found := x.snapshot.Resource(access.ResourceKey{AccountID: x.out.Account.ID, Type: t.Name, ID: in.Resource})
	if !found {
		return nil
	}
	reach := Explainable(x.snapshot, org.Question(x.tx, x.who, x.out.Account.ID), x.out.Self, q.Permission)
	_, found, err := org.NodeWithin(x.tx, reach, r.EntityID)
	if err == nil && found {
		q.Resource, in.Entity, in.Location = r.ID, r.EntityID, r.LocationID
	}
	return err
}

// plain is a text as it can be shown; another one for what cannot be.
func plain(text string) string {
	clean, problem := lang.Line(text, nameMax)
	if problem != "" && text != "" {
		return "?"
	}
	return clean
}

// signedIn is how they are signed in.
func (x *explaining) signedIn(q *access.Question, in Asked, f *fault.Fields) {
	if in.SecondFactor != nil {
		q.SecondFactor = *in.SecondFactor
	}
	if in.Fresh != nil {
		q.Fresh = *in.Fresh
	}
	switch ip, err := netip.ParseAddr(in.IP); {
	case in.IP == "" && len(x.out.Networks) > 0:
		q.IP = x.out.Networks[0].Addr()
	case in.IP == "":
	case err != nil || ip.Zone() != "":
		f.Add("ip", "ip_address")
	default:
		q.IP = ip.Unmap()
	}
}

// place is where the record is: an entity that the asker may ask about, and a location there.
func (x *explaining) place(q *access.Question, in Asked, f *fault.Fields) error {
	if in.Entity == "" {
		f.Add("entity", "required")
		return nil
	}
	own := x.out.Account
	reach := Explainable(x.snapshot, org.Question(x.tx, x.who, own.ID), x.out.Self, q.Permission)
	n, found, err := org.NodeWithin(x.tx, reach, in.Entity)
	if err == nil && !found && x.out.Self && (in.Entity == own.EntityID || in.Entity == own.CustomerID) {
		n.Entity, found, err = org.EntityByID(x.tx, own.EntityID)
	}
	if err != nil {
		return err
	}
	if !found {
		f.Add("entity", "unknown_entity")
		return nil
	}
	q.Entity, x.out.Entity = n.ID, n.Entity
	if in.Location == "" {
		return nil
	}
	asks := *q
	asks.Permission, asks.Location, asks.User = access.MustParse("home:view"), in.Location, x.who.ID
	l, found, err := org.LocationByID(x.tx, in.Location)
	if err != nil {
		return err
	}
	if !found || access.Decide(x.snapshot, asks).Reasons&access.UnknownLocation != 0 {
		f.Add("location", "unknown_location")
		return nil
	}
	q.Location, x.out.Shops = l.ID, map[string]org.Location{l.ID: l}
	return nil
}

// sees tells whether the asker may see the people of an account, or is one of them
// and asks about themselves.
func (x *explaining) sees(accountID string) bool {
	sees, known := x.seen[accountID]
	if !known {
		q := org.Question(x.tx, x.who, accountID)
		q.Permission = access.MustParse("users:view")
		sees = accountID == x.out.Account.ID || x.out.Self && !org.Outside(x.snapshot, q) || access.May(x.snapshot, q).Allowed
		x.seen[accountID] = sees
	}
	return sees
}
