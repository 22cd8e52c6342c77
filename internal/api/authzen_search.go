package api

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"countersign/internal/access"
	"countersign/internal/fault"
)

// found is a page of results as it is being written.
type found struct {
	results []byte // with commas between
	count   int
	next    string // position after the last of them
	more    bool   // something follows it
}

// finder looks for at most limit results after a position; "" is the beginning.
// It must find exactly what evaluation says true of, and always in one order.
type finder func(q *asking, after string, limit int) found

func (q *asking) subjects() error  { return q.search(subjectSearch, searchPeople) }
func (q *asking) resources() error { return q.search(resourceSearch, searchRecords) }
func (q *asking) actions() error   { return q.search(actionSearch, searchActions) }

// search answers one of the three searches. The page stands first, as the
// specification recommends; total is told when all there is to find is known.
func (q *asking) search(k kind, look finder) error {
	if q.snapshot == nil {
		return fault.New(fault.Busy, "no_snapshot") // "nobody" would be taken for an answer
	}
	if err := q.decode(q.body.String(), k); err != nil {
		return err
	}
	if err := q.whole.lacking(k.needed()); err != nil {
		return err
	}
	after, limit, err := q.open()
	if err != nil {
		return err
	}
	q.lookUp()
	f := look(q, after, limit)
	var token string
	if f.more {
		if token, err = q.nextToken(f.next, limit); err != nil {
			return err
		}
	}
	q.out = append(q.out[:0], `{"page":{"next_token":"`...)
	q.out = append(append(q.out, token...), `","count":`...) // base64: nothing to escape
	q.out = strconv.AppendInt(q.out, int64(f.count), 10)
	if after == "" && !f.more {
		q.out = strconv.AppendInt(append(q.out, `,"total":`...), int64(f.count), 10)
	}
	q.out = strconv.AppendInt(append(q.out, `},"context":{"revision":`...), q.snapshot.Revision(), 10)
	if q.stale {
		q.out = append(q.out, `,"stale":true`...)
	}
	q.out = append(append(append(q.out, `},"results":[`...), f.results...), "]}"...)
	return nil
}

// begin begins one more result.
func (f *found) begin() {
	if f.count > 0 {
		f.results = append(f.results, ',')
	}
	f.count++
}

// searchPeople finds who may do this here. A session is one person's: what needs
// a second factor, or a fresh sign-in, only that person may do by it.
func searchPeople(q *asking, after string, limit int) found {
	f := found{next: after}
	ask := q.ask(&q.whole)
	if info := ask.Permission.Info(); info.NeedsTwoFactor || info.StepUp {
		ask.User = q.sessions[q.whole.session].UserID
		ask = q.signedIn(ask, &q.whole)
		if ask.User > after && access.Decide(q.snapshot, ask).Allowed {
			q.person(&f, ask.User, limit)
		}
		return f
	}
	for !f.more {
		page := access.Subjects(q.snapshot, ask, f.next, max(limit-f.count, 1))
		for _, id := range page.IDs {
			q.person(&f, id, limit)
		}
		if page.Next == "" {
			return f
		}
	}
	return f
}

// person adds somebody by the id that they go by, if they do, or the news that
// somebody follows.
func (q *asking) person(f *found, id string, limit int) {
	name, named := q.snapshot.SubjectID(q.token.AccountID, q.whole.subjectType, id)
	if !named && q.whole.subjectType == userType {
		name, named = id, true
	}
	switch {
	case !named:
	case f.count == limit:
		f.more = true
		return
	default:
		f.begin()
		f.results = quoted(append(f.results, `{"type":`...), q.whole.subjectType)
		f.results = append(quoted(append(f.results, `,"id":`...), name), '}')
	}
	f.next = id
}

// searchRecords finds what somebody may do this to.
func searchRecords(q *asking, after string, limit int) found {
	return q.recordsOf(q.whole.resourceType)(q, after, limit)
}

// recordsOf says where the records of a resource type come from: those of a
// registered type that the token's account has stored. Of the types in our
// catalogue we hold none: entities stand for what is theirs.
func (q *asking) recordsOf(resourceType string) finder {
	if _, registered := q.snapshot.Type(resourceType); registered {
		return searchStored
	}
	return searchEntities
}

