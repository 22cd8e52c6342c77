package portal

import (
	"slices"

	"countersign/internal/resource"
)

// Section names a place of the side menu.
type Section string

// The places there are. A section that is not built has no entry here.
const (
	SectionHome          Section = "home"
	SectionUsers         Section = "users"
	SectionRoles         Section = "roles"
	SectionPolicies      Section = "policies"
	SectionMatrix        Section = "matrix"
	SectionActivity      Section = "activity"
	SectionEntities      Section = "entities"
	SectionSettings      Section = "settings"
	SectionServiceTokens Section = "service_tokens"
	SectionAccounts      Section = "accounts"
	SectionTypes         Section = "resource_types"
	SectionRecords       Section = "records"
	SectionNone          Section = ""
)

// MenuItem is one line of the side menu; its words are "portal.menu.LABEL".
type MenuItem struct {
	Label  string
	Href   string
	Icon   string
	Active bool
}

// MenuGroup is a group of the side menu; its words are "portal.menu.group.LABEL",
// and the group without a label stands first, without a heading.
type MenuGroup struct {
	Label string
	Items []MenuItem
}

type place struct {
	section    Section
	group      string
	icon       string
	permission string // "" for everybody
	href       func(Addresses) string
	also       string // another permission that it needs here
	unless     string // one with which it stands elsewhere
}

func places() []place {
	return []place{
		{SectionHome, "", "home", "", Addresses.Home, "", ""},
		{SectionUsers, "people", "users", "users:view", func(a Addresses) string { return a.Users(UsersFilter{}) }, "", ""},
		{SectionRoles, "people", "roles", "roles:view", Addresses.Roles, "", ""},
		{SectionPolicies, "people", "policies", "policies:view", Addresses.Policies, "", ""},
		{SectionMatrix, "people", "matrix", "page:matrix", func(a Addresses) string { return a.Matrix(MatrixFilter{}) }, "", ""},
		{SectionActivity, "people", "activity", "audit:view", func(a Addresses) string { return a.Activity(ActivityFilter{}) }, "", ""},
		{SectionEntities, "account", "tree", "entities:view", tree, "", "accounts:view"},
		{SectionSettings, "account", "settings", "account:view", Addresses.Settings, "", ""},
		{SectionRecords, "account", "list", resource.ViewPermission, Addresses.RecordTypes, "", ""},
		{SectionServiceTokens, "account", "key", "service_tokens:view", Addresses.ServiceTokens, "", ""},
		{SectionAccounts, "platform", "building", "accounts:view", func(a Addresses) string { return a.Accounts(AccountsFilter{}) }, "", ""},
		{SectionEntities, "platform", "tree", "entities:view", tree, "accounts:view", ""},
		{SectionTypes, "platform", "box", viewTypes, func(a Addresses) string { return a.ResourceTypes(TypesFilter{}) }, "", ""},
	}
}

func tree(a Addresses) string { return a.Tree(TreeFilter{}) }

// BuildMenu gives the side menu of somebody who holds what may answers yes to,
// with the current section marked. Items that are not allowed, and groups
// without items, are left out. Whoever looks after the accounts below finds their
// tree beside them, others among what is their account's own. unused are places that
// there is no use for.
func BuildMenu(to Addresses, current Section, may func(permission string) bool, unused ...Section) []MenuGroup {
	var menu []MenuGroup
	for _, p := range places() {
		if p.permission != "" && !may(p.permission) || p.also != "" && !may(p.also) || p.unless != "" && may(p.unless) || slices.Contains(unused, p.section) {
			continue
		}
		if len(menu) == 0 || menu[len(menu)-1].Label != p.group {
			menu = append(menu, MenuGroup{Label: p.group})
		}
		g := &menu[len(menu)-1]
		g.Items = append(g.Items, MenuItem{Label: string(p.section), Href: p.href(to), Icon: p.icon, Active: p.section == current})
	}
	return menu
}
