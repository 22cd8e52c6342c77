package profile

import (
	"slices"
	"strings"

	"countersign/internal/access"
	"countersign/internal/lang"
)

// mayGrant reads which roles a role's holders may give.
func (r *fileRole) mayGrant(p *Profile, wrong *problems) []string {
	if r.MayGrant == nil {
		return nil
	}
	if (r.MayGrant.Only == nil) == (r.MayGrant.AllBut == nil) {
		wrong.add("role %s: may_grant has either only or all_but", r.Key)
	}
	named := slices.Concat(r.MayGrant.Only, r.MayGrant.AllBut)
	for i, key := range named {
		if _, ok := p.Role(key); !ok {
			wrong.add("role %s: may_grant names %s, which is no role", r.Key, key)
		}
		if slices.Contains(named[:i], key) {
			wrong.add("role %s: may_grant names %s twice", r.Key, key)
		}
	}
	keys := r.MayGrant.Only
	if r.MayGrant.AllBut != nil {
		keys = nil
		for _, o := range p.Roles {
			if !o.Deprecated && !slices.Contains(named, o.Key) {
				keys = append(keys, o.Key)
			}
		}
	}
	if len(keys) == 0 {
		wrong.add("role %s: may_grant names nothing that could be given", r.Key)
	}
	return keys
}

// check is what holds between the parts of a profile.
func (p *Profile) check(wrong *problems) {
	for i := range p.Roles {
		r := &p.Roles[i]
		if r.Key == "" || strings.ToLower(r.Key) != r.Key || strings.ContainsAny(r.Key, " :-") {
			wrong.add("role %q: a key is lower case with underscores", r.Key)
		}
		for _, before := range p.Roles[:i] {
			if before.Key == r.Key {
				wrong.add("role %s is there twice", r.Key)
				break
			}
			for _, language := range languages { // they would be one name in an account
				if name := r.Names[language]; name != "" && lang.Skeleton(name) == lang.Skeleton(before.Names[language]) {
					wrong.add("roles %s and %s have one name in %s", before.Key, r.Key, language)
				}
			}
		}
		r.check(p, wrong)
	}
	p.checkLevels(wrong)
	p.checkUsual("fallback_role", p.Settings.FallbackRole, wrong)
	if p.Settings.DefaultRole != "" {
		p.checkUsual("default_role", p.Settings.DefaultRole, wrong)
	}
}

// check is what holds for one role among the others.
func (r *Role) check(p *Profile, wrong *problems) {
	assign := access.MustParse("users:assign_roles")
	if r.Permissions.Empty() != r.Deprecated {
		wrong.add("role %s: a role holds something, a deprecated one nothing", r.Key)
	}
	if r.Deprecated && (r.Administrator || r.Template || len(r.MayGrant) > 0 || len(r.Needs) > 0 || r.Warnings != nil) {
		wrong.add("role %s: of a deprecated role nothing else is said", r.Key)
	}
	if len(r.MayGrant) > 0 && !r.Permissions.Has(assign) {
		wrong.add("role %s: may_grant without %s", r.Key, assign)
	}
	for permission := range r.Permissions.All() {
		if !r.holds(permission) {
			wrong.add("role %s: nobody of the level %s may hold %s", r.Key, r.Level, permission)
		}
	}
	for _, key := range r.MayGrant {
		o, ok := p.Role(key)
		switch {
		case !ok: // said already
		case o.Deprecated:
			wrong.add("role %s: may_grant names %s, which is deprecated", r.Key, key)
		case !o.At(r.Level):
			wrong.add("role %s: may_grant names %s, which is of a higher level", r.Key, key)
		}
	}
	lowest := r.Level
	if lowest == 0 {
		lowest = access.Merchant
	}
	for _, key := range r.Needs {
		if o, ok := p.Role(key); !ok || o.Deprecated || key == r.Key || len(o.Needs) > 0 || !o.At(lowest) {
			wrong.add("role %s: needs %s, which is no role that can be given beside it", r.Key, key)
		}
	}
	if len(r.Needs) > 0 && p.Settings.RolesPerUser == "one" {
		wrong.add("role %s: needs another role, and people have one", r.Key)
	}
}

// checkLevels: each account of the profile has an administrator's role, and each
// role an account in which it is given.
func (p *Profile) checkLevels(wrong *problems) {
	highest := access.Facilitator // the platform's own account is of the standard profile
	if p.Name == Standard {
		highest = access.Platform
	}
	for _, r := range p.Roles {
		if r.Level != 0 && r.Level < highest {
			wrong.add("role %s: no account of the profile is of the level %s", r.Key, r.Level)
		}
	}
	if !slices.ContainsFunc(p.Roles, func(r Role) bool { return r.Administrator }) {
		wrong.add("no role has the administrator flag")
		return
	}
	for kind := highest; kind <= access.Merchant; kind++ {
		if !slices.ContainsFunc(p.Roles, func(r Role) bool { return r.Administrator && r.At(kind) }) {
			wrong.add("no role of a %s account has the administrator flag", kind)
		}
	}
}

// checkUsual: a role that people get without being asked can be given in every account.
func (p *Profile) checkUsual(setting, key string, wrong *problems) {
	if r, ok := p.Role(key); !ok || r.Deprecated || len(r.Needs) > 0 || !r.At(access.Merchant) {
		wrong.add("%s names %q, which is no role that can be given in every account", setting, key)
	}
}
