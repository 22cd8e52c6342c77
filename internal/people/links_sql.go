package people

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"slices"

	"countersign/internal/db"
)

// noLink is the code of a link that was deactivated.
const noLink = math.MaxUint32

// linkTime is the code of a link that ends then: in steps of four seconds, so that
// it lasts for centuries.
func linkTime(at int64) uint32 { return uint32(at / 4_000_000) }

// codedUser is somebody's code.
type codedUser struct {
	code   uint32
	number int64
}

// Few wait to come in, so their codes stand beside their numbers, as many of an
// account in one row of user_codes as stand in one of found_by: two bytes of
// number and four of code each, by number.
const linkBytes = 2 + 4

// links reads who waits to come in to an account, by number, with the code of
// when their link ends.
func links(tx *db.Tx, accountID string) ([]codedUser, error) {
	var out []codedUser
	err := db.Blocks(tx, func(at int64, stored []byte) { out = appendLinks(out, at, stored) }, `SELECT block, codes FROM user_codes WHERE account_id = $1 AND kind = $2 ORDER BY block`, accountID, linkCode)
	if err != nil {
		return nil, fmt.Errorf("read who waits: %w", err)
	}
	return out, nil
}

func appendLinks(out []codedUser, at int64, stored []byte) []codedUser {
	for ; len(stored) >= linkBytes; stored = stored[linkBytes:] {
		out = append(out, codedUser{binary.BigEndian.Uint32(stored[2:]), at*blockSize + int64(binary.BigEndian.Uint16(stored))})
	}
	return out
}

// writeLinks notes who of an account's users waits, whose numbers are from <= n < until.
func writeLinks(tx *db.Tx, accountID string, from, until int64, wait map[int64]uint32) error {
	for at := from / blockSize; at*blockSize < until; at++ {
		var stored []byte
		found, err := db.One(tx, []any{&stored}, `SELECT codes FROM user_codes WHERE account_id = $1 AND kind = $2 AND block = $3`, accountID, linkCode, at)
		if err != nil {
			return fmt.Errorf("read who waits: %w", err)
		}
		list := slices.DeleteFunc(appendLinks(nil, at, stored), func(x codedUser) bool { return x.number >= from && x.number < until })
		for n, code := range wait {
			if n/blockSize == at {
				list = append(list, codedUser{code, n})
			}
		}
		slices.SortFunc(list, func(a, b codedUser) int { return int(a.number - b.number) })
		var packed []byte
		for _, x := range list {
			packed = binary.BigEndian.AppendUint16(packed, uint16(x.number%blockSize))
			packed = binary.BigEndian.AppendUint32(packed, x.code)
		}
		switch {
		case bytes.Equal(packed, stored):
			continue
		case len(packed) == 0 && found:
			_, err = tx.Exec(`DELETE FROM user_codes WHERE account_id = $1 AND kind = $2 AND block = $3`, accountID, linkCode, at)
		default:
			_, err = tx.Exec(`INSERT INTO user_codes (account_id, kind, block, codes) VALUES ($1, $2, $3, $4)
				ON CONFLICT (account_id, kind, block) DO UPDATE SET codes = excluded.codes`, accountID, linkCode, at, packed)
		}
		if err != nil {
			return fmt.Errorf("note who waits: %w", err)
		}
	}
	return nil
}
