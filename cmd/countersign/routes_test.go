package main

import (
	"flag"
	"fmt"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"countersign/internal/access"
	"countersign/internal/audit"
	"countersign/internal/db"
	"countersign/internal/org"
	"countersign/internal/profile"
	"countersign/internal/resource"
	"countersign/internal/roles"
	"countersign/internal/test/server"
)

var update = flag.Bool("update", false, "write what is answered into testdata/routes.txt; read every change before it is kept")

const routeTable = "testdata/routes.txt"

// What must not be read by others stands in the names of two accounts.
const (
	ours   = "Velvetanchor" // in names of the account that most actors belong to
	theirs = "Planterbird"  // in names of the other
)

// line is one route of the table: what each actor is answered.
type line struct {
	method, pattern string
	permission      string // that a 403 names; "-" for none
	cells           map[string]string
}

func (l line) route() string { return l.method + " " + l.pattern }

// standing are the actors who come without a session of the account; the other columns are its roles.
var standing = []string{"nobody", "half", "halfcookie", "other", "operator", "token", "records", "revoked"}

// TestRoutes tries every route of the portal and every operation of the API as every kind of actor. What each is answered
// stands in testdata/routes.txt: a status, or "in" for being led to the sign-in page. It fails when a route is missing
// there, or one stands there that does not exist.
func TestRoutes(t *testing.T) {
	f := newField(t)
	table, actors := readTable(t)
	routes := f.routes()
	if *update {
		table, actors = newTable(routes, table, f.actorNames()), f.actorNames()
	}
	t.Run("T-7.3.1 every route is in the table and nothing else", func(t *testing.T) {
		var listed []string
		for _, l := range table {
			listed = append(listed, l.route())
		}
		for _, r := range routes {
			if !slices.Contains(listed, r) {
				t.Errorf("%s is served and not in %s", r, routeTable)
			}
		}
		for _, r := range listed {
			if !slices.Contains(routes, r) {
				t.Errorf("%s is in %s and not served", r, routeTable)
			}
		}
		if got := f.actorNames(); !slices.Equal(got, actors) {
			t.Errorf("the actors are %q, and in %s %q", got, routeTable, actors)
		}
	})
	for _, l := range table {
		t.Run(strings.ReplaceAll(l.route(), "/", "."), func(t *testing.T) {
			for _, actor := range actors {
				got := f.try(t, l, actor)
				if *update {
					l.cells[actor] = got
				} else if want := l.cells[actor]; got != want {
					t.Errorf("%s is answered %s, wanted %s", actor, got, want)
				}
			}
		})
	}
	if *update {
		writeTable(t, table, actors)
	}
}

// field is the house with everybody in it whom the table knows.
type field struct {
	*house
	clients map[string]*server.Client
	bearers map[string]string
	ids     map[string]string
	roles   []string
	asset   string // of the sign-in page
}

func newField(t *testing.T) *field {
	t.Helper()
	f := &field{house: newHouse(t), clients: map[string]*server.Client{}, bearers: map[string]string{}, ids: map[string]string{}}
	f.found()
	f.board("MINE", ours+" Trading", ours+"owner")
	f.board("THEIRS", theirs+" Trading", theirs+"owner")
	standard, _ := f.rooms.profiles.Get(profile.Standard)
	f.clients["owner"], f.roles = f.people["mine.owner"].browser, []string{"owner"}
	for _, r := range standard.Roles {
		if r.Key == "owner" {
			continue
		}
		f.join("mine."+r.Key, "MINE", r.Key, ours+r.Key)
		f.clients[r.Key] = f.people["mine."+r.Key].browser
		f.roles = append(f.roles, r.Key)
	}
	f.join("mine.target", "MINE", "read_only", ours+"target")
	f.join("theirs.target", "THEIRS", "read_only", theirs+"target")
	f.strangers(t)
	var secret string
	f.ids["token"], f.bearers["token"] = f.token("MINE", org.Decisions, ours+" gateway")
	_, f.bearers["records"] = f.token("MINE", org.Resources, ours+" order desk")
	f.ids["theirs token"], _ = f.token("THEIRS", org.Decisions, theirs+" gateway")
	f.ids["revoked"], secret = f.token("MINE", org.Decisions, ours+" old gateway")
	f.must(f.rooms.org.RevokeToken(t.Context(), f.who("mine.owner", "MINE"), f.account("MINE").ID, f.ids["revoked"]))
	f.bearers["revoked"] = secret
	f.entities()
	f.custom()
	f.registered()
	for _, c := range f.clients {
		c.Get("/me") // where the welcome is taken off
	}
	if f.asset = regexp.MustCompile(`/assets/[^"]+`).FindString(f.client().Get("/signin").Text); f.asset == "" {
		t.Fatal("the sign-in page asks for no asset")
	}
	return f
}

