package portal

import (
	"net/url"
	"slices"

	"countersign/internal/resource"
)

// TypeRow is one registered resource type.
type TypeRow struct {
	Name       string
	Title      string
	From       string // who says whose a record is: "portal.types.from.FROM"
	Located    bool
	Actions    int
	Properties int
	Created    Moment
	Retired    Moment // zero: in use
}

// TypesFilter is what the list of types is narrowed to; it lives in the address.
type TypesFilter struct {
	Query string
	State string // "used", "retired"
}

// ReadTypesFilter takes the filter from an address; what it does not know it leaves out.
func ReadTypesFilter(q url.Values) TypesFilter {
	return TypesFilter{Query: q.Get("q"), State: oneOf(q.Get("state"), "used", "retired")}
}

// Values is the filter as an address carries it.
func (f TypesFilter) Values() url.Values { return pairs("q", f.Query, "state", f.State) }

// TypesView lists the resource types of the platform's own services. The filter
// form is sent by GET with q and state.
type TypesView struct {
	Page
	Filter    TypesFilter
	Rows      []TypeRow
	Total     int // types that there are
	MayManage bool
}

func (TypesView) name() string { return "types" }

// Narrowed tells whether anything is left out.
func (v TypesView) Narrowed() bool { return v.Filter != TypesFilter{} }

// Clear is the whole list.
func (v TypesView) Clear() string { return v.To().ResourceTypes(TypesFilter{}) }

// NewHref is the form for a new one; "" when the viewer may not.
func (v TypesView) NewHref() string {
	if !v.MayManage {
		return ""
	}
	return v.To().NewResourceType()
}

// TypeAction is what can be done to records of a type.
type TypeAction struct {
	Name, Title         string
	NeedsTwo, Dangerous bool
	Named               int // roles and policies that hold it
}

// TypeProperty is what a restriction can read.
type TypeProperty struct {
	Part    string // "portal.types.of.PART"
	Name    string
	Title   string
	Kind    string // "portal.types.kind.KIND"
	Vouched string // "portal.types.vouched.VOUCHER"
	Named   int    // roles and policies whose restrictions ask for it
}

// StoredBy is how much an account has stored of a type.
type StoredBy struct {
	PersonLink
	Count int
}

// TypeView is one type's page.
type TypeView struct {
	Page
	Type       TypeRow
	Actions    []TypeAction
	Properties []TypeProperty
	Stored     []StoredBy // those that have most, as far as the viewer may see
	MoreStored bool       // others have some too
	MayManage  bool
}

func (TypeView) name() string { return "type" }

// ActionFields are one action in the form of a type.
type ActionFields struct {
	Name, Title         string
	NeedsTwo, Dangerous bool
	Kept                bool // the type has it already: its name stays
	Drop                bool // ticked to be taken away
}

// Any tells whether anything was typed.
func (a ActionFields) Any() bool { return a.Name != "" || a.Title != "" || a.NeedsTwo || a.Dangerous }

// PropertyFields are one property in the form of a type.
type PropertyFields struct {
	Part, Name, Title, Kind, Vouched string
	Kept                             bool // the type has it already: only its title can change
	Drop                             bool
}

// Any tells whether anything was typed: what is chosen from a list alone is nothing.
func (p PropertyFields) Any() bool { return p.Name != "" || p.Title != "" }

// TypeFormView registers a type, or changes one. Fields: name, title, entity_from,
// located, actions[N].name, .title, .needs_2fa, .dangerous and .drop,
// properties[N].of, .name, .title, .kind, .vouched and .drop, the button rows, which
// shows the form again with more of them, and revision and seen as in EditAccessView.
type TypeFormView struct {
	Page
	Form
	Editing    bool
	Name       string
	Title      string
	From       string
	Located    bool
	Actions    []ActionFields
	Properties []PropertyFields
	Revision   string
	Seen       string
	Changed    []Difference
}

func (TypeFormView) name() string { return "type_form" }

// Action is where the form is sent.
func (v TypeFormView) Action() string {
	if v.Editing {
		return v.To().EditResourceType(v.Name)
	}
	return v.To().ResourceTypes(TypesFilter{})
}

// Back is the way out.
func (v TypeFormView) Back() string {
	if v.Editing {
		return v.To().ResourceType(v.Name)
	}
	return v.To().ResourceTypes(TypesFilter{})
}

// The choices of the form.
func (TypeFormView) Froms() []string    { return []string{"store", "caller", "account"} }
func (TypeFormView) Parts() []string    { return []string{"resource", "action"} }
func (TypeFormView) Kinds() []string    { return valueKinds() }
func (TypeFormView) Vouchers() []string { return vouchers() }

func valueKinds() []string { return []string{"text", "number", "boolean", "user"} }
func vouchers() []string   { return []string{"store", "caller"} }

// MoreActions tells whether there can be more rows for actions.
func (v TypeFormView) MoreActions() bool { return len(v.Actions) < resource.PartsMost }

// MoreProperties tells whether there can be more rows for properties.
func (v TypeFormView) MoreProperties() bool { return len(v.Properties) < resource.PartsMost }

// UserPropertyRow is a registered property of users.
type UserPropertyRow struct {
	TypeProperty
	Retired Moment // zero: in use
	Subject string // the subject type under which services name users by it; "" is none
}

// UserPropertiesView lists the properties of users, with the form for a new one, or
// for the title of one that there is. Fields: name, title, kind, vouched, subject_type; of one that
// there is title and revision.
type UserPropertiesView struct {
	Page
	Form
	Rows      []UserPropertyRow
	MayManage bool
	Editing   string // name of the one whose title is changed; "" for a new one
	New       TypeProperty
	Subject   string // typed for the new one
	Revision  string
}

