package signin

import (
	"context"
	"crypto/subtle"
	"fmt"
	"io"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"countersign/internal/db"
	"countersign/internal/fault"
	"countersign/internal/seal"
)

// Recovery codes are look-up secrets (NIST SP 800-63B-4, 3.1.2): made with the
// first factor, shown once, each good for one sign-in. A set is hashed under one
// salt, so that one evaluation checks a code against all that are left.
const (
	recoverySize    = 10 // codes in a set
	recoveryLetters = 12 // of 5 bits each: 60 bits
	recoveryGroup   = 4
)

// The letters of a code: none that is taken for another.
const recoveryAlphabet = "0123456789abcdefghjkmnpqrstvwxyz"

// newRecovery makes a set and hashes it, one evaluation a code.
func (d *Door) newRecovery(ctx context.Context) (codes, hashes []string, err error) {
	codes = make([]string, recoverySize)
	for i := range codes {
		if codes[i], err = newRecoveryCode(d.db.Random()); err != nil {
			return nil, nil, err
		}
	}
	hashes, err = d.passwords.hashSet(ctx, codes)
	return codes, hashes, err
}

func newRecoveryCode(random io.Reader) (string, error) {
	raw := make([]byte, recoveryLetters)
	if _, err := io.ReadFull(random, raw); err != nil {
		return "", fmt.Errorf("make recovery code: %w", err)
	}
	for i, b := range raw {
		raw[i] = recoveryAlphabet[b%32] // 256 is a multiple of 32: every letter is as likely
	}
	return string(raw), nil
}

// grouped is a code as people read, copy and print it: "k7m2-9qxd-4hpz".
func grouped(code string) string {
	var groups []string
	for ; len(code) > recoveryGroup; code = code[recoveryGroup:] {
		groups = append(groups, code[:recoveryGroup])
	}
	return strings.Join(append(groups, code), "-")
}

func shownCodes(codes []string) []seal.Secret {
	out := make([]seal.Secret, len(codes))
	for i, c := range codes {
		out[i] = seal.Secret(grouped(c))
	}
	return out
}

// cleanRecovery takes a code as it was typed or pasted: in groups or not, in
// capitals, with the letters that are taken for figures. What cannot be a code is
// not compared with one.
func cleanRecovery(code string) (string, error) {
	if len(code) > 200 {
		return "", fault.In("recovery_code", "recovery_format")
	}
	clean := strings.Map(func(r rune) rune {
		switch r = unicode.ToLower(r); {
		case unicode.IsSpace(r) || unicode.Is(unicode.Pd, r):
			return -1
		case r == 'o':
			return '0'
		case r == 'i' || r == 'l':
			return '1'
		}
		return r
	}, norm.NFKC.String(code))
	if clean == "" {
		return "", fault.In("recovery_code", "required")
	}
	if len(clean) != recoveryLetters || strings.Trim(clean, recoveryAlphabet) != "" {
		return "", fault.In("recovery_code", "recovery_format")
	}
	return clean, nil
}

// recoveryCode is one that is left.
type recoveryCode struct {
	userID string
	number int64
	hash   string
}

// burn uses the code up: nil for the first who brings it, errWrong for everybody after.
func (r recoveryCode) burn(tx *db.Tx) error {
	n, err := tx.Exec(`UPDATE recovery_codes SET used_at = $1 WHERE user_id = $2 AND number = $3 AND hash = $4 AND used_at IS NULL`, tx.Now, r.userID, r.number, r.hash)
	if err != nil {
		return fmt.Errorf("use recovery code: %w", err)
	}
	if n == 0 {
		return errWrong
	}
	return nil
}

// hashSet makes the PHC strings of several texts under one salt.
func (p *Passwords) hashSet(ctx context.Context, texts []string) ([]string, error) {
	salt := make([]byte, saltBytes)
	if _, err := io.ReadFull(p.random, salt); err != nil {
		return nil, fmt.Errorf("make salt: %w", err)
	}
	t, err := p.queue()
	if err != nil {
		return nil, err
	}
	defer t.leave()
	out := make([]string, len(texts))
	for i, text := range texts { // each waits for a turn of its own: others go between
		if err := t.hash(ctx, func() { out[i] = phc(p.cost, salt, p.cost.derive([]byte(text), salt, keyBytes)) }); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// findIn finds text among the PHC strings of a set, all under one salt, by one
// evaluation; -1 when it is none of them. It looks at all.
func (t turn) findIn(ctx context.Context, set []string, text string) (found int, err error) {
	found = -1
	if len(set) == 0 {
		return found, t.waste(ctx, text)
	}
	cost, salt, _, err := parsePHC(set[0])
	if err != nil {
		return found, err
	}
	var got []byte
	if err := t.hash(ctx, func() {
		t.p.checked.Add(1)
		got = cost.derive([]byte(text), salt, keyBytes)
	}); err != nil {
		return found, err
	}
	for i, one := range set {
		_, s, want, err := parsePHC(one)
		if err != nil {
			return -1, err
		}
		if subtle.ConstantTimeCompare(got, want) == 1 && string(s) == string(salt) {
			found = i
		}
	}
	return found, nil
}
