package main

import (
	"context"
	"fmt"

	"countersign/internal/config"
	"countersign/internal/fault"
	"countersign/internal/people"
	"countersign/internal/signin"
)

type initCommand struct {
	config.Common
	PublicURL   string `name:"public-url" env:"COUNTERSIGN_PUBLIC_URL" default:"http://localhost:8080" placeholder:"URL" help:"The address that people type (default ${default}); the link begins with it."`
	Platform    string `default:"Platform" placeholder:"NAME" help:"The platform's name (default ${default})."`
	CustomerID  string `default:"PLATFORM" placeholder:"ID" help:"Its customer ID, as it stands in addresses (default ${default})."`
	Environment string `default:"live" enum:"live,test" placeholder:"live|test" help:"live (default) or test."`
	Email       string `placeholder:"ADDRESS" help:"The first administrator's e-mail address."`
	FirstName   string `placeholder:"NAME" help:"Their first name."`
	LastName    string `placeholder:"NAME" help:"Their last name."`
	Language    string `default:"en" placeholder:"en|fr" help:"Their language (default ${default})."`
	Again       bool   `help:"Make a fresh link; possible while no administrator is active, or while all are locked because they did not sign in for long."`
}

// Run makes the platform, or with --again a fresh link. The link is printed and
// nowhere else.
func (c *initCommand) Run() error {
	if err := (config.Serve{Common: c.Common, PublicURL: c.PublicURL}).ValidateInit(); err != nil {
		return err
	}
	ctx := context.Background()
	keys, err := box(c.Common, true)
	if err != nil {
		return err
	}
	log, end := c.Log()
	defer end()
	r, err := wire(ctx, log, c.Database.Reveal(), config.Serve{PublicURL: c.PublicURL}.Origin(), keys, clock(""), hashing{cost: signin.DefaultCost(), workers: 1, queue: 1})
	if err != nil {
		return err
	}
	defer r.close(ctx)
	page, within := "activate", "72 hours"
	token, err := r.people.Initialise(ctx, people.Founding{Name: c.Platform, CustomerID: c.CustomerID, Environment: c.Environment,
		FirstName: c.FirstName, LastName: c.LastName, Email: c.Email, Language: c.Language, Again: c.Again})
	if c.Again && fault.CodeOf(err) == "administrator_active" { // unless they are all locked
		page, within = "reset", "an hour"
		token, err = r.help.Rescue(ctx)
	}
	if err != nil {
		return err
	}
	fmt.Printf("Open this link within %s to choose a password. It works once and is shown only here:\n\n  %s/%s/%s\n", within, config.Serve{PublicURL: c.PublicURL}.Origin(), page, token.Reveal())
	return nil
}