// strangers are the actors without a session of the account.
func (f *field) strangers(t *testing.T) {
	t.Helper()
	f.clients["nobody"] = f.client()
	f.join("mine.half", "MINE", "administrator", ours+"half")
	f.clock.Advance(time.Minute)
	half := f.client()
	if a := half.Post("/signin", "identifier", f.people["mine.half"].email, "password", housePassword, "next", ""); a.Location() != "/signin/code" {
		t.Fatalf("the password alone leads to %q", a.Location())
	}
	f.clients["half"] = half
	f.clients["halfcookie"] = f.client()
	f.clients["halfcookie"].SetCookie("__Host-session", half.Cookie("__Host-challenge"))
	f.clients["other"] = f.people["theirs.owner"].browser
	f.clients["operator"] = f.people["platform.owner"].browser
	f.clients["token"], f.clients["records"], f.clients["revoked"] = f.client(), f.client(), f.client()
}

// entities gives both accounts a legal entity each, and finds an entry of each one's log.
func (f *field) entities() {
	f.t.Helper()
	for customerID, name := range map[string]string{"MINE": ours, "THEIRS": theirs} {
		e, err := f.rooms.org.Onboard(f.t.Context(), f.who("platform.owner", "PLATFORM"), f.account("PLATFORM").ID, org.New{ParentID: customerID, CustomerID: customerID + "-1", Name: name + " entity"})
		f.must(err)
		f.ids[customerID+"-1"] = e.ID
		f.view(func(tx *db.Tx) error {
			list, err := audit.Search(tx, audit.Query{Reach: []access.Reach{{Paths: []string{f.account(customerID).Path}, AllLocations: true}}, Action: audit.UserInvited, Limit: 1})
			f.ids[customerID+" entry"] = strconv.FormatInt(list[0].Seq, 10)
			return err
		})
	}
}

// custom gives the account a role and a policy of its own.
func (f *field) custom() {
	f.t.Helper()
	who, permits := f.who("mine.owner", "MINE"), []roles.Permit{{Permission: "payments:view"}}
	var err error
	f.ids["role"], err = f.rooms.roles.Create(f.t.Context(), who, who.AccountID, roles.Draft{Name: ours + " role", Permits: permits})
	f.must(err)
	f.ids["policy"], err = f.rooms.roles.CreatePolicy(f.t.Context(), who, who.AccountID, roles.PolicyDraft{Name: ours + " policy", Permits: permits})
	f.must(err)
	who = f.who("theirs.owner", "THEIRS")
	f.ids["theirs policy"], err = f.rooms.roles.CreatePolicy(f.t.Context(), who, who.AccountID, roles.PolicyDraft{Name: theirs + " policy", Permits: permits})
	f.must(err)
}

