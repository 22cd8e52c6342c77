package web

import (
	"encoding/base64"
	"strings"

	"countersign/internal/db"
	"countersign/internal/fault"
)

// Cursor seals where the next page of a list begins, for its caller and its
// query alone: another person's, or one of another list or filter, does not open.
func Cursor(d *db.DB, who db.Who, query, after string) (string, error) {
	if after == "" {
		return "", nil
	}
	sealed, err := d.Box().Seal(d.Random(), cursorPurpose(who, query), []byte(after))
	if err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(sealed), nil
}

// After opens a cursor; "" opens to the first page.
func After(d *db.DB, who db.Who, query, cursor string) (string, error) {
	if cursor == "" {
		return "", nil
	}
	sealed, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil {
		return "", fault.New(fault.Malformed, "cursor")
	}
	plain, err := d.Box().Open(cursorPurpose(who, query), sealed)
	if err != nil {
		return "", fault.New(fault.Malformed, "cursor")
	}
	return string(plain), nil
}

func cursorPurpose(who db.Who, query string) string {
	return strings.Join([]string{"cursor", who.Kind, who.ID, query}, "\x00")
}
