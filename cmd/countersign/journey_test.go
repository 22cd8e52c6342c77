package main

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"

	"countersign/internal/test/browser"
	"countersign/internal/test/server"
	"countersign/internal/test/smtpd"
)

// TestJourney is the main job in a real browser, once through, as the people of it see it: on SQLite with mail over
// SMTP, and on PostgreSQL with mail in a folder.
func TestJourney(t *testing.T) {
	t.Run("I1 I3 U8 U9 F2 K1 K7 L1 SQLite and SMTP", func(t *testing.T) {
		t.Parallel()
		post := smtpd.Start(t)
		s := server.Start(t, server.Options{SMTP: post.Addr})
		journey{t: t, s: s, letter: func(to string, n int) server.Letter { return delivered(t, post, to, n) }}.run()
	})
	t.Run("I1 I3 U8 U9 F2 K1 K7 L1 PostgreSQL and spool", func(t *testing.T) {
		t.Parallel()
		s := server.Start(t, server.Options{Postgres: true})
		journey{t: t, s: s, letter: s.Mail}.run()
	})
}

// delivered waits for the n-th mail to an address at a real listener.
func delivered(t *testing.T, post *smtpd.Server, to string, n int) server.Letter {
	t.Helper()
	for all := 1; ; all++ {
		var found []server.Letter
		messages := post.Wait(t, all)
		for _, m := range messages {
			if slices.Contains(m.To, to) {
				found = append(found, server.Read(t, m.Data))
			}
		}
		if len(found) >= n {
			return found[n-1]
		}
		all = len(messages)
	}
}

// journey is one run of the story: Olga runs the platform, Maud the merchant, Camille answers the merchant's payers.
type journey struct {
	t      *testing.T
	s      *server.Server
	letter func(to string, n int) server.Letter
}

const (
	olgasPassword    = "a quiet harbour at noon"
	maudsPassword    = "seven paper lanterns adrift"
	camillesPassword = "les huîtres chantent à l'aube"
	maud             = "maud@harbour.example"
	camille          = "camille@harbour.example"
)

func (j journey) run() {
	olga := browser.New(j.t)
	j.comeIn(olga, j.s.Link, olgasPassword, english)
	olga.Sees("Welcome, Olga Platform")
	j.board(olga, "Harbour Goods", "HARBOUR", "Maud", "Hart", maud)
	j.board(olga, "Other Shop", "OTHER", "Ines", "Other", "ines@other.example")
	j.grow(olga)

	mb := browser.New(j.t)
	invitation := j.letter(maud, 1)
	j.comeIn(mb, invitation.Link(j.t), maudsPassword, english)
	mb.Sees("Welcome, Maud Hart")
	userID := j.invite(mb)
	token := j.makeToken(mb)

	cb := browser.New(j.t)
	j.colleague(cb)
	j.asks(token, userID)
	j.deactivated(mb, cb, token, userID)
	j.told(mb)
}

// words are what the pages of the way in say.
type words struct{ choose, password, save, setUp, code, turnOn, keep, kept, ready string }

var (
	english = words{"Choose your password", "New password", "Save password", "Set up two-factor authentication", "Six-digit code", "Turn on", "Keep your recovery codes", "I have kept them", "Welcome. You are set up."}
	french  = words{"Choisissez votre mot de passe", "Nouveau mot de passe", "Enregistrer le mot de passe", "Configurer la double authentification", "Code à six chiffres", "Activer", "Conservez vos codes de secours", "Je les ai conservés", "Bienvenue. Tout est prêt."}
)

// comeIn follows a link: password, authenticator app, signed in.
func (j journey) comeIn(b *browser.Browser, link, password string, w words) {
	j.t.Helper()
	j.s.Secret("a link", link[strings.LastIndex(link, "/")+1:])
	j.s.Secret("a password", password)
	b.Goto(link)
	b.Sees(w.choose)
	if b.URL() != j.s.URL+"/activate" {
		j.t.Errorf("the link's token stays in the address: %s", b.URL())
	}
	b.Fill(w.password, password)
	b.Click(w.save)
	b.Sees(w.setUp)
	key := strings.Join(strings.Fields(b.TextOf("#key")), "")
	j.s.Secret("a key", key)
	if !browser.Eval[bool](b, `document.querySelector(".cs-qr img").naturalWidth > 100`) {
		j.t.Error("there is no QR code to scan")
	}
	b.Fill(w.code, server.Code(j.t, key, j.s.Now()))
	b.Click(w.turnOn)
	b.Sees(w.keep)
	for _, code := range browser.Eval[[]string](b, `[...document.querySelectorAll("#codes li")].map(e => e.innerText.trim())`) {
		j.s.Secret("a recovery code", code)
	}
	b.Axe()
	b.Click(w.kept)
	b.Sees(w.ready)
	b.Axe()
}

