package world

import (
	"database/sql"
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"countersign/internal/db"
	"countersign/internal/people"
)

// keepLists has all that lists are found by written down, so that every change of
// the test must keep it, and looks at the end whether it did.
func (w *World) keepLists() {
	w.Do(func(tx *db.Tx) error {
		ids, err := db.Column(tx, `SELECT id FROM accounts`)
		for _, id := range ids {
			if err == nil {
				err = people.Index(tx, id, false)
			}
		}
		return err
	})
	w.t.Cleanup(func() {
		if w.t.Failed() || w.beside {
			return
		}
		var wrong []string
		err := w.DB.View(w.ctx(), func(tx *db.Tx) (err error) {
			wrong, err = WrongLists(tx)
			return err
		})
		switch {
		case err != nil:
			w.t.Logf("lists cannot be looked at: %v", err) // the test took the database away
		case len(wrong) > 0:
			w.t.Errorf("lists were not kept: %q", wrong[:min(len(wrong), 10)])
		}
	})
}

// Beside says that the test writes people beside the use cases, which no list can
// know of: lists are not looked at when it ends.
func (w *World) Beside() { w.beside = true }

// WrongLists tells what lists of users would get wrong: whatever repeats
// something else, and differs from it. It knows nothing of how that is kept.
func WrongLists(tx *db.Tx) ([]string, error) {
	var wrong []string
	for what, query := range map[string]string{
		"number of users":       `SELECT a.id FROM accounts a WHERE a.users <> (SELECT COUNT(*) FROM memberships m WHERE m.account_id = a.id)`,
		"next number":           `SELECT a.id FROM accounts a WHERE a.next_member <= (SELECT COALESCE(MAX(m.number), -1) FROM memberships m WHERE m.account_id = a.id)`,
		"findable":              `SELECT a.id FROM accounts a WHERE a.findable > a.next_member`,
		"number":                `SELECT m.id FROM memberships m WHERE m.number IS NULL`,
		"holders":               `SELECT r.id FROM roles r WHERE r.holders <> (SELECT COUNT(*) FROM assignments x WHERE x.account_id = r.account_id AND x.role_id = r.id)`,
		"address":               `SELECT m.id FROM memberships m JOIN users u ON u.id = m.user_id WHERE (m.activated_at IS NOT NULL OR m.email = '') AND m.email_key <> COALESCE(u.email_key, '')`,
		"last sign-in":          `SELECT m.id FROM memberships m JOIN users u ON u.id = m.user_id WHERE m.last_sign_in_at <> CASE WHEN m.activated_at IS NULL THEN 0 ELSE COALESCE(u.last_sign_in_at, 0) END`,
		"age of the password":   `SELECT m.id FROM memberships m JOIN users u ON u.id = m.user_id WHERE COALESCE(m.password_set_at, 0) <> CASE WHEN m.activated_at IS NULL THEN 0 ELSE COALESCE(u.password_set_at, 0) END`,
		"name of who is in":     `SELECT m.id FROM memberships m JOIN users u ON u.id = m.user_id WHERE m.activated_at IS NOT NULL AND (m.sort_key <> u.sort_key OR m.search_key <> u.search_key)`,
		"places without a user": `SELECT f.account_id FROM found_by f JOIN accounts a ON a.id = f.account_id WHERE f.block * 4096 >= a.findable`,
	} {
		ids, err := db.Column(tx, query)
		if err != nil {
			return nil, err
		}
		for _, id := range ids {
			wrong = append(wrong, what+" of "+id)
		}
	}
	names, err := wrongNames(tx)
	if err != nil {
		return nil, err
	}
	codes, err := wrongCodes(tx)
	if err != nil {
		return nil, err
	}
	terms, err := wrongTerms(tx)
	return slices.Concat(wrong, names, codes, terms), err
}

// wrongNames looks at the keys that are computed in Go.
func wrongNames(tx *db.Tx) ([]string, error) {
	type keyed struct{ id, sort, search, wantSort, wantSearch string }
	invited, err := wrongAsTyped(tx)
	if err != nil {
		return nil, err
	}
	list, err := db.All(tx, func(r *sql.Rows) (k keyed, err error) {
		var p people.Person
		err = r.Scan(&k.id, &k.sort, &k.search, &p.FirstName, &p.LastName, &p.Email, &p.Username)
		k.wantSort, k.wantSearch = people.SortKey(p), people.SearchKey(p)
		return
	}, `SELECT id, sort_key, search_key, first_name, last_name, COALESCE(email, ''), COALESCE(username, '') FROM users WHERE left_at IS NULL`)
	wrong := invited
	for _, k := range list {
		if k.sort != k.wantSort || k.search != k.wantSearch {
			wrong = append(wrong, "keys of "+k.id)
		}
	}
	return wrong, err
}

