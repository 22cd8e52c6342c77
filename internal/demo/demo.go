// Package demo makes the believable world of "countersign demo": a small payment
// platform whose people have been at work for a year.
//
//	cast.go    who is in it: companies, entities, shops, people and their fates
//	           (merchants.go), and the many who are drawn (staff.go, names.go)
//	story.go   what happened, and when (calendar.go; orders.go has the platform's own service)
//	stage.go   how it is played: every scene goes through the use cases that the
//	           portal calls, on a clock that Fill moves, so audit entries, mails,
//	           statuses and rights are real
//	welcome.go what is printed for whoever tries it
//
// The same seed and time make the same world, but for ids, keys and tokens.
//
// The one rule: it fills an empty database only, and marks it as a demo for
// ever before anything else is in it. Its password is public.
package demo

import (
	"context"
	"encoding/base32"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/pquerna/otp/totp"

	"countersign/internal/access"
	"countersign/internal/audit"
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

// Password is everybody's in the demo world.
const Password = "otters-juggle-nine-teacups"

const issuer = "Countersign demo" // what authenticator apps show

// Deps are what Fill works with, all over the same database.
type Deps struct {
	DB        *db.DB // opened on Clock.Now, and migrated
	Clock     *Clock
	Live      *access.Live // kept current by a snapshot.Keeper
	Profiles  profile.Profiles
	Audit     *audit.Log
	People    *people.People
	Org       *org.Org
	Passwords *signin.Passwords // hashes Password, once
}

// Options of Fill. The zero value is the world that make run shows.
type Options struct {
	Seed  uint64 // another seed: other names, days and hours
	Small bool   // only those who have a name in the story

	Users    int                // further people, at most 1,000,000
	Accounts int                // further merchants' accounts that they are in; 0: one for a hundred of them
	Progress func(made, of int) // called after each batch of them; nil: nobody is told

	Month func(time.Time) // called when a month of the story begins; nil: nobody is told
}

// World is what Fill made.
type World struct {
	Logins            []Login
	Accounts, Persons int
}

// Login is somebody whom a visitor can be.
type Login struct {
	Key        string // a stable name for tests and pictures: "northwind.owner"
	Name       string
	Identifier string // what they sign in with
	Password   string
	Secret     string // of the authenticator app, base32
	URI        string // the same as otpauth://…
	Role       string // in English
	RoleKey    string
	Account    string // name
	CustomerID string
	AccountID  string
	UserID     string
	FirstPage  string // the path where they begin
}

// Fill makes the world. It refuses a database that has a platform, or was ever a
// demo ("not_empty", Conflict). When it fails half way the database stays marked
// and is of no use any more.
func Fill(ctx context.Context, d Deps, o Options) (World, error) {
	if err := o.checkCrowd(); err != nil {
		return World{}, err
	}
	f := begin(ctx, d, o)
	defer d.Clock.run()
	d.Clock.set(f.day(founded, 9))
	who := db.Who{Kind: db.Operator, ID: "demo"}
	if err := d.DB.Update(ctx, who, mark); err != nil {
		d.Clock.run()
		return World{}, d.Audit.Refuse(ctx, who, audit.Entry{Action: audit.DemoFilled, Kind: "instance", ID: "demo"}, err)
	}
	hash, err := d.Passwords.Hash(ctx, Password)
	if err != nil {
		return World{}, err
	}
	f.tell()
	var c *crowd
	if o.Users > 0 {
		c = f.beginCrowd(o)
	}
	if err := d.DB.Relax(ctx); err != nil {
		return World{}, err
	}
	if err := errors.Join(f.fill(c, who, hash), d.DB.Settle(ctx)); err != nil {
		return World{}, err
	}
	w := f.world()
	if c != nil {
		w.Accounts, w.Persons = w.Accounts+o.Accounts-1, w.Persons+c.made
	}
	return w, nil
}

// fill plays the story, and then adds the crowd, if there is one.
func (f *filling) fill(c *crowd, who db.Who, hash string) error {
	if err := f.play(); err != nil {
		return fmt.Errorf("fill the demo world: %w", err)
	}
	if err := f.DB.Update(f.ctx, who, func(tx *db.Tx) error { return f.finish(tx, hash) }); err != nil || c == nil {
		return err
	}
	if err := c.play(hash); err != nil {
		return fmt.Errorf("make the crowd: %w", err)
	}
	return nil
}

// mark is the first thing that an empty database gets.
func mark(tx *db.Tx) error {
	_, platform, err := org.Platform(tx)
	if err != nil {
		return err
	}
	marked, err := Marked(tx)
	if err != nil {
		return err
	}
	if platform || marked {
		return fault.New(fault.Conflict, "not_empty")
	}
	if err := keepMark(tx); err != nil {
		return err
	}
	return audit.Record(tx, audit.Entry{Action: audit.DemoFilled, Kind: "instance", ID: "demo", Changes: []audit.Change{{Field: "demo", After: "true"}}})
}

// finish gives everybody the one hash of the real cost, and says how much there is.
func (f *filling) finish(tx *db.Tx, hash string) error {
	if err := shareHash(tx, hash); err != nil {
		return err
	}
	return audit.Record(tx, audit.Entry{Action: audit.DemoFilled, Kind: "instance", ID: "demo", Changes: []audit.Change{
		{Field: "accounts", After: fmt.Sprint(len(f.companies))}, {Field: "users", After: fmt.Sprint(f.persons())},
	}})
}

// Code is the one-time code of a login's secret at a time, for whoever has no
// authenticator app at hand.
func Code(secret string, at time.Time) (string, error) {
	if raw, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(secret); err != nil || len(raw) < 16 {
		return "", fault.In("key", "demo_key")
	}
	return totp.GenerateCode(secret, at)
}

func begin(ctx context.Context, d Deps, o Options) *filling {
	f := &filling{Deps: d, ctx: ctx, now: d.Clock.Now().UTC(), small: o.Small, month: o.Month, random: rand.New(rand.NewPCG(o.Seed, 0x636f756e746572)),
		companies: map[string]*companyOnStage{}, players: map[string]*player{}, entities: map[string]string{}, letters: map[string]seal.Secret{}, pools: pools()}
	// Whoever acts here signs in many times: a cost of nearly nothing, until finish.
	quick := signin.NewPasswords(signin.Cost{MemoryKiB: 8, Passes: 1, Lanes: 1}, 1, 1, d.DB.Random())
	f.door = signin.New(d.DB, d.Audit, quick, func(tx *db.Tx, accountID string) (profile.Settings, error) {
		return org.Settings(tx, d.Profiles, accountID)
	}, signin.Site{Name: issuer})
	f.help = signin.NewHelp(f.door, d.People)
	f.roles = roles.New(d.DB, d.Live, d.Profiles, d.Audit, people.RelistAccess)
	f.resources = resource.New(d.DB, d.Live, d.Profiles, d.Audit)
	return f
}
