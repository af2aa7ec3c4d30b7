package restore

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"pritunl-backup/snapshot"
)

// matchBucket pairs objects of one natural key that no id has paired: those that are equal first, the rest by what they
// have in common. It pairs nothing by guess: when objects remain on both sides, and not as many of them, any of them
// could be meant.
func (m *matcher) matchBucket(want, live []*node) error {
	if len(want) == 1 && len(live) == 1 {
		m.pair(want[0], live[0])
		return nil
	}
	if len(want) == 0 || len(live) == 0 {
		return nil
	}
	m.pairEqual(want, live)
	if m.mode == ModeResume {
		// An interrupted run leaves objects whose own fields are complete and whose parts may be missing.
		m.pairBest(want, live, func(w, l *node) bool { return len(w.changes(l)) == 0 })
	}
	w, l := unmatched(want), unmatched(live)
	// A target that has to be fresh is refused in this case anyway, with words that fit better.
	if m.mode != ModeFresh && len(w) != len(l) && len(w) > 0 && len(l) > 0 {
		return &AmbiguousError{
			Text: fmt.Sprintf("%s %s exists %d times in the snapshot and %d times on the target, and they differ",
				singular(want[0].kind), want[0].path(), len(want), len(live)),
			Next: fmt.Sprintf("rename all but one, or leave them out: --skip %s=%s", section(want[0].kind), quote(want[0].names()[0])),
		}
	}
	m.pairBest(w, l, func(*node, *node) bool { return true })
	return nil
}

// pairEqual pairs objects with the same fields and parts.
func (m *matcher) pairEqual(want, live []*node) {
	byParts := map[string][]*node{}
	for _, l := range oldestFirst(live) {
		parts := signature(m.live.labels(l))
		byParts[parts] = append(byParts[parts], l)
	}
	for _, w := range want {
		parts := signature(m.want.labels(w))
		alike := byParts[parts]
		if i := slices.IndexFunc(alike, func(l *node) bool { return len(w.changes(l)) == 0 }); i >= 0 {
			m.pair(w, alike[i])
			byParts[parts] = slices.Delete(alike, i, i+1)
		}
	}
}

// pairBest pairs greedily, those with most parts in common first, of those with as many the oldest.
func (m *matcher) pairBest(want, live []*node, fits func(w, l *node) bool) {
	want, live = unmatched(want), oldestFirst(unmatched(live))
	type pair struct {
		want, live *node
		score      int
	}
	var pairs []pair
	labels := make([]map[string]int, len(live))
	for i, l := range live {
		labels[i] = m.live.labels(l)
	}
	for _, w := range want {
		own := m.want.labels(w)
		for i, l := range live {
			if fits(w, l) {
				pairs = append(pairs, pair{w, l, inCommon(own, labels[i])})
			}
		}
	}
	slices.SortStableFunc(pairs, func(a, b pair) int { return cmp.Compare(b.score, a.score) })
	for _, p := range pairs {
		if p.want.twin == nil && p.live.twin == nil {
			m.pair(p.want, p.live)
		}
	}
}

// oldestFirst sorts by id, which begins with the time at which the object was made.
func oldestFirst(nodes []*node) []*node {
	return slices.SortedStableFunc(slices.Values(nodes), func(a, b *node) int { return cmp.Compare(a.id, b.id) })
}

func inCommon(a, b map[string]int) int {
	count := 0
	for label, n := range b {
		count += min(n, a[label])
	}
	return count
}

func signature(labels map[string]int) string {
	var b strings.Builder
	for _, label := range slices.Sorted(maps.Keys(labels)) {
		fmt.Fprintf(&b, "%s\x00%d\x00", label, labels[label])
	}
	return b.String()
}

// labels gives the names of what belongs to a node.
func (t *tree) labels(owner *node) map[string]int {
	labels := map[string]int{}
	if !hasParts(owner.kind) {
		return labels
	}
	for _, level := range levels() {
		if level.kind == LocationTransitStops {
			continue
		}
		for _, n := range t.of(owner, level.kind) {
			labels[string(level.kind)+" "+n.ownName()]++
		}
	}
	return labels
}

func hasParts(kind snapshot.Kind) bool {
	switch kind {
	case snapshot.Organizations, snapshot.Servers, snapshot.Links, snapshot.Locations:
		return true
	}
	return false
}