// board has the platform's administrator create a merchant and its administrator.
func (j journey) board(b *browser.Browser, name, customerID, first, last, email string) {
	j.t.Helper()
	b.Click("Accounts")
	b.Click("Create account")
	b.Fill("Account name", name)
	b.Fill("Customer ID", customerID)
	b.Choose("Kind", "merchant")
	b.Tick("Live", true)
	b.Fill("First name", first)
	b.Fill("Last name", last)
	b.Fill("email", email)
	b.Click("Create account and send invitation")
	b.Sees(name + " is created. The invitation went to " + email)
	b.Sees("Not open yet")
}

// grow has the platform's administrator give the merchant two legal entities: one from its branch of the tree, the
// other by finding the merchant while typing; and then find them again.
func (j journey) grow(b *browser.Browser) {
	j.t.Helper()
	b.Click("Entities")
	b.SeesNot("Harbour Quay")
	b.Click("Add an entity below Harbour Goods")
	b.Fill("Name", "Harbour Quay")
	b.Fill("Customer ID", "harbour-1")
	b.Click("Add entity")
	b.Sees("Harbour Quay is added.")

	b.Click("Entities")
	b.ClickIn(".cs-actions", "Add entity")
	b.Fill("Name", "Harbour Market")
	b.Fill("Customer ID", "harbour-2")
	b.Fill("find_parent", "harb goo")
	b.Sees("Found for “harb goo”")
	b.Tick("Harbour Goods HARBOUR · Merchant · below Platform", true)
	if left := b.Value("find_parent"); left != "" {
		j.t.Errorf("whoever chose still looks for %q", left)
	}
	b.Axe()
	b.Click("Add entity")
	b.Sees("Harbour Market is added.")

	b.Click("Entities")
	b.SeesNot("Harbour Market")
	at := b.URL()
	b.Click("What stands below Harbour Goods")
	b.Sees("Harbour Market")
	b.Axe()
	b.Click("What stands below Harbour Goods")
	b.SeesNot("Harbour Market")
	if b.URL() != at {
		j.t.Errorf("a branch opens at %s", b.URL())
	}
	b.Fill("Search by name, alias or customer ID", "market")
	b.Sees("Show from the top")
	b.Sees("Harbour Market")
	b.SeesNot("Other Shop")

	b.ClickOn("main h1")
	b.Press("/")
	b.Fill("q", "harbour-2")
	b.Press(kb.Enter)
	b.Sees("Directly below")
	if got := b.TextOf("h1"); got != "Harbour Market" {
		j.t.Errorf("a customer ID opens %q", got)
	}
	b.Axe()
}

// invite has the merchant's administrator invite Camille with one role over one entity, and send the mail again.
func (j journey) invite(b *browser.Browser) (userID string) {
	j.t.Helper()
	b.Click("Users")
	b.Click("Invite user")
	b.Fill("First name", "Camille")
	b.Fill("Last name", "Brûlé")
	b.Fill("email", camille)
	b.Choose("language", "Français")
	b.Tick("Support", true)
	b.Tick("Harbour Quay HARBOUR-1 · Legal entity", true)
	b.Axe()
	b.Click("Send invitation")
	b.Sees("Invitation sent to " + camille)
	b.Sees("Invited")
	address := b.URL()
	userID = address[strings.LastIndex(address, "/")+1:]
	j.letter(camille, 1)

	b.Click("Resend invitation")
	b.Sees("The earlier link stops working at once")
	b.Click("Resend invitation")
	b.Sees("Invitation sent again to " + camille)
	return userID
}

