package signin

import (
	"fmt"

	"countersign/internal/db"
)

// Factor is a second factor as its owner sees it.
type Factor struct {
	ID         string
	Kind       string // KindApp or KindKey
	Name       string // as its owner calls it; may be empty
	CreatedAt  int64  // µs
	LastUsedAt int64  // µs; 0: never
	Version    int64

	sealed []byte // an app's seed, or a key's credential
	last   int64  // an app's last step, a key's last count
}

const factorColumns = `COALESCE(f.id, ''), COALESCE(f.kind, ''), COALESCE(f.name, ''), COALESCE(f.created_at, 0), COALESCE(f.last_used_at, 0), COALESCE(f.version, 0),
	f.sealed, COALESCE(f.last_step, 0)`

func (f *Factor) dest() []any {
	return []any{&f.ID, &f.Kind, &f.Name, &f.CreatedAt, &f.LastUsedAt, &f.Version, &f.sealed, &f.last}
}

// freshFactor is a factor that was just proved, to be kept.
type freshFactor struct {
	kind, name string
	sealed     []byte // sealed already
	last       int64
	credential []byte // the hash of a key's id
}

// addFactor keeps a factor, used just now. A credential that somebody has
// already, whoever it is, is refused (PCI DSS 8.3.11).
func addFactor(tx *db.Tx, userID string, n freshFactor) (id string, err error) {
	if id, err = tx.ID("fac"); err != nil {
		return "", err
	}
	_, err = tx.Exec(`INSERT INTO factors (id, user_id, kind, name, sealed, last_step, credential_hash, created_at, last_used_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8)`, id, userID, n.kind, n.name, n.sealed, n.last, n.credential, tx.Now)
	if db.Violates(err, "factors.credential_hash") {
		return "", keyInUse()
	}
	if err != nil {
		return "", fmt.Errorf("keep factor: %w", err)
	}
	return id, nil
}

// useFactor notes that a factor was shown with this step or count, which must be
// beyond the last: nil for the first who brings it, on whatever node, errWrong for
// everybody after. A key that does not count says 0 each time.
func useFactor(tx *db.Tx, f Factor, last int64, sealed []byte) error {
	n, err := tx.Exec(`UPDATE factors SET last_step = $1, last_used_at = $2, sealed = COALESCE($3, sealed)
		WHERE id = $4 AND (last_step < $1 OR kind = 'webauthn' AND last_step = 0 AND $1 = 0)`, last, tx.Now, sealed, f.ID)
	if err != nil {
		return fmt.Errorf("use factor: %w", err)
	}
	if n == 0 {
		return errWrong
	}
	return nil
}

// removeFactors forgets factors; the caller has recorded it.
func removeFactors(tx *db.Tx, list []Factor) error {
	for _, f := range list {
		if _, err := tx.Exec(`DELETE FROM factors WHERE id = $1`, f.ID); err != nil {
			return fmt.Errorf("remove factor: %w", err)
		}
	}
	return nil
}

// renameFactor gives a factor another name.
func renameFactor(tx *db.Tx, id, name string) error {
	if _, err := tx.Exec(`UPDATE factors SET name = $1, version = version + 1 WHERE id = $2`, name, id); err != nil {
		return fmt.Errorf("rename factor: %w", err)
	}
	return nil
}

// credentialOwner finds whose a credential is.
func credentialOwner(tx *db.Tx, credential []byte) (userID string, found bool, err error) {
	found, err = db.One(tx, []any{&userID}, `SELECT user_id FROM factors WHERE credential_hash = $1`, credential)
	return userID, found, err
}

// administers tells whether a person holds a role that counts as an
// administrator's, anywhere they are or may come to be.
func administers(tx *db.Tx, userID string) (bool, error) {
	var one int
	return db.One(tx, []any{&one}, `SELECT 1 FROM memberships m
		JOIN assignments a ON a.account_id = m.account_id AND a.membership_id = m.id JOIN roles r ON r.account_id = a.account_id AND r.id = a.role_id
		WHERE m.user_id = $1 AND m.deactivated_at IS NULL AND r.administrator AND (a.valid_until IS NULL OR a.valid_until > $2) LIMIT 1`, userID, tx.Now)
}
