package people

import (
	"context"

	"countersign/internal/fault"
)

// ManyMost is to how many users something is done at once.
const ManyMost = 200

// Chosen is a user whom something is to be done to, as they were seen.
type Chosen struct {
	UserID  string
	Version int64
}

// Many does something to each of some users, by its use case, one after another:
// each is done whole or refused, whatever becomes of the others. It gives their
// errors in the same order. What is no matter of one user alone (the database is
// away, a session ended) ends it: whoever comes after gets that error too, and when
// it is the first whom it meets, or who acts may do no such thing, or gave a reason
// that cannot be one, nothing was done and Many itself refuses. More than ManyMost
// are refused together.
func Many(ctx context.Context, chosen []Chosen, do func(Chosen) error) ([]error, error) {
	if len(chosen) > ManyMost {
		return nil, fault.In("users", "too_many", "max", ManyMost)
	}
	out := make([]error, len(chosen))
	for i, c := range chosen {
		err := ctx.Err()
		if err == nil {
			err = do(c)
		}
		if err == nil {
			continue
		}
		f := fault.From(err)
		ends := f.Kind == fault.Internal || f.Kind == fault.Busy || f.Kind == fault.Unauthenticated
		if i == 0 && (ends || f.Kind == fault.Invalid || f.Code == "missing_permission") {
			return nil, err
		}
		if out[i] = err; ends {
			for j := range out[i:] {
				out[i+j] = err
			}
			break
		}
	}
	return out, nil
}
