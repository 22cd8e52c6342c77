package lang

import (
	"fmt"
	"strings"

	"golang.org/x/text/currency"
)

// Money writes an amount in minor units of a currency, by its code: "1,250.50 EUR",
// "1 250,50 EUR". Without a currency that is known it writes the minor units.
func Money(tag Tag, minor int64, code string) string {
	unit, err := currency.ParseISO(code)
	if err != nil {
		return strings.TrimSpace(Number(tag, minor) + " " + code)
	}
	digits, _ := currency.Standard.Rounding(unit)
	point := int64(1)
	for range digits {
		point *= 10
	}
	out := Number(tag, minor/point)
	if digits > 0 {
		sep := "."
		if tag == French {
			sep = ","
		}
		out += sep + fmt.Sprintf("%0*d", digits, minor%point)
	}
	return out + "\u00a0" + unit.String()
}
