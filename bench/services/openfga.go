package main

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	openfgav1 "github.com/openfga/api/proto/openfga/v1"
	"github.com/openfga/language/pkg/go/transformer"
	"github.com/openfga/openfga/pkg/server"
	"github.com/openfga/openfga/pkg/storage"
	"github.com/openfga/openfga/pkg/storage/memory"
	"github.com/openfga/openfga/pkg/storage/migrate"
	"github.com/openfga/openfga/pkg/storage/sqlcommon"
	"github.com/openfga/openfga/pkg/storage/sqlite"
	"github.com/openfga/openfga/pkg/tuple"

	"countersign/bench/compare"
	"countersign/internal/access"
)

// openFGA is OpenFGA's server, asked in this process without a connection
// between, over one of its stores and with one way to say what a role is.
func openFGA(name string, upTo int, open func(dir string) (storage.OpenFGADatastore, func() error, error), roles func(compare.PlainWorld) (string, []*openfgav1.TupleKey)) compare.Peer {
	var stop ends
	return compare.Peer{
		Names: []string{name}, UpTo: upTo, Slow: true,
		Build: func(w access.World) ([]compare.Asked, error) {
			dir, err := os.MkdirTemp("", "openfga")
			if err != nil {
				return nil, err
			}
			stop = ends{func() error { return os.RemoveAll(dir) }}
			store, settle, err := open(dir)
			if err != nil {
				return nil, err
			}
			s, err := newOpenFGA(store)
			if err != nil {
				return nil, err
			}
			stop = append(stop, func() error { s.Close(); return nil })
			model, tuples := roles(compare.Plain(w))
			ask, err := openFGAFilled(s, model, tuples)
			if err != nil {
				return nil, err
			}
			return []compare.Asked{ask}, settle()
		},
		Stop: func() error { return stop.end() },
	}
}

func openFGAMemory(string) (storage.OpenFGADatastore, func() error, error) {
	return memory.New(memory.WithMaxTuplesPerWrite(written)), func() error { return nil }, nil
}

// openFGASQLite has SQLite look at what it holds once that is written: without,
// it takes an index that has it read all grants of a kind to find those of one user.
func openFGASQLite(dir string) (storage.OpenFGADatastore, func() error, error) {
	file := "file:" + filepath.Join(dir, "openfga.db")
	if err := migrate.RunMigrations(migrate.MigrationConfig{Engine: "sqlite", URI: file, Timeout: time.Minute, PingTimeout: time.Minute}); err != nil {
		return nil, nil, err
	}
	address, err := sqlite.PrepareDSN(file)
	if err != nil {
		return nil, nil, err
	}
	db, err := sql.Open("sqlite", address)
	if err != nil {
		return nil, nil, err
	}
	analyze := func() error {
		_, err := db.Exec("ANALYZE")
		return err
	}
	store, err := sqlite.NewWithDB(db, sqlcommon.NewConfig(sqlcommon.WithMaxTuplesPerWrite(written)))
	return store, analyze, err
}

// newOpenFGA is a server with its caches on, as the page on running in production
// advises. They keep answers for an hour: nothing changes while it is asked.
func newOpenFGA(store storage.OpenFGADatastore) (*server.Server, error) {
	return server.NewServerWithOpts(
		server.WithDatastore(store),
		server.WithCheckCacheLimit(100_000),
		server.WithCheckQueryCacheEnabled(true), server.WithCheckQueryCacheTTL(time.Hour),
		server.WithCheckIteratorCacheEnabled(true), server.WithCheckIteratorCacheTTL(time.Hour),
	)
}

