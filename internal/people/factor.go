package people

import (
	"context"
	"fmt"

	"countersign/internal/audit"
	"countersign/internal/db"
	"countersign/internal/fault"
	"countersign/internal/org"
)

// ResetFactor removes all of a person's second factors and their recovery codes,
// because they were lost or may be in other hands: their sessions end, and the
// next sign-in sets one up. It is for people of this account alone; whoever is in
// several accounts keeps the factors that the others rely on. reason may be empty.
func (p *People) ResetFactor(ctx context.Context, who db.Who, accountID, userID string, version int64, reason string) error {
	e := audit.Entry{Action: audit.FactorReset, AccountID: accountID, Kind: "user", ID: userID}
	return p.aboutFactors(ctx, who, e, version, reason, func(tx *db.Tx, a org.Account) error {
		n, err := tx.Exec(`DELETE FROM factors WHERE user_id = $1`, userID)
		if err != nil {
			return fmt.Errorf("remove factors: %w", err)
		}
		if n == 0 {
			return fault.New(fault.Conflict, "no_second_factor")
		}
		for _, q := range []string{
			`DELETE FROM recovery_codes WHERE user_id = $1`,
			`UPDATE users SET set_up_again_since = NULL WHERE id = $1`,
		} {
			if _, err := tx.Exec(q, userID); err != nil {
				return fmt.Errorf("remove factors: %w", err)
			}
		}
		if err := EndSessions(tx, userID); err != nil {
			return err
		}
		return p.Tell(tx, "factor_reset", a, userID)
	})
}

// SetUpAgain has a person set up their second factor anew (U13): their next
// sign-in proves the present one first, and the old ones go when the new one is
// there. Whoever is signed in stays so. It is for people of this account alone,
// as ResetFactor is. reason may be empty.
func (p *People) SetUpAgain(ctx context.Context, who db.Who, accountID, userID string, version int64, reason string) error {
	e := audit.Entry{Action: audit.FactorAgain, AccountID: accountID, Kind: "user", ID: userID}
	return p.aboutFactors(ctx, who, e, version, reason, func(tx *db.Tx, a org.Account) error {
		n, err := tx.Exec(`UPDATE users SET set_up_again_since = $1 WHERE id = $2 AND EXISTS (SELECT 1 FROM factors f WHERE f.user_id = users.id)`, tx.Now, userID)
		if err != nil {
			return fmt.Errorf("ask for a new set-up: %w", err)
		}
		if n == 0 {
			return fault.New(fault.Conflict, "no_second_factor")
		}
		return p.Tell(tx, "factor_again", a, userID)
	})
}

// aboutFactors does what do does to the second factors of a member, for whoever
// may, and records it as e with the reason.
func (p *People) aboutFactors(ctx context.Context, who db.Who, e audit.Entry, version int64, reason string, do func(*db.Tx, org.Account) error) error {
	return p.refusing(ctx, who, e, func(tx *db.Tx) error {
		a, _, err := p.account(tx, who, e.AccountID, "users:manage_2fa")
		if err != nil {
			return err
		}
		if e.Reason, err = Reason(reason); err != nil {
			return err
		}
		m, err := p.acts(tx, who, a, "users:manage_2fa", e.ID, version)
		if err != nil {
			return err
		}
		if m.ActivatedAt == 0 { // whatever they have is of another account, which this one knows nothing of
			return fault.New(fault.Conflict, "no_second_factor")
		}
		if err := Alone(tx, m, "person_of_several_accounts"); err != nil {
			return err
		}
		if err := do(tx, a); err != nil {
			return err
		}
		return audit.Record(tx, e)
	})
}
