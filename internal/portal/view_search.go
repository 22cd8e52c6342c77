package portal

// SearchHit is one thing that was found.
type SearchHit struct {
	Name   string
	Detail string // an address, or a customer ID
	Kind   string // of an account or entity; "" for others
	Where  string // the account that it is in, when it is another than this one
	Href   string // "" when the viewer may not open it
}

// SearchGroup is what was found of a kind; its words are "portal.search.group.LABEL".
type SearchGroup struct {
	Label    string
	Icon     string
	Hits     []SearchHit
	MoreHref string // all of them; "" when these are all
}

// SearchView is what a search over everything found. It is sent by GET with q.
type SearchView struct {
	Page
	Query  string
	Form   // too long
	Groups []SearchGroup
}

func (SearchView) name() string { return "search" }

// Found counts what is shown.
func (v SearchView) Found() (n int) {
	for _, g := range v.Groups {
		n += len(g.Hits)
	}
	return n
}
