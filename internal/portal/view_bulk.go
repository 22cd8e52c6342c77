package portal

// bulkActs are what can be done to many users at once.
func bulkActs() []Act { return []Act{ResendInvitation, Deactivate, Activate} }

// BulkRow is one of many users on whom something is to be done, or was.
type BulkRow struct {
	ID         string
	Name       string
	Identifier string
	Status     Status
	Value      string // what the form sends: id and version
	Refused    string // why it cannot be done, as a sentence; "" when it can, or was
}

// BulkView asks whether to do something to many users: to whom, and to whom not
// and why.
type BulkView struct {
	Page
	Form
	Act     Act
	Rows    []BulkRow
	Missing int    // how many are not of this account, any more
	Reason  string // as it was typed
	Hours   int    // how long a new link works
	Back    string // the list
}

func (BulkView) name() string { return "bulk" }

// Can are those to whom it can be done.
func (v BulkView) Can() []BulkRow { return v.only(true) }

// Cannot are the others.
func (v BulkView) Cannot() []BulkRow { return v.only(false) }

func (v BulkView) only(can bool) []BulkRow {
	var out []BulkRow
	for _, r := range v.Rows {
		if (r.Refused == "") == can {
			out = append(out, r)
		}
	}
	return out
}

// AskReason tells whether the form asks for a reason.
func (v BulkView) AskReason() bool { return v.Act == Deactivate }

// Dangerous tells whether the button looks so.
func (v BulkView) Dangerous() bool { return v.Act == Deactivate }

// Action is where the form goes.
func (v BulkView) Action() string { return v.To().ActOnMany(v.Act) }

// BulkDoneView tells what became of each.
type BulkDoneView struct {
	Page
	Act     Act
	Rows    []BulkRow
	Missing int // how many were not of this account, any more
	Back    string
}

func (BulkDoneView) name() string { return "bulk_done" }

// Done are those to whom it was done.
func (v BulkDoneView) Done() []BulkRow { return BulkView{Rows: v.Rows}.Can() }

// Refused are the others.
func (v BulkDoneView) Refused() []BulkRow { return BulkView{Rows: v.Rows}.Cannot() }
