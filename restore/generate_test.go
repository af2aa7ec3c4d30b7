package restore_test

import (
	"encoding/json"
	"fmt"
	"net/http"

	"pgregory.net/rapid"

	"pritunl-backup/api"
)

// builder fills an instance with a random configuration, through its API. What the
// instance refuses is not part of the configuration.
type builder struct {
	t       *rapid.T
	s       *target
	client  *api.Client
	orgs    []string
	servers []string
	hosts   []string
}

type fields map[string]any

func (b *builder) send(method, path string, body any) map[string]any {
	response, err := b.client.Send(b.s.t.Context(), api.Request{Method: method, Path: path, Body: body, Repeat: api.RepeatNever})
	if err != nil {
		return nil
	}
	var one map[string]any
	if json.Unmarshal(response.Body, &one) == nil {
		return one
	}
	var many []map[string]any
	if json.Unmarshal(response.Body, &many) == nil && len(many) > 0 {
		return many[0]
	}
	return nil
}

func (b *builder) made(method, path string, body any) (string, bool) {
	id, ok := b.send(method, path, body)["id"].(string)
	return id, ok
}

func pick[T any](t *rapid.T, label string, values ...T) T {
	return rapid.SampledFrom(values).Draw(t, label)
}

func (b *builder) flag(label string) bool { return rapid.Bool().Draw(b.t, label) }

func (b *builder) name() string {
	return pick(b.t, "name", "", "alpha", "alpha", "beta", "Größe山田", "a/b:c", "x", "Ünïcode", "with space", "comma,quote'", "😀smile", "UPPER")
}

func (b *builder) some(label string, values ...string) []string {
	return rapid.SliceOfNDistinct(rapid.SampledFrom(values), 0, 3, rapid.ID[string]).Draw(b.t, label)
}

func (b *builder) build() {
	var list []map[string]any
	raw, err := b.client.Get(b.s.t.Context(), "/host")
	if err != nil || json.Unmarshal(raw, &list) != nil {
		b.s.t.Fatal("read hosts: ", err)
	}
	for _, h := range list {
		b.hosts = append(b.hosts, h["id"].(string))
	}
	for range rapid.IntRange(0, 4).Draw(b.t, "organizations") {
		if id, ok := b.made(http.MethodPost, "/organization", fields{"name": b.name(), "auth_api": b.flag("auth_api")}); ok {
			b.orgs = append(b.orgs, id)
			for range rapid.IntRange(0, 13).Draw(b.t, "users") {
				b.user(id)
			}
		}
	}
	for i := range rapid.IntRange(0, 4).Draw(b.t, "servers") {
		b.server(i)
	}
	for range rapid.IntRange(0, 3).Draw(b.t, "server links") {
		if len(b.servers) > 1 {
			b.send(http.MethodPut, "/server/"+pick(b.t, "a", b.servers...)+"/link/"+pick(b.t, "b", b.servers...), fields{"use_local_address": b.flag("local")})
		}
	}
	for range rapid.IntRange(0, 2).Draw(b.t, "links") {
		b.link()
	}
	for i := range rapid.IntRange(0, 2).Draw(b.t, "administrators") {
		b.send(http.MethodPost, "/admin", fields{
			"username": fmt.Sprint("Admin ", i), "password": "FAKE-password", "super_user": b.flag("super"),
			"auth_api": b.flag("api"), "disabled": b.flag("disabled"), "otp_auth": b.flag("otp"), "yubikey_id": pick(b.t, "yubikey", "", "ccccccbcgujhingjrdejhgfn"),
		})
	}
	b.settings()
	for _, id := range b.hosts {
		b.host(id)
	}
	for _, id := range b.servers {
		if b.flag("start") {
			b.send(http.MethodPut, "/server/"+id+"/operation/start", nil)
		}
	}
}

