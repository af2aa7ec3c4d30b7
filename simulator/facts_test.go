package simulator_test

import (
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"pritunl-backup/simulator"
)

// TestUpperCaseIDs writes every object id in a path or body in upper case.
func TestUpperCaseIDs(t *testing.T) {
	in := start(t, simulator.Options{Hosts: 2})
	big := strings.ToUpper
	org := big(in.make("/organization", `{"name":"o"}`))
	user := big(in.must("POST", "/user/"+org, `{"name":"u"}`).([]any)[0].(map[string]any)["id"].(string))
	admin := big(in.make("/admin", `{"username":"a","password":"FAKE-password"}`))
	one, two := big(in.server(`"name":"1","network":"10.1.0.0/24"`)), big(in.server(`"name":"2","network":"10.2.0.0/24"`))
	link := big(in.make("/link", `{"name":"l"}`))
	at, other := "/link/"+link+"/location/", big(in.make("/link/"+link+"/location", `{"name":"y"}`))
	location := at + big(in.make("/link/"+link+"/location", `{"name":"x"}`))
	gateway := location + "/host/" + big(in.make(location+"/host", `{"name":"g"}`))
	hosts := in.list("/host")
	second := hosts[1].(map[string]any)["id"].(string)
	first := hosts[0].(map[string]any)["id"].(string)
	stock := hex.EncodeToString([]byte("8.8.8.8/32"))
	requests := []struct{ method, path, body string }{
		{"GET", "/organization/" + org, ""}, {"PUT", "/organization/" + org, `{"name":"o"}`},
		{"GET", "/user/" + org, ""}, {"GET", "/user/" + org + "/" + user, ""}, {"PUT", "/user/" + org + "/" + user, `{"name":"u"}`},
		{"PUT", "/user/" + org + "/" + user + "/otp_secret", ""}, {"GET", "/admin/" + admin, ""}, {"PUT", "/admin/" + admin, `{"username":"a"}`},
		{"GET", "/server/" + one, ""}, {"PUT", "/server/" + one, serverBody(`"name":"1"`)},
		{"PUT", "/server/" + one + "/organization/" + org, ""}, {"GET", "/server/" + one + "/organization", ""},
		{"PUT", "/server/" + two + "/host/" + second, ""}, {"DELETE", "/server/" + two + "/host/" + first, ""},
		{"DELETE", "/server/" + two + "/route/" + big(stock), ""}, {"PUT", "/server/" + one + "/link/" + two, `{}`},
		{"GET", "/server/" + one + "/link", ""}, {"DELETE", "/server/" + two + "/link/" + one, ""},
		{"PUT", "/server/" + one + "/operation/start", ""}, {"PUT", "/server/" + one + "/operation/stop", ""},
		{"DELETE", "/server/" + one + "/organization/" + org, ""},
		{"PUT", "/link/" + link, `{"name":"l"}`}, {"GET", "/link/" + link + "/location", ""}, {"PUT", location, `{"name":"x"}`},
		{"PUT", gateway, `{"name":"g"}`}, {"GET", gateway + "/uri", ""},
		{"POST", location + "/transit", `{"transit_id":"` + other + `"}`}, {"DELETE", location + "/transit/" + other, ""},
		{"DELETE", location + "/peer/" + other, ""}, {"POST", location + "/peer", `{"peer_id":"` + other + `"}`},
		{"DELETE", gateway, ""}, {"DELETE", location, ""}, {"DELETE", "/link/" + link, ""},
		{"DELETE", "/server/" + one, ""}, {"DELETE", "/server/" + two, ""}, {"DELETE", "/user/" + org + "/" + user, ""},
		{"DELETE", "/organization/" + org, ""}, {"DELETE", "/admin/" + admin, ""},
	}
	for _, r := range requests {
		status, text := in.raw(r.method, r.path, r.body)
		if status != 200 || strings.Contains(text, org) || strings.Contains(text, one) || strings.Contains(text, link) {
			t.Errorf("%s %s: %d %s", r.method, r.path, status, text)
		}
		if strings.Contains(r.path, "/peer") || strings.Contains(r.path, "/transit") {
			_, now := in.raw("GET", "/link/"+link+"/location", "")
			if want := r.method == "POST" && strings.Contains(r.path, "transit"); strings.Contains(now, `"transit":true`) != want {
				t.Errorf("%s %s: %s", r.method, r.path, now)
			}
		}
	}
	if st := in.State(); st.Servers+st.Organizations+st.Links+st.Users != 0 {
		t.Errorf("something is left: %+v", st)
	}
}

