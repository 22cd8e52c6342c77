package main

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"countersign/internal/test/server"
)

// explains asks on pages why people may do something, or may not.
func (d *roleDesk) explains(t *testing.T) {
	nora := "/a/MINE/users/" + d.people["mine.nora"].userID
	ask := func(c *server.Client, of string, pairs ...string) server.Answer {
		return c.Get(of + "/explanation?" + sentForm(pairs...).Encode())
	}
	till := d.made(t, rolesAt, sentForm("name", "Refund till", "permissions", "payments:refund", "most.payments:refund", "50", "currency.payments:refund", "EUR"))
	d.give(t, "mine.nora", till)
	t.Run("R13 the page of access leads to why", func(t *testing.T) {
		page := d.maud.Get(nora + "/access")
		href := "/explanation?" + url.Values{"entity": {"MINE"}, "permission": {"payments:refund"}}.Encode()
		if !strings.Contains(page.Text, nora+strings.ReplaceAll(href, "&", "&amp;")) {
			t.Errorf("no link to %s: %.2000s", href, page.Text)
		}
		sees(t, d.maud.Get(nora+href), http.StatusOK, "Nora Test\u2069 may not refund payments for", "The amount is over the limit, or not given.")
	})
	t.Run("R13 the answer in plain words, with the chain", func(t *testing.T) {
		a := ask(d.maud, nora, "permission", "payments:refund", "entity", "mine", "amount", "49.99", "currency", "eur", "factor", "yes")
		sees(t, a, http.StatusOK, "may refund payments for", "It comes from the role \u2068Refund till\u2069, given over", "Allows it", "at most 50.00 EUR; asked: 49.99 EUR", "49.99 EUR · with a second factor")
		if strings.Contains(a.Text, "What would change it") {
			t.Error("something would change it")
		}
	})
	t.Run("R13 what would change it, with the page where one does it", func(t *testing.T) {
		a := ask(d.maud, nora, "permission", "payments:refund", "entity", "MINE", "amount", "50.01", "currency", "EUR", "factor", "no", "owner", "self")
		sees(t, a, http.StatusOK, "may not refund payments", "What would change it", "All of this together:", "Sign in with a second factor", "Choose an amount of at most 50.00 EUR", "their own record")
		a = ask(d.maud, nora, "permission", "disputes:accept", "entity", "MINE")
		sees(t, a, http.StatusOK, "the role \u2068Disputes\u2069 over")
		if !strings.Contains(a.Text, `href="`+nora+`/edit"`) || strings.Contains(a.Plain(), "the role \u2068Owner\u2069") {
			t.Errorf("%.3000s", a.Plain())
		}
		a = ask(d.people["mine.omar"].browser, nora, "permission", "disputes:accept", "entity", "MINE") // an auditor, who gives nothing
		sees(t, a, http.StatusOK, "These people can give roles here:", "Maud Owner")
		if strings.Contains(a.Text, "/edit") {
			t.Error("an auditor is led to the form of access")
		}
	})
	t.Run("R13 a page that is refused offers to say why", func(t *testing.T) {
		c := d.people["mine.nora"].browser
		refused := c.Get(rolesAt + "/new")
		sees(t, refused, http.StatusForbidden, "Why can’t I do this?")
		_, rest, _ := strings.Cut(refused.Text, `href="`+nora+"/explanation?")
		query, _, _ := strings.Cut(rest, `"`)
		a := c.Get(nora + "/explanation?" + strings.ReplaceAll(query, "&amp;", "&"))
		sees(t, a, http.StatusOK, "You may not", "These people can give roles here:", "Maud Owner")
		sees(t, c.Get("/me"), http.StatusOK, "Ask why you may or may not do something")
		omar := "/a/MINE/users/" + d.people["mine.omar"].userID
		sees(t, ask(c, omar, "permission", "home:view", "entity", "MINE"), http.StatusForbidden)
	})
	t.Run("R13 what was typed stays, and what is wrong is said beside it", func(t *testing.T) {
		a := ask(d.maud, nora, "permission", "payments:refund", "entity", "nowhere at all", "amount", "six", "ip", "here")
		sees(t, a, http.StatusUnprocessableEntity, "There is no such entity here", "This value is not valid.", "Enter one network address")
		for _, kept := range []string{`value="nowhere at all"`, `value="six"`, `value="here"`} {
			if !strings.Contains(a.Text, kept) {
				t.Errorf("%s is lost", kept)
			}
		}
		sees(t, ask(d.maud, nora, "permission", "\u202eno", "entity", "MINE"), http.StatusUnprocessableEntity, "There is no permission ?.")
		sees(t, ask(d.maud, nora, "permission", strings.Repeat("x", 5000), "entity", strings.Repeat("é", 5000)), http.StatusUnprocessableEntity)
		sees(t, ask(d.maud, nora, "permission", "home:view", "entity", "MINE", "as", "root"), http.StatusBadRequest)
		sees(t, d.maud.Get(nora+"/explanation"), http.StatusOK, "Explain")
	})
	t.Run("R13 A02 another account's people and entities are as good as none", func(t *testing.T) {
		sees(t, ask(d.maud, "/a/MINE/users/"+d.people["theirs.owner"].userID, "permission", "home:view", "entity", "MINE"), http.StatusNotFound)
		a, b := ask(d.maud, nora, "permission", "home:view", "entity", "THEIRS"), ask(d.maud, nora, "permission", "home:view", "entity", "NOBODYS")
		if a.StatusCode != http.StatusUnprocessableEntity || a.StatusCode != b.StatusCode || strings.Contains(a.Plain(), "Other Shop") {
			t.Errorf("%d %d: %.600s", a.StatusCode, b.StatusCode, a.Plain())
		}
	})
}

