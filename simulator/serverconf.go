package simulator

import (
	"math"
	"net/netip"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// whileOnline are the settings that may change on a running server.
func whileOnline(key string) bool {
	return slices.Contains([]string{
		"name", "hide_ovpn", "geo_sort", "force_connect", "block_outside_dns", "replica_count", "pre_connect_msg",
	}, key)
}

// defaultNumber is what zero stands for.
func defaultNumber(key string) int {
	return map[string]int{
		"ping_interval": 10, "ping_timeout": 60, "ping_interval_wg": 30, "ping_timeout_wg": 120,
		"link_ping_interval": 1, "link_ping_timeout": 5, "max_clients": 2000, "replica_count": 1,
	}[key]
}

// readServer checks and normalises a body on its own, without looking at other
// servers. Keys that are to keep their value, or to get a random one, are absent
// from the result.
func readServer(b fields) (settings, *reply) {
	in := settings{}
	fail := func(code string) (settings, *reply) { r := refuse(code); return nil, &r }
	boom := func() (settings, *reply) { r := crash(); return nil, &r }
	wg := b.flag("wg")
	if code := readNetworks(b, in, wg); code == crashed {
		return boom()
	} else if code != "" {
		return fail(code)
	}
	protocol := strings.ToLower(b.str("protocol"))
	if protocol != "udp" && protocol != "tcp" {
		return fail("protocol_invalid")
	}
	in["protocol"] = protocol
	if code := readPorts(b, in, wg); code != "" {
		return fail(code)
	}
	for _, ip := range b.strs("dns_servers") {
		if _, err := netip.ParseAddr(ip); err != nil {
			return fail("dns_server_invalid")
		}
	}
	in["dns_servers"] = append([]string{}, b.strs("dns_servers")...)
	fix, good := readNumber(b["mss_fix"])
	if !good {
		return boom()
	}
	in["mss_fix"] = fix
	if !slices.Contains(strings.Fields("none bf128 bf256 aes128 aes192 aes256 chacha20poly1205"), b.str("cipher")) {
		return fail("cipher_invalid")
	}
	if !slices.Contains(strings.Fields("none md5 sha1 sha256 sha512"), b.str("hash")) {
		return fail("hash_invalid")
	}
	readPlain(b, in)
	return in, nil
}

// readNetworks keeps the texts as they are, apart from blanks around them.
func readNetworks(b fields, in settings, wg bool) (refused string) {
	if network := b.str("network"); network != "" {
		if code := checkVPN(network, "network_invalid"); code != "" {
			return code
		}
		in["network"] = strings.TrimSpace(network)
	}
	switch network := b.str("network_wg"); {
	case !wg:
		in["network_wg"] = nil
	case network != "":
		if code := checkVPN(network, "network_wg_invalid"); code != "" {
			return code
		}
		in["network_wg"] = strings.TrimSpace(network)
	}
	return ""
}

// crashed is the outcome of a check that raises instead of refusing.
const crashed = "crashed"

// checkVPN says what is wrong with the network of a server. An IPv6 network makes
// the comparison with the ranges raise.
func checkVPN(network, code string) string {
	p, err := parseNetwork(strings.TrimSpace(network))
	switch {
	case err != nil:
		return code
	case p.Addr().Is6():
		return crashed
	case !inVPNRange(p):
		return code
	}
	return ""
}

func readPorts(b fields, in settings, wg bool) (refused string) {
	if port := b.num("port"); port != 0 {
		if port < 1 || port > 65535 {
			return "port_invalid"
		}
		in["port"] = port
	}
	switch port := b.num("port_wg"); {
	case !wg:
		in["port_wg"] = nil
	case port != 0:
		if port < 1 || port > 65535 {
			return "port_invalid"
		}
		in["port_wg"] = port
	}
	if bits := b.num("dh_param_bits"); bits != 0 {
		if !slices.Contains([]int{1024, 1536, 2048, 3072, 4096}, bits) {
			return "dh_param_bits_invalid"
		}
		in["dh_param_bits"] = bits
	}
	return ""
}

// readPlain takes over what needs no check.
func readPlain(b fields, in settings) {
	for _, key := range strings.Fields("wg hide_ovpn ovpn_dco ipv6 ipv6_firewall dynamic_firewall bypass_sso_auth geo_sort " +
		"force_connect route_dns device_auth restrict_routes multi_device inter_client vxlan dns_mapping debug otp_auth " +
		"sso_auth multihome lzo_compression block_outside_dns jumbo_frames") {
		in[key] = b.flag(key)
	}
	for _, key := range strings.Fields("ping_interval ping_timeout ping_interval_wg ping_timeout_wg link_ping_interval " +
		"link_ping_timeout max_clients replica_count") {
		in[key] = b.num(key)
		if b.num(key) == 0 {
			in[key] = defaultNumber(key)
		}
	}
	for _, key := range strings.Fields("inactive_timeout session_timeout tun_mtu fragment") {
		in[key] = nil
		if n := b.num(key); n != 0 {
			in[key] = n
		}
	}
	in["max_devices"] = b.num("max_devices")
	for _, key := range strings.Fields("network_mode network_start network_end cipher hash") {
		in[key] = b.str(key)
	}
	in["name"], in["bind_address"] = b.filtered("name"), b.filtered("bind_address")
	in["groups"] = filterAll(b.strs("groups"))
	in["allowed_devices"] = textOrNil(b.str("allowed_devices"))
	in["pre_connect_msg"] = nil
	if msg := b.str("pre_connect_msg"); msg != "" {
		in["pre_connect_msg"] = strings.TrimSpace(msg)
	}
	in["search_domain"] = nil
	if domain := b.str("search_domain"); domain != "" {
		parts := strings.Split(domain, ",")
		for i, part := range parts {
			parts[i] = filterText(strings.TrimSpace(part))
		}
		in["search_domain"] = strings.Join(parts, ", ")
	}
}

func textOrNil(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// readNumber reads mss_fix, which may be any JSON value: floats are cut, true is
// 1, texts have to be numeric, what counts as false is null.
func readNumber(v any) (out any, good bool) {
	if !truthy(v) {
		return nil, true
	}
	n := 0
	switch v := v.(type) {
	case bool:
		n = 1
	case float64:
		if math.Abs(v) > 1<<53 {
			return nil, false
		}
		n = int(v)
	case string:
		number, err := pythonInt(v)
		if err != nil {
			return nil, false
		}
		n = int(number)
	default:
		return nil, false
	}
	if n == 0 {
		return nil, true
	}
	return n, true
}

// fillServer gives random values to what a new server was not told.
func (db *database) fillServer(in settings) (refused string) {
	wg := in.flag("wg")
	if in["network"] == nil {
		if in["network"] = db.freeNetwork(""); in["network"] == nil {
			return "network_in_use"
		}
	}
	if wg && in["network_wg"] == nil {
		if in["network_wg"] = db.freeNetwork(in.str("network")); in["network_wg"] == nil {
			return "network_WG_in_use"
		}
	}
	if in["port"] == nil {
		if in["port"] = db.freePort(in.str("protocol"), 0); in["port"] == nil {
			return "port_protocol_in_use"
		}
	}
	if wg && in["port_wg"] == nil {
		if in["port_wg"] = db.freePort("udp", in.int("port")); in["port_wg"] == nil {
			return "port_wg_protocol_in_use"
		}
	}
	if in["dh_param_bits"] == nil {
		in["dh_param_bits"] = 2048
	}
	return ""
}

// freeNetwork picks a network nobody uses; nil when there is none left.
func (db *database) freeNetwork(but string) any {
	own, _ := parseLoose(but)
	for _, span := range [][2]int{{215, 250}, {15, 215}} {
		for _, i := range db.rng.Perm(span[1] - span[0]) {
			network := "192.168." + strconv.Itoa(span[0]+i) + ".0/24"
			if p := netip.MustParsePrefix(network); !db.used.overlaps(p) && !own.Overlaps(p) {
				return network
			}
		}
	}
	return nil
}

func (db *database) freePort(protocol string, but int) any {
	for _, i := range db.rng.Perm(9999) {
		if port := 10000 + i; port != but && db.used.ports[portKey(port, protocol)] == 0 {
			return port
		}
	}
	return nil
}

// merge takes over a body into a stored server. It says whether a running
// server may be changed like that.
func (v *server) merge(in settings) (live bool) {
	live = true
	for key, value := range in {
		if reflect.DeepEqual(v.conf[key], value) {
			continue
		}
		live = live && whileOnline(key)
		v.conf[key] = value
	}
	return live
}
