package signin

import (
	"countersign/internal/db"
)

// Security is how a person signs in, for administrators: facts and counts, no secret.
type Security struct {
	FactorSince, PasswordSince int64 // µs; 0: none
	LastAddress                string
	Sessions                   int // open ones
	Failed                     int // wrong attempts since the last sign-in
}

// Security reads it.
func (d *Door) Security(tx *db.Tx, userID string) (s Security, err error) {
	_, err = db.One(tx, []any{&s.PasswordSince, &s.FactorSince, &s.LastAddress, &s.Failed}, `SELECT COALESCE(u.password_set_at, 0),
			COALESCE((SELECT MIN(created_at) FROM factors WHERE user_id = u.id), 0),
			COALESCE((SELECT ip FROM sessions WHERE user_id = u.id ORDER BY created_at DESC LIMIT 1), ''),
			COALESCE((SELECT failed FROM signin_attempts WHERE user_id = u.id), 0)
		FROM users u WHERE u.id = $1`, userID)
	if err != nil {
		return s, err
	}
	refs, err := db.Column(tx, `SELECT ref FROM sessions WHERE user_id = $1`, userID)
	if err != nil {
		return s, err
	}
	for _, ref := range refs {
		_, alive, err := d.ByRef(tx, ref)
		if err != nil {
			return s, err
		}
		if alive {
			s.Sessions++
		}
	}
	return s, nil
}