func (b *builder) user(org string) {
	body := fields{
		"name": b.name(), "email": pick(b.t, "email", "", "a@example.com", "a@example.com", "b@example.com"),
		"groups": b.some("groups", "dev", "ops", "two words", "ñandú"), "disabled": b.flag("disabled"),
		"auth_type": pick(b.t, "auth", "local", "saml", "google_duo", "radius", "nonsense"),
		"pin":       pick(b.t, "pin", "", "", "123456"), "client_to_client": b.flag("c2c"),
		"mac_addresses": b.some("mac", "02:00:00:00:00:01", "nonsense"), "dns_servers": b.some("dns", "1.1.1.1", "9.9.9.9", "x"),
		"dns_suffix":    pick(b.t, "suffix", "", "corp.example.com", "with space"),
		"network_links": b.some("network links", "10.201.0.0/24", "10.202.0.0/24", "fd99::/64"),
	}
	if b.flag("forward") {
		body["port_forwarding"] = []fields{{"protocol": pick(b.t, "protocol", "tcp", "udp", ""), "port": "80", "dport": "8080"}}
	}
	if b.flag("yubikey or bypass") {
		body["yubico_id"] = "ccccccbcgujhingjrdejhgfn"
	} else {
		body["bypass_secondary"] = b.flag("bypass")
	}
	b.send(http.MethodPost, "/user/"+org, body)
}

func (b *builder) server(i int) {
	dns := b.some("dns", "1.1.1.1", "8.8.4.4", "10.0.0.53")
	body := fields{
		"name": b.name(), "network": fmt.Sprintf("10.%d.0.0/%d", 10+i, pick(b.t, "bits", 16, 24, 28)), "port": 1194 + i,
		"protocol": pick(b.t, "protocol", "udp", "tcp"), "cipher": pick(b.t, "cipher", "none", "bf128", "aes128", "aes256", "chacha20poly1205"),
		"hash": pick(b.t, "hash", "none", "md5", "sha1", "sha512"), "dh_param_bits": pick(b.t, "dh", 0, 1024, 2048, 4096),
		"network_mode": pick(b.t, "mode", "", "tunnel", "tunnel", "bridge"), "bind_address": pick(b.t, "bind", "", "192.0.2.1"),
		"groups": b.some("groups", "dev", "ops", "two words"), "dns_servers": dns, "search_domain": pick(b.t, "search", "", "a.example.com,b.example.com"),
		"ping_interval": pick(b.t, "ping", 0, 5, 20), "ping_timeout": pick(b.t, "timeout", 0, 60, 300),
		"link_ping_interval": pick(b.t, "link ping", 0, 2), "link_ping_timeout": pick(b.t, "link timeout", 0, 9),
		"inactive_timeout": pick(b.t, "inactive", 0, 600), "session_timeout": pick(b.t, "session", 0, 3600),
		"allowed_devices": pick(b.t, "devices", "", "mobile", "desktop"), "max_clients": pick(b.t, "clients", 0, 50), "max_devices": pick(b.t, "max", 0, 3),
		"replica_count": pick(b.t, "replicas", 0, 1, 2), "pre_connect_msg": pick(b.t, "message", "", " hello there "),
		"mss_fix": pick[any](b.t, "mss", nil, 1400, "1300"), "tun_mtu": pick(b.t, "mtu", 0, 1400), "fragment": pick(b.t, "fragment", 0, 1200),
	}
	for _, name := range []string{
		"ipv6", "ipv6_firewall", "dynamic_firewall", "route_dns", "device_auth", "bypass_sso_auth", "restrict_routes", "hide_ovpn", "geo_sort",
		"force_connect", "ovpn_dco", "multihome", "multi_device", "jumbo_frames", "lzo_compression", "dns_mapping", "inter_client", "vxlan",
		"otp_auth", "sso_auth", "debug", "block_outside_dns", "wg",
	} {
		body[name] = b.flag(name)
	}
	if body["wg"] == true {
		body["network_wg"], body["port_wg"] = fmt.Sprintf("10.%d.0.0/%d", 110+i, pick(b.t, "wg bits", 16, 24, 28)), 51820+i
	}
	if body["network_mode"] == "bridge" {
		body["network_start"], body["network_end"] = fmt.Sprintf("10.%d.0.2", 10+i), fmt.Sprintf("10.%d.0.9", 10+i)
	}
	if id, ok := b.made(http.MethodPost, "/server", body); ok {
		b.servers = append(b.servers, id)
		b.serverParts(i, "/server/"+id, body["network"].(string))
	}
}