// wrongAsTyped looks at the keys of those who have not come in: what was typed of
// them is what they are found by.
func wrongAsTyped(tx *db.Tx) (wrong []string, err error) {
	_, err = db.All(tx, func(r *sql.Rows) (_ struct{}, err error) {
		var id, sort, search, email string
		var p people.Person
		if err = r.Scan(&id, &sort, &search, &email, &p.FirstName, &p.LastName, &p.Email); err != nil {
			return
		}
		if key, _ := people.EmailKey(p.Email); sort != people.SortKey(p) || search != people.SearchKey(p) || email != key {
			wrong = append(wrong, "keys as typed of "+id)
		}
		return
	}, `SELECT id, sort_key, search_key, email_key, first_name, last_name, email FROM memberships WHERE activated_at IS NULL AND email <> ''`)
	return wrong, err
}

// wrongCodes compares user_codes with what they are the beginning of.
func wrongCodes(tx *db.Tx) ([]string, error) {
	stored := map[string][]byte{}
	_, err := db.All(tx, func(r *sql.Rows) (_ struct{}, err error) {
		var at string
		var codes []byte
		err = r.Scan(&at, &codes)
		stored[at] = codes
		return
	}, `SELECT account_id || ' ' || kind || ' ' || block, codes FROM user_codes`)
	if err != nil {
		return nil, err
	}
	var wrong []string
	_, err = db.All(tx, func(r *sql.Rows) (_ struct{}, err error) {
		var account, name, email string
		var n, signedIn int64
		if err = r.Scan(&account, &n, &name, &email, &signedIn); err != nil {
			return
		}
		for kind, want := range map[string]string{"name": beginning(name), "email": beginning(email), "last_sign_in": quarters(signedIn)} {
			codes := stored[fmt.Sprintf("%s %s %d", account, kind, n/448)]
			if at := int(n % 448 * 2); len(codes) < at+2 || string(codes[at:at+2]) != want {
				wrong = append(wrong, fmt.Sprintf("code of %s %d %s", account, n, kind))
			}
		}
		return
	}, `SELECT m.account_id, m.number, m.sort_key, m.email_key, m.last_sign_in_at
		FROM memberships m JOIN accounts a ON a.id = m.account_id AND m.number < a.findable`)
	if err != nil {
		return nil, err
	}
	links, err := wrongLinks(tx, stored)
	return append(wrong, links...), err
}

// wrongLinks compares what stands in user_codes of links with the invitations.
func wrongLinks(tx *db.Tx, stored map[string][]byte) ([]string, error) {
	got, want := map[string]string{}, map[string]string{}
	for at, codes := range stored {
		if account, block, found := strings.Cut(at, " link "); found {
			for ; len(codes) >= 6; codes = codes[6:] {
				got[fmt.Sprint(account, " ", block, " ", binary.BigEndian.Uint16(codes))] = string(codes[2:6])
			}
		}
	}
	_, err := db.All(tx, func(r *sql.Rows) (_ struct{}, err error) {
		var account string
		var n, ends int64
		var off bool
		err = r.Scan(&account, &n, &ends, &off)
		code := seconds(ends)
		if off {
			code = "\xff\xff\xff\xff"
		}
		want[fmt.Sprint(account, " ", n/4096, " ", n%4096)] = code
		return
	}, `SELECT m.account_id, m.number, COALESCE(i.used_at + 1800000000, i.expires_at, 0), i.deactivated_at IS NOT NULL FROM memberships m JOIN accounts a ON a.id = m.account_id AND m.number < a.findable
		LEFT JOIN invitations i ON i.account_id = m.account_id AND i.membership_id = m.id AND i.replaced_at IS NULL WHERE m.activated_at IS NULL AND m.deactivated_at IS NULL`)
	var wrong []string
	for _, at := range slices.Sorted(maps.Keys(want)) {
		if got[at] != want[at] {
			wrong = append(wrong, "link of "+at)
		}
	}
	if len(got) > len(want) {
		wrong = append(wrong, fmt.Sprint(len(got)-len(want), " links of nobody"))
	}
	return wrong, err
}

// beginning writes how a text begins, in two bytes that are in the order of texts.
func beginning(text string) string {
	letters := []rune(text)
	var code int
	if len(letters) > 0 && letters[0] > 127 {
		code = 1<<15 + min(int(letters[0]-128)/2, 1<<15-1)
		letters = nil
	}
	for i, r := range append(letters[:min(len(letters), 3)], 0, 0, 0)[:3] {
		class := strings.IndexRune("\x00\x010:abcdefghijklmnopqrstuvwxyz{", r)
		plain := class >= 4 && class < 30
		switch {
		case r == 0 || plain:
		case r < '0':
			class = 1
		case r <= '9':
			class = 2
		case r < 'a':
			class = 3
		default:
			class = 30
		}
		if code |= max(class, 0) << (10 - 5*i); !plain {
			break
		}
	}
	return string([]byte{byte(code >> 8), byte(code)})
}

