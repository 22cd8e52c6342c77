package profile_test

import (
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"countersign/internal/access"
	"countersign/internal/fault"
	"countersign/internal/lang"
	"countersign/internal/profile"
)

func standard(t *testing.T) *profile.Profile {
	t.Helper()
	ps, err := profile.Load()
	if err != nil {
		t.Fatal(err)
	}
	p, ok := ps.Get(profile.Standard)
	if !ok || ps.Names()[0] != profile.Standard {
		t.Fatalf("no standard profile first among %v", ps.Names())
	}
	return p
}

// TestProfiles compares each profile with its decision table, cell by cell, and all that is said of a role beside its permissions.
func TestProfiles(t *testing.T) {
	ps, err := profile.Load()
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{"standard", "checkout", "paymentiq", "payrix", "powerboard", "saferpay"}, ps.Names()); d != "" {
		t.Errorf("R1 the profiles that ship: %s", d)
	}
	for _, name := range ps.Names() {
		t.Run("R1 "+name, func(t *testing.T) {
			p, _ := ps.Get(name)
			table := readTable(t, "testdata/"+name+".txt")
			if d := cmp.Diff(table.cells, cellsOf(p)); d != "" {
				t.Errorf("the profile and its decision table differ (-table +profile):\n%s", d)
			}
			var keys []string
			for _, r := range p.Roles {
				keys = append(keys, r.Key)
			}
			if d := cmp.Diff(table.roles, keys); d != "" {
				t.Errorf("the roles, in their order (-table +profile):\n%s", d)
			}
		})
	}
}

// cellsOf says of each line of a decision table which roles are marked in it.
func cellsOf(p *profile.Profile) map[string][]string {
	cells := map[string][]string{"administrator": nil, "deprecated": nil, "template": nil, "warning": nil}
	for _, perm := range access.Permissions() {
		if perm.Info().Resource != "page" {
			cells[perm.String()] = nil
		}
	}
	for _, r := range p.Roles {
		lines := []string{}
		for perm := range access.Closed(r.Permissions).All() {
			if perm.Info().Resource != "page" {
				lines = append(lines, perm.String())
			}
		}
		for _, key := range r.MayGrant {
			lines = append(lines, "grant "+key)
		}
		for _, key := range r.Needs {
			lines = append(lines, "needs "+key)
		}
		if r.Level != 0 {
			lines = append(lines, "level "+r.Level.String())
		}
		for flag, is := range map[string]bool{"administrator": r.Administrator, "deprecated": r.Deprecated, "template": r.Template, "warning": r.Warning("en") != ""} {
			if is {
				lines = append(lines, flag)
			}
		}
		for _, line := range lines {
			cells[line] = append(cells[line], r.Key)
		}
		if _, ok := cells["grant "+r.Key]; !ok {
			cells["grant "+r.Key] = nil
		}
	}
	return cells
}

// table is a decision table: its roles in order, and those that are marked in each line.
type table struct {
	roles []string
	cells map[string][]string
}

// readTable reads lines of marks, one for each role; a line "roles" says which is whose.
func readTable(t *testing.T, file string) table {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	out := table{cells: map[string][]string{}}
	columns := map[rune]string{}
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		i := strings.Index(line, "  ")
		name, marks := line[:i], strings.TrimSpace(line[i:])
		if name == "roles" {
			for column := range strings.SplitSeq(marks, " · ") {
				mark, role, _ := strings.Cut(column, " ")
				columns[[]rune(mark)[0]] = role
				out.roles = append(out.roles, role)
			}
			continue
		}
		if _, twice := out.cells[name]; twice {
			t.Fatalf("%s is in the table twice", name)
		}
		marked := map[string]bool{}
		for _, mark := range marks {
			if role, ok := columns[mark]; ok {
				marked[role] = true
			} else if !strings.ContainsRune(" .·-", mark) {
				t.Fatalf("%s: unknown mark %q", name, mark)
			}
		}
		out.cells[name] = nil
		for _, role := range out.roles {
			if marked[role] {
				out.cells[name] = append(out.cells[name], role)
			}
		}
	}
	return out
}

