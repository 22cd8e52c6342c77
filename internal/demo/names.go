package demo

import (
	"math/rand/v2"
	"strings"
)

// A culture is where given and family names go together. A name that is not
// ASCII has the spelling of its address after a slash.
type culture struct{ given, family string }

var cultures = []culture{
	{"Amara Chidi/chidi Ifeoma Tunde Zainab", "Adeyemi Nwosu Balogun Eze Abiola"},
	{"Søren/soren Astrid Bjørn/bjorn Ingrid Åsa/asa", "Ødegård/odegard Lindqvist Kjær/kjaer Nygaard Håkansson/hakansson"},
	{"Élodie/elodie Mathieu Chloé/chloe Benoît/benoit Océane/oceane", "Lefèvre/lefevre Garnier Thibault Rousselot Beauchêne/beauchene"},
	{"Inês/ines Joaquim Conceição/conceicao Rui Beatriz", "Magalhães/magalhaes Teixeira Simões/simoes Figueiredo Brandão/brandao"},
	{"Jürgen/juergen Anneliese Björn/bjoern Käthe/kaethe Lorenz", "Großmann/grossmann Schäfer/schaefer Wachholz Kühnel/kuehnel Brenner"},
	{"Zofia Łukasz/lukasz Agnieszka Wojciech Małgorzata/malgorzata", "Wróbel/wrobel Kowalczyk Mazur Zając/zajac Pawlak"},
	{"Ольга/olga Дмитро/dmytro Надія/nadiia Тарас/taras", "Шевчук/shevchuk Коваленко/kovalenko Мельник/melnyk Бойко/boiko"},
	{"Αλέξανδρος/alexandros Ελένη/eleni Νίκος/nikos Σοφία/sofia", "Οικονόμου/oikonomou Παπανικολάου/papanikolaou Γεωργίου/georgiou Λάμπρου/lamprou"},
	{"Ananya Vikram Meera Arjun Lakshmi", "Subramanian Deshpande Chatterjee Iyer Kulkarni"},
	{"陽菜/hina 美咲/misaki 健太/kenta さくら/sakura", "佐藤/sato 高橋/takahashi 渡辺/watanabe 小林/kobayashi"},
	{"ليلى/layla يوسف/yusuf مريم/maryam طارق/tariq", "حداد/haddad منصور/mansour الخطيب/alkhatib ناصر/nasser"},
	{"Siobhán/siobhan Eoin Niamh Cormac Aoife", "O'Callaghan/ocallaghan MacBride Ní_Dhuibhne/nidhuibhne Gallagher Fitzsimons"},
	{"Nguyệt/nguyet Minh Thảo/thao Đức/duc Hương/huong", "Trần/tran Phạm/pham Đặng/dang Vũ/vu Bùi/bui"},
	{"Ximena Íñigo/inigo Lucía/lucia Andrés/andres Begoña/begona", "Ibáñez/ibanez Quiñones/quinones Villalobos Echeverría/echeverria Peña/pena"},
}

// draw gives a name, and the part of an address before the at sign.
func draw(r *rand.Rand) (first, last, local string) {
	c := cultures[r.IntN(len(cultures))]
	pick := func(words string) (name, ascii string) {
		list := strings.Fields(words)
		name, ascii, _ = strings.Cut(list[r.IntN(len(list))], "/")
		if ascii == "" {
			ascii = strings.ToLower(name)
		}
		return strings.ReplaceAll(name, "_", " "), ascii
	}
	first, a := pick(c.given)
	last, b := pick(c.family)
	return first, last, a + "." + b
}
