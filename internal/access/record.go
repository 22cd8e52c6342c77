package access

import (
	"encoding/binary"
	"fmt"
	"net/netip"
)

// person is all that decisions read of one user, in one run of bytes, so that a
// decision touches one or two lines of memory:
//
//	flags 1, length of the id 1, memberships 2, id; then each membership:
//	account 4, flags 1, nothing 1, length of its grants in words 2;
//	when it is listed: networks 2, places 2, each network 18, each place 4;
//	then each grant: role and flags 4, scope 8; when it is timed: from 8, until 8.
//
// An assignment over several entities is several grants; all but the first say
// that they go on. Numbers are little-endian and point into tree and roles.
// Nil is nobody.
type person []byte

const (
	personActive = 1

	memberActive       = 1
	memberCut          = 2
	memberAllLocations = 4
	memberListed       = 8 // allowed networks or places follow

	grantTimed = 1 << 31
	grantGoes  = 1 << 30 // on: it is of the same assignment as the one before
	grantRole  = grantGoes - 1

	headSize, memberSize, grantSize, timesSize, networkSize, placeSize = 4, 8, 12, 16, 18, 4
)

var le = binary.LittleEndian

func (p person) active() bool { return p[0]&personActive != 0 }

func (p person) id() []byte { return p[headSize : headSize+int(p[1])] }

// members stands before the first membership: for m := p.members(); m.next(); { … }
func (p person) members() member {
	return member{of: p, left: int(le.Uint16(p[2:])), end: headSize + int(p[1])}
}

// grantsOf is where the grants of the membership at m stand in the record.
func (p person) grantsOf(m int) (begin, end int) {
	begin = m + memberSize
	if p[m+4]&memberListed != 0 {
		begin += 4 + networkSize*int(le.Uint16(p[begin:])) + placeSize*int(le.Uint16(p[begin+2:]))
	}
	return begin, begin + 4*int(le.Uint16(p[m+6:]))
}

// member is the membership at a place of the record.
func (p person) member(at int) member {
	m := member{of: p, left: 1, end: at}
	m.next()
	return m
}

// in is the membership in an account; there is at most one.
func (p person) in(account int32) (m member, found bool) {
	for m = p.members(); m.next(); {
		if m.account == account {
			return m, true
		}
	}
	return m, false
}

// member goes through the memberships of a person. It and grant keep numbers
// into the record alone, so that a question about them stays off the heap.
type member struct {
	of   person
	left int

	account                                  int32
	flags                                    uint8
	networkAt, placeAt, placeEnd, begin, end int // in the record: begin and end are of the grants
}

// next reads the next membership; false when there is none.
func (m *member) next() bool {
	if m.left == 0 {
		return false
	}
	m.left--
	b := m.of[m.end : m.end+memberSize]
	m.account, m.flags = int32(le.Uint32(b)), b[4]
	if m.flags&memberListed != 0 {
		m.lists()
	}
	m.begin, m.end = m.of.grantsOf(m.end)
	return true
}

func (m *member) lists() {
	b := m.of[m.end+memberSize:]
	m.networkAt = m.end + memberSize + 4
	m.placeAt = m.networkAt + networkSize*int(le.Uint16(b))
	m.placeEnd = m.placeAt + placeSize*int(le.Uint16(b[2:]))
}

func (m *member) allLocations() bool { return m.flags&memberAllLocations != 0 }

// place is the number of the i-th location that a restricted membership may see; -1 after the last.
func (m *member) place(i int) int32 {
	if at := m.placeAt + i*placeSize; m.flags&memberListed != 0 && at < m.placeEnd {
		return int32(le.Uint32(m.of[at:]))
	}
	return -1
}

// limited tells whether only some networks are allowed.
func (m *member) limited() bool { return m.flags&memberListed != 0 && m.networkAt < m.placeAt }

// from tells whether an address is in one of the allowed networks.
func (m *member) from(ip netip.Addr) bool {
	for at := m.networkAt; at < m.placeAt; at += networkSize {
		if network(m.of[at:]).Contains(ip) {
			return true
		}
	}
	return false
}

func network(b []byte) netip.Prefix {
	if b[1] != 0 {
		return netip.PrefixFrom(netip.AddrFrom4([4]byte(b[2:6])), int(b[0]))
	}
	return netip.PrefixFrom(netip.AddrFrom16([16]byte(b[2:18])), int(b[0]))
}

// grants stands before the first grant: for g := m.grants(); g.next(); { … }
func (m *member) grants() grant { return grant{of: m.of, at: m.begin, end: m.end} }

// grant is the one at a place of the record, the first of the membership being at another.
func (m *member) grant(first, at int) grant {
	g := grant{of: m.of, at: at, end: m.end}
	if g.next(); g.goes { // its times stand with the first of its assignment
		for g.at = first; g.at <= at; {
			g.next()
		}
	}
	return g
}

// grant goes through what a membership gives: a role over one scope at a time.
type grant struct {
	of      person
	at, end int

	role int32
	span
	timed, goes bool
	from, until int64 // of the assignment
}

