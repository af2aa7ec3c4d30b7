package simulator

import (
	"net/netip"
	"slices"
	"strings"
)

// checkServer makes the checks that need the other servers, in the order of the
// server. stored is the server as it is kept now, nil for a new one; live says
// that the change may be made while servers run.
func (db *database) checkServer(v, stored *server, live bool) *reply {
	fail := func(code string) *reply { r := refuse(code); return &r }
	if v.status == online && !live {
		r := notOffline("modify settings")
		return &r
	}
	if code := db.checkLinked(v, live); code != "" {
		return fail(code)
	}
	code, good := db.checkAddresses(v, stored)
	switch {
	case !good:
		r := crash()
		return &r
	case code != "":
		return fail(code)
	}
	conf := v.conf
	switch {
	case conf.int("ping_interval")+5 > conf.int("ping_timeout"),
		conf.int("ping_interval_wg")+5 > conf.int("ping_timeout_wg"):
		return fail("ping_interval_too_high")
	case conf.flag("bypass_sso_auth") && !conf.flag("device_auth"):
		return fail("bypass_sso_device_auth")
	}
	if conf.str("network_mode") == bridge {
		if code, good := db.checkBridge(v); !good {
			r := crash()
			return &r
		} else if code != "" {
			return fail(code)
		}
	}
	dns, _ := conf["dns_servers"].([]string)
	switch {
	case len(v.links) > 0 && conf.int("replica_count") > 1:
		return fail("server_links_and_replica")
	case conf.str("search_domain") != "" && len(dns) == 0:
		return fail("server_domain_no_dns")
	case conf.flag("dns_mapping") && len(dns) == 0:
		return fail("client_dns_mapping_no_dns")
	}
	return nil
}

// checkLinked compares the linked servers with each other: two servers that are
// linked to the same one may share neither host nor route.
func (db *database) checkLinked(v *server, live bool) (refused string) {
	hosts, networks := map[string]bool{}, map[string]bool{}
	for _, other := range db.linked(v) {
		if slices.ContainsFunc(other.hosts, func(id string) bool { return hosts[id] }) {
			return "server_link_common_host"
		}
		for _, id := range other.hosts {
			hosts[id] = true
		}
		own := db.routeNetworks(other)
		if slices.ContainsFunc(own, func(n string) bool { return networks[n] }) {
			return "server_link_common_route"
		}
		for _, n := range own {
			networks[n] = true
		}
		if other.status == online && !live {
			return "server_links_not_offline"
		}
	}
	return ""
}

// linked are the servers linked to one, sorted by name.
func (db *database) linked(v *server) []*server {
	var out []*server
	for _, l := range v.links {
		if other := db.server(l.server); other != nil {
			out = append(out, other)
		}
	}
	return byName(out, (*server).name)
}

// checkAddresses compares networks and ports with those in use, and the WireGuard
// ones with the server's own as well.
func (db *database) checkAddresses(v, stored *server) (refused string, good bool) {
	conf := v.conf
	if stored != nil {
		db.used.count(stored.conf, -1)
		defer db.used.count(stored.conf, 1)
	}
	network, err := parseNetwork(conf.str("network"))
	if err != nil {
		return "", false
	}
	if db.used.overlaps(network) {
		return "network_in_use", true
	}
	wg := conf.flag("wg")
	second, err := parseNetwork(conf.str("network_wg"))
	if wg && err != nil {
		return "", false
	}
	if wg && (db.used.overlaps(second) || network.Overlaps(second)) {
		return "network_WG_in_use", true
	}
	own := portKey(conf.int("port"), conf.str("protocol"))
	if db.used.ports[own] > 0 {
		return "port_protocol_in_use", true
	}
	if !wg {
		return "", true
	}
	_, length, slash := strings.Cut(conf.str("network"), "/")
	_, lengthWG, slashWG := strings.Cut(conf.str("network_wg"), "/")
	if !slash || !slashWG {
		return "", false
	}
	if length != lengthWG {
		return "network_wg_cidr_invalid", true
	}
	wgPort := portKey(conf.int("port_wg"), "udp")
	if db.used.ports[wgPort] > 0 || wgPort == own {
		return "port_protocol_in_use", true
	}
	return "", true
}

func (db *database) checkBridge(v *server) (refused string, good bool) {
	start, end := v.conf.str("network_start"), v.conf.str("network_end")
	switch {
	case start == "" || end == "":
		return "missing_params", true
	case v.conf.flag("ipv6"):
		return "bridged_ipv6_invalid", true
	case len(v.links) > 0:
		return "bridged_server_links_invalid", true
	case len(db.netLinks(v)) > 0:
		return "bridged_net_links_invalid", true
	case v.conf.int("replica_count") > 1:
		return "bridged_replica_invalid", true
	}
	network, err := parseNetwork(v.conf.str("network"))
	first, err1 := netip.ParseAddr(start)
	last, err2 := netip.ParseAddr(end)
	if err != nil || err1 != nil || err2 != nil || first.Is4() != last.Is4() {
		return "", false
	}
	broadcast := addr4(number4(network.Addr()) | ^uint32(0)>>network.Bits())
	if first == network.Addr() || last == broadcast || !first.Less(last) ||
		!network.Contains(first) || !network.Contains(last) {
		return "_bridge_network_invalid", true
	}
	return "", true
}

// netLinks are the networks behind the users of a server: those that were added in
// one of its organizations, wherever the user is now.
func (db *database) netLinks(v *server) []string {
	var out []string
	add := func(u *user, org string) {
		for _, l := range u.netLinks {
			if l.org == org {
				out = append(out, l.network)
			}
		}
	}
	for _, id := range v.orgs {
		o := db.org(id)
		if o == nil {
			continue
		}
		for _, u := range o.users {
			add(u, id)
		}
		for _, u := range db.strayed {
			add(u, id)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
