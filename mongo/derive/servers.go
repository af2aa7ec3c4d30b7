package derive

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"pritunl-backup/mongo/internal/lenient"
)

// organization is one of GET /organization.
func (i *Instance) organization(raw bson.Raw) object {
	o := object{"id": idOf(raw), "expiration": expiration(lenient.Text(raw, "ca_certificate"))}
	take(o, raw, absentAs(nil, "name", "auth_token", "auth_secret")...)
	take(o, raw, defaulted{"auth_api", false})
	return o
}

// expiration is read from the text above the certificate, as the server does: a certificate alone gives null.
func expiration(certificate string) any {
	_, rest, found := strings.Cut(certificate, "Not After")
	if !found {
		return nil
	}
	line, _, _ := strings.Cut(rest, "\n")
	_, value, _ := strings.Cut(line, ":")
	t, err := time.Parse("Jan 2 15:04:05 2006 MST", strings.Join(strings.Fields(value), " "))
	if err != nil {
		return nil
	}
	return stamp(t)
}

// host is one of GET /host.
func (i *Instance) host(raw bson.Raw) object {
	o := object{"id": idOf(raw)}
	take(o, raw, absentAs(nil, "name", "hostname", "instance_id", "version", "public_address", "public_address6", "routed_subnet6",
		"routed_subnet6_wg", "proxy_ndp", "link_address", "sync_address", "local_address", "local_address6", "priority")...)
	take(o, raw, defaulted{"local_networks", []any{}}, defaulted{"availability_group", "default"})
	o["public_addr"] = publicAddress(raw, "")
	o["public_addr6"] = publicAddress(raw, "6")
	o["link_addr"] = first(raw, "link_address")
	if o["link_addr"] == nil {
		o["link_addr"] = o["public_addr"]
	}
	o["local_addr"] = first(raw, "local_address", "auto_local_address")
	o["local_addr6"] = first(raw, "local_address6", "auto_local_address6")
	return o
}

func publicAddress(host bson.Raw, family string) any {
	return first(host, "auto_public_host"+family, "public_address"+family, "auto_public_address"+family)
}

// first gives the first field that has a text.
func first(raw bson.Raw, keys ...string) any {
	for _, key := range keys {
		if s := lenient.Text(raw, key); s != "" {
			return s
		}
	}
	return nil
}

// serverFields are the stored fields of GET /server with the server's defaults.
func serverFields() []defaulted {
	number := func(name, value string) defaulted { return defaulted{name, json.Number(value)} }
	return slices.Concat(
		absentAs(nil, "name", "network", "network_wg", "bind_address", "port", "port_wg", "protocol", "dh_param_bits",
			"network_start", "network_end", "search_domain", "inactive_timeout", "session_timeout", "allowed_devices",
			"max_devices", "pre_connect_msg", "mss_fix", "tun_mtu", "fragment", "multihome", "ovpn_dco"),
		absentAs(false, "wg", "ipv6", "hide_ovpn", "dynamic_firewall", "bypass_sso_auth", "geo_sort", "force_connect", "route_dns",
			"device_auth", "multi_device", "otp_auth", "sso_auth", "sso_webauth", "block_outside_dns", "jumbo_frames",
			"lzo_compression", "dns_mapping", "debug"),
		absentAs(true, "ipv6_firewall", "restrict_routes", "inter_client", "vxlan"),
		absentAs([]any{}, "groups", "dns_servers"),
		[]defaulted{{"network_mode", "tunnel"}, {"cipher", "aes256"}, {"hash", "sha1"}, number("ping_interval", "10"),
			number("ping_timeout", "60"), number("ping_interval_wg", "30"), number("ping_timeout_wg", "120"),
			number("link_ping_interval", "1"), number("link_ping_timeout", "5"), number("max_clients", "2000"), number("replica_count", "1")},
	)
}

// server is one of GET /server.
func (i *Instance) server(raw bson.Raw) object {
	o := object{"id": idOf(raw)}
	take(o, raw, serverFields()...)
	return o
}

// serverOrganizations is GET /server/<id>/organization. Ids without an organization are hidden there too.
func (i *Instance) serverOrganizations(server bson.Raw) []object {
	var out []object
	for _, org := range ids(server, "organizations") {
		if raw, ok := i.byID[org]; ok {
			out = append(out, object{"id": org, "server": idOf(server), "name": plain(lenient.Value(raw, "name"))})
		}
	}
	return out
}

// serverHosts is GET /server/<id>/host.
func (i *Instance) serverHosts(server bson.Raw) []object {
	attached := ids(server, "hosts")
	var out []object
	for _, host := range i.hosts {
		if slices.Contains(attached, idOf(host)) {
			out = append(out, object{"id": idOf(host), "server": idOf(server), "name": plain(lenient.Value(host, "name")),
				"address": publicAddress(host, ""), "address6": publicAddress(host, "6")})
		}
	}
	return out
}

// serverLinks is GET /server/<id>/link.
func (i *Instance) serverLinks(server bson.Raw) []object {
	var out []object
	for _, link := range documents(server, "links") {
		other, ok := i.byID[id(lenient.Value(link, "server_id"))]
		if !ok {
			continue
		}
		out = append(out, object{"id": idOf(other), "server": idOf(server), "name": plain(lenient.Value(other, "name")), "address": nil,
			"use_local_address": plain(lenient.Value(link, "use_local_address"))})
	}
	slices.SortStableFunc(out, func(a, b object) int {
		left, _ := a["name"].(string)
		right, _ := b["name"].(string)
		return strings.Compare(left, right)
	})
	return out
}
