// Package test_test keeps the rules about all packages: which may import which, and that each says what it is.
package test_test

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"countersign/internal/test/machine"
)

// order is the rooms from the lowest to the highest. A room may import those above it in this list, never one below.
var order = []struct{ room, reason string }{
	{"fault", "every refusal is one of its errors, so it knows nobody"},
	{"lang", "the words of refusals are made from fault's codes at the border"},
	{"seal", "keys and hashes serve all rooms and know none"},
	{"config", "options are read before anything is opened"},
	{"access", "a decision is a pure function: no SQL, no HTTP, no clock, so it can be tested and proved alone"},
	{"profile", "role catalogues are data over access's permissions"},
	{"db", "the database knows transactions, not what stands in them"},
	{"audit", "whoever changes something records it, so the log cannot depend on who does"},
	{"notify", "what a change queues is sent after the commit, whoever queued it"},
	{"org", "the tree stands before the people in it"},
	{"roles", "roles are given to memberships over entities"},
	{"resource", "what roles name of a registered type is not taken away from it"},
	{"people", "users hold roles"},
	{"signin", "people sign in; nobody signs in to be a person"},
	{"snapshot", "it reads all of the above into what access answers from"},
	{"find", "it searches and names what all of the above keep, for whoever may see it"},
	{"desk", "sections are guarded by all of the above"},
	{"demo", "the world is made through the use cases"},
	{"web", "the edge knows sessions; no use case knows HTTP"},
	{"portal", "pages call use cases; no use case knows a page"},
	{"api", "the JSON API calls the same use cases as the portal"},
	{"test", "tests see everything, and nothing that is shipped sees a test"},
}

// forbidden are single lines beyond the order.
var forbidden = []struct{ from, to, reason string }{
	{"portal", "api", "pages and the API are two doors to the same use cases; one must not become the other's back room"},
	{"api", "portal", "the same the other way round"},
	{"access", "database/sql", "a decision is pure"},
	{"access", "net/http", "a decision is pure"},
	{"profile", "database/sql", "a catalogue is data"},
	{"demo", "net/http", "the world is made by use cases, not over the wire"},
	{"people", "net/http", "no rule lives in a handler, and no handler in a rule"},
	{"org", "net/http", "as people"},
	{"resource", "net/http", "as people"},
	{"roles", "net/http", "as people"},
	{"find", "net/http", "as people"},
	{"signin", "net/http", "as people: a session is a row, its cookie is the edge's"},
	{"audit", "net/http", "as people"},
}

type pkg struct {
	ImportPath, Dir string
	GoFiles         []string
	Imports         []string
	TestImports     []string
	XTestImports    []string
}

func packages(t *testing.T) (all []pkg) {
	t.Helper()
	command := exec.Command("go", "list", "-json=ImportPath,Dir,GoFiles,Imports,TestImports,XTestImports", "-tags", "testclock,soak", "./...")
	command.Dir = machine.Root(t)
	out, err := command.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p pkg
		if err := d.Decode(&p); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
	if len(all) < len(order) {
		t.Fatalf("only %d packages were found", len(all))
	}
	return all
}

const inside = "countersign/internal/"

// room is the room of an import path: "people" for countersign/internal/people and all below it.
func room(path string) string {
	rest, ok := strings.CutPrefix(path, inside)
	if !ok {
		return ""
	}
	name, _, _ := strings.Cut(rest, "/")
	return name
}

func place(name string) int {
	return slices.IndexFunc(order, func(r struct{ room, reason string }) bool { return r.room == name })
}

// TestImports holds that imports run one way.
func TestImports(t *testing.T) {
	for _, p := range packages(t) {
		from := room(p.ImportPath)
		if from != "" && place(from) < 0 {
			t.Errorf("the room %s is not in the order: decide where it stands, and why", from)
			continue
		}
		for _, path := range p.Imports {
			if why := broken(p.ImportPath, path); why != "" {
				t.Errorf("%s imports %s: %s", p.ImportPath, path, why)
			}
		}
		if from == "test" || from == "" {
			continue
		}
		for _, path := range p.TestImports { // tests inside the package; those beside it (x_test) may import anything
			if room(path) == "test" {
				t.Errorf("%s is tested from inside with %s: test from outside, as the package test imports every room", p.ImportPath, path)
			}
		}
	}
}

// broken says which rule a line breaks; "" for none.
func broken(importer, imported string) string {
	from, to := room(importer), room(imported)
	for _, f := range forbidden {
		if from == f.from && (to == f.to || imported == f.to) {
			return f.reason
		}
	}
	switch {
	case to == "" || from == to:
		return ""
	case to == "test" && from == "" && !strings.HasPrefix(importer, "countersign/tools/"):
		return order[place("test")].reason
	case from == "":
		return "" // cmd wires all rooms; tools are not shipped
	case place(to) < 0:
		return "the room is not in the order"
	case place(to) > place(from):
		return order[place(from)].room + " stands above " + to + " in the order: " + order[place(to)].reason
	}
	return ""
}

// TestRules shows that each rule can be broken.
func TestRules(t *testing.T) {
	for _, x := range []struct {
		from, to string
		ok       bool
	}{
		{inside + "people", inside + "org", true},
		{inside + "org", inside + "people", false},
		{inside + "portal", inside + "api", false},
		{inside + "api", inside + "portal", false},
		{inside + "access", "database/sql", false},
		{inside + "portal/gallery", inside + "portal", true},
		{inside + "web", inside + "test/browser", false},
		{"countersign/cmd/countersign", inside + "portal", true},
		{"countersign/cmd/countersign", inside + "test/server", false},
		{"countersign/tools/screenshots", inside + "test/browser", true},
		{inside + "people", inside + "cellar", false},
	} {
		if why := broken(x.from, x.to); (why == "") != x.ok {
			t.Errorf("%s imports %s: %q", x.from, x.to, why)
		}
	}
}

// TestPackageComments holds that every package says what it is, in one place.
func TestPackageComments(t *testing.T) {
	for _, p := range packages(t) {
		var found []string
		for _, name := range p.GoFiles {
			file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(p.Dir, name), nil, parser.ParseComments|parser.PackageClauseOnly)
			if err != nil {
				t.Fatal(err)
			}
			if file.Doc == nil || strings.HasPrefix(file.Doc.Text(), "Code generated") {
				continue
			}
			found = append(found, name)
			if want := comment(file); !strings.HasPrefix(file.Doc.Text(), want) {
				t.Errorf("%s: the comment of %s begins with %q, not %q", p.ImportPath, name, first(file.Doc.Text()), want)
			}
		}
		if len(p.GoFiles) > 0 && len(found) != 1 {
			t.Errorf("%s has its package comment in %d files, wanted one: %q", p.ImportPath, len(found), found)
		}
	}
}

func comment(file *ast.File) string {
	if file.Name.Name == "main" {
		return "Command "
	}
	return "Package " + file.Name.Name + " "
}

func first(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	return line
}
