package api

import (
	"bytes"
	"io"
	"net/netip"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"

	"countersign/internal/fault"
)

// question is one evaluation as it was sent. What we do not know of in it was
// read, as JSON, and left.
type question struct {
	has uint8 // which of the four parts were sent

	subjectType, subject    string
	action                  string
	resourceType            string
	entity, location, owner string
	state, currency         string
	amount                  int64
	hasAmount               bool
	ip                      netip.Addr
	session                 string
}

// The parts of a question.
const (
	subjectPart uint8 = 1 << iota
	actionPart
	resourcePart
	contextPart
)

// missing says which part that must be there is not.
func (x *question) missing() error {
	switch {
	case x.has&subjectPart == 0:
		return lacks("subject")
	case x.has&actionPart == 0:
		return lacks("action")
	case x.has&resourcePart == 0:
		return lacks("resource")
	}
	return nil
}

// inherit takes over, part by part, what the request says for all (7.1.1).
func (x *question) inherit(all *question) {
	give := all.has &^ x.has
	x.has |= give
	if give&subjectPart != 0 {
		x.subjectType, x.subject = all.subjectType, all.subject
	}
	if give&actionPart != 0 {
		x.action = all.action
	}
	if give&resourcePart != 0 {
		x.resourceType, x.entity, x.location, x.owner, x.state, x.currency = all.resourceType, all.entity, all.location, all.owner, all.state, all.currency
		x.amount, x.hasAmount = all.amount, all.hasAmount
	}
	if give&contextPart != 0 {
		x.ip, x.session = all.ip, all.session
	}
}

type semantic uint8

// How several evaluations are answered (7.1.2).
const (
	executeAll semantic = iota
	denyOnFirstDeny
	permitOnFirstPermit
)

// decoder reads requests for decisions token by token, so that nothing is built
// that is not asked for. It is strict about JSON (RFC 8259 with unique names and
// valid UTF-8) and lenient about names, as the specification wants.
type decoder struct {
	d        *jsontext.Decoder
	whole    question
	items    []question
	semantic semantic
}

// decode reads a request; many says that it may hold evaluations.
func (r *decoder) decode(body *bytes.Buffer, many bool) error {
	r.whole, r.items, r.semantic = question{}, r.items[:0], executeAll
	if r.d == nil {
		r.d = jsontext.NewDecoder(body)
	} else {
		r.d.Reset(body)
	}
	if kind := r.d.PeekKind(); kind != '{' && kind != jsontext.Kind(0) {
		return fault.New(fault.Malformed, "json_object")
	}
	err := r.object("", func(name []byte) error {
		switch {
		case many && string(name) == "evaluations":
			return r.evaluations()
		case many && string(name) == "options":
			return r.object("options", r.option)
		}
		return r.part(&r.whole, name)
	})
	if err != nil {
		return err
	}
	if _, err := r.d.ReadToken(); err != io.EOF {
		return fault.New(fault.Malformed, "json_trailing")
	}
	return nil
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
		r.items = append(r.items, question{})
		x := &r.items[len(r.items)-1]
		if err := r.object("evaluations", func(name []byte) error { return r.part(x, name) }); err != nil {
			return err
		}
	}
	_, err := r.d.ReadToken()
	return syntax(err)
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
		return r.subject(x)
	case "action":
		return r.action(x)
	case "resource":
		return r.resource(x)
	case "context":
		x.has |= contextPart
		return r.object("context", func(name []byte) error { return r.circumstance(x, name) })
	}
	return syntax(r.d.SkipValue())
}

func (r *decoder) subject(x *question) error {
	x.has |= subjectPart
	var has uint8
	err := r.object("subject", func(name []byte) error {
		switch string(name) {
		case "type":
			has |= 1
			return r.text("subject.type", &x.subjectType)
		case "id":
			has |= 2
			return r.text("subject.id", &x.subject)
		case "properties": // what a caller says of a person is not believed
			return r.ignored("subject.properties")
		}
		return syntax(r.d.SkipValue())
	})
	return firstLack(err, has, "subject.type", "subject.id")
}

func (r *decoder) action(x *question) error {
	x.has |= actionPart
	var has uint8
	err := r.object("action", func(name []byte) error {
		switch string(name) {
		case "name":
			has |= 1
			return r.text("action.name", &x.action)
		case "properties":
			return r.ignored("action.properties")
		}
		return syntax(r.d.SkipValue())
	})
	return firstLack(err, has, "action.name")
}

func (r *decoder) resource(x *question) error {
	x.has |= resourcePart
	var has uint8
	err := r.object("resource", func(name []byte) error {
		switch string(name) {
		case "type":
			has |= 1
			return r.text("resource.type", &x.resourceType)
		case "id": // not interpreted
			has |= 2
			var id string
			return r.text("resource.id", &id)
		case "properties":
			return r.object("resource.properties", func(name []byte) error { return r.property(x, name) })
		}
		return syntax(r.d.SkipValue())
	})
	return firstLack(err, has, "resource.type", "resource.id")
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

// firstLack is err, or the first of the names whose bit is not set.
func firstLack(err error, has uint8, names ...string) error {
	for i, name := range names {
		if err == nil && has&(1<<i) == 0 {
			err = lacks(name)
		}
	}
	return err
}
