package simulator_test

import (
	"encoding/json"
	"maps"
	"testing"
	"time"

	"pritunl-backup/simulator"
)

// base is a complete good body for PUT /settings.
func (in *instance) base() map[string]any {
	in.t.Helper()
	body := in.object("GET", "/settings", "")
	for _, key := range []string{"sso", "token", "secret", "username"} {
		delete(body, key)
	}
	return body
}

func jsonOf(base map[string]any, more map[string]any) string {
	all := maps.Clone(base)
	maps.Copy(all, more)
	raw, err := json.Marshal(all)
	if err != nil {
		return err.Error()
	}
	return string(raw)
}

type dict = map[string]any

func TestSettingsFields(t *testing.T) {
	in := start(t, simulator.Options{})
	base := in.base()
	org := in.make("/organization", `{"name":"o"}`)
	sso := dict{"sso": "saml_okta", "sso_org": org, "server_sso_url": "vpn.example.com"}
	with := func(more dict) dict { d := maps.Clone(sso); maps.Copy(d, more); return d }
	tests := []struct {
		name string
		body dict
		key  string
		want any
	}{
		{"port zero", dict{"server_port": 0}, "server_port", 443.0},
		{"other port", dict{"server_port": 8443}, "server_port", 8443.0},
		{"pin mode is anything", dict{"pin_mode": "sometimes"}, "pin_mode", "sometimes"},
		{"auditing is anything", dict{"auditing": "some"}, "auditing", "some"},
		{"theme dark for anything", dict{"theme": "blue"}, "theme", "dark"},
		{"azure version", dict{"sso_azure_version": 3}, "sso_azure_version", 2.0},
		{"blanks around a token", dict{"influxdb_token": "  x "}, "influxdb_token", "x"},
		{"raw password keeps blanks", dict{"email_password": " x "}, "email_password", " x "},
		{"host with path", dict{"email_server": "https://u@SMTP.Example.com:25/x?y"}, "email_server", "smtp.example.com:25"},
		{"list of hosts", with(dict{"sso_radius_host": "a.example.com,b.example.com"}), "sso_radius_host", nil},
		{"IPv6 host", with(dict{"sso_radius_host": "2001:db8::1"}), "sso_radius_host", "[2001:db8::1]"},
		{"host with underscore", with(dict{"sso_duo_host": "a_b.example.com"}), "sso_duo_host", nil},
		{"host with a bad port", with(dict{"sso_duo_host": "a.example.com:99999"}), "sso_duo_host", nil},
		{"URL gets a scheme", with(dict{"sso_saml_url": "IDP.Example.com/Path"}), "sso_saml_url", "https://idp.example.com/Path"},
		{"URL with other scheme", with(dict{"sso_saml_url": "ftp://idp.example.com"}), "sso_saml_url", nil},
		{"percent signs are lost", with(dict{"sso_saml_url": "https://idp.example.com/a%2Fb?c=%20#d"}), "sso_saml_url", "https://idp.example.com/a2Fb?c=20#d"},
		{"sso_match", with(dict{"sso_match": []string{"a", "b"}}), "sso_match", []any{"a", "b"}},
		{"empty sso_match", with(dict{"sso_match": []string{}}), "sso_match", nil},
		{"unknown organization", with(dict{"sso_org": "0123456789ABCDEF01234567"}), "sso_org", "0123456789abcdef01234567"},
		{"okta mode", with(dict{"sso_okta_mode": "passcode"}), "sso_okta_mode", "passcode"},
		{"clearing sso keeps the okta mode", dict{}, "sso_okta_mode", "passcode"},
		{"onelogin mode is not stored", with(dict{"sso_onelogin_mode": "push"}), "sso_onelogin_mode", ""},
		{"clearing sso wipes the address", dict{"server_sso_url": "vpn.example.com"}, "server_sso_url", nil},
		{"clearing sso keeps the authzero domain", dict{"sso_authzero_domain": "a.example.com"}, "sso_authzero_domain", "a.example.com"},
		{"clearing sso keeps yubico", dict{"sso_yubico_client": "1"}, "sso_yubico_client", "1"},
		{"clearing sso wipes radius", dict{"sso_radius_secret": "x"}, "sso_radius_secret", nil},
		{"aws", dict{"cloud_provider": "aws", "eu_west_3_access_key": "A B"}, "eu_west_3_access_key", "AB"},
		{"aws keys of another provider", dict{"cloud_provider": "oracle", "eu_west_3_access_key": "AB"}, "eu_west_3_access_key", nil},
		{"oracle", dict{"cloud_provider": "oracle", "oracle_user_ocid": "ocid 1"}, "oracle_user_ocid", "ocid1"},
		{"oracle with another provider", dict{"cloud_provider": "aws", "oracle_user_ocid": "ocid1"}, "oracle_user_ocid", nil},
		{"pritunl cloud", dict{"cloud_provider": "pritunl", "pritunl_cloud_host": "C.example.com"}, "pritunl_cloud_host", "c.example.com"},
		{"provider is anything", dict{"cloud_provider": "elsewhere"}, "cloud_provider", "elsewhere"},
		{"route53 is filtered", dict{"route53_zone": "a b,c"}, "route53_zone", "abc"},
		{"reverse proxy", dict{"reverse_proxy": true}, "reverse_proxy", true},
		{"oracle key is read-only", dict{"oracle_public_key": "x"}, "oracle_public_key", base["oracle_public_key"]},
		{"username is lower case", dict{"username": "API Admin"}, "username", "apiadmin"},
		{"certificate", dict{"server_cert": " FAKE "}, "server_cert", "FAKE"},
		{"certificate missing", dict{}, "server_cert", nil},
		{"public address is the one in use", dict{"public_address": "203.0.113.10"}, "public_address", "203.0.113.10"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := in.object("PUT", "/settings", jsonOf(base, tt.body))[tt.key]
			if jsonOf(dict{}, dict{"v": got}) != jsonOf(dict{}, dict{"v": tt.want}) {
				t.Errorf("%s is %v, want %v", tt.key, got, tt.want)
			}
		})
	}
}

