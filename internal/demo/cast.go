package demo

import (
	"countersign/internal/access"
	"countersign/internal/org"
)

// founded is how many days ago it all began.
const founded = 368

// company is an account with its people; the first is its first administrator.
type company struct {
	key, id, name, domain string
	kind                  access.Kind
	below                 string // customer ID; "" is the platform
	environment           string
	language              string
	zone                  string // IANA; where its people work
	home                  int    // which of crowdCultures most of its people's names are from
	days                  int    // since it was created
	units                 []unit
	people                []person
	staff                 int // how many people it has besides: drawn
}

// unit is a legal entity.
type unit struct {
	id, name string
	shops    []shop
}

type shop struct{ name, site, terminals string } // terminals: kinds

// person is somebody, and what became of them. Days are days ago, 0 is never.
type person struct {
	key         string // with the company's: "northwind.owner"
	role        string
	over        []string // customer IDs; none is the whole account
	days        int      // since they were invited
	fate        fate
	first, last string // with local; drawn when empty
	local       string
	login       bool   // a visitor can be them
	as          string // the key of whom they are in another company
	again       int    // they got a second link, the first having expired
	until       int    // they have not signed in since
	life
}

// life is what happens to somebody in the course of a year.
type life struct {
	moved   int // got other roles
	lost    int // lost their phone
	renamed int // got another address
	forgot  int // forgot their password
	left    int // were deactivated
	back    int // came back
	gone    int // were deleted
	visits  int // a year
	mail    delivery
}

type fate uint8

const (
	settles   fate = iota // opens the link and works
	waits                 // has the mail and did nothing yet
	forgets               // lets the link expire
	unwanted              // the invitation is deactivated the next day
	lastGuest             // is invited at the very end of the story
)

// delivery is what became of an invitation's mail.
type delivery uint8

const (
	arrives   delivery = iota
	refused            // the mail server did not take it
	bounces            // it came back
	corrected          // it came back, and the address was corrected
)

// cast is everybody with a name in the story, in sixteen companies; staff joins
// some three hundred to them.
func cast() []company {
	return append([]company{
		{key: "platform", id: "100000", name: "Larkmoor Payments", domain: "larkmoor.example", kind: access.Platform, environment: org.Live, zone: "Europe/London", home: english, days: founded, staff: 17,
			people: []person{
				{key: "owner", role: "owner", first: "Miriam", last: "Castellanos", local: "miriam.castellanos", login: true},
				{key: "administrator", role: "administrator", days: 340},
				{key: "auditor", role: "auditor", days: 300},
				{key: "support", role: "support", days: 60},
			}},
		{key: "facilitator", id: "200100", name: "Vantry Facilitation", domain: "vantry.example", kind: access.Facilitator, environment: org.Live, zone: "Europe/Dublin", home: irish, days: 362, staff: 12,
			people: []person{
				{key: "owner", role: "owner"},
				{key: "administrator", role: "administrator", days: 330},
				{key: "risk", role: "risk", days: 250},
			}},
		{key: "partner", id: "300200", name: "Oxbow Lane Commerce", domain: "oxbowlane.example", kind: access.Partner, below: "200100", environment: org.Live, zone: "Europe/London", home: english, days: 355, staff: 13,
			people: []person{
				{key: "owner", role: "owner"},
				{key: "administrator", role: "administrator", days: 340, first: "Tomás", last: "Rezende", local: "tomas.rezende", login: true},
				{key: "support", role: "support", days: 190},
				{key: "finance", role: "finance", days: 185, life: life{left: 20}},
			}},
		{key: "comptoir", id: "300300", name: "Comptoir Numérique", domain: "comptoir-numerique.example", kind: access.Partner, below: "200100", environment: org.Live, language: "fr", zone: "Europe/Paris", home: french, days: 290, staff: 11,
			people: []person{
				{key: "owner", role: "owner"},
				{key: "access", role: "access_administrator", days: 280},
			}},
	}, merchants()...)
}
