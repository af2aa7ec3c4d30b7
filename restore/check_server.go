package restore

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"pritunl-backup/snapshot"
)

// server checks one server by itself; addresses checks it against the others.
func (c *checker) server(n *node) {
	o := n.object
	allowed := func(field, code string, values ...string) {
		if v := o.String(field); !slices.Contains(values, v) {
			c.refuse(code, "%s is %s, not one of %s", field, quote(v), strings.Join(values, ", "))
		}
	}
	allowed("protocol", "protocol_invalid", "udp", "tcp")
	allowed("cipher", "cipher_invalid", "none", "bf128", "bf256", "aes128", "aes192", "aes256", "chacha20poly1205")
	allowed("hash", "hash_invalid", "none", "md5", "sha1", "sha256", "sha512")
	if bits, ok := o.Int("dh_param_bits"); ok && !slices.Contains([]int64{0, 1024, 1536, 2048, 3072, 4096}, bits) {
		c.refuse("dh_param_bits_invalid", "dh_param_bits is %d", bits)
	}
	for _, field := range []string{"port", "port_wg"} {
		if port, ok := o.Int(field); ok && (port < 0 || port > 65535) && (field == "port" || o.Bool("wg")) {
			c.refuse("port_invalid", "%s is %d", field, port)
		}
	}
	c.serverNetworks(n)
	c.serverOptions(n)
	if o.String("network_mode") == "bridge" {
		c.bridge(n)
	}
}

func (c *checker) serverNetworks(n *node) {
	o := n.object
	network, err := looseNetwork(o.String("network"))
	if o.String("network") != "" && (err != nil || !safeNetwork(network)) {
		c.refuse("network_invalid", "network %s is not inside the ranges that the server allows", quote(o.String("network")))
	}
	if !o.Bool("wg") {
		return
	}
	wg, wgErr := looseNetwork(o.String("network_wg"))
	switch {
	case o.String("network_wg") == "":
		c.refuse("network_wg_invalid", "WireGuard is on and has no network")
	case wgErr != nil || !safeNetwork(wg):
		c.refuse("network_wg_invalid", "network_wg %s is not inside the ranges that the server allows", quote(o.String("network_wg")))
	case err == nil && wg.Bits() != network.Bits():
		c.refuse("network_wg_cidr_invalid", "network_wg %s and network %s are not of one size", wg, network)
	}
}

// looseNetwork reads a server's network, which may lack its size.
func looseNetwork(s string) (netip.Prefix, error) { return strictNetwork(s) }

// safeNetwork tells whether the server takes a network for a virtual one.
func safeNetwork(p netip.Prefix) bool {
	for _, s := range []string{
		"10.0.0.0/8", "100.64.0.0/10", "172.16.0.0/12", "192.0.0.0/24", "192.168.0.0/16", "198.18.0.0/15", "6.0.0.0/8",
		"7.0.0.0/8", "11.0.0.0/8", "21.0.0.0/8", "22.0.0.0/8", "26.0.0.0/8", "28.0.0.0/8", "29.0.0.0/8", "30.0.0.0/8", "33.0.0.0/8",
	} {
		if safe := netip.MustParsePrefix(s); p.Addr().Is4() && safe.Bits() <= p.Bits() && safe.Contains(p.Addr()) {
			return true
		}
	}
	return false
}

func (c *checker) serverOptions(n *node) {
	o := n.object
	dns := o.Strings("dns_servers")
	for _, server := range dns {
		if _, err := netip.ParseAddr(server); err != nil {
			c.refuse("dns_server_invalid", "%s is no address of a dns server", quote(server))
		}
	}
	if len(dns) == 0 && o.String("search_domain") != "" {
		c.refuse("server_domain_no_dns", "has a search domain and no dns server")
	}
	if len(dns) == 0 && o.Bool("dns_mapping") {
		c.refuse("client_dns_mapping_no_dns", "maps dns and has no dns server")
	}
	if o.Bool("bypass_sso_auth") && !o.Bool("device_auth") {
		c.refuse("bypass_sso_device_auth", "bypasses single sign-on without device authentication")
	}
	for _, ping := range []struct {
		interval, timeout   string
		orInterval, orDelay int64
	}{{"ping_interval", "ping_timeout", 10, 60}, {"ping_interval_wg", "ping_timeout_wg", 30, 120}} {
		interval, timeout := orDefault(o, ping.interval, ping.orInterval), orDefault(o, ping.timeout, ping.orDelay)
		if interval+5 > timeout {
			c.refuse("ping_interval_too_high", "%s %d is less than 5 seconds below %s %d", ping.interval, interval, ping.timeout, timeout)
		}
	}
}

func orDefault(o snapshot.Object, field string, otherwise int64) int64 {
	if v, ok := o.Int(field); ok && v != 0 {
		return v
	}
	return otherwise
}

