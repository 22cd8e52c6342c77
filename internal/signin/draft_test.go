//go:build !race

// One goroutine: the race detector sees nothing here and takes many times as long.

package signin_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"countersign/internal/db"
	"countersign/internal/seal"
)

// TestDrafts shows what becomes of what was typed when a session ran out.
func TestDrafts(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx, shop := t.Context(), w.account()
		who := func(userID string) db.Who { return db.Who{Kind: db.User, ID: userID} }
		typed := map[string][]string{"first_name": {"Zoë"}, "roles": {"rol_1", "rol_2"}}
		const page = "/a/SHOP/users/new"
		keep := func(t *testing.T, cookie seal.Secret, values map[string][]string) seal.Secret {
			t.Helper()
			token, err := w.door.KeepDraft(ctx, cookie, page, values)
			if err != nil {
				t.Fatal(err)
			}
			return token
		}
		holds := func(t *testing.T, who db.Who, token seal.Secret, page string, want map[string][]string) {
			t.Helper()
			got, err := w.door.Draft(ctx, who, token, page)
			if diff := cmp.Diff(want, got); diff != "" || err != nil {
				t.Errorf("%v: %s", err, diff)
			}
		}
		zoe := w.activated(shop, "zoe@shop.example")
		cookie := w.signedIn(zoe)
		w.clock.Advance(20 * time.Minute)

		t.Run("A5 it is kept for its person and its page, as often as that is opened", func(t *testing.T) {
			token := keep(t, cookie, typed)
			other := w.activated(shop, "other@shop.example")
			for range 2 {
				holds(t, who(zoe.id), token, page, typed)
			}
			holds(t, who(other.id), token, page, nil)
			holds(t, db.Who{Kind: db.Service, ID: zoe.id}, token, page, nil)
			holds(t, who(zoe.id), token, "/me", nil)
			holds(t, who(zoe.id), "", page, nil)
			var sealed, hash []byte
			w.view(func(tx *db.Tx) error {
				_, err := db.One(tx, []any{&sealed, &hash}, `SELECT sealed, hash FROM drafts`)
				return err
			})
			if stored := string(sealed) + string(hash); len(sealed) == 0 || strings.Contains(stored, "Zoë") || strings.Contains(stored, token.Reveal()) {
				t.Errorf("it can be read: %q", stored)
			}
			if err := w.door.DropDraft(ctx, who(other.id), token); err != nil {
				t.Fatal(err)
			}
			holds(t, who(zoe.id), token, page, typed)
			if err := w.door.DropDraft(ctx, who(zoe.id), token); err != nil {
				t.Fatal(err)
			}
			holds(t, who(zoe.id), token, page, nil)
		})
		t.Run("for an hour", func(t *testing.T) {
			token := keep(t, cookie, typed)
			w.clock.Advance(time.Hour - time.Microsecond)
			holds(t, who(zoe.id), token, page, typed)
			w.clock.Advance(time.Microsecond)
			holds(t, who(zoe.id), token, page, nil)
			if err := w.door.Sweep(ctx); err != nil {
				t.Fatal(err)
			}
			if n := w.number(`SELECT COUNT(*) FROM drafts`); n != 0 {
				t.Errorf("%d are left", n)
			}
		})
		t.Run("no more than five of a person, and none that is huge", func(t *testing.T) {
			first := keep(t, cookie, typed)
			for i := range 5 {
				w.clock.Advance(time.Second)
				keep(t, cookie, map[string][]string{"n": {fmt.Sprint(i)}})
			}
			holds(t, who(zoe.id), first, page, nil)
			if n := w.number(`SELECT COUNT(*) FROM drafts WHERE user_id = $1`, zoe.id); n != 5 {
				t.Errorf("%d are kept", n)
			}
			if token := keep(t, cookie, map[string][]string{"reason": {strings.Repeat("x", 64<<10)}}); token != "" {
				t.Error("a huge one was kept")
			}
		})
		t.Run("nothing of strangers, nor after the session was ended by hand", func(t *testing.T) {
			ended := w.signedIn(zoe)
			s, err := w.door.Peek(ctx, ended)
			if err != nil {
				t.Fatal(err)
			}
			if err := w.door.EndSession(ctx, s.Who(db.Who{}), s.Ref); err != nil {
				t.Fatal(err)
			}
			for name, cookie := range map[string]seal.Secret{"ended": ended, "made up": "abc", "none": ""} {
				if token := keep(t, cookie, typed); token != "" {
					t.Errorf("%s: kept", name)
				}
			}
		})
	})
}
