package api

import (
	"strconv"

	"github.com/go-json-experiment/json/jsontext"

	"countersign/internal/access"
	"countersign/internal/fault"
	"countersign/internal/lang"
)

// append writes one decision: the revision that answered; for an allow the grant
// that it came by; for a deny its reason codes, and the same as sentences under the language's tag (the specification's
// Reason Field); stale while this node has lost the database.
func (q *asking) append(out []byte, d access.Decision, x *question) []byte {
	if d.Allowed {
		out = append(out, `{"decision":true,"context":{"revision":`...)
	} else {
		out = append(out, `{"decision":false,"context":{"revision":`...)
	}
	out = strconv.AppendInt(out, d.Revision, 10)
	if d.Allowed {
		out = append(append(out, `,"grant":{"account":"`...), d.Account...) // ids of ours: nothing to escape
		out = append(append(out, `","role":"`...), d.Role...)
		out = append(append(out, `","policy":"`...), d.Policy...)
		out = append(out, `"}`...)
	} else {
		codes := d.Codes()
		out = append(out, `,"reason":[`...)
		for i, code := range codes {
			if i > 0 {
				out = append(out, ',')
			}
			out = append(append(append(out, '"'), code...), '"')
		}
		out = append(out, `],"reason_user":{"`...)
		out = append(out, q.v.Lang...)
		out = append(out, `":`...)
		out = quoted(out, sentences(q.v.Lang, codes, x.resourceType+":"+x.action))
		out = append(out, '}')
	}
	if q.stale {
		out = append(out, `,"stale":true`...)
	}
	return append(out, "}}"...)
}

func sentences(tag lang.Tag, codes []string, permission string) string {
	var text string
	for i, code := range codes {
		if i > 0 {
			text += " "
		}
		text += lang.T(tag, "reason."+code, "permission", permission)
	}
	return text
}

// failed writes the deny of an evaluation that is wrong in itself, while the
// request around it can be read (7.2.1).
func (q *asking) failed(out []byte, err error) []byte {
	out = append(out, `{"decision":false,"context":{"error":{"status":400,"message":`...)
	out = quoted(out, lang.Sentence(q.v.Lang, fault.From(err)))
	return append(out, "}}}"...)
}

// quoted writes a text as JSON. It is text: names came through the decoder.
func quoted(out []byte, text string) []byte {
	out, err := jsontext.AppendQuote(out, text)
	if err != nil {
		return append(out, `""`...)
	}
	return out
}
