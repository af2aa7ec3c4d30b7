package restore

import (
	"slices"

	"pritunl-backup/snapshot"
)

// obstacle gives the verb and the reason when an object cannot be restored or was left out, else "".
type obstacle func(b *builder, n *node) (Verb, string)

// obstacles are looked for in this order; the first one counts.
func obstacles() []obstacle {
	return []obstacle{leftOut, unreadable, ofLicence, withoutHost, administratorInUse, linkWithoutHost, linkOfUnknownParts, ownerMissing, ofExisting}
}

func (b *builder) obstacle(n *node) (Verb, string) {
	for _, find := range obstacles() {
		if verb, reason := find(b, n); verb != "" {
			return verb, reason
		}
	}
	return "", ""
}

// whyFiltered is the reason of what the filters do not choose.
const whyFiltered = "left out by --only or --skip"

func leftOut(b *builder, n *node) (Verb, string) {
	if !b.opts.selects(n) {
		return Skip, whyFiltered
	}
	return "", ""
}

func unreadable(b *builder, n *node) (Verb, string) {
	for _, u := range b.live.header.Unreadable {
		if u.Kind == section(n.kind) || u.Kind == snapshot.Links && section(n.kind) == snapshot.Locations {
			return Cannot, "on the target: " + u.Reason
		}
	}
	return "", ""
}

func ofLicence(_ *builder, n *node) (Verb, string) {
	switch {
	case n.kind != snapshot.Subscription:
		return "", ""
	case n.object.Bool("active") && (n.twin == nil || !n.twin.object.Bool("active")):
		return Cannot, "the licence key cannot be read from an instance: install it by hand"
	}
	return Leave, ""
}

func withoutHost(_ *builder, n *node) (Verb, string) {
	if n.kind == snapshot.Hosts && n.twin == nil {
		return Skip, "no host of the target stands for it"
	}
	return "", ""
}

func administratorInUse(b *builder, n *node) (Verb, string) {
	if n.kind != snapshot.Administrators || n.twin == nil || n.twin.id != b.plan.caller {
		return "", ""
	}
	if changes := n.changes(n.twin); len(changes) > 0 {
		return HeldBack, "it is the administrator in use: " + fieldNames(changes) + " differ and are changed by hand"
	}
	return "", ""
}

func linkWithoutHost(b *builder, n *node) (Verb, string) {
	if n.kind != snapshot.ServerLinks || n.twin != nil {
		return "", ""
	}
	for _, server := range []*node{n.owner, n.other} {
		if server != nil && b.want.homeless(server) {
			return Cannot, "linked servers need a host each, and none of those of server " + server.path() + " is on the target"
		}
	}
	return "", ""
}

// linkOfUnknownParts looks at servers that keep the hosts or routes they have or are born with, because the snapshot
// does not know them or they were left out: the server refuses to link two that have one in common.
func linkOfUnknownParts(b *builder, n *node) (Verb, string) {
	if n.kind != snapshot.ServerLinks || n.twin != nil {
		return "", ""
	}
	for _, server := range []*node{n.owner, n.other} {
		if !b.plan.restoresParts(server, snapshot.ServerHosts) || !b.plan.restoresParts(server, snapshot.ServerRoutes) {
			if _, text := b.shared(n); text != "" {
				return Cannot, text
			}
		}
	}
	return "", ""
}

// restoresParts tells whether a server will have the hosts, or the routes, that the snapshot says: the snapshot knows
// them, and they were not left out.
func (p *Plan) restoresParts(server *node, kind snapshot.Kind) bool {
	return p.want.has(kind) && p.opts.selects(&node{kind: kind, owner: server, other: server})
}

func ownerMissing(b *builder, n *node) (Verb, string) {
	if end := b.missingEnd(n); end != nil {
		return Skip, singular(end.kind) + " " + end.path() + " is not there"
	}
	return "", ""
}

// missingEnd gives what an object belongs to and will not be on the target, nil when all of it will be.
func (b *builder) missingEnd(n *node) *node {
	for _, end := range []*node{n.owner, n.other} {
		if end != nil && n.kind != snapshot.Settings && !b.available(end) {
			return end
		}
	}
	return nil
}

