// Package api answers programs: the JSON API under /api/v1 with its OpenAPI 3.1
// document at /api/openapi.json, and the decisions of AuthZEN (Authorization API
// 1.0) under /access/v1 and /.well-known/authzen-configuration.
//
//	adapter.go    how a typed function becomes a route: parameters, body, answer
//	body.go       what a body must be; each wrong field is named
//	problem.go, answer.go   refusals: RFC 9457 problems, and AuthZEN's plain texts
//	document.go   the OpenAPI document, made from the same types
//	session.go, activation.go, reset.go, email.go, me.go, factors.go   the way in, and one's own account
//	users.go, users_change.go, users_help.go, users_many.go, accounts.go, operators.go, tree.go,
//	types.go, user_properties.go, resources.go, values.go,
//	roles.go, roles_change.go, policies.go, toxic.go, effect.go, tokens.go, log.go, search.go
//	authzen*.go   decisions, by a path of their own: they are asked for all day
//
// A route's function reads its input, calls one use case, and returns what is
// answered; a refusal is returned as it came. Every operation says what it needs
// and which permission its use case asks for (Operation), also in the document,
// as x-needs and x-permission.
//
// The one rule: the API decides nothing. It calls what the portal calls.
package api

import (
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"countersign/internal/org"
	"countersign/internal/people"
	"countersign/internal/profile"
	"countersign/internal/resource"
	"countersign/internal/roles"
	"countersign/internal/signin"
	"countersign/internal/snapshot"
	"countersign/internal/web"
)

// Parts are the rooms that the API calls. All but Places must be given.
type Parts struct {
	Edge      *web.Edge
	People    *people.People
	Org       *org.Org
	Roles     *roles.Roles
	Resources *resource.Resources
	Profiles  profile.Profiles
	Keeper    *snapshot.Keeper
	Help      *signin.Help
	Places    *signin.Places // may be nil: network addresses are not placed
}

// API serves programs. Make it with New.
type API struct {
	Parts
	huma       huma.API
	operations []Operation
	routes     []web.Route // of the JSON API
	seen       tokensSeen
}

// Operation is one method of one address, as the document has it.
type Operation struct {
	Method, Path string
	Needs        web.Needs
	Permission   string // that its use case asks for; "" when it asks for none
	Body         bool   // it reads one
}

// New makes the API with all its operations.
func New(p Parts) *API {
	a := &API{Parts: p}
	a.huma = newHuma(a, p.Edge.PublicURL())
	for _, group := range []func(){a.sessionRoutes, a.activationRoutes, a.resetRoutes, a.emailRoutes, a.meRoutes, a.factorRoutes, a.userRoutes, a.changeRoutes, a.helpRoutes, a.manyRoutes, a.explainRoutes,
		a.accountRoutes, a.operatorRoutes, a.searchRoutes, a.roleRoutes, a.roleChangeRoutes, a.policyRoutes, a.matrixRoutes, a.toxicRoutes, a.treeRoutes, a.tokenRoutes, a.typeRoutes, a.userPropertyRoutes, a.resourceRoutes, a.logRoutes, a.authzenDocument, a.documentRoute} {
		group()
	}
	return a
}

// Operations lists all there is, for tests that must miss none.
func (a *API) Operations() []Operation { return append([]Operation(nil), a.operations...) }

// Register puts the API on a mux, with an answer for every method of its
// addresses and for every other address below /api/ and /access/.
func (a *API) Register(mux *http.ServeMux) {
	a.Edge.Routes(mux, problem, a.routes)
	a.Edge.Routes(mux, problem, a.otherwise("/api/", false))
	a.Edge.Routes(mux, sentence, a.authzenRoutes())
	a.Edge.Routes(mux, sentence, a.otherwise("/api/", true))
}

// Close waits for what is still being written.
func (a *API) Close() { a.seen.wait() }
