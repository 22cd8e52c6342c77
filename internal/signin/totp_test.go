//go:build !race

// One goroutine: the race detector sees nothing here and takes many times as long.

package signin

import (
	"bytes"
	"image/png"
	"net/url"
	"testing"

	"github.com/pquerna/otp"
)

// The SHA-1 vectors of RFC 6238, appendix B.
func TestCodes(t *testing.T) {
	seed := []byte("12345678901234567890")
	for unix, want := range map[int64]string{59: "94287082", 1111111109: "07081804", 1111111111: "14050471",
		1234567890: "89005924", 2000000000: "69279037", 20000000000: "65353130"} {
		if got, err := codeAt(seed, unix/stepTime, otp.DigitsEight); err != nil || got != want {
			t.Errorf("%d: got %s, %v; want %s", unix, got, err, want)
		}
		for late, ok := range map[int64]bool{-60: false, -30: true, 0: true, 30: true, 60: false} {
			if unix+late < 0 {
				continue
			}
			now := (unix + late) * 1_000_000
			step, right, err := matchCode(seed, want[2:], now)
			if err != nil || right != ok || ok && step != unix/stepTime {
				t.Errorf("%d, %d s later: got step %d, %t, %v", unix, late, step, right, err)
			}
		}
	}
}

func TestCleanCode(t *testing.T) {
	for typed, want := range map[string]string{"123456": "123456", " 123 456\n": "123456", "123-456": "123456", "１２３４５６": "123456",
		"": "", "12345": "", "1234567": "", "12345a": "", "١٢٣٤٥٦": "", "\xff23456": "", "123456\x00": ""} {
		if got, err := cleanCode(typed); got != want || (err == nil) != (want != "") {
			t.Errorf("%q: got %q, %v", typed, got, err)
		}
	}
}

func TestAppView(t *testing.T) {
	seed := []byte("12345678901234567890")
	v, err := appView("Countersign & Co", "ada+x@northwind.example", seed)
	if err != nil {
		t.Fatal(err)
	}
	if v.Key.Reveal() != "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ" {
		t.Error("the key is not the seed in base32")
	}
	u, err := url.Parse(v.URI.Reveal())
	if err != nil || u.Scheme != "otpauth" || u.Host != "totp" || u.Path != "/Countersign & Co:ada+x@northwind.example" ||
		u.Query().Get("issuer") != "Countersign & Co" || u.Query().Get("secret") != v.Key.Reveal() {
		t.Errorf("%s, %v", v.URI.Reveal(), err)
	}
	picture, err := png.Decode(bytes.NewReader(v.QRPNG))
	if err != nil {
		t.Fatal(err)
	}
	for i := range 32 {
		if r, g, b, _ := picture.At(i, i).RGBA(); r+g+b != 3*0xffff {
			t.Fatal("no white zone around the code")
		}
	}
}
