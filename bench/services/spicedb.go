package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	v1 "github.com/authzed/authzed-go/proto/authzed/api/v1"
	"github.com/authzed/spicedb/pkg/cmd/datastore"
	"github.com/authzed/spicedb/pkg/cmd/server"
	"github.com/authzed/spicedb/pkg/cmd/util"
	"github.com/authzed/spicedb/pkg/datalayer"
	spicestore "github.com/authzed/spicedb/pkg/datastore"
	"github.com/authzed/spicedb/pkg/embedded"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"countersign/bench/compare"
	"countersign/internal/access"
)

// spiceDB is SpiceDB with its store in memory, asked in two ways: through
// what it offers to programs that embed it, which keeps no answers, and as the
// server that it is, with its caches, over a connection within this process.
func spiceDB() compare.Peer {
	var s spice
	return compare.Peer{
		Names: []string{"SpiceDB, embedded", "SpiceDB, its server with caches"}, UpTo: 10_000, Slow: true,
		Build: func(w access.World) ([]compare.Asked, error) {
			if err := s.start(); err != nil {
				return nil, err
			}
			if err := s.fill(compare.Plain(w)); err != nil {
				return nil, err
			}
			return []compare.Asked{s.askEmbedded, s.askServer}, nil
		},
		Stop: func() error { return s.ends.end() },
	}
}

type spice struct {
	ctx      context.Context // until it is stopped
	embedded *embedded.Permissions
	conn     *grpc.ClientConn
	server   v1.PermissionsServiceClient
	ends     ends
}

// start begins both over one store. Its schema is kept in the newer form, as is
// advised to who embeds it. For an hour its caches take what they hold for
// current: nothing changes while it is asked.
func (s *spice) start() error {
	ctx, cancel := context.WithCancel(context.Background())
	s.ctx, s.ends = ctx, ends{func() error { cancel(); return nil }}
	store, err := datastore.NewDatastore(ctx, datastore.DefaultDatastoreConfig().ToOption(),
		datastore.WithRevisionQuantization(time.Hour), datastore.WithEnableDatastoreMetrics(false))
	if err != nil {
		return err
	}
	s.ends = append(s.ends, store.Close)
	runnable, err := spiceServer(store).Complete(ctx)
	if err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- runnable.Run(ctx) }()
	s.ends = append(s.ends, func() error { cancel(); return <-ended })
	if s.conn, err = runnable.NewClient(grpc.WithTransportCredentials(insecure.NewCredentials())); err != nil {
		return err
	}
	s.server, s.ends = v1.NewPermissionsServiceClient(s.conn), append(s.ends, s.conn.Close)
	s.embedded, err = embedded.NewPermissions(embedded.Config{
		Datastore: store, SchemaMode: datalayer.SchemaModeReadNewWriteNew, SchemaCacheMaxCostBytes: 16 << 20,
	})
	if err != nil {
		return err
	}
	s.ends = append(s.ends, s.embedded.Close)
	return nil
}

// spiceServer is as it comes, without what reports about it: metrics, and telemetry to its makers.
func spiceServer(store spicestore.Datastore) *server.Config {
	c := server.NewConfigWithOptionsAndDefaults(
		server.WithDatastore(store), server.WithExperimentalSchemaMode("read-new-write-new"),
		server.WithGRPCServer(util.GRPCServerConfig{Network: util.BufferedNetwork, Enabled: true, MaxConnAge: time.Hour}),
		server.WithGRPCAuthFunc(func(ctx context.Context) (context.Context, error) { return ctx, nil }),
		server.WithMetricsAPI(util.HTTPServerConfig{}), server.WithDisableGRPCLatencyHistogram(true),
		server.WithEnableMemoryProtectionMiddleware(false), server.WithDisableVersionResponse(true),
		server.WithSilentlyDisableTelemetry(true), server.WithTelemetryEndpoint(""),
	)
	for _, cache := range []*server.CacheConfig{&c.NamespaceCacheConfig, &c.StoredSchemaCacheConfig, &c.DispatchCacheConfig, &c.ClusterDispatchCacheConfig} {
		cache.Metrics = false // a second server's would have the same names
	}
	return c
}

// fill writes the schema and the relationships.
func (s *spice) fill(p compare.PlainWorld) error {
	if _, err := v1.NewSchemaServiceClient(s.conn).WriteSchema(s.ctx, &v1.WriteSchemaRequest{Schema: spiceSchema(p)}); err != nil {
		return err
	}
	stream, err := s.server.ImportBulkRelationships(s.ctx)
	if err != nil {
		return err
	}
	for some := range slices.Chunk(spiceRelationships(p), written) {
		if err := stream.Send(&v1.ImportBulkRelationshipsRequest{Relationships: some}); err != nil {
			return err
		}
	}
	_, err = stream.CloseAndRecv()
	return err
}

func spiceSchema(p compare.PlainWorld) string {
	var out strings.Builder
	out.WriteString("definition user {}\ndefinition entity {\n\trelation parent: entity\n")
	for _, r := range p.Roles {
		fmt.Fprintf(&out, "\trelation %s: user\n", r.Key)
	}
	for _, a := range actions(p) {
		fmt.Fprintf(&out, "\tpermission %s = %s + parent->%s\n", a.relation, strings.Join(a.roles, " + "), a.relation)
	}
	return out.String() + "}\n"
}

func spiceRelationships(p compare.PlainWorld) (out []*v1.Relationship) {
	add := func(entity, relation, kind, id string) {
		out = append(out, &v1.Relationship{
			Resource: &v1.ObjectReference{ObjectType: "entity", ObjectId: entity}, Relation: relation,
			Subject: &v1.SubjectReference{Object: &v1.ObjectReference{ObjectType: kind, ObjectId: id}},
		})
	}
	for e, above := range parents(p) {
		add(e, "parent", "entity", above)
	}
	for g := range given(p) {
		add(g.entity, g.role, "user", g.user)
	}
	return out
}

func (s *spice) askEmbedded(q *compare.Question) bool {
	answer, err := s.embedded.Check(s.ctx, embedded.CheckRequest{
		ResourceType: "entity", ResourceID: q.Entity, Permission: relation(q.Action), SubjectType: "user", SubjectID: q.User,
	})
	return err == nil && answer.HasPermission
}

func (s *spice) askServer(q *compare.Question) bool {
	answer, err := s.server.CheckPermission(s.ctx, &v1.CheckPermissionRequest{
		Consistency: &v1.Consistency{Requirement: &v1.Consistency_MinimizeLatency{MinimizeLatency: true}},
		Resource:    &v1.ObjectReference{ObjectType: "entity", ObjectId: q.Entity}, Permission: relation(q.Action),
		Subject: &v1.SubjectReference{Object: &v1.ObjectReference{ObjectType: "user", ObjectId: q.User}},
	})
	return err == nil && answer.GetPermissionship() == v1.CheckPermissionResponse_PERMISSIONSHIP_HAS_PERMISSION
}