func (b *builder) serverParts(i int, at, network string) {
	for _, org := range b.some("attach", append([]string{"none"}, b.orgs...)...) {
		b.send(http.MethodPut, at+"/organization/"+org, nil)
	}
	for _, host := range b.hosts {
		if b.flag("attach host") {
			b.send(http.MethodPut, at+"/host/"+host, nil)
		} else if b.flag("detach host") {
			b.send(http.MethodDelete, at+"/host/"+host, nil)
		}
	}
	for _, born := range []string{"302e302e302e302f30", "382e382e382e382f3332"} {
		if b.flag("drop born route") {
			b.send(http.MethodDelete, at+"/route/"+born, nil)
		}
	}
	for j := range rapid.IntRange(0, 4).Draw(b.t, "routes") {
		b.send(http.MethodPost, at+"/route", b.route(pick(b.t, "network", fmt.Sprintf("10.%d.%d.0/24", 210+i, j), "0.0.0.0/0", network, "10.201.0.0/24", "fd20::/64")))
	}
}

func (b *builder) route(network string) fields {
	return fields{
		"network": network, "comment": pick(b.t, "comment", "", "a comment, with more", "DNS Server"), "metric": pick(b.t, "metric", 0, 7),
		"nat": b.flag("nat"), "nat_interface": pick(b.t, "interface", "", "eth1"), "nat_netmap": pick(b.t, "netmap", "", "", "10.250.0.0/24"),
		"net_gateway": b.flag("gateway"), "advertise": b.flag("advertise"), "advertise_resource": b.some("resource", "vpc-1", "vpc-2"),
	}
}

func (b *builder) link() {
	kind := pick(b.t, "type", "site_to_site", "site_to_site", "direct")
	id, ok := b.made(http.MethodPost, "/link", fields{
		"name": b.name(), "type": kind, "ipv6": b.flag("ipv6"), "host_check": b.flag("check"), "force_preferred": b.flag("force"),
		"protocol": pick(b.t, "protocol", "ipsec", "wg"), "wg_port": pick(b.t, "port", 0, 31000), "action": pick(b.t, "action", "", "restart", "hold"),
		"preferred_ike": pick(b.t, "ike", "", "aes256-sha512-modp4096"),
	})
	if !ok {
		return
	}
	at := "/link/" + id + "/location"
	var locations []string
	if kind == "direct" {
		var list []map[string]any
		raw, err := b.client.Get(b.s.t.Context(), at)
		if err != nil || json.Unmarshal(raw, &list) != nil {
			b.s.t.Fatal("read locations: ", err)
		}
		for _, l := range list {
			locations = append(locations, l["id"].(string))
		}
	}
	for range rapid.IntRange(0, 4).Draw(b.t, "locations") {
		if location, ok := b.made(http.MethodPost, at, fields{"name": b.name()}); ok {
			locations = append(locations, location)
		}
	}
	b.locationParts(at, locations)
	if b.flag("offline") {
		link := b.send(http.MethodGet, "/link", nil)["links"].([]any)
		for _, l := range link {
			if o := l.(map[string]any); o["id"] == id {
				o["status"] = "offline"
				b.send(http.MethodPut, "/link/"+id, o)
			}
		}
	}
}

