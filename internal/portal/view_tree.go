package portal

import (
	"net/url"
	"slices"
)

// NodeRow is one entity as a list shows it.
type NodeRow struct {
	ID         string
	CustomerID string
	Name       string
	Kind       string
	State      State
	Users      int // of an account; -1 for what has none, or is not the viewer's to know
	Below      bool
	Href       string // its page; "" when the viewer may not open it
}

// Branch is an entity in the tree, with what of the branches below it is shown.
type Branch struct {
	NodeRow
	OpenHref string // shows what is below, or hides it again; "" when there is nothing
	Open     bool
	Current  bool // the one whose branches are paged
	Match    bool // of a search
	Branches []Branch
	Previous string // addresses of the pages beside this one of its branches; "" for none
	Next     string
	AddHref  string // to add an entity below; "" when the viewer may not
}

// TreeFilter is where the tree is open, or what it is searched for.
type TreeFilter struct {
	Query  string
	At     string // the customer ID of the entity whose branches are shown
	Cursor string
}

// ReadTreeFilter takes the filter from an address.
func ReadTreeFilter(q url.Values) TreeFilter {
	return TreeFilter{Query: q.Get("q"), At: q.Get("at"), Cursor: q.Get("cursor")}
}

// Values is the filter as an address carries it.
func (f TreeFilter) Values() url.Values { return pairs("q", f.Query, "at", f.At, "cursor", f.Cursor) }

// TreeView is the tree of entities, as far as the viewer may see it. The search is
// sent by GET with q.
type TreeView struct {
	Page
	Filter  TreeFilter
	Tops    []Branch
	Pager   Pager // of the tops, or of a search
	Whole   bool  // all the tops there are stand here: nothing was left out above
	MayAdd  bool
	AddHref string
}

func (TreeView) name() string { return "tree" }

// Clear is the tree as it begins.
func (v TreeView) Clear() string { return v.To().Tree(TreeFilter{}) }

// PreviousPage is the address of the page before, or "".
func (v TreeView) PreviousPage() string { return v.turn(v.Pager.Previous) }

// NextPage is the address of the page after, or "".
func (v TreeView) NextPage() string { return v.turn(v.Pager.Next) }

func (v TreeView) turn(cursor string) string {
	if cursor == "" {
		return ""
	}
	return v.To().Tree(TreeFilter{Query: v.Filter.Query, Cursor: cursor})
}

// EntityView is one entity's page.
type EntityView struct {
	Page
	One           NodeRow
	Off           Off
	Line          []Step
	AccountHref   string // its page as an account, for operators; may be empty
	TreeHref      string
	Created       Moment
	CreatedBy     string
	EntitiesBelow int
	Rows          []NodeRow
	Pager         Pager
	MayEdit       bool
	MayAct        []Act
	OnboardHref   string // to add an entity below; "" when the viewer may not
}

func (EntityView) name() string { return "entity" }

// May tells whether the viewer may do it now.
func (v EntityView) May(act string) bool { return slices.Contains(v.MayAct, Act(act)) }

// PreviousPage is the address of the page before of what is below, or "".
func (v EntityView) PreviousPage() string { return v.turn(v.Pager.Previous) }

// NextPage is the address of the page after, or "".
func (v EntityView) NextPage() string { return v.turn(v.Pager.Next) }

func (v EntityView) turn(cursor string) string {
	if cursor == "" {
		return ""
	}
	return v.To().EntityBelow(v.One.ID, cursor)
}

// NewEntityView adds a legal entity. Fields: name, customer_id and those of ParentPicker.
type NewEntityView struct {
	Page
	Form
	ParentPicker
	Name       string
	CustomerID string
}

func (NewEntityView) name() string { return "entity_new" }

// EditEntityView renames a legal entity. Fields: name, revision.
type EditEntityView struct {
	Page
	Form
	One      NodeRow
	Name     string
	Revision string
}

func (EditEntityView) name() string { return "entity_edit" }

// ListHref is the tree.
func (v NewEntityView) ListHref() string { return v.To().Tree(TreeFilter{}) }
