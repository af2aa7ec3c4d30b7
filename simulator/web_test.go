package simulator_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"pritunl-backup/simulator"
)

func TestFrontEnd(t *testing.T) {
	in := start(t, simulator.Options{Seed: "users=1"})
	big := strings.Repeat("x", 50_001)
	tests := []struct {
		name, method, path, kind, body string
		status                         int
		answerKind                     string
	}{
		{"unknown route", "GET", "/nosuch", "", "", 404, "text/plain"},
		{"unknown method", "PATCH", "/organization", "", "", 404, "text/plain"},
		{"one link has no route", "GET", "/link/0123456789abcdef01234567", "", "", 404, "text/plain"},
		{"upper case", "GET", "/Status", "", "", 404, "text/plain"},
		{"slash at the end", "GET", "/status/", "", "", 301, "text/html; charset=utf-8"},
		{"slash at the end of a write", "PUT", "/settings/", "application/json", "{}", 307, ""},
		{"slash at the end of an unknown route", "GET", "/nosuch/", "", "", 404, "text/plain"},
		{"no content type", "POST", "/organization", "", "{}", 520, ""},
		{"other content type", "POST", "/organization", "text/json", "{}", 520, ""},
		{"content type with charset", "POST", "/link", "application/json;charset=utf-8", "{", 400, ""},
		{"body too long", "POST", "/organization", "application/json", `{"name":"` + big + `"}`, 400, ""},
		{"long text after the value", "PUT", "/organization/zz", "application/json", `{}` + big, 500, "text/html; charset=utf-8"},
		{"no body", "POST", "/organization", "application/json", "", 400, ""},
		{"wrong type of an unknown key", "PUT", "/organization/zz", "application/json", `{"nosuch":[]}`, 500, "text/html; charset=utf-8"},
		{"key in other case", "PUT", "/organization/zz", "application/json", `{"AUTH_API":1}`, 400, ""},
		{"number too large", "POST", "/link", "application/json", `{"wg_port":99999999999999999999}`, 400, ""},
		{"whole float", "POST", "/link", "application/json", `{"wg_port":1194.0}`, 400, ""},
		{"PUT of a link route", "PUT", "/link/a/location/b/route/c", "application/json", `{}`, 405, "text/html; charset=utf-8"},
		{"PUT of a link route without body", "PUT", "/link/a/location/b/route/c", "", ``, 520, ""},
		{"route without body ignores one", "PUT", "/server/zz/operation/start", "text/plain", `{{{`, 500, "text/html; charset=utf-8"},
		{"fixed part wins over parameter", "GET", "/device/unregistered", "", "", 200, "application/json"},
		{"unknown page", "GET", "/organization?page=7", "", "", 200, "application/json"},
		{"negative page", "GET", "/server?page=-1", "", "", 500, "text/html; charset=utf-8"},
		{"page with blanks", "GET", "/host?page=+1", "", "", 200, "application/json"},
		{"page that is a float", "GET", "/link?page=1.5", "", "", 500, "text/html; charset=utf-8"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			req := in.request(tt.method, tt.path, tt.body)
			req.Header.Del("Content-Type")
			if tt.kind != "" {
				req.Header.Set("Content-Type", tt.kind)
			}
			resp, err := http.DefaultTransport.RoundTrip(req)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			if got := resp.Header.Get("Content-Type"); resp.StatusCode != tt.status || got != tt.answerKind {
				t.Errorf("got %d %q, want %d %q", resp.StatusCode, got, tt.status, tt.answerKind)
			}
		})
	}
}

