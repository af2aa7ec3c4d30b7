package simulator_test

import (
	"fmt"
	"strings"
	"testing"

	"pritunl-backup/simulator"
)

func hexOf(s string) string { return fmt.Sprintf("%x", s) }

// shown is a list of routes as "network flags comment".
func (in *instance) shown(server string) string {
	in.t.Helper()
	var out []string
	for _, v := range in.list(server + "/route") {
		r := v.(map[string]any)
		s := fmt.Sprint(r["network"])
		for key, mark := range map[string]string{"virtual_network": "v", "network_link": "n", "server_link": "s"} {
			if r[key] == true {
				s += ":" + mark
			}
		}
		if r["wg_network"] == true {
			s += "w"
		}
		out = append(out, s)
	}
	return strings.Join(out, " ")
}

func TestRouteChecks(t *testing.T) {
	in := start(t, simulator.Options{})
	server := "/server/" + in.server(`"network":"10.1.0.0/24","wg":true,"network_wg":"10.2.0.0/24","ipv6":true`)
	const bad = "Bad Request server_route_"
	tests := []struct{ name, method, path, body, want string }{
		{"netmask", "POST", "/route", `{"network":"10.8.0.0/255.255.0.0"}`, "OK"},
		{"IPv6 address", "POST", "/route", `{"network":"fd12::1"}`, "OK"},
		{"blank", "POST", "/route", `{"network":" 10.8.0.0/16"}`, bad + "invalid"},
		{"invalid before gateway", "POST", "/route", `{"network":"x","nat":true,"net_gateway":true}`, bad + "invalid"},
		{"virtual before gateway", "POST", "/route", `{"network":"10.1.0.0/24","nat":true,"net_gateway":true}`, bad + "virtual_nat"},
		{"IPv6 virtual network", "POST", "/route", `{"network":"fd00:a010::/64","nat":true}`, bad + "virtual_nat"},
		{"wg network is junk", "POST", "/route", `{"network":"10.2.0.0/24","nat":true}`, "OK"},
		{"gateway before netmap", "POST", "/route", `{"network":"10.3.0.0/24","nat":true,"net_gateway":true,"nat_netmap":"x"}`, bad + "net_gateway_nat"},
		{"netmap is not checked", "POST", "/route", `{"network":"10.3.0.0/24","nat":true,"nat_netmap":"x"}`, "OK"},
		{"PUT creates", "PUT", "/route/" + hexOf("10.4.0.0/24"), `{"nat":true}`, "OK"},
		{"PUT with upper case hex", "PUT", "/route/" + strings.ToUpper(hexOf("10.4.0.0/24")), `{"nat":true}`, "OK"},
		{"PUT of virtual", "PUT", "/route/" + hexOf("virtual"), `{}`, bad + "invalid"},
		{"odd hex", "PUT", "/route/123", `{}`, "Internal Server Error"},
		{"hex of no text", "DELETE", "/route/ff", "", "Internal Server Error"},
		{"delete what is not there", "DELETE", "/route/" + hexOf("10.99.0.0/24"), "", "OK"},
		{"list stops at the bad one", "POST", "/routes", `[{"network":"10.5.0.0/24"},{"network":"10.6.0.1/24"}]`, bad + "invalid"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := in.outcome(tt.method, server+tt.path, tt.body); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
	want := "0.0.0.0/0 ::/0 10.1.0.0/24:v 10.2.0.0/24:vw fd00:a010::/64:v fd01:a010::/64:vw 10.3.0.0/24 10.4.0.0/24 " +
		"10.8.0.0/16 8.8.8.8/32 fd12::1/128"
	if got := in.shown(server); got != want {
		t.Errorf("routes:\n%s, want\n%s", got, want)
	}
}

func TestVirtualRoute(t *testing.T) {
	in := start(t, simulator.Options{})
	server := "/server/" + in.server(`"network":"10.1.0.0/24"`)
	in.must("POST", server+"/route", `{"network":"10.1.0.0/24","comment":"mine","metric":3}`)
	in.must("DELETE", server+"/route/"+hexOf("10.1.0.0/24"), "")
	comment := func() any { return in.list(server + "/route")[1].(map[string]any)["comment"] }
	if got := comment(); got != "mine" {
		t.Errorf("deleting the network: comment is %v", got)
	}
	in.must("PUT", server, serverBody(`"network":"10.2.0.0/24"`))
	if got := comment(); got != "mine" {
		t.Errorf("in another network: comment is %v", got)
	}
	in.must("DELETE", server+"/route/"+hexOf("virtual"), "")
	if got := comment(); got != nil {
		t.Errorf("deleting virtual: comment is %v", got)
	}
}

func TestDNSRoute(t *testing.T) {
	in := start(t, simulator.Options{})
	first := "/server/" + in.server(`"network":"10.1.0.0/24"`)
	second := "/server/" + in.server(`"network":"10.2.0.0/24","dns_servers":["9.9.9.9","1.1.1.1"]`)
	third := "/server/" + in.server(`"network":"10.3.0.0/24"`)
	if got := in.shown(first); !strings.Contains(got, "8.8.8.8/32") {
		t.Errorf("first: %s", got)
	}
	for _, server := range []string{second, third} {
		if got := in.shown(server); !strings.Contains(got, "9.9.9.9/32") {
			t.Errorf("%s: %s", server, got)
		}
	}
	in.must("POST", third+"/route", `{"network":"10.50.0.0/16","comment":"DNS Server","nat":true}`)
	in.must("PUT", third, serverBody(`"network":"10.3.0.0/24","dns_servers":["2001:db8::53"]`))
	if got := in.shown(third); got != "0.0.0.0/0 10.3.0.0/24:v 2001:db8::53/128" {
		t.Errorf("both moved: %s", got)
	}
	fourth := "/server/" + in.server(`"network":"10.4.0.0/24"`)
	if got := in.shown(fourth); !strings.Contains(got, "9.9.9.9/32") {
		t.Errorf("a PUT does not touch the shared default: %s", got)
	}
	in.outcome("POST", "/server", serverBody(`"network":"10.4.0.0/24","dns_servers":["7.7.7.7"]`))
	fifth := "/server/" + in.server(`"network":"10.5.0.0/24"`)
	if got := in.shown(fifth); !strings.Contains(got, "9.9.9.9/32") {
		t.Errorf("a refused POST does not either: %s", got)
	}
}

func TestDerivedRoutes(t *testing.T) {
	in := start(t, simulator.Options{Hosts: 2})
	second := in.list("/host")[1].(map[string]any)["id"].(string)
	org := in.make("/organization", `{"name":"o"}`)
	in.must("POST", "/user/"+org, `{"name":"u","network_links":["10.60.0.0/16"]}`)
	a, b := "/server/"+in.server(`"network":"10.1.0.0/24"`), in.server(`"network":"10.2.0.0/24"`)
	in.must("PUT", a+"/organization/"+org, "")
	in.must("DELETE", a+"/route/"+hexOf("8.8.8.8/32"), "")
	in.must("POST", "/server/"+b+"/route", `{"network":"10.70.0.0/16","nat":true,"comment":"far"}`)
	in.must("PUT", "/server/"+b+"/host/"+second, "")
	in.must("DELETE", "/server/"+b+"/host/"+in.list("/host")[0].(map[string]any)["id"].(string), "")
	in.must("PUT", a+"/link/"+b, `{}`)
	if got := in.shown(a); got != "0.0.0.0/0 10.1.0.0/24:v 10.60.0.0/16:n 10.2.0.0/24:s 10.70.0.0/16:s 8.8.8.8/32:s" {
		t.Errorf("routes: %s", got)
	}
	steps := []struct{ name, body, want string }{
		{"link row with other nat", `{"network":"10.70.0.0/16"}`, "Bad Request server_route_server_link_nat"},
		{"link row", `{"network":"10.70.0.0/16","nat":true,"comment":"near","nat_interface":"eth9"}`, "OK"},
		{"net link with gateway", `{"network":"10.60.0.0/16","net_gateway":true}`, "Bad Request server_route_network_link_gateway"},
		{"net link", `{"network":"10.60.0.0/16","comment":"office"}`, "OK"},
	}
	for _, s := range steps {
		if got := in.outcome("POST", a+"/route", s.body); got != s.want {
			t.Errorf("%s: got %s, want %s", s.name, got, s.want)
		}
	}
	for _, v := range in.list(a + "/route") {
		r := v.(map[string]any)
		switch r["network"] {
		case "10.70.0.0/16":
			if r["comment"] != "near" || r["nat_interface"] != nil || r["advertise"] != false {
				t.Errorf("override of a link row: %v", r)
			}
		case "10.60.0.0/16":
			if r["comment"] != "office" || r["network_link"] != true || r["advertise"] != false {
				t.Errorf("override of a net link: %v", r)
			}
		}
	}
	in.must("DELETE", a+"/link/"+b, "")
	if got := in.shown(a); strings.Contains(got, "10.70.0.0/16") {
		t.Errorf("an override without its row shows: %s", got)
	}
}