// registered has the platform register a resource type and a property of users, and both accounts store something.
func (f *field) registered() {
	f.t.Helper()
	ctx, platform := f.t.Context(), f.who("platform.owner", "PLATFORM")
	f.must(f.rooms.resources.Register(ctx, platform, resource.Draft{Name: "orders", Title: "Orders", From: access.FromStore, Actions: []resource.Action{{Name: "view", Title: "See"}},
		Properties: []resource.Property{{Part: access.OfResource, Name: "status", Title: "Status", Kind: access.Text, Vouched: access.ByStore}}}))
	f.must(f.rooms.resources.RegisterUserProperty(ctx, platform, resource.Property{Name: "department", Title: "Department", Kind: access.Text, Vouched: access.ByStore}))
	for _, customerID := range []string{"MINE", "THEIRS"} {
		name := strings.ToLower(customerID)
		_, err := f.rooms.resources.Put(ctx, f.who(name+".owner", customerID), f.account(customerID).ID, "orders", resource.Anew, resource.Putting{ID: name + "-1", Entity: customerID})
		f.must(err)
	}
}

func (f *field) actorNames() []string { return append(slices.Clone(standing), f.roles...) }

// routes are all there are, as "METHOD pattern".
func (f *field) routes() (all []string) {
	for _, r := range f.served.portal.Routes() {
		if !strings.Contains(r.Pattern, " ") {
			r.Pattern = "GET " + r.Pattern
		}
		all = append(all, r.Pattern)
	}
	for _, o := range f.served.api.Operations() {
		all = append(all, o.Method+" "+o.Path)
	}
	return all
}

// address fills in what a pattern leaves open: things of the account MINE.
func (f *field) address(pattern string, over map[string]string) string {
	switch pattern {
	case "/":
		return "/nothing/here"
	case "/assets/":
		return f.asset
	}
	for place, value := range map[string]string{"{customer}": "MINE", "{customerID}": "MINE", "{user}": f.people["mine.target"].userID, "{role}": f.ids["role"], "{policy}": f.ids["policy"], "{combination}": "both_approvals",
		"{account}": f.account("MINE").ID, "{entity}": f.ids["MINE-1"], "{entry}": f.ids["MINE entry"], "{seq}": f.ids["MINE entry"], "{$}": "", "{session}": "ses_00000000000000000000000000", "{factor}": "fac_00000000000000000000000000", "{key}": "both_approvals",
		"{type}": "orders", "{property}": "department", "{record}": "mine-1"} {
		if v, ok := over[place]; ok {
			value = v
		}
		pattern = strings.ReplaceAll(pattern, place, value)
	}
	token := f.ids["token"]
	link := strings.HasPrefix(pattern, "/activate/") || strings.HasPrefix(pattern, "/email/")
	if link {
		token = "no-such-link"
	}
	if v, ok := over["{token}"]; ok && !link {
		token = v
	}
	pattern = strings.ReplaceAll(pattern, "{token}", token)
	id := f.people["mine.target"].userID
	switch {
	case strings.Contains(pattern, "/me/factors/"):
		id = "fac_00000000000000000000000000"
	case strings.Contains(pattern, "/roles/"):
		id = f.ids["role"]
	case strings.Contains(pattern, "/policies/"):
		id = f.ids["policy"]
	case strings.Contains(pattern, "/service-tokens/"):
		id = token
	case strings.Contains(pattern, "/accounts/{id}"):
		id = f.account("MINE").ID
	case strings.Contains(pattern, "/entities/"):
		id = f.ids["MINE-1"]
	case strings.Contains(pattern, "/resources/"):
		id = "mine-1"
	}
	pattern = strings.ReplaceAll(pattern, "/user-properties/{name}", "/user-properties/department")
	pattern = strings.ReplaceAll(pattern, "{name}", "orders")
	if v, ok := over["{id}"]; ok {
		id = v
	}
	return strings.ReplaceAll(pattern, "{id}", id)
}

