package signin

import (
	"encoding/json"
	"fmt"
	"time"

	"countersign/internal/db"
	"countersign/internal/fault"
	"countersign/internal/seal"
)

// stepActivate stands in a challenge's row while a membership waits for it: it
// dies with the link it came by (people.DeactivateInvitation). In all others the
// row has the step that it opens.
const stepActivate = "activate"

// How long a challenge is good for.
const (
	codeTime  = 10 * time.Minute
	setupTime = 30 * time.Minute // model.md: after that a new link is needed
)

const challengePurpose = "challenge"

// challenge is a half-finished sign-in, or a set-up under way in a session.
type challenge struct {
	hash      seal.Hash
	UserID    string
	AccountID string
	Epoch     int64
	Carried   carried
}

// carried is what a challenge takes along, sealed.
type carried struct {
	Opens   string   `json:"opens"`             // one of the steps
	Given   []string `json:"given,omitempty"`   // what was right so far: the kinds
	Seed    []byte   `json:"seed,omitempty"`    // of the app being set up; the same for the challenge's life
	Codes   []string `json:"codes,omitempty"`   // recovery codes that wait to be seen
	Session string   `json:"session,omitempty"` // the reference of the session in which an app is added
	Member  string   `json:"member,omitempty"`  // the membership that becomes active
	Link    []byte   `json:"link,omitempty"`    // the hash of the link it came by
	Rehash  string   `json:"rehash,omitempty"`  // the password under today's cost, stored when all is done
}

// addChallenge keeps a challenge and returns its secret.
func addChallenge(tx *db.Tx, who db.Who, c challenge) (seal.Secret, error) {
	plain, err := json.Marshal(c.Carried)
	if err != nil {
		return "", err
	}
	sealed, err := tx.Seal(challengePurpose, plain)
	if err != nil {
		return "", err
	}
	token, hash, err := tx.Token(challengePurpose)
	if err != nil {
		return "", err
	}
	lives, step := setupTime, c.Carried.Opens
	if step == NextCode || step == NextPassword {
		lives = codeTime
	}
	if c.Carried.Member != "" {
		lives, step = setupTime, stepActivate
	}
	_, err = tx.Exec(`INSERT INTO challenges (hash, user_id, account_id, step, user_epoch, sealed, ip, created_at, expires_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		[]byte(hash), c.UserID, c.AccountID, step, c.Epoch, sealed, address(who), tx.Now, tx.Now+micros(lives))
	if err != nil {
		return "", fmt.Errorf("keep challenge: %w", err)
	}
	return token, nil
}

const challengeColumns = `user_id, account_id, user_epoch, sealed`

// readChallenge finds a challenge that is still good at the time of tx, or
// refuses with challenge_ended. It spends nothing.
func readChallenge(tx *db.Tx, token string) (challenge, error) {
	return challengeBy(tx, token, `SELECT `+challengeColumns+` FROM challenges WHERE hash = $1 AND expires_at > $2`)
}

// takeChallenge is readChallenge for the one who uses it up: of several at once
// one gets it. When the transaction fails the challenge is still there.
func takeChallenge(tx *db.Tx, token string) (challenge, error) {
	return challengeBy(tx, token, `DELETE FROM challenges WHERE hash = $1 AND expires_at > $2 RETURNING `+challengeColumns)
}

func challengeBy(tx *db.Tx, token, query string) (challenge, error) {
	c := challenge{hash: seal.HashToken(challengePurpose, token)}
	var sealed []byte
	found, err := db.One(tx, []any{&c.UserID, &c.AccountID, &c.Epoch, &sealed}, query, []byte(c.hash), tx.Now)
	if err != nil {
		return c, fmt.Errorf("read challenge: %w", err)
	}
	if !found {
		return c, challengeEnded()
	}
	plain, err := tx.Box().Open(challengePurpose, sealed)
	if err != nil {
		return c, fmt.Errorf("challenge: %w", err)
	}
	return c, json.Unmarshal(plain, &c.Carried)
}

// dropChallenges ends everything half-finished of a person.
func dropChallenges(tx *db.Tx, userID string) error {
	if _, err := tx.Exec(`DELETE FROM challenges WHERE user_id = $1`, userID); err != nil {
		return fmt.Errorf("drop challenges: %w", err)
	}
	return nil
}

func isChallengeEnded(err error) bool { return fault.CodeOf(err) == causeChallenge }

func address(who db.Who) string {
	if !who.IP.IsValid() {
		return ""
	}
	return who.IP.String()
}
