package api

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"countersign/internal/fault"
	"countersign/internal/lang"
	"countersign/internal/people"
	"countersign/internal/web"
)

func (a *API) manyRoutes() {
	const group = "Users"
	const each = "At most 200, one after another, each done whole or refused: the answer says what became of each. A user is named by id and version, with a dot between."
	operation(a, Operation{Method: http.MethodGet, Path: usersPath + "/export", Permission: "users:view"},
		about{id: "export-users", tag: group, summary: "All users that match, as a file for spreadsheets", kinds: []string{"text/csv"},
			text: "With the same filters as the list. Taking it is recorded. A cell that a spreadsheet would take for a formula begins with an apostrophe."}, a.exportUsers)
	operation(a, Operation{Method: http.MethodPost, Path: usersPath + "/bulk/deactivation", Permission: "users:deactivate"},
		about{id: "deactivate-users", tag: group, summary: "Deactivate many users", text: each}, a.deactivateMany)
	operation(a, Operation{Method: http.MethodPost, Path: usersPath + "/bulk/activation", Permission: "users:deactivate"},
		about{id: "activate-users", tag: group, summary: "Activate many deactivated users again", text: each}, a.activateMany)
	operation(a, Operation{Method: http.MethodPost, Path: usersPath + "/bulk/invitation", Permission: "users:create"},
		about{id: "resend-invitations", tag: group, summary: "Send many fresh links", text: each}, a.resendMany)
}

type exportUsersIn struct {
	InAccount
	UserFilters
	Columns string `query:"columns" maxLength:"300" doc:"Which, with commas between, in the order in which they are to stand: fields of a user. Left out: all." example:"email,status"`
}

func (a *API) exportUsers(c *call, in *exportUsersIn) (*struct{}, error) {
	account, err := a.enter(c, in.CustomerID, "users:view")
	if err != nil {
		return nil, err
	}
	columns, err := readColumns(in.Columns)
	if err != nil {
		return nil, err
	}
	q, err := in.query(a, c, account)
	if err != nil {
		return nil, err
	}
	all, err := a.People.Export(c.ctx, c.v.Who, account.Account, q)
	if err != nil {
		return nil, err
	}
	return c.sends(web.SendCSV(c.w, "users-"+strings.ToLower(account.CustomerID)+".csv", func(file *web.CSV) error {
		var heads []string
		for _, column := range columns {
			heads = append(heads, column.name)
		}
		if err := file.Row(heads...); err != nil {
			return err
		}
		return all.Each(c.ctx, func(rows []people.Row) error {
			for _, r := range rows {
				u := userOf(r)
				cells := make([]string, len(columns))
				for i, column := range columns {
					cells[i] = column.cell(u)
				}
				if err := file.Row(cells...); err != nil {
					return err
				}
			}
			return file.Flush()
		})
	}))
}

// userColumn is a field of a user in a file.
type userColumn struct {
	name string
	cell func(User) string
}

func userColumns() []userColumn {
	return []userColumn{
		{"id", func(u User) string { return u.ID }}, {"first_name", func(u User) string { return u.FirstName }}, {"last_name", func(u User) string { return u.LastName }},
		{"email", func(u User) string { return u.Email }}, {"username", func(u User) string { return u.Username }}, {"phone", func(u User) string { return u.Phone }},
		{"language", func(u User) string { return u.Language }}, {"roles", func(u User) string { return strings.Join(u.Roles, " ") }},
		{"all_entities", func(u User) string { return strconv.FormatBool(u.AllEntities) }}, {"entities", func(u User) string { return strings.Join(u.Entities, " ") }},
		{"status", func(u User) string { return u.Status }}, {"two_factor_required", func(u User) string { return strconv.FormatBool(u.TwoFactorRequired) }},
		{"second_factors", func(u User) string { return strconv.Itoa(u.SecondFactors) }}, {"last_sign_in_at", func(u User) string { return cellTime(u.LastSignInAt) }},
		{"created_at", func(u User) string { return cellTime(u.CreatedAt) }}, {"version", func(u User) string { return strconv.FormatInt(u.Version, 10) }},
	}
}

// cellTime is a time as JSON has it; nothing when it never was.
func cellTime(m moment) string {
	if m == 0 {
		return ""
	}
	text, _ := m.MarshalText() // it always can be written
	return string(text)
}

