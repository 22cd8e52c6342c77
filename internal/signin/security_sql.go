package signin

import (
	"countersign/internal/db"
)

// Security is how a person signs in, for administrators and for themselves: facts
// and counts, no secret.
type Security struct {
	Factors                    []Factor // the oldest first
	RecoveryCodes              int      // that are left
	RecoverySince              int64    // µs: when they were made
	SetUpAgainSince            int64    // µs: since when a new set-up is asked of them; 0: not
	FactorSince, PasswordSince int64    // µs; 0: none
	LastAddress                string
	Sessions                   int   // open ones
	Failed                     int   // wrong attempts since the last sign-in
	ChangePasswordSince        int64 // µs: since when another password is asked of them; 0: not
}

// Security reads it.
func (d *Door) Security(tx *db.Tx, userID string) (s Security, err error) {
	if s.Factors, err = FactorsOf(tx, userID); err != nil {
		return s, err
	}
	if len(s.Factors) > 0 {
		s.FactorSince = s.Factors[0].CreatedAt
	}
	_, err = db.One(tx, []any{&s.PasswordSince, &s.ChangePasswordSince, &s.SetUpAgainSince, &s.RecoveryCodes, &s.RecoverySince, &s.LastAddress, &s.Failed}, `SELECT COALESCE(u.password_set_at, 0), COALESCE(u.change_password_since, 0),
			COALESCE(u.set_up_again_since, 0),
			(SELECT COUNT(*) FROM recovery_codes WHERE user_id = u.id AND used_at IS NULL),
			COALESCE((SELECT MAX(created_at) FROM recovery_codes WHERE user_id = u.id), 0),
			COALESCE((SELECT ip FROM sessions WHERE user_id = u.id ORDER BY created_at DESC LIMIT 1), ''),
			COALESCE((SELECT failed FROM signin_attempts WHERE user_id = u.id), 0)
		FROM users u WHERE u.id = $1`, userID)
	if err != nil {
		return s, err
	}
	open, err := d.OpenSessions(tx, userID)
	s.Sessions = len(open)
	return s, err
}
