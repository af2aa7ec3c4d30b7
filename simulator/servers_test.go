package simulator_test

import (
	"fmt"
	"strings"
	"testing"

	"pritunl-backup/simulator"
)

const unknownID = "0123456789abcdef01234567"

func TestServerChecks(t *testing.T) {
	in := start(t, simulator.Options{})
	in.server(`"name":"taken","network":"10.1.0.0/24","port":1194,"wg":true,"network_wg":"10.2.0.0/24","port_wg":51820`)
	id := in.server(`"name":"own","network":"10.3.0.0/24","port":1195`)
	const bad, boom = "Bad Request ", "Internal Server Error"
	tests := []struct{ name, own, want string }{
		{"public network", `"network":"8.0.0.0/8"`, bad + "network_invalid"},
		{"carrier network", `"network":"100.64.0.0/24"`, "OK"},
		{"across two ranges", `"network":"6.0.0.0/7"`, bad + "network_invalid"},
		{"netmask", `"network":"10.9.0.0/255.255.255.0"`, "OK"},
		{"blanks around", `"network":" 10.9.0.0/24 "`, "OK"},
		{"IPv6 address", `"network":"fd00::1"`, boom},
		{"bad IPv6", `"network":"fd00::zz/64"`, bad + "network_invalid"},
		{"contains another", `"network":"10.0.0.0/8"`, bad + "network_in_use"},
		{"inside another", `"network":"10.1.0.128/25"`, bad + "network_in_use"},
		{"inside another's wg network", `"network":"10.2.0.0/25"`, bad + "network_in_use"},
		{"wg network ignored without wg", `"network_wg":"x","port_wg":99999`, "OK"},
		{"wg network in another's", `"wg":true,"network_wg":"10.1.0.0/24","port_wg":1300`, bad + "network_WG_in_use"},
		{"wg network equal to its own", `"network":"10.3.0.0/24","wg":true,"network_wg":"10.3.0.0/24","port_wg":1300`, bad + "network_WG_in_use"},
		{"other length", `"wg":true,"network_wg":"10.4.0.0/25","port_wg":1300`, bad + "network_wg_cidr_invalid"},
		{"length missing", `"network":"10.3.0.0","wg":true,"network_wg":"10.4.0.0/24","port_wg":1300`, boom},
		{"wg port of another", `"wg":true,"network_wg":"10.4.0.0/24","port_wg":51820`, bad + "port_protocol_in_use"},
		{"wg port equal to its own", `"port":1195,"wg":true,"network_wg":"10.4.0.0/24","port_wg":1195`, bad + "port_protocol_in_use"},
		{"wg port equal to its own TCP port", `"port":1195,"protocol":"tcp","wg":true,"network_wg":"10.4.0.0/24","port_wg":1195`, "OK"},
		{"port of another's wg", `"port":51820`, bad + "port_protocol_in_use"},
		{"same port, other protocol", `"port":1194,"protocol":"tcp"`, "OK"},
		{"upper case protocol", `"protocol":"UDP"`, "OK"},
		{"bits", `"dh_param_bits":1023`, bad + "dh_param_bits_invalid"},
		{"IPv6 dns server", `"dns_servers":["2001:db8::53"]`, "OK"},
		{"network before protocol", `"network":"x","protocol":"x"`, bad + "network_invalid"},
		{"protocol before port", `"protocol":"x","port":99999`, bad + "protocol_invalid"},
		{"port before bits", `"port":99999,"dh_param_bits":1`, bad + "port_invalid"},
		{"bits before dns", `"dh_param_bits":1,"dns_servers":["x"]`, bad + "dh_param_bits_invalid"},
		{"dns before cipher", `"dns_servers":["x"],"cipher":"x"`, bad + "dns_server_invalid"},
		{"cipher before hash", `"cipher":"x","hash":"x"`, bad + "cipher_invalid"},
		{"syntax before conflicts", `"network":"10.1.0.0/24","hash":"x"`, bad + "hash_invalid"},
		{"network before port", `"network":"10.1.0.0/24","port":1194`, bad + "network_in_use"},
		{"port before ping", `"port":1194,"ping_interval":60`, bad + "port_protocol_in_use"},
		{"ping just good", `"ping_interval":55,"ping_timeout":60`, "OK"},
		{"ping just bad", `"ping_interval":56,"ping_timeout":60`, bad + "ping_interval_too_high"},
		{"wg ping without wg", `"ping_interval_wg":119`, bad + "ping_interval_too_high"},
		{"bypass with device auth", `"bypass_sso_auth":true,"device_auth":true`, "OK"},
		{"bridge start equal to end", `"network":"10.3.0.0/24","network_mode":"bridge","network_start":"10.3.0.5","network_end":"10.3.0.5"`, bad + "_bridge_network_invalid"},
		{"bridge from the network itself", `"network":"10.3.0.0/24","network_mode":"bridge","network_start":"10.3.0.0","network_end":"10.3.0.5"`, bad + "_bridge_network_invalid"},
		{"bridge missing end before ipv6", `"network_mode":"bridge","network_start":"10.3.0.0","ipv6":true`, bad + "missing_params"},
		{"start is not checked in a tunnel", `"network_start":"nonsense"`, "OK"},
		{"domain before mapping", `"search_domain":"a","dns_mapping":true`, bad + "server_domain_no_dns"},
		{"mss_fix true", `"mss_fix":true`, "OK"},
		{"mss_fix list", `"mss_fix":[]`, "OK"},
		{"mss_fix full list", `"mss_fix":[1]`, boom},
		{"mss_fix object", `"mss_fix":{"a":1}`, boom},
		{"mss_fix text with float", `"mss_fix":"1400.5"`, boom},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			body := serverBody(tt.own)
			if got := in.outcome("PUT", "/server/"+id, body); got != tt.want {
				t.Errorf("PUT: got %s, want %s", got, tt.want)
			}
			in.must("PUT", "/server/"+id, serverBody(`"name":"own","network":"10.3.0.0/24","port":1195`))
		})
	}
	if got := in.outcome("PUT", "/server/"+unknownID, serverBody("")); got != boom {
		t.Errorf("unknown id: %s", got)
	}
	if got := in.outcome("PUT", "/server/"+unknownID, `{}`); got != bad+"protocol_invalid" {
		t.Errorf("unknown id with a bad body: %s", got)
	}
}

