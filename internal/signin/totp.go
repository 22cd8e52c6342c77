package signin

import (
	"bytes"
	"crypto/subtle"
	"encoding/base32"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"io"
	"net/url"
	"strings"
	"unicode"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/hotp"
	"golang.org/x/text/unicode/norm"

	"countersign/internal/db"
	"countersign/internal/fault"
	"countersign/internal/seal"
)

// Codes of an authenticator app (RFC 6238): SHA-1, six digits, thirty seconds,
// the only ones that all apps know. One step before and after now is accepted.
const (
	seedBytes = 20 // 160 bits, RFC 4226 section 4, R6
	stepTime  = 30 // seconds
	skew      = 1  // steps
)

const factorPurpose = "factor"

var base32Key = base32.StdEncoding.WithPadding(base32.NoPadding)

// codeAt is the code of a seed at a step.
func codeAt(seed []byte, step int64, digits otp.Digits) (string, error) {
	return hotp.GenerateCodeCustom(base32Key.EncodeToString(seed), uint64(step), hotp.ValidateOpts{Digits: digits, Algorithm: otp.AlgorithmSHA1})
}

// matchCode finds the step around now (µs) whose code this is. It looks at all
// of them, in constant time each.
func matchCode(seed []byte, code string, now int64) (step int64, ok bool, err error) {
	current := now / 1_000_000 / stepTime
	for s := max(current-skew, 0); s <= current+skew; s++ {
		want, err := codeAt(seed, s, otp.DigitsSix)
		if err != nil {
			return 0, false, fmt.Errorf("make code: %w", err)
		}
		if subtle.ConstantTimeCompare([]byte(want), []byte(code)) == 1 {
			step, ok = s, true
		}
	}
	return step, ok, nil
}

// cleanCode takes spaces out of what was typed, as apps show "123 456", and
// wide digits to plain ones. What cannot be a code is not compared with one.
func cleanCode(code string) (string, error) {
	if len(code) > 100 {
		return "", fault.In("code", "code_format")
	}
	clean := strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || r == '-' {
			return -1
		}
		return r
	}, norm.NFKC.String(code))
	if clean == "" {
		return "", fault.In("code", "required")
	}
	for _, r := range clean {
		if r < '0' || r > '9' {
			return "", fault.In("code", "code_format")
		}
	}
	if len(clean) != 6 {
		return "", fault.In("code", "code_format")
	}
	return clean, nil
}

// usedCode is a right code: of which app, at which step. The zero value is a wrong one.
type usedCode struct {
	factor Factor
	step   int64
}

// findCode finds the app, of several, whose code this is around now (µs).
func findCode(box *seal.Box, factors []Factor, code string, now int64) (found usedCode, err error) {
	for _, f := range factors {
		if f.Kind != KindApp {
			continue
		}
		seed, err := box.Open(factorPurpose, f.sealed)
		if err != nil {
			return found, fmt.Errorf("factor %s: %w", f.ID, err)
		}
		if step, ok, err := matchCode(seed, code, now); err != nil {
			return found, err
		} else if ok {
			found = usedCode{f, step}
		}
	}
	return found, nil
}

// burn uses the code up: nil for the first who brings it, on whatever node,
// errWrong for everybody after.
func (u usedCode) burn(tx *db.Tx) error { return useFactor(tx, u.factor, u.step, nil) }

// AppView is what a person needs to set up an authenticator app.
type AppView struct {
	Key   seal.Secret // base32, to type in
	URI   seal.Secret // otpauth://…
	QRPNG []byte      // the same as a picture
}

func newSeed(random io.Reader) ([]byte, error) {
	seed := make([]byte, seedBytes)
	if _, err := io.ReadFull(random, seed); err != nil {
		return nil, fmt.Errorf("make seed: %w", err)
	}
	return seed, nil
}

// appView shows a seed. The address is made here and not by the library,
// which leaves an & in the issuer as it is.
func appView(issuer, account string, seed []byte) (AppView, error) {
	issuer, account = strings.ReplaceAll(issuer, ":", " "), strings.ReplaceAll(account, ":", " ")
	secret := base32Key.EncodeToString(seed)
	query := strings.ReplaceAll(url.Values{"secret": {secret}, "issuer": {issuer}, "algorithm": {"SHA1"}, "digits": {"6"}, "period": {fmt.Sprint(stepTime)}}.Encode(), "+", "%20")
	key, err := otp.NewKeyFromURL("otpauth://totp/" + url.PathEscape(issuer+":"+account) + "?" + query)
	if err != nil {
		return AppView{}, fmt.Errorf("make otpauth address: %w", err)
	}
	picture, err := qrPicture(key)
	if err != nil {
		return AppView{}, err
	}
	return AppView{Key: seal.Secret(secret), URI: seal.Secret(key.URL()), QRPNG: picture}, nil
}

// qrPicture draws the code with the quiet zone of four modules around it that
// readers need (ISO/IEC 18004), white also in a dark page.
func qrPicture(key *otp.Key) ([]byte, error) {
	const side, quiet = 320, 32
	code, err := key.Image(side, side)
	if err != nil {
		return nil, fmt.Errorf("draw QR code: %w", err)
	}
	whole := image.NewGray(image.Rect(0, 0, side+2*quiet, side+2*quiet))
	draw.Draw(whole, whole.Bounds(), image.NewUniform(color.White), image.Point{}, draw.Src)
	draw.Draw(whole, image.Rect(quiet, quiet, quiet+side, quiet+side), code, code.Bounds().Min, draw.Src)
	var out bytes.Buffer
	if err := png.Encode(&out, whole); err != nil {
		return nil, fmt.Errorf("draw QR code: %w", err)
	}
	return out.Bytes(), nil
}