func ofExisting(b *builder, n *node) (Verb, string) {
	existing := n.owner != nil && n.owner.twin != nil && (n.kind != snapshot.ServerLinks || n.other.twin != nil)
	if b.opts.Mode == ModeSkip && n.twin == nil && existing && n.kind != snapshot.Users {
		return Skip, "belongs to " + singular(n.owner.kind) + " " + n.owner.path() + ", which exists already"
	}
	return "", ""
}

// available tells whether an object will be on the target when it is needed.
func (b *builder) available(n *node) bool {
	if n.twin != nil {
		return true
	}
	a := b.actions[n]
	return a != nil && a.Verb == Create
}

// hostsOf gives the target's hosts that a server of the snapshot will be on: where the snapshot does not say, the ones
// it is on, and of a new one the host that answers.
func (b *builder) hostsOf(server *node) []string {
	var out []string
	if b.plan.restoresParts(server, snapshot.ServerHosts) {
		for _, n := range b.want.of(server, snapshot.ServerHosts) {
			if n.other.twin != nil {
				out = append(out, n.other.twin.path())
			}
		}
		return out
	}
	if server.twin == nil {
		for _, h := range b.live.kinds[snapshot.Hosts] {
			if h.object.String("name") == b.live.header.Host || len(b.live.kinds[snapshot.Hosts]) == 1 {
				return []string{h.path()}
			}
		}
		return []string{b.live.header.Host}
	}
	for _, n := range b.live.of(server.twin, snapshot.ServerHosts) {
		out = append(out, n.other.path())
	}
	return out
}

// routesOf gives the networks of a server's own routes, but for the default one: where the snapshot does not say, the
// ones it has or is born with.
func (b *builder) routesOf(server *node) []string {
	nodes := b.want.of(server, snapshot.ServerRoutes)
	if !b.plan.restoresParts(server, snapshot.ServerRoutes) {
		if server.twin == nil {
			return b.bornRoutes(server)
		}
		nodes = b.live.of(server.twin, snapshot.ServerRoutes)
	}
	var out []string
	for _, n := range nodes {
		if network := n.object.String("network"); !n.virtual() && network != "0.0.0.0/0" {
			out = append(out, network)
		}
	}
	return out
}

// bornRoutes gives the networks of the routes, but for the default one, that a new server has.
func (b *builder) bornRoutes(server *node) []string {
	if b.live.lacks(sinceBornDNSRoute) {
		return nil
	}
	dns := append(slices.Clone(server.object.Strings("dns_servers")), "8.8.8.8")
	return []string{singleAddress(dns[0])}
}

// shared gives what the ends of a link of servers, or the servers linked to them by then, have in common: the code and
// the words.
func (b *builder) shared(link *node) (code, text string) {
	a, z := link.owner, link.other
	if host := common(b.hostsOf(a), b.hostsOf(z)); host != "" {
		return "server_link_common_host", "both servers are on host " + host + ": linked servers need one each"
	}
	if network := common(b.routesOf(a), b.routesOf(z)); network != "" {
		return "server_link_common_route", "both servers have the route " + network
	}
	for _, end := range [2][2]*node{{a, z}, {z, a}} {
		server, added := end[0], end[1]
		for _, neighbour := range b.neighbours(link, server) {
			servers := "servers " + neighbour.path() + " and " + added.path() + ", both linked to " + server.path() + ","
			if host := common(b.hostsOf(neighbour), b.hostsOf(added)); host != "" {
				return "server_link_common_host", servers + " are on host " + host + ": they need one each"
			}
			if network := common(b.routesOf(neighbour), b.routesOf(added)); network != "" {
				return "server_link_common_route", servers + " have the route " + network
			}
		}
	}
	return "", ""
}

// neighbours gives the servers that are linked to one when a link of it is made: by links that exist, and by those
// made before.
func (b *builder) neighbours(link, server *node) []*node {
	var out []*node
	add := func(links []*node, otherEnd func(*node) *node) {
		for _, n := range links {
			created := b.actions[n] != nil && b.actions[n].Verb == Create
			if n != link && (n.twin != nil || created && n.position < link.position) {
				out = append(out, otherEnd(n))
			}
		}
	}
	add(b.want.of(server, snapshot.ServerLinks), func(n *node) *node { return n.other })
	add(b.want.to(server, snapshot.ServerLinks), func(n *node) *node { return n.owner })
	return out
}

func common(a, b []string) string {
	for _, v := range a {
		if slices.Contains(b, v) {
			return v
		}
	}
	return ""
}
