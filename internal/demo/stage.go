package demo

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"time"

	"countersign/internal/db"
	"countersign/internal/fault"
	"countersign/internal/org"
	"countersign/internal/people"
	"countersign/internal/profile"
	"countersign/internal/resource"
	"countersign/internal/roles"
	"countersign/internal/seal"
	"countersign/internal/signin"
)

// filling is a story being played.
type filling struct {
	Deps
	ctx       context.Context
	now       time.Time // when the story ends
	small     bool      // Options.Small
	month     func(time.Time)
	random    *rand.Rand
	door      *signin.Door
	help      *signin.Help
	roles     *roles.Roles
	resources *resource.Resources
	scenes    []scene
	companies map[string]*companyOnStage // by customer ID
	order     []*companyOnStage
	players   map[string]*player     // by key
	entities  map[string]string      // ids by customer ID
	letters   map[string]seal.Secret // the links that people have got, by user id
	pools     []pool
}

// companyOnStage is a company whose account may exist by now.
type companyOnStage struct {
	company
	accountID, entityID string
	roleIDs             map[string]string // by key
	players             []*player
}

// player is a person in a company; self is shared by those who are one human being.
type player struct {
	person
	key     string
	company *companyOnStage
	*self
	in      bool // they have come in
	settled bool // they have put their own details in order
}

type self struct {
	userID, firstName, lastName, email string
	from                               db.Who // whence they come
	factor                             signin.AppView
	next                               string // an address that waits to be confirmed
	password                           string // until finish gives everybody the same; "" is Password
	passwords                          int    // how many they have had besides
}

// agents are what browsers call themselves.
var agents = []string{
	"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36",
	"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Safari/605.1.15",
	"Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0",
	"Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Mobile/15E148 Safari/604.1",
}

// enter brings a company and its people onto the stage.
func (f *filling) enter(c company) *companyOnStage {
	s := &companyOnStage{company: c}
	f.companies[c.id], f.order = s, append(f.order, s)
	people := c.people
	if !f.small {
		people = append(people, f.staffOf(c)...)
	}
	for _, p := range people {
		pl := &player{person: p, key: c.key + "." + p.key, company: s}
		if p.as != "" {
			pl.self = f.players[p.as].self
		} else {
			pl.self = f.born(c, p)
		}
		f.players[pl.key] = pl
		s.players = append(s.players, pl)
	}
	return s
}

// networks are those for documentation (RFC 5737).
var networks = [][3]byte{{192, 0, 2}, {198, 51, 100}, {203, 0, 113}}

// born gives a person a name and a network address that nobody else has.
func (f *filling) born(c company, p person) *self {
	for {
		x := &self{firstName: p.first, lastName: p.last, email: p.local + "@" + c.domain}
		if p.first == "" {
			var local string
			x.firstName, x.lastName, local = f.draw(c.home)
			x.email = local + "@" + c.domain
		}
		n := networks[len(f.order)%len(networks)] // colleagues share one
		x.from = db.Who{IP: netip.AddrFrom4([4]byte{n[0], n[1], n[2], byte(1 + f.random.IntN(250))}), UserAgent: agents[f.random.IntN(len(agents))]}
		if !f.taken(x) {
			return x
		}
	}
}

func (f *filling) taken(x *self) bool {
	for _, p := range f.players {
		if p.firstName == x.firstName && p.lastName == x.lastName || p.email == x.email || p.from.IP == x.from.IP {
			return true
		}
	}
	return false
}

// play plays the scenes in the order of time. One that took longer than
// planned makes the next begin later; the clock never goes back.
func (f *filling) play() error {
	slices.SortStableFunc(f.scenes, func(a, b scene) int { return a.at.Compare(b.at) })
	for len(f.scenes) > 0 {
		s := f.scenes[0]
		f.scenes = f.scenes[1:]
		if f.month != nil && s.at.Month() != f.Clock.Now().Month() {
			f.month(s.at)
		}
		f.pass(s.at.Sub(f.Clock.Now()))
		if err := s.play(); err != nil {
			return fmt.Errorf("%s: %w", f.Clock.Now().Format(time.DateTime), err)
		}
		f.Audit.Flush(f.ctx)
	}
	return nil
}

// later puts a scene that follows from another one among those to come. What
// would be after the end of the story does not happen.
func (f *filling) later(by time.Duration, play func() error) {
	at := f.Clock.Now().Add(by)
	if at.After(f.now) {
		return
	}
	i, _ := slices.BinarySearchFunc(f.scenes, at, func(s scene, at time.Time) int {
		if s.at.After(at) {
			return 1
		}
		return -1
	})
	f.scenes = slices.Insert(f.scenes, i, scene{at, play})
}

// pass lets time go by.
func (f *filling) pass(by time.Duration) { f.Clock.set(f.Clock.Now().Add(max(by, 0))) }

// collect takes the mails that are due out of the outbox, as a server would
// have sent them, and keeps the links in them for their recipients. Some do not
// arrive.
func (f *filling) collect() error {
	for {
		due, err := f.DB.Lease(f.ctx, 50, time.Minute)
		if err != nil || len(due) == 0 {
			return err
		}
		for _, m := range due {
			if token := m.Data["token"]; token != "" {
				f.letters[m.UserID] = seal.Secret(token)
			}
			if err := f.deliver(m); err != nil {
				return err
			}
		}
	}
}

