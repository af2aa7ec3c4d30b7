package simulator_test

import (
	"net/http"
	"strings"
	"testing"

	"pritunl-backup/simulator"
)

const oldVersion = "1.32.4278.46"

func TestVersions(t *testing.T) {
	tests := []struct {
		version, shown string
		code           float64
	}{
		{"", "1.34.4681.89", 1003446814089},
		{"1.34", "1.34.4681.89", 1003446814089},
		{"1.34.4681.89", "1.34.4681.89", 1003446814089},
		{"1.32", oldVersion, 1003242784046},
		{"1.32.4278", oldVersion, 1003242784046},
		{oldVersion, oldVersion, 1003242784046},
		{"1.32.4465.96", "1.32.4465.96", 1003244654096},
		{"1.32.4400", "1.32.4400", 1003244004000},
		{"1.36.5000.1", "1.36.5000.1", 1003650004001},
	}
	for _, test := range tests {
		in := start(t, simulator.Options{Version: test.version})
		if got := in.object(http.MethodGet, "/status", "")["server_version"]; got != test.shown {
			t.Errorf("%q: server_version %v, want %v", test.version, got, test.shown)
		}
		if got := in.object(http.MethodGet, "/state", "")["version"]; got != test.code {
			t.Errorf("%q: version %v, want %.0f", test.version, got, test.code)
		}
		host, _ := in.list("/host")[0].(map[string]any)
		if host["version"] != test.shown {
			t.Errorf("%q: the host has version %v", test.version, host["version"])
		}
	}
	for _, nonsense := range []string{"1", "1.3", "latest", "1.32.", "1.32.x", "v1.32.4278", "1.32.4278.46.1", "1.32.42780.1", "-1.32.4.5", "1.30.2943.90", "1.32.3453", " "} {
		if _, err := simulator.New(simulator.Options{Version: nonsense}); err == nil {
			t.Errorf("%q was taken for a version", nonsense)
		}
	}
}

// TestReleasesBetween tells versions apart that were not recorded, by what the
// table says of them.
func TestReleasesBetween(t *testing.T) {
	tests := []struct {
		version, there, absent string
	}{
		{"1.32.4034", "geo_sort route_dns", "tun_mtu ovpn_dco hide_ovpn ping_interval_wg"},
		{"1.32.4399.86", "tun_mtu fragment", "hide_ovpn bypass_sso_auth ovpn_dco"},
		{"1.32.4465.96", "hide_ovpn bypass_sso_auth", "ovpn_dco sso_webauth"},
		{"1.34.4619", "ovpn_dco hide_ovpn", "sso_webauth"},
		{"1.34.4681.89", "ovpn_dco sso_webauth", ""},
		{"1.40.1", "ovpn_dco sso_webauth", ""},
	}
	for _, test := range tests {
		in := start(t, simulator.Options{Version: test.version})
		id := in.server(`"name":"a","hide_ovpn":true`)
		for _, path := range []string{"/server/" + id, "/server"} {
			v := in.must(http.MethodGet, path, "")
			if list, is := v.([]any); is {
				v = list[0]
			}
			server, _ := v.(map[string]any)
			for key := range strings.FieldsSeq(test.there) {
				if _, has := server[key]; !has {
					t.Errorf("%s: %s has no %s", test.version, path, key)
				}
			}
			for key := range strings.FieldsSeq(test.absent) {
				if _, has := server[key]; has {
					t.Errorf("%s: %s has %s", test.version, path, key)
				}
			}
		}
	}
}

func TestUnknownFieldMayHaveAnyType(t *testing.T) {
	for version, want := range map[string]int{oldVersion: http.StatusOK, "": http.StatusBadRequest} {
		in := start(t, simulator.Options{Version: version})
		if status, text := in.raw(http.MethodPost, "/server", serverBody(`"name":"a","tun_mtu":"many"`)); status != want {
			t.Errorf("version %q: %d %s", version, status, text)
		}
	}
}

// TestChangesWhileOnline sends back what GET answered to a running server.
func TestChangesWhileOnline(t *testing.T) {
	for version, want := range map[string]string{
		oldVersion: "Bad Request server_not_offline", "1.32.4399.86": "Bad Request server_not_offline", "1.32.4465.96": "OK", "": "OK",
	} {
		in := start(t, simulator.Options{Version: version})
		id := in.server(`"name":"a","network":"10.8.0.0/24"`)
		in.must(http.MethodPut, "/server/"+id+"/organization/"+in.make("/organization", `{"name":"o"}`), "")
		in.must(http.MethodPut, "/server/"+id+"/operation/start", "")
		_, echo := in.raw(http.MethodGet, "/server/"+id, "")
		if got := in.outcome(http.MethodPut, "/server/"+id, echo); got != want {
			t.Errorf("version %q: %s, want %s", version, got, want)
		}
	}
}

func TestOldReleaseHasNoStrictMode(t *testing.T) {
	for version, want := range map[string]string{oldVersion: "401: Unauthorized", "": "401 Missing token"} {
		in := start(t, simulator.Options{Version: version, NoAPI: true})
		if _, text := in.raw(http.MethodGet, "/status", ""); text != want {
			t.Errorf("version %q: %q, want %q", version, text, want)
		}
	}
}

func TestEveryReleaseTakesEverySeed(t *testing.T) {
	for _, version := range []string{"1.32.3479", oldVersion, "1.32.4465", "1.34.4619", ""} {
		for _, seed := range []string{"demo", "users=600,orgs=2,servers=3"} {
			in := start(t, simulator.Options{Version: version, Seed: seed})
			for _, path := range []string{"/settings", "/server", "/organization", "/host", "/admin", "/link"} {
				in.must(http.MethodGet, path, "")
			}
		}
	}
}

// TestFillsInTheAddressOfSingleSignOn reads settings with single sign-on and
// without its address, which older releases leave alone.
func TestFillsInTheAddressOfSingleSignOn(t *testing.T) {
	in := start(t, simulator.Options{Version: oldVersion})
	org := in.make("/organization", `{"name":"o"}`)
	in.must(http.MethodPut, "/settings", `{"sso":"saml","sso_org":"`+org+`","theme":"dark","server_port":443}`)
	for range 2 {
		if got := in.object(http.MethodGet, "/settings", "")["server_sso_url"]; got != nil {
			t.Errorf("server_sso_url is %v", got)
		}
	}
}

func TestNamesOfHosts(t *testing.T) {
	for version, parts := range map[string]int{oldVersion: 3, "": 2} {
		in := start(t, simulator.Options{Version: version})
		path := "/host/" + in.list("/host")[0].(map[string]any)["id"].(string)
		name, _ := in.object(http.MethodPut, path, `{}`)["name"].(string)
		if got := strings.Split(name, "-"); len(got) != parts {
			t.Errorf("version %q: %s", version, name)
		}
	}
}
