package demo

import (
	"math/rand/v2"
	"strings"
)

// crowdCultures are where names come from: so many of each that a million people
// are called by some hundred thousand names, and many by the same, as in life.
var crowdCultures = []culture{
	{"Adaeze Bola Chinedu Damilola Emeka Folake Gbenga Halima Ikenna Jumoke Kelechi Lanre Musa Ngozi Obinna Temitope Uche Wale Yetunde Zainab",
		"Abubakar Adebayo Afolabi Akinola Balogun Chukwu Danjuma Eze Fashola Ibrahim Igwe Lawal Mbah Nwachukwu Obi Ogunleye Okeke Okonkwo Sanusi Uzor"},
	{"Anders Astrid Bjørn/bjorn Ebba Freja Gunnar Håkon/hakon Ingrid Johan Karin Lars Maja Nils Oskar Pernille Rasmus Signe Søren/soren Tuva Åsa/asa",
		"Andersson Berg Dahl Ekström/ekstrom Fjeld Grønbech/gronbech Hansen Holm Iversen Jørgensen/jorgensen Kjær/kjaer Lindholm Møller/moeller Nygård/nygaard Olsson Rønning/ronning Sjöberg/sjoberg Strand Vik Ødegård/odegard"},
	{"Adèle/adele Aurélien/aurelien Benoît/benoit Camille Chloé/chloe Damien Élise/elise Fabrice Gaëlle/gaelle Hugo Inès/ines Jérôme/jerome Léa/lea Maxime Noémie/noemie Olivier Pauline Rémi/remi Solène/solene Théo/theo",
		"Barbier Beaumont Caron Chevalier Delacroix Dufour Faure Fontaine Gauthier Girard Lacombe Lefèvre/lefevre Lemaître/lemaitre Marchand Moreau Noël/noel Perrin Renaud Rousseau Vasseur"},
	{"Adão/adao Beatriz Caetano Diogo Eduarda Fábio/fabio Glória/gloria Henrique Inês/ines João/joao Luísa/luisa Matilde Nuno Otávio/otavio Patrícia/patricia Rafael Sónia/sonia Tomé/tome Vânia/vania Xavier",
		"Almeida Barbosa Cardoso Carvalho Cunha Duarte Esteves Fonseca Gonçalves/goncalves Lourenço/lourenco Magalhães/magalhaes Moura Nogueira Pacheco Queirós/queiros Ramos Simões/simoes Tavares Teixeira Vasconcelos"},
	{"Anja Bärbel/baerbel Björn/bjoern Clara Detlef Elke Franziska Günther/guenther Heike Ingo Jörg/joerg Katrin Lukas Mareike Norbert Renate Sönke/soenke Tanja Uwe Veronika",
		"Bauer Böhm/boehm Dietrich Ebert Fischer Groß/gross Hartmann Jäger/jaeger König/koenig Krüger/krueger Lehmann Möller/moeller Neumann Pfeiffer Richter Schäfer/schaefer Schröder/schroeder Vogel Weiß/weiss Zimmermann"},
	{"Agnieszka Bartosz Cezary Dorota Elżbieta/elzbieta Franciszek Grażyna/grazyna Hanna Igor Jadwiga Kamil Łucja/lucja Małgorzata/malgorzata Natalia Oskar Paweł/pawel Radosław/radoslaw Szymon Wiktoria Zbigniew",
		"Adamczyk Bąk/bak Czarnecki Dąbrowski/dabrowski Gajewski Jabłoński/jablonski Kaczmarek Kowalczyk Lis Majewska Nowak Ostrowski Pawlak Rutkowska Sikora Szczepański/szczepanski Urban Wiśniewski/wisniewski Wróbel/wrobel Zając/zajac"},
	{"Андрій/andrii Богдан/bohdan Вікторія/viktoriia Галина/halyna Дмитро/dmytro Євген/yevhen Жанна/zhanna Зоя/zoia Іван/ivan Катерина/kateryna Леся/lesia Марія/mariia Назар/nazar Олена/olena Петро/petro Роман/roman Світлана/svitlana Тетяна/tetiana Федір/fedir Юлія/yuliia",
		"Бондаренко/bondarenko Василенко/vasylenko Гончар/honchar Данилюк/danyliuk Журавель/zhuravel Іваненко/ivanenko Коваль/koval Кравчук/kravchuk Лисенко/lysenko Мельник/melnyk Нестеренко/nesterenko Олійник/oliinyk Панченко/panchenko Руденко/rudenko Савчук/savchuk Ткаченко/tkachenko Харченко/kharchenko Черненко/chernenko Шевченко/shevchenko Яценко/yatsenko"},
	{"Αγγελική/angeliki Βασίλης/vasilis Γιάννης/giannis Δήμητρα/dimitra Ελένη/eleni Ζωή/zoi Ηλίας/ilias Θανάσης/thanasis Ιωάννα/ioanna Κώστας/kostas Λυδία/lydia Μαρία/maria Νίκος/nikos Ξένια/xenia Όλγα/olga Πέτρος/petros Ρένα/rena Σπύρος/spyros Φωτεινή/foteini Χρήστος/christos",
		"Αγγελόπουλος/angelopoulos Βλάχος/vlachos Γεωργίου/georgiou Δημητρίου/dimitriou Ζαχαρίου/zachariou Θεοδώρου/theodorou Ιωάννου/ioannou Καραγιάννης/karagiannis Λάμπρου/lamprou Μακρής/makris Νικολάου/nikolaou Οικονόμου/oikonomou Παπαδάκης/papadakis Ράπτης/raptis Σταύρου/stavrou Τσακίρης/tsakiris Φιλίππου/filippou Χατζής/chatzis Ψαράς/psaras Ξενάκης/xenakis"},
	{"Aarav Bhavna Chetan Divya Esha Farhan Gauri Harish Ishaan Jaya Kavita Lakshmi Manish Nandini Omkar Priya Rohan Sneha Tanvi Vikram",
		"Agarwal Banerjee Chatterjee Deshmukh Gupta Iyer Joshi Kapoor Kulkarni Mehta Menon Nair Patel Pillai Rao Reddy Sharma Singh Subramanian Varma"},
	{"愛/ai 蓮/ren 陽菜/hina 健太/kenta 美咲/misaki 大輔/daisuke さくら/sakura 翔/sho 結衣/yui 直樹/naoki 葵/aoi 悠斗/yuto 千尋/chihiro 拓海/takumi 真由/mayu 亮/ryo 彩/aya 海斗/kaito 優子/yuko 修/osamu",
		"佐藤/sato 鈴木/suzuki 高橋/takahashi 田中/tanaka 伊藤/ito 渡辺/watanabe 山本/yamamoto 中村/nakamura 小林/kobayashi 加藤/kato 吉田/yoshida 山田/yamada 佐々木/sasaki 松本/matsumoto 井上/inoue 木村/kimura 林/hayashi 清水/shimizu 森/mori 池田/ikeda"},
	{"伟/wei 芳/fang 娜/na 敏/min 静/jing 丽/li 强/qiang 磊/lei 军/jun 洋/yang 勇/yong 艳/yan 杰/jie 涛/tao 明/ming 霞/xia 平/ping 刚/gang 欣怡/xinyi 子轩/zixuan",
		"王/wang 李/li 张/zhang 刘/liu 陈/chen 杨/yang 黄/huang 赵/zhao 周/zhou 吴/wu 徐/xu 孙/sun 马/ma 朱/zhu 胡/hu 郭/guo 何/he 高/gao 罗/luo 郑/zheng"},
	{"أحمد/ahmad بسمة/basma جمال/jamal دينا/dina رامي/rami زينب/zaynab سارة/sara طارق/tariq عمر/omar فاطمة/fatima كريم/karim ليلى/layla محمد/muhammad نور/nour هدى/huda ياسمين/yasmin يوسف/yusuf مريم/maryam خالد/khalid رنا/rana",
		"الأحمد/alahmad بدران/badran حداد/haddad الخطيب/alkhatib داود/dawoud الزهراني/alzahrani سالم/salem الشامي/alshami صباغ/sabbagh عباس/abbas غانم/ghanem فارس/fares القاسم/alqasim مراد/murad منصور/mansour ناصر/nasser هاشم/hashem ياسين/yassin عثمان/othman كنعان/kanaan"},
	{"Aoife Brendan Caoimhe Cormac Declan Eimear Fergal Gráinne/grainne Íde/ide Liam Máire/maire Niamh Oisín/oisin Pádraig/padraig Róisín/roisin Seán/sean Siobhán/siobhan Tadhg Úna/una Cillian",
		"Brennan Byrne Carroll Daly Doyle Duffy Fitzgerald Flynn Gallagher Healy Kavanagh Kelly MacCarthy Murphy Ní_Bhriain/nibhriain Nolan O'Brien/obrien O'Connor/oconnor Quinn Ó_Súilleabháin/osuilleabhain"},
	{"Anh Bảo/bao Châu/chau Dũng/dung Đức/duc Giang Hà/ha Hương/huong Khánh/khanh Lan Linh Mai Minh Nga Ngọc/ngoc Phúc/phuc Quang Thảo/thao Tuấn/tuan Vân/van",
		"Bùi/bui Cao Đặng/dang Đinh/dinh Đỗ/do Dương/duong Hồ/ho Hoàng/hoang Huỳnh/huynh Lê/le Lý/ly Mai Ngô/ngo Nguyễn/nguyen Phạm/pham Phan Trần/tran Trịnh/trinh Võ/vo Vũ/vu"},
	{"Adrián/adrian Begoña/begona Carlos Dolores Elena Fernando Guadalupe Hernán/hernan Íñigo/inigo Jimena Lucía/lucia Martín/martin Nuria Óscar/oscar Paloma Raúl/raul Sofía/sofia Tomás/tomas Valentina Ximena",
		"Aguilar Benítez/benitez Castaño/castano Delgado Echeverría/echeverria Fuentes Gutiérrez/gutierrez Herrera Ibáñez/ibanez Jiménez/jimenez Lozano Márquez/marquez Núñez/nunez Ortega Peña/pena Quiroga Ríos/rios Salazar Villalobos Zúñiga/zuniga"},
	{"Ahmet Ayşe/ayse Burak Ceren Deniz Elif Fatih Gülşen/gulsen Hakan İpek/ipek Kemal Leyla Mehmet Nalan Orhan Özge/ozge Selin Tuncay Ümit/umit Zeynep",
		"Acar Aydın/aydin Bozkurt Çelik/celik Demir Doğan/dogan Erdoğan/erdogan Güneş/gunes Kaplan Karaca Kılıç/kilic Koç/koc Öztürk/ozturk Polat Şahin/sahin Taş/tas Türkmen/turkmen Uysal Yıldız/yildiz Yılmaz/yilmaz"},
	{"Alice Benjamin Charlotte Daniel Eleanor Frederick Grace Harriet Isaac Jasmine Kevin Lucy Matthew Naomi Oliver Phoebe Rupert Sophie Theodore Victoria",
		"Abbott Bennett Carter Dawson Ellison Fletcher Goddard Hargreaves Ingram Jennings Kendall Lockwood Mitchell Norris Osborne Pritchard Redfern Sinclair Thornton Whitaker"},
	{"Andrei Bianca Cătălina/catalina Dragoș/dragos Elena Florin Gabriela Horia Ioana Laurențiu/laurentiu Mihai Nicoleta Octavian Petra Răzvan/razvan Simona Ștefan/stefan Teodora Vlad Zoe",
		"Albu Băsescu/basescu Constantin Dumitru Enache Florea Gheorghe Ionescu Lupu Marin Moldovan Neagu Oprea Popa Rusu Stoica Șerban/serban Toma Țurcanu/turcanu Vasile"},
}