func (f *filling) deliver(m db.Queued) error {
	how := arrives
	for _, c := range f.order {
		for _, p := range c.players {
			if p.userID == m.UserID && m.Kind == "invitation" && !p.in {
				how = p.mail
			}
		}
	}
	if how == refused {
		return f.DB.Refused(f.ctx, m.ID, db.Failure{Reason: "550", Problem: "the mail server said: 550 no such mailbox"})
	}
	if err := f.DB.Sent(f.ctx, m.ID); err != nil || how == arrives {
		return err
	}
	_, err := f.DB.Bounced(f.ctx, m.ID, "5.1.1")
	return err
}

// visit is a sign-in, something done, and signing out after a while.
func (f *filling) visit(key string, stay time.Duration, do func(db.Who) error) error {
	p := f.players[key]
	step, err := f.door.Start(f.ctx, p.from, p.email, cmp.Or(p.password, Password))
	if err == nil {
		step, err = f.second(p, step)
	}
	if err != nil {
		return fmt.Errorf("%s signs in: %w", key, err)
	}
	session, err := f.door.Session(f.ctx, step.Session)
	if err != nil {
		return fmt.Errorf("%s signs in: %w", key, err)
	}
	if do != nil {
		f.pass(40 * time.Second)
		if err := do(session.Who(p.from)); err != nil {
			return fmt.Errorf("%s: %w", key, err)
		}
	}
	f.later(stay, func() error { return f.door.SignOut(f.ctx, p.from, step.Session) })
	return nil
}

// second is all that is asked after the password.
func (f *filling) second(p *player, step signin.Step) (_ signin.Step, err error) {
	for err == nil {
		switch step.Next {
		case signin.NextSetup:
			step, err = f.setUp(p, step)
		case signin.NextCode:
			step, err = f.code(p, step)
		case signin.NextChange:
			p.password = f.another(p)
			step, err = f.door.Renew(f.ctx, p.from, step.Challenge, p.password)
		default:
			return step, nil
		}
	}
	return step, err
}

// another is a password that somebody has not had.
func (f *filling) another(p *player) string {
	p.passwords++
	return fmt.Sprint(Password, "-", p.passwords)
}

// code gives the code of somebody's app. It waits for one that was not used yet.
func (f *filling) code(p *player, step signin.Step) (signin.Step, error) {
	f.pass(30 * time.Second)
	code, err := Code(p.factor.Key.Reveal(), f.Clock.Now())
	if err != nil {
		return step, err
	}
	return f.door.Prove(f.ctx, p.from, step.Challenge, signin.Proof{Code: code})
}

// activate opens the link that somebody got, and goes through to the portal.
func (f *filling) activate(p *player) error {
	step, err := f.door.Activate(f.ctx, p.from, f.letters[p.userID], Password)
	if err == nil {
		step, err = f.second(p, step)
	}
	if err != nil {
		return fmt.Errorf("%s comes in: %w", p.key, err)
	}
	p.in = true
	f.later(4*time.Minute, func() error { return f.door.SignOut(f.ctx, p.from, step.Session) })
	return nil
}

func (f *filling) setUp(p *player, step signin.Step) (signin.Step, error) {
	view, err := f.door.Setup(f.ctx, p.from, step.Challenge)
	if err != nil {
		return step, err
	}
	p.factor = view.App
	f.pass(50 * time.Second)
	code, err := Code(view.App.Key.Reveal(), f.Clock.Now())
	if err != nil {
		return step, err
	}
	if step, err = f.door.FinishApp(f.ctx, p.from, step.Challenge, code, ""); err != nil || step.Next != signin.NextCodes {
		return step, err
	}
	f.pass(20 * time.Second)
	return f.door.Kept(f.ctx, p.from, step.Challenge)
}

// refused is nil when err is that refusal.
func (f *filling) refused(code string, err error) error {
	if got := fault.CodeOf(err); got != code {
		return fmt.Errorf("was to be refused with %s: %w", code, cmp.Or(err, fmt.Errorf("it was done")))
	}
	return nil
}

// roleID finds the id of a company's role.
func (f *filling) roleID(c *companyOnStage, key string) (string, error) {
	if c.roleIDs == nil {
		pr, _ := f.Profiles.Get(profile.Standard)
		err := f.DB.View(f.ctx, func(tx *db.Tx) error {
			list, err := roles.List(tx, c.accountID, pr)
			c.roleIDs = map[string]string{}
			for _, r := range list {
				c.roleIDs[r.Key] = r.ID
			}
			return err
		})
		if err != nil {
			return "", err
		}
	}
	if c.roleIDs[key] == "" {
		return "", fmt.Errorf("%s has no role %s", c.name, key)
	}
	return c.roleIDs[key], nil
}

// version is the one of a member that somebody would have on their screen.
func (f *filling) version(p *player) (version int64, err error) {
	err = f.DB.View(f.ctx, func(tx *db.Tx) error {
		m, _, err := people.MemberOf(tx, p.company.accountID, p.userID)
		version = m.Version
		return err
	})
	return version, err
}

func (c *companyOnStage) asNew() org.New {
	return org.New{Kind: c.kind, Name: c.name, CustomerID: c.id, Environment: c.environment}
}

func (p *player) invitee() people.Invitee {
	return people.Invitee{FirstName: p.firstName, LastName: p.lastName, Email: p.email, Language: cmp.Or(p.company.language, "en")}
}
