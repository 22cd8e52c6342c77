package audit_test

import (
	"database/sql"
	"flag"
	"fmt"
	"slices"
	"testing"
	"time"

	"countersign/internal/access"
	"countersign/internal/audit"
	"countersign/internal/db"
	"countersign/internal/test/testdb"
)

var entries = flag.Int64("entries", 3_000_000, "how long the log is that BenchmarkSearch searches")

// The world of BenchmarkSearch: a platform, ten facilitators with ten partners
// each, and a hundred merchants with a legal entity below every partner. A year
// of entries; a fifth of them are of one merchant. One in ten thousand is of a
// kind that nothing else is, one in fifty was refused.
const (
	facilitators = 10
	partners     = 10 // of a facilitator
	merchants    = 100
	yearMicros   = int64(365 * 24 * 3600 * 1e6)
)

var yearBegan = time.Date(2025, 11, 1, 0, 0, 0, 0, time.UTC)

// BenchmarkSearch measures a page of fifty entries for those who look: the
// platform, the small merchant, the busy one, and a partner between them.
func BenchmarkSearch(b *testing.B) {
	testdb.Bench(b, func(b *testing.B, d *db.DB) {
		fillLog(b, d, *entries)
		benchSearch(b, d)
	})
}

func benchSearch(b *testing.B, d *db.DB) {
	{
		over := func(path string) []access.Reach { return []access.Reach{{Paths: []string{path}, AllLocations: true}} }
		day := yearBegan.AddDate(0, 5, 0)
		busy, small, partner := merchantPath(0), merchantPath(4321), merchantPath(4321)[:18]
		few := []access.Reach{{Paths: []string{merchantPath(7), merchantPath(5000), merchantPath(9999)}, AllLocations: true}}
		for _, c := range []struct {
			name string
			q    audit.Query
		}{
			{"platform", audit.Query{Reach: over("000000")}},
			{"platform, deep", audit.Query{Reach: over("000000"), Before: *entries / 2}},
			{"platform, rare kind", audit.Query{Reach: over("000000"), Action: audit.AccountCreated}},
			{"platform, common kind", audit.Query{Reach: over("000000"), Action: audit.SignedIn}},
			{"platform, group refused", audit.Query{Reach: over("000000"), Actions: audit.Group(audit.GroupPeople), Outcome: audit.Refused}},
			{"platform, a day", audit.Query{Reach: over("000000"), From: day, Until: day.AddDate(0, 0, 1)}},
			{"platform, person", audit.Query{Reach: over("000000"), Person: "usr_4321"}},
			{"platform, address", audit.Query{Reach: over("000000"), IP: "10.0.3.7"}},
			{"platform, request", audit.Query{Reach: over("000000"), RequestID: "req_77777"}},
			{"small merchant", audit.Query{Reach: over(small)}},
			{"small merchant, refused", audit.Query{Reach: over(small), Outcome: audit.Refused}},
			{"small merchant, kind it never had", audit.Query{Reach: over(small), Action: audit.FactorReset}},
			{"small merchant, a day", audit.Query{Reach: over(small), From: day, Until: day.AddDate(0, 0, 1)}},
			{"small merchant, person", audit.Query{Reach: over(small), Person: "usr_4321"}},
			{"small merchant, somebody else's person", audit.Query{Reach: over(small), Person: "usr_4322"}},
			{"busy merchant", audit.Query{Reach: over(busy)}},
			{"busy merchant, refused", audit.Query{Reach: over(busy), Outcome: audit.Refused}},
			{"busy merchant, kind it never had", audit.Query{Reach: over(busy), Action: audit.AccountCreated}},
			{"busy merchant, a month", audit.Query{Reach: over(busy), From: day, Until: day.AddDate(0, 1, 0)}},
			{"partner", audit.Query{Reach: over(partner)}},
			{"partner, rare kind", audit.Query{Reach: over(partner), Action: audit.AccountCreated}},
			{"partner, common kind", audit.Query{Reach: over(partner), Action: audit.SignedIn}},
			{"three merchants of many", audit.Query{Reach: few}},
		} {
			c.q.Limit = 50
			b.Run(c.name, func(b *testing.B) {
				var took []time.Duration
				for b.Loop() {
					start := time.Now()
					err := d.View(b.Context(), func(tx *db.Tx) error {
						_, err := audit.Look(tx, c.q)
						return err
					})
					if err != nil {
						b.Fatal(err)
					}
					took = append(took, time.Since(start))
				}
				slices.Sort(took)
				b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "median-ms")
			})
		}
	}
}

func pathPart(n int) string {
	const digits = "0123456789abcdefghijklmnopqrstuv"
	return "000" + string([]byte{digits[n>>10&31], digits[n>>5&31], digits[n&31]})
}

func merchantPath(n int) string {
	p := n / merchants
	return "000000" + pathPart(p/partners+1) + pathPart(p%partners+1) + pathPart(n%merchants+1)
}

