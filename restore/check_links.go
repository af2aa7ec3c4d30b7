package restore

import "pritunl-backup/snapshot"

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
	if code, text := c.shared(n); code != "" {
		c.refuse(code, "%s", text)
	}
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
