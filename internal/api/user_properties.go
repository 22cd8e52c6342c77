package api

import (
	"net/http"

	"countersign/internal/access"
	"countersign/internal/db"
	"countersign/internal/people"
	"countersign/internal/resource"
)

const (
	userPropertiesPath = "/api/v1/user-properties"
	userPropertyPath   = userPropertiesPath + "/{name}"
)

func (a *API) userPropertyRoutes() {
	const group, none = "Resource types", http.StatusNoContent
	operation(a, Operation{Method: http.MethodGet, Path: userPropertiesPath, Permission: viewTypes},
		about{id: "list-user-properties", tag: group, summary: "The registered properties of users, by name", text: "Retired ones too."}, a.listUserProperties)
	operation(a, Operation{Method: http.MethodPost, Path: userPropertiesPath, Permission: manageTypes},
		about{id: "register-user-property", tag: group, summary: "Register a property of users", status: http.StatusCreated,
			text: "Restrictions can ask for it. Its name, what its values are and who vouches for it never change."}, a.registerUserProperty)
	operation(a, Operation{Method: http.MethodGet, Path: userPropertyPath, Permission: viewTypes},
		about{id: "get-user-property", tag: group, summary: "One property of users"}, a.getUserProperty)
	operation(a, Operation{Method: http.MethodPatch, Path: userPropertyPath, Permission: manageTypes},
		about{id: "change-user-property", tag: group, summary: "Change what a property of users is called", status: none}, a.changeUserProperty)
	operation(a, Operation{Method: http.MethodPost, Path: userPropertyPath + "/retirement", Permission: manageTypes},
		about{id: "retire-user-property", tag: group, summary: "Retire a property of users", text: "Restrictions that ask for it hold for nobody. The values are kept.", status: none}, a.retireUserProperty)
	operation(a, Operation{Method: http.MethodDelete, Path: userPropertyPath + "/retirement", Permission: manageTypes},
		about{id: "reinstate-user-property", tag: group, summary: "End the retirement of a property of users", status: none}, a.reinstateUserProperty)
	operation(a, Operation{Method: http.MethodGet, Path: accountPath + "/user-properties"},
		about{id: "list-usable-user-properties", tag: group, summary: "The properties of users that the account's roles can ask for, by name"}, a.listUsableUserProperties)
	operation(a, Operation{Method: http.MethodGet, Path: userPath + "/properties", Permission: "users:view"},
		about{id: "get-properties", tag: "Users", summary: "A user's registered properties, as the account has them"}, a.getProperties)
	operation(a, Operation{Method: http.MethodPut, Path: userPath + "/properties", Permission: "users:edit"},
		about{id: "set-properties", tag: "Users", summary: "Replace the values of a user's properties", status: none,
			text: "The whole of them: of what is left out the user has none. They count in this account. Nobody sets their own."}, a.setProperties)
}

// UserProperty is a registered property of users.
type UserProperty struct {
	Name      string `json:"name" example:"department"`
	Title     string `json:"title" example:"Department"`
	Kind      string `json:"kind" enum:"text,number,boolean,user"`
	Vouched   string `json:"vouched" enum:"store,caller" doc:"store: what is stored counts, and no caller can say it; caller: what the question says counts, else what is stored."`
	Subject   string `json:"subject_type,omitempty" doc:"Under which services name members by it."`
	Retired   bool   `json:"retired"`
	CreatedAt moment `json:"created_at"`
	RetiredAt moment `json:"retired_at,omitzero"`
	Version   int64  `json:"version" doc:"Its ETag without the quotes."`
}

func userPropertyOf(p resource.UserProperty) UserProperty {
	return UserProperty{p.Name, p.Title, p.Kind.String(), p.Vouched.String(), p.SubjectType, p.RetiredAt != 0, moment(p.CreatedAt), moment(p.RetiredAt), p.Version}
}

func (a *API) listUserProperties(c *call, in *Paging) (*listed[UserProperty], error) {
	if _, err := a.platform(c, viewTypes); err != nil {
		return nil, err
	}
	return a.userPropertyPage(c, *in, true)
}

func (a *API) listUsableUserProperties(c *call, in *listIn) (*listed[UserProperty], error) {
	if _, err := a.enter(c, in.CustomerID, ""); err != nil {
		return nil, err
	}
	return a.userPropertyPage(c, in.Paging, false)
}

