package snapshot

import (
	"cmp"
	"database/sql"
	"fmt"
	"hash/maphash"
	"net/netip"
	"slices"

	"countersign/internal/access"
	"countersign/internal/db"
)

// loadUsers reads users, some or all, and hands each to add, which may keep
// nothing of it. A membership counts as active from its activation to its deactivation.
//
// A million people are read in the order in which each table stands, and put
// together here: any order that a join would ask for costs a search for each row.
func loadUsers(tx *db.Tx, o only, add func(*access.User)) error {
	if o.none() {
		return nil
	}
	p, err := loadParts(tx, o)
	if err != nil {
		return err
	}
	var u access.User
	flush := func() {
		if u.ID == "" {
			return
		}
		u.Active = !p.locked[u.ID]
		slices.SortFunc(u.Memberships, func(a, b access.Membership) int { return cmp.Compare(a.AccountID, b.AccountID) })
		add(&u)
	}
	type row struct {
		user, account, id    string
		active, allLocations bool
	}
	var x row
	dest := []any{&x.user, &x.account, &x.id, &x.active, &x.allLocations}
	where, args := o.where(tx, "user_id")
	err = stream(tx, dest, &x, func(x *row) {
		if x.user != u.ID {
			flush()
			u.ID, u.Memberships, p.assigned = x.user, u.Memberships[:0], p.assigned[:0]
		}
		u.Memberships = append(u.Memberships, access.Membership{ID: x.id, AccountID: x.account, Active: x.active, AllLocations: x.allLocations,
			Locations: p.locations[x.id], Allow: p.allow[x.id], Values: p.values[x.id], Assignments: p.of(x.id)})
	}, `SELECT user_id, account_id, id, activated_at IS NOT NULL AND deactivated_at IS NULL, all_locations FROM memberships`+where+` ORDER BY user_id`, args...)
	if err == nil {
		flush()
	}
	return err
}

// stream reads rows into dest, which points into row, and has each used while the
// next are being read: reading and putting together each take half of the time.
func stream[T any](tx *db.Tx, dest []any, row *T, use func(*T), query string, args ...any) error {
	const some = 512
	batches, done := make(chan []T, 4), make(chan struct{})
	go func() {
		defer close(done)
		for b := range batches {
			for i := range b {
				use(&b[i])
			}
		}
	}()
	var batch []T
	_, err := db.All(tx, func(r *sql.Rows) (_ struct{}, err error) {
		if err = r.Scan(dest...); err != nil {
			return
		}
		if batch = append(batch, *row); len(batch) == some {
			batches <- batch
			batch = make([]T, 0, some)
		}
		return
	}, query, args...)
	batches <- batch
	close(batches)
	<-done
	return err
}

// kept is a user that may be kept.
func kept(u *access.User) access.User {
	out := *u
	out.Memberships = slices.Clone(u.Memberships)
	for i := range out.Memberships {
		list := slices.Clone(out.Memberships[i].Assignments)
		for j := range list {
			list[j].Entities = slices.Clone(list[j].Entities)
		}
		out.Memberships[i].Assignments = list
	}
	return out
}

// parts are what hangs on memberships, and who is locked.
type parts struct {
	locked      map[string]bool
	locations   map[string][]string
	allow       map[string][]netip.Prefix
	values      map[string][]access.Value
	assignments chains[assignment] // by membership
	entities    chains[string]     // by assignment

	assigned []access.Assignment // of the user at hand
	names    map[string]string   // one copy of each id that many rows have
}

type assignment struct {
	role        string
	from, until int64
	all         bool
	entities    int32 // where its entities begin; 0 is none
}

// chains are lists by id. An id stands for itself by 128 bits of a keyed hash:
// no two are ever alike, and a million are not a million texts. They stand in an
// open-addressing table, at most half full: one line of memory for each look.
type chains[T any] struct {
	one, two maphash.Seed
	table    []chain
	count    int
	links    []link[T] // the first is nobody's
}

type chain struct {
	key   [2]uint64
	first int32 // 0 is a free place
}

type link[T any] struct {
	is   T
	next int32
}

func newChains[T any]() chains[T] {
	return chains[T]{one: maphash.MakeSeed(), two: maphash.MakeSeed(), table: make([]chain, 16), links: make([]link[T], 1)}
}

func (c *chains[T]) key(id string) [2]uint64 {
	return [2]uint64{maphash.String(c.one, id), maphash.String(c.two, id)}
}

// place is where a key stands, or would.
func (c *chains[T]) place(key [2]uint64) *chain {
	mask := uint64(len(c.table) - 1)
	for i := key[0] & mask; ; i = (i + 1) & mask {
		if x := &c.table[i]; x.first == 0 || x.key == key {
			return x
		}
	}
}

func (c *chains[T]) add(id string, is T) {
	if 2*c.count >= len(c.table) {
		old := c.table
		c.table = make([]chain, 4*len(old))
		for _, x := range old {
			if x.first != 0 {
				*c.place(x.key) = x
			}
		}
	}
	x := c.place(c.key(id))
	if x.first == 0 {
		x.key = c.key(id)
		c.count++
	}
	c.links = append(c.links, link[T]{is, x.first})
	x.first = int32(len(c.links) - 1)
}

