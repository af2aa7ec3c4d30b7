package simulator_test

import (
	"fmt"
	"testing"

	"pritunl-backup/simulator"
)

func TestHostValues(t *testing.T) {
	in := start(t, simulator.Options{Hosts: 2})
	hosts := in.list("/host")
	if got := names(hosts, "name"); got != "vpn-1 vpn-2" {
		t.Fatalf("hosts: %s", got)
	}
	if got := names(hosts, "status"); got != "online offline" {
		t.Errorf("status: %s", got)
	}
	path := "/host/" + hosts[1].(map[string]any)["id"].(string)
	tests := []struct{ name, body, key, want string }{
		{"public address", `"public_address":"VPN.Example.com:1194"`, "public_addr", "vpn.example.com:1194"},
		{"no public address", ``, "public_addr", "203.0.113.11"},
		{"link address follows the public one", `"public_address":"a.example.com"`, "link_addr", "a.example.com"},
		{"IPv6", `"public_address6":"2001:DB8::1"`, "public_addr6", "[2001:db8::1]"},
		{"IPv6 with port", `"public_address6":"[2001:db8::1]:443"`, "public_address6", "[2001:db8::1]:443"},
		{"brackets round a name", `"local_address":"[a.example.com]"`, "local_address", "<nil>"},
		{"user and path", `"sync_address":"https://u:p@sync.example.com/x"`, "sync_address", "sync.example.com"},
		{"label ends with a hyphen", `"sync_address":"a-.example.com"`, "sync_address", "<nil>"},
		{"empty label", `"sync_address":"a..example.com"`, "sync_address", "<nil>"},
		{"single label", `"sync_address":"localhost"`, "sync_address", "localhost"},
		{"address", `"local_address":" 10.0.0.1 "`, "local_addr", "10.0.0.1"},
		{"empty port", `"local_address":"a.example.com:"`, "local_address", "a.example.com"},
		{"umlaut", `"local_address":"ä.example.com"`, "local_address", "<nil>"},
		{"subnet", `"routed_subnet6":"2001:0db8:0::/48"`, "routed_subnet6", "2001:db8::/48"},
		{"group", `"availability_group":" , "`, "availability_group", "default"},
		{"priority", `"priority":-3`, "priority", "-3"},
		{"instance id is ignored", `"instance_id":"i-1"`, "instance_id", "<nil>"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			body := `{"name":"vpn-2"}`
			if tt.body != "" {
				body = `{"name":"vpn-2",` + tt.body + `}`
			}
			if got := fmt.Sprint(in.object("PUT", path, body)[tt.key]); got != tt.want {
				t.Errorf("%s is %s, want %s", tt.key, got, tt.want)
			}
		})
	}
	if got, _ := in.object("PUT", path, `{}`)["name"].(string); got == "" || got == "vpn-2" {
		t.Errorf("name missing: %q", got)
	}
	before := in.object("GET", path, "")["name"]
	if got := in.outcome("PUT", path, `{"name":"x","routed_subnet6":"x"}`); got != "Bad Request ipv6_subnet_invalid" {
		t.Error(got)
	}
	if got := in.object("GET", path, "")["name"]; got != before {
		t.Errorf("a refused change left %v", got)
	}
}

func TestNames(t *testing.T) {
	in := start(t, simulator.Options{})
	tests := []struct{ name, sent, want string }{
		{"blanks and commas", "Acme, Inc. (EU)", "AcmeInc.EU"},
		{"kept signs", "-=_@.:/!#$&*+?^|~", "-=_@.:/!#$&*+?^|~"},
		{"dropped signs", "a%b\\\\c'd<e>f;g[h]i{j}`k", "abcdefghijk"},
		{"other scripts", "Größe 山田 γ½", "Größe山田γ½"},
		{"emoji", "a😀b", "ab"},
		{"combining mark", "e\u0301", "e"},
		{"new line", `a\nb`, "ab"},
		{"markup survives", "a&b", "a&b"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := in.object("POST", "/organization", `{"name":"`+tt.sent+`"}`)["name"]; got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestOrganizations(t *testing.T) {
	in := start(t, simulator.Options{})
	for i := range 11 {
		in.make("/organization", fmt.Sprintf(`{"name":"o%02d"}`, i))
	}
	for page, want := range []string{"o00 o01 o02 o03 o04", "o05 o06 o07 o08 o09", "o10", ""} {
		got := in.object("GET", fmt.Sprintf("/organization?page=%d", page), "")
		list, _ := got["organizations"].([]any)
		if names(list, "name") != want || got["page_total"] != 2.0 {
			t.Errorf("page %d: %s of %v", page, names(list, "name"), got["page_total"])
		}
	}
	id := in.make("/organization", `{"name":"api","auth_api":true}`)
	before := in.object("GET", "/organization/"+id, "")
	kept := in.object("PUT", "/organization/"+id, `{"name":"api","auth_api":true}`)
	if kept["auth_token"] != before["auth_token"] || kept["auth_secret"] != before["auth_secret"] {
		t.Error("token and secret changed")
	}
	changed := in.object("PUT", "/organization/"+id, `{"name":"api","auth_api":true,"auth_secret":true}`)
	if changed["auth_token"] != before["auth_token"] || changed["auth_secret"] == before["auth_secret"] {
		t.Error("only the secret should change")
	}
}

// Only one server loses a deleted organization; the others keep an id that no
// answer shows, and start with it.
func TestDanglingOrganization(t *testing.T) {
	in := start(t, simulator.Options{})
	org := in.make("/organization", `{"name":"o"}`)
	a, b := "/server/"+in.server(""), "/server/"+in.server("")
	for _, server := range []string{a, b} {
		in.must("PUT", server+"/organization/"+org, "")
		in.must("PUT", server+"/operation/start", "")
	}
	in.must("DELETE", "/organization/"+org, "")
	for _, server := range []string{a, b} {
		if v := in.object("GET", server, ""); v["status"] != "offline" || v["user_count"] != 0.0 {
			t.Errorf("%s: %v %v", server, v["status"], v["user_count"])
		}
		if n := len(in.list(server + "/organization")); n != 0 {
			t.Errorf("%s shows %d organizations", server, n)
		}
	}
	if got := in.outcome("PUT", a+"/operation/start", ""); got != "Internal Server Error" {
		t.Errorf("the first server: %s", got)
	}
	if got := in.outcome("PUT", b+"/operation/start", ""); got != "OK" {
		t.Errorf("the second server: %s", got)
	}
}