func (a *API) userPropertyPage(c *call, in Paging, retired bool) (*listed[UserProperty], error) {
	after, limit, err := in.open(a, c)
	if err != nil {
		return nil, err
	}
	var list []resource.UserProperty
	err = a.view(c, func(tx *db.Tx) error {
		all, err := resource.UserProperties(tx)
		for _, p := range all {
			if retired || p.RetiredAt == 0 {
				list = append(list, p)
			}
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	name := func(p resource.UserProperty) string { return p.Name }
	return page(a, c, from(list, after, name), limit, userPropertyOf, name)
}

// OneUserProperty is a property of users that an address names.
type OneUserProperty struct {
	Name string `path:"name" doc:"The property's name." example:"department"`
}

type userPropertyOut struct {
	ETag string `header:"ETag"`
	Body UserProperty
}

func (a *API) getUserProperty(c *call, in *OneUserProperty) (*userPropertyOut, error) {
	platform, err := a.platform(c, viewTypes)
	if err != nil {
		return nil, err
	}
	var p resource.UserProperty
	var found bool
	err = a.view(c, func(tx *db.Tx) (err error) {
		p, found, err = resource.UserPropertyByName(tx, in.Name)
		return err
	})
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, a.none(c, platform.ID, "user_property", in.Name, "user_property")
	}
	return &userPropertyOut{tag(p.Version), userPropertyOf(p)}, nil
}

type registerUserPropertyIn struct {
	Body struct {
		Name    string `json:"name" maxLength:"40" example:"department"`
		Title   string `json:"title" maxLength:"60" example:"Department"`
		Kind    string `json:"kind" enum:"text,number,boolean,user" example:"text"`
		Vouched string `json:"vouched" enum:"store,caller" example:"store"`

		SubjectType string `json:"subject_type,omitempty" maxLength:"40" doc:"The subject type under which services name the account's members by this property, a text: no two members of an account have the same value then." example:"badge"`
	} `nameHint:"NewUserProperty"`
}

func (a *API) registerUserProperty(c *call, in *registerUserPropertyIn) (*namedOut, error) {
	b := in.Body
	err := a.Resources.RegisterUserProperty(c.ctx, c.v.Who, resource.Property{Name: b.Name, Title: b.Title, Kind: access.ParseValueKind(b.Kind), Vouched: access.ParseVoucher(b.Vouched), SubjectType: b.SubjectType})
	if err != nil {
		return nil, err
	}
	return &namedOut{userPropertiesPath + "/" + b.Name, RegisteredName{b.Name}}, nil
}

type changeUserPropertyIn struct {
	OneUserProperty
	Matching
	Body struct {
		Title string `json:"title" maxLength:"60" example:"Department"`
	} `nameHint:"UserPropertyChange"`
}

func (a *API) changeUserProperty(c *call, in *changeUserPropertyIn) (*changed, error) {
	return versioned(c, func(version int64) (int64, error) {
		return a.Resources.ChangeUserProperty(c.ctx, c.v.Who, in.Name, version, in.Body.Title)
	})
}

type turnUserPropertyIn struct {
	OneUserProperty
	Matching
}

func (a *API) retireUserProperty(c *call, in *turnUserPropertyIn) (*changed, error) {
	return versioned(c, func(version int64) (int64, error) {
		return a.Resources.RetireUserProperty(c.ctx, c.v.Who, in.Name, version)
	})
}

func (a *API) reinstateUserProperty(c *call, in *turnUserPropertyIn) (*changed, error) {
	return versioned(c, func(version int64) (int64, error) {
		return a.Resources.ReinstateUserProperty(c.ctx, c.v.Who, in.Name, version)
	})
}

// Properties are a user's.
type Properties struct {
	Properties map[string]any `json:"properties" nullable:"false" doc:"Values by the property's name; what the user has none of is left out, and so are retired ones."`
}

type propertiesOut struct {
	ETag string `header:"ETag"`
	Body Properties
}

func (a *API) getProperties(c *call, in *OneUser) (*propertiesOut, error) {
	account, r, err := a.row(c, *in, "users:view")
	if err != nil {
		return nil, err
	}
	out := &propertiesOut{ETag: tag(r.Version), Body: Properties{map[string]any{}}}
	err = a.view(c, func(tx *db.Tx) error {
		values, err := people.Properties(tx, account.ID, r.Member.ID)
		if err != nil {
			return err
		}
		list, err := resource.UserProperties(tx)
		for _, p := range list {
			if text, has := values[p.Name]; has && p.RetiredAt == 0 {
				out.Body.Properties[p.Name] = valueOut(p.Kind, text)
			}
		}
		return err
	})
	return out, err
}

type setPropertiesIn struct {
	OneUser
	Matching
	Body struct {
		Properties values `json:"properties" nullable:"false" doc:"Values by the property's name; null is none."`
	} `nameHint:"UserValues"`
}

func (a *API) setProperties(c *call, in *setPropertiesIn) (*changed, error) {
	return a.change(c, in.OneUser, func(accountID string, version int64) error {
		return a.People.SetProperties(c.ctx, c.v.Who, accountID, in.ID, version, in.Body.Properties)
	})
}
