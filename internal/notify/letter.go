package notify

import (
	"fmt"
	"maps"
	"net/mail"
	"net/url"
	"slices"
	"time"

	"countersign/internal/db"
	"countersign/internal/lang"
)

// letter is what a mail says, before it is put into text and HTML: both are made
// of the same letter, so they say the same.
type letter struct {
	Lang    lang.Tag
	Subject string
	Hello   string
	Opening []string // what happened, who caused it
	Steps   []string // what to do, in order; usually none
	Facts   []string
	Button  string // the one
	Link    string // where it leads
	Closing []string
	SentBy  string
}

// kind says how letters of a kind are made. The words are "mail.KIND.…" in lang.
type kind struct {
	link     func(w *words) string // the button's address, after the origin
	needs    []string              // data without which there is no letter
	opening  []string              // keys of paragraphs, in order
	steps    []string
	closing  []string
	facts    []string
	security bool // a notice to the person about a change of their own sign-in
}

var (
	activate   = func(w *words) string { return "/activate/" + url.PathEscape(w.data["token"]) }
	newAddress = func(w *words) string { return "/email/" + url.PathEscape(w.data["token"]) }
	newSecret  = func(w *words) string { return "/reset/" + url.PathEscape(w.data["token"]) }
	forgotten  = func(*words) string { return "/forgotten" }
	signIn     = func(*words) string { return "/signin" }
	me         = func(*words) string { return "/me" }
)

var kinds = map[string]kind{
	"invitation": {
		link: activate, needs: []string{"token", "account", "expires"},
		opening: []string{"what", "why"}, facts: []string{"account", "roles", "until"}, closing: []string{"once", "unexpected"},
	},
	"invitation_linked": {
		link: activate, needs: []string{"token", "account", "expires"},
		opening: []string{"what", "why"}, steps: []string{"step1", "step2", "step3"},
		facts: []string{"account", "roles", "until"}, closing: []string{"once", "unexpected"},
	},
	"factor_reset": {
		link: signIn, needs: []string{"account"},
		opening: []string{"what", "why"}, facts: []string{"account", "at"}, closing: []string{"unexpected"},
	},
	"email_confirm": {
		link: newAddress, needs: []string{"token", "account", "address", "expires"},
		opening: []string{"what", "why"}, facts: []string{"address", "account", "until"}, closing: []string{"once", "unexpected"},
	},
	"email_confirm_old": {
		link: newAddress, needs: []string{"token", "account", "address", "expires"},
		opening: []string{"what", "why"}, facts: []string{"address", "account", "until"}, closing: []string{"once", "unexpected"},
	},
	"email_notice": {
		link: me, needs: []string{"account", "address"},
		opening: []string{"what", "why"}, facts: []string{"address", "account", "at"}, closing: []string{"unexpected"},
	},
	"email_changed": {
		link: signIn, needs: []string{"address"},
		opening: []string{"what"}, facts: []string{"address", "at", "ip"}, closing: []string{"unexpected"}, security: true,
	},
	"password_changed": {link: me, opening: []string{"what"}, facts: []string{"at", "ip"}, closing: []string{"unexpected"}, security: true},
	"factor_changed":   {link: me, opening: []string{"what"}, facts: []string{"change", "at", "ip"}, closing: []string{"unexpected"}, security: true},
	"recovery_code_used": {
		link: me, needs: []string{"left"},
		opening: []string{"what"}, facts: []string{"left", "at", "ip"}, closing: []string{"more", "unexpected"}, security: true,
	},
	"factor_again": {
		link: signIn, needs: []string{"account"},
		opening: []string{"what", "why"}, facts: []string{"account", "at"}, closing: []string{"unexpected"},
	},
	"signin_locked": {
		link: forgotten, opening: []string{"what", "why"}, facts: []string{"at", "locked", "ip"}, closing: []string{"sooner", "unexpected"},
	},
	"signin_shut": { // as signin_locked, where no time opens it
		link: forgotten, opening: []string{"what", "why"}, facts: []string{"at", "ip"}, closing: []string{"sooner", "unexpected"},
	},
	"unlocked": {
		link: signIn, needs: []string{"account"},
		opening: []string{"what", "why"}, facts: []string{"account", "at"}, closing: []string{"unexpected"},
	},
	"password_reset": {
		link: newSecret, needs: []string{"token", "expires"},
		opening: []string{"what", "why"}, facts: []string{"until", "at", "ip"}, closing: []string{"once", "unexpected"},
	},
	"password_reset_by_admin": {
		link: newSecret, needs: []string{"token", "account", "expires"},
		opening: []string{"what", "why"}, facts: []string{"account", "until"}, closing: []string{"once", "unexpected"},
	},
	"password_required": {
		link: signIn, needs: []string{"account"},
		opening: []string{"what", "why"}, facts: []string{"account", "at"}, closing: []string{"unexpected"},
	},
	"sessions_ended": {
		link: signIn, needs: []string{"account"},
		opening: []string{"what", "why"}, facts: []string{"account", "at"}, closing: []string{"unexpected"},
	},
	"session_ended": {
		link: me, needs: []string{"account"},
		opening: []string{"what", "why"}, facts: []string{"device", "ip", "account", "at"}, closing: []string{"unexpected"},
	},
	"inactivity_warning": {
		link: signIn, needs: []string{"account", "until"},
		opening: []string{"what", "why"}, facts: []string{"account", "locks"}, closing: []string{"after", "unexpected"},
	},
	"inactivity_warning_last": { // to an account's last administrator, whom nobody there could let in again
		link: signIn, needs: []string{"account", "until"},
		opening: []string{"what", "why"}, facts: []string{"account", "locks"}, closing: []string{"after", "unexpected"},
	},
}