func TestServerValues(t *testing.T) {
	in := start(t, simulator.Options{})
	tests := []struct{ name, own, key, want string }{
		{"true is one", `"mss_fix":true`, "mss_fix", "1"},
		{"numeric text", `"mss_fix":" 1400 "`, "mss_fix", "1400"},
		{"empty text", `"mss_fix":""`, "mss_fix", "<nil>"},
		{"domains", `"dns_servers":["1.1.1.1"],"search_domain":"a b.example, c;d"`, "search_domain", "ab.example, cd"},
		{"message of blanks", `"pre_connect_msg":"  "`, "pre_connect_msg", ""},
		{"devices are not checked", `"allowed_devices":"toaster"`, "allowed_devices", "toaster"},
		{"bind address is filtered", `"bind_address":"1.2.3.4 (x)"`, "bind_address", "1.2.3.4x"},
		{"mode is anything", `"network_mode":"tap"`, "network_mode", "tap"},
		{"network keeps its text", `"network":"10.7.0.0/255.255.255.0"`, "network", "10.7.0.0/255.255.255.0"},
		{"groups once each", `"groups":["a b","ab","c"]`, "groups", "[ab c]"},
		{"timeouts", `"inactive_timeout":-1`, "inactive_timeout", "-1"},
		{"restrict_routes", ``, "restrict_routes", "false"},
		{"automatic wg network", `"network":"10.8.0.0/24","wg":true`, "wg", "true"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			v := in.object("POST", "/server", serverBody(tt.own))
			if got := fmt.Sprint(v[tt.key]); got != tt.want {
				t.Errorf("%s is %s, want %s", tt.key, got, tt.want)
			}
			in.must("DELETE", "/server/"+v["id"].(string), "")
		})
	}
	if got := in.outcome("POST", "/server", serverBody(`"network":"10.8.0.0/16","wg":true`)); got != "Bad Request network_wg_cidr_invalid" {
		t.Errorf("automatic wg network beside a /16: %s", got)
	}
}

