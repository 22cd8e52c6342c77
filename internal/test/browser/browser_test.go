package browser

import (
	"fmt"
	"image/png"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp/kb"
	"github.com/google/go-cmp/cmp"
)

// head is the beginning of an accessible page.
const head = `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>%s</title><link rel="icon" href="data:,">
<meta name="viewport" content="width=device-width, initial-scale=1"><style nonce="x">:root{color-scheme:light dark}</style></head><body><main>`

// site is a small portal under a strict content security policy.
func site(t *testing.T) string {
	mux := http.NewServeMux()
	page := func(title, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'self' 'nonce-x'; script-src 'self'; img-src data:; connect-src 'self'; form-action 'self'")
			fmt.Fprintf(w, head+body+"</main></body></html>", title)
		}
	}
	mux.HandleFunc("GET /{$}", page("Sign in", `<h1>Sign in</h1>
		<form method="post" action="/in">
		<p><label for="mail">E-mail <span>*</span></label> <input id="mail" name="identifier" type="email" value="old@example.com"></p>
		<p><label>Role <select name="role"><option value="a">Agent</option><option value="b">Auditor</option></select></label></p>
		<p><label><input type="checkbox" name="stay" value="yes"> Stay signed in</label></p>
		<p><input name="code" aria-label="One-time code" inputmode="numeric"></p>
		<button>Continue</button></form>
		<p><a href="/quiet">Continue later</a> <button hidden>Secret</button></p>`))
	mux.HandleFunc("POST /in", func(w http.ResponseWriter, r *http.Request) {
		http.SetCookie(w, &http.Cookie{Name: "who", Value: "ann", Path: "/"})
		http.Redirect(w, r, fmt.Sprintf("/welcome?%s&%s&%s&%s", r.FormValue("identifier"), r.FormValue("role"), r.FormValue("stay"), r.FormValue("code")), http.StatusSeeOther)
	})
	mux.HandleFunc("GET /welcome", func(w http.ResponseWriter, r *http.Request) {
		who := "nobody"
		if cookie, err := r.Cookie("who"); err == nil {
			who = cookie.Value
		}
		page("Welcome", `<h1>Welcome, `+who+`</h1><p>`+r.URL.RawQuery+`</p><button id="more" type="button">Load more</button><div id="here"></div><script src="/more.js"></script>`)(w, r)
	})
	mux.HandleFunc("GET /more.js", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/javascript")
		fmt.Fprint(w, `document.getElementById("more").onclick = () => fetch("/part").then(r => r.text()).then(t => document.getElementById("here").textContent = t)`)
	})
	mux.HandleFunc("GET /part", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "the part that came later") })
	mux.HandleFunc("GET /quiet", page("Quiet", `<h1>Quiet</h1>`))
	mux.HandleFunc("GET /inline", page("Inline", `<h1>Inline</h1><script>document.title = "it ran"</script>`))
	mux.HandleFunc("GET /throws", page("Throws", `<h1>Throws</h1><script src="/throws.js"></script>`))
	mux.HandleFunc("GET /throws.js", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/javascript")
		fmt.Fprint(w, `console.error("written", 3); throw new Error("thrown")`)
	})
	mux.HandleFunc("GET /absent.js", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/javascript")
		w.WriteHeader(http.StatusNotFound)
	})
	mux.HandleFunc("GET /refused", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(http.StatusForbidden)
		page("Refused", `<h1>Refused</h1>`)(w, r)
	})
	mux.HandleFunc("GET /lost", page("Lost", `<h1>Lost</h1><script src="/absent.js"></script>`))
	mux.HandleFunc("GET /foreign", page("Foreign", `<h1>Foreign</h1><a href="http://example.com/">Away</a>`))
	mux.HandleFunc("GET /unfit", page("Unfit", `<h1>Unfit</h1><input name="unlabelled"><p><img src="data:image/gif;base64,R0lGODlhAQABAAAAACw="></p>`))
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server.URL
}

