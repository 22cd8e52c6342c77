package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"countersign/internal/config"
	"countersign/internal/demo"
	"countersign/internal/lang"
	"countersign/internal/signin"
)

type demoCommand struct {
	config.Common
	MailDir   string `name:"mail-dir" env:"COUNTERSIGN_MAIL_DIR" placeholder:"DIR" help:"Where 'serve' will write mails; only named in what is printed."`
	PublicURL string `name:"public-url" env:"COUNTERSIGN_PUBLIC_URL" default:"http://localhost:8080" placeholder:"URL" help:"The address that people will type (default ${default})."`
	Seed      uint64 `default:"1" help:"Another seed makes other people."`
	Users     int    `placeholder:"N" help:"Add a crowd of N further people, up to a million, in merchants' accounts of their own."`
	Accounts  int    `placeholder:"M" help:"How many accounts the crowd is in, up to 10,000 (default: one for a hundred people; 1 puts all in one)."`
}

// Run fills an empty database and prints who can sign in to it.
func (c *demoCommand) Run() error {
	if err := (config.Serve{Common: c.Common, PublicURL: c.PublicURL}).ValidateInit(); err != nil {
		return err
	}
	ctx := context.Background()
	keys, err := box(c.Common, true)
	if err != nil {
		return err
	}
	clock := demo.NewClock(time.Now)
	log, end := c.Log()
	defer end()
	r, err := wire(ctx, log, c.Database.Reveal(), config.Serve{PublicURL: c.PublicURL}.Origin(), keys, clock.Now, hashing{cost: signin.DefaultCost(), workers: 2, queue: 8})
	if err != nil {
		return err
	}
	defer r.close(ctx)
	world, err := demo.Fill(ctx, demo.Deps{DB: r.db, Clock: clock, Live: r.live, Profiles: r.profiles, Audit: r.audit, People: r.people, Org: r.org, Passwords: r.passwords},
		demo.Options{Seed: c.Seed, Users: c.Users, Accounts: c.Accounts, Progress: progress, Month: month(time.Now())})
	if err != nil {
		return err
	}
	return world.Print(os.Stdout, c.PublicURL)
}

// progress tells how far a crowd is, for whoever waits for it.
func progress(made, of int) {
	fmt.Fprintf(os.Stderr, "%s of %s people\n", lang.Number(lang.English, int64(made)), lang.Number(lang.English, int64(of)))
}

// month tells how far the story is, to whoever has waited for two seconds.
func month(began time.Time) func(time.Time) {
	return func(at time.Time) {
		if time.Since(began) > 2*time.Second {
			fmt.Fprintln(os.Stderr, at.Format("January 2006"), "...")
		}
	}
}

type codeCommand struct {
	Secret string `arg:"" help:"The login's key, as 'countersign demo' printed it."`
}

// Run prints the code of this moment.
func (c *codeCommand) Run() error {
	code, err := demo.Code(c.Secret, time.Now())
	if err != nil {
		return fmt.Errorf("this is no key of an authenticator app: %w", err)
	}
	fmt.Println(code)
	return nil
}
