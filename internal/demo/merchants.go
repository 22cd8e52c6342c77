package demo

import (
	"countersign/internal/access"
	"countersign/internal/org"
)

const (
	underOxbow    = "300200"
	underComptoir = "300300"
	underVantry   = "200100"
)

// merchants are a dozen trades, from four people to fifty.
func merchants() []company {
	list := []company{
		northwind(),
		{key: "petrichor", id: "400320", name: "Café Pétrichor", domain: "petrichor.example", below: underOxbow, language: "fr", zone: "Europe/Paris", home: french, days: 210, staff: 10,
			units: []unit{
				{"400321", "Pétrichor Restauration SARL", []shop{{"Rive gauche", "https://rive-gauche.petrichor.example", "pay_gate"}, {"Halle du marché", "", "pay_gate"}}},
				{"400322", "Pétrichor en ligne SAS", []shop{{"La boutique en ligne", "https://www.petrichor.example", "web_shop phone_order"}}},
			},
			people: []person{
				{key: "owner", role: "owner", first: "Mathilde", last: "Rousselot", local: "mathilde.rousselot", login: true},
				{key: "access", role: "access_administrator", days: 190},
				{key: "support", role: "support", over: []string{"400321"}, days: 150, until: 1},
				{key: "finance", role: "finance", days: 28, as: "northwind.finance"},
			}},
		{key: "brambleholt", id: "400330", name: "Brambleholt Cycles", domain: "brambleholt.example", below: underOxbow, environment: org.Test, zone: "Europe/Berlin", home: german, days: 20, staff: 2,
			units: []unit{{"400331", "Brambleholt Fahrrad GmbH", []shop{{"Workshop", "https://shop.brambleholt.example", "web_shop pay_gate"}}}},
			people: []person{
				{key: "owner", role: "owner"},
				{key: "developer", role: "developer", days: 15},
			}},
		{key: "saltmarsh", id: "400340", name: "Saltmarsh Books", domain: "saltmarsh.example", below: underOxbow, zone: "Europe/London", home: english, days: 330, staff: 9,
			units: []unit{{"400341", "Saltmarsh Books Ltd", []shop{{"Quayside", "", "pay_gate"}, {"Market Square", "", "pay_gate"}, {"Mail order", "https://www.saltmarsh.example", "web_shop phone_order"}}}}},
		{key: "kestrel", id: "400350", name: "Kestrel & Vine Hotels", domain: "kestrelvine.example", below: underOxbow, zone: "Europe/Lisbon", home: portuguese, days: 315, staff: 39,
			units: []unit{
				{"400351", "Kestrel & Vine Lisboa Lda", []shop{{"Front desk, Alfama", "", "pay_gate phone_order"}, {"Restaurant, Alfama", "", "pay_gate"}}},
				{"400352", "Kestrel & Vine Porto Lda", []shop{{"Front desk, Ribeira", "", "pay_gate phone_order"}, {"Cellar tours", "https://tours.kestrelvine.example", "web_shop"}}},
				{"400353", "Kestrel & Vine Madrid S.L.", []shop{{"Front desk, Malasaña", "", "pay_gate phone_order"}}},
				{"400354", "Kestrel & Vine Reservations Ltd", []shop{{"Reservations", "https://www.kestrelvine.example", "web_shop phone_order"}}},
			},
			people: []person{
				{key: "owner", role: "owner"},
				{key: "access", role: "access_administrator", days: 310},
				{key: "approver", role: "first_approver", days: 250},
				{key: "second", role: "second_approver", days: 249},
				{key: "mistyped", role: "support", over: []string{"400351"}, days: 5, fate: forgets, life: life{mail: refused}},
				{key: "gone", role: "read_only", over: []string{"400352"}, days: 2, fate: waits, life: life{mail: bounces}},
				{key: "season", role: "support", over: []string{"400353"}, days: 200, until: 99},
			}},
		{key: "ferrow", id: "400360", name: "Ferrow Pharmacies", domain: "ferrow.example", below: underOxbow, zone: "Europe/Copenhagen", home: nordic, days: 265, staff: 21,
			units: []unit{
				{"400361", "Ferrow Apotek A/S", []shop{{"Nørreport", "", "pay_gate"}, {"Vesterbro", "", "pay_gate"}, {"Aarhus", "", "pay_gate"}}},
				{"400362", "Ferrow Online ApS", []shop{{"Prescriptions by post", "https://post.ferrow.example", "web_shop"}}},
			}},
		{key: "belladone", id: "400410", name: "Librairie Belladone", domain: "belladone.example", below: underComptoir, language: "fr", zone: "Europe/Paris", home: french, days: 240, staff: 6,
			units: []unit{{"400411", "Librairie Belladone SARL", []shop{{"Rue des Lices", "", "pay_gate"}, {"Commande en ligne", "https://www.belladone.example", "web_shop"}}}}},
		{key: "tournesol", id: "400420", name: "Maison Tournesol", domain: "tournesol.example", below: underComptoir, language: "fr", zone: "Europe/Paris", home: french, days: 225, staff: 31,
			units: []unit{
				{"400421", "Tournesol Boulangeries SAS", []shop{{"Croix-Rousse", "", "pay_gate"}, {"Part-Dieu", "", "pay_gate"}, {"Vieux Lyon", "", "pay_gate"}, {"Grenoble", "", "pay_gate"}}},
				{"400422", "Tournesol Traiteur SARL", []shop{{"Commandes traiteur", "https://traiteur.tournesol.example", "web_shop phone_order"}}},
				{"400423", "Tournesol Suisse SA", []shop{{"Genève Cornavin", "", "pay_gate"}}},
			},
			people: []person{
				{key: "owner", role: "owner"},
				{key: "access", role: "access_administrator", days: 220},
				{key: "finance", role: "finance", days: 200},
			}},
		{key: "hexavia", id: "400430", name: "Hexavia Mobilité", domain: "hexavia.example", below: underComptoir, language: "fr", zone: "Europe/Paris", home: arabic, days: 180, staff: 16,
			units: []unit{
				{"400431", "Hexavia Trottinettes SAS", []shop{{"Application", "https://app.hexavia.example", "web_shop"}}},
				{"400432", "Hexavia Vélos SAS", []shop{{"Bornes", "", "pay_gate"}, {"Abonnements", "https://velos.hexavia.example", "web_shop"}}},
			}},
		{key: "brindille", id: "400440", name: "Atelier Brindille", domain: "brindille.example", below: underComptoir, environment: org.Test, language: "fr", zone: "Europe/Paris", home: vietnamese, days: 34, staff: 3,
			units: []unit{{"400441", "Atelier Brindille EI", []shop{{"Essais", "https://essais.brindille.example", "web_shop"}}}}},
		{key: "pelican", id: "400510", name: "Pelican Ferries", domain: "pelican.example", below: underVantry, zone: "Europe/Athens", home: greek, days: 300, staff: 26,
			units: []unit{
				{"400511", "Pelican Cyclades S.A.", []shop{{"Piraeus, gate E7", "", "pay_gate"}, {"Naxos quay", "", "pay_gate"}, {"On board", "", "pay_gate"}}},
				{"400512", "Pelican Adriatic S.A.", []shop{{"Igoumenitsa", "", "pay_gate"}}},
				{"400513", "Pelican Tickets Ltd", []shop{{"Tickets", "https://tickets.pelican.example", "web_shop phone_order"}}},
			}},
		{key: "orchard", id: "400520", name: "Orchard Dental Group", domain: "orcharddental.example", below: underVantry, zone: "America/New_York", home: indian, days: 130, staff: 19,
			units: []unit{
				{"400521", "Orchard Dental Brooklyn LLC", []shop{{"Court Street", "", "pay_gate"}, {"Atlantic Avenue", "", "pay_gate phone_order"}}},
				{"400522", "Orchard Dental Hoboken LLC", []shop{{"Washington Street", "", "pay_gate"}}},
			}},
	}
	for i := range list {
		c := &list[i]
		c.kind = access.Merchant
		if c.environment == "" {
			c.environment = org.Live
		}
		if len(c.people) == 0 {
			c.people = []person{{key: "owner", role: "owner"}}
		}
	}
	return list
}