func TestAPersonSignsIn(t *testing.T) {
	address, page := site(t), New(t)
	page.Goto(address)
	page.Fill("E-mail", "ann@example.com")
	page.Choose("Role", "Auditor")
	page.Tick("Stay signed in", true)
	page.Fill("One-time code", "123456")
	page.Fill("code", "654321")
	if diff := cmp.Diff([]string{"ann@example.com", "b", "true", "654321"},
		[]string{page.Value("E-mail"), page.Value("role"), page.Value("stay"), page.Value("One-time code")}); diff != "" {
		t.Error(diff)
	}
	page.Click("Continue")
	page.Sees("Welcome, ann")
	page.Sees("ann@example.com&b&yes&654321")

	page.Click("Load more")
	if got := page.TextOf("#here"); got != "the part that came later" {
		t.Errorf("Click came back before the page had settled: %q", got)
	}

	other := New(t)
	other.Goto(address + "/welcome")
	other.Sees("Welcome, nobody")
	other.SeesNot("ann")

	page.Reload()
	page.Sees("Welcome, ann")
	page.Back()
	if got, want := page.URL(), address+"/"; got != want {
		t.Errorf("back at %s, want %s", got, want)
	}
	page.Fill("E-mail", "")
	page.Press("kim@example.com")
	page.Press(kb.Enter)
	page.Sees("kim@example.com")
}

func TestComplaints(t *testing.T) {
	address := site(t)
	for path, wants := range map[string][]string{
		"/quiet":   nil,
		"/inline":  {"Content Security Policy"},
		"/throws":  {"written 3", "thrown"},
		"/lost":    {"status of 404"},
		"/refused": {"status of 403"},
	} {
		t.Run(path, func(t *testing.T) {
			page := New(t)
			page.Goto(address + path)
			got := page.Problems()
			if len(got) != len(wants) {
				t.Errorf("complains %q, want %q", got, wants)
			}
			for _, want := range wants {
				if !strings.Contains(strings.Join(got, "\n"), want) {
					t.Errorf("complains %q, want %q", got, want)
				}
				page.Expect(want)
			}
			if left := page.Problems(); len(left) > 0 {
				t.Errorf("expected, and yet a problem: %q", left)
			}
		})
	}
	t.Run("an expected complaint that never comes", func(t *testing.T) {
		w := newWatch()
		w.expect("status of 403")
		if _, absent := w.problems(); len(absent) != 1 {
			t.Errorf("absent: %q", absent)
		}
	})
}

func TestOnlyThisMachineCanBeReached(t *testing.T) {
	page := New(t)
	page.Goto(site(t) + "/foreign")
	page.Click("Away")
	if got := page.URL(); !strings.HasPrefix(got, "chrome-error:") {
		t.Errorf("reached %s", got)
	}
}

func TestAxe(t *testing.T) {
	address, page := site(t), New(t)
	page.Goto(address)
	page.Axe()
	page.Goto(address + "/unfit")
	var got []string
	for _, v := range page.violations() {
		got = append(got, v.ID)
	}
	if diff := cmp.Diff([]string{"image-alt", "label"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestScreenshot(t *testing.T) {
	page := New(t)
	page.Goto(site(t))
	for name, test := range map[string]struct {
		width int
		dark  bool
	}{"desktop": {1280, false}, "phone, dark": {390, true}} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "made", "page.png")
			page.Screenshot(path, test.width, test.dark)
			file, err := os.Open(path)
			if err != nil {
				t.Fatal(err)
			}
			defer file.Close()
			picture, err := png.Decode(file)
			if err != nil {
				t.Fatal(err)
			}
			if got := picture.Bounds().Dx(); got != test.width {
				t.Errorf("%d pixels wide", got)
			}
			red, _, _, _ := picture.At(picture.Bounds().Dx()-1, picture.Bounds().Dy()-1).RGBA()
			if dark := red < 0x8000; dark != test.dark {
				t.Errorf("dark: %v", dark)
			}
		})
	}
}
