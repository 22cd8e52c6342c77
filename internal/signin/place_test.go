//go:build !race

// One goroutine: the race detector sees nothing here and takes many times as long.

package signin_test

import (
	"encoding/binary"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"countersign/internal/db"
	"countersign/internal/lang"
	"countersign/internal/signin"
)

func TestDeviceOf(t *testing.T) {
	for agent, want := range map[string]string{
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0":                                                                   "Firefox, Windows",
		"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15":                              "Safari, macOS",
		"Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1":            "Safari, iOS (mobile)",
		"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36":                                              "Chrome, Linux",
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36 Edg/141.0.0.0":                      "Edge, Windows",
		"Mozilla/5.0 (Linux; Android 16; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Mobile Safari/537.36":                              "Chrome, Android (mobile)",
		"Mozilla/5.0 (Linux; Android 15; SAMSUNG SM-S938B) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36": "Samsung Internet, Android (mobile)",
		"":                          "",
		"<script>alert(1)</script>": "",
		"Your account is locked, call +44 555 (evil/1.0)":    "",
		"\x00\xff\u202eFirefox":                              "",
		strings.Repeat("(", 100_000):                         "",
		strings.Repeat("Mozilla/5.0 (Windows; ", 10_000):     "?",
		"Mozilla/5.0 (Windows NT 10.0) \"><img src=x>/9.9.9": "?",
	} {
		d := signin.DeviceOf(agent)
		got := d.String()
		if d.Mobile {
			got += " (mobile)"
		}
		if want == "?" { // whatever it says, only names that are known here come of it
			if got != "" && got != "Windows" {
				t.Errorf("%.60q is %q", agent, got)
			}
			continue
		}
		if got != want {
			t.Errorf("%.60q is %q, want %q", agent, got, want)
		}
	}
}

// mmdb writes a file as operators have it (MaxMind DB 2.0): one record for the addresses whose first bit is 0, another
// for the rest.
func mmdb(t *testing.T, low, high map[string]any) string {
	t.Helper()
	var put func(v any) []byte
	head := func(kind, size int) []byte {
		if kind > 7 {
			return []byte{byte(size), byte(kind - 7)}
		}
		return []byte{byte(kind<<5 | size)}
	}
	put = func(v any) (out []byte) {
		switch v := v.(type) {
		case string:
			if len(v) < 29 {
				return append(head(2, len(v)), v...)
			}
			if len(v) < 285 {
				return append(append(head(2, 29), byte(len(v)-29)), v...)
			}
			return append(append(head(2, 30), byte((len(v)-285)>>8), byte(len(v)-285)), v...)
		case int:
			return append(head(6, 4), binary.BigEndian.AppendUint32(nil, uint32(v))...)
		case []any:
			out = head(11, len(v))
			for _, x := range v {
				out = append(out, put(x)...)
			}
		case map[string]any:
			out = head(7, len(v))
			for _, name := range slices.Sorted(maps.Keys(v)) {
				out = append(append(out, put(name)...), put(v[name])...)
			}
		}
		return out
	}
	a, b := put(low), put(high)
	const nodes = 1
	record := func(offset int) []byte { n := nodes + 16 + offset; return []byte{byte(n >> 16), byte(n >> 8), byte(n)} }
	file := slices.Concat(record(0), record(len(a)), make([]byte, 16), a, b, []byte("\xab\xcd\xefMaxMind.com"), put(map[string]any{
		"binary_format_major_version": 2, "binary_format_minor_version": 0, "build_epoch": 1, "database_type": "Test-City", "description": map[string]any{"en": "test"},
		"ip_version": 4, "languages": []any{"en", "fr"}, "node_count": nodes, "record_size": 24,
	}))
	name := filepath.Join(t.TempDir(), "places.mmdb")
	if err := os.WriteFile(name, file, 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestPlaces(t *testing.T) {
	named := func(pairs ...string) map[string]any {
		names := map[string]any{}
		for i := 0; i < len(pairs); i += 2 {
			names[pairs[i]] = pairs[i+1]
		}
		return map[string]any{"names": names}
	}
	p, err := signin.OpenPlaces(mmdb(t,
		map[string]any{"city": named("en", "Geneva", "fr", "Genève"), "country": named("en", "Switzerland", "fr", "Suisse")},
		map[string]any{"city": named("en", "Evil\u202e\nCity"), "country": named("en", "France")}))
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	var none *signin.Places
	for _, x := range []struct {
		in      *signin.Places
		address string
		lang    lang.Tag
		want    signin.Place
	}{
		{p, "81.6.1.2", "en", signin.Place{Name: "Geneva, Switzerland"}},
		{p, "81.6.1.2", "fr", signin.Place{Name: "Genève, Suisse"}},
		{p, "::ffff:81.6.1.2", "en", signin.Place{Name: "Geneva, Switzerland"}},
		{p, "198.51.100.7", "fr", signin.Place{Name: "France"}},
		{p, "10.1.2.3", "en", signin.Place{Near: true}},
		{p, "127.0.0.1", "en", signin.Place{Near: true}},
		{p, "fe80::1%eth0", "en", signin.Place{Near: true}},
		{p, "fd00::1", "en", signin.Place{Near: true}},
		{p, "2001:db8::1", "en", signin.Place{}},
		{p, "", "en", signin.Place{}},
		{p, "<b>", "en", signin.Place{}},
		{none, "81.6.1.2", "en", signin.Place{}},
		{none, "192.168.1.1", "en", signin.Place{Near: true}},
	} {
		if got := x.in.Of(x.address, x.lang); got != x.want {
			t.Errorf("A5 %s in %s: %+v, want %+v", x.address, x.lang, got, x.want)
		}
	}
	damaged := filepath.Join(t.TempDir(), "damaged.mmdb")
	if err := os.WriteFile(damaged, []byte("no such file"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := signin.OpenPlaces(damaged); err == nil || !strings.Contains(err.Error(), damaged) {
		t.Errorf("a damaged file: %v", err)
	}
}

func TestHistory(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		s := w.activated(w.account(), "history@shop.example")
		other := w.activated(w.account(), "colleague@shop.example")
		history := func(id string) (list []signin.SignIn) {
			w.log.Flush(t.Context())
			w.view(func(tx *db.Tx) (err error) {
				list, err = signin.History(tx, id)
				return err
			})
			return list
		}
		w.signedIn(s)
		for range 3 {
			w.door.Start(t.Context(), browser, s.email, "not the password")
		}
		w.clock.Advance(2 * time.Minute)
		w.door.Start(t.Context(), browser, other.email, "not the password")
		list := history(s.id)
		if len(list) != 4 || !list[0].Refused || list[0].Cause != "wrong_password" || list[0].Times+list[1].Times != 3 || list[0].IP != "192.0.2.7" {
			t.Fatalf("Y2 %+v", list)
		}
		if in := list[2]; in.Refused || !slices.Equal(in.How, []string{"password", "totp"}) {
			t.Errorf("Y2 %+v", in)
		}
		for range 60 {
			w.signedIn(s)
		}
		if n := len(history(s.id)); n != 50 {
			t.Errorf("Y2 %d are shown", n)
		}
		for i := range 6 {
			w.clock.Advance(time.Duration(i) * time.Second)
			w.door.Start(t.Context(), browser, other.email, "not the password")
		}
		if list := history(other.id); !slices.ContainsFunc(list, func(x signin.SignIn) bool { return x.Cause == "locked_now" }) {
			t.Errorf("Y2 a lock: %+v", list)
		}
	})
}
