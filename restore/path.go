package restore

import (
	"fmt"

	"pritunl-backup/snapshot"
)

// path gives the natural key path of a node, for a reader.
func (n *node) path() string {
	own := n.ownName()
	if n.number > 0 {
		own = fmt.Sprintf("%s #%d", own, n.number)
	}
	if n.owner == nil {
		return own
	}
	return n.owner.path() + " / " + own
}

func (n *node) ownName() string {
	switch n.kind {
	case snapshot.Settings, snapshot.Subscription:
		return string(n.kind)
	case snapshot.Administrators:
		return named(n.object.String("username"))
	case snapshot.Users:
		if email := n.object.String("email"); email != "" {
			return named(n.object.String("name")) + " <" + email + ">"
		}
	case snapshot.ServerRoutes, RouteOverrides, LocationRoutes:
		if n.virtual() {
			return "virtual network"
		}
		return named(n.object.String("network"))
	case snapshot.ServerHosts, snapshot.ServerOrganizations, snapshot.ServerLinks,
		LocationExclusions, LocationTransits, LocationTransitStops:
		return n.other.ownPath()
	}
	return named(n.object.String("name"))
}

// ownPath is path without the owner.
func (n *node) ownPath() string {
	if n.number > 0 {
		return fmt.Sprintf("%s #%d", n.ownName(), n.number)
	}
	return n.ownName()
}

func named(name string) string {
	if name == "" {
		return "(no name)"
	}
	return name
}
