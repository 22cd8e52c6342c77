package api

import (
	"net/http"

	"countersign/internal/web"
)

// The shapes of AuthZEN, for the document alone: requests are read by decoder,
// answers written by asking.

// Subject is the person about whom is asked.
type Subject struct {
	_          struct{}       `json:"-" additionalProperties:"true"`
	Type       string         `json:"type" doc:"user" example:"user"`
	ID         string         `json:"id" doc:"The user's id." example:"usr_355c06m61fbe6bnepsk8mvrwym"`
	Properties map[string]any `json:"properties,omitempty" doc:"Not read: what is known of a person stands in the store."`
}

// Action is the second half of a permission.
type Action struct {
	_          struct{}       `json:"-" additionalProperties:"true"`
	Name       string         `json:"name" example:"export"`
	Properties map[string]any `json:"properties,omitempty" doc:"Not read."`
}

// Resource is what it is to be done to.
type Resource struct {
	_          struct{}           `json:"-" additionalProperties:"true"`
	Type       string             `json:"type" doc:"The first half of a permission." example:"transactions"`
	ID         string             `json:"id" doc:"Not interpreted." example:"txn-1"`
	Properties ResourceProperties `json:"properties,omitzero"`
}

// ResourceProperties are what decisions read of a resource.
type ResourceProperties struct {
	_        struct{} `json:"-" additionalProperties:"true"`
	Entity   string   `json:"entity,omitempty" doc:"Id or customer ID; without it the answer is deny." example:"SHOP-42"`
	Location string   `json:"location,omitempty" doc:"Location id." example:"loc_355c06m61fbe6bnepsk8mvrwym"`
	Owner    string   `json:"owner,omitempty" doc:"User id of whose record it is." example:"usr_355c06m61fbe6bnepsk8mvrwym"`
	State    string   `json:"state,omitempty" example:"pending"`
	Amount   int64    `json:"amount,omitempty" doc:"In minor units, a whole number." example:"12550"`
	Currency string   `json:"currency,omitempty" doc:"ISO 4217." example:"CHF"`
}

// Circumstances are the context of a request.
type Circumstances struct {
	_       struct{} `json:"-" additionalProperties:"true"`
	IP      string   `json:"ip,omitempty" doc:"The person's address." example:"192.0.2.7"`
	Session string   `json:"session,omitempty" doc:"Reference of the person's session, as GET /api/v1/session tells it; without it there is no second factor." example:"ses_355c06m61fbe6bnepsk8mvrwym"`
}

// Evaluation is one question.
type Evaluation struct {
	_        struct{}      `json:"-" additionalProperties:"true"`
	Subject  Subject       `json:"subject"`
	Action   Action        `json:"action"`
	Resource Resource      `json:"resource"`
	Context  Circumstances `json:"context,omitzero"`
}

// Evaluations are several questions; what stands beside them holds for each that
// does not say otherwise.
type Evaluations struct {
	_           struct{}          `json:"-" additionalProperties:"true"`
	Subject     Subject           `json:"subject,omitzero"`
	Action      Action            `json:"action,omitzero"`
	Resource    Resource          `json:"resource,omitzero"`
	Context     Circumstances     `json:"context,omitzero"`
	Evaluations []EvaluationPart  `json:"evaluations,omitempty" nullable:"false" maxItems:"1000"`
	Options     EvaluationOptions `json:"options,omitzero"`
}

// EvaluationPart is one question as far as it differs.
type EvaluationPart struct {
	_        struct{}      `json:"-" additionalProperties:"true"`
	Subject  Subject       `json:"subject,omitzero"`
	Action   Action        `json:"action,omitzero"`
	Resource Resource      `json:"resource,omitzero"`
	Context  Circumstances `json:"context,omitzero"`
}

// SubjectType is what kind of subjects a search is for.
type SubjectType struct {
	_          struct{}       `json:"-" additionalProperties:"true"`
	Type       string         `json:"type" doc:"user; there are none of any other." example:"user"`
	Properties map[string]any `json:"properties,omitempty" doc:"Not read."`
}