// sent are the forms and bodies that go with a route: what is sent is such that whoever may is told what is wrong with
// it, and nothing changes: a token that has ended already, a version that nobody has. Without an entry, it is empty. What
// goes with GET stands in the address.
var sent = map[string]string{
	"POST /language": "language=en&back=%2F",
	"POST /theme":    "theme=dark&back=%2F",
	"POST /a/{customer}/users/{user}/deactivation":                "revision=9999&reason=x",
	"POST /a/{customer}/users/{user}/activation":                  "revision=9999",
	"POST /a/{customer}/users/{user}/invitation":                  "revision=9999",
	"POST /a/{customer}/users/{user}/invitation-deactivation":     "revision=9999",
	"POST /a/{customer}/users/{user}/second-factor-reset":         "revision=9999&reason=x",
	"POST /a/{customer}/users/{user}/second-factor-renewal":       "revision=9999&reason=x",
	"POST /a/{customer}/users/{user}/edit":                        "revision=9999&all_entities=yes&roles=rol_none&step=save",
	"GET /a/{customer}/activity/export":                           "format=csv",
	"GET /a/{customer}/users/{user}/explanation":                  "permission=home:view&entity=MINE",
	"POST /a/{customer}/accounts/{account}/edit":                  "revision=9999&name=x",
	"POST /a/{customer}/accounts/{account}/deactivation":          "revision=9999&reason=x",
	"POST /a/{customer}/accounts/{account}/activation":            "revision=9999",
	"POST /a/{customer}/entities/{entity}/edit":                   "revision=9999&name=x",
	"POST /a/{customer}/entities/{entity}/deactivation":           "revision=9999&reason=x",
	"POST /a/{customer}/entities/{entity}/activation":             "revision=9999",
	"POST /a/{customer}/settings":                                 "revision=9999&alias=x",
	"POST /a/{customer}/users/{user}/details":                     "revision=9999&first_name=A&language=en",
	"POST /a/{customer}/users/{user}/email":                       "revision=9999&email=a%40b.example",
	"POST /a/{customer}/users/{user}/email-withdrawal":            "revision=9999",
	"POST /a/{customer}/users/{user}/deletion":                    "revision=9999&name=" + ours + "target+Test",
	"POST /a/{customer}/roles":                                    "name=Owner&permissions=home%3Aview",
	"POST /a/{customer}/roles/{role}/edit":                        "revision=9999&name=x&permissions=home%3Aview&step=save",
	"POST /a/{customer}/roles/{role}/clone":                       "name=Owner&permissions=home%3Aview",
	"POST /a/{customer}/roles/{role}/deletion":                    "revision=9999&name=" + ours + "+role",
	"POST /a/{customer}/policies":                                 "name=x",
	"POST /a/{customer}/policies/{policy}/edit":                   "revision=9999&name=x&permissions=home%3Aview&step=save",
	"POST /a/{customer}/policies/{policy}/deletion":               "revision=9999&name=" + ours + "+policy",
	"POST /a/{customer}/users/{user}/roles/{role}":                "revision=9999&permissions=home%3Aview",
	"POST /a/{customer}/users/bulk":                               "act=deactivation",
	"POST /me/email":                                              "email=nothing",
	"POST /a/{customer}/resource-types":                           "name=orders&title=x&entity_from=store",
	"POST /a/{customer}/resource-types/{type}/edit":               "revision=9999&title=x",
	"POST /a/{customer}/resource-types/{type}/retirement":         "revision=9999",
	"POST /a/{customer}/resource-types/{type}/reinstatement":      "revision=9999",
	"POST /a/{customer}/user-properties":                          "name=department&title=x&kind=text&vouched=store",
	"POST /a/{customer}/user-properties/{property}/edit":          "revision=9999&title=x",
	"POST /a/{customer}/user-properties/{property}/retirement":    "revision=9999",
	"POST /a/{customer}/user-properties/{property}/reinstatement": "revision=9999",
	"POST /a/{customer}/records/{type}":                           "id=mine-1&entity=MINE",
	"POST /a/{customer}/records/{type}/record/{record}/edit":      "revision=9999&entity=MINE",
	"POST /a/{customer}/records/{type}/record/{record}/removal":   "revision=9999",
	"POST /a/{customer}/users/{user}/properties":                  "revision=9999&properties.department=x",

	"GET /api/v1/accounts/{customerID}/search":                      "q=x",
	"PATCH /api/v1/accounts/{customerID}":                           `{"alias":"x"}`,
	"PATCH /api/v1/accounts/{customerID}/accounts/{id}":             `{"name":"x"}`,
	"POST /api/v1/accounts/{customerID}/accounts/{id}/deactivation": `{"reason":"x"}`,
	"POST /api/v1/accounts/{customerID}/entities":                   `{"name":"x","customer_id":"X-1","parent":"ent_none"}`,
	"PATCH /api/v1/accounts/{customerID}/entities/{id}":             `{"name":"x"}`,
	"POST /api/v1/accounts/{customerID}/users":                      `{"first_name":"A","email":"a@b.example","roles":["rol_none"],"all_entities":true}`,
	"PUT /api/v1/accounts/{customerID}/users/{id}/access":           `{"roles":["rol_none"],"all_entities":true}`,
	"POST /api/v1/accounts/{customerID}/users/{id}/access/preview":  `{"roles":["rol_none"],"all_entities":true}`,
	"POST /api/v1/accounts/{customerID}/users/preview":              `{"roles":["rol_none"],"all_entities":true}`,
	"GET /api/v1/accounts/{customerID}/users/{id}/explanation":      "permission=home:view&entity=MINE",
	"POST /api/v1/accounts/{customerID}/service-tokens":             `{"name":"x","expires_at":"2001-01-01T00:00:00Z"}`,
	"POST /api/v1/accounts/{customerID}/accounts":                   `{"kind":"merchant","parent":"ent_none","name":"x","customer_id":"X-1","environment":"live","first_name":"A","email":"a@b.example"}`,
	"POST /access/v1/evaluation":                                    `{"subject":{"type":"user","id":"usr_none"},"action":{"name":"view"},"resource":{"type":"transactions","id":"1"}}`,
	"POST /access/v1/evaluations":                                   `{"subject":{"type":"user","id":"usr_none"},"action":{"name":"view"},"resource":{"type":"transactions","id":"1"}}`,
	"POST /access/v1/search/subject":                                `{"subject":{"type":"user"},"action":{"name":"view"},"resource":{"type":"transactions","id":"1"}}`,
	"POST /access/v1/search/resource":                               `{"subject":{"type":"user","id":"usr_none"},"action":{"name":"view"},"resource":{"type":"transactions"}}`,
	"POST /access/v1/search/action":                                 `{"subject":{"type":"user","id":"usr_none"},"resource":{"type":"transactions","id":"1"}}`,
	"PATCH /api/v1/me/factors/{id}":                                 `{"name":"x"}`,
	"PATCH /api/v1/accounts/{customerID}/users/{id}":                `{"phone":"1"}`,
	"PUT /api/v1/accounts/{customerID}/users/{id}/email":            `{"email":"a@b.example"}`,
	"PUT /api/v1/me/email":                                          `{"email":"nothing"}`,
	"POST /api/v1/accounts/{customerID}/roles":                      `{"name":"Owner","permissions":[{"permission":"home:view"}]}`,
	"PATCH /api/v1/accounts/{customerID}/roles/{id}":                `{"name":"x"}`,
	"POST /api/v1/accounts/{customerID}/roles/{id}/preview":         `{"name":"x"}`,
	"POST /api/v1/accounts/{customerID}/roles/{id}/clone":           `{"name":"Owner"}`,
	"PUT /api/v1/accounts/{customerID}/users/{id}/access/{role}":    `{"permissions":[{"permission":"home:view"}]}`,
	"POST /api/v1/accounts/{customerID}/policies":                   `{"name":"x","permissions":[]}`,
	"PATCH /api/v1/accounts/{customerID}/policies/{id}":             `{"name":"x"}`,
	"POST /api/v1/accounts/{customerID}/policies/{id}/preview":      `{"name":"x"}`,
	"POST /api/v1/resource-types":                                   `{"name":"orders","title":"x","entity_from":"store","actions":[{"name":"view","title":"x"}]}`,
	"PATCH /api/v1/resource-types/{name}":                           `{"title":"x"}`,
	"POST /api/v1/user-properties":                                  `{"name":"department","title":"x","kind":"text","vouched":"store"}`,
	"PATCH /api/v1/user-properties/{name}":                          `{"title":"x"}`,
	"PUT /api/v1/accounts/{customerID}/users/{id}/properties":       `{"properties":{}}`,
	"POST /api/v1/accounts/{customerID}/resources/{type}":           `{"resources":[{"id":"x","entity":"ent_none"}]}`,
	"PUT /api/v1/accounts/{customerID}/resources/{type}/{id}":       `{"entity":"ent_none"}`,
	"POST /api/v1/accounts/{customerID}/users/bulk/deactivation":    `{"users":["usr_none.1"],"reason":"x"}`,
	"POST /api/v1/accounts/{customerID}/users/bulk/activation":      `{"users":["usr_none.1"]}`,
	"POST /api/v1/accounts/{customerID}/users/bulk/invitation":      `{"users":["usr_none.1"]}`,
}