func TestWhileOnline(t *testing.T) {
	in := start(t, simulator.Options{})
	org := in.make("/organization", `{"name":"o"}`)
	const own = `"name":"s","network":"10.1.0.0/24","port":1194,"groups":["a","b"],"dns_servers":["1.1.1.1"]`
	id := "/server/" + in.server(own)
	if got := in.outcome("PUT", id+"/operation/start", ""); got != "Internal Server Error" {
		t.Errorf("start without organization: %s", got)
	}
	in.must("PUT", id+"/organization/"+org, "")
	in.must("PUT", id+"/operation/start", "")
	const no = "Bad Request server_not_offline"
	tests := []struct{ name, own, want string }{
		{"the same", own, "OK"},
		{"name", strings.Replace(own, `"s"`, `"t"`, 1), "OK"},
		{"replicas", own + `,"replica_count":2`, "OK"},
		{"message", own + `,"pre_connect_msg":"x"`, "OK"},
		{"groups in other order", strings.Replace(own, `["a","b"]`, `["b","a"]`, 1), no},
		{"vxlan", own + `,"vxlan":true`, no},
		{"bits", own + `,"dh_param_bits":3072`, no},
		{"no dns server", strings.Replace(own, `["1.1.1.1"]`, `[]`, 1), no},
		{"syntax comes first", own + `,"hash":"x"`, "Bad Request hash_invalid"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := in.outcome("PUT", id, serverBody(tt.own)); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
	if got := in.object("GET", id, "")["status"]; got != "online" {
		t.Errorf("status %v", got)
	}
	in.must("DELETE", id, "") // its own status is not looked at
}

func TestHostsOfAServer(t *testing.T) {
	in := start(t, simulator.Options{Hosts: 2})
	hosts := in.list("/host")
	first, second := hosts[0].(map[string]any)["id"].(string), hosts[1].(map[string]any)["id"].(string)
	org := in.make("/organization", `{"name":"o"}`)
	id := "/server/" + in.server(`"replica_count":2`)
	in.must("PUT", id+"/organization/"+org, "")
	in.must("PUT", id+"/host/"+second, "")
	in.must("PUT", id+"/operation/start", "")
	if got := names(in.list(id+"/host"), "status"); got != "online offline" {
		t.Errorf("hosts: %s", got)
	}
	in.must("DELETE", id+"/host/"+second, "")
	if got := in.object("GET", id, "")["status"]; got != "online" {
		t.Errorf("without the idle host: %v", got)
	}
	in.must("DELETE", id+"/host/"+first, "")
	if got := in.object("GET", id, "")["status"]; got != "offline" {
		t.Errorf("without hosts: %v", got)
	}
	if got := in.outcome("PUT", id+"/operation/start", ""); got != "Internal Server Error" {
		t.Errorf("start without hosts: %s", got)
	}
	in.must("PUT", id+"/host/"+second, "")
	if got := in.outcome("PUT", id+"/operation/start", ""); got != "Internal Server Error" {
		t.Errorf("start on a host that is offline: %s", got)
	}
	in.must("DELETE", "/host/"+second, "")
	if n := len(in.list(id + "/host")); n != 0 {
		t.Errorf("%d hosts left", n)
	}
	for _, path := range []string{"/server/" + unknownID + "/host/" + first, id + "/host/" + strings.Repeat("d", 32)} {
		for _, method := range []string{"PUT", "DELETE"} {
			if got := in.outcome(method, path, ""); got != "Not Found" {
				t.Errorf("%s %s: %s", method, path, got)
			}
		}
	}
}

func TestServerLinks(t *testing.T) {
	in := start(t, simulator.Options{Hosts: 3})
	var hosts []string
	for _, h := range in.list("/host") {
		hosts = append(hosts, h.(map[string]any)["id"].(string))
	}
	var ids []string
	for i := range 3 {
		id := in.server(fmt.Sprintf(`"name":"s%d","network":"10.%d.0.0/24"`, i, i))
		if i > 0 {
			in.must("PUT", "/server/"+id+"/host/"+hosts[i], "")
			in.must("DELETE", "/server/"+id+"/host/"+hosts[0], "")
		}
		in.must("DELETE", "/server/"+id+"/route/"+fmt.Sprintf("%x", "8.8.8.8/32"), "")
		ids = append(ids, id)
	}
	pair := func(a, b int) string { return "/server/" + ids[a] + "/link/" + ids[b] }
	const bad = "Bad Request "
	steps := []struct{ name, method, path, body, want string }{
		{"to itself", "PUT", pair(0, 0), `{}`, "Internal Server Error"},
		{"link", "PUT", pair(0, 1), `{"use_local_address":true}`, "OK"},
		{"link backwards", "PUT", pair(1, 0), `{}`, "OK"},
		{"host of the linked server", "PUT", "/server/" + ids[0] + "/host/" + hosts[1], "", bad + "server_link_common_host"},
		{"third server on a common host", "PUT", "/server/" + ids[2] + "/host/" + hosts[1], "", "OK"},
		{"to the third", "PUT", pair(0, 2), `{}`, bad + "server_link_common_host"},
		{"host away", "DELETE", "/server/" + ids[2] + "/host/" + hosts[1], "", "OK"},
		{"route of the second", "POST", "/server/" + ids[1] + "/route", `{"network":"10.50.0.0/16"}`, "OK"},
		{"same route on the third", "POST", "/server/" + ids[2] + "/route", `{"network":"10.50.0.0/16"}`, "OK"},
		{"common route through the middle", "PUT", pair(0, 2), `{}`, bad + "server_link_common_route"},
		{"replicas", "PUT", "/server/" + ids[2], serverBody(`"network":"10.2.0.0/24","replica_count":2`), "OK"},
		{"linked with replicas", "PUT", pair(2, 1), `{}`, bad + "server_links_and_replica"},
		{"unlink an unknown server", "DELETE", "/server/" + ids[0] + "/link/" + unknownID, "", "OK"},
		{"delete a linked server", "DELETE", "/server/" + ids[1], "", "OK"},
		{"nothing is left", "GET", "/server/" + ids[0] + "/link", "", "OK"},
		{"malformed id", "GET", "/server/zzzzzzzzzzzzzzz/link", "", "OK"},
	}
	for _, s := range steps {
		if got := in.outcome(s.method, s.path, s.body); got != s.want {
			t.Errorf("%s: got %s, want %s", s.name, got, s.want)
		}
	}
	if n := len(in.list("/server/" + ids[0] + "/link")); n != 0 {
		t.Errorf("%d links left", n)
	}
}

// Detaching an organization gives back one address only, as the server does, and
// attaching it again gives out second ones; the first one is shown.
func TestAddresses(t *testing.T) {
	in := start(t, simulator.Options{})
	a, b := in.make("/organization", `{"name":"a"}`), in.make("/organization", `{"name":"b"}`)
	in.must("POST", "/user/"+a+"/multi", `[{"name":"a1"},{"name":"a2"}]`)
	in.must("POST", "/user/"+b+"/multi", `[{"name":"b1"},{"name":"b2"}]`)
	server := "/server/" + in.server(`"network":"10.1.0.0/24"`)
	for _, org := range []string{a, b} {
		in.must("PUT", server+"/organization/"+org, "")
	}
	addresses := func(org string) string {
		var out []string
		for _, u := range in.list("/user/" + org) {
			for _, s := range u.(map[string]any)["servers"].([]any) {
				out = append(out, fmt.Sprint(s.(map[string]any)["virt_address"]))
			}
		}
		return strings.Join(out, " ")
	}
	if got := addresses(a) + " " + addresses(b); got != "10.1.0.2 10.1.0.3 10.1.0.4 10.1.0.5" {
		t.Errorf("at first: %s", got)
	}
	in.must("DELETE", server+"/organization/"+a, "")
	in.must("POST", "/user/"+b, `{"name":"b3"}`)
	in.must("POST", "/user/"+b, `{"name":"b4"}`)
	if got := addresses(b); got != "10.1.0.4 10.1.0.5 10.1.0.2 10.1.0.6" {
		t.Errorf("after: %s", got)
	}
	in.must("DELETE", server+"/organization/"+b, "") // .2 of b3 becomes free, and b1 is the first to get another one
	in.must("PUT", server+"/organization/"+b, "")
	if got := addresses(b); got != "10.1.0.2 10.1.0.5 10.1.0.8 10.1.0.6" {
		t.Errorf("attached again: %s", got)
	}
	in.must("PUT", server, serverBody(`"network":"10.9.0.0/24"`))
	if got := addresses(b); got != "10.9.0.2 10.9.0.3 10.9.0.4 10.9.0.5" {
		t.Errorf("in a new network: %s", got)
	}
}