// SearchedResource is what kind of resources a search is for, and what they are like.
type SearchedResource struct {
	_          struct{}           `json:"-" additionalProperties:"true"`
	Type       string             `json:"type" doc:"The first half of a permission." example:"transactions"`
	Properties ResourceProperties `json:"properties,omitzero" doc:"What all of them have; with an entity it is about that one alone."`
}

// PageAsked is which part of what there is to find is asked for.
type PageAsked struct {
	_          struct{}       `json:"-" additionalProperties:"true"`
	Token      string         `json:"token,omitempty" doc:"next_token of the page before. All else must be as it was; limit may be left out."`
	Limit      int            `json:"limit,omitempty" minimum:"0" default:"100" doc:"Most results on the page; over 1,000 means 1,000."`
	Properties map[string]any `json:"properties,omitempty" doc:"Not read."`
}

// SubjectSearch asks who may do something.
type SubjectSearch struct {
	_        struct{}      `json:"-" additionalProperties:"true"`
	Subject  SubjectType   `json:"subject"`
	Action   Action        `json:"action"`
	Resource Resource      `json:"resource"`
	Context  Circumstances `json:"context,omitzero"`
	Page     PageAsked     `json:"page,omitzero"`
}

// ResourceSearch asks to what somebody may do something.
type ResourceSearch struct {
	_        struct{}         `json:"-" additionalProperties:"true"`
	Subject  Subject          `json:"subject"`
	Action   Action           `json:"action"`
	Resource SearchedResource `json:"resource"`
	Context  Circumstances    `json:"context,omitzero"`
	Page     PageAsked        `json:"page,omitzero"`
}

// ActionSearch asks what somebody may do to a resource.
type ActionSearch struct {
	_        struct{}      `json:"-" additionalProperties:"true"`
	Subject  Subject       `json:"subject"`
	Resource Resource      `json:"resource"`
	Context  Circumstances `json:"context,omitzero"`
	Page     PageAsked     `json:"page,omitzero"`
}

// PageFound says what part of what there is to find this is.
type PageFound struct {
	NextToken string `json:"next_token" doc:"For the next page; empty when nothing follows."`
	Count     int    `json:"count" doc:"Results on this page."`
	Total     *int   `json:"total,omitempty" nullable:"false" doc:"Of all there is to find, when one page holds it."`
}

// SearchContext says what an answer to a search rests on.
type SearchContext struct {
	Revision int64 `json:"revision" doc:"Of the access data that answered; it only grows."`
	Stale    bool  `json:"stale,omitzero" doc:"The server has lost its database and answers from what it knew."`
}

// SubjectsFound is a page of people.
type SubjectsFound struct {
	Page    PageFound      `json:"page"`
	Context SearchContext  `json:"context"`
	Results []FoundSubject `json:"results" nullable:"false"`
}

// FoundSubject is somebody who may.
type FoundSubject struct {
	Type string `json:"type" example:"user"`
	ID   string `json:"id" example:"usr_355c06m61fbe6bnepsk8mvrwym"`
}

// ResourcesFound is a page of resources; each is answered true when it is sent to evaluation as it stands.
type ResourcesFound struct {
	Page    PageFound     `json:"page"`
	Context SearchContext `json:"context"`
	Results []Resource    `json:"results" nullable:"false"`
}

// ActionsFound is a page of actions.
type ActionsFound struct {
	Page    PageFound     `json:"page"`
	Context SearchContext `json:"context"`
	Results []FoundAction `json:"results" nullable:"false"`
}

// FoundAction is something that somebody may do.
type FoundAction struct {
	Name string `json:"name" example:"view"`
}

// EvaluationOptions say how several are answered.
type EvaluationOptions struct {
	_        struct{} `json:"-" additionalProperties:"true"`
	Semantic string   `json:"evaluations_semantic,omitempty" enum:"execute_all,deny_on_first_deny,permit_on_first_permit"`
}

