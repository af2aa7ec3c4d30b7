package restore

import (
	"fmt"
	"slices"

	"pritunl-backup/snapshot"
)

// matcher pairs the nodes of two trees.
type matcher struct {
	want, live *tree
	mode       Mode
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

// pairByID pairs what is still there under the id that it has in the snapshot: it is the same object whatever it is
// called by now, and changing it keeps what no API can make again. Hosts have rules of their own.
func (m *matcher) pairByID(kind snapshot.Kind) {
	for _, want := range m.want.kinds[kind] {
		live := m.live.byID[want.id]
		if want.id != "" && live != nil && live.kind == kind && live.twin == nil && m.canBecome(want, live) {
			m.pair(want, live)
		}
	}
}

// canBecome tells whether changes can turn a live object into the wanted one: what is fixed when an object is created
// has to be equal. A user can move to another organization.
func (m *matcher) canBecome(want, live *node) bool {
	switch want.kind {
	case snapshot.Links:
		return want.object.String("type") == live.object.String("type")
	case snapshot.Locations:
		return want.owner.twin == live.owner && want.object.String("type") == live.object.String("type")
	case LocationHosts:
		return want.owner.twin == live.owner
	}
	return true
}

func (m *matcher) matchKind(kind snapshot.Kind) error {
	m.pairByID(kind)
	want := bucket(m.want.kinds[kind], (*node).key)
	live := bucket(m.live.kinds[kind], (*node).key)
	for _, key := range want.order {
		m.number(want.nodes[key])
		if err := m.matchBucket(unmatched(want.nodes[key]), unmatched(live.nodes[key])); err != nil {
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
