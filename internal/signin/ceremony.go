package signin

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"countersign/internal/db"
	"countersign/internal/fault"
	"countersign/internal/seal"
)

// A ceremony is one use of WebAuthn: it begins with a challenge of ours, and ends
// when the challenge comes back signed. The challenge is 16 random bytes, the time
// until which it is good, and a keyed hash of both and of what it is for (whose
// sign-in, whose session). So nothing is written for the many who only look at a
// page, and an answer is good for the place it was asked in alone; it is spent when
// it is accepted, in the same update, on whatever node.
const (
	ceremonyTime  = 10 * time.Minute
	ceremonyBytes = 16 // random
	ceremonyMac   = 16
	ceremonySize  = ceremonyBytes + 8 + ceremonyMac
)

const ceremonyPurpose = "ceremony"

// beginCeremony makes the challenge of a ceremony that is for something.
func (d *Door) beginCeremony(purpose string) ([]byte, error) {
	challenge := make([]byte, ceremonyBytes, ceremonySize)
	if _, err := io.ReadFull(d.db.Random(), challenge); err != nil {
		return nil, fmt.Errorf("make challenge: %w", err)
	}
	challenge = binary.BigEndian.AppendUint64(challenge, uint64(d.db.Now()+micros(ceremonyTime)))
	return append(challenge, d.ceremonyMac(purpose, challenge)...), nil
}

func (d *Door) ceremonyMac(purpose string, challenge []byte) []byte {
	return d.db.Box().Mac(ceremonyPurpose, append([]byte(purpose+"\x00"), challenge...))[:ceremonyMac]
}

// ceremony is a challenge that came back and is ours, in time, and for this.
type ceremony struct {
	challenge []byte
	until     int64 // µs
}

// cameBack reads the challenge out of an answer's client data. It refuses with
// ceremony_ended (401) one that is not ours, for something else, or too late.
func (d *Door) cameBack(purpose string, clientData []byte) (ceremony, error) {
	var data struct {
		Challenge string `json:"challenge"`
	}
	if json.Unmarshal(clientData, &data) != nil {
		return ceremony{}, credentialFormat()
	}
	challenge, err := base64.RawURLEncoding.DecodeString(data.Challenge)
	if err != nil || len(challenge) != ceremonySize {
		return ceremony{}, ceremonyEnded()
	}
	body, mac := challenge[:ceremonySize-ceremonyMac], challenge[ceremonySize-ceremonyMac:]
	c := ceremony{challenge, int64(binary.BigEndian.Uint64(body[ceremonyBytes:]))}
	if !seal.Equal(mac, d.ceremonyMac(purpose, body)) || d.db.Now() >= c.until {
		return ceremony{}, ceremonyEnded()
	}
	return c, nil
}

// spend uses the challenge up: one of any number of callers succeeds.
func (c ceremony) spend(tx *db.Tx) error {
	n, err := tx.Exec(`INSERT INTO spent_ceremonies (hash, expires_at) VALUES ($1, $2) ON CONFLICT (hash) DO NOTHING`,
		[]byte(seal.HashToken(ceremonyPurpose, string(c.challenge))), c.until)
	if err != nil {
		return fmt.Errorf("spend challenge: %w", err)
	}
	if n == 0 || tx.Now >= c.until {
		return ceremonyEnded()
	}
	return nil
}

// ceremonyEnded asks for another try on the same page: the challenge is used, too
// old, or of another page.
func ceremonyEnded() *fault.Error { return fault.New(fault.Unauthenticated, causeCeremony) }

// credentialFormat refuses what is no answer of a browser's at all.
func credentialFormat() error { return fault.In("credential", "credential_format") }