func TestSettingsRefused(t *testing.T) {
	in := start(t, simulator.Options{})
	base := in.base()
	org := in.make("/organization", `{"name":"o"}`)
	tests := []struct {
		name string
		body dict
		want string
	}{
		{"port", dict{"server_port": -1}, "Bad Request port_invalid"},
		{"organization missing", dict{"sso": "duo", "server_sso_url": "a.example.com"}, "Bad Request sso_org_null"},
		{"organization before address", dict{"sso": "duo"}, "Bad Request sso_org_null"},
		{"address missing", dict{"sso": "duo", "sso_org": org}, "Bad Request sso_url_missing"},
		{"address no URL", dict{"sso": "duo", "sso_org": org, "server_sso_url": "ftp://x"}, "Bad Request sso_url_missing"},
		{"port before organization", dict{"server_port": 65536, "sso": "duo"}, "Bad Request port_invalid"},
		{"subnet before address", dict{"sso": "duo", "sso_org": org, "routed_subnet6": "x"}, "Bad Request ipv6_subnet_invalid"},
		{"subnet with host bits", dict{"routed_subnet6": "2001:db8::1/64"}, "Bad Request ipv6_subnet_invalid"},
		{"wg subnet too small", dict{"routed_subnet6_wg": "2001:db8::/65"}, "Bad Request ipv6_subnet_wg_size_invalid"},
		{"certificate authority out of reach", dict{"acme_domain": "vpn.example.com"}, "Bad Request acme_error"},
		{"organization no id", dict{"sso_org": "zz"}, "Internal Server Error"},
		{"username of another", dict{"username": "pritunl"}, "Internal Server Error"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := in.outcome("PUT", "/settings", jsonOf(base, tt.body)); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
			in.must("PUT", "/settings", jsonOf(base, nil))
		})
	}
}

// A refused PUT shows in the process for a minute unless something stores it.
func TestSettingsInMemory(t *testing.T) {
	clock := simulator.NewClock(time.Now())
	in := start(t, simulator.Options{Clock: clock})
	base := in.base()
	body := jsonOf(base, dict{"monitoring": "influxdb", "server_sso_url": "https://a.example.com", "routed_subnet6": "x"})
	if got := in.outcome("PUT", "/settings", body); got != "Bad Request ipv6_subnet_invalid" {
		t.Fatal(got)
	}
	if got := in.object("GET", "/settings", "")["monitoring"]; got != "influxdb" {
		t.Errorf("right after: %v", got)
	}
	clock.Advance(time.Minute)
	if got := in.object("GET", "/settings", "")["monitoring"]; got != nil {
		t.Errorf("a minute later: %v", got)
	}
}

func TestSingleSignOnAddress(t *testing.T) {
	in := start(t, simulator.Options{})
	base := in.base()
	in.outcome("PUT", "/settings", jsonOf(base, dict{"sso": "google"})) // refused, but sso is in memory now
	if got := in.object("GET", "/settings", "")["server_sso_url"]; got != nil {
		t.Errorf("the answer that sets it shows %v", got)
	}
	if got, _ := in.object("GET", "/settings", "")["server_sso_url"].(string); got == "" {
		t.Error("it was not set")
	}
}

func TestAuditing(t *testing.T) {
	in := start(t, simulator.Options{})
	base := in.base()
	in.must("PUT", "/settings", jsonOf(base, dict{"auditing": "all"}))
	if got := in.outcome("PUT", "/settings", jsonOf(base, dict{"auditing": "some"})); got != "Bad Request cannot_disable_auditing" {
		t.Error(got)
	}
	if got := in.outcome("PUT", "/settings", jsonOf(base, dict{"auditing": "all"})); got != "OK" {
		t.Error(got)
	}
	for _, v := range in.list("/admin") {
		if a, _ := v.(map[string]any); a["audit"] != true {
			t.Errorf("administrator %v: audit is %v", a["username"], a["audit"])
		}
	}
}

func TestTLSSettings(t *testing.T) {
	in := start(t, simulator.Options{TLS: true})
	before := in.object("GET", "/settings", "")
	if s, _ := before["server_cert"].(string); s == "" {
		t.Error("no certificate")
	}
	after := in.object("PUT", "/settings", `{"server_port":443}`)
	if s, _ := after["server_cert"].(string); s == "" {
		t.Error("no new certificate")
	}
}