func TestMalformedLongIDs(t *testing.T) {
	in := start(t, simulator.Options{})
	org := in.make("/organization", `{"name":"o"}`)
	link := in.make("/link", `{"name":"l"}`)
	in.must("POST", "/user/"+org, `{"name":"u"}`)
	in.make("/link/"+link+"/location", `{"name":"x"}`)
	const junk = "not-an-id-at-all"
	for path, like := range map[string]string{
		"/organization/" + junk: "/organization", "/server/" + junk: "/server", "/admin/" + junk: "/admin",
		"/user/" + org + "/" + junk: "/user/" + org,
	} {
		_, got := in.raw("GET", path, "")
		if _, want := in.raw("GET", like, ""); got != want {
			t.Errorf("GET %s: %s, GET %s: %s", path, got, like, want)
		}
	}
	for path, want := range map[string]string{
		"/user/" + junk: "200 []\n", "/link/" + junk + "/location": "200 []\n", "/host/" + junk: "500 500: Internal Server Error",
		"/organization/zz": "500 500: Internal Server Error", "/user/" + org + "/zz": "404 404: Not Found",
	} {
		status, text := in.raw("GET", path, "")
		if got := fmt.Sprint(status, " ", text); got != want {
			t.Errorf("GET %s: %q, want %q", path, got, want)
		}
	}
}

// TestMappedNetworks writes IPv4 inside IPv6 without decimal octets.
func TestMappedNetworks(t *testing.T) {
	in := start(t, simulator.Options{})
	org, server, link := in.make("/organization", `{"name":"o"}`), in.server(`"name":"s","network":"10.1.0.0/24"`), in.make("/link", `{"name":"l"}`)
	const sent, kept = "::ffff:10.0.0.0/104", "::ffff:a00:0/104"
	if r := in.object("POST", "/server/"+server+"/route", `{"network":"`+sent+`"}`); r["network"] != kept || r["id"] != hex.EncodeToString([]byte(kept)) {
		t.Errorf("route %v", r)
	}
	if got := in.outcome("POST", "/server/"+server+"/route", `{"network":"::ffff:10.0.0.1/104"}`); got != "Bad Request server_route_invalid" {
		t.Errorf("host bits: %s", got)
	}
	in.must("POST", "/user/"+org, `{"name":"u","network_links":["`+sent+`"]}`)
	if u := in.list("/user/" + org)[0].(map[string]any); fmt.Sprint(u["network_links"]) != "["+kept+"]" {
		t.Errorf("network links %v", u["network_links"])
	}
	location := in.make("/link/"+link+"/location", `{"name":"x"}`)
	in.must("POST", "/link/"+link+"/location/"+location+"/route", `{"network":"`+sent+`"}`)
	if _, text := in.raw("GET", "/link/"+link+"/location", ""); !strings.Contains(text, `"`+kept+`"`) {
		t.Errorf("location %s", text)
	}
}

// TestAddressesOfMovingGateways keeps the addresses of gateways that report their
// own, as long as none has reported.
func TestAddressesOfMovingGateways(t *testing.T) {
	in := start(t, simulator.Options{})
	link := in.make("/link", `{"name":"l"}`)
	location := "/link/" + link + "/location/" + in.make("/link/"+link+"/location", `{"name":"x"}`)
	const body = `{"name":"g","static":false,"public_address":"192.0.2.8","local_address":"10.0.0.8"}`
	made := in.object("POST", location+"/host", body)
	changed := in.object("PUT", location+"/host/"+made["id"].(string), body)
	for _, g := range []map[string]any{made, changed} {
		if g["static"] != false || g["public_address"] != "192.0.2.8" || g["local_address"] != "10.0.0.8" {
			t.Errorf("gateway %v", g)
		}
	}
}

