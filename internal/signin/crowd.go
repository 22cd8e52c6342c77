package signin

import (
	"countersign/internal/db"
)

// SealSeed seals the key of an authenticator app for the table of factors, for
// people who did not set theirs up here: the demo's crowd.
func SealSeed(tx *db.Tx, seed []byte) ([]byte, error) { return tx.Seal(factorPurpose, seed) }
