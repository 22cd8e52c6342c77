package api_test

import (
	"countersign/internal/access"
	"countersign/internal/resource"
)

// orders is a type of a platform's own, as most tests use it.
func orders() resource.Draft {
	return resource.Draft{Name: "orders", Title: "Terminal orders", From: access.FromStore,
		Actions: []resource.Action{{Name: "view", Title: "See"}, {Name: "cancel", Title: "Cancel", Dangerous: true}},
		Properties: []resource.Property{
			{Part: access.OfResource, Name: "owner", Title: "Owner", Kind: access.UserID, Vouched: access.ByStore},
			{Part: access.OfResource, Name: "status", Title: "Status", Kind: access.Text, Vouched: access.ByStore},
			{Part: access.OfResource, Name: "price", Title: "Price", Kind: access.Number, Vouched: access.ByCaller},
			{Part: access.OfResource, Name: "express", Title: "Express", Kind: access.YesNo, Vouched: access.ByStore},
			{Part: access.OfAction, Name: "count", Title: "Count", Kind: access.Number, Vouched: access.ByCaller},
		}}
}

// registered registers orders and a property of users, and has somebody store order 1
// in their account, in its second version.
func (h *house) registered(label, customerID string) {
	h.t.Helper()
	ctx, platform := h.t.Context(), h.Who("platform.owner")
	h.must(h.Resources.Register(ctx, platform, orders()))
	h.must(h.Resources.RegisterUserProperty(ctx, platform, resource.Property{Name: "department", Title: "Department", Kind: access.Text, Vouched: access.ByStore}))
	for version := range int64(2) {
		status := []string{"new", "open"}[version]
		_, err := h.Resources.Put(ctx, h.Who(label), h.Account(customerID).ID, "orders", version, resource.Putting{ID: "1", Entity: customerID, Values: map[string]resource.Given{"status": {Text: status}}})
		h.must(err)
	}
}
