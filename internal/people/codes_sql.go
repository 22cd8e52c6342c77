package people

import (
	"bytes"
	"database/sql"
	"encoding/binary"
	"fmt"
	"maps"
	"math"
	"slices"
	"unicode/utf16"
	"unicode/utf8"

	"countersign/internal/db"
)

// A code is two bytes of what is known of somebody, in user_codes: the beginning
// of a name or an address, or a time, in steps of some hours. Whoever has a lower one comes before, or was
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
const codeBlock = 448

const codeBytes = 2

// textCode is the code of a name or an address. One that begins with a letter
// beyond ASCII has the upper half of the codes, by that letter; of others the first
// three letters count, for five bits each. Signs, digits and what is beyond ASCII
// are not told apart, and nothing that comes after one of these counts: so codes
// are in the order of the texts' bytes.
func textCode(key string) (code uint32) {
	bits := 15
	for i, r := range key {
		if i == 0 && r >= utf8.RuneSelf {
			return foreign | min(uint32(r-utf8.RuneSelf)>>1, foreign-1)
		}
		class, one := classOf(r)
		bits -= 5
		code |= class << bits
		if !one || bits == 0 {
			break
		}
	}
	return code
}

const foreign = 1 << 15 // the first code of a text that begins with a letter beyond ASCII

// The classes of letters: 0 is the end of the text. classes are the first of each.
const classes = "\x00\x010:abcdefghijklmnopqrstuvwxyz{"

// classOf gives a letter's class, and whether it has one of its own.
func classOf(r rune) (class uint32, one bool) {
	switch {
	case r >= 'a' && r <= 'z':
		return uint32(r-'a') + 4, true
	case r < '0':
		return 1, false
	case r <= '9':
		return 2, false
	case r < 'a':
		return 3, false
	}
	return uint32(len(classes)) - 1, false
}

// textEdge is the first text with a code or a higher one; going down, with a higher one.
func textEdge(code uint32, down bool) string {
	if down {
		code++
	}
	for {
		if code > lastCode {
			return string(utf8.MaxRune)
		}
		if code >= foreign {
			letter := rune(code-foreign)<<1 + utf8.RuneSelf
			if utf16.IsSurrogate(letter) { // no letters
				letter = '\ue000'
			}
			return string(letter)
		}
		if text, ok := textOf(code); ok {
			return text
		}
		code++ // which no text has
	}
}

// textOf is the first text with a code; false when there is none.
func textOf(code uint32) (text string, ok bool) {
	ended := false
	for bits := 10; bits >= 0; bits -= 5 {
		class := code >> bits & 31
		if class >= uint32(len(classes)) || ended && class != 0 {
			return "", false
		}
		if ended = ended || class < 4 || class == uint32(len(classes))-1; class != 0 {
			text += classes[class : class+1]
		}
	}
	return text, true
}

const (
	timeUnit  = 4 * 3600 * 1_000_000   // µs that have one code
	timeBegin = 1577836800 * 1_000_000 // µs: 2020; all times before have the code 1
	lastCode  = 1<<(8*codeBytes) - 1   // and all after 2049 this one
)

// timeCode is the code of a time; 0 is that of none.
func timeCode(at int64) uint32 {
	if at == 0 {
		return 0
	}
	return uint32(min(1+max(at-timeBegin, 0)/timeUnit, lastCode))
}

// timeEdge is the first time with a code, or, going down, the last.
func timeEdge(code uint32, down bool) int64 {
	first := timeBegin + (int64(code)-1)*timeUnit
	switch {
	case code == 0:
		return 0
	case down && code == lastCode:
		return math.MaxInt64
	case down:
		return first + timeUnit - 1
	case code == 1:
		return 1
	}
	return first
}

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
	if x.link = linkTime(ends); off {
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
		binary.BigEndian.PutUint16(blocks[n/codeBlock][codeBytes*(n%codeBlock):], uint16(code))
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
		return uint32(binary.BigEndian.Uint16(stored[at:]))
	}
	return 0
}