// makeToken has her make a service token, which is shown once.
func (j journey) makeToken(b *browser.Browser) string {
	j.t.Helper()
	b.Click("Service tokens")
	b.Click("Create token")
	b.Fill("Name", "Payment gateway")
	b.Choose("Works for", "30 days")
	b.Click("Create token")
	b.Sees("Copy the token now")
	token := b.Value("Token")
	j.s.Secret("a service token", token)
	b.Click("I have stored it")
	b.Sees("Payment gateway")
	if len(token) < 40 || strings.Contains(browser.Eval[string](b, `document.documentElement.outerHTML`), token) {
		j.t.Errorf("the token %q is shown again, or is none", token)
	}
	return token
}

// colleague comes in, in French, and sees what was granted and nothing more.
func (j journey) colleague(b *browser.Browser) {
	j.t.Helper()
	old, letter := j.letter(camille, 1), j.letter(camille, 2)
	if letter.Subject != "Maud Hart vous invite à rejoindre Harbour Goods" || letter.Language != "fr" || !strings.Contains(letter.Text, "Bonjour Camille") {
		j.t.Errorf("the mail in French is %q (%s):\n%s", letter.Subject, letter.Language, letter.Text)
	}
	b.Expect("status of 410")
	b.Goto(old.Link(j.t))
	b.Sees("Un lien plus récent vous a été envoyé")
	j.comeIn(b, letter.Link(j.t), camillesPassword, french)
	b.Sees("Bienvenue, Camille Brûlé")
	menu := browser.Eval[[]string](b, `[...document.querySelectorAll("#menu .cs-item")].map(e => e.innerText.trim())`)
	if !slices.Equal(menu, []string{"Accueil", "Entités"}) {
		j.t.Errorf("the menu of Support is %q", menu)
	}
	b.Sees("Harbour Goods")
	b.SeesNot("Other Shop")
	b.Expect("status of 403")
	for path, permission := range map[string]string{"users": "users:view", "roles": "roles:view", "activity": "audit:view", "service-tokens": "service_tokens:view"} {
		b.Goto(j.s.URL + "/a/HARBOUR/" + path)
		b.Sees("Autorisation manquante")
		b.Sees(permission)
		b.Sees("Qui peut l’accorder")
		b.Sees("Maud Hart")
	}
	b.Expect("status of 404")
	b.Goto(j.s.URL + "/a/OTHER/users")
	b.SeesNot("Other Shop")
	b.Goto(j.s.URL + "/")
	b.Sees("Bienvenue, Camille Brûlé")
}

// decision is what the decision API answered.
type decision struct {
	Decision bool `json:"decision"`
	Context  struct {
		Reason     []string          `json:"reason"`
		ReasonUser map[string]string `json:"reason_user"`
	} `json:"context"`
}

func evaluate(t *testing.T, c *server.Client, token, userID, resource, action, entity string) (d decision) {
	t.Helper()
	a := c.JSON(http.MethodPost, "/access/v1/evaluation", map[string]any{
		"subject":  map[string]any{"type": "user", "id": userID},
		"action":   map[string]any{"name": action},
		"resource": map[string]any{"type": resource, "id": "1", "properties": map[string]any{"entity": entity}},
	}, "Authorization", "Bearer "+token)
	if a.StatusCode != http.StatusOK {
		t.Fatalf("evaluation answers %d: %s", a.StatusCode, a.Text)
	}
	a.Decode(t, &d)
	return d
}

// asks the decision API what was granted, and all around it.
func (j journey) asks(token, userID string) {
	j.t.Helper()
	c := j.s.Client()
	c.Header.Set("Accept-Language", "fr")
	for _, x := range []struct {
		resource, action, entity string
		allowed                  bool
		reason                   string
	}{
		{"transactions", "view", "HARBOUR-1", true, ""},
		{"transactions", "view", "HARBOUR-2", false, "out_of_scope"},
		{"transactions", "view", "HARBOUR", false, "out_of_scope"},
		{"transactions", "view", "OTHER", false, "unknown_entity"},
		{"transactions", "view", "NOWHERE", false, "unknown_entity"},
		{"transactions", "view", "", false, "no_entity"},
		{"payments", "refund", "HARBOUR-1", false, "no_grant"},
		{"users", "create", "HARBOUR-1", false, "no_grant"},
	} {
		d := evaluate(j.t, c, token, userID, x.resource, x.action, x.entity)
		if d.Decision != x.allowed {
			j.t.Errorf("%s:%s over %q: %+v", x.resource, x.action, x.entity, d)
		}
		if !x.allowed && (!slices.Contains(d.Context.Reason, x.reason) || d.Context.ReasonUser["fr"] == "") {
			j.t.Errorf("%s:%s over %q is denied for %q, wanted %s, with words in French: %q", x.resource, x.action, x.entity, d.Context.Reason, x.reason, d.Context.ReasonUser)
		}
	}
}

