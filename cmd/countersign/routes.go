package main

import (
	"fmt"
	"net/http"
	"strings"

	"countersign/internal/api"
	"countersign/internal/fault"
	"countersign/internal/portal"
	"countersign/internal/signin"
	"countersign/internal/web"
)

// served is everything that answers on the public address.
type served struct {
	portal *portal.Portal
	api    *api.API
	http.Handler
}

// routes puts the portal and the APIs behind the edge. The portal lists its
// addresses in portal.Routes, the API in api.Operations; a test holds that each
// of them is tried as every kind of actor. places may be nil.
func routes(r *rooms, edge *web.Edge, places *signin.Places) (*served, error) {
	assets, err := portal.LoadAssets()
	if err != nil {
		return nil, fmt.Errorf("assets: %w", err)
	}
	if missing := assets.Missing(); len(missing) > 0 {
		r.log.Warn("built without some browser assets: the pages work and are plain; build with 'make build'", "missing", missing)
	}
	pages, err := portal.NewRenderer(assets)
	if err != nil {
		return nil, fmt.Errorf("pages: %w", err)
	}
	s := &served{
		portal: &portal.Portal{Edge: edge, DB: r.db, Live: r.live, Profiles: r.profiles, Audit: r.audit, Org: r.org, Roles: r.roles, Resources: r.resources, People: r.people, Door: r.door, Help: r.help,
			Places: places, Assets: assets, Renderer: pages},
		api: api.New(api.Parts{Edge: edge, People: r.people, Org: r.org, Roles: r.roles, Resources: r.resources, Profiles: r.profiles, Keeper: r.keeper, Help: r.help, Places: places}),
	}
	mux := http.NewServeMux()
	edge.Routes(mux, s.portal.Answer, s.portal.Routes())
	s.api.Register(mux)
	s.Handler = edge.Handler(mux, s.answer)
	return s, nil
}

// answer shows what went wrong before a route was found: a page to people, a
// problem to programs.
func (s *served) answer(w http.ResponseWriter, r *http.Request, v *web.Visit, f *fault.Error) {
	if strings.HasPrefix(r.URL.Path, "/api/") || web.Deciding(r) {
		api.Answer(w, r, v, f)
		return
	}
	s.portal.Answer(w, r, v, f)
}