// searchStored finds the stored resources to which somebody may do this, each with
// what the request says of resources: evaluation says true of it as it stands.
func searchStored(q *asking, after string, limit int) found {
	f := found{next: after}
	page := access.Resources(q.snapshot, q.signedIn(q.ask(&q.whole), &q.whole), after, max(limit, 1))
	for _, id := range page.IDs {
		if f.count == limit {
			f.more = true
			return f
		}
		f.begin()
		out := quoted(append(f.results, `{"type":`...), q.whole.resourceType)
		out = quoted(append(out, `,"id":`...), id)
		begin := `,"properties":{`
		for _, c := range q.whole.claims {
			if c.Part != access.OfResource {
				continue
			}
			out = append(quoted(append(out, begin...), c.Name), ':')
			if begin = ","; c.Kind == access.Text {
				out = quoted(out, c.Text)
			} else {
				out = append(out, c.Text...) // as it was sent
			}
		}
		if begin == "," {
			out = append(out, '}')
		}
		f.results = append(out, '}')
		f.next = id
	}
	f.more = page.Next != ""
	return f
}

// searchEntities finds the entities over which somebody may do this, each as a
// resource of which evaluation says true when it is sent back as it stands: it
// has the properties that the request has, and the entity.
//
// Somebody who sees certain locations only may do nothing to what has none; so
// after the entities come, location by location, those for which they may do it
// there. An entity that came without a location stands for all of them.
func searchEntities(q *asking, after string, limit int) found {
	f := found{next: after}
	ask := q.signedIn(q.ask(&q.whole), &q.whole)
	place, from, _ := strings.Cut(after, " ")
	for _, ask.Location = range q.places(ask) {
		if ask.Location < place {
			continue
		}
		if ask.Location > place {
			from = ""
		}
		for going := true; going; going = from != "" {
			full := f.count == limit // then it is looked whether anything follows
			page := q.reached(ask, from, max(limit-f.count, 1))
			for _, entity := range page.IDs {
				switch {
				case ask.Location != q.whole.location && q.allowed(ask, entity, q.whole.location):
				case full:
					f.more = true
					return f
				default:
					f.record(&q.whole, entity, ask.Location)
				}
			}
			if from = page.Next; !full {
				f.next = ask.Location + " " + cmp.Or(from, behindAll)
			}
		}
	}
	return f
}

const behindAll = "~" // comes after every path

// places are the locations at which a search looks for entities, in order: the
// one asked for, or none and then those that somebody's access is restricted to.
func (q *asking) places(ask access.Question) []string {
	list := []string{q.whole.location}
	if q.whole.location == "" && ask.Permission.Info().Located {
		for _, r := range access.Scope(q.snapshot, ask) {
			list = append(list, r.Locations...)
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// reached are the entities after a position: all that access finds, or the one asked for.
func (q *asking) reached(ask access.Question, from string, limit int) (p access.Page) {
	if q.whole.entity == "" {
		return access.Entities(q.snapshot, ask, from, limit)
	}
	if from == "" && q.allowed(ask, q.whole.entity, ask.Location) {
		p.IDs = []string{q.whole.entity}
	}
	return p
}

func (q *asking) allowed(ask access.Question, entity, location string) bool {
	ask.Entity, ask.Location = entity, location
	return access.Decide(q.snapshot, ask).Allowed
}

// record adds an entity as a resource, with what the request says of resources.
func (f *found) record(x *question, entity, location string) {
	f.begin()
	id := entity
	if location != "" {
		id += "/" + location
	}
	out := quoted(append(f.results, `{"type":`...), x.resourceType)
	out = quoted(append(out, `,"id":`...), id)
	out = quoted(append(out, `,"properties":{"entity":`...), entity)
	for _, p := range [...]struct{ name, value string }{{"location", location}, {"owner", x.owner}, {"state", x.state}, {"currency", x.currency}} {
		if p.value != "" {
			out = quoted(append(append(append(out, `,"`...), p.name...), `":`...), p.value)
		}
	}
	if x.hasAmount {
		out = strconv.AppendInt(append(out, `,"amount":`...), x.amount, 10)
	}
	f.results = append(out, "}}"...)
}

// searchActions finds what somebody may do to the resource, by name.
func searchActions(q *asking, after string, limit int) found {
	f := found{next: after}
	var names []string
	for p := range access.Actions(q.snapshot, q.signedIn(q.ask(&q.whole), &q.whole)).All() {
		if info := p.Info(); info.Resource == q.whole.resourceType {
			names = append(names, info.Action)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		if name <= after {
			continue
		}
		if f.more = f.count == limit; f.more {
			break
		}
		f.begin()
		f.results = append(quoted(append(f.results, `{"name":`...), name), '}')
		f.next = name
	}
	return f
}
