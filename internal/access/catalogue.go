package access

import "strings"

type flag uint16

const (
	ungrantable flag = 1 << iota
	needs2FA
	dangerous
	stepUp
	direct
	located
	own
	built
)

// sections in the order of the side menu. "sensitive" is a heading in the role's form and has no page.
var sections = []Section{
	{"home", "home", true},
	{"transactions", "work", true},
	{"approve", "work", true},
	{"investigate", "work", true},
	{"payments", "work", true},
	{"disputes", "work", true},
	{"payment_links", "work", true},
	{"payouts", "work", true},
	{"balances", "work", true},
	{"settlements", "work", true},
	{"reports", "work", true},
	{"invoices", "work", true},
	{"payment_accounts", "work", true},
	{"payers", "work", true},
	{"kyc", "work", true},
	{"risk", "work", true},
	{"rules", "work", true},
	{"iin", "work", true},
	{"maintenance", "work", true},
	{"config", "work", true},
	{"analytics", "work", true},
	{"keys", "work", true},
	{"sensitive", "work", false},
	{"users", "people", true},
	{"roles", "people", true},
	{"policies", "people", true},
	{"matrix", "people", true},
	{"activity", "people", true},
	{"entities", "account", true},
	{"locations", "account", true},
	{"settings", "account", true},
	{"service_tokens", "account", true},
	{"accounts", "platform", true},
	{"resource_types", "platform", true},
}

// rows is the catalogue. Records of the desk are located, also those that sum
// up several locations (balances, invoices …): a location-restricted person
// sees those that are filed under one of their locations, and no other.
// What configures an entity (rules, keys …) and people are not.
var rows = []struct {
	resource, section string
	flags             flag
	minLevel          Kind
	actions           string
}{
	{"home", "home", built, 0, "view"},
	{"transactions", "transactions", located, 0, "search search_full view history export"},
	{"approvals", "approve", located, 0, "view"},
	{"approvals", "approve", located | needs2FA, 0, "search_full export approve_single approve_first approve_second deny hold delay"},
	{"investigate", "investigate", located, 0, "view"},
	{"investigate", "investigate", located | needs2FA, 0, "force_inconsistent"},
	{"investigate", "investigate", located | needs2FA | dangerous, 0, "force_any"},
	{"payments", "payments", located, 0, "view"},
	{"payments", "payments", located | direct, 0, "create"},
	{"payments", "payments", located, 0, "capture void"},
	{"payments", "payments", located | needs2FA, 0, "refund"},
	{"payments", "payments", located, 0, "manage_documents"},
	{"disputes", "disputes", located, 0, "view accept submit_evidence"},
	{"payment_links", "payment_links", located, 0, "create view_own view_all"},
	{"payouts", "payouts", located, 0, "view"},
	{"payouts", "payouts", located | needs2FA, 0, "create"},
	{"balances", "balances", located, 0, "view"},
	{"settlements", "settlements", located, 0, "view"},
	{"reports", "reports", located, 0, "view generate"},
	{"invoices", "invoices", located, 0, "view download"},
	{"payment_accounts", "payment_accounts", located, 0, "view change_status"},
	{"payment_accounts", "payment_accounts", located | dangerous, 0, "edit"},
	{"payers", "payers", located, 0, "anonymise"},
	{"kyc", "kyc", located, 0, "search edit_age edit_id"},
	{"risk", "risk", 0, 0, "edit"},
	{"rules", "rules", 0, 0, "view edit"},
	{"iin", "iin", 0, 0, "view edit delete"},
	{"maintenance", "maintenance", 0, 0, "view edit delete"},
	{"config", "config", 0, 0, "view add edit"},
	{"analytics", "analytics", located, 0, "view edit"},
	{"keys", "keys", 0, 0, "view"},
	{"keys", "keys", needs2FA, 0, "create"},
	{"keys", "keys", needs2FA | dangerous, 0, "manage"},
	{"sensitive", "sensitive", located | needs2FA | dangerous, 0, "view"},
	{"users", "users", built, 0, "view"},
	{"users", "users", built | own | needs2FA, 0, "create edit assign_roles deactivate delete unlock reset_password"},
	{"users", "users", built | own | needs2FA | dangerous, 0, "manage_2fa"},
	{"users", "users", built | own | needs2FA, 0, "end_sessions"},
	{"users", "users", built | needs2FA, 0, "view_activity"},
	{"roles", "roles", built, 0, "view"},
	{"roles", "roles", built | own | needs2FA | ungrantable, 0, "manage"},
	{"policies", "policies", built, 0, "view"},
	{"policies", "policies", built | own | needs2FA | ungrantable, 0, "manage"},
	{"audit", "activity", built, 0, "view export"},
	{"entities", "entities", built, 0, "view view_details"},
	{"entities", "entities", built, Partner, "onboard"},
	{"entities", "entities", built, 0, "edit"},
	{"entities", "entities", 0, 0, "download_files"},
	{"locations", "locations", located, 0, "view"},
	{"locations", "locations", 0, Platform, "create"},
	{"account", "settings", built, 0, "view"},
	{"account", "settings", own | needs2FA, 0, "manage_settings"},
	{"account", "settings", own | needs2FA | dangerous, 0, "manage_security"},
	{"account", "settings", built | own | needs2FA, 0, "manage_alias"},
	{"account", "settings", own | needs2FA | ungrantable | stepUp, 0, "transfer_ownership"},
	{"service_tokens", "service_tokens", built, 0, "view"},
	{"service_tokens", "service_tokens", built | own | needs2FA | dangerous, 0, "create"},
	{"service_tokens", "service_tokens", built | own | needs2FA, 0, "revoke"},
	{"accounts", "accounts", built, Partner, "view"},
	{"accounts", "accounts", built | needs2FA, Platform, "create"},
	{"accounts", "accounts", built | needs2FA, Partner, "edit"},
	{"resource_types", "resource_types", built, Platform, "view"},
	{"resource_types", "resource_types", built | needs2FA | dangerous, Platform, "manage"},
}

