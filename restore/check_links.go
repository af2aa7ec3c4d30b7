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
	made := true
	for _, n := range c.want.kinds[snapshot.ServerLinks] {
		if n == link {
			made = false
			continue
		}
		created := c.actions[n] != nil && c.actions[n].Verb == Create
		if n.twin == nil && (!made || !created) {
			continue
		}
		switch server {
		case n.owner:
			out = append(out, n.other)
		case n.other:
			out = append(out, n.owner)
		}
	}
	return out
}

// bridgedNetworkLinks checks a bridge that organizations are attached to already: nothing of it can be changed once
// one of their users has network links. A bridge that is new takes them, because they are attached to it last.
func (c *checker) bridgedNetworkLinks(server *node) {
	if server.twin == nil || server.object.String("network_mode") != "bridge" {
		return
	}
	for _, n := range c.live.kinds[snapshot.ServerOrganizations] {
		if n.owner != server.twin || c.deletes(n) {
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
	for _, n := range c.want.kinds[snapshot.Users] {
		if n.owner.twin == organization && has(n) && c.actions[n] != nil && c.actions[n].Verb.Writes() {
			return n
		}
	}
	for _, n := range c.live.kinds[snapshot.Users] {
		written := n.twin != nil && c.actions[n.twin] != nil && c.actions[n.twin].Verb.Writes()
		if n.owner == organization && has(n) && !written && !c.deletes(n) {
			return n
		}
	}
	return nil
}

// deletes tells whether an object of the target is deleted before anything is written.
func (c *checker) deletes(live *node) bool {
	return slices.ContainsFunc(c.plan.Actions, func(a *Action) bool { return a.Verb == Delete && a.live == live })
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
	for _, n := range c.want.kinds[snapshot.ServerHosts] {
		if n.owner == server && n.other.twin != nil {
			out = append(out, n.other.twin.path())
		}
	}
	return out
}

func (c *checker) routesOf(server *node) []string {
	var out []string
	for _, n := range c.want.kinds[snapshot.ServerRoutes] {
		if network := n.object.String("network"); n.owner == server && !n.virtual() && network != "0.0.0.0/0" {
			out = append(out, network)
		}
	}
	return out
}