// next reads the next grant; false when there is none.
func (g *grant) next() bool {
	if g.at >= g.end {
		return false
	}
	b := g.of[g.at : g.at+grantSize]
	role := le.Uint32(b)
	g.role, g.goes = int32(role&grantRole), role&grantGoes != 0
	g.lo, g.hi = int32(le.Uint32(b[4:])), int32(le.Uint32(b[8:]))
	g.at += grantSize
	if role&grantTimed != 0 {
		g.times()
	} else if !g.goes {
		g.timed = false
	}
	return true
}

func (g *grant) times() {
	b := g.of[g.at : g.at+timesSize]
	g.timed, g.from, g.until = true, int64(le.Uint64(b)), int64(le.Uint64(b[8:]))
	g.at += timesSize
}

// record appends a user's record. What points nowhere is left out: it grants nothing.
func (s *Snapshot) record(out []byte, u *User) ([]byte, error) {
	if u.ID == "" || len(u.ID) > 255 {
		return out, fmt.Errorf("access: a user has no id or one that is too long: %.300q", u.ID)
	}
	head := len(out)
	out = append(out, 0, byte(len(u.ID)), 0, 0)
	if u.Active {
		out[head] |= personActive
	}
	out = append(out, u.ID...)
	count := 0
	for i := range u.Memberships {
		m := &u.Memberships[i]
		a := s.account(m.AccountID)
		if a < 0 {
			continue
		}
		var err error
		if out, err = s.recordMember(out, a, m); err != nil {
			return out, fmt.Errorf("access: user %s: %w", u.ID, err)
		}
		count++
	}
	if count > 0xffff {
		return out, fmt.Errorf("access: user %s is in too many accounts", u.ID)
	}
	le.PutUint16(out[head+2:], uint16(count))
	return out, nil
}

func (s *Snapshot) recordMember(out []byte, account int32, m *Membership) ([]byte, error) {
	var flags byte
	for _, f := range [...]struct {
		is   bool
		flag byte
	}{{m.Active, memberActive}, {m.Cut, memberCut}, {m.AllLocations, memberAllLocations}, {len(m.Allow) > 0 || !m.AllLocations, memberListed}} {
		if f.is {
			flags |= f.flag
		}
	}
	head := len(out)
	out = append(le.AppendUint32(out, uint32(account)), flags, 0, 0, 0)
	if flags&memberListed != 0 {
		var err error
		if out, err = s.recordLists(out, m); err != nil {
			return out, err
		}
	}
	begin := len(out)
	for i := range m.Assignments {
		out = s.recordGrants(out, account, &m.Assignments[i])
	}
	words := (len(out) - begin) / 4
	if words > 0xffff {
		return out, fmt.Errorf("too many assignments in account %s", m.AccountID)
	}
	le.PutUint16(out[head+6:], uint16(words))
	return out, nil
}

func (s *Snapshot) recordLists(out []byte, m *Membership) ([]byte, error) {
	head := len(out)
	out = append(out, 0, 0, 0, 0)
	for _, p := range m.Allow {
		if !p.IsValid() {
			return out, fmt.Errorf("an allowed network is none: %v", p)
		}
		var b [networkSize]byte
		b[0] = byte(p.Bits())
		if p.Addr().Is4() {
			b[1] = 4
			four := p.Addr().As4()
			copy(b[2:], four[:])
		} else {
			six := p.Addr().As16()
			copy(b[2:], six[:])
		}
		out = append(out, b[:]...)
	}
	places := 0
	for _, id := range m.Locations {
		if l := s.placeIndex.find(&s.placeNames, s.hash(id), id); l >= 0 && !m.AllLocations {
			out = le.AppendUint32(out, uint32(l))
			places++
		}
	}
	if len(m.Allow) > 0xffff || places > 0xffff {
		return out, fmt.Errorf("too many networks or locations in account %s", m.AccountID)
	}
	le.PutUint16(out[head:], uint16(len(m.Allow)))
	le.PutUint16(out[head+2:], uint16(places))
	return out, nil
}

// recordGrants keeps scopes that lie outside the account too, as nothing: the tree may change.
func (s *Snapshot) recordGrants(out []byte, account int32, a *Assignment) []byte {
	r := s.role(a.RoleID)
	if r < 0 || s.roles.list[r].account != account {
		return out
	}
	word := uint32(r)
	add := func(at span) {
		timed := word&grantGoes == 0 && (a.From != 0 || a.Until != 0)
		if timed {
			word |= grantTimed
		}
		out = le.AppendUint32(le.AppendUint32(le.AppendUint32(out, word), uint32(at.lo)), uint32(at.hi))
		if timed {
			out = le.AppendUint64(le.AppendUint64(out, uint64(a.From)), uint64(a.Until))
		}
		word = uint32(r) | grantGoes
	}
	if a.AllEntities {
		add(s.accounts[account].span)
		return out
	}
	for _, id := range a.Entities {
		if e := s.entityIndex.find(&s.entityNames, s.hash(id), id); e >= 0 {
			add(s.scope(account, e))
		}
	}
	return out
}