func (c *chains[T]) begin(id string) int32 { return c.place(c.key(id)).first }

// of are the assignments of a membership of the user at hand, in an order of their own.
func (p *parts) of(membershipID string) []access.Assignment {
	begin := len(p.assigned)
	for i := p.assignments.begin(membershipID); i != 0; i = p.assignments.links[i].next {
		x := &p.assignments.links[i].is
		a := access.Assignment{RoleID: x.role, AllEntities: x.all, From: x.from, Until: x.until}
		for j := x.entities; j != 0; j = p.entities.links[j].next {
			a.Entities = append(a.Entities, p.entities.links[j].is)
		}
		p.assigned = append(p.assigned, a)
	}
	list := slices.Clip(p.assigned[begin:])
	slices.SortFunc(list, func(a, b access.Assignment) int { return cmp.Compare(a.RoleID, b.RoleID) })
	return list
}

func (p *parts) name(id string) string {
	if one, ok := p.names[id]; ok {
		return one
	}
	p.names[id] = id
	return id
}

func loadParts(tx *db.Tx, o only) (p parts, err error) {
	p = parts{locked: map[string]bool{}, locations: map[string][]string{}, allow: map[string][]netip.Prefix{}, values: map[string][]access.Value{},
		assignments: newChains[assignment](), entities: newChains[string](), names: map[string]string{}}
	locked := `SELECT id FROM users WHERE inactive_locked_at IS NOT NULL`
	var args []any
	if o != all {
		locked = `SELECT id FROM users WHERE id IN (SELECT each.value FROM ` + db.Each(tx, "$1") + `) AND inactive_locked_at IS NOT NULL`
		args = []any{*o.ids}
	}
	ids, err := db.Column(tx, locked, args...)
	for _, id := range ids {
		p.locked[id] = true
	}
	if err == nil {
		err = p.loadLimits(tx, o)
	}
	if err == nil {
		err = p.loadAssignments(tx, o)
	}
	return p, err
}

// join narrows what hangs on memberships, as x, to those of some users.
func (o only) join(tx *db.Tx) (string, []any) {
	if o == all {
		return "", nil
	}
	where, args := o.where(tx, "m.user_id")
	return ` JOIN memberships m ON m.account_id = x.account_id AND m.id = x.membership_id` + where, args
}

// loadLimits reads the locations and the networks that memberships are limited to,
// and the values of registered properties.
func (p *parts) loadLimits(tx *db.Tx, o only) error {
	join, args := o.join(tx)
	pair := func(r *sql.Rows) (x [2]string, err error) { return x, r.Scan(&x[0], &x[1]) }
	rows, err := db.All(tx, pair, `SELECT x.membership_id, x.location_id FROM membership_locations x`+join, args...)
	if err != nil {
		return err
	}
	for _, x := range rows {
		p.locations[x[0]] = append(p.locations[x[0]], x[1])
	}
	if rows, err = db.All(tx, pair, `SELECT x.membership_id, x.network FROM membership_ips x`+join, args...); err != nil {
		return err
	}
	for _, x := range rows {
		network, err := netip.ParsePrefix(x[1])
		if err != nil {
			return fmt.Errorf("allowed address of %s: %w", x[0], err)
		}
		p.allow[x[0]] = append(p.allow[x[0]], network)
	}
	return p.loadValues(tx, o)
}

func (p *parts) loadValues(tx *db.Tx, o only) error {
	join, args := o.join(tx)
	type row struct {
		member string
		access.Value
	}
	rows, err := db.All(tx, func(r *sql.Rows) (x row, err error) { return x, r.Scan(&x.member, &x.Name, &x.Text) },
		`SELECT x.membership_id, x.name, x.value FROM membership_properties x`+join+` ORDER BY 1, 2`, args...)
	for _, x := range rows {
		x.Name = p.name(x.Name)
		p.values[x.member] = append(p.values[x.member], x.Value)
	}
	return err
}

func (p *parts) loadAssignments(tx *db.Tx, o only) error {
	join, args := o.join(tx)
	type over struct{ entity, assignment string }
	var y over
	from := `assignment_entities y`
	if o != all {
		from += ` JOIN assignments x ON x.account_id = y.account_id AND x.id = y.assignment_id`
	}
	err := stream(tx, []any{&y.entity, &y.assignment}, &y, func(y *over) { p.entities.add(y.assignment, p.name(y.entity)) },
		`SELECT y.entity_id, y.assignment_id FROM `+from+join, args...)
	if err != nil {
		return err
	}
	type row struct {
		member, id string
		assignment
	}
	var x row
	return stream(tx, []any{&x.member, &x.id, &x.role, &x.all, &x.from, &x.until}, &x, func(x *row) {
		if x.role = p.name(x.role); !x.all {
			x.entities = p.entities.begin(x.id)
		}
		p.assignments.add(x.member, x.assignment)
	}, `SELECT x.membership_id, x.id, x.role_id, x.all_entities, COALESCE(x.valid_from, 0), COALESCE(x.valid_until, 0) FROM assignments x`+join, args...)
}