// deactivated: the colleague's very next request is refused, at every door.
func (j journey) deactivated(mb, cb *browser.Browser, token, userID string) {
	j.t.Helper()
	c := j.s.Client()
	if a := c.JSON(http.MethodGet, "/api/v1/session", nil); a.StatusCode != http.StatusUnauthorized {
		j.t.Errorf("nobody's session answers %d", a.StatusCode)
	}
	mb.Goto(j.s.URL + "/a/HARBOUR/users/" + userID)
	mb.Sees("Camille Brûlé")
	mb.Sees("Active")
	mb.Click("More actions")
	mb.Click("Deactivate user")
	mb.Sees("1 open session ends at once")
	mb.Fill("Reason", "Left the harbour")
	mb.Click("Deactivate user")
	mb.Sees("Camille Brûlé is deactivated and signed out everywhere.")

	cb.Reload()
	cb.Sees("Votre session a pris fin")
	if d := evaluate(j.t, c, token, userID, "transactions", "view", "HARBOUR-1"); d.Decision || !slices.Contains(d.Context.Reason, "inactive_membership") {
		j.t.Errorf("after the deactivation: %+v", d)
	}
	answer := cb.Text()
	cb.Expect("status of 401")
	status := browser.Eval[int](cb, `fetch("/api/v1/session").then(a => a.status)`)
	if status != http.StatusUnauthorized {
		j.t.Errorf("the API answers the deactivated colleague %d (%s)", status, answer)
	}
}

// told: the activity page tells the whole story.
func (j journey) told(b *browser.Browser) {
	j.t.Helper()
	b.Click("Activity")
	b.Sees("Deactivated a user")
	browser.Eval[int](b, `[...document.querySelectorAll("#results details")].filter(d => d.open = true).length`)
	told := strings.ToLower(strings.Join(strings.Fields(b.TextOf("#results")), " ")) // not the names of the filters
	for _, line := range []string{
		"Created an account", "Invited a user", "Sent an invitation again", "User became active", "Set up two-factor", "Signed in",
		"Made a service token", "Tried to open a page", "Deactivated a user", "Reason: Left the harbour", "Refused", "127.0.0.1",
		"Support (Harbour Quay)", "users:view",
	} {
		if !strings.Contains(told, strings.ToLower(line)) {
			j.t.Errorf("the activity page does not tell %q:\n%s", line, told)
		}
	}
	b.SeesNot("Other Shop")
	b.Axe()
	j.narrowed(b)
}

// narrowed: the activity follows its filters, and asks who is meant.
func (j journey) narrowed(b *browser.Browser) {
	j.t.Helper()
	b.Fill("Person", "har") // Maud Hart, and Camille at harbour.example
	b.Sees("Several people match “har”. Whose activity do you want to see?")
	b.Axe()
	b.Click("Camille Brûlé")
	b.Sees("Clear all filters")
	if told := b.TextOf("#results"); !strings.Contains(told, "Deactivated a user") || strings.Contains(told, "Made a service token") {
		j.t.Errorf("the activity of Camille is %s", told)
	}
	b.Choose("What happened", "Deactivated a user")
	b.Sees("What happened Deactivated a user")
	if told := b.TextOf("#results tbody"); strings.Count(told, "127.0.0.1") != 1 || !strings.Contains(told, "Deactivated a user") {
		j.t.Errorf("of one kind it is %s", told)
	}
	b.ClickOn("#results tbody td a") // the time leads to the entry
	b.Sees("From where")
	b.Sees("Left the harbour")
	b.Axe()
}

// eventually asks again until it is so, and fails the test when it never is.
func eventually(t *testing.T, what string, so func() bool) time.Duration {
	t.Helper()
	begun := time.Now()
	for late := begun.Add(time.Minute); !so(); {
		if time.Now().After(late) {
			t.Fatalf("it never comes to this: %s", what)
		}
		time.Sleep(5 * time.Millisecond)
	}
	return time.Since(begun)
}
