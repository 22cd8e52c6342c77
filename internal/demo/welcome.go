package demo

import (
	"fmt"
	"io"
	"strings"

	"countersign/internal/lang"
	"countersign/internal/profile"
)

// world is what there is when all has been played.
func (f *filling) world() World {
	w := World{Accounts: len(f.order), Persons: f.persons()}
	pr, _ := f.Profiles.Get(profile.Standard)
	for _, c := range f.order {
		for _, p := range c.players {
			if !p.login {
				continue
			}
			role, _ := pr.Role(p.role)
			w.Logins = append(w.Logins, Login{
				Key: p.key, Name: p.firstName + " " + p.lastName, Identifier: p.email, Password: Password,
				Secret: p.factor.Key.Reveal(), URI: p.factor.URI.Reveal(), Role: role.Name(string(lang.English)), RoleKey: p.role,
				Account: c.name, CustomerID: c.id, AccountID: c.accountID, UserID: p.userID, FirstPage: "/a/" + c.id + "/",
			})
		}
	}
	return w
}

// persons counts human beings: one may be in several companies.
func (f *filling) persons() int {
	all := map[*self]bool{}
	for _, p := range f.players {
		all[p.self] = true
	}
	return len(all)
}

// Print writes who one can be, and what to try. address is where the portal will be.
func (w World) Print(out io.Writer, address string) error {
	var b strings.Builder
	fmt.Fprintf(&b, `This is a demo. All its people, companies and shops are invented, its passwords
are public, and its database is marked as a demo for ever: never use it for real work.
%d people work in %d accounts: a payment platform, those who resell it, and their merchants.

Sign in at %s with one of these addresses and the password

  %s

and then a one-time code: add the login's key to any authenticator app, or let
"countersign code KEY" make the code of the moment (after make: bin/countersign code KEY).

`, w.Persons, w.Accounts, address, Password)
	for _, l := range w.Logins {
		fmt.Fprintf(&b, "  %s, %s at %s\n      %s   key %s\n", l.Name, strings.ToLower(l.Role), l.Account, l.Identifier, l.Secret)
	}
	b.WriteString(`
What to try: sign in as Ada Okafor, invite a colleague under Users, and choose what they may do.
The mail is a file in the mail folder: open its link in another browser, and be that colleague.
`)
	_, err := io.WriteString(out, b.String())
	return err
}

// Login finds one by its key, such as "northwind.owner".
func (w World) Login(key string) (Login, bool) {
	for _, l := range w.Logins {
		if l.Key == key {
			return l, true
		}
	}
	return Login{}, false
}
