package api

import "net/netip"

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

	everyPart = subjectType | subjectID | actionName | resourceType | resourceID // that an evaluation needs
)

// lacking says what of the needed is not there, in this order.
func (x *question) lacking(needed given) error {
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
func (x *question) inherit(all *question) {
	give := all.has &^ x.has
	x.has |= give
	if give&subjectType != 0 {
		x.subjectType = all.subjectType
	}
	if give&subjectID != 0 {
		x.subject = all.subject
	}
	if give&actionName != 0 {
		x.action = all.action
	}
	if give&resourceType != 0 {
		x.resourceType = all.resourceType
	}
	if give&resourceID != 0 {
		x.resourceID = all.resourceID
	}
	if give&resourcePart != 0 {
		x.entity, x.location, x.owner, x.state, x.currency = all.entity, all.location, all.owner, all.state, all.currency
		x.amount, x.hasAmount = all.amount, all.hasAmount
	}
	if give&contextPart != 0 {
		x.ip, x.session = all.ip, all.session
	}
}
