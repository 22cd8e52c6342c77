package main

import "countersign/internal/access"

// newOurs is asked in two ways: with the permission as its number, as the
// portal's own code does, and by its name, as a service's request has it.
func newOurs(w access.World) ([]asked, error) {
	s, err := access.Build(w)
	if err != nil {
		return nil, err
	}
	within := w.Accounts[0].ID
	return []asked{
		func(q *question) bool { return access.Decide(s, q.access(within, q.permission)).Allowed },
		func(q *question) bool {
			p, _ := access.Parse(q.action)
			return access.Decide(s, q.access(within, p)).Allowed
		},
	}, nil
}
