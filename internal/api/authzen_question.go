package api

import (
	"net/netip"

	"countersign/internal/access"
)

// question is one evaluation, or what a search is about, as it was sent. What we
// do not know of in it was read, as JSON, and left.
type question struct {
	has   given
	wrong error // one of several that is wrong in itself

	subjectType, subject     string
	action                   string
	resourceType, resourceID string
	entity, location, owner  string
	state, currency          string
	amount                   int64
	hasAmount                bool
	ip                       netip.Addr
	session                  string
	claims                   []access.Claim // what is said of the three parts, for registered types and properties
}

// property is where a text of these names stands, and the name with where it is sent; nil for others.
func (x *question) property(name string) (what string, to *string) {
	switch name {
	case "entity":
		return "resource.properties.entity", &x.entity
	case "location":
		return "resource.properties.location", &x.location
	case "owner":
		return "resource.properties.owner", &x.owner
	case "state":
		return "resource.properties.state", &x.state
	case "currency":
		return "resource.properties.currency", &x.currency
	}
	return "", nil
}

// given says what of a question was sent: the parts, and in them what must be there.
type given uint16

// What there is to give.
const (
	subjectPart given = 1 << iota
	actionPart
	resourcePart
	contextPart
	subjectType
	subjectID
	actionName
	resourceType
	resourceID

	ofSubject  = subjectPart | subjectType | subjectID
	ofAction   = actionPart | actionName
	ofResource = resourcePart | resourceType | resourceID

	everyPart = subjectType | subjectID | actionName | resourceType | resourceID // that an evaluation needs
)

// partOf is of which part a claim is.
var partOf = [...]given{access.OfResource: resourcePart, access.OfAction: actionPart, access.OfUser: subjectPart}

// lacking says what of the needed is not there, in this order.
func (x *question) lacking(needed given) error {
	if needed&^x.has == 0 {
		return nil
	}
	for _, n := range [...]struct {
		part, field given
		in, name    string
	}{
		{subjectPart, subjectType, "subject", "subject.type"},
		{subjectPart, subjectID, "subject", "subject.id"},
		{actionPart, actionName, "action", "action.name"},
		{resourcePart, resourceType, "resource", "resource.type"},
		{resourcePart, resourceID, "resource", "resource.id"},
	} {
		switch {
		case needed&n.field&^x.has == 0:
		case x.has&n.part == 0:
			return lacks(n.in)
		default:
			return lacks(n.name)
		}
	}
	return nil
}

// inherit takes over, part by part, what the request says for all (section 7.1.1);
// of a part that it has itself only the type, id or name that it lacks there, as
// the certification scenario wants it (3.2.7). So properties are never mixed.
func (x *question) inherit(all *question) { x.take(all, all.has&^x.has) }

// take takes over what is given of another question.
func (x *question) take(from *question, give given) {
	x.has |= give
	if give&subjectType != 0 {
		x.subjectType = from.subjectType
	}
	if give&subjectID != 0 {
		x.subject = from.subject
	}
	if give&actionName != 0 {
		x.action = from.action
	}
	for _, c := range from.claims {
		if give&partOf[c.Part] != 0 {
			x.claims = append(x.claims, c)
		}
	}
	if give&resourceType != 0 {
		x.resourceType = from.resourceType
	}
	if give&resourceID != 0 {
		x.resourceID = from.resourceID
	}
	if give&resourcePart != 0 {
		x.entity, x.location, x.owner, x.state, x.currency = from.entity, from.location, from.owner, from.state, from.currency
		x.amount, x.hasAmount = from.amount, from.hasAmount
	}
	if give&contextPart != 0 {
		x.ip, x.session = from.ip, from.session
	}
}