// builtPages are the sections whose page the portal has.
var builtPages = map[string]bool{"home": true, "users": true, "roles": true, "policies": true, "matrix": true, "activity": true, "entities": true, "settings": true, "service_tokens": true, "accounts": true, "resource_types": true}

// also names what a permission brings along beside its section's page.
var also = map[string][]string{
	"transactions:search_full": {"transactions:search"},
	"roles:view":               {"page:matrix"},
}

type catalog struct {
	infos      []Info // by Permission; 0 is none
	flags      []flag
	levels     []Kind
	names      []string
	byName     map[pair]Permission
	brings     []Set
	everything Set
	flagged    map[flag]Set         // every permission with that flag
	level      [LegalEntity + 1]Set // by the membership's level: what it may hold
}

var catalogue = makeCatalogue()

func makeCatalogue() *catalog {
	c := &catalog{infos: make([]Info, 1), flags: make([]flag, 1), levels: make([]Kind, 1), names: make([]string, 1), byName: map[pair]Permission{}, flagged: map[flag]Set{}}
	for _, r := range rows {
		for action := range strings.FieldsSeq(r.actions) {
			c.add(r.resource, action, r.section, r.flags, r.minLevel)
		}
	}
	for _, s := range sections {
		if !s.Page {
			continue
		}
		var f flag
		if builtPages[s.Key] {
			f = built
		}
		c.add("page", s.Key, s.Key, f, pageLevel(s.Key))
	}
	c.connect()
	return c
}

// pageLevel is the level from which on people may open a section's page: the lowest
// at which they may hold anything of it; 0 is any.
func pageLevel(section string) Kind {
	var level Kind
	for _, r := range rows {
		if r.section == section {
			if r.minLevel == 0 {
				return 0
			}
			level = max(level, r.minLevel)
		}
	}
	return level
}

func (c *catalog) add(resource, action, section string, f flag, level Kind) {
	p := Permission(len(c.infos))
	c.infos = append(c.infos, Info{
		Resource: resource, Action: action, Section: section,
		Ungrantable: f&ungrantable != 0, NeedsTwoFactor: f&needs2FA != 0, Dangerous: f&dangerous != 0,
		StepUp: f&stepUp != 0, DirectPayment: f&direct != 0, Located: f&located != 0, OwnAccount: f&own != 0,
		MinLevel: level, Built: f&built != 0,
	})
	c.flags = append(c.flags, f)
	c.levels = append(c.levels, level)
	c.names = append(c.names, resource+":"+action)
	c.byName[pair{resource, action}] = p
	put(&c.everything, p)
	for one := flag(1); one <= built; one <<= 1 {
		if f&one != 0 {
			s := c.flagged[one]
			put(&s, p)
			c.flagged[one] = s
		}
	}
	for k := Platform; k <= LegalEntity; k++ {
		if level == 0 || k <= level {
			put(&c.level[k], p)
		}
	}
}

// connect fills what each permission brings along.
func (c *catalog) connect() {
	c.brings = make([]Set, len(c.infos))
	for p, info := range c.infos {
		if page, ok := c.byName[pair{"page", info.Section}]; ok && info.Resource != "page" {
			put(&c.brings[p], page)
		}
		for _, name := range also[c.names[p]] {
			resource, action, _ := strings.Cut(name, ":")
			put(&c.brings[p], c.byName[pair{resource, action}])
		}
	}
}

// put is Set.With for the time in which the catalogue is being made.
func put(s *Set, p Permission) { s[p/64] |= 1 << (p % 64) }
