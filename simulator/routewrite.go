package simulator

import (
	"encoding/hex"
	"slices"
	"strings"
	"unicode/utf8"
)

func listRoutes(s *Simulator, c *call) reply {
	v := s.db.server(c.key("server_id"))
	if v == nil {
		return crash()
	}
	return ok(s.db.rowsOf(v, true))
}

func postRoute(s *Simulator, c *call) reply {
	return s.storeRoutes(c, func(f fields) (string, bool) { return f.str("network"), true })
}

// postRoutes stores all or nothing and answers the last one.
func postRoutes(s *Simulator, c *call) reply { return postRoute(s, c) }

func putRoute(s *Simulator, c *call) reply {
	return s.storeRoutes(c, func(fields) (string, bool) { return hexParam(c.params["net"]) })
}

func hexParam(param string) (network string, good bool) {
	raw, err := hex.DecodeString(strings.ReplaceAll(param, " ", ""))
	return string(raw), err == nil && utf8.Valid(raw)
}

func (s *Simulator) storeRoutes(c *call, network func(fields) (string, bool)) reply {
	v := s.db.server(c.key("server_id"))
	if v == nil || len(c.items) == 0 {
		return crash()
	}
	changed := *v
	changed.routes = slices.Clone(v.routes)
	var last routeAnswer
	for _, b := range c.items {
		text, good := network(b)
		if !good {
			return crash()
		}
		code := ""
		if last, code = s.db.upsertRoute(&changed, text, b); code != "" {
			return refuse(code)
		}
	}
	return s.commitRoutes(v, &changed, last)
}

func (s *Simulator) commitRoutes(v, changed *server, answer any) reply {
	if answer := s.db.checkServer(changed, v, false); answer != nil {
		return *answer
	}
	v.routes = changed.routes
	return ok(answer)
}

// upsertRoute stores a route or the override of a derived one.
func (db *database) upsertRoute(v *server, text string, b fields) (answer routeAnswer, refused string) {
	if v.status == online {
		return answer, "server_route_online"
	}
	p, err := parseNetwork(text)
	if err != nil {
		return answer, "server_route_invalid"
	}
	network, nat, gateway := networkText(p), b.flag("nat"), b.flag("net_gateway")
	link := false
	for _, row := range db.rowsOf(v, true) {
		switch {
		case row.Network != network || row.Network == "::/0":
			continue
		case row.ServerLink && row.Nat != nat:
			return answer, "server_route_server_link_nat"
		case row.NetworkLink && gateway:
			return answer, "server_route_network_link_gateway"
		}
		link = row.ServerLink
	}
	stored := network
	own, _, six, _ := db.virtualNetworks(v)
	switch {
	case network == own || network == six:
		if nat {
			return answer, "server_route_virtual_nat"
		}
		stored = virtualRoute
	case network == "::/0":
		stored = "0.0.0.0/0"
	}
	switch {
	case gateway && nat:
		return answer, "server_route_net_gateway_nat"
	case !nat && b.str("nat_netmap") != "":
		return answer, "server_route_non_nat_netmap"
	}
	r := storedRoute{network: stored, serverLink: link, routeFields: routeFields{
		Comment: b.opt("comment"), Metric: numOrNil(b.num("metric")), Nat: nat, NatInterface: b.opt("nat_interface"),
		NatNetmap: b.opt("nat_netmap"), Advertise: yes(b.flag("advertise")), NetGateway: gateway,
	}}
	if b.flag("advertise") {
		r.AdvertiseResource = someOrNil(b.strs("advertise_resource"))
	}
	v.putRoute(r)
	return routeAnswer{ID: hexText(network), Server: v.id, Network: network, routeFields: r.routeFields}, ""
}

// putRoute replaces the route of the same network or adds one. The NAT settings
// of an override stay as they were.
func (v *server) putRoute(r storedRoute) {
	i := slices.IndexFunc(v.routes, func(old storedRoute) bool { return old.network == r.network })
	if i < 0 {
		v.routes = append(v.routes, r)
		return
	}
	if old := v.routes[i]; r.serverLink {
		r.Nat, r.NatInterface, r.NatNetmap = old.Nat, old.NatInterface, old.NatNetmap
	}
	v.routes[i] = r
}

// deleteRoute answers null whether there was a route or not.
func deleteRoute(s *Simulator, c *call) reply {
	v := s.db.server(c.key("server_id"))
	network, good := hexParam(c.params["net"])
	if v == nil || !good {
		return crash()
	}
	if v.status == online {
		return refuse("server_route_online")
	}
	changed := *v
	changed.routes = slices.Clone(v.routes)
	if i := slices.IndexFunc(changed.routes, func(r storedRoute) bool { return r.network == network }); i >= 0 {
		changed.routes = slices.Delete(changed.routes, i, i+1)
	}
	return s.commitRoutes(v, &changed, nil)
}
