package demo

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"countersign/internal/access"
	"countersign/internal/audit"
	"countersign/internal/db"
	"countersign/internal/org"
	"countersign/internal/people"
	"countersign/internal/profile"
	"countersign/internal/roles"
	"countersign/internal/signin"
)

// open creates accounts of the crowd, still without anybody.
func (c *crowd) open(some []*crowdAccount) error {
	return c.DB.Update(c.ctx, c.who, func(tx *db.Tx) error {
		parents, err := partners(tx)
		if err != nil {
			return err
		}
		pr, _ := c.Profiles.Get(profile.Standard)
		for _, a := range some {
			account, err := org.CreateAccount(tx, org.New{Kind: access.Merchant, ParentID: parents[a.number%len(parents)], Name: a.name, CustomerID: crowdID(a.number),
				Environment: org.Live, Profile: profile.Standard}, c.Profiles)
			if err != nil {
				return err
			}
			a.id = account.ID
			if err := roles.Install(tx, a.id, account.Kind, pr); err != nil {
				return err
			}
			if err := c.furnish(tx, a, account); err != nil {
				return err
			}
		}
		return nil
	})
}

// partners are the ids of the entities whose merchants the crowd's are: the
// partners', or, before there is one, the platform's.
func partners(tx *db.Tx) ([]string, error) {
	list, err := db.Column(tx, `SELECT id FROM entities WHERE kind = 'partner' ORDER BY path`)
	if err != nil || len(list) > 0 {
		return list, err
	}
	return db.Column(tx, `SELECT id FROM entities WHERE parent_id IS NULL`)
}

// furnish gives an account its legal entities and, some of them, passwords that
// end, and learns its roles.
func (c *crowd) furnish(tx *db.Tx, a *crowdAccount, account org.Account) error {
	pr, _ := c.Profiles.Get(profile.Standard)
	list, err := roles.List(tx, a.id, pr)
	if err != nil {
		return err
	}
	a.roles = map[string]string{}
	for _, r := range list {
		a.roles[r.Key] = r.ID
	}
	for n := range min(a.size/40+a.number%3, 300) {
		town := crowdPlaces[n%len(crowdPlaces)]
		name := account.Name + " " + town
		if n >= len(crowdPlaces) {
			name = fmt.Sprintf("%s %d", name, n/len(crowdPlaces)+1)
		}
		e, err := org.CreateEntity(tx, org.New{Kind: access.LegalEntity, ParentID: account.EntityID, Name: name, CustomerID: fmt.Sprintf("%s-%d", account.CustomerID, n+1)})
		if err != nil {
			return err
		}
		a.entities = append(a.entities, e.ID)
	}
	if !a.passwordsEnd() {
		return nil
	}
	_, err = tx.Exec(`INSERT INTO account_settings (account_id, name, value) VALUES ($1, 'password_days', $2)`, a.id, strconv.Itoa(crowdPasswordDays))
	return err
}

// batch is rows that are written together.
type batch struct {
	users, history, factors, attempts           [][]any
	members, invitations, assignments, entities [][]any
	holders                                     map[holder]int64
	accounts                                    map[string]*crowdAccount
}

// holder is a role of an account.
type holder struct{ account, role string }

// person adds somebody.
func (b *batch) person(c *crowd, p *crowdPerson, fate crowdFate) {
	var hash any
	created := c.before(p.invited)
	if p.passwordAt != 0 {
		hash = c.hash
		b.history = append(b.history, []any{p.ID, p.passwordAt, c.hash})
		if c.random.IntN(14) > 0 { // else they have not set up the second factor yet
			b.factors = append(b.factors, []any{"", p.ID, "totp", "", nil, int64(0), c.before(p.came), p.LastSignInAt})
		}
	}
	b.users = append(b.users, []any{p.ID, p.FirstName, p.LastName, p.sort, p.search, p.Email, p.emailKey, p.Phone, string(p.Lang), p.TimeZone, "auto",
		hash, micros(p.passwordAt), micros(p.inactive), micros(p.LastSignInAt), int64(1), created})
	if fate == isLocked && c.locked < crowdLockedMost {
		c.locked++
		now := c.now.UnixMicro()
		b.attempts = append(b.attempts, []any{p.ID, int64(6), now + int64(1+c.random.IntN(29))*time.Minute.Microseconds(), now})
	}
}

