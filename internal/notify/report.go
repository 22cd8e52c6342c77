package notify

import (
	"bufio"
	"encoding/base64"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"net/textproto"
	"regexp"
	"strings"
)

// report is what a mail that came back says: about which message of ours, and
// whether it failed for good. Without an id it is nothing that we know.
type report struct {
	id     string
	failed bool
	status string // RFC 3463: "5.1.1"
}

const (
	partsMost = 20 // in one level
	depthMost = 3
)

var (
	ourID      = regexp.MustCompile(`^msg_[0-9a-z]{20,40}$`)
	statusCode = regexp.MustCompile(`^[45]\.\d{1,3}\.\d{1,3}$`)
)

// reading is a report while it is read.
type reading struct {
	host     string
	returned map[string]bool // ids in what came back of the message itself
	another  bool            // what came back is another's message
	answers  map[string]bool // ids that the report's own head answers to
	status   bool            // it has a delivery status
	failed   bool
	code     string
}

// readReport reads a delivery status notification, on its own or in a
// multipart/report. It is about one of our messages or about none: when several
// are named, it is not clear which.
func readReport(r io.Reader, host string) report {
	m, err := mail.ReadMessage(bufio.NewReader(r))
	if err != nil {
		return report{}
	}
	x := reading{host: host, returned: map[string]bool{}, answers: map[string]bool{}}
	for _, name := range []string{"In-Reply-To", "References"} {
		x.ids(x.answers, m.Header.Get(name))
	}
	x.part(textproto.MIMEHeader(m.Header), m.Body, 0)
	if !x.status {
		return report{}
	}
	named := x.returned
	if len(named) == 0 {
		named = x.answers
	}
	if len(named) != 1 || x.another {
		return report{}
	}
	out := report{failed: x.failed, status: x.code}
	for id := range named {
		out.id = id
	}
	return out
}

// ids notes the messages of ours among Message-IDs.
func (x *reading) ids(into map[string]bool, text string) {
	for word := range strings.FieldsSeq(text) {
		id, host, _ := strings.Cut(strings.Trim(word, "<>,;"), "@")
		if ourID.MatchString(id) && strings.EqualFold(host, x.host) {
			into[id] = true
		}
	}
}

// part reads one part, and those within it.
func (x *reading) part(head textproto.MIMEHeader, body io.Reader, depth int) {
	kind, params, err := mime.ParseMediaType(head.Get("Content-Type"))
	if err != nil {
		return
	}
	switch {
	case strings.HasPrefix(kind, "multipart/") && depth < depthMost:
		parts := multipart.NewReader(body, params["boundary"])
		for range partsMost {
			p, err := parts.NextRawPart()
			if err != nil {
				return
			}
			x.part(p.Header, p, depth+1)
		}
	case kind == "message/delivery-status" || kind == "message/global-delivery-status":
		x.deliveryStatus(decoded(head, body))
	case kind == "message/rfc822" || kind == "message/global" || kind == "text/rfc822-headers" || kind == "message/rfc822-headers" || kind == "message/global-headers":
		returned, _ := textproto.NewReader(bufio.NewReader(decoded(head, body))).ReadMIMEHeader()
		before := len(x.returned)
		x.ids(x.returned, returned.Get("Message-Id"))
		x.another = x.another || len(x.returned) == before && returned.Get("Message-Id") != ""
	}
}

// decoded takes the transfer encoding off.
func decoded(head textproto.MIMEHeader, body io.Reader) io.Reader {
	switch strings.ToLower(strings.TrimSpace(head.Get("Content-Transfer-Encoding"))) {
	case "base64":
		return base64.NewDecoder(base64.StdEncoding, body)
	case "quoted-printable":
		return quotedprintable.NewReader(body)
	}
	return body
}

// deliveryStatus reads the groups of fields of RFC 3464: of the message, and then
// of each recipient. Ours have one recipient.
func (x *reading) deliveryStatus(body io.Reader) {
	groups := textproto.NewReader(bufio.NewReader(body))
	for range partsMost {
		group, err := groups.ReadMIMEHeader()
		if action := group.Get("Action"); action != "" {
			x.status = true
			if strings.EqualFold(word(action), "failed") {
				x.failed, x.code = true, "5.0.0"
				if code := word(group.Get("Status")); statusCode.MatchString(code) {
					x.code = code
				}
			}
		}
		if err != nil {
			return
		}
	}
}

// word is a field's first word: comments may follow.
func word(field string) string {
	words := strings.Fields(field)
	if len(words) == 0 {
		return ""
	}
	return words[0]
}