func (b *builder) locationParts(at string, locations []string) {
	for i, location := range locations {
		for j := range rapid.IntRange(0, 2).Draw(b.t, "location routes") {
			b.send(http.MethodPost, at+"/"+location+"/route", fields{"network": fmt.Sprintf("10.%d.%d.0/24", 150+i, j)})
		}
		for range rapid.IntRange(0, 2).Draw(b.t, "location hosts") {
			b.send(http.MethodPost, at+"/"+location+"/host", fields{
				"name": b.name(), "timeout": pick(b.t, "timeout", 0, 30), "backoff": pick(b.t, "backoff", 0, 9), "priority": pick(b.t, "priority", 0, 3),
				"static": b.flag("static"), "public_address": pick(b.t, "public", "", "gw.example.com"), "local_address": pick(b.t, "local", "", "10.0.0.9"),
			})
		}
	}
	for range rapid.IntRange(0, 5).Draw(b.t, "peers") {
		if len(locations) > 1 {
			from, to := pick(b.t, "from", locations...), pick(b.t, "to", locations...)
			switch {
			case from == to:
			case b.flag("exclude"):
				b.send(http.MethodDelete, at+"/"+from+"/peer/"+to, nil)
			default:
				b.send(http.MethodPost, at+"/"+from+"/transit", fields{"transit_id": to})
			}
		}
	}
}

func (b *builder) settings() {
	body := b.send(http.MethodGet, "/settings", nil)
	delete(body, "username")
	for name, values := range map[string][]any{
		"theme": {"light", "dark"}, "monitoring": {nil, "influxdb"}, "influxdb_url": {nil, "influx.example.com:8086/x y"},
		"email_from": {nil, " vpn@example.com "}, "email_server": {nil, "SMTP.example.com:587"}, "email_password": {nil, "FAKE-mail"},
		"pin_mode": {"optional", "required"}, "sso_cache": {true, false}, "sso_client_cache": {true, false}, "ipv6": {true, false},
		"restrict_import": {true, false}, "client_reconnect": {true, false}, "cloud_provider": {nil, "aws", "oracle", "pritunl"},
		"us_east_1_access_key": {nil, "FAKEKEY"}, "us_east_1_secret_key": {nil, "FAKE/SECRET"}, "oracle_user_ocid": {nil, "ocid1.fake"},
		"pritunl_cloud_host": {nil, "cloud.example.com"}, "pritunl_cloud_token": {nil, "FAKETOKEN"}, "route53_zone": {nil, "zone.example.com"},
		"sso_yubico_client": {nil, "123"}, "sso_duo_mode": {"push_phone", "push"}, "sso_azure_version": {1, 2},
	} {
		body[name] = rapid.SampledFrom(values).Draw(b.t, name)
	}
	if body["sso"] = nil; len(b.orgs) > 0 && b.flag("sso") {
		body["sso"] = pick(b.t, "sso kind", "saml", "saml_okta", "google", "duo", "saml_onelogin")
		body["sso_org"] = pick(b.t, "sso_org", b.orgs...)
		body["server_sso_url"] = "vpn.example.com"
		body["sso_saml_url"] = "https://idp.example.com/a%20b?x=1"
		body["sso_google_key"], body["sso_okta_mode"], body["sso_onelogin_mode"] = `{"fake":true}`, pick(b.t, "okta", "push", ""), "push"
		body["sso_match"] = []string{"example.com"}
	}
	b.send(http.MethodPut, "/settings", body)
}

func (b *builder) host(id string) {
	body := b.send(http.MethodGet, "/host/"+id, nil)
	body["public_address"] = pick[any](b.t, "public", nil, "VPN.example.com", "bad name")
	body["link_address"] = pick[any](b.t, "link", nil, "2001:db8::1")
	body["availability_group"] = pick(b.t, "group", "", "zone 1")
	body["priority"], body["proxy_ndp"] = pick(b.t, "priority", 0, 4), b.flag("ndp")
	body["routed_subnet6"] = pick[any](b.t, "subnet", nil, "2001:db8:1::/64")
	b.send(http.MethodPut, "/host/"+id, body)
}