// readColumns takes those that are asked for: each once, and none that is not there.
func readColumns(text string) (out []userColumn, err error) {
	all := userColumns()
	if text == "" {
		return all, nil
	}
	for name := range strings.SplitSeq(text, ",") {
		is := func(c userColumn) bool { return c.name == name }
		at := slices.IndexFunc(all, is)
		if at < 0 || slices.ContainsFunc(out, is) {
			return nil, fault.In("columns", "columns")
		}
		out = append(out, all[at])
	}
	return out, nil
}

// Outcome is what became of one of many.
type Outcome struct {
	ID      string `json:"id"`
	Done    bool   `json:"done"`
	Problem string `json:"problem,omitempty" doc:"Why not, as a code." example:"last_administrator"`
	Detail  string `json:"detail,omitempty" doc:"The same in words."`
}

// Outcomes are those of all, in the order in which they were sent.
type Outcomes struct {
	Items []Outcome `json:"items" nullable:"false"`
}

type outcomesOut struct{ Body Outcomes }

type manyUsersIn struct {
	InAccount
	Body struct {
		Users []string `json:"users" nullable:"false" doc:"Ids, each with the version that was seen." example:"[\"usr_355c06m61fbe6bnepsk8mvrwym.3\"]"`
	} `nameHint:"ManyUsers"`
}

type manyReasonIn struct {
	InAccount
	Body struct {
		Users  []string `json:"users" nullable:"false" doc:"Ids, each with the version that was seen." example:"[\"usr_355c06m61fbe6bnepsk8mvrwym.3\"]"`
		Reason string   `json:"reason,omitempty" maxLength:"500" doc:"The same for all; the log keeps it." example:"left the company"`
	} `nameHint:"ManyUsersWithReason"`
}

func (a *API) deactivateMany(c *call, in *manyReasonIn) (*outcomesOut, error) {
	return a.many(c, in.CustomerID, "users:deactivate", in.Body.Users, func(account string, u people.Chosen) error {
		return a.People.Deactivate(c.ctx, c.v.Who, account, u.UserID, u.Version, in.Body.Reason)
	})
}

func (a *API) activateMany(c *call, in *manyUsersIn) (*outcomesOut, error) {
	return a.many(c, in.CustomerID, "users:deactivate", in.Body.Users, func(account string, u people.Chosen) error {
		return a.People.Reactivate(c.ctx, c.v.Who, account, u.UserID, u.Version)
	})
}

func (a *API) resendMany(c *call, in *manyUsersIn) (*outcomesOut, error) {
	return a.many(c, in.CustomerID, "users:create", in.Body.Users, func(account string, u people.Chosen) error {
		return a.People.Resend(c.ctx, c.v.Who, account, u.UserID, u.Version)
	})
}

// many does something to each of some users by the use case of one, which asks
// whether it may be done to them.
func (a *API) many(c *call, customerID, permission string, users []string, do func(account string, u people.Chosen) error) (*outcomesOut, error) {
	account, err := a.enter(c, customerID, permission)
	if err != nil {
		return nil, err
	}
	chosen, err := readChosen(users)
	if err != nil {
		return nil, err
	}
	errs, err := people.Many(c.ctx, chosen, func(u people.Chosen) error { return do(account.ID, u) })
	if err != nil {
		return nil, err
	}
	out := &outcomesOut{}
	for i, u := range chosen {
		o := Outcome{ID: u.UserID, Done: errs[i] == nil}
		if !o.Done {
			f := fault.From(errs[i])
			o.Problem, o.Detail = f.Code, lang.Sentence(c.v.Lang, f)
		}
		out.Body.Items = append(out.Body.Items, o)
	}
	return out, nil
}

// readChosen reads users as they were seen; nobody stands there twice.
func readChosen(users []string) ([]people.Chosen, error) {
	var out []people.Chosen
	for _, text := range users {
		id, version, _ := strings.Cut(text, ".")
		n, err := strconv.ParseInt(version, 10, 64)
		if err != nil || n < 1 || id == "" || slices.ContainsFunc(out, func(u people.Chosen) bool { return u.UserID == id }) {
			return nil, fault.In("users", "chosen_users")
		}
		out = append(out, people.Chosen{UserID: id, Version: n})
	}
	if len(out) == 0 {
		return nil, fault.In("users", "required")
	}
	return out, nil
}
