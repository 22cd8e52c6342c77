package signin

import (
	"context"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"io"
	"strings"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"

	"countersign/internal/fault"
)

// Cost is what one argon2id evaluation takes.
type Cost struct {
	MemoryKiB uint32
	Passes    uint32
	Lanes     uint8
}

// DefaultCost is OWASP's: 19 MiB, two passes, one lane (Password Storage Cheat
// Sheet, argon2id). About 25 ms here.
func DefaultCost() Cost { return Cost{MemoryKiB: 19 * 1024, Passes: 2, Lanes: 1} }

const (
	passwordMax = 1000 // code points; a longer one is refused, never cut
	saltBytes   = 16
	keyBytes    = 32
	busyFor     = 2 * time.Second
)

// Passwords hashes passwords with argon2id, a bounded number at once. Make one
// with NewPasswords and share it: it is what keeps a storm of sign-ins from
// taking all processors. Nothing that people do who are signed in waits for it,
// but confirming or changing their password.
//
// The memory of an evaluation cannot be reused: x/crypto/argon2 takes none from
// outside. So the pool also bounds memory, to MemoryKiB for each worker.
type Passwords struct {
	cost   Cost
	random io.Reader
	places chan struct{} // hashing or waiting
	slots  chan struct{} // hashing
	apart  *Apart        // nil: in this process

	checked, wasted, refused atomic.Int64
}

// NewPasswords makes a pool in which workers hash at once and queue more may
// wait. random must be safe for use by several goroutines at once.
func NewPasswords(cost Cost, workers, queue int, random io.Reader) *Passwords {
	workers = max(workers, 1)
	return &Passwords{cost: cost, random: random,
		places: make(chan struct{}, workers+max(queue, 0)), slots: make(chan struct{}, workers)}
}

// Load is the state of the pool, for metrics.
type Load struct {
	Hashing, Waiting         int
	Checked, Wasted, Refused int64 // since the start: passwords compared, work done for nobody, turned away
}

// Load tells how busy the pool is.
func (p *Passwords) Load() Load {
	hashing := len(p.slots)
	return Load{Hashing: hashing, Waiting: max(len(p.places)-hashing, 0),
		Checked: p.checked.Load(), Wasted: p.wasted.Load(), Refused: p.refused.Load()}
}

// turn is a place in the queue; whoever has one gives it back with leave.
type turn struct{ p *Passwords }

// queue takes a place. A full queue is refused with "busy".
func (p *Passwords) queue() (turn, error) {
	select {
	case p.places <- struct{}{}:
		return turn{p}, nil
	default:
		return turn{}, p.busy()
	}
}

// full refuses with "busy" while no place is free, before anything else is done
// for somebody who will be turned away.
func (p *Passwords) full() error {
	if len(p.places) < cap(p.places) {
		return nil
	}
	return p.busy()
}

func (p *Passwords) busy() error {
	p.refused.Add(1)
	e := fault.New(fault.Busy, "busy")
	e.RetryAfter = busyFor
	return e
}

func (t turn) leave() { <-t.p.places }

