package signin_test

import (
	"context"
	"crypto/rand"
	"strings"
	"sync"
	"testing"

	"countersign/internal/fault"
	"countersign/internal/signin"
)

func TestPasswords(t *testing.T) {
	p := signin.NewPasswords(cheap, 2, 100, rand.Reader)
	hash := func(t *testing.T, password string) string {
		t.Helper()
		h, err := p.Hash(t.Context(), password)
		if err != nil {
			t.Fatal(err)
		}
		return h
	}
	verify := func(t *testing.T, stored, password string) (bool, bool) {
		t.Helper()
		ok, rehash, err := p.Verify(t.Context(), stored, password)
		if err != nil {
			t.Fatal(err)
		}
		return ok, rehash
	}
	t.Run("a PHC string with a salt of its own", func(t *testing.T) {
		a, b := hash(t, goodPassword), hash(t, goodPassword)
		if a == b || !strings.HasPrefix(a, "$argon2id$v=19$m=16,t=1,p=1$") {
			t.Errorf("%s and %s", a, b)
		}
	})
	t.Run("compared whole, as typed, after NFKC", func(t *testing.T) {
		long := strings.Repeat("añ", 499) + "xy"
		for _, c := range []struct {
			name, set, typed string
			right            bool
		}{
			{"the same", "pass word ", "pass word ", true},
			{"a trailing space is kept", "pass word ", "pass word", false},
			{"another case", "password", "Password", false},
			{"composed and not", "Zo\u00eb", "Zoe\u0308", true},
			{"wide letters", "Ａｄａ", "Ada", true},
			{"1,000 code points", long, long, true},
			{"the last one counts", long, long[:len(long)-1] + "z", false},
		} {
			if ok, _ := verify(t, hash(t, c.set), c.typed); ok != c.right {
				t.Errorf("%s: got %t", c.name, ok)
			}
		}
	})
	t.Run("1,001 code points are refused, not cut", func(t *testing.T) {
		long := strings.Repeat("é", 1001)
		_, err := p.Hash(t.Context(), long)
		refused(t, err, "password: password_too_long")
		_, _, err = p.Verify(t.Context(), hash(t, "x"), long)
		refused(t, err, "password: password_too_long")
		refused(t, p.Waste(t.Context(), long), "password: password_too_long")
	})
	t.Run("another cost asks for a new hash", func(t *testing.T) {
		dearer := signin.NewPasswords(signin.Cost{MemoryKiB: 32, Passes: 2, Lanes: 1}, 1, 1, rand.Reader)
		old := hash(t, goodPassword)
		ok, rehash, err := dearer.Verify(t.Context(), old, goodPassword)
		if !ok || !rehash || err != nil {
			t.Errorf("got %t, %t, %v", ok, rehash, err)
		}
		if _, rehash := verify(t, old, goodPassword); rehash {
			t.Error("the same cost asks for a new hash")
		}
	})
	t.Run("OWASP's parameters", func(t *testing.T) {
		h, err := signin.NewPasswords(signin.DefaultCost(), 1, 0, rand.Reader).Hash(t.Context(), "x")
		if err != nil || !strings.HasPrefix(h, "$argon2id$v=19$m=19456,t=2,p=1$") {
			t.Errorf("%s, %v", h, err)
		}
	})
	t.Run("a broken row is an error and takes no memory", func(t *testing.T) {
		for _, stored := range []string{"", "x", "$argon2id$v=19$m=4294967295,t=1,p=1$c2FsdHNhbHQ$aGFzaGhhc2hoYXNoaGFzaA", "$argon2i$v=19$m=16,t=1,p=1$c2FsdHNhbHQ$aGFzaGhhc2hoYXNoaGFzaA",
			"$argon2id$v=19$m=16,t=0,p=1$c2FsdHNhbHQ$aGFzaGhhc2hoYXNoaGFzaA", "$argon2id$v=19$m=16,t=1,p=1$c2FsdHNhbHQ$", "$argon2id$v=19$m=16,t=1,p=1$$aGFzaGhhc2hoYXNoaGFzaA"} {
			if ok, _, err := p.Verify(t.Context(), stored, ""); ok || err == nil {
				t.Errorf("%q: got %t, %v", stored, ok, err)
			}
		}
	})
}

func TestPasswordsPool(t *testing.T) {
	// A dear hash keeps the one worker busy while the others ask.
	p := signin.NewPasswords(signin.Cost{MemoryKiB: 64 * 1024, Passes: 3, Lanes: 1}, 1, 1, rand.Reader)
	var wg sync.WaitGroup
	outcomes := make(chan error, 20)
	for range cap(outcomes) {
		wg.Go(func() { outcomes <- p.Waste(t.Context(), goodPassword) })
	}
	wg.Wait()
	close(outcomes)
	done, busy := 0, 0
	for err := range outcomes {
		switch f := fault.From(err); {
		case err == nil:
			done++
		case f.Kind == fault.Busy && f.Code == "busy" && f.RetryAfter.Seconds() == 2:
			busy++
		default:
			t.Error(err)
		}
	}
	if load := p.Load(); done == 0 || busy == 0 || load.Wasted != int64(done) || load.Refused != int64(busy) || load.Hashing != 0 || load.Waiting != 0 {
		t.Errorf("%d done, %d busy, %+v", done, busy, load)
	}
	t.Run("whoever goes away while waiting leaves the queue", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		wg.Go(func() { _ = p.Waste(t.Context(), goodPassword) })
		for range 3 { // more than there are places: each must have left
			_ = p.Waste(ctx, goodPassword)
		}
		wg.Wait()
		if load := p.Load(); load.Waiting != 0 || load.Hashing != 0 {
			t.Errorf("%+v", load)
		}
	})
}
