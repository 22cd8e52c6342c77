package api

import (
	"time"

	"github.com/danielgtaylor/huma/v2"

	"countersign/internal/fault"
)

const momentFormat = "2006-01-02T15:04:05.000000Z07:00"

// moment is a time in microseconds since 1970, written as RFC 3339 in UTC.
// Fields that have none are left out (omitzero).
type moment int64

// MarshalText writes the time.
func (m moment) MarshalText() ([]byte, error) {
	return time.UnixMicro(int64(m)).UTC().AppendFormat(nil, momentFormat), nil
}

// UnmarshalText reads any RFC 3339 time.
func (m *moment) UnmarshalText(text []byte) error {
	t, err := readTime(string(text))
	*m = moment(t.UnixMicro())
	return err
}

// Schema describes it in the document.
func (moment) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeString, Format: "date-time", Examples: []any{"2026-03-04T15:04:05.000000Z"}}
}

func readTime(text string) (time.Time, error) {
	t, err := time.Parse(time.RFC3339, text)
	if err == nil && (t.Year() < 1970 || t.Year() > 9999) {
		err = fault.New(fault.Malformed, "time")
	}
	return t, err
}
