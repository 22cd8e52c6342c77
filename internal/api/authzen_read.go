package api

import (
	"bytes"
	"io"
	"net/netip"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"countersign/internal/fault"
)

type semantic uint8

// How several evaluations are answered (7.1.2).
const (
	executeAll semantic = iota
	denyOnFirstDeny
	permitOnFirstPermit
)

// kind is what a request asks for, and so what is read of it.
type kind uint8

// The kinds, one for each address.
const (
	oneEvaluation kind = iota
	manyEvaluations
	subjectSearch
	resourceSearch
	actionSearch
)

// needed is what must be there; what a search looks for is not read, were it there.
func (k kind) needed() given {
	switch k {
	case subjectSearch:
		return everyPart &^ subjectID
	case resourceSearch:
		return everyPart &^ resourceID
	case actionSearch:
		return everyPart &^ actionName
	}
	return everyPart
}

func (k kind) searches() bool { return k >= subjectSearch }

// decoder reads requests for decisions token by token, so that nothing is built
// that is not asked for. It is strict about JSON (RFC 8259 with unique names and
// valid UTF-8) and lenient about names, as the specification wants.
type decoder struct {
	d        *jsontext.Decoder
	kind     kind
	whole    question
	items    []question
	semantic semantic
	page     pageAsked
}

// decode reads a request of a kind. What must be there and is not is for lacking to tell.
func (r *decoder) decode(body *bytes.Buffer, k kind) error {
	r.kind, r.whole, r.items, r.semantic = k, question{}, r.items[:0], executeAll
	r.page.reset(body.Bytes())
	if r.d == nil {
		r.d = jsontext.NewDecoder(body)
	} else {
		r.d.Reset(body)
	}
	if kind := r.d.PeekKind(); kind != '{' && kind != jsontext.Kind(0) {
		return fault.New(fault.Malformed, "json_object")
	}
	if err := r.object("", r.member); err != nil {
		return err
	}
	if _, err := r.d.ReadToken(); err != io.EOF {
		return fault.New(fault.Malformed, "json_trailing")
	}
	return nil
}

// member reads what stands at the top.
func (r *decoder) member(name []byte) error {
	switch {
	case r.kind == manyEvaluations && string(name) == "evaluations":
		return r.evaluations()
	case r.kind == manyEvaluations && string(name) == "options":
		return r.object("options", r.option)
	case r.kind.searches():
		return r.searched(name)
	}
	return r.part(&r.whole, name)
}

func (r *decoder) evaluations() error {
	if r.d.PeekKind() != '[' {
		return r.want("evaluations", "list")
	}
	if _, err := r.d.ReadToken(); err != nil {
		return malformed(err)
	}
	for r.d.PeekKind() != ']' {
		if len(r.items) == evaluationsMost {
			return fault.New(fault.Malformed, "authzen_most", "max", evaluationsMost)
		}
		if r.d.PeekKind() != '{' {
			return r.want("evaluations[]", "object")
		}
		r.items = append(r.items, question{})
		if err := r.item(&r.items[len(r.items)-1]); err != nil {
			return err
		}
	}
	_, err := r.d.ReadToken()
	return syntax(err)
}

// item reads one of several. What is wrong with its parts is an error of its own,
// which the others do not suffer from (7.2.1); what is no JSON is one of all.
func (r *decoder) item(x *question) error {
	depth := r.d.StackDepth()
	err := r.object("evaluations[]", func(name []byte) error { return r.part(x, name) })
	if err == nil || !strings.HasPrefix(fault.CodeOf(err), "authzen_") {
		return err
	}
	x.wrong = err
	for r.d.StackDepth() > depth {
		if _, err := r.d.ReadToken(); err != nil {
			return malformed(err)
		}
	}
	return nil
}

func (r *decoder) option(name []byte) error {
	if string(name) != "evaluations_semantic" {
		return syntax(r.d.SkipValue())
	}
	var word string
	if err := r.text("options.evaluations_semantic", &word); err != nil {
		return err
	}
	switch word {
	case "execute_all":
		r.semantic = executeAll
	case "deny_on_first_deny":
		r.semantic = denyOnFirstDeny
	case "permit_on_first_permit":
		r.semantic = permitOnFirstPermit
	default:
		return fault.New(fault.Malformed, "authzen_semantic")
	}
	return nil
}

// part reads one of the four parts of a question.
func (r *decoder) part(x *question, name []byte) error {
	switch string(name) {
	case "subject":
		x.has |= subjectPart
		return r.object("subject", func(name []byte) error { return r.subject(x, name) })
	case "action":
		x.has |= actionPart
		return r.object("action", func(name []byte) error { return r.action(x, name) })
	case "resource":
		x.has |= resourcePart
		return r.object("resource", func(name []byte) error { return r.resource(x, name) })
	case "context":
		x.has |= contextPart
		return r.object("context", func(name []byte) error { return r.circumstance(x, name) })
	}
	return syntax(r.d.SkipValue())
}

