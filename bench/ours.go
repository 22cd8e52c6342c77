package main

import "countersign/internal/access"

func newOurs(w access.World) (asked, error) {
	s, err := access.Build(w)
	if err != nil {
		return nil, err
	}
	within := w.Accounts[0].ID
	return func(q *question) bool { return access.Decide(s, q.access(within, q.permission)).Allowed }, nil
}

// newOursByName also looks the permission up by its name, as a service's request has it.
func newOursByName(w access.World) (asked, error) {
	s, err := access.Build(w)
	if err != nil {
		return nil, err
	}
	within := w.Accounts[0].ID
	return func(q *question) bool {
		p, _ := access.Parse(q.action)
		return access.Decide(s, q.access(within, p)).Allowed
	}, nil
}
