package demo

import (
	"countersign/internal/access"
	"countersign/internal/org"
)

// founded is how many days ago it all began.
const founded = 180

// company is an account with its people; the first is its first administrator.
type company struct {
	key, id, name, domain string
	kind                  access.Kind
	below                 string // customer ID; "" is the platform
	environment           string
	language              string
	days                  int // since it was created
	units                 []unit
	people                []person
}

// unit is a legal entity.
type unit struct {
	id, name string
	shops    []shop
}

type shop struct{ name, site, terminals string } // terminals: kinds

// person is somebody, and what became of them.
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
	again       int    // how many days ago they got a second link, the first having expired
	until       int    // they have not signed in since that many days ago
}

type fate uint8

const (
	settles   fate = iota // opens the link and works
	waits                 // has the mail and did nothing yet
	forgets               // lets the link expire
	unwanted              // the invitation is deactivated the next day
	lastGuest             // is invited at the very end of the story
)

// cast is everybody: thirty people in six companies, one of them in two.
func cast() []company {
	return []company{
		{key: "platform", id: "100000", name: "Larkmoor Payments", domain: "larkmoor.example", kind: access.Platform, environment: org.Live, days: founded, people: []person{
			{key: "owner", role: "owner", first: "Miriam", last: "Castellanos", local: "miriam.castellanos", login: true},
			{key: "administrator", role: "administrator", days: 160},
			{key: "auditor", role: "auditor", days: 140},
			{key: "support", role: "support", days: 60},
		}},
		{key: "facilitator", id: "200100", name: "Vantry Facilitation", domain: "vantry.example", kind: access.Facilitator, environment: org.Live, days: 170, people: []person{
			{key: "owner", role: "owner"},
			{key: "administrator", role: "administrator", days: 150},
			{key: "risk", role: "risk", days: 100},
		}},
		{key: "partner", id: "300200", name: "Oxbow Lane Commerce", domain: "oxbowlane.example", kind: access.Partner, below: "200100", environment: org.Live, days: 150, people: []person{
			{key: "owner", role: "owner"},
			{key: "administrator", role: "administrator", days: 140, first: "Tomás", last: "Rezende", local: "tomas.rezende", login: true},
			{key: "support", role: "support", days: 90},
			{key: "finance", role: "finance", days: 85, until: 20},
		}},
		northwind(),
		{key: "petrichor", id: "400320", name: "Café Pétrichor", domain: "petrichor.example", kind: access.Merchant, below: "300200", environment: org.Live, language: "fr", days: 75,
			units: []unit{
				{"400321", "Pétrichor Restauration SARL", []shop{{"Rive gauche", "https://rive-gauche.petrichor.example", "pay_gate"}, {"Halle du marché", "", "pay_gate"}}},
				{"400322", "Pétrichor en ligne SAS", []shop{{"La boutique en ligne", "https://www.petrichor.example", "web_shop phone_order"}}},
			},
			people: []person{
				{key: "owner", role: "owner"},
				{key: "access", role: "access_administrator", days: 70},
				{key: "support", role: "support", over: []string{"400321"}, days: 50, until: 1},
				{key: "finance", role: "finance", days: 28, as: "northwind.finance"},
			}},
		{key: "brambleholt", id: "400330", name: "Brambleholt Cycles", domain: "brambleholt.example", kind: access.Merchant, below: "300200", environment: org.Test, days: 20,
			units: []unit{{"400331", "Brambleholt Fahrrad GmbH", []shop{{"Workshop", "https://shop.brambleholt.example", "web_shop pay_gate"}}}},
			people: []person{
				{key: "owner", role: "owner"},
				{key: "developer", role: "developer", days: 15},
			}},
	}
}

// northwind is where most of it happens.
func northwind() company {
	return company{key: "northwind", id: "400310", name: "Northwind Outfitters", domain: "northwind.example", kind: access.Merchant, below: "300200", environment: org.Live, days: 120,
		units: []unit{
			{"400311", "Northwind Outfitters Ltd", []shop{
				{"Harbour Street", "", "pay_gate"},
				{"Old Mill", "", "pay_gate phone_order"},
				{"Web shop UK", "https://www.northwind.example", "web_shop"},
			}},
			{"400312", "Northwind Nordic ApS", []shop{{"Nyhavn", "", "pay_gate"}, {"Web shop Nordic", "https://nordic.northwind.example", "web_shop"}}},
			{"400313", "Northwind Benelux B.V.", []shop{{"De Pijp", "", "pay_gate"}}},
		},
		people: []person{
			{key: "owner", role: "owner", first: "Ada", last: "Okafor", local: "ada.okafor", login: true},
			{key: "access", role: "access_administrator", days: 118, first: "Joost", last: "van der Meij", local: "joost.vandermeij", login: true},
			{key: "administrator", role: "administrator", days: 110},
			{key: "support", role: "support", over: []string{"400312"}, days: 100, first: "Freja", last: "Kjærgaard", local: "freja.kjaergaard", login: true},
			{key: "auditor", role: "auditor", days: 90, first: "Hélène", last: "Marchetti", local: "helene.marchetti", login: true},
			{key: "finance", role: "finance", days: 80},
			{key: "operations", role: "operations", over: []string{"400311", "400313"}, days: 70},
			{key: "developer", role: "developer", days: 60, until: 8},
			{key: "disputes", role: "disputes", over: []string{"400311"}, days: 45},
			{key: "risk", role: "risk", days: 30, again: 25},
			{key: "approver", role: "first_approver", days: 9, fate: forgets},
			{key: "temp", role: "support", over: []string{"400313"}, days: 6, fate: unwanted},
			{key: "trainee", role: "read_only", over: []string{"400311"}, days: 1, fate: waits},
			{key: "newest", role: "read_only", over: []string{"400312"}, fate: lastGuest},
		}}
}
