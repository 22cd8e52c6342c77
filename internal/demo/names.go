package demo

// A culture is where given and family names go together. A name that is not
// ASCII has the spelling of its address after a slash.
type culture struct{ given, family string }

// Which of crowdCultures are which.
const (
	nordic     = 1
	french     = 2
	portuguese = 3
	german     = 4
	greek      = 7
	indian     = 8
	arabic     = 11
	irish      = 12
	vietnamese = 13
	english    = 16
)

// draw gives a name, and the part of an address before the at sign: of a
// company's home in two cases of three, of anywhere in the third.
func (f *filling) draw(home int) (first, last, local string) {
	if f.random.IntN(3) == 0 {
		home = f.random.IntN(len(f.pools))
	}
	given, family := f.pools[home].draw(f.random)
	return given[0], family[0], given[1] + "." + family[1]
}
