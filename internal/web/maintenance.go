package web

import (
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"countersign/internal/fault"
)

// maintenance refuses pages and the JSON API while the file of the options is
// there. When the file holds a time (RFC 3339), people are told to come back
// then. Decisions go on: services must not stop because the desk does.
func (e *Edge) maintenance(r *http.Request) error {
	if e.o.Maintenance == "" || strings.HasPrefix(r.URL.Path, "/assets/") || strings.HasPrefix(r.URL.Path, "/access/") || strings.HasPrefix(r.URL.Path, "/.well-known/") {
		return nil
	}
	f, err := os.Open(e.o.Maintenance)
	if err != nil {
		return nil // nobody put it there
	}
	defer f.Close()
	refused := fault.New(fault.Busy, "maintenance")
	refused.RetryAfter = time.Minute
	text, err := io.ReadAll(io.LimitReader(f, 100))
	if err != nil {
		return refused
	}
	until, err := time.Parse(time.RFC3339, strings.TrimSpace(string(text)))
	if left := until.Sub(time.UnixMicro(e.DB.Now())); err == nil && left > 0 {
		refused = fault.New(fault.Busy, "maintenance_until", "until", until.UTC())
		refused.RetryAfter = left
	}
	return refused
}
