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

var columns = map[rune]string{
	'o': "owner", 'a': "administrator", 'x': "access_administrator", 'u': "auditor", 'p': "operations", 's': "support", 'f': "finance",
	'd': "disputes", 'r': "risk", '1': "first_approver", '2': "second_approver", 'v': "developer", 'l': "read_only",
}

// TestStandard compares the profile with its decision table, cell by cell.
func TestStandard(t *testing.T) {
	p := standard(t)
	want := readTable(t, "testdata/standard.txt")
	got := map[string][]string{"administrator": nil, "deprecated": nil}
	for _, perm := range access.Permissions() {
		if perm.Info().Resource != "page" {
			got[perm.String()] = nil
		}
	}
	add := func(line, role string) { got[line] = append(got[line], role) }
	for _, r := range p.Roles {
		for perm := range access.Closed(r.Permissions).All() {
			if perm.Info().Resource != "page" {
				add(perm.String(), r.Key)
			}
		}
		for _, key := range r.MayGrant {
			add("grant "+key, r.Key)
		}
		if r.Administrator {
			add("administrator", r.Key)
		}
		if r.Deprecated {
			add("deprecated", r.Key)
		}
	}
	for _, roles := range got {
		slices.Sort(roles)
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("R1 the profile and its decision table differ (-table +profile):\n%s", d)
	}
	if len(p.Roles) != len(columns) {
		t.Errorf("R1 %d roles, want %d", len(p.Roles), len(columns))
	}
}

func readTable(t *testing.T, file string) map[string][]string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	table := map[string][]string{}
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		i := strings.Index(line, "  ")
		name, marks := line[:i], line[i:]
		if _, twice := table[name]; twice {
			t.Fatalf("%s is in the table twice", name)
		}
		table[name] = nil
		for _, mark := range marks {
			if role, ok := columns[mark]; ok {
				table[name] = append(table[name], role)
			} else if !strings.ContainsRune(" .·-", mark) {
				t.Fatalf("%s: unknown mark %q", name, mark)
			}
		}
		slices.Sort(table[name])
	}
	return table
}

func TestStandardSettings(t *testing.T) {
	want := profile.Settings{
		RolesPerUser: "many", SignInName: "email", UserTypes: "verified", Mandatory: []string{"first_name", "email", "role", "entities"},
		DefaultRole: "read_only", FallbackRole: "read_only", UserList: "all", EmailInUse: "link", InvitationLifetime: 72 * time.Hour,
		Deletion: true, RetentionDays: 365, FirstAdministratorProtected: true, ParentDeactivation: "warn", AssignmentScope: "entities_required", LocationRestriction: true,
		TwoFactor: "required", TwoFactorMethods: []string{"totp", "webauthn", "passkey"}, TwoFactorAfterReset: "set_up",
		LockAttempts: 6, LockMinutes: 30, InactivityDays: 90, PasswordLength: 12, PasswordLengthAlone: 15, PasswordHistory: 4,
		IPRules: []string{"user_allow", "account_allow"}, SessionIdle: 15 * time.Minute, SessionAbsolute: 12 * time.Hour,
		ApprovalReasons: []string{"deny", "hold"}, ApprovalExpiry: 7 * 24 * time.Hour, Environment: "live", ComplianceFloor: "none",
	}
	if d := cmp.Diff(want, standard(t).Settings); d != "" {
		t.Errorf("-want +got:\n%s", d)
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
	for _, key := range keys {
		if !lang.Has(key) {
			t.Errorf("no message %s", key)
		}
	}
	for _, r := range standard(t).Roles {
		if r.Name("en") == "" || r.Name("fr") == "" || r.Name("de") != r.Name("en") || r.Description("fr") == r.Description("en") {
			t.Errorf("%s: %q %q %q", r.Key, r.Names, r.Name("de"), r.Descriptions)
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
	spoilt := strings.NewReplacer("transactions: [view]", "transactions: [vieww]", "lock_attempts: 6", "lock_attempts: 60").Replace(text)
	if _, err := profile.LoadFrom(fstest.MapFS{"small.yaml": {Data: []byte(spoilt)}}); err == nil || !strings.Contains(err.Error(), "vieww") || !strings.Contains(err.Error(), "lock_attempts") {
		t.Errorf("not all problems at once: %v", err)
	}
}