// northwind is where most of it happens.
func northwind() company {
	return company{key: "northwind", id: "400310", name: "Northwind Outfitters", domain: "northwind.example", below: underOxbow, zone: "Europe/London", home: english, days: 345, staff: 34,
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
			{key: "access", role: "access_administrator", days: 338, first: "Joost", last: "van der Meij", local: "joost.vandermeij", login: true},
			{key: "administrator", role: "administrator", days: 320},
			{key: "support", role: "support", over: []string{"400312"}, days: 280, first: "Freja", last: "Kjærgaard", local: "freja.kjaergaard", login: true},
			{key: "auditor", role: "auditor", days: 240, first: "Hélène", last: "Marchetti", local: "helene.marchetti", login: true},
			{key: "finance", role: "finance", days: 200},
			{key: "operations", role: "operations", over: []string{"400311", "400313"}, days: 170},
			{key: "developer", role: "developer", days: 160, life: life{left: 8}},
			{key: "disputes", role: "disputes", over: []string{"400311"}, days: 145},
			{key: "risk", role: "risk", days: 30, again: 25},
			{key: "approver", role: "first_approver", days: 9, fate: forgets},
			{key: "temp", role: "support", over: []string{"400313"}, days: 6, fate: unwanted},
			{key: "trainee", role: "read_only", over: []string{"400311"}, days: 1, fate: waits},
			{key: "newest", role: "read_only", over: []string{"400312"}, fate: lastGuest},
		}}
}