// send makes the request of a line as an actor.
func (f *field) send(t *testing.T, l line, actor string, over map[string]string) server.Answer {
	t.Helper()
	c := f.clients[actor]
	if l.method == http.MethodDelete && strings.HasSuffix(l.pattern, "/service-tokens/{id}") && over == nil {
		id, _ := f.token("MINE", org.Decisions, ours+" for "+actor) // whoever may ends it
		over = map[string]string{"{id}": id}
	}
	body, path := sent[l.route()], f.address(l.pattern, over)
	if l.method == http.MethodGet && body != "" {
		path, body = path+"?"+body, ""
	}
	r := c.Request(l.method, path, strings.NewReader(body))
	isAPI := strings.HasPrefix(path, "/api/") || strings.HasPrefix(path, "/access/")
	switch {
	case isAPI && (body != "" || f.reads(l.route())):
		if body == "" {
			r = c.Request(l.method, path, strings.NewReader("{}"))
		}
		r.Header.Set("Content-Type", "application/json")
	case l.method == http.MethodPost:
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if isAPI && l.method != http.MethodGet && (l.method == http.MethodPatch || strings.Contains(l.pattern, "{id}/") || strings.HasSuffix(l.pattern, "/users/{id}") || strings.HasSuffix(l.pattern, "/roles/{id}") || strings.HasSuffix(l.pattern, "/policies/{id}") || strings.Contains(l.pattern, "/me/factors/") || strings.Contains(l.pattern, "/resources/{type}/{id}") || strings.HasSuffix(l.pattern, "/retirement")) {
		r.Header.Set("If-Match", `"9999"`)
	}
	if bearer := f.bearers[actor]; bearer != "" {
		r.Header.Set("Authorization", "Bearer "+bearer)
	}
	return c.Do(r)
}

func (f *field) reads(route string) bool {
	for _, o := range f.served.api.Operations() {
		if o.Method+" "+o.Path == route {
			return o.Body
		}
	}
	return false
}

// try sends it and gives the class of the answer. A refusal names what is missing (a service token made for something else
// is told that instead), and nothing of the other account.
func (f *field) try(t *testing.T, l line, actor string) string {
	t.Helper()
	kept := f.clients[actor].Cookie("__Host-challenge")
	a := f.send(t, l, actor, nil)
	if actor == "half" {
		f.clients[actor].SetCookie("__Host-challenge", kept) // the page drops one that no longer leads anywhere
	}
	hidden := theirs
	if actor == "other" || actor == "nobody" || actor == "half" || actor == "halfcookie" {
		hidden = ours
	}
	if strings.Contains(a.Text, hidden) && !(actor == "operator" && a.StatusCode == http.StatusOK) {
		t.Errorf("%s reads %s", actor, hidden)
	}
	if otherKind := strings.Contains(a.Text, "service token is of another kind"); a.StatusCode == http.StatusForbidden && !(f.bearers[actor] != "" && otherKind) {
		if l.permission != "-" && !strings.Contains(a.Text, l.permission) {
			t.Errorf("%s is refused without a word of %s: %.300s", actor, l.permission, a.Plain())
		}
		if l.permission == "-" {
			t.Errorf("%s is refused, and the table names no permission: %.300s", actor, a.Plain())
		}
	}
	if a.Header.Get("X-Request-ID") == "" {
		t.Errorf("%s is answered without a request id", actor)
	}
	if a.StatusCode == http.StatusSeeOther && strings.HasPrefix(a.Location(), "/signin?") {
		return "in"
	}
	if a.StatusCode >= 500 {
		t.Errorf("%s is answered %d: %.300s", actor, a.StatusCode, a.Plain())
	}
	return strconv.Itoa(a.StatusCode)
}

// readTable reads the decision table: a head with the names of the actors, and a line a route.
func readTable(t *testing.T) (table []line, actors []string) {
	t.Helper()
	text, err := os.ReadFile(routeTable)
	if err != nil && !(*update && os.IsNotExist(err)) {
		t.Fatal(err)
	}
	for number, row := range strings.Split(string(text), "\n") {
		words := strings.Fields(row)
		switch {
		case len(words) == 0 || words[0] == "#":
		case actors == nil:
			actors = words[3:]
		case len(words) != 3+len(actors):
			t.Fatalf("%s:%d has %d words, wanted %d", routeTable, number+1, len(words), 3+len(actors))
		default:
			l := line{words[0], words[1], words[2], map[string]string{}}
			for i, actor := range actors {
				l.cells[actor] = words[3+i]
			}
			table = append(table, l)
		}
	}
	return table, actors
}

// newTable has a line for every route there is; those that were there keep their place and permission.
func newTable(routes []string, old []line, actors []string) (table []line) {
	for _, l := range old {
		if slices.Contains(routes, l.route()) {
			l.cells = map[string]string{}
			table = append(table, l)
		}
	}
	for _, r := range routes {
		if !slices.ContainsFunc(table, func(l line) bool { return l.route() == r }) {
			method, pattern, _ := strings.Cut(r, " ")
			table = append(table, line{method, pattern, "-", map[string]string{}})
		}
	}
	slices.SortStableFunc(table, func(a, b line) int { return ends[a.route()] - ends[b.route()] })
	return table
}

// ends are the routes that end a session, and so come last.
var ends = map[string]int{"POST /api/v1/me/password": 1, "DELETE /api/v1/session": 2, "POST /signout": 3}

func writeTable(t *testing.T, table []line, actors []string) {
	t.Helper()
	var b strings.Builder
	b.WriteString("# What each kind of actor is answered on each route; TestRoutes reads this, and says with -update what is answered now.\n" +
		"# A number is the status; in: led to the sign-in page. 403 names the permission. The roles are those of the account MINE,\n" +
		"# whose things are asked for; other: the owner of another account; operator: the platform's; half: signed in with the\n" +
		"# password alone; halfcookie: the same, its challenge in the session's cookie; token, records, revoked: service tokens, for\n" +
		"# decisions, for stored records, and one no longer good. The lines are tried in this order.\n\n")
	head := []string{"method", "route", "permission"}
	rows := [][]string{append(head, actors...)}
	for _, l := range table {
		row := []string{l.method, l.pattern, l.permission}
		for _, actor := range actors {
			row = append(row, l.cells[actor])
		}
		rows = append(rows, row)
	}
	for _, row := range rows {
		fmt.Fprintf(&b, "%-6s %-56s %-22s", row[0], row[1], row[2])
		for i, cell := range row[3:] {
			fmt.Fprintf(&b, " %-*s", len(actors[i]), cell)
		}
		b.WriteString("\n")
	}
	if err := os.MkdirAll("testdata", 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(routeTable, []byte(strings.ReplaceAll(b.String(), " \n", "\n")), 0o644); err != nil {
		t.Fatal(err)
	}
}
