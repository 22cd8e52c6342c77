package signin

import (
	"countersign/internal/db"
)

// Security is how a person signs in, for administrators and for themselves: facts,
// no secret.
type Security struct {
	FactorSince, PasswordSince int64 // µs; 0: none
	LastAddress                string
	Failed                     int       // wrong attempts since the last sign-in
	ChangePasswordSince        int64     // µs: since when another password is asked of them; 0: not
	Sessions                   []Session // open ones, the newest first
}

// Security reads it.
func (d *Door) Security(tx *db.Tx, userID string) (s Security, err error) {
	_, err = db.One(tx, []any{&s.FactorSince, &s.PasswordSince, &s.ChangePasswordSince, &s.LastAddress, &s.Failed}, `SELECT
			COALESCE((SELECT MIN(created_at) FROM factors WHERE user_id = u.id AND kind IN ('totp', 'webauthn')), 0),
			COALESCE(u.password_set_at, 0), COALESCE(u.change_password_since, 0),
			COALESCE((SELECT ip FROM sessions WHERE user_id = u.id ORDER BY created_at DESC LIMIT 1), ''),
			COALESCE((SELECT failed FROM signin_attempts WHERE user_id = u.id), 0)
		FROM users u WHERE u.id = $1`, userID)
	if err != nil {
		return s, err
	}
	s.Sessions, err = d.OpenSessions(tx, userID)
	return s, err
}
