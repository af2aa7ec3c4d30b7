package snapshot

import (
	"cmp"
	"fmt"
	"slices"
)

// organizationPlaces gives the order in which users of both documents can be
// merged, by the label of their organization. Users come in the order of their
// organizations' names, so one that was renamed may stand elsewhere in the other
// document: it has no place, nor has one that only one document holds. nil says
// that labels are in order in both.
func (c *comparison) organizationPlaces() map[string]string {
	var a, b []string
	for _, m := range byStream(c.matches[Organizations], func(m matched) Object { return m.a }) {
		a = append(a, m.key[0])
	}
	for _, m := range byStream(c.matches[Organizations], func(m matched) Object { return m.b }) {
		b = append(b, m.key[0])
	}
	if slices.IsSorted(a) && slices.IsSorted(b) {
		return nil
	}
	at := map[string]int{}
	for i, label := range b {
		at[label] = i
	}
	both := slices.DeleteFunc(a, func(label string) bool { _, ok := at[label]; return !ok })
	places := map[string]string{}
	for i, label := range longestIncreasing(both, at) {
		places[label] = fmt.Sprintf("%08d", i)
	}
	return places
}

// byStream gives the pairs in the order in which a document holds the users of
// the one that of gives.
func byStream(pairs []matched, of func(matched) Object) []matched {
	rows := slices.DeleteFunc(slices.Clone(pairs), func(m matched) bool { return of(m) == nil })
	slices.SortStableFunc(rows, func(x, y matched) int {
		a, b := of(x), of(y)
		return cmp.Or(cmp.Compare(a.String("name"), b.String("name")), cmp.Compare(a.String("id"), b.String("id")))
	})
	return rows
}

// longestIncreasing gives as many of the labels as can be had with their places increasing.
func longestIncreasing(labels []string, at map[string]int) []string {
	before := make([]int, len(labels)) // index of the label before, -1 for the first
	var ends []int                     // by length: index of the label with the lowest place that ends a subsequence of it
	for i, label := range labels {
		n, _ := slices.BinarySearchFunc(ends, at[label], func(end, place int) int { return cmp.Compare(at[labels[end]], place) })
		before[i] = -1
		if n > 0 {
			before[i] = ends[n-1]
		}
		if n == len(ends) {
			ends = append(ends, i)
		} else {
			ends[n] = i
		}
	}
	out := make([]string, len(ends))
	if len(ends) == 0 {
		return out
	}
	for i, n := ends[len(ends)-1], len(ends)-1; n >= 0; i, n = before[i], n-1 {
		out[n] = labels[i]
	}
	return out
}
