package signin_test

import (
	"crypto/rand"
	"runtime"
	"testing"
	"time"

	"countersign/internal/signin"
	"countersign/internal/test/testdb"
)

// BenchmarkHash is the argon2id evaluation that every sign-in pays for.
func BenchmarkHash(b *testing.B) {
	p := signin.NewPasswords(signin.DefaultCost(), 1, 1, rand.Reader)
	stored, err := p.Hash(b.Context(), goodPassword)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if ok, _, err := p.Verify(b.Context(), stored, goodPassword); !ok || err != nil {
			b.Fatal(ok, err)
		}
	}
}

// BenchmarkSignIn is a whole sign-in: password, code, session. hash-% tells how
// much of its time is BenchmarkHash's, measured alternately with it (aim: 90).
func BenchmarkSignIn(b *testing.B) {
	for _, dialect := range testdb.Dialects() {
		b.Run(string(dialect), func(b *testing.B) {
			clock := testdb.NewClock(time.Date(2026, 3, 4, 9, 0, 0, 0, time.UTC))
			w := newWorld(b, testdb.Open(b, dialect, testdb.Options{Clock: clock}), clock, signin.DefaultCost())
			s := w.activated(w.account(), "bench@shop.example")
			stored := w.text(`SELECT password_hash FROM users WHERE id = $1`, s.id)
			var hashing, whole time.Duration
			for b.Loop() {
				b.StopTimer()
				began := time.Now()
				if ok, _, err := w.passwords.Verify(b.Context(), stored, s.password); !ok || err != nil {
					b.Fatal(ok, err)
				}
				hashing += time.Since(began)
				b.StartTimer()
				began = time.Now()
				step, err := w.door.Start(b.Context(), browser, s.email, s.password)
				if err != nil {
					b.Fatal(err)
				}
				code := w.code(s)
				if _, err = w.door.Prove(b.Context(), browser, step.Challenge, signin.Proof{Code: code}); err != nil {
					b.Fatal(err)
				}
				whole += time.Since(began)
				clock.Advance(time.Minute)
			}
			b.ReportMetric(100*float64(hashing)/float64(whole), "hash-%")
		})
	}
}

// BenchmarkSession is what every request of somebody who is in pays for.
func BenchmarkSession(b *testing.B) {
	for _, dialect := range testdb.Dialects() {
		b.Run(string(dialect), func(b *testing.B) {
			clock := testdb.NewClock(time.Date(2026, 3, 4, 9, 0, 0, 0, time.UTC))
			w := newWorld(b, testdb.Open(b, dialect, testdb.Options{Clock: clock}), clock, cheap)
			cookie := w.signedIn(w.activated(w.account(), "bench@shop.example"))
			runtime.GC()
			for b.Loop() {
				if _, err := w.door.Session(b.Context(), cookie); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