// pool is a culture, ready to draw from.
type pool struct{ given, family [][2]string } // name, spelling in an address

func pools() []pool {
	split := func(words string) (out [][2]string) {
		for word := range strings.FieldsSeq(words) {
			name, ascii, other := strings.Cut(word, "/")
			if !other {
				ascii = strings.ToLower(strings.ReplaceAll(name, "'", ""))
			}
			out = append(out, [2]string{strings.ReplaceAll(name, "_", " "), ascii})
		}
		return out
	}
	var out []pool
	for _, c := range crowdCultures {
		out = append(out, pool{split(c.given), split(c.family)})
	}
	return out
}

// some gives one of a list; the first are had by more people than the last.
func some[T any](r *rand.Rand, list []T) T {
	return list[min(r.IntN(len(list)), r.IntN(len(list)))]
}

// draw gives a given and a family name. One of eight has two family names, where
// that is done.
func (p pool) draw(r *rand.Rand) (given, family [2]string) {
	given, family = some(r, p.given), some(r, p.family)
	if second := some(r, p.family); r.IntN(8) == 0 && second != family && family[0][0] < 0x80 {
		family = [2]string{family[0] + "-" + second[0], family[1] + "-" + second[1]}
	}
	return given, family
}

// What merchants of the crowd are called.
var (
	crowdPlaces = strings.Fields("Alder Amber Ashford Avon Beacon Birch Blackwater Bramble Brook Cedar Clover Copper Coral Crescent Dover Eagle Elm Ember Falcon Fern Flint Foxglove Garnet Glen Granite Harbour Hazel Heron Highland Indigo Iris Ivory Jade Juniper Kestrel Lantern Larch Lavender Linden Lotus Maple Marlow Meadow Mill North Oak Olive Opal Orchard Osprey Pearl Pine Quarry Raven Ridge River Rowan Saffron Sage Silver Sparrow Spruce Stone Summit Thistle Thorn Tidal Topaz Valley Velvet Walnut Wester Willow Winter Yarrow")
	crowdTrades = strings.Fields("Apparel Atelier Bakery Bikes Books Botanics Brewing Candles Ceramics Cinema Coffee Crafts Dental Electric Ferries Fitness Flowers Foods Footwear Furniture Games Gardens Glass Goods Grocers Hardware Hotels Instruments Jewellery Kitchens Leather Lighting Markets Motors Music Optics Outdoors Paper Pharmacy Photo Prints Records Rentals Salons Soaps Sports Stationery Supplies Tailors Tea Textiles Theatres Tools Toys Travel Vintners Watches Wellness Wool Yachts")
	crowdForms  = []string{"", "", " & Co", " Group", " Ltd", " House", " Company", " Partners"}
)
