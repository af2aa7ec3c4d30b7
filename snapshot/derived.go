package snapshot

import "strings"

// DerivedRoute tells whether a row of GET /server/<id>/route is computed by the
// server and holds nothing of its own: it is neither compared nor restored.
//
// A row that comes from a user's network link or from a linked server holds an
// override when advertise is a boolean. The row of the server's IPv4 network
// holds a comment and a metric. Rows of the IPv6 and WireGuard networks and
// ::/0 hold nothing: sending them would store something else.
func DerivedRoute(o Object) bool {
	network := o.String("network")
	switch {
	case o.Bool("wg_network"), network == "::/0":
		return true
	case o.Bool("virtual_network"):
		return strings.Contains(network, ":")
	case o.Bool("network_link"), o.Bool("server_link"):
		_, override := o["advertise"].(bool)
		return !override
	}
	return false
}

// Internal tells whether an object is made and kept by the server alone: a
// user of another type than client, or a derived route.
func Internal(kind Kind, o Object) bool {
	switch kind {
	case Users:
		t := o.String("type")
		return t != "client" && t != ""
	case ServerRoutes:
		return DerivedRoute(o)
	}
	return false
}
