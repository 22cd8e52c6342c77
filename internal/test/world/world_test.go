package world_test

import (
	"testing"

	"countersign/internal/db"
	"countersign/internal/people"
	"countersign/internal/test/testdb"
	"countersign/internal/test/world"
)

func TestNew(t *testing.T) {
	testdb.Each(t, func(t *testing.T, d *db.DB) {
		w := world.New(t, d)
		for label, want := range map[string]people.Status{
			"m1.owner": people.Active, "m1.invited": people.Invited, "m2.uninvited": people.DeactivatedInvitation,
			"m3.deactivated": people.Deactivated, "m1.both": people.Active, "m2.both": people.Active,
		} {
			if got := w.Row(label).Status; got != want {
				t.Errorf("%s is %s, want %s", label, got, want)
			}
		}
		if w.User("m1.both") != w.User("m2.both") {
			t.Error("both are two people")
		}
		if d := w.Decide("m1.administrator", "users:create", "M1-A"); !d.Allowed {
			t.Errorf("the administrator may not invite: %v", d.Codes())
		}
		if list := w.Messages(); len(list) != 0 {
			t.Errorf("%d messages are left over", len(list))
		}
	})
}
