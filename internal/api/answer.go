package api

import (
	"net/http"
	"strings"

	"countersign/internal/fault"
	"countersign/internal/web"
)

// Answer shows a refusal to a program: a sentence under AuthZEN's addresses, a
// problem (RFC 9457) everywhere else. It is a web.Answer.
func Answer(w http.ResponseWriter, r *http.Request, v *web.Visit, f *fault.Error) {
	if strings.HasPrefix(r.URL.Path, "/access/") {
		sentence(w, r, v, f)
		return
	}
	problem(w, r, v, f)
}
