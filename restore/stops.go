package restore

import (
	"slices"

	"pritunl-backup/snapshot"
)

// findStops says for every action which running servers have to be offline.
func (b *builder) findStops() {
	stops := map[*node]*Stop{}
	for _, a := range b.plan.Actions {
		if !a.Verb.Writes() {
			continue
		}
		for _, server := range b.stopsFor(a) {
			deletes := a.Kind == snapshot.Servers && a.Verb == Delete
			if server.object.String("status") != "online" || !deletes && b.goes(server) {
				continue // what is deleted is gone by then
			}
			s := stops[server]
			if s == nil {
				s = &Stop{Server: server.path(), ID: server.id, node: server}
				stops[server] = s
			}
			s.Changes++
			if !slices.Contains(a.Stops, s.Server) {
				a.Stops = append(a.Stops, s.Server)
			}
			if reason := string(a.Verb) + " " + singular(a.Kind); !slices.Contains(s.Reasons, reason) {
				s.Reasons = append(s.Reasons, reason)
			}
		}
	}
	b.plan.Stops = []Stop{}
	for _, server := range b.live.kinds[snapshot.Servers] {
		if s := stops[server]; s != nil {
			b.plan.Stops = append(b.plan.Stops, *s)
		}
	}
}

// stopsFor gives the live servers that an action needs offline, running or not.
func (b *builder) stopsFor(a *Action) []*node {
	if find := stopRules()[a.Kind]; find != nil {
		return find(b, a)
	}
	return nil
}

// stopRules gives, by kind, which servers the server wants offline for an action.
func stopRules() map[snapshot.Kind]func(b *builder, a *Action) []*node {
	return map[snapshot.Kind]func(b *builder, a *Action) []*node{
		snapshot.Servers:             (*builder).stopsForServer,
		snapshot.ServerRoutes:        (*builder).stopsForRoute,
		RouteOverrides:               (*builder).stopsForRoute,
		snapshot.ServerOrganizations: (*builder).stopsForAttachment,
		snapshot.ServerLinks:         (*builder).stopsForLink,
		snapshot.Organizations:       (*builder).stopsForOrganization,
		snapshot.Users:               (*builder).stopsForUser,
		snapshot.Hosts:               (*builder).stopsForHost,
	}
}

func (b *builder) stopsForServer(a *Action) []*node {
	switch {
	case a.Verb == Delete:
		return b.linkedTo(a.live)
	case a.Verb == Changing && (b.live.lacks(sinceOnlineChanges) || needsOffline(a) || b.disturbsRoutes(a.want)):
		return append(b.linkedTo(a.live), a.live)
	}
	return nil
}

func (b *builder) stopsForRoute(a *Action) []*node {
	server := b.liveOwner(a)
	if server == nil {
		return nil
	}
	return append(b.linkedTo(server), server)
}

func (b *builder) stopsForAttachment(a *Action) []*node { return existing(b.liveOwner(a)) }

func (b *builder) stopsForLink(a *Action) []*node {
	ends := a.ends()
	return existing(ends[:]...)
}

func existing(nodes ...*node) []*node {
	return slices.DeleteFunc(nodes, func(n *node) bool { return n == nil })
}

func (b *builder) stopsForOrganization(a *Action) []*node {
	if a.Verb != Delete {
		return nil
	}
	return b.serversOf(a.live)
}

func (b *builder) stopsForUser(a *Action) []*node {
	switch {
	case a.moves() && len(a.want.object.Strings("network_links")) > 0:
		return append(b.serversOf(a.live.owner), b.serversOf(b.liveOwner(a))...)
	case touchesNetworkLinks(a):
		return b.serversOf(b.liveOwner(a))
	}
	return nil
}

func (b *builder) stopsForHost(a *Action) []*node {
	if !hasField(a.Fields, "routed_subnet6", "routed_subnet6_wg") {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(b.live.kinds[snapshot.Servers]), func(n *node) bool { return !n.object.Bool("ipv6") })
}

// liveOwner gives the live object that the object of an action belongs to.
func (b *builder) liveOwner(a *Action) *node {
	if a.want != nil {
		return a.want.owner.twin
	}
	return a.live.owner
}

// ends gives both live ends of a relation.
func (a *Action) ends() [2]*node {
	if a.want != nil {
		return [2]*node{a.want.owner.twin, a.want.other.twin}
	}
	return [2]*node{a.live.owner, a.live.other}
}

func (b *builder) linkedTo(server *node) []*node {
	var out []*node
	for _, l := range b.live.of(server, snapshot.ServerLinks) {
		out = append(out, l.other)
	}
	for _, l := range b.live.to(server, snapshot.ServerLinks) {
		out = append(out, l.owner)
	}
	return out
}

func (b *builder) serversOf(organization *node) []*node {
	var out []*node
	for _, a := range b.live.to(organization, snapshot.ServerOrganizations) {
		out = append(out, a.owner)
	}
	return out
}

// goes tells whether a live object is deleted.
func (b *builder) goes(n *node) bool {
	return b.gone[n]
}

func touchesNetworkLinks(a *Action) bool {
	if a.Verb == Create {
		return len(a.want.object.Strings("network_links")) > 0
	}
	return hasField(a.Fields, "network_links")
}

// needsOffline tells whether a change of a server is refused while it runs. The
// first complete body for an old server turns nulls into values, which counts as
// a change too.
func needsOffline(a *Action) bool {
	for _, c := range a.Fields {
		switch c.Path {
		case "name", "hide_ovpn", "geo_sort", "force_connect", "replica_count", "block_outside_dns", "pre_connect_msg":
		default:
			return true
		}
	}
	for _, name := range []string{"bind_address", "network_start", "network_end", "max_devices", "ovpn_dco", "multihome"} {
		if v, ok := a.live.object[name]; ok && v == nil {
			return true
		}
	}
	return false
}
