package api

import (
	"net/http"

	"countersign/internal/db"
	"countersign/internal/org"
	"countersign/internal/people"
	"countersign/internal/roles"
)

const toxicPath = accountPath + "/toxic-combinations"

func (a *API) toxicRoutes() {
	const group = "Roles"
	operation(a, Operation{Method: http.MethodGet, Path: toxicPath, Permission: "roles:view"},
		about{id: "list-toxic-combinations", tag: group, summary: "Permissions that nobody should hold together, what the account does about each, and how many have it today",
			text: "What administrators hold by their role does not count."}, a.listToxic)
	operation(a, Operation{Method: http.MethodGet, Path: toxicPath + "/{key}/users", Permission: "users:view"},
		about{id: "list-toxic-users", tag: group, summary: "Who has a toxic combination today, and through which roles"}, a.listToxicUsers)
}

// Toxic is a combination of permissions that nobody should hold at once.
type Toxic struct {
	Key     string   `json:"key" example:"both_approvals"`
	Name    string   `json:"name"`
	Reason  string   `json:"reason" doc:"What somebody who holds it could do."`
	Left    []string `json:"left" nullable:"false" doc:"It is there when somebody holds one of these …"`
	Right   []string `json:"right" nullable:"false" doc:"… and one of these."`
	Mode    string   `json:"mode" enum:"blocked,flagged,off" doc:"What the account does about it."`
	Holders int64    `json:"holders" doc:"Users who have it; not looked at when it is off."`
	More    bool     `json:"more" doc:"There are more than holders says."`
}

func (a *API) listToxic(c *call, in *listIn) (*listed[Toxic], error) {
	account, err := a.enter(c, in.CustomerID, "roles:view")
	if err != nil {
		return nil, err
	}
	after, limit, err := in.open(a, c)
	if err != nil {
		return nil, err
	}
	var list []roles.Toxic
	err = a.view(c, func(tx *db.Tx) error {
		p, _ := a.Profiles.Get(account.Profile)
		s, err := org.Settings(tx, a.Profiles, account.ID)
		if err != nil {
			return err
		}
		list, err = roles.ToxicNow(tx, account.ID, a.Profiles, p, s)
		return err
	})
	if err != nil {
		return nil, err
	}
	language := string(c.v.Lang)
	show := func(t roles.Toxic) Toxic {
		return Toxic{t.Key, t.Name(language), t.Reason(language), names(t.Left), names(t.Right), t.Mode, t.Count, t.More}
	}
	key := func(t roles.Toxic) string { return t.Key }
	return page(a, c, from(list, after, key), limit, show, key)
}

type toxicUsersIn struct {
	InAccount
	Paging
	Key string `path:"key" doc:"The combination's key." example:"both_approvals"`
}

// ToxicUser is somebody who has a combination.
type ToxicUser struct {
	ID    string   `json:"id" example:"usr_355c06m61fbe6bnepsk8mvrwym"`
	Name  string   `json:"name"`
	Left  []string `json:"left" nullable:"false" doc:"Ids of the roles that give the one side."`
	Right []string `json:"right" nullable:"false" doc:"And the other."`
}

func (a *API) listToxicUsers(c *call, in *toxicUsersIn) (*listed[ToxicUser], error) {
	account, err := a.enter(c, in.CustomerID, "users:view")
	if err != nil {
		return nil, err
	}
	after, limit, err := in.open(a, c)
	if err != nil {
		return nil, err
	}
	var list []roles.Holder
	var called map[string]string
	err = a.view(c, func(tx *db.Tx) error {
		p, _ := a.Profiles.Get(account.Profile)
		if list, err = roles.ToxicHolders(tx, account.ID, a.Profiles, p, in.Key, after, limit+1); err != nil {
			return err
		}
		var ids []string
		for _, h := range list {
			ids = append(ids, h.UserID)
		}
		called, err = people.NamesBeside(tx, account.Path, ids)
		return err
	})
	if err != nil {
		return nil, err
	}
	show := func(h roles.Holder) ToxicUser { return ToxicUser{h.UserID, called[h.UserID], h.Left, h.Right} }
	return page(a, c, list, limit, show, func(h roles.Holder) string { return h.MembershipID })
}
