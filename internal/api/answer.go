package api

import (
	"net/http"

	"countersign/internal/fault"
	"countersign/internal/web"
)

// Answer shows a refusal to a program: a sentence under AuthZEN's addresses, a
// problem (RFC 9457) everywhere else. It is a web.Answer.
func Answer(w http.ResponseWriter, r *http.Request, v *web.Visit, f *fault.Error) {
	if web.Deciding(r) {
		sentence(w, r, v, f)
		return
	}
	problem(w, r, v, f)
}
