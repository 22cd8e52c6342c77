// Package audit keeps the log of what was done and what was refused: who, from
// where, on what, before and after, with what outcome.
//
// A use case calls Record inside its own update, so the change and its entry are
// one transaction. What was refused is recorded after the rollback by Refuse, in
// an update of its own; the same refusal again within a minute is counted and
// written once. Entries are only ever added; they are numbered by seq, without
// gaps, in the order of the commits.
//
// Entries hold ids, never names: pages join those. A person's own details (their
// name, their address) stand apart, sealed with that person's key, beside a
// salted hash of them: erasing the key erases the person from the log, and the
// log can still be checked.
//
// The one rule: nothing that a person typed as a secret gets in here.
package audit

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"countersign/internal/db"
	"countersign/internal/lang"
	"countersign/internal/seal"
)

// Entry is one thing that was done or refused.
type Entry struct {
	Action    string // one of the Actions
	AccountID string // whose log it belongs to; "" is the platform's
	EntityID  string // on which entity; "" is the account's own
	Kind      string // of the target: "user", "role", "account", "service_token", "session"
	ID        string // of the target
	Reason    string // what the actor gave, or the refusal's code
	PersonID  string // whose personal details the changes hold, when some are Personal
	Changes   []Change
}

// Change is one field before and after.
type Change struct {
	Field    string `json:"field"`
	Before   string `json:"before,omitempty"`
	After    string `json:"after,omitempty"`
	Personal bool   `json:"-"` // kept under the person's key
}

// Outcomes of an entry.
const (
	Done    = "done"
	Refused = "refused"
)

const personPurpose = "person"

// Record adds an entry to the update under way. It marks the update as recorded,
// without which nothing is committed.
func Record(tx *db.Tx, e Entry) error { return record(tx, e, Done, 1) }

func record(tx *db.Tx, e Entry, outcome string, repeats int64) error {
	var open, personal []Change
	for _, c := range e.Changes {
		switch {
		case c.Before == c.After:
		case c.Personal:
			personal = append(personal, c)
		default:
			open = append(open, c)
		}
	}
	changes := "[]"
	if len(open) > 0 {
		text, err := json.Marshal(open)
		if err != nil {
			return err
		}
		changes = string(text)
	}
	sealed, hash, err := sealPersonal(tx, e.PersonID, personal)
	if err != nil {
		return fmt.Errorf("record %s: %w", e.Action, err)
	}
	w := tx.Who
	ip := ""
	if w.IP.IsValid() {
		ip = w.IP.String()
	}
	kind := w.Kind
	if kind == "" {
		kind = db.Nobody
	}
	_, err = tx.Exec(`INSERT INTO audit_entries (seq, at, actor_kind, actor_id, actor_account, account_id, entity_id,
			action, outcome, reason, target_kind, target_id, ip, user_agent, request_id, repeats, changes, person_id, personal, personal_hash)
		VALUES ($1, $2, $3, $4, $5, $6,
			COALESCE(NULLIF($7, ''), (SELECT entity_id FROM accounts WHERE id = $6), (SELECT id FROM entities WHERE parent_id IS NULL), ''),
			$8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)`,
		tx.Seq(), tx.Now, kind, cut(w.ID, idMax), cut(w.AccountID, idMax), cut(e.AccountID, idMax), cut(e.EntityID, idMax),
		e.Action, outcome, cut(e.Reason, 500), e.Kind, cut(e.ID, idMax), ip, cut(w.UserAgent, agentMax), cut(w.RequestID, idMax), repeats, changes, e.PersonID, blob(sealed), blob(hash))
	if err != nil {
		return fmt.Errorf("record %s: %w", e.Action, err)
	}
	return nil
}

// blob is NULL where there are no bytes, on both databases.
func blob(b []byte) any {
	if b == nil {
		return nil
	}
	return b
}

// idMax bounds what stands in the place of an id: whoever asks may send anything there.
const idMax = 100

// agentMax bounds what a browser says it is.
const agentMax = 300

// cut is a text from outside as every database can hold it, and no longer than
// so many code points.
func cut(s string, runes int) string {
	if !lang.Storable(s) {
		s = strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
	}
	for i := range s {
		if runes == 0 {
			return s[:i]
		}
		runes--
	}
	return s
}

// personalDetails is what is sealed: a salt, so that the hash tells nothing, and the changes.
type personalDetails struct {
	Salt    []byte   `json:"salt"`
	Changes []Change `json:"changes"`
}

func sealPersonal(tx *db.Tx, personID string, changes []Change) (sealed, hash []byte, err error) {
	if len(changes) == 0 {
		return nil, nil, nil
	}
	key, err := personKey(tx, personID, true)
	if err != nil {
		return nil, nil, err
	}
	salt := make([]byte, 16)
	if _, err := io.ReadFull(tx.Random(), salt); err != nil {
		return nil, nil, err
	}
	plain, err := json.Marshal(personalDetails{salt, changes})
	if err != nil {
		return nil, nil, err
	}
	sealed, err = key.Seal(tx.Random(), personPurpose, plain)
	sum := sha256.Sum256(plain)
	return sealed, sum[:], err
}

func openPersonal(tx *db.Tx, personID string, sealed []byte) ([]Change, error) {
	key, err := personKey(tx, personID, false)
	if err != nil || key == nil {
		return nil, err
	}
	plain, err := key.Open(personPurpose, sealed)
	if err != nil {
		return nil, err
	}
	var p personalDetails
	err = json.Unmarshal(plain, &p)
	return p.Changes, err
}

// personKey gives the box of a person's details. With create it makes the key
// when there is none yet; without, a person whose key was erased has none.
func personKey(tx *db.Tx, personID string, create bool) (*seal.Box, error) {
	var sealed []byte
	found, err := db.One(tx, []any{&sealed}, `SELECT sealed FROM person_keys WHERE user_id = $1`, personID)
	if err != nil {
		return nil, fmt.Errorf("read person's key: %w", err)
	}
	if found {
		line, err := tx.Box().Open(personPurpose, sealed)
		if err != nil {
			return nil, fmt.Errorf("open person's key: %w", err)
		}
		return seal.Parse(string(line))
	}
	if !create || personID == "" {
		return nil, nil
	}
	line, err := seal.NewKey(tx.Random())
	if err != nil {
		return nil, err
	}
	if sealed, err = tx.Seal(personPurpose, []byte(line)); err != nil {
		return nil, err
	}
	if _, err = tx.Exec(`INSERT INTO person_keys (user_id, sealed) VALUES ($1, $2)`, personID, sealed); err != nil {
		return nil, fmt.Errorf("keep person's key: %w", err)
	}
	return seal.Parse(line)
}