var (
	userColumns       = strings.Fields("id first_name last_name sort_key search_key email email_key phone language time_zone theme password_hash password_set_at inactive_locked_at last_sign_in_at epoch created_at")
	historyColumns    = strings.Fields("user_id set_at hash")
	factorColumns     = strings.Fields("id user_id kind name sealed last_step created_at last_used_at")
	attemptColumns    = strings.Fields("user_id failed locked_until updated_at")
	memberColumns     = strings.Fields("account_id id user_id activated_at deactivated_at deactivated_by deactivation_reason first_administrator owner two_factor_required all_locations first_name last_name email phone language sort_key search_key epoch version created_at created_by number email_key last_sign_in_at password_set_at")
	invitationColumns = strings.Fields("account_id id membership_id token_hash created_at created_by expires_at used_at deactivated_at")
	assignmentColumns = strings.Fields("account_id id membership_id role_id all_entities valid_until created_at created_by")
	entityColumns     = strings.Fields("account_id assignment_id entity_id")
)

// member adds somebody to an account, as its i-th.
func (b *batch) member(c *crowd, a *crowdAccount, p *crowdPerson, fate crowdFate, i int) error {
	id, err := c.id("mem")
	if err != nil {
		return err
	}
	if b.accounts == nil {
		b.accounts, b.holders = map[string]*crowdAccount{}, map[holder]int64{}
	}
	b.accounts[a.id] = a
	first := i == 0 && a.number > 0
	by := a.owner
	if first {
		by = "demo"
	}
	invited := min(p.invited, float64(a.days)-1) // whoever worked elsewhere before came later
	came := min(p.came, invited*0.99)
	m := crowdMember{crowd: c, a: a, p: p, id: id, by: by, invited: c.before(invited), came: c.before(came)}
	if err := b.invitation(m, fate); err != nil {
		return err
	}
	var activated, deactivated, shutBy, password any
	reason, epoch, last := "", int64(1), int64(0)
	if p.came > 0 {
		activated, last, password = m.came, p.LastSignInAt, micros(p.passwordAt)
	}
	if fate == isDeactivated || fate == isShutOut {
		deactivated, shutBy, reason, epoch = c.before(min(p.invited, max(p.lastSeen, 0.1))*c.random.Float64()), a.owner, reasons[c.random.IntN(len(reasons))], 2
	}
	b.members = append(b.members, []any{a.id, id, p.ID, activated, deactivated, shutBy, reason, first, first, true, true, p.FirstName, p.LastName, p.Email, p.Phone, string(p.Lang),
		p.sort, p.search, epoch, int64(1), m.invited, by, a.next, p.emailKey, last, password})
	a.next++
	return b.access(m, i)
}

// crowdMember is somebody in an account.
type crowdMember struct {
	*crowd
	a       *crowdAccount
	p       *crowdPerson
	id, by  string
	invited int64 // µs
	came    int64 // µs
}

// invitation adds the link that somebody got. Nobody has its token.
func (b *batch) invitation(m crowdMember, fate crowdFate) error {
	hash := make([]byte, 32)
	if _, err := io.ReadFull(m.ids, hash); err != nil {
		return err
	}
	id, err := m.crowd.id("inv")
	if err != nil {
		return err
	}
	var used, off any
	switch {
	case m.p.came > 0:
		used = m.came
	case fate == isUninvited || fate == isShutOut:
		off = m.before(m.p.invited - 1)
	}
	b.invitations = append(b.invitations, []any{m.a.id, id, m.id, hash, m.invited, m.by, m.invited + (72 * time.Hour).Microseconds(), used, off})
	return nil
}