// foresees shows on pages what a change of access does, before it is made.
func (d *roleDesk) foresees(t *testing.T) {
	nora := "/a/MINE/users/" + d.people["mine.nora"].userID
	t.Run("R13 the page before saving says what is gained and lost, and saves nothing", func(t *testing.T) {
		d.give(t, "mine.nora", d.role("MINE", "support"))
		before := d.held(t, "mine.nora")
		form := fields(d.maud.Get(nora + "/edit").Text)
		form["roles"] = []string{d.role("MINE", "disputes")}
		a := d.send(d.maud, nora+"/edit", form)
		sees(t, a, http.StatusOK, "What changes for Nora Test", "Gains", "Accept disputes", "Loses", "All entities", "Nothing is saved yet.")
		if d.held(t, "mine.nora") != before {
			t.Error("it is saved already")
		}
		next := fields(a.Text)
		next.Set("step", "back")
		back := d.send(d.maud, nora+"/edit", next)
		sees(t, back, http.StatusOK, "Change access of Nora Test")
		if got := fields(back.Text)["roles"]; len(got) != 1 || got[0] != d.role("MINE", "disputes") {
			t.Errorf("what was chosen is lost: %q", got)
		}
		next.Set("step", "save")
		if saved := d.send(d.maud, nora+"/edit", next); saved.StatusCode != http.StatusSeeOther || !may(d.held(t, "mine.nora"), "disputes:accept") {
			t.Errorf("%d %.500s", saved.StatusCode, saved.Plain())
		}
	})
	t.Run("R13 R12 what is refused is refused before the page, or told on it", func(t *testing.T) {
		form := fields(d.maud.Get(nora + "/edit").Text)
		form["roles"] = []string{d.role("MINE", "first_approver"), d.role("MINE", "second_approver")}
		a := d.send(d.maud, nora+"/edit", form)
		sees(t, a, http.StatusOK, "This would bring about what nobody should hold together. It can be saved, and is reported:") // this account flags it by now
		form["roles"] = []string{d.role("MINE", "administrator")}
		sees(t, d.send(d.maud, nora+"/edit", form), http.StatusUnprocessableEntity, "Administrator")
		form.Set("acknowledge", "yes")
		sees(t, d.send(d.maud, nora+"/edit", form), http.StatusOK, "Gains", "Dangerous")
		form.Set("revision", "1")
		sees(t, d.send(d.maud, nora+"/edit", form), http.StatusPreconditionFailed, "Somebody changed this while you were looking at it")
	})
	t.Run("R13 what somebody who is invited could do", func(t *testing.T) {
		mails := len(d.people)
		form := sentForm("first_name", "Ida", "email", "ida@example.com", "language", "en", "roles", d.role("MINE", "disputes"), "all_entities", "yes", "foresee", "yes")
		a := d.send(d.maud, "/a/MINE/users", form)
		sees(t, a, http.StatusOK, "What they could do", "Nobody is invited yet.", "Accept disputes")
		if !strings.Contains(a.Text, `value="ida@example.com"`) || strings.Contains(d.maud.Get("/a/MINE/users?q=ida").Plain(), "ida@example.com") || len(d.people) != mails {
			t.Error("what was typed is lost, or somebody was invited")
		}
	})
}
