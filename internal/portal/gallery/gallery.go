// Package gallery holds every page of the portal with believable data, so that
// eyes, screenshots and tests see all of them without a database.
//
//	Samples   every page and state, for one language, theme and choice of names
//	Handler   serves them: / lists, /p/NAME?lang=fr&theme=dark&names=hostile shows
//
// The one rule: a page or a state that people can meet has a sample here.
package gallery

import (
	"bytes"
	"fmt"
	"html"
	"net/http"
	"slices"
	"time"

	"countersign/internal/lang"
	"countersign/internal/portal"
)

// Policy is the content security policy that every page must live with.
const Policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"

// Sample is one page in one state.
type Sample struct {
	Name string
	View portal.View
}

// Names are what people typed: their own names, and everything like them.
type Names struct {
	Me, Ada, Boris, Chloe, Dana string
	Account, Alias, CustomerID  string
	Text, Reason                string
}

// Plain names are as one meets them.
func Plain() Names {
	return Names{
		Me: "Camille Laurent", Ada: "Ada Okafor", Boris: "Boris Lindqvist", Chloe: "Chloé Marchand", Dana: "Dana Whitfield",
		Account: "Northwind Outdoor Ltd", Alias: "Northwind", CustomerID: "NW-1042",
		Text: "Runs refunds for the web shops", Reason: "Left the company",
	}
}

// Hostile names try to break the page: markup, right to left, and 200 characters.
func Hostile() Names {
	long := string(bytes.Repeat([]byte("Wolfeschlegelsteinhausen"), 9)[:200])
	return Names{
		Me: `<script>alert(1)</script>`, Ada: long, Boris: "\u202eمحمد عبد الله الحسيني", Chloe: `"><img src=x onerror=alert(2)>`, Dana: "'; DROP TABLE users; --",
		Account: `</title><script>alert(3)</script>`, Alias: long, CustomerID: `x/../"<b>`,
		Text: `{{.}}<style>*{display:none}</style>`, Reason: `javascript:alert(4)`,
	}
}

// Handler serves the gallery with the portal's own policy and files.
func Handler() (http.Handler, error) {
	assets, err := portal.LoadAssets()
	if err != nil {
		return nil, err
	}
	renderer, err := portal.NewRenderer(assets)
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle(portal.AssetsPath, assets)
	mux.HandleFunc("GET /{$}", list)
	mux.HandleFunc("GET /p/{name}", func(w http.ResponseWriter, r *http.Request) { show(renderer, w, r) })
	return mux, nil
}

func list(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	for _, s := range Samples(portal.Page{}, Plain()) {
		name := html.EscapeString(s.Name)
		fmt.Fprintf(w, "<p>%s", name)
		for _, q := range []string{"lang=en&theme=light", "lang=en&theme=dark", "lang=fr&theme=light", "lang=en&names=hostile"} {
			fmt.Fprintf(w, ` · <a href="/p/%s?%s">%s</a>`, name, html.EscapeString(q), html.EscapeString(q))
		}
	}
}

func show(renderer *portal.Renderer, w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	tag, _ := lang.Parse(q.Get("lang"))
	names := Plain()
	if q.Get("names") == "hostile" {
		names = Hostile()
	}
	theme := portal.Theme(q.Get("theme"))
	if theme != portal.Light && theme != portal.Dark {
		theme = portal.Auto
	}
	paris, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		paris = time.UTC
	}
	samples := Samples(portal.Page{Lang: tag, Zone: paris, Theme: theme, Here: r.URL.RequestURI(), IdleIn: 15 * 60, EndsIn: 12 * 60 * 60}, names)
	i := slices.IndexFunc(samples, func(s Sample) bool { return s.Name == r.PathValue("name") })
	if i < 0 {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", Policy)
	w.Header().Set("X-Content-Type-Options", "nosniff")
	if err := renderer.Render(w, samples[i].View); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
	}
}