func (c *checker) bridge(n *node) {
	o := n.object
	start, end := o.String("network_start"), o.String("network_end")
	if start == "" || end == "" {
		c.refuse("missing_params", "is a bridge without start and end of its network")
		return
	}
	if o.Bool("ipv6") {
		c.refuse("bridged_ipv6_invalid", "is a bridge with ipv6")
	}
	if replicas, _ := o.Int("replica_count"); replicas > 1 {
		c.refuse("bridged_replica_invalid", "is a bridge with replicas")
	}
	network, err := looseNetwork(o.String("network"))
	first, err1 := netip.ParseAddr(start)
	last, err2 := netip.ParseAddr(end)
	inside := err == nil && err1 == nil && err2 == nil && network.Contains(first) && network.Contains(last) &&
		first.Less(last) && first != network.Addr()
	if !inside {
		c.refuse("_bridge_network_invalid", "start %s and end %s are not inside network %s", start, end, o.String("network"))
	}
}

// use is what a server takes for itself.
type use struct {
	networks []netip.Prefix
	ports    []string
}

func useOf(o snapshot.Object) use {
	var u use
	fields := []string{"network"}
	if port, ok := o.Int("port"); ok && port != 0 {
		u.ports = append(u.ports, fmt.Sprint(port, "/", o.String("protocol")))
	}
	if o.Bool("wg") {
		fields = append(fields, "network_wg")
		if port, ok := o.Int("port_wg"); ok && port != 0 {
			u.ports = append(u.ports, fmt.Sprint(port, "/udp")) // WireGuard shares the ports of udp
		}
	}
	for _, f := range fields {
		if p, err := looseNetwork(o.String(f)); err == nil {
			u.networks = append(u.networks, p)
		}
	}
	return u
}

// clash gives the code and the words of what two uses cannot both have.
func (u use) clash(other use) (code, what string) {
	for _, n := range u.networks {
		for _, m := range other.networks {
			if n.Overlaps(m) {
				return "network_in_use", fmt.Sprintf("network %s overlaps %s", n, m)
			}
		}
	}
	if port := common(u.ports, other.ports); port != "" {
		return "port_protocol_in_use", "port " + port + " is used"
	}
	return "", ""
}

// addresses plays the writing of servers through, against what runs by then. It
// puts the actions into an order in which each finds its networks and ports free.
func (c *checker) addresses() {
	used := map[*node]use{} // by the target's server
	names := map[*node]string{}
	var todo []*Action
	deleted := map[*node]bool{}
	for _, a := range c.plan.Actions {
		if a.Kind != snapshot.Servers {
			continue
		}
		switch a.Verb {
		case Create, Changing:
			todo = append(todo, a)
		case Delete:
			deleted[a.live] = true
		}
	}
	for _, n := range c.live.kinds[snapshot.Servers] {
		if !deleted[n] {
			used[n], names[n] = useOf(n.object), n.path()
		}
	}
	var order []*Action
	for len(todo) > 0 {
		i := slices.IndexFunc(todo, func(a *Action) bool { code, _ := clashes(a, used, names); return code == "" })
		if i < 0 {
			for _, a := range todo {
				c.action = a
				code, text := clashes(a, used, names)
				c.refuse(code, "%s", text)
			}
			return
		}
		a := todo[i]
		todo = slices.Delete(todo, i, i+1)
		order = append(order, a)
		used[a.slot()], names[a.slot()] = useOf(a.want.object), a.Path
	}
	c.reorder(order)
}

// slot is the server whose place an action takes.
func (a *Action) slot() *node {
	if a.live != nil {
		return a.live
	}
	return a.want
}

func clashes(a *Action, used map[*node]use, names map[*node]string) (code, text string) {
	own := useOf(a.want.object)
	if a.live == nil && len(own.networks) == 2 && own.networks[0].Overlaps(own.networks[1]) {
		return "network_WG_in_use", "network and network_wg overlap"
	}
	if a.live == nil && len(own.ports) == 2 && own.ports[0] == own.ports[1] {
		return "port_protocol_in_use", "port and port_wg are one"
	}
	best := ""
	for n, u := range used {
		if n == a.slot() {
			continue
		}
		if c, what := own.clash(u); c != "" {
			if words := what + " by server " + names[n]; best == "" || words < best {
				code, best = c, words // the same words every time, whatever the order of the map
			}
		}
	}
	return code, best
}

// reorder puts the writing actions of servers into the given order.
func (c *checker) reorder(order []*Action) {
	next := 0
	for i, a := range c.plan.Actions {
		if a.Kind == snapshot.Servers && (a.Verb == Create || a.Verb == Changing) {
			c.plan.Actions[i] = order[next]
			next++
		}
	}
}