func (UserPropertiesView) name() string { return "user_properties" }

// Kinds and Vouchers are the choices of the form.
func (UserPropertiesView) Kinds() []string    { return valueKinds() }
func (UserPropertiesView) Vouchers() []string { return vouchers() }

// Action is where the form is sent.
func (v UserPropertiesView) Action() string {
	if v.Editing != "" {
		return v.To().EditUserProperty(v.Editing)
	}
	return v.To().UserProperties()
}

// PropertyValue is a property with a value, as it is shown and as it is typed.
type PropertyValue struct {
	TypeProperty
	Value string // as somebody types it; "" for none
	Words string // as it is shown
	Href  string // of the user that it names; may be empty
}

// Field is what a form calls it.
func (p PropertyValue) Field() string { return propertiesField + p.Name }

// RecordRow is one stored record.
type RecordRow struct {
	ID       string
	Entity   string
	Location string // "" for none
	Values   []PropertyValue
	Changed  Moment
}

// RecordsFilter is what the list of records is narrowed to; it lives in the address.
type RecordsFilter struct {
	ID     string
	Entity string // a customer ID
	Cursor string
}

// ReadRecordsFilter takes the filter from an address.
func ReadRecordsFilter(q url.Values) RecordsFilter {
	return RecordsFilter{ID: q.Get("id"), Entity: q.Get("entity"), Cursor: q.Get("cursor")}
}

// Values is the filter as an address carries it.
func (f RecordsFilter) Values() url.Values {
	return pairs("id", f.ID, "entity", f.Entity, "cursor", f.Cursor)
}

// RecordsView lists what the account has stored: the types that there are, or the
// records of one. The filter form is sent by GET with id and entity.
type RecordsView struct {
	Page
	Types    []TypeRow // that are in use, where none is chosen
	Type     TypeRow   // the chosen one
	Filter   RecordsFilter
	Unknown  bool // the filter's entity is none of the account's
	Rows     []RecordRow
	Pager    Pager
	MayStore bool
}

func (RecordsView) name() string { return "records" }

// Chosen tells whether a type is.
func (v RecordsView) Chosen() bool { return v.Type.Name != "" }

// Narrowed tells whether the list is.
func (v RecordsView) Narrowed() bool { return v.Filter.ID != "" || v.Filter.Entity != "" }

// Chips are the filters that are on.
func (v RecordsView) Chips() []Chip {
	first := v.Filter
	first.Cursor = ""
	c := chips[RecordsFilter]{filter: first, at: func(f RecordsFilter) string { return v.To().Records(v.Type.Name, f) }}
	c.add("record_id", v.Filter.ID, "", func(f *RecordsFilter) { f.ID = "" })
	c.add("record_entity", v.Filter.Entity, "", func(f *RecordsFilter) { f.Entity = "" })
	return c.list
}

// Clear is the whole list of the type.
func (v RecordsView) Clear() string { return v.To().Records(v.Type.Name, RecordsFilter{}) }

// NewHref is the form for a new record; "" when the viewer may not store one.
func (v RecordsView) NewHref() string {
	if !v.MayStore || !v.Type.Retired.IsZero() {
		return ""
	}
	return v.To().NewRecord(v.Type.Name)
}

// PreviousPage is the beginning, from any page but the first.
func (v RecordsView) PreviousPage() string {
	if v.Filter.Cursor == "" {
		return ""
	}
	return v.turn("")
}

// NextPage is the address of the page after, or "".
func (v RecordsView) NextPage() string {
	if v.Pager.Next == "" {
		return ""
	}
	return v.turn(v.Pager.Next)
}

func (v RecordsView) turn(cursor string) string {
	f := v.Filter
	f.Cursor = cursor
	return v.To().Records(v.Type.Name, f)
}

// RecordView is one stored record's page.
type RecordView struct {
	Page
	Type     TypeRow
	Record   RecordRow
	Entity   PersonLink
	MayStore bool
}

func (RecordView) name() string { return "record" }

// RecordFormView stores a record, or changes one. Fields: id, entity, location,
// properties.NAME, revision.
type RecordFormView struct {
	Page
	Form
	Type      TypeRow
	Editing   bool
	ID        string
	Entity    string   // as typed: a customer ID
	Entities  []Option // some of those that it may be
	Location  string
	Locations []Option
	Values    []PropertyValue
	Revision  string
}

func (RecordFormView) name() string { return "record_form" }

// Action is where the form is sent.
func (v RecordFormView) Action() string {
	if v.Editing {
		return v.To().EditRecord(v.Type.Name, v.ID)
	}
	return v.To().Records(v.Type.Name, RecordsFilter{})
}

// Back is the way out.
func (v RecordFormView) Back() string {
	if v.Editing {
		return v.To().Record(v.Type.Name, v.ID)
	}
	return v.To().Records(v.Type.Name, RecordsFilter{})
}

// AsksEntity tells whether the form asks whose the record is.
func (v RecordFormView) AsksEntity() bool { return v.Type.From != "account" }

// OtherLocation tells whether the chosen location is none of those offered.
func (v RecordFormView) OtherLocation() bool {
	return v.Location != "" && !slices.ContainsFunc(v.Locations, func(o Option) bool { return o.Value == v.Location })
}

// UserValuesView changes the values of a user's registered properties. Fields:
// properties.NAME, revision, seen.
type UserValuesView struct {
	Page
	Form
	User     UserHead
	Values   []PropertyValue
	Revision string
	Seen     string
	Changed  []Difference
}

func (UserValuesView) name() string { return "user_values" }