// openFGAFilled writes a model and its tuples, and gives who asks.
func openFGAFilled(s *server.Server, dsl string, tuples []*openfgav1.TupleKey) (compare.Asked, error) {
	ctx := context.Background()
	made, err := s.CreateStore(ctx, &openfgav1.CreateStoreRequest{Name: "bench"})
	if err != nil {
		return nil, err
	}
	parsed, err := transformer.TransformDSLToProto(dsl)
	if err != nil {
		return nil, err
	}
	model, err := s.WriteAuthorizationModel(ctx, &openfgav1.WriteAuthorizationModelRequest{
		StoreId: made.GetId(), SchemaVersion: parsed.GetSchemaVersion(), TypeDefinitions: parsed.GetTypeDefinitions(),
	})
	if err != nil {
		return nil, err
	}
	for some := range slices.Chunk(tuples, written) {
		if _, err := s.Write(ctx, &openfgav1.WriteRequest{
			StoreId: made.GetId(), AuthorizationModelId: model.GetAuthorizationModelId(), Writes: &openfgav1.WriteRequestWrites{TupleKeys: some},
		}); err != nil {
			return nil, err
		}
	}
	return func(q *compare.Question) bool {
		answer, err := s.Check(ctx, &openfgav1.CheckRequest{
			StoreId: made.GetId(), AuthorizationModelId: model.GetAuthorizationModelId(),
			TupleKey: tuple.NewCheckRequestTupleKey("entity:"+q.Entity, relation(q.Action), "user:"+q.User),
		})
		return err == nil && answer.GetAllowed()
	}, nil
}

// rolesAsRelations is what the page on modelling roles prefers where roles are
// known beforehand, as those that are asked about are: each is a relation.
func rolesAsRelations(p compare.PlainWorld) (dsl string, tuples []*openfgav1.TupleKey) {
	var model strings.Builder
	model.WriteString("model\n  schema 1.1\ntype user\ntype entity\n  relations\n    define parent: [entity]\n")
	for _, r := range p.Roles {
		fmt.Fprintf(&model, "    define %s: [user]\n", r.Key)
	}
	for _, a := range actions(p) {
		fmt.Fprintf(&model, "    define %s: %s or %s from parent\n", a.relation, strings.Join(a.roles, " or "), a.relation)
	}
	for e, above := range parents(p) {
		tuples = append(tuples, tuple.NewTupleKey("entity:"+e, "parent", "entity:"+above))
	}
	for g := range given(p) {
		tuples = append(tuples, tuple.NewTupleKey("entity:"+g.entity, g.role, "user:"+g.user))
	}
	return model.String(), tuples
}

// rolesAsData is what the same page calls role assignments: customers can make
// roles. A role says for each action that whoever has it may do it, and all who
// have it over an entity are in one assignment.
func rolesAsData(p compare.PlainWorld) (dsl string, tuples []*openfgav1.TupleKey) {
	var role, assignment, entity strings.Builder
	for _, a := range actions(p) {
		fmt.Fprintf(&role, "    define %s: [user:*]\n", a.relation)
		fmt.Fprintf(&assignment, "    define %s: assignee and %s from role\n", a.relation, a.relation)
		fmt.Fprintf(&entity, "    define %s: %s from assignment or %s from parent\n", a.relation, a.relation, a.relation)
		for _, r := range a.roles {
			tuples = append(tuples, tuple.NewTupleKey("role:"+r, a.relation, "user:*"))
		}
	}
	for e, above := range parents(p) {
		tuples = append(tuples, tuple.NewTupleKey("entity:"+e, "parent", "entity:"+above))
	}
	made := map[string]bool{}
	for g := range given(p) {
		id := "assignment:" + g.entity + "." + g.role
		if !made[id] {
			made[id] = true
			tuples = append(tuples, tuple.NewTupleKey(id, "role", "role:"+g.role), tuple.NewTupleKey("entity:"+g.entity, "assignment", id))
		}
		tuples = append(tuples, tuple.NewTupleKey(id, "assignee", "user:"+g.user))
	}
	return "model\n  schema 1.1\ntype user\n" +
		"type role\n  relations\n" + role.String() +
		"type assignment\n  relations\n    define assignee: [user]\n    define role: [role]\n" + assignment.String() +
		"type entity\n  relations\n    define parent: [entity]\n    define assignment: [assignment]\n" + entity.String(), tuples
}
