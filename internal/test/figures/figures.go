// Package figures makes one figure of the many that a benchmark took.
package figures

import "slices"

// Median of a list that is not empty; of an even number, the upper one.
func Median(list []float64) float64 {
	list = slices.Sorted(slices.Values(list))
	return list[len(list)/2]
}

// Ratio is the median of a list divided by another turn by turn: in each turn both had the same machine beside them.
func Ratio(list, by []float64) float64 {
	out := make([]float64, len(list))
	for i := range out {
		out[i] = list[i] / by[i]
	}
	return Median(out)
}
