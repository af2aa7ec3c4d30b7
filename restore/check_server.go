package restore

import (
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
	c.ownClash(n)
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
	if o.Bool("bypass_sso_auth") && n.sendsField("bypass_sso_auth") && !o.Bool("device_auth") {
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