func (r *decoder) subject(x *question, name []byte) error {
	switch string(name) {
	case "type":
		x.has |= subjectType
		return r.text("subject.type", &x.subjectType)
	case "id":
		if r.kind == subjectSearch {
			break
		}
		x.has |= subjectID
		return r.text("subject.id", &x.subject)
	case "properties": // what a caller says of a person is not believed
		return r.ignored("subject.properties")
	}
	return syntax(r.d.SkipValue())
}

func (r *decoder) action(x *question, name []byte) error {
	switch string(name) {
	case "name":
		x.has |= actionName
		return r.text("action.name", &x.action)
	case "properties":
		return r.ignored("action.properties")
	}
	return syntax(r.d.SkipValue())
}

func (r *decoder) resource(x *question, name []byte) error {
	switch string(name) {
	case "type":
		x.has |= resourceType
		return r.text("resource.type", &x.resourceType)
	case "id":
		if r.kind == resourceSearch {
			break
		}
		x.has |= resourceID
		return r.text("resource.id", &x.resourceID)
	case "properties":
		return r.object("resource.properties", func(name []byte) error { return r.property(x, name) })
	}
	return syntax(r.d.SkipValue())
}

func (r *decoder) property(x *question, name []byte) error {
	switch string(name) {
	case "entity":
		return r.text("resource.properties.entity", &x.entity)
	case "location":
		return r.text("resource.properties.location", &x.location)
	case "owner":
		return r.text("resource.properties.owner", &x.owner)
	case "state":
		return r.text("resource.properties.state", &x.state)
	case "currency":
		return r.text("resource.properties.currency", &x.currency)
	case "amount":
		return r.amount(x)
	}
	return syntax(r.d.SkipValue())
}

// amount reads minor units: a whole number, written as one.
func (r *decoder) amount(x *question) error {
	if r.d.PeekKind() != '0' {
		return r.want("resource.properties.amount", "amount")
	}
	raw, err := r.d.ReadValue()
	if err != nil {
		return malformed(err)
	}
	x.amount, err = strconv.ParseInt(string(raw), 10, 64)
	if err != nil {
		return fault.New(fault.Malformed, "authzen_amount")
	}
	x.hasAmount = true
	return nil
}

func (r *decoder) circumstance(x *question, name []byte) error {
	switch string(name) {
	case "ip":
		var text string
		if err := r.text("context.ip", &text); err != nil {
			return err
		}
		ip, err := netip.ParseAddr(text)
		if err != nil {
			return fault.New(fault.Malformed, "authzen_ip")
		}
		x.ip = ip.Unmap().WithZone("")
		return nil
	case "session":
		return r.text("context.session", &x.session)
	}
	return syntax(r.d.SkipValue())
}

// object reads an object; each reads the value of one name.
func (r *decoder) object(what string, each func(name []byte) error) error {
	if r.d.PeekKind() != '{' {
		return r.want(what, "object")
	}
	if _, err := r.d.ReadToken(); err != nil {
		return malformed(err)
	}
	for r.d.PeekKind() == '"' {
		raw, err := r.d.ReadValue()
		if err != nil {
			return malformed(err)
		}
		name := raw[1 : len(raw)-1]
		if bytes.IndexByte(name, '\\') >= 0 {
			if name, err = jsontext.AppendUnquote(nil, raw); err != nil {
				return malformed(err)
			}
		}
		if err := each(name); err != nil {
			return err
		}
	}
	_, err := r.d.ReadToken()
	return syntax(err)
}

// ignored reads an object that nothing is taken from.
func (r *decoder) ignored(what string) error {
	if r.d.PeekKind() != '{' {
		return r.want(what, "object")
	}
	return syntax(r.d.SkipValue())
}

func (r *decoder) text(what string, to *string) error {
	if r.d.PeekKind() != '"' {
		return r.want(what, "text")
	}
	raw, err := r.d.ReadValue()
	if err != nil {
		return malformed(err)
	}
	if bytes.IndexByte(raw, '\\') < 0 {
		*to = string(raw[1 : len(raw)-1])
		return nil
	}
	text, err := jsontext.AppendUnquote(nil, raw)
	*to = string(text)
	return syntax(err)
}

// want says what a value should have been, or that the JSON ends or breaks there.
func (r *decoder) want(what, kind string) error {
	if err := r.d.SkipValue(); err != nil {
		return malformed(err)
	}
	return fault.New(fault.Malformed, "authzen_"+kind, "name", what)
}

func syntax(err error) error {
	if err == nil {
		return nil
	}
	return malformed(err)
}

func lacks(name string) error { return fault.New(fault.Malformed, "authzen_lacks", "name", name) }