// hash does its work when a slot is free; a caller who goes away while waiting
// has cost nothing.
func (t turn) hash(ctx context.Context, work func()) error {
	select {
	case t.p.slots <- struct{}{}:
		defer func() { <-t.p.slots }()
		work()
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// normal is the form that is hashed: NFKC, so that it does not matter how a
// keyboard composes a letter (NIST SP 800-63B-4, 3.1.1.2). Nothing is trimmed or cut.
func normal(password string) []byte { return norm.NFKC.Bytes([]byte(password)) }

// tooLong refuses what is not worth hashing.
func tooLong(field, password string) error {
	if len(password) > 4*passwordMax || utf8.RuneCountInString(password) > passwordMax {
		return fault.In(field, "password_too_long", "max", passwordMax)
	}
	return nil
}

// Hash makes the PHC string of a password, with a salt of its own.
func (p *Passwords) Hash(ctx context.Context, password string) (string, error) {
	if err := tooLong("password", password); err != nil {
		return "", err
	}
	salt := make([]byte, saltBytes)
	if _, err := io.ReadFull(p.random, salt); err != nil {
		return "", fmt.Errorf("make salt: %w", err)
	}
	t, err := p.queue()
	if err != nil {
		return "", err
	}
	defer t.leave()
	var key []byte
	if err := t.hash(ctx, func() { key = p.derive(p.cost, normal(password), salt, keyBytes) }); err != nil {
		return "", err
	}
	return phc(p.cost, salt, key), nil
}

// Verify tells whether password is the one of the PHC string, and whether that
// string was made with another cost than today's and should be made anew.
func (p *Passwords) Verify(ctx context.Context, stored, password string) (ok, rehash bool, err error) {
	t, err := p.queue()
	if err != nil {
		return false, false, err
	}
	defer t.leave()
	return t.verify(ctx, stored, password)
}

func (t turn) verify(ctx context.Context, stored, password string) (ok, rehash bool, err error) {
	if err := tooLong("password", password); err != nil {
		return false, false, err
	}
	cost, salt, want, err := parsePHC(stored)
	if err != nil {
		return false, false, err
	}
	err = t.hash(ctx, func() {
		t.p.checked.Add(1)
		got := t.p.derive(cost, normal(password), salt, uint32(len(want)))
		ok = subtle.ConstantTimeCompare(got, want) == 1
	})
	return ok, err == nil && (cost != t.p.cost || len(want) != keyBytes), err
}

// Waste does the work of Verify for somebody who has no password to compare, so
// that the time of an answer does not tell who exists.
func (p *Passwords) Waste(ctx context.Context, password string) error {
	t, err := p.queue()
	if err != nil {
		return err
	}
	defer t.leave()
	return t.waste(ctx, password)
}

func (t turn) waste(ctx context.Context, password string) error {
	if err := tooLong("password", password); err != nil {
		return err
	}
	return t.hash(ctx, func() {
		t.p.wasted.Add(1)
		t.p.derive(t.p.cost, normal(password), make([]byte, saltBytes), keyBytes)
	})
}

// Workers is how many hash at once.
func (p *Passwords) Workers() int { return cap(p.slots) }

// HashIn has passwords hashed in another process from now on, as long as that can be had.
func (p *Passwords) HashIn(a *Apart) { p.apart = a }

func (p *Passwords) derive(c Cost, password, salt []byte, length uint32) []byte {
	if p.apart != nil {
		if key, ok := p.apart.derive(c, password, salt, length); ok {
			return key
		}
	}
	return c.derive(password, salt, length)
}

func (c Cost) derive(password, salt []byte, length uint32) []byte {
	return argon2.IDKey(password, salt, c.Passes, c.MemoryKiB, c.Lanes, length)
}

var b64 = base64.RawStdEncoding.Strict()

func phc(c Cost, salt, key []byte) string {
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, c.MemoryKiB, c.Passes, c.Lanes,
		b64.EncodeToString(salt), b64.EncodeToString(key))
}

// parsePHC reads what phc wrote, within bounds: a row of the database may be
// wrong, and must not be able to take all memory.
func parsePHC(s string) (c Cost, salt, key []byte, err error) {
	bad := func() (Cost, []byte, []byte, error) {
		return Cost{}, nil, nil, fmt.Errorf("a stored password hash is not an argon2id PHC string of version %d", argon2.Version)
	}
	parts := strings.Split(s, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return bad()
	}
	if n, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &c.MemoryKiB, &c.Passes, &c.Lanes); n != 3 || err != nil {
		return bad()
	}
	if c.MemoryKiB > 1<<20 || c.Passes == 0 || c.Passes > 100 || c.Lanes == 0 {
		return bad()
	}
	if salt, err = b64.DecodeString(parts[4]); err != nil || len(salt) < 4 {
		return bad()
	}
	if key, err = b64.DecodeString(parts[5]); err != nil || len(key) < 16 || len(key) > 128 {
		return bad()
	}
	return c, salt, key, nil
}