// fillLog makes the tree, and the entries in the database itself.
func fillLog(b *testing.B, d *db.DB, n int64) {
	b.Helper()
	do := func(f func(tx *db.Tx) error) {
		b.Helper()
		err := d.Update(b.Context(), db.Who{Kind: db.System, ID: "bench"}, func(tx *db.Tx) error {
			if err := f(tx); err != nil {
				return err
			}
			return audit.Record(tx, audit.Entry{Action: audit.DemoFilled, Kind: "test"})
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	do(func(tx *db.Tx) error {
		add := func(id, account, parent, kind, path string) error {
			_, err := tx.Exec(`INSERT INTO entities (id, account_id, parent_id, kind, customer_id, name, search_key, path, created_at)
				VALUES ($1, $2, NULLIF($3, ''), $4, $1, $1, $1, $5, 1)`, id, account, parent, kind, path)
			return err
		}
		if err := add("ent_root", "acc_root", "", "platform", "000000"); err != nil {
			return err
		}
		for m := range facilitators * partners * merchants {
			p, path := m/merchants, merchantPath(m)
			f, up, id := fmt.Sprintf("f%d", p/partners), fmt.Sprintf("p%d", p), fmt.Sprint(m)
			for _, e := range [][5]string{{"ent_" + f, "acc_" + f, "ent_root", "facilitator", path[:12]}, {"ent_" + up, "acc_" + up, "ent_" + f, "partner", path[:18]},
				{"ent_" + id, "acc_" + id, "ent_" + up, "merchant", path}, {"ent_" + id + "l", "acc_" + id, "ent_" + id, "legal_entity", path + "000001"}} {
				if e[3] == "facilitator" && m%(merchants*partners) != 0 || e[3] == "partner" && m%merchants != 0 {
					continue
				}
				if err := add(e[0], e[1], e[2], e[3], e[4]); err != nil {
					return err
				}
			}
		}
		return nil
	})
	indexes := logIndexes(b, d, do)
	const batch = 250_000
	for from := int64(1000); from < n; from += batch {
		do(func(tx *db.Tx) error {
			_, err := tx.Exec(bulk, from, min(from+batch, n), yearBegan.UnixMicro(), yearMicros/n)
			return err
		})
	}
	do(func(tx *db.Tx) error {
		for _, text := range append(indexes, `ANALYZE`) {
			if _, err := tx.Exec(text); err != nil {
				return err
			}
		}
		return nil
	})
}

// logIndexes takes the log's indexes away, for the time in which it is filled,
// and gives the texts that make them again.
func logIndexes(b *testing.B, d *db.DB, do func(func(*db.Tx) error)) (texts []string) {
	b.Helper()
	list := `SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'audit_entries' AND indexname NOT LIKE '%_pkey'`
	if d.IsSQLite() {
		list = `SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = 'audit_entries' AND sql IS NOT NULL`
	}
	do(func(tx *db.Tx) error {
		names, err := db.All(tx, func(r *sql.Rows) (name string, err error) {
			var text string
			err = r.Scan(&name, &text)
			texts = append(texts, text)
			return name, err
		}, list)
		for _, name := range names {
			if _, err := tx.Exec(`DROP INDEX ` + name); err != nil {
				return err
			}
		}
		return err
	})
	return texts
}

// bulk writes the entries with numbers from $1 on and before $2. i * 7919 % m
// spreads them over merchants, people and kinds.
const bulk = `INSERT INTO audit_entries (seq, at, actor_kind, actor_id, actor_account, account_id, entity_id, action, outcome, reason,
		target_kind, target_id, ip, user_agent, request_id, repeats, changes, person_id)
	WITH RECURSIVE n (i) AS (SELECT CAST($1 AS BIGINT) UNION ALL SELECT i + 1 FROM n WHERE i + 1 < CAST($2 AS BIGINT)),
	m (i, x) AS (SELECT i, CASE WHEN i % 5 = 0 THEN 0 ELSE i * 7919 % 10000 END FROM n)
	SELECT i, CAST($3 AS BIGINT) + i * CAST($4 AS BIGINT), 'user', 'usr_' || CAST(x + 10000 * (i % 7) AS TEXT), 'acc_' || CAST(x AS TEXT), 'acc_' || CAST(x AS TEXT), 'ent_' || CAST(x AS TEXT),
		CASE WHEN i % 10000 = 1 THEN 'account.created' WHEN i % 3 = 0 THEN 'session.started' WHEN i % 3 = 1 THEN 'session.ended' WHEN i % 5 = 2 THEN 'user.invited' ELSE 'user.access_changed' END,
		CASE WHEN i % 50 = 0 THEN 'refused' ELSE 'done' END, '', 'user', 'usr_' || CAST(x + 10000 * (i % 11) AS TEXT),
		'10.0.' || CAST(i % 251 AS TEXT) || '.' || CAST(x % 250 AS TEXT), 'Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0', 'req_' || CAST(i AS TEXT), 1, '[]', ''
	FROM m`
