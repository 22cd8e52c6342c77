package compare

import "countersign/internal/access"

// newOurs is asked in two ways: with the permission as its number, as the
// portal's own code does, and by its name, as a service's request has it.
func newOurs(w access.World) ([]Asked, error) {
	s, err := access.Build(w)
	if err != nil {
		return nil, err
	}
	within := w.Accounts[0].ID
	return []Asked{
		func(q *Question) bool { return access.Decide(s, q.access(within, q.permission)).Allowed },
		func(q *Question) bool {
			p, _ := access.Parse(q.Action)
			return access.Decide(s, q.access(within, p)).Allowed
		},
	}, nil
}
