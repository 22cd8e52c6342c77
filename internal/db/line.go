package db

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"sync"
)

// A line is a connection with one transaction on it. Lines begin and commit by
// statements of their own and not through sql.Tx, for speed: SQLite's lines stay
// open and keep their statements prepared (parsing one costs more than running
// it), PostgreSQL's send several statements in one round trip.
type line struct {
	conn       *sql.Conn
	statements map[string]*sql.Stmt // nil on PostgreSQL, where the driver keeps them
}

// maxStatements bounds what a line keeps prepared; texts are constants of the
// code, so only a query with a list of varying length can reach it.
const maxStatements = 500

// prepared gives the statement, parsed at most once on this line.
func (l *line) prepared(ctx context.Context, query string) (*sql.Stmt, error) {
	if s := l.statements[query]; s != nil {
		return s, nil
	}
	if len(l.statements) >= maxStatements {
		l.forget()
	}
	s, err := l.conn.PrepareContext(ctx, query)
	if err == nil {
		l.statements[query] = s
	}
	return s, err
}

func (l *line) forget() {
	for query, s := range l.statements {
		s.Close()
		delete(l.statements, query)
	}
}

func (l *line) exec(ctx context.Context, query string, args ...any) (sql.Result, error) {
	if l.statements == nil {
		return l.conn.ExecContext(ctx, query, args...)
	}
	s, err := l.prepared(ctx, query)
	if err != nil {
		return nil, err
	}
	return s.ExecContext(ctx, args...)
}

// query may use the prepared statement only when no other rows of it are open.
func (l *line) query(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	if l.statements == nil {
		return l.conn.QueryContext(ctx, query, args...)
	}
	s, err := l.prepared(ctx, query)
	if err != nil {
		return nil, err
	}
	return s.QueryContext(ctx, args...)
}

// close gives the connection back to its pool, or throws it away.
func (l *line) close(broken bool) {
	l.forget()
	if broken {
		l.conn.Raw(func(any) error { return driver.ErrBadConn })
	}
	l.conn.Close()
}

// lines hands out the lines of a pool: on SQLite at most so many, and they stay
// open; on PostgreSQL the pool itself does all that is needed.
type lines struct {
	pool *sql.DB
	keep bool
	turn chan struct{} // one for each line that may be in use, nil without a limit of our own

	mu     sync.Mutex
	idle   []*line
	closed bool
}

func keptLines(pool *sql.DB, limit int) *lines {
	pool.SetMaxOpenConns(limit)
	pool.SetMaxIdleConns(limit)
	return &lines{pool: pool, keep: true, turn: make(chan struct{}, limit)}
}

// take waits for a line, in the order of asking.
func (p *lines) take(ctx context.Context) (*line, error) {
	if !p.keep {
		conn, err := p.pool.Conn(ctx)
		return &line{conn: conn}, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	select {
	case p.turn <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if l := p.pick(); l != nil {
		return l, nil
	}
	conn, err := p.pool.Conn(ctx)
	if err != nil {
		<-p.turn
		return nil, err
	}
	return &line{conn, map[string]*sql.Stmt{}}, nil
}

// pick gives the line that was used last, whose statements are most likely prepared.
func (p *lines) pick() *line {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := len(p.idle)
	if n == 0 {
		return nil
	}
	l := p.idle[n-1]
	p.idle = p.idle[:n-1]
	return l
}

// give takes a line back; a broken one is thrown away.
func (p *lines) give(l *line, broken bool) {
	if !p.keep {
		l.close(broken)
		return
	}
	p.mu.Lock()
	if broken || p.closed {
		l.close(broken)
	} else {
		p.idle = append(p.idle, l)
	}
	p.mu.Unlock()
	<-p.turn
}

// close closes the pool; lines in use go when they are given back.
func (p *lines) close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	for _, l := range p.idle {
		l.close(false)
	}
	p.idle = nil
	return p.pool.Close()
}

// refresh drops connections that wait in the pool: after the server was away
// they are dead, all of them.
func (p *lines) refresh(limit int) {
	p.pool.SetMaxIdleConns(0)
	p.pool.SetMaxIdleConns(limit)
}
