package restore

import (
	"fmt"
	"slices"

	"pritunl-backup/snapshot"
)

// matcher pairs the nodes of two trees.
type matcher struct {
	want, live *tree
	strict     bool // leftovers of equal names on both sides must not be paired by guess
	hosts      map[*node]*node
	groups     int
}

// match pairs what is the same on both sides, kind by kind in the order of the
// levels, so that a relation knows the twins of what it relates.
func (m *matcher) match() error {
	for _, level := range levels() {
		if level.derived {
			continue
		}
		if level.kind == snapshot.Hosts {
			m.matchHosts()
			continue
		}
		if err := m.matchKind(level.kind); err != nil {
			return err
		}
	}
	return nil
}

func (m *matcher) matchHosts() {
	for _, live := range m.live.kinds[snapshot.Hosts] {
		m.lone(live)
	}
	for _, want := range m.want.kinds[snapshot.Hosts] {
		if live := m.hosts[want]; live != nil {
			m.pair(want, live)
		} else {
			m.lone(want)
		}
	}
}

func (m *matcher) lone(n *node) {
	m.groups++
	n.group = m.groups
}

func (m *matcher) pair(want, live *node) {
	if live.group == 0 {
		m.lone(live)
	}
	want.twin, live.twin = live, want
	want.group, want.target = live.group, live.id
}

func (m *matcher) matchKind(kind snapshot.Kind) error {
	want := bucket(m.want.kinds[kind], (*node).key)
	live := bucket(m.live.kinds[kind], (*node).key)
	for _, key := range want.order {
		m.number(want.nodes[key])
		if err := m.matchBucket(want.nodes[key], live.nodes[key]); err != nil {
			return err
		}
	}
	for _, key := range live.order {
		m.number(live.nodes[key])
	}
	// What an older server stored as it was sent has the key of what was sent.
	rest := bucket(unmatched(m.live.kinds[kind]), (*node).key)
	for _, n := range unmatched(m.want.kinds[kind]) {
		if list := rest.nodes[n.sentKey()]; len(list) > 0 && n.sentKey() != n.key() {
			m.pair(n, list[0])
			rest.nodes[n.sentKey()] = list[1:]
		}
	}
	for _, n := range slices.Concat(m.want.kinds[kind], m.live.kinds[kind]) {
		if n.group == 0 {
			m.lone(n)
		}
	}
	return nil
}

func unmatched(nodes []*node) []*node {
	var out []*node
	for _, n := range nodes {
		if n.twin == nil {
			out = append(out, n)
		}
	}
	return out
}

func (m *matcher) number(nodes []*node) {
	if len(nodes) < 2 {
		return
	}
	for i, n := range nodes {
		n.number = i + 1
	}
}

// matchBucket pairs objects of one natural key: those that are equal first, the
// rest by what they have in common, then by their order.
func (m *matcher) matchBucket(want, live []*node) error {
	if len(want) == 1 && len(live) == 1 {
		m.pair(want[0], live[0])
		return nil
	}
	m.pairBest(want, live, func(w, l *node) bool { return len(w.changes(l)) == 0 && m.common(w, l) == m.parts(w, l) })
	w, l := unmatched(want), unmatched(live)
	if m.strict && len(w) != len(l) && len(w) > 0 && len(l) > 0 {
		return &AmbiguousError{
			Text: fmt.Sprintf("%s %s exists %d times in the snapshot and %d times on the target, and they differ",
				singular(want[0].kind), want[0].path(), len(want), len(live)),
			Next: fmt.Sprintf("rename all but one, or leave them out: --skip %s=%s", section(want[0].kind), quote(want[0].names()[0])),
		}
	}
	m.pairBest(w, l, func(*node, *node) bool { return true })
	return nil
}

// pairBest pairs greedily, those with most in common first.
func (m *matcher) pairBest(want, live []*node, fits func(w, l *node) bool) {
	if len(want) == 0 || len(live) == 0 {
		return
	}
	if !hasParts(want[0].kind) {
		m.pairFirst(want, live, fits)
		return
	}
	for {
		var bestWant, bestLive *node
		best := -1
		for _, w := range unmatched(want) {
			for _, l := range unmatched(live) {
				if score := m.common(w, l); score > best && fits(w, l) {
					best, bestWant, bestLive = score, w, l
				}
			}
		}
		if best < 0 {
			return
		}
		m.pair(bestWant, bestLive)
	}
}

// pairFirst pairs in order; enough for what has no parts, of which there may be many.
func (m *matcher) pairFirst(want, live []*node, fits func(w, l *node) bool) {
	live = unmatched(live)
	for _, w := range unmatched(want) {
		if i := slices.IndexFunc(live, func(l *node) bool { return fits(w, l) }); i >= 0 {
			m.pair(w, live[i])
			live = slices.Delete(slices.Clone(live), i, i+1)
		}
	}
}

// common counts the labels of parts that two objects share.
func (m *matcher) common(want, live *node) int {
	labels := m.want.labels(want)
	count := 0
	for label, n := range m.live.labels(live) {
		count += min(n, labels[label])
	}
	return count
}

// parts counts the parts of the larger of two objects.
func (m *matcher) parts(want, live *node) int {
	count := func(labels map[string]int) int {
		total := 0
		for _, n := range labels {
			total += n
		}
		return total
	}
	return max(count(m.want.labels(want)), count(m.live.labels(live)))
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

// buckets holds nodes by key, keys in the order of their first node.
type buckets struct {
	order []string
	nodes map[string][]*node
}

func bucket(nodes []*node, key func(*node) string) buckets {
	b := buckets{nodes: map[string][]*node{}}
	for _, n := range nodes {
		k := key(n)
		if _, known := b.nodes[k]; !known {
			b.order = append(b.order, k)
		}
		b.nodes[k] = append(b.nodes[k], n)
	}
	return b
}

// key is what makes an object the same in two documents.
func (n *node) key() string { return n.keyOf(n.object) }

// sentKey is the key of the object before the server's filters.
func (n *node) sentKey() string {
	if n.sent == nil {
		return n.key()
	}
	return n.keyOf(n.sent)
}

func (n *node) keyOf(o snapshot.Object) string {
	const sep = "\x00"
	within := func(keys ...string) string {
		key := fmt.Sprint(n.owner.group)
		for _, k := range keys {
			key += sep + k
		}
		return key
	}
	switch n.kind {
	case snapshot.Settings, snapshot.Subscription:
		return ""
	case snapshot.Administrators:
		return o.String("username")
	case snapshot.Users:
		return within(o.String("name"), o.String("email"))
	case snapshot.Links:
		return o.String("name") + sep + o.String("type")
	case snapshot.Locations:
		if t := o.String("type"); t != "" {
			return within(t)
		}
		return within(o.String("name"))
	case snapshot.ServerRoutes:
		if n.virtual() {
			return within("virtual")
		}
		return within("own", o.String("network"))
	case RouteOverrides, LocationRoutes:
		return within(o.String("network"))
	case LocationHosts:
		return within(o.String("name"))
	case snapshot.ServerHosts, snapshot.ServerOrganizations, LocationTransits, LocationTransitStops:
		return within(fmt.Sprint(n.other.group))
	case snapshot.ServerLinks, LocationExclusions:
		a, b := n.owner.group, n.other.group
		return fmt.Sprint(min(a, b), sep, max(a, b))
	}
	return o.String("name")
}