// TestSettings compares each setting of each profile with the table.
func TestSettings(t *testing.T) {
	ps, err := profile.Load()
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile("testdata/settings.txt")
	if err != nil {
		t.Fatal(err)
	}
	var names, keys []string
	want := map[string]map[string]string{}
	for line := range strings.Lines(string(text)) {
		words := strings.Fields(line)
		switch {
		case len(words) == 0 || words[0] == "#":
		case names == nil:
			names = words[1:]
			for _, name := range names {
				want[name] = map[string]string{}
			}
		default:
			keys = append(keys, words[0])
			for i, value := range words[1:] {
				want[names[i]][words[0]] = strings.TrimPrefix(value, "–")
			}
		}
	}
	if len(names) != len(ps.Names()) || len(keys) != len(profile.Definitions()) {
		t.Errorf("R1 the table has %d profiles and %d settings, not %d and %d", len(names), len(keys), len(ps.Names()), len(profile.Definitions()))
	}
	for _, name := range names {
		t.Run("R1 settings of "+name, func(t *testing.T) {
			p, ok := ps.Get(name)
			if !ok {
				t.Fatal("no such profile")
			}
			got := map[string]string{}
			for _, d := range profile.Definitions() {
				got[d.Key] = p.Settings.Value(d.Key)
			}
			if d := cmp.Diff(want[name], got); d != "" {
				t.Errorf("-table +profile:\n%s", d)
			}
		})
	}
}

// TestSettingsAt: text messages that are for merchants are no method in the accounts above them.
func TestSettingsAt(t *testing.T) {
	s := standard(t).Settings
	s.TwoFactorMethods = []string{"totp", "sms"}
	for _, c := range []struct {
		sms  string
		kind access.Kind
		want string
	}{
		{"everyone", access.Partner, "totp,sms"}, {"everyone", access.Merchant, "totp,sms"},
		{"merchants", access.Facilitator, "totp"}, {"merchants", access.Partner, "totp"}, {"merchants", access.Merchant, "totp,sms"},
	} {
		s.TwoFactorSMS = c.sms
		if at := s.At(c.kind); at.Value("two_factor_methods") != c.want {
			t.Errorf("R1 for %s, in a %s account: %v", c.sms, c.kind, at.TwoFactorMethods)
		}
	}
	if s.Value("two_factor_methods") != "totp,sms" {
		t.Errorf("At changed what it was asked of: %v", s.TwoFactorMethods)
	}
}

// TestSettingsWith: what is stored of an account comes back as it was, and what is out of bounds is refused by name.
func TestSettingsWith(t *testing.T) {
	s := standard(t).Settings
	all := map[string]string{}
	for _, d := range profile.Definitions() {
		all[d.Key] = s.Value(d.Key)
	}
	if back, err := s.With(all); err != nil || !cmp.Equal(back, s) {
		t.Errorf("its own values: %v\n%s", err, cmp.Diff(s, back))
	}
	changed, err := s.With(map[string]string{"invitation_lifetime": "168h", "two_factor_methods": "totp, sms", "deletion": "false", "lock_minutes": "0", "approval_reasons": "", "default_role": ""})
	if err != nil {
		t.Fatal(err)
	}
	want := s
	want.InvitationLifetime, want.TwoFactorMethods, want.Deletion, want.LockMinutes, want.ApprovalReasons, want.DefaultRole = 168*time.Hour, []string{"totp", "sms"}, false, 0, nil, ""
	if d := cmp.Diff(want, changed); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(standard(t).Settings, s); d != "" {
		t.Errorf("With changed what it was asked of:\n%s", d)
	}
	for key, values := range map[string][]string{
		"colour": {"red"}, "roles_per_user": {"", "few", "ONE"}, "deletion": {"", "yes", "1"}, "lock_attempts": {"", "0", "11", "-1", "6.0", "six"},
		"lock_minutes": {"29", "-30"}, "session_idle": {"15", "16m", "0h", "-5m", "30s", ""}, "invitation_lifetime": {"1m", "1000h", "72"},
		"two_factor_methods": {"totp,totp", "totp,,sms", "pigeon"}, "fallback_role": {""}, "inactivity_days": {"91"}, "password_length": {"7", "65"}, "retention_days": {"29", "3651", "0", ""},
	} {
		for _, value := range values {
			got, err := s.With(map[string]string{key: value})
			e := fault.From(err)
			if err == nil || e.Kind != fault.Invalid || len(e.Fields) != 1 || e.Fields[0].Name != key || !cmp.Equal(got, profile.Settings{}) {
				t.Errorf("%s = %q: %v", key, value, err)
				continue
			}
			for _, tag := range lang.All() {
				if text := lang.FieldSentence(tag, e.Fields[0]); strings.ContainsAny(text, "[{") || text == lang.T(tag, "field.invalid") {
					t.Errorf("%s = %q in %s: %q", key, value, tag, text)
				}
			}
		}
	}
	_, err = s.With(map[string]string{"colour": "red", "deletion": "yes"})
	if n := len(fault.From(err).Fields); n != 2 {
		t.Errorf("%d of 2 problems told", n)
	}
}

