package restore

import (
	"fmt"
	"net/netip"
	"slices"

	"pritunl-backup/snapshot"
)

// claim is something that only one object of the target may have at a time: a
// network, which must not overlap another, or a name.
type claim struct {
	network netip.Prefix // valid when the claim is a network
	name    string       // "port 1194/udp", "username alice"
	code    string       // what the server refuses a second one with
}

// claimsOf gives what an object of the kind takes for itself.
func claimsOf(kind snapshot.Kind, o snapshot.Object) []claim {
	if kind == snapshot.Administrators {
		return []claim{{name: "username " + quote(o.String("username")), code: "administrator_username_exists"}}
	}
	var claims []claim
	network := func(field string) {
		if p, err := looseNetwork(o.String(field)); err == nil {
			claims = append(claims, claim{network: p, code: "network_in_use"})
		}
	}
	port := func(field, protocol string) {
		if port, ok := o.Int(field); ok && port != 0 {
			claims = append(claims, claim{name: fmt.Sprint("port ", port, "/", protocol), code: "port_protocol_in_use"})
		}
	}
	network("network")
	port("port", o.String("protocol"))
	if o.Bool("wg") {
		network("network_wg")
		port("port_wg", "udp") // WireGuard shares the ports of udp
	}
	return claims
}

// holdings tells which objects of the target hold what.
type holdings struct {
	networks map[netip.Prefix]map[*node]bool  // by the network
	inside   map[netip.Prefix]map[holder]bool // by every network that contains a held one, itself too
	names    map[string]map[*node]bool
}

type holder struct {
	node    *node
	network netip.Prefix
}

func newHoldings() *holdings {
	return &holdings{map[netip.Prefix]map[*node]bool{}, map[netip.Prefix]map[holder]bool{}, map[string]map[*node]bool{}}
}

func put[K, V comparable](m map[K]map[V]bool, k K, v V) {
	if m[k] == nil {
		m[k] = map[V]bool{}
	}
	m[k][v] = true
}

func (h *holdings) take(n *node, claims []claim) {
	for _, c := range claims {
		if !c.network.IsValid() {
			put(h.names, c.name, n)
			continue
		}
		put(h.networks, c.network.Masked(), n)
		for bits := range c.network.Bits() + 1 {
			put(h.inside, netip.PrefixFrom(c.network.Addr(), bits).Masked(), holder{n, c.network})
		}
	}
}

func (h *holdings) giveUp(n *node, claims []claim) {
	for _, c := range claims {
		if !c.network.IsValid() {
			delete(h.names[c.name], n)
			continue
		}
		delete(h.networks[c.network.Masked()], n)
		for bits := range c.network.Bits() + 1 {
			delete(h.inside[netip.PrefixFrom(c.network.Addr(), bits).Masked()], holder{n, c.network})
		}
	}
}

// clash is a claim that another object holds.
type clash struct {
	by         *node
	code, text string
}

// clash gives a claim that another object than n holds, the same one every time.
func (h *holdings) clash(n *node, claims []claim) *clash {
	var first *clash
	found := func(c claim, by *node, what string) {
		text := what + " by " + singular(by.kind) + " " + by.path()
		if by != n && (first == nil || text < first.text) {
			first = &clash{by: by, code: c.code, text: text}
		}
	}
	for _, c := range claims {
		if !c.network.IsValid() {
			for by := range h.names[c.name] {
				found(c, by, c.name+" is used")
			}
			continue
		}
		overlaps := func(other netip.Prefix, by *node) {
			found(c, by, fmt.Sprintf("network %s overlaps %s", c.network, other))
		}
		for in := range h.inside[c.network.Masked()] {
			overlaps(in.network, in.node)
		}
		for bits := range c.network.Bits() {
			around := netip.PrefixFrom(c.network.Addr(), bits).Masked()
			for by := range h.networks[around] {
				overlaps(around, by)
			}
		}
	}
	return first
}

// unique plays the writing of objects of a kind through, against what the target
// holds by then. It puts the actions into an order in which each finds what it
// claims free, and refuses those for which there is no such order.
func (c *checker) unique(kind snapshot.Kind) {
	held := newHoldings()
	for _, n := range c.live.kinds[kind] {
		if !c.goes(n) {
			held.take(n, claimsOf(kind, n.object))
		}
	}
	var todo, order []*Action
	for _, a := range c.plan.Actions {
		if a.Kind == kind && (a.Verb == Create || a.Verb == Changing) {
			todo = append(todo, a)
		}
	}
	done := map[*Action]bool{}
	waiting := map[*node][]*Action{} // by what holds something that they claim
	for queue := slices.Clone(todo); len(queue) > 0; {
		a := queue[0]
		queue = queue[1:]
		claims := claimsOf(kind, a.want.object)
		if found := held.clash(a.slot(), claims); found != nil {
			waiting[found.by] = append(waiting[found.by], a)
			continue
		}
		if a.live != nil {
			held.giveUp(a.live, claimsOf(kind, a.live.object))
		}
		held.take(a.slot(), claims)
		done[a], order = true, append(order, a)
		queue = append(waiting[a.slot()], queue...)
		delete(waiting, a.slot())
	}
	if len(order) == len(todo) {
		c.reorder(kind, order)
		return
	}
	for _, a := range todo {
		if !done[a] {
			c.action = a
			found := held.clash(a.slot(), claimsOf(kind, a.want.object))
			c.refuse(found.code, "%s%s", found.text, c.inTheWay(found.by, done))
		}
	}
}

// inTheWay says more of what holds a claim: two objects that have exchanged what
// they hold wait for each other.
func (c *checker) inTheWay(by *node, done map[*Action]bool) string {
	if by.twin == nil {
		return ""
	}
	if a := c.actions[by.twin]; a != nil && a.Verb == Changing && !done[a] {
		return ", which waits for another in turn: give one of them something else by hand first"
	}
	return ""
}

// slot is the object of the target whose place an action takes.
func (a *Action) slot() *node {
	if a.live != nil {
		return a.live
	}
	return a.want
}

// reorder puts the actions of a kind that write into the given order.
func (c *checker) reorder(kind snapshot.Kind, order []*Action) {
	next := 0
	for i, a := range c.plan.Actions {
		if a.Kind == kind && (a.Verb == Create || a.Verb == Changing) {
			c.plan.Actions[i] = order[next]
			next++
		}
	}
}

// ownClash refuses a new server that needs the same twice; an existing one may.
func (c *checker) ownClash(n *node) {
	if n.twin != nil || !n.object.Bool("wg") {
		return
	}
	network, err := looseNetwork(n.object.String("network"))
	wg, wgErr := looseNetwork(n.object.String("network_wg"))
	if err == nil && wgErr == nil && network.Overlaps(wg) {
		c.refuse("network_WG_in_use", "network and network_wg overlap")
	}
	port, _ := n.object.Int("port")
	if wgPort, ok := n.object.Int("port_wg"); ok && port == wgPort && port != 0 && n.object.String("protocol") == "udp" {
		c.refuse("port_protocol_in_use", "port and port_wg are one")
	}
}