// Kinds lists the kinds of messages that there are letters for.
func Kinds() []string { return slices.Sorted(maps.Keys(kinds)) }

// render makes the mail of a message. Its error is always a *Refused: no later
// attempt would make more of it.
func render(q db.Queued, origin string, from mail.Address, now time.Time) (Mail, error) {
	k, ok := kinds[q.Kind]
	if !ok {
		return Mail{}, &Refused{Code: CodeLetter, Reason: fmt.Sprintf("there is no letter of the kind %q", q.Kind)}
	}
	to, err := recipient(q.Name, q.To)
	if err != nil {
		return Mail{}, err
	}
	for _, name := range k.needs {
		if q.Data[name] == "" {
			return Mail{}, &Refused{Code: CodeLetter, Reason: fmt.Sprintf("the message lacks %q", name)}
		}
	}
	w, err := read(q)
	if err != nil {
		return Mail{}, err
	}
	if expires, ok := w.times["expires"]; ok && !now.Before(expires) {
		return Mail{}, &Refused{Code: CodeExpired, Reason: "the link in it has expired"}
	}
	l := k.letter(w, origin)
	text, html, err := l.write()
	if err != nil {
		return Mail{}, &Refused{Code: CodeLetter, Reason: "the letter cannot be written"}
	}
	return Mail{ID: q.ID, From: from, To: to, Date: now, Lang: w.lang, Subject: l.Subject, Text: text, HTML: html}, nil
}

func (k kind) letter(w *words, origin string) letter {
	l := letter{
		Lang: w.lang, Subject: w.say("subject"), Hello: lang.T(w.lang, "mail.hello_nobody"),
		Opening: w.all(k.opening), Steps: w.all(k.steps), Button: w.say("button"), Link: origin + k.link(w), Closing: w.all(k.closing),
		SentBy: lang.T(w.lang, "mail.sent_by_nobody", "host", host(origin)),
	}
	if w.name != "" {
		l.Hello = lang.T(w.lang, "mail.hello", "name", w.name)
	}
	if k.security {
		l.Opening = append(l.Opening, lang.T(w.lang, "mail.security_why"))
	}
	for _, f := range k.facts {
		if label, value := w.fact(f); value != "" {
			l.Facts = append(l.Facts, lang.T(w.lang, "mail.fact", "label", label, "value", value))
		}
	}
	if account := w.shown["account"]; account != "" {
		l.SentBy = lang.T(w.lang, "mail.sent_by", "host", host(origin), "account", account)
	}
	return l
}

func host(origin string) string {
	u, err := url.Parse(origin)
	if err != nil {
		return origin
	}
	return u.Host
}