func TestWords(t *testing.T) {
	var keys []string
	for _, d := range profile.Definitions() {
		keys = append(keys, "setting."+d.Key, "setting."+d.Key+".help")
		for _, o := range d.Options {
			keys = append(keys, "setting."+d.Key+"."+o)
		}
	}
	ps, err := profile.Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range ps.Names() {
		keys = append(keys, "profile."+name, "profile."+name+".about")
	}
	for _, key := range keys {
		if !lang.Has(key) {
			t.Errorf("no message %s", key)
		}
	}
	for _, name := range ps.Names() {
		p, _ := ps.Get(name)
		for _, r := range p.Roles {
			if r.Name("en") == "" || r.Name("fr") == "" || r.Name("de") != r.Name("en") || r.Description("fr") == r.Description("en") || r.Warnings != nil && r.Warning("fr") == r.Warning("en") {
				t.Errorf("%s/%s: %q %q %q %q", name, r.Key, r.Names, r.Name("de"), r.Descriptions, r.Warnings)
			}
		}
	}
}

const small = `
name: small
version: 1
roles:
  - key: boss
    administrator: true
    name: {en: Boss, fr: Chef}
    description: {en: All., fr: Tout.}
    permissions: {everything: true, except: ["home:view"]}
    may_grant: {all_but: []}
  - key: clerk
    name: {en: Clerk, fr: Employé}
    description: {en: Little., fr: Peu.}
    permissions: {transactions: [view], disputes: all, every: [history]}
  - key: old
    deprecated: true
    name: {en: Old, fr: Vieux}
    description: {en: Nothing., fr: Rien.}
settings:
  SETTINGS
`

func smallProfile(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	s := standard(t).Settings
	for _, d := range profile.Definitions() {
		value := s.Value(d.Key)
		switch d.Type {
		case profile.List:
			value = "[" + value + "]"
		case profile.RoleKey:
			value = "clerk"
		}
		if d.Key == "roles_per_user" {
			value = "one"
		}
		b.WriteString(d.Key + ": " + value + "\n  ")
	}
	return strings.Replace(small, "SETTINGS", b.String(), 1)
}