// TestCommonNetworkLinks links servers that both have an organization with a
// network behind one of its users.
func TestCommonNetworkLinks(t *testing.T) {
	in := start(t, simulator.Options{Hosts: 2})
	org := in.make("/organization", `{"name":"o"}`)
	user := "/user/" + org + "/" + in.must("POST", "/user/"+org, `{"name":"u","network_links":["10.9.0.0/24"]}`).([]any)[0].(map[string]any)["id"].(string)
	one, two := in.server(`"name":"1","network":"10.1.0.0/24"`), in.server(`"name":"2","network":"10.2.0.0/24"`)
	hosts := in.list("/host")
	in.must("PUT", "/server/"+two+"/host/"+hosts[1].(map[string]any)["id"].(string), "")
	in.must("DELETE", "/server/"+two+"/host/"+hosts[0].(map[string]any)["id"].(string), "")
	in.must("DELETE", "/server/"+two+"/route/"+hex.EncodeToString([]byte("8.8.8.8/32")), "")
	for _, server := range []string{one, two} {
		in.must("PUT", "/server/"+server+"/organization/"+org, "")
	}
	if got := in.outcome("PUT", "/server/"+one+"/link/"+two, "{}"); got != "Bad Request server_link_common_route" {
		t.Errorf("with a common network link: %s", got)
	}
	in.must("PUT", user, `{"name":"u"}`)
	if got := in.outcome("PUT", "/server/"+one+"/link/"+two, "{}"); got != "OK" {
		t.Errorf("without: %s", got)
	}
}

// TestOrderOfGroups reads the groups in the order in which they are kept.
func TestOrderOfGroups(t *testing.T) {
	in := start(t, simulator.Options{})
	org := in.make("/organization", `{"name":"o"}`)
	const groups = `"groups":["z","a","m","a","B"]`
	user := in.must("POST", "/user/"+org, `{"name":"u",`+groups+`}`).([]any)[0].(map[string]any)
	server := in.object("POST", "/server", serverBody(`"name":"s",`+groups))
	for _, one := range []struct {
		path string
		made map[string]any
	}{{"/user/" + org + "/" + user["id"].(string), user}, {"/server/" + server["id"].(string), server}} {
		want := fmt.Sprint(one.made["groups"])
		if n := len(one.made["groups"].([]any)); n != 4 {
			t.Errorf("%s: %s", one.path, want)
		}
		for range 3 {
			if got := fmt.Sprint(in.object("GET", one.path, "")["groups"]); got != want {
				t.Errorf("%s: %s, then %s", one.path, want, got)
			}
		}
	}
}

// TestIPv6OfUsers derives the address of a user from the network, in older
// releases from the user's own.
func TestIPv6OfUsers(t *testing.T) {
	for version, want := range map[string][2]string{
		"":         {"fd00:c0a8:4d00:0:192:168:77:2", "fd00:a0a0::10:10:0:2"},
		oldVersion: {"fd00:c0a8:4d02:0:192:168:77:2", "fd00:a0a0:2:0:10:10:0:2"},
	} {
		in := start(t, simulator.Options{Version: version})
		org := in.make("/organization", `{"name":"o"}`)
		in.must("POST", "/user/"+org, `{"name":"u"}`)
		for i, network := range []string{"192.168.77.0/24", "10.10.0.0/24"} {
			server := in.server(fmt.Sprintf(`"name":"%d","ipv6":true,"network":%q`, i, network))
			in.must("PUT", "/server/"+server+"/organization/"+org, "")
		}
		u := in.list("/user/" + org)[0].(map[string]any)
		if got := names(u["servers"].([]any), "virt_address6"); got != want[0]+" "+want[1] {
			t.Errorf("version %q: %s, want %v", version, got, want)
		}
	}
}