// Decision is one answer.
type Decision struct {
	Decision bool            `json:"decision"`
	Context  DecisionContext `json:"context"`
}

// DecisionContext says what the answer rests on.
type DecisionContext struct {
	Revision   int64             `json:"revision,omitempty" doc:"Of the access data that answered; it only grows."`
	Grant      *DecisionGrant    `json:"grant,omitempty" doc:"What an allow came by."`
	Reason     []string          `json:"reason,omitempty" nullable:"false" doc:"Codes of why not." example:"[\"no_grant\"]"`
	ReasonUser map[string]string `json:"reason_user,omitempty" doc:"The same as sentences, under the tag of the language."`
	Stale      bool              `json:"stale,omitzero" doc:"The server has lost its database and answers from what it knew."`
	Error      *EvaluationError  `json:"error,omitempty" doc:"This one could not be asked."`
}

// DecisionGrant names the grant that allowed.
type DecisionGrant struct {
	Account string `json:"account" example:"acc_0123456789abcdefghjkmnpqrs" doc:"In which the role was given."`
	Role    string `json:"role" example:"rol_0123456789abcdefghjkmnpqrs"`
	Policy  string `json:"policy" example:"standard/support"`
}

// EvaluationError is what is wrong with one of several questions.
type EvaluationError struct {
	Status  int    `json:"status" example:"400"`
	Message string `json:"message"`
}

// Decisions answer one question, or several in their order.
type Decisions struct {
	Decision    bool            `json:"decision,omitempty" doc:"When there were no evaluations."`
	Context     DecisionContext `json:"context,omitzero"`
	Evaluations []Decision      `json:"evaluations,omitempty" nullable:"false"`
}

// Metadata says where decisions are asked for.
type Metadata struct {
	PolicyDecisionPoint string `json:"policy_decision_point" format:"uri"`
	Evaluation          string `json:"access_evaluation_endpoint" format:"uri"`
	Evaluations         string `json:"access_evaluations_endpoint" format:"uri"`
	Subjects            string `json:"search_subject_endpoint" format:"uri"`
	Resources           string `json:"search_resource_endpoint" format:"uri"`
	Actions             string `json:"search_action_endpoint" format:"uri"`
}

func (a *API) authzenDocument() {
	const group = "Decisions (AuthZEN)"
	refusals := []string{"400", "401", "403", "413", "500", "503"}
	asked := func(path string) Operation {
		return Operation{Method: http.MethodPost, Path: path, Needs: web.Token, Body: true}
	}
	plainOperation[Evaluation, Decision](a, asked(evaluationPath),
		about{id: "evaluate", tag: group, summary: "May this person do this?", text: "OpenID AuthZEN Authorization API 1.0. A deny is an answer, with status 200. Names that are not known are not read."}, refusals...)
	plainOperation[Evaluations, Decisions](a, asked(evaluationsPath),
		about{id: "evaluate-several", tag: group, summary: "The same for several questions at once"}, refusals...)
	const all = "Exactly those for which evaluation says true, a page at a time, each page by the access data of its moment."
	plainOperation[SubjectSearch, SubjectsFound](a, asked(subjectsPath),
		about{id: "search-subjects", tag: group, summary: "Who may do this here?", text: all}, refusals...)
	plainOperation[ResourceSearch, ResourcesFound](a, asked(resourcesPath),
		about{id: "search-resources", tag: group, summary: "To what may this person do this?", text: all + " Entities stand for the records of built-in types, which are not held here."}, refusals...)
	plainOperation[ActionSearch, ActionsFound](a, asked(actionsPath),
		about{id: "search-actions", tag: group, summary: "What may this person do here?", text: all}, refusals...)
	plainOperation[struct{}, Metadata](a, Operation{Method: http.MethodGet, Path: metadataPath, Needs: web.Anybody},
		about{id: "authzen-metadata", tag: group, summary: "Where decisions are asked for"}, "503")
}