// TestLoadFrom: another profile is another file, and whatever is wrong in one is told, all at once.
func TestLoadFrom(t *testing.T) {
	text := smallProfile(t)
	ps, err := profile.LoadFrom(fstest.MapFS{"small.yaml": {Data: []byte(text)}})
	if err != nil {
		t.Fatal(err)
	}
	p, _ := ps.Get("small")
	clerk, _ := p.Role("clerk")
	boss, _ := p.Role("boss")
	if clerk.Permissions.Len() != 5 || boss.Permissions.Len() != access.Everything().Len()-1 || !slices.Equal(boss.MayGrant, []string{"boss", "clerk"}) {
		t.Errorf("clerk holds %d, boss %d and may grant %v", clerk.Permissions.Len(), boss.Permissions.Len(), boss.MayGrant)
	}
	for _, c := range []struct{ name, old, new, want string }{
		{"unknown permission", "transactions: [view]", "transactions: [vieww]", "no permission transactions:vieww"},
		{"unknown resource", "disputes: all", "quarrels: all", `"quarrels"`},
		{"unknown action", "every: [history]", "every: [hist]", `"every hist"`},
		{"except of nothing", `"home:view"`, `"home:vieww"`, "no permission home:vieww"},
		{"no list of actions", "transactions: [view]", "transactions: view", "not a list of words"},
		{"except is no list", `["home:view"]`, "home", "not a list of words"},
		{"unknown key", "administrator: true", "admin: true", "admin"},
		{"role twice", "key: clerk", "key: boss", "boss is there twice"},
		{"resource twice", "disputes: all", "transactions: all", "transactions"},
		{"unknown setting", "deletion: true", "deletions: true", "deletions"},
		{"setting missing", "deletion: true\n", "\n", "setting deletion is missing"},
		{"setting out of bounds", "lock_attempts: 6", "lock_attempts: 60", "lock_attempts"},
		{"may grant an unknown role", "all_but: []", "all_but: [nobody]", "nobody, which is no role"},
		{"may grant without assigning", `"home:view"`, `"users:assign_roles"`, "may_grant without"},
		{"may grant nothing", "all_but: []", "only: []", "names nothing"},
		{"may grant all but everybody", "all_but: []", "all_but: [boss, clerk]", "names nothing"},
		{"may grant without saying what", "{all_but: []}", "{}", "either only or all_but"},
		{"may grant the same twice", "all_but: []", "only: [clerk, clerk]", "clerk twice"},
		{"may grant a deprecated role", "all_but: []", "only: [clerk, old]", "old, which is deprecated"},
		{"deprecated role holds something", "deprecated: true", "deprecated: true\n    permissions: {home: [view]}", "a deprecated one nothing"},
		{"deprecated role is an administrator's", "deprecated: true", "deprecated: true\n    administrator: true", "nothing else is said"},
		{"fallback role deprecated", "fallback_role: clerk", "fallback_role: old", "fallback_role names"},
		{"default role deprecated", "default_role: clerk", "default_role: old", "default_role names"},
		{"fallback role of a level that not every account has", "key: clerk", "level: partner\n    key: clerk", "fallback_role names"},
		{"no such level", "key: clerk", "level: shop\n    key: clerk", "shop is no level"},
		{"the level of what is no account", "key: clerk", "level: legal_entity\n    key: clerk", "is no level"},
		{"a level that no account of the profile has", "key: clerk", "level: platform\n    key: clerk", "no account of the profile"},
		{"a permission that nobody of the level may hold", "permissions: {transactions: [view]", "level: merchant\n    permissions: {entities: [onboard]", "may hold entities:onboard"},
		{"no administrator at a level", "administrator: true", "administrator: true\n    level: partner", "no role of a merchant account"},
		{"needs an unknown role", "key: clerk", "needs: [nobody]\n    key: clerk", "needs nobody"},
		{"needs a deprecated role", "key: clerk", "needs: [old]\n    key: clerk", "needs old"},
		{"needs itself", "key: clerk", "needs: [clerk]\n    key: clerk", "needs clerk"},
		{"needs another where people have one", "key: clerk", "needs: [boss]\n    key: clerk", "people have one"},
		{"a warning in one language", "key: clerk", "warning: {en: Beware.}\n    key: clerk", "the warning is missing in fr"},
		{"one name twice", "en: Clerk", "en: boss", "one name in en"},
		{"one name twice in the other language", "fr: Employé", "fr: Chef", "one name in fr"},
		{"except of a resource that it does not hold", `except: ["home:view"]`, `except: ["homes:all"]`, "homes:all"},
		{"ungrantable is unknown", "version: 1", `version: 1
ungrantable: ["users:assign_role"]`, "ungrantable: there is no permission users:assign_role"},
		{"no administrator", "administrator: true", "administrator: false", "no role has the administrator flag"},
		{"default role unknown", "default_role: clerk", "default_role: nobody", "default_role names"},
		{"fallback role unknown", "fallback_role: clerk", "fallback_role: nobody", "fallback_role names"},
		{"no French", "fr: Employé", "de: Angestellter", "missing in fr"},
		{"role with nothing", "permissions: {transactions: [view], disputes: all, every: [history]}", "permissions: {}", "holds something"},
		{"another name than the file's", "name: small", "name: large", `"large"`},
		{"no version", "version: 1", "version: 0", "version"},
	} {
		t.Run(c.name, func(t *testing.T) {
			spoilt := strings.Replace(text, c.old, c.new, 1)
			if spoilt == text {
				t.Fatalf("%q is not in the profile", c.old)
			}
			ps, err := profile.LoadFrom(fstest.MapFS{"small.yaml": {Data: []byte(spoilt)}})
			if err == nil || !strings.Contains(err.Error(), c.want) || len(ps.Names()) != 0 {
				t.Errorf("%v, want %q", err, c.want)
			}
		})
	}
	upwards := strings.NewReplacer("administrator: true", "administrator: true\n    level: merchant", "key: clerk", "level: partner\n    key: clerk").Replace(text)
	if _, err := profile.LoadFrom(fstest.MapFS{"small.yaml": {Data: []byte(upwards)}}); err == nil || !strings.Contains(err.Error(), "may_grant names clerk, which is of a higher level") {
		t.Errorf("may grant upwards: %v", err)
	}
	spoilt := strings.NewReplacer("transactions: [view]", "transactions: [vieww]", "lock_attempts: 6", "lock_attempts: 60").Replace(text)
	if _, err := profile.LoadFrom(fstest.MapFS{"small.yaml": {Data: []byte(spoilt)}}); err == nil || !strings.Contains(err.Error(), "vieww") || !strings.Contains(err.Error(), "lock_attempts") {
		t.Errorf("not all problems at once: %v", err)
	}
}