// quarters writes a time in µs in units of four hours since 2020, counted from 1; 0 is none.
func quarters(at int64) string {
	var b [2]byte
	if at != 0 {
		binary.BigEndian.PutUint16(b[:], uint16(1+max(at-time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro(), 0)/(4*time.Hour).Microseconds()))
	}
	return string(b[:])
}

// seconds writes a time in µs in units of four seconds.
func seconds(at int64) string {
	var b [4]byte
	binary.BigEndian.PutUint32(b[:], uint32(at/4e6))
	return string(b[:])
}

// wrongTerms compares found_by with what each user would be found by.
func wrongTerms(tx *db.Tx) ([]string, error) {
	want, err := termsWanted(tx)
	if err != nil {
		return nil, err
	}
	got := map[string]bool{}
	_, err = db.All(tx, func(r *sql.Rows) (_ struct{}, err error) {
		var account, term string
		var block int64
		var bits []byte
		if err = r.Scan(&account, &term, &block, &bits); err == nil {
			for _, n := range unpacked(bits) {
				got[fmt.Sprintf("%s %q %d", account, term, block*4096+n)] = true
			}
		}
		return
	}, `SELECT account_id, term, block, bits FROM found_by`)
	var wrong []string
	for _, k := range slices.Sorted(maps.Keys(want)) {
		if !got[k] {
			wrong = append(wrong, "not found by "+k)
		}
	}
	for _, k := range slices.Sorted(maps.Keys(got)) {
		if !want[k] {
			wrong = append(wrong, "found by "+k)
		}
	}
	return wrong, err
}

func unpacked(bits []byte) (out []int64) {
	if len(bits) == 512 {
		for n := range int64(4096) {
			if binary.BigEndian.Uint64(bits[n/64*8:])>>(n%64)&1 == 1 {
				out = append(out, n)
			}
		}
		return out
	}
	for i := 0; i+1 < len(bits); i += 2 {
		out = append(out, int64(binary.BigEndian.Uint16(bits[i:])))
	}
	return out
}

func termsWanted(tx *db.Tx) (map[string]bool, error) {
	want := map[string]bool{}
	add := func(r *sql.Rows) (_ struct{}, err error) {
		var account, term string
		var n int64
		if err = r.Scan(&account, &n, &term); err == nil {
			want[fmt.Sprintf("%s %q %d", account, term, n)] = true
		}
		return
	}
	const from = ` FROM memberships m JOIN accounts a ON a.id = m.account_id AND m.number < a.findable`
	const given = from + ` JOIN assignments x ON x.account_id = m.account_id AND x.membership_id = m.id`
	for _, q := range []string{
		`SELECT m.account_id, m.number, 'r' || x.role_id` + given,
		`SELECT m.account_id, m.number, '*'` + given + ` WHERE x.all_entities`,
		`SELECT m.account_id, m.number, 'e' || y.entity_id` + given + ` JOIN assignment_entities y ON y.account_id = x.account_id AND y.assignment_id = x.id`,
		`SELECT m.account_id, m.number, CASE WHEN m.deactivated_at IS NOT NULL THEN 's:out' ELSE 's:in' END` + from + ` WHERE m.deactivated_at IS NOT NULL OR m.activated_at IS NOT NULL`,
		`SELECT m.account_id, m.number, 's:old'` + from + ` WHERE m.password_set_at <= a.old_since`,
		`SELECT m.account_id, m.number, 's:idle'` + from + ` JOIN users u ON u.id = m.user_id WHERE u.inactive_locked_at IS NOT NULL`,
	} {
		if _, err := db.All(tx, add, q); err != nil {
			return nil, err
		}
	}
	_, err := db.All(tx, func(r *sql.Rows) (_ struct{}, err error) {
		var account, text string
		var n int64
		if err = r.Scan(&account, &n, &text); err != nil {
			return
		}
		for word := range strings.FieldsSeq(text) {
			letters := []rune(word)
			for i := range letters {
				for j := i + 1; j <= min(i+3, len(letters)); j++ {
					want[fmt.Sprintf("%s %q %d", account, "g"+string(letters[i:j]), n)] = true
				}
			}
		}
		return
	}, `SELECT m.account_id, m.number, m.search_key`+from)
	return want, err
}
