package server

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// verdict looks for secrets where there must be none, while the program runs (its write-ahead log is still there) and
// after it has stopped.
func (s *Server) verdict() {
	if s.process != nil {
		s.search(s.stored())
		s.Stop()
	}
	s.search(s.stored())
	logs, err := filepath.Glob(filepath.Join(s.folder, "log-*"))
	if err != nil || len(logs) == 0 {
		s.t.Errorf("no log to look at: %v", err)
	}
	for _, name := range logs {
		text, err := os.ReadFile(name)
		if err != nil {
			s.t.Error(err)
		}
		if !strings.Contains(string(text), `"listening"`) {
			s.t.Errorf("%s is no log", name) // a search that looks at nothing finds nothing
		}
		s.search(map[string]string{"the log": string(text)})
	}
	if s.t.Failed() {
		s.t.Logf("the server's log:\n%s", last(s.Log(), 20))
	}
}

func (s *Server) search(places map[string]string) {
	s.secrets.Lock()
	defer s.secrets.Unlock()
	if len(s.secrets.seen) == 0 {
		s.t.Error("no secret to look for")
	}
	for _, leak := range leaks(s.secrets.seen, places) {
		s.t.Error(leak)
	}
}

// leaks says which secrets stand where.
func leaks(secrets, places map[string]string) (found []string) {
	for place, text := range places {
		for secret, what := range secrets {
			if strings.Contains(text, secret) {
				found = append(found, "T-8.3.2: "+what+" stands in "+place)
			}
		}
	}
	return found
}

// stored is all that the database holds, as text.
func (s *Server) stored() map[string]string {
	places := map[string]string{}
	if s.o.Postgres {
		places["the database"] = s.dump()
	} else {
		files, _ := filepath.Glob(s.Database + "*")
		for _, name := range files {
			content, err := os.ReadFile(name)
			if err != nil && !os.IsNotExist(err) { // a checkpoint may have removed it
				s.t.Error(err)
			}
			places[filepath.Base(name)] = string(content)
		}
	}
	var whole strings.Builder
	for _, text := range places {
		whole.WriteString(text)
	}
	if !strings.Contains(whole.String(), "PLATFORM") {
		s.t.Error("what is searched for secrets is not the database") // the same again
	}
	return places
}

// dump is every row of every table of a PostgreSQL database; bytes are decoded, as a secret may stand in them.
func (s *Server) dump() string {
	ctx, stop := context.WithTimeout(context.Background(), time.Minute)
	defer stop()
	c, err := pgx.Connect(ctx, s.Database)
	if err != nil {
		s.t.Error(err)
		return ""
	}
	defer c.Close(ctx)
	tables, err := collect(ctx, c, `SELECT quote_ident(table_name) FROM information_schema.tables WHERE table_schema = 'public'`)
	if err != nil {
		s.t.Error(err)
	}
	var b strings.Builder
	for _, table := range tables {
		rows, err := c.Query(ctx, `SELECT * FROM `+table)
		if err != nil {
			s.t.Error(err)
			continue
		}
		for rows.Next() {
			for _, raw := range rows.RawValues() {
				b.Write(raw)
				b.WriteByte('\n')
			}
		}
		if err := rows.Err(); err != nil {
			s.t.Error(err)
		}
	}
	return b.String()
}

func collect(ctx context.Context, c *pgx.Conn, query string) ([]string, error) {
	rows, err := c.Query(ctx, query)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}

func last(text string, lines int) string {
	all := strings.Split(strings.TrimRight(text, "\n"), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}
