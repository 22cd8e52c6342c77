package signin

import (
	"countersign/internal/audit"
	"countersign/internal/db"
)

// historyShown is how much of their own history people see.
const historyShown = 50

// SignIn is one time that somebody came in, or tried to.
type SignIn struct {
	At      int64 // µs
	IP      string
	Device  Device
	Refused bool
	How     []string // what was shown: password, totp, webauthn, recovery_code, passkey
	Cause   string   // why it was refused, as a code of the log
	Times   int      // how often within a minute
}

// History reads the last times that a person came in, or somebody tried to as them,
// the newest first, from the log (Y2).
func History(tx *db.Tx, userID string) (list []SignIn, err error) {
	found, err := audit.About(tx, userID, historyShown, audit.SignedIn, audit.SignInFailed, audit.SignInLocked)
	if err != nil {
		return nil, err
	}
	for _, f := range found {
		s := SignIn{At: f.At.UnixMicro(), IP: f.IP, Device: DeviceOf(f.UserAgent), Times: int(f.Repeats)}
		switch f.Action {
		case audit.SignedIn:
			for _, c := range f.Changes {
				if c.Field == "factors" {
					s.How = givenOf(c.After)
				}
			}
		case audit.SignInLocked:
			s.Refused, s.Cause = true, "locked_now"
		default:
			s.Refused, s.Cause = true, f.Reason
		}
		list = append(list, s)
	}
	return list, nil
}
