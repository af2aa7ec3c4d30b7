package restore

import (
	"slices"

	"pritunl-backup/snapshot"
)

// serverLink checks what two linked servers must not have in common.
func (c *checker) serverLink(n *node) {
	a, z := n.owner, n.other
	for _, s := range []*node{a, z} {
		if s.object.String("network_mode") == "bridge" {
			c.refuse("bridged_server_links_invalid", "server %s is a bridge and cannot be linked", s.path())
		}
		if count, _ := s.object.Int("replica_count"); count > 1 {
			c.refuse("server_links_and_replica", "server %s has replicas and cannot be linked", s.path())
		}
	}
	if host := common(c.hostsOf(a), c.hostsOf(z)); host != "" {
		c.refuse("server_link_common_host", "both servers are on host %s: linked servers need one each", host)
	}
	if network := common(c.routesOf(a), c.routesOf(z)); network != "" {
		c.refuse("server_link_common_route", "both servers have the route %s", network)
	}
	c.linkedTo(n, a, z)
	c.linkedTo(n, z, a)
}

// linkedTo checks a new neighbour of a server against the neighbours that it has by then: all servers that are linked
// to one must not have a host or a route in common either.
func (c *checker) linkedTo(link, server, added *node) {
	for _, neighbour := range c.neighbours(link, server) {
		if host := common(c.hostsOf(neighbour), c.hostsOf(added)); host != "" {
			c.refuse("server_link_common_host", "servers %s and %s, both linked to %s, are on host %s: they need one each",
				neighbour.path(), added.path(), server.path(), host)
		}
		if network := common(c.routesOf(neighbour), c.routesOf(added)); network != "" {
			c.refuse("server_link_common_route", "servers %s and %s, both linked to %s, have the route %s",
				neighbour.path(), added.path(), server.path(), network)
		}
	}
}

// neighbours gives the servers that are linked to one when a link of it is made: by links that exist, and by those
// made before.
func (c *checker) neighbours(link, server *node) []*node {
	var out []*node
	add := func(links []*node, otherEnd func(*node) *node) {
		for _, n := range links {
			created := c.actions[n] != nil && c.actions[n].Verb == Create
			if n != link && (n.twin != nil || created && n.position < link.position) {
				out = append(out, otherEnd(n))
			}
		}
	}
	add(c.want.of(server, snapshot.ServerLinks), func(n *node) *node { return n.other })
	add(c.want.to(server, snapshot.ServerLinks), func(n *node) *node { return n.owner })
	return out
}

// bridgedNetworkLinks checks a bridge that organizations are attached to already: nothing of it can be changed once
// one of their users has network links. A bridge that is new takes them, because they are attached to it last.
func (c *checker) bridgedNetworkLinks(server *node) {
	if server.twin == nil || server.object.String("network_mode") != "bridge" {
		return
	}
	for _, n := range c.live.of(server.twin, snapshot.ServerOrganizations) {
		if c.goes(n) {
			continue
		}
		if user := c.userWithNetworkLinks(n.other); user != nil {
			c.refuse("bridged_net_links_invalid", "server %s is a bridge, and user %s of an organization attached to it has network links: nothing of the server can be changed",
				server.path(), user.path())
			return
		}
	}
}

// userWithNetworkLinks gives a user of an organization of the target who has network links when servers are written.
func (c *checker) userWithNetworkLinks(organization *node) *node {
	has := func(n *node) bool { return len(n.object.Strings("network_links")) > 0 }
	var wanted []*node
	if organization.twin != nil {
		wanted = c.want.of(organization.twin, snapshot.Users)
	}
	for _, n := range wanted {
		if has(n) && c.actions[n] != nil && c.actions[n].Verb.Writes() {
			return n
		}
	}
	for _, n := range c.live.of(organization, snapshot.Users) {
		written := n.twin != nil && c.actions[n.twin] != nil && c.actions[n.twin].Verb.Writes()
		if has(n) && !written && !c.goes(n) {
			return n
		}
	}
	return nil
}

func common(a, b []string) string {
	for _, v := range a {
		if slices.Contains(b, v) {
			return v
		}
	}
	return ""
}

// hostsOf gives the target's hosts that a server of the snapshot will be on.
func (c *checker) hostsOf(server *node) []string {
	var out []string
	for _, n := range c.want.of(server, snapshot.ServerHosts) {
		if n.other.twin != nil {
			out = append(out, n.other.twin.path())
		}
	}
	return out
}

func (c *checker) routesOf(server *node) []string {
	var out []string
	for _, n := range c.want.of(server, snapshot.ServerRoutes) {
		if network := n.object.String("network"); !n.virtual() && network != "0.0.0.0/0" {
			out = append(out, network)
		}
	}
	return out
}
