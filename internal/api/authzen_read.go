package api

import (
	"math/bits"
	"net/netip"
	"strings"

	"countersign/internal/access"
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

// decoder reads requests for decisions, from front to back, and takes what it
// knows of them. It is strict about JSON and lenient about names, as the
// specification wants.
type decoder struct {
	scanner
	kind     kind
	whole    question
	items    []question
	semantic semantic
	page     pageAsked
	before   [4]partBefore // the latest of each part
	claims   bool          // what is said of parts is kept, for there are types or properties that may ask for it
}

// decode reads a request of a kind. What must be there and is not is for lacking to tell.
func (r *decoder) decode(body string, k kind) error {
	r.scanner = scanner{text: body}
	r.kind, r.whole, r.items, r.semantic = k, question{claims: r.whole.claims[:0]}, r.items[:0], executeAll
	r.page, r.before = pageAsked{query: r.page.query[:0]}, [4]partBefore{}
	switch r.peek() {
	case 0:
		if r.at == len(body) {
			return fault.New(fault.Malformed, "body_missing")
		}
	case '{':
	default:
		return fault.New(fault.Malformed, "json_object")
	}
	if err := r.object("", r.member); err != nil {
		return err
	}
	if r.peek(); r.at < len(body) {
		return fault.New(fault.Malformed, "json_trailing")
	}
	return nil
}

// member reads what stands at the top.
func (r *decoder) member(name string) error {
	switch {
	case r.kind == manyEvaluations && name == "evaluations":
		return r.evaluations()
	case r.kind == manyEvaluations && name == "options":
		return r.object("options", r.option)
	case r.kind.searches():
		return r.searched(name)
	}
	return r.part(&r.whole, name)
}

func (r *decoder) evaluations() error {
	if r.peek() != '[' {
		return r.want("evaluations", "list")
	}
	return r.elements(func() error {
		if len(r.items) == evaluationsMost {
			return fault.New(fault.Malformed, "authzen_most", "max", evaluationsMost)
		}
		if r.peek() != '{' {
			return r.want("evaluations[]", "object")
		}
		r.items = append(r.items, question{})
		return r.item(&r.items[len(r.items)-1])
	})
}

// item reads one of several. What is wrong with its parts is an error of its own,
// which the others do not suffer from (7.2.1); what is no JSON is one of all.
func (r *decoder) item(x *question) error {
	begin := r.scanner
	err := r.members(func(name string) error { return r.part(x, name) })
	if err == nil || !strings.HasPrefix(fault.CodeOf(err), "authzen_") {
		return err
	}
	x.wrong = err
	r.scanner = begin
	return r.skip()
}

func (r *decoder) option(name string) error {
	if name != "evaluations_semantic" {
		return r.skip()
	}
	var word string
	if err := r.textOf("options.evaluations_semantic", &word); err != nil {
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
func (r *decoder) part(x *question, name string) error {
	switch name {
	case "subject":
		return r.once(x, ofSubject, name, r.subject)
	case "action":
		return r.once(x, ofAction, name, r.action)
	case "resource":
		return r.once(x, ofResource, name, r.resource)
	case "context":
		return r.once(x, contextPart, name, r.circumstance)
	}
	return r.skip()
}

// once reads a part, unless it is written as it was in the evaluation before:
// most of what is asked at once is about one person, one action or one address.
func (r *decoder) once(x *question, of given, name string, read func(*question, string) error) error {
	before := &r.before[bits.TrailingZeros16(uint16(of))]
	if before.text != "" && strings.HasPrefix(r.text[r.at:], before.text) { // an object ends where it ends
		r.at += len(before.text)
		x.take(before.of, before.of.has&of)
		return nil
	}
	begin := r.at
	x.has |= of & (subjectPart | actionPart | resourcePart | contextPart)
	if err := r.object(name, func(name string) error { return read(x, name) }); err != nil {
		return err
	}
	if r.kind == manyEvaluations {
		*before = partBefore{r.text[begin:r.at], x}
	}
	return nil
}

// partBefore is a part as it was written, and the question that it was read into.
type partBefore struct {
	text string
	of   *question
}

func (r *decoder) subject(x *question, name string) error {
	switch name {
	case "type":
		x.has |= subjectType
		return r.textOf("subject.type", &x.subjectType)
	case "id":
		if r.kind == subjectSearch {
			break
		}
		x.has |= subjectID
		return r.textOf("subject.id", &x.subject)
	case "properties": // believed only where callers vouch for it (access.ByCaller)
		return r.said("subject.properties", x, access.OfUser)
	}
	return r.skip()
}

func (r *decoder) action(x *question, name string) error {
	switch name {
	case "name":
		x.has |= actionName
		return r.textOf("action.name", &x.action)
	case "properties":
		return r.said("action.properties", x, access.OfAction)
	}
	return r.skip()
}

func (r *decoder) resource(x *question, name string) error {
	switch name {
	case "type":
		x.has |= resourceType
		return r.textOf("resource.type", &x.resourceType)
	case "id":
		if r.kind == resourceSearch {
			break
		}
		x.has |= resourceID
		return r.textOf("resource.id", &x.resourceID)
	case "properties":
		return r.object("resource.properties", func(name string) error { return r.property(x, name) })
	}
	return r.skip()
}

// said reads what is said of a subject or an action.
func (r *decoder) said(what string, x *question, part access.Part) error {
	if !r.claims {
		return r.ignored(what)
	}
	return r.object(what, func(name string) error { return r.claim(x, part, name) })
}

// claim reads the value of a property, of whatever kind.
func (r *decoder) claim(x *question, part access.Part, name string) error {
	c, begin := access.Claim{Part: part, Name: name}, 0
	kind := r.peek()
	if begin = r.at; kind == '"' {
		text, err := r.string()
		c.Kind, c.Text = access.Text, text
		x.claims = append(x.claims, c)
		return err
	}
	err := r.skip()
	switch c.Text = r.text[begin:r.at]; {
	case c.Text == "true" || c.Text == "false":
		c.Kind = access.YesNo
	case c.Text == "-0":
		c.Kind, c.Text = access.Number, "0"
	case err == nil && (kind == '-' || '0' <= kind && kind <= '9') && !strings.ContainsAny(c.Text, ".eE"):
		c.Kind = access.Number
	}
	x.claims = append(x.claims, c)
	return err
}

func (r *decoder) property(x *question, name string) error {
	what, to := x.property(name)
	if r.claims { // a registered type may have properties of these names
		begin := r.scanner
		if err := r.claim(x, access.OfResource, name); err != nil {
			return err
		}
		if said := x.claims[len(x.claims)-1]; to != nil && said.Kind == access.Text {
			*to = said.Text
			return nil
		}
		r.scanner = begin
	}
	switch {
	case to != nil:
		return r.textOf(what, to)
	case name == "amount":
		return r.amount(x)
	}
	return r.skip()
}

// amount reads minor units.
func (r *decoder) amount(x *question) error {
	text, err := r.integer("authzen_amount")
	if err != nil {
		return err
	}
	x.amount, err = parsed(text, "authzen_amount")
	x.hasAmount = err == nil
	return err
}

func (r *decoder) circumstance(x *question, name string) error {
	switch name {
	case "ip":
		var text string
		if err := r.textOf("context.ip", &text); err != nil {
			return err
		}
		ip, err := netip.ParseAddr(text)
		if err != nil {
			return fault.New(fault.Malformed, "authzen_ip")
		}
		x.ip = ip.Unmap().WithZone("")
		return nil
	case "session":
		return r.textOf("context.session", &x.session)
	}
	return r.skip()
}

func lacks(name string) error { return fault.New(fault.Malformed, "authzen_lacks", "name", name) }
