package config

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/slogtest"
	"time"
)

// counted is where lines go; each write is kept on its own.
type counted struct {
	mu     sync.Mutex
	writes []string
	hold   chan struct{} // when it is there, a write waits for it
}

func (c *counted) Write(p []byte) (int, error) {
	if c.hold != nil {
		<-c.hold
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.writes = append(c.writes, string(p))
	return len(p), nil
}

func (c *counted) all() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]string(nil), c.writes...)
}

func loggerTo(to io.Writer, format string) (log *slog.Logger, end func()) {
	return Common{LogFormat: format, LogLevel: "info"}.LogTo(to)
}

func TestLog(t *testing.T) {
	t.Run("a line on its own is written at once", func(t *testing.T) {
		to := &counted{}
		log, _ := loggerTo(to, "text")
		log.Info("hello")
		if got := to.all(); len(got) != 1 || !strings.HasSuffix(got[0], " level=INFO msg=hello\n") {
			t.Errorf("written: %q", got)
		}
	})
	t.Run("lines from many sides come whole, once, each side's in its order, and in few writes", func(t *testing.T) {
		to := &counted{}
		log, end := loggerTo(to, "json")
		const sides, each = 8, 2000
		var all sync.WaitGroup
		for side := range sides {
			all.Go(func() {
				for n := range each {
					log.Info("line", "side", side, "n", n)
				}
			})
		}
		all.Wait()
		end()
		writes := to.all()
		next := [sides]int{}
		for line := range strings.Lines(strings.Join(writes, "")) {
			var x struct{ Side, N int }
			if err := json.Unmarshal([]byte(line), &x); err != nil {
				t.Fatalf("%q: %v", line, err)
			}
			if next[x.Side] != x.N {
				t.Fatalf("side %d tells %d, want %d", x.Side, x.N, next[x.Side])
			}
			next[x.Side]++
		}
		for side, n := range next {
			if n != each {
				t.Errorf("side %d: %d lines, want %d", side, n, each)
			}
		}
		if len(writes) > sides*each/4 {
			t.Errorf("%d writes for %d lines", len(writes), sides*each)
		}
	})
	t.Run("no write is longer than a pipe takes in at once, but of one line that is", func(t *testing.T) {
		to := &counted{hold: make(chan struct{})}
		log, end := loggerTo(to, "text")
		long := strings.Repeat("y", 9000)
		var all sync.WaitGroup
		all.Go(func() { log.Info("first") }) // it is being written while the others come
		for first := false; !first; {
			select {
			case to.hold <- struct{}{}:
				first = true
			case <-time.After(10 * time.Second):
				t.Fatal("nothing is written")
			}
		}
		all.Wait()
		for n := range 300 {
			log.Info("line", "n", n)
			if n == 100 {
				log.Info(long)
			}
		}
		close(to.hold)
		end()
		lines := 0
		for _, w := range to.all() {
			lines += strings.Count(w, "\n")
			if !strings.HasSuffix(w, "\n") || len(w) > 4096 && strings.Count(w, "\n") > 1 {
				t.Errorf("a write of %d bytes: %.100q", len(w), w)
			}
		}
		if text := strings.Join(to.all(), ""); lines != 302 || !strings.Contains(text, long) {
			t.Errorf("%d lines, want 302", lines)
		}
	})
	t.Run("what waits is written a little later without anybody's help", func(t *testing.T) {
		to := &counted{}
		log, _ := loggerTo(to, "text")
		for range 100 {
			log.Info("hello")
		}
		deadline := time.Now().Add(10 * time.Second)
		for strings.Count(strings.Join(to.all(), ""), "\n") < 100 {
			if time.Now().After(deadline) {
				t.Fatalf("written: %q", to.all())
			}
			time.Sleep(time.Millisecond)
		}
	})
	t.Run("a warning is written before what caused it goes on, and with it all before", func(t *testing.T) {
		to := &counted{}
		log, _ := loggerTo(to, "text")
		for range 50 {
			log.Info("before")
		}
		log.Warn("now")
		if got := strings.Join(to.all(), ""); strings.Count(got, "msg=before") != 50 || !strings.HasSuffix(got, "msg=now\n") {
			t.Errorf("written: %q", got)
		}
	})
	t.Run("whoever cannot be written to holds up a bounded number of lines", func(t *testing.T) {
		to := &counted{hold: make(chan struct{})}
		log, end := loggerTo(to, "text")
		done := make(chan struct{})
		go func() {
			defer close(done)
			for range 3 * logMost / 100 {
				log.Info(strings.Repeat("x", 100))
			}
		}()
		select {
		case <-done:
			t.Error("nobody waits for a log that takes nothing")
		case <-time.After(50 * time.Millisecond):
		}
		close(to.hold)
		<-done
		end()
		if got := strings.Count(strings.Join(to.all(), ""), "\n"); got != 3*logMost/100 {
			t.Errorf("%d lines, want %d", got, 3*logMost/100)
		}
	})
}