// access adds what somebody may do.
func (b *batch) access(m crowdMember, i int) error {
	all := i < m.a.administrators() || len(m.a.entities) == 0 || m.random.IntN(9) < 4
	for _, key := range m.rolesOf(m.a, i) {
		id, err := m.crowd.id("asg")
		if err != nil {
			return err
		}
		var until any
		if i >= m.a.administrators() && m.random.IntN(100) == 0 {
			until = m.now.AddDate(0, 0, 1+m.random.IntN(200)).UnixMicro()
		}
		b.assignments = append(b.assignments, []any{m.a.id, id, m.id, m.a.roles[key], all, until, m.invited, m.by})
		b.holders[holder{m.a.id, m.a.roles[key]}]++
		if all {
			continue
		}
		given := map[string]bool{}
		for range 1 + m.random.IntN(3) {
			given[m.a.entities[m.random.IntN(len(m.a.entities))]] = true
		}
		for _, e := range slices.Sorted(maps.Keys(given)) {
			b.entities = append(b.entities, []any{m.a.id, id, e})
		}
	}
	return nil
}

// write writes the rows, and what is counted and found by them; with look, the database first
// looks at its tables.
func (b *batch) write(tx *db.Tx, look bool) error {
	if err := b.seal(tx); err != nil {
		return err
	}
	for _, t := range []struct {
		table   string
		columns []string
		rows    [][]any
	}{
		{"users", userColumns, b.users}, {"password_history", historyColumns, b.history}, {"factors", factorColumns, b.factors}, {"signin_attempts", attemptColumns, b.attempts},
		{"memberships", memberColumns, b.members}, {"invitations", invitationColumns, b.invitations}, {"assignments", assignmentColumns, b.assignments}, {"assignment_entities", entityColumns, b.entities},
	} {
		if err := tx.Fill(t.table, t.columns, t.rows); err != nil {
			return fmt.Errorf("fill %s: %w", t.table, err)
		}
	}
	if look {
		if err := tx.Analyze(); err != nil {
			return fmt.Errorf("look at the tables: %w", err)
		}
	}
	var holders [][]any
	for h, n := range b.holders {
		holders = append(holders, []any{n, h.account, h.role})
	}
	if err := tx.ExecEach(`UPDATE roles SET holders = holders + $1 WHERE account_id = $2 AND id = $3`, holders); err != nil {
		return err
	}
	for _, id := range slices.Sorted(maps.Keys(b.accounts)) {
		if err := counted(tx, b.accounts[id]); err != nil {
			return err
		}
	}
	return nil
}

// seal gives every factor a key of its own.
func (b *batch) seal(tx *db.Tx) error {
	seed := make([]byte, 20)
	for _, f := range b.factors {
		if _, err := io.ReadFull(tx.Random(), seed); err != nil {
			return err
		}
		sealed, err := signin.SealSeed(tx, seed)
		if err != nil {
			return err
		}
		id, err := tx.ID("fac")
		if err != nil {
			return err
		}
		f[0], f[4] = id, sealed
	}
	return nil
}

// counted brings an account's counters up to date, opens it, and lets its people be
// found, those too whose password is over.
func counted(tx *db.Tx, a *crowdAccount) error {
	_, err := tx.Exec(`UPDATE accounts SET next_member = $1 WHERE id = $2`, a.next, a.id)
	if err != nil {
		return err
	}
	if err := roles.Count(tx, a.id); err != nil {
		return err
	}
	opened, err := tx.Exec(`UPDATE accounts SET is_open = TRUE WHERE id = $1 AND NOT is_open AND admins > 0`, a.id)
	if err != nil {
		return err
	}
	if opened > 0 {
		if err := audit.Record(tx, audit.Entry{Action: audit.AccountOpened, AccountID: a.id, Kind: "account", ID: a.id}); err != nil {
			return err
		}
	}
	if err := people.Index(tx, a.id, true); err != nil {
		return err
	}
	return people.Age(tx, a.id, crowdPasswordDays, 0)
}
