package people

import (
	"bytes"
	"database/sql"
	"encoding/binary"
	"fmt"
	"maps"
	"slices"

	"countersign/internal/db"
)

// A code is four bytes of what is known of somebody, in user_codes: the beginning
// of a name or an address, or a time. Whoever has a lower one comes before, or was
// before; among those of the same, only the rows tell.

// The kinds of codes. The first three are the orders of lists.
const (
	nameCode   = "name"
	emailCode  = "email"
	signInCode = "last_sign_in"
	linkCode   = "link" // when the open link ends; of those alone who wait to come in
)

// codeBlock is how many users stand in one row of user_codes: as many as SQLite
// keeps on one page. A sign-in writes one row.
const codeBlock = 224

const codeBytes = 4

// textCode is the code of a name or an address: its first bytes.
func textCode(key string) uint32 {
	var b [codeBytes]byte
	copy(b[:], key)
	return binary.BigEndian.Uint32(b[:])
}

// timeUnit is what codes of times count, in µs: so they last for centuries.
const timeUnit = 4_000_000

func timeCode(at int64) uint32 { return uint32(at / timeUnit) }

// coded is what the codes of somebody are made of.
type coded struct {
	number      int64
	name, email string
	lastSignIn  int64
	waits       bool
	link        uint32
}

func (x coded) codes() map[string]uint32 {
	return map[string]uint32{nameCode: textCode(x.name), emailCode: textCode(x.email), signInCode: timeCode(x.lastSignIn)}
}

func scanCoded(r *sql.Rows) (x coded, err error) {
	var ends int64
	var off bool
	err = r.Scan(&x.number, &x.name, &x.email, &x.lastSignIn, &x.waits, &ends, &off)
	if x.link = timeCode(ends); off {
		x.link = noLink
	}
	return x, err
}

// encode writes the codes of an account's users whose numbers are from <= n < until.
func encode(tx *db.Tx, accountID string, from, until int64) error {
	list, err := db.All(tx, scanCoded, `SELECT m.number, m.sort_key, m.email_key, m.last_sign_in_at,
		m.activated_at IS NULL AND m.deactivated_at IS NULL, `+linkEnds+`, i.deactivated_at IS NOT NULL`+termedSQL, accountID, from, until)
	if err != nil {
		return fmt.Errorf("read keys of users: %w", err)
	}
	all := map[string]map[int64]uint32{nameCode: {}, emailCode: {}, signInCode: {}}
	wait := map[int64]uint32{}
	for _, x := range list {
		for kind, code := range x.codes() {
			all[kind][x.number] = code
		}
		if x.waits {
			wait[x.number] = x.link
		}
	}
	for kind, codes := range all {
		if err := writeCodes(tx, accountID, kind, codes); err != nil {
			return err
		}
	}
	return writeLinks(tx, accountID, from, until, wait)
}

// writeCodes notes codes of one kind, by number.
func writeCodes(tx *db.Tx, accountID, kind string, codes map[int64]uint32) error {
	blocks := map[int64][]byte{}
	for n := range codes {
		blocks[n/codeBlock] = make([]byte, codeBytes*codeBlock)
	}
	at := slices.Sorted(maps.Keys(blocks))
	before := map[int64][]byte{}
	_, err := db.All(tx, func(r *sql.Rows) (_ struct{}, err error) {
		var block int64
		var stored []byte
		if err = r.Scan(&block, &stored); err == nil {
			copy(blocks[block], stored)
			before[block] = stored
		}
		return
	}, `SELECT c.block, c.codes FROM `+db.Each(tx, "$3")+` CROSS JOIN user_codes c WHERE c.account_id = $1 AND c.kind = $2 AND c.block = CAST(each.value AS BIGINT)`, accountID, kind, db.List(at))
	if err != nil {
		return fmt.Errorf("read codes of users: %w", err)
	}
	for n, code := range codes {
		binary.BigEndian.PutUint32(blocks[n/codeBlock][codeBytes*(n%codeBlock):], code)
	}
	var write [][]any
	for _, block := range at {
		if !bytes.Equal(blocks[block], before[block]) {
			write = append(write, []any{accountID, kind, block, blocks[block]})
		}
	}
	err = tx.ExecEach(`INSERT INTO user_codes (account_id, kind, block, codes) VALUES ($1, $2, $3, $4)
		ON CONFLICT (account_id, kind, block) DO UPDATE SET codes = excluded.codes`, write)
	if err != nil {
		return fmt.Errorf("note codes of users: %w", err)
	}
	return nil
}

// codesOf reads the codes of some of an account's users: of those below findable.
func codesOf(tx *db.Tx, accountID, kind string, users *numbers, findable int64) ([]codedUser, error) {
	out := make([]codedUser, 0, users.count())
	wanted, all := blocksOf(users, findable), (findable+codeBlock-1)/codeBlock
	c := conditions{}
	c.add("account_id = " + c.arg(accountID))
	c.add("kind = " + c.arg(kind))
	if n := int64(len(wanted)); 2*n < all {
		c.add("block IN (SELECT CAST(each.value AS BIGINT) FROM " + db.Each(tx, c.arg(db.List(wanted))) + ")")
	}
	read := setOf(nil)
	err := db.Blocks(tx, func(block int64, stored []byte) { // in any order: PostgreSQL would sort them on disk
		read.add(block)
		users.within(block*codeBlock, min((block+1)*codeBlock, findable), func(n int64) {
			out = append(out, codedUser{codeIn(stored, n%codeBlock), n})
		})
	}, `SELECT block, codes FROM user_codes`+c.where(), c.args...)
	if err != nil {
		return nil, fmt.Errorf("read codes of users: %w", err)
	}
	for _, block := range wanted {
		if !read.has(block) {
			users.within(block*codeBlock, min((block+1)*codeBlock, findable), func(n int64) { out = append(out, codedUser{0, n}) })
		}
	}
	return out, nil
}

// blocksOf are the rows of user_codes in which some users stand, of those below findable.
func blocksOf(users *numbers, findable int64) (out []int64) {
	last := int64(-1)
	users.within(0, findable, func(n int64) {
		if block := n / codeBlock; block != last {
			out, last = append(out, block), block
		}
	})
	return out
}

// codeIn is one of the codes of a row; 0 when it is not there.
func codeIn(stored []byte, n int64) uint32 {
	if at := codeBytes * n; at+codeBytes <= int64(len(stored)) {
		return binary.BigEndian.Uint32(stored[at:])
	}
	return 0
}