// TestLogHandlers holds ours against what log/slog asks of any handler.
func TestLogHandlers(t *testing.T) {
	var out bytes.Buffer
	log, end := loggerTo(&out, "json")
	err := slogtest.TestHandler(log.Handler(), func() (list []map[string]any) {
		end()
		for line := range strings.Lines(out.String()) {
			var m map[string]any
			if err := json.Unmarshal([]byte(line), &m); err != nil {
				t.Fatalf("%q: %v", line, err)
			}
			list = append(list, m)
		}
		return
	})
	if err != nil {
		t.Error(err)
	}
}

// FuzzLog holds each line against the one that log/slog writes, byte by byte.
func FuzzLog(f *testing.F) {
	f.Add(int64(1764150000123456), "request", "route", "POST /access/v1/evaluation", "", int64(-7), true)
	f.Add(int64(0), "a=b", "odd key", "quote \" back \\ line\nfeed", "é\u2028<&>\x7f\xff", int64(1)<<62, false)
	f.Add(int64(-62135596800000000), "", "", "=", " ", int64(0), true)
	f.Fuzz(func(t *testing.T, micros int64, message, key, text, other string, n int64, truth bool) {
		for _, at := range []time.Time{time.UnixMicro(micros).UTC(), time.UnixMicro(micros).In(time.FixedZone("", 5*3600+30*60)), {}} {
			for _, level := range []slog.Level{slog.LevelInfo, slog.LevelError, 3} {
				r := slog.NewRecord(at, level, message, 0)
				r.AddAttrs(slog.String("method", "POST"), slog.String(key, text), slog.String("other", other), slog.Int64("n", n), slog.Bool("truth", truth),
					slog.Duration("took", time.Duration(n)), slog.Int64(key, n))
				if micros%7 == 0 {
					r.AddAttrs(slog.Any("any", []string{text}), slog.Group("group", "x", n), slog.Time("at", at))
				}
				for _, json := range []bool{false, true} {
					var ours, theirs bytes.Buffer
					var slow slog.Handler = slog.NewTextHandler(&theirs, nil)
					if json {
						slow = slog.NewJSONHandler(&theirs, nil)
					}
					if err := slow.Handle(context.Background(), r); err != nil {
						t.Fatal(err)
					}
					fast := slog.Handler(slog.NewTextHandler(&ours, nil))
					if json {
						fast = slog.NewJSONHandler(&ours, nil)
					}
					if err := (quick{fast, &ours, json}).Handle(context.Background(), r); err != nil {
						t.Fatal(err)
					}
					if ours.String() != theirs.String() {
						t.Fatalf("ours:   %q\ntheirs: %q", ours.String(), theirs.String())
					}
				}
			}
		}
	})
}

// BenchmarkLog writes lines of requests, beside what log/slog needs for them.
func BenchmarkLog(b *testing.B) {
	file, err := os.Create(b.TempDir() + "/log")
	if err != nil {
		b.Fatal(err)
	}
	defer file.Close()
	log, end := loggerTo(file, "text")
	defer end()
	now := time.Now()
	for name, h := range map[string]slog.Handler{"slog": slog.NewTextHandler(file, nil), "ours": log.Handler()} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				r := slog.NewRecord(now, slog.LevelInfo, "request", 0)
				r.AddAttrs(slog.String("method", "POST"), slog.String("route", "POST /access/v1/evaluation"), slog.Int("status", 200), slog.Int64("bytes", 187),
					slog.Duration("took", 38*time.Microsecond), slog.String("ip", "192.0.2.7"), slog.String("request_id", "req_v14g738xr55wdqymnyhzvmcxn8"), slog.String("who", "tok_5zqjdn85wp0nf"))
				if err := h.Handle(context.Background(), r); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
