package main

import (
	"crypto/rand"
	"errors"
	"log/slog"
	"net"
	"net/http/httptest"
	"net/netip"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"countersign/internal/access"
	"countersign/internal/db"
	"countersign/internal/fault"
	"countersign/internal/lang"
	"countersign/internal/org"
	"countersign/internal/people"
	"countersign/internal/roles"
	"countersign/internal/seal"
	"countersign/internal/signin"
	"countersign/internal/test/server"
	"countersign/internal/test/testdb"
	"countersign/internal/web"
)

// house is the whole program inside the test's process, on SQLite, with cheap password hashing: wire and routes as
// serve puts them together, behind a real listener on localhost.
type house struct {
	t      *testing.T
	rooms  *rooms
	served *served
	url    string
	log    *lines
	file   string // of the database
	clock  *testdb.Clock
	people map[string]person
	links  map[string]string // by user id, of the mails not yet looked at
}

// person is somebody of the house, with their way in and the browser in which they came in.
type person struct {
	userID, email, key string
	browser            *server.Client
}

const housePassword = "plenty of small green apples"

func newHouse(t *testing.T) *house {
	t.Helper()
	line, err := seal.NewKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	box, err := seal.Parse(line)
	if err != nil {
		t.Fatal(err)
	}
	h := &house{t: t, log: &lines{}, clock: testdb.NewClock(time.Now()), people: map[string]person{}, links: map[string]string{}}
	h.file = filepath.Join(t.TempDir(), "house.db")
	log := slog.New(slog.NewJSONHandler(h.log, nil))
	front := httptest.NewUnstartedServer(nil)
	_, port, err := net.SplitHostPort(front.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	h.url = "http://localhost:" + port
	h.rooms, err = wire(t.Context(), log, h.file, h.url, box, h.clock.Now, hashing{signin.Cost{MemoryKiB: 8, Passes: 1, Lanes: 1}, 2, 64})
	if err != nil {
		t.Fatal(err)
	}
	edge, err := web.New(h.rooms.db, h.rooms.door, h.rooms.live, h.rooms.audit, web.Options{PublicURL: h.url, Log: log})
	if err != nil {
		t.Fatal(err)
	}
	if h.served, err = routes(h.rooms, edge, nil); err != nil {
		t.Fatal(err)
	}
	front.Config.Handler = h.served
	front.Start()
	t.Cleanup(func() {
		front.Close()
		h.served.api.Close()
		if err := h.rooms.close(t.Context()); err != nil && !errors.Is(err, t.Context().Err()) {
			t.Error(err)
		}
	})
	return h
}

// lines is a log that tests read.
type lines struct {
	sync.Mutex
	text strings.Builder
}

func (l *lines) Write(p []byte) (int, error) {
	l.Lock()
	defer l.Unlock()
	return l.text.Write(p)
}

func (l *lines) all() string {
	l.Lock()
	defer l.Unlock()
	return l.text.String()
}

func (h *house) must(err error) {
	h.t.Helper()
	if err != nil {
		for _, f := range faultFields(err) {
			h.t.Log(f)
		}
		h.t.Fatal(err)
	}
}

func faultFields(err error) (out []string) {
	for _, f := range fault.From(err).Fields {
		out = append(out, f.Name+": "+f.Code)
	}
	return out
}

// client is a browser without cookies.
func (h *house) client() *server.Client {
	return server.NewClient(h.t, h.url, h.clock.Now, func(string, string) {})
}

// found makes the platform; its administrator is "platform.owner".
func (h *house) found() {
	h.t.Helper()
	token, err := h.rooms.people.Initialise(h.t.Context(), people.Founding{Name: "Platform", CustomerID: "PLATFORM", Environment: org.Live,
		FirstName: "Olga", LastName: "Platform", Email: "platform.owner@example.com", Language: "en"})
	h.must(err)
	h.people["platform.owner"] = person{email: "platform.owner@example.com", userID: h.userOf("platform.owner@example.com")}
	h.activate("platform.owner", token.Reveal())
}

func (h *house) userOf(email string) (id string) {
	h.view(func(tx *db.Tx) error {
		p, _, err := people.PersonByIdentifier(tx, email)
		id = p.ID
		return err
	})
	return id
}

func (h *house) view(f func(*db.Tx) error) {
	h.t.Helper()
	h.must(h.rooms.db.View(h.t.Context(), f))
}

// activate follows a link through the pages to its end.
func (h *house) activate(label, token string) {
	h.t.Helper()
	p := h.people[label]
	p.browser = h.client()
	p.key = p.browser.Activate(h.url+"/activate/"+token, housePassword)
	h.people[label] = p
}

// who is somebody signed in with a second factor just now, for what a test does behind the pages.
func (h *house) who(label, customerID string) db.Who {
	return db.Who{Kind: db.User, ID: h.people[label].userID, AccountID: h.account(customerID).ID, SecondFactor: true, Fresh: true,
		IP: netip.MustParseAddr("127.0.0.1"), RequestID: "req_test", Lang: lang.English}
}

func (h *house) account(customerID string) (a org.Account) {
	h.view(func(tx *db.Tx) (err error) {
		a, _, err = org.AccountByCustomerID(tx, customerID)
		return err
	})
	return a
}

// board creates an account with its owner, "m.owner" for the customer ID M.
func (h *house) board(customerID, name, firstName string) {
	h.t.Helper()
	label := strings.ToLower(customerID) + ".owner"
	email := label + "@example.com"
	_, userID, err := h.rooms.people.Board(h.t.Context(), h.who("platform.owner", "PLATFORM"), h.account("PLATFORM").ID, people.Boarding{
		Account: org.New{Kind: access.Merchant, ParentID: h.account("PLATFORM").EntityID, Name: name, CustomerID: customerID, Environment: org.Live},
		First:   people.Invitee{FirstName: firstName, LastName: "Owner", Email: email, Language: "en"}})
	h.must(err)
	h.people[label] = person{userID: userID, email: email}
	h.activate(label, h.link(userID))
}

// entity adds a legal entity below another.
func (h *house) entity(parent, customerID, name string) {
	h.t.Helper()
	_, err := h.rooms.org.Onboard(h.t.Context(), h.who("platform.owner", "PLATFORM"), h.account("PLATFORM").ID, org.New{ParentID: parent, CustomerID: customerID, Name: name})
	h.must(err)
}

// node is an entity of any kind.
func (h *house) node(customerID string) (n org.Node) {
	h.view(func(tx *db.Tx) (err error) {
		n, _, err = org.NodeWithin(tx, []access.Reach{{Paths: []string{h.account("PLATFORM").Path}}}, customerID)
		return err
	})
	return n
}

// link is the token of the newest mail to somebody.
func (h *house) link(userID string) string {
	h.t.Helper()
	list, err := h.rooms.db.Lease(h.t.Context(), 1000, time.Second)
	h.must(err)
	for _, m := range list {
		if m.Data["token"] != "" {
			h.links[m.UserID] = m.Data["token"]
		}
		h.must(h.rooms.db.Sent(h.t.Context(), m.ID))
	}
	if h.links[userID] == "" {
		h.t.Fatal("no mail with a link came")
	}
	return h.links[userID]
}

// invite has an account's owner invite somebody with a role over the whole account.
func (h *house) invite(label, customerID, roleKey, firstName string) {
	h.t.Helper()
	owner := strings.ToLower(customerID) + ".owner"
	email := label + "@example.com"
	id, err := h.rooms.people.Invite(h.t.Context(), h.who(owner, customerID), h.account(customerID).ID, people.Invitee{FirstName: firstName, LastName: "Test", Email: email, Language: "en",
		Access: people.Access{Roles: []string{h.role(customerID, roleKey)}, AllEntities: true, Acknowledged: true}})
	h.must(err)
	h.people[label] = person{userID: id, email: email}
}

// join is invite and activate.
func (h *house) join(label, customerID, roleKey, firstName string) {
	h.t.Helper()
	h.invite(label, customerID, roleKey, firstName)
	h.activate(label, h.link(h.people[label].userID))
}

func (h *house) role(customerID, key string) (id string) {
	a := h.account(customerID)
	h.view(func(tx *db.Tx) (err error) {
		id, _, err = roles.IDByKey(tx, a.ID, key)
		return err
	})
	return id
}

// token makes a service token.
func (h *house) token(customerID, kind, name string) (id, secret string) {
	h.t.Helper()
	t, s, err := h.rooms.org.CreateToken(h.t.Context(), h.who(strings.ToLower(customerID)+".owner", customerID), h.account(customerID).ID, kind, name, time.Time{})
	h.must(err)
	return t.ID, s.Reveal()
}