// Every field of every body has a type, and any other type is refused by the
// front end before the signature is looked at.
func TestWrongTypes(t *testing.T) {
	in := start(t, simulator.Options{})
	const id = "0123456789abcdef01234567"
	routes := map[string]string{
		"POST /organization":                       "name:s auth_api:b",
		"PUT /organization/" + id:                  "name:s auth_api:b auth_token:b auth_secret:b",
		"POST /admin":                              "username:s password:s yubikey_id:s otp_auth:b auth_api:b disabled:b super_user:b",
		"PUT /admin/" + id:                         "token:s secret:s otp_secret:b otp_auth:b",
		"POST /user/" + id:                         "name:s email:s auth_type:s yubico_id:s groups:l pin:s disabled:b network_links:l bypass_secondary:b client_to_client:b mac_addresses:l dns_servers:l dns_suffix:s port_forwarding:l",
		"PUT /user/" + id + "/" + id:               "name:s groups:l send_key_email:b",
		"PUT /host/" + id:                          "name:s public_address:s routed_subnet6:s proxy_ndp:b priority:i availability_group:s sync_address:s",
		"PUT /server/" + id + "/link/" + id:        "use_local_address:b",
		"POST /server/" + id + "/route":            "network:s comment:s metric:i nat:b nat_interface:s nat_netmap:s advertise:b advertise_resource:l vpc_region:s vpc_id:s net_gateway:b",
		"PUT /server/" + id + "/route/" + id:       "comment:s metric:i",
		"POST /link":                               "name:s type:s status:s protocol:s wg_port:i ipv6:b host_check:b action:s preferred_ike:s preferred_esp:s force_preferred:b",
		"PUT /link/" + id:                          "key:b status:s",
		"POST /link/" + id + "/location":           "name:s",
		"POST /link/" + id + "/location/x/route":   "network:s",
		"POST /link/" + id + "/location/x/host":    "name:s timeout:i priority:i backoff:i static:b public_address:s local_address:s address6:s wg_public_key:s",
		"POST /link/" + id + "/location/x/peer":    "peer_id:s",
		"POST /link/" + id + "/location/x/transit": "transit_id:s",
		"POST /subscription":                       "license:s",
		"POST /auth/session":                       "username:s password:s otp_code:s yubico_key:s",
		"PUT /settings":                            "sso:s sso_match:l server_port:i ipv6:b sso_azure_version:i email_tls:b reverse_proxy:b us_east_1_access_key:s theme:s oracle_public_key:s",
		"POST /server":                             "name:s wg:b groups:l dns_servers:l max_clients:i ping_interval_wg:i search_domain:s tun_mtu:i fragment:i vxlan:b",
	}
	samples := map[string]string{"s": `"x"`, "i": `7`, "b": `true`, "l": `["x"]`}
	for route, words := range routes {
		method, path, _ := strings.Cut(route, " ")
		for _, word := range strings.Fields(words) {
			key, kind, _ := strings.Cut(word, ":")
			for other, sample := range samples {
				req := in.request(method, path, fmt.Sprintf(`{"%s":%s}`, key, sample))
				req.Header.Set("Auth-Signature", "wrong")
				resp, err := http.DefaultClient.Do(req)
				if err != nil {
					t.Fatal(err)
				}
				resp.Body.Close()
				refused := resp.StatusCode == http.StatusBadRequest && resp.Header["Content-Type"] == nil
				want := other != kind || (key == "port_forwarding" && other == "l")
				if refused != want {
					t.Errorf("%s %s=%s: status %d", route, key, sample, resp.StatusCode)
				}
			}
		}
	}
}

func TestHeaders(t *testing.T) {
	in := start(t, simulator.Options{})
	resp, err := http.DefaultClient.Do(in.request("GET", "/status", ""))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if got := resp.Header["Cache-Control"]; len(got) != 2 {
		t.Errorf("Cache-Control: %q", got)
	}
	if resp.Header.Get("X-Frame-Options") != "DENY" {
		t.Error("X-Frame-Options is missing")
	}
}

func TestAnyHost(t *testing.T) {
	in := start(t, simulator.Options{})
	req := in.request("GET", "/status", "")
	req.Host = "vpn.elsewhere.example:8443"
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Errorf("status %d", resp.StatusCode)
	}
}
