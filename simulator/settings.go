package simulator

import (
	"maps"
	"strings"
)

// settings are values under their wire names: nil, string, bool, int or a list
// of strings.
type settings map[string]any

func (s settings) clone() settings       { return maps.Clone(s) }
func (s settings) str(key string) string { v, _ := s[key].(string); return v }
func (s settings) flag(key string) bool  { v, _ := s[key].(bool); return v }
func (s settings) int(key string) int    { v, _ := s[key].(int); return v }

// rule says how a setting is read from a body.
type rule int

const (
	trimmed rule = iota // surrounding blanks dropped, "" is null
	asIs                // "" is null
	domain              // host with optional port, anything else null
	webURL              // http or https URL, anything else null
	boolean
	filteredText
	special // has a rule of its own
)

// setting is one field of the settings in the order in which a PUT is worked
// through: a refusal half-way leaves the ones before it changed.
type setting struct {
	key  string
	rule rule
	by   func(*change) *reply
}

// settingList is the order of evaluation.
func settingList() []setting {
	var out []setting
	add := func(r rule, keys string) {
		for key := range strings.FieldsSeq(keys) {
			out = append(out, setting{key: key, rule: r})
		}
	}
	step := func(key string, by func(*change) *reply) { out = append(out, setting{key: key, rule: special, by: by}) }
	step("server_cert", (*change).certificate)
	step("server_port", (*change).port)
	step("acme_domain", (*change).acme)
	step("auditing", (*change).auditing)
	add(asIs, "monitoring")
	add(webURL, "influxdb_url")
	add(trimmed, "influxdb_token influxdb_org influxdb_bucket email_from")
	add(domain, "email_server")
	add(asIs, "email_username email_password pin_mode sso")
	step("sso_match", (*change).match)
	add(trimmed, "sso_azure_directory_id sso_azure_app_id sso_azure_app_secret sso_azure_region")
	step("sso_azure_version", (*change).azureVersion)
	add(domain, "sso_authzero_domain")
	add(trimmed, "sso_authzero_app_id sso_authzero_app_secret sso_google_key sso_google_email sso_duo_token sso_duo_secret")
	add(domain, "sso_duo_host")
	add(asIs, "sso_duo_mode sso_radius_secret")
	add(domain, "sso_radius_host")
	step("sso_org", (*change).ssoOrg)
	add(webURL, "sso_saml_url sso_saml_issuer_url")
	add(trimmed, "sso_saml_cert sso_okta_app_id sso_okta_token")
	step("sso_okta_mode", (*change).oktaMode)
	add(trimmed, "sso_onelogin_app_id sso_onelogin_id sso_onelogin_secret")
	step("sso_onelogin_mode", (*change).oneloginMode)
	add(trimmed, "sso_jumpcloud_app_id sso_jumpcloud_secret")
	add(boolean, "ipv6 sso_cache sso_client_cache")
	add(webURL, "server_sso_url")
	add(boolean, "restrict_import restrict_client client_reconnect drop_permissions")
	add(trimmed, "sso_yubico_client sso_yubico_secret")
	step("theme", (*change).theme)
	step("public_address", (*change).publicAddress)
	step("routed_subnet6", (*change).subnets)
	add(boolean, "reverse_proxy")
	add(asIs, "cloud_provider")
	add(filteredText, "route53_region route53_zone")
	step("oracle_public_key", (*change).clouds)
	return out
}

// awsKeys are the access and secret keys of all regions.
func awsKeys() []string {
	var out []string
	for region := range strings.FieldsSeq("us_east_1 us_east_2 us_west_1 us_west_2 us_gov_east_1 us_gov_west_1 eu_north_1 " +
		"eu_west_1 eu_west_2 eu_west_3 eu_central_1 ca_central_1 cn_north_1 cn_northwest_1 ap_northeast_1 ap_northeast_2 " +
		"ap_southeast_1 ap_southeast_2 ap_southeast_3 ap_east_1 ap_south_1 sa_east_1") {
		out = append(out, region+"_access_key", region+"_secret_key")
	}
	return out
}

// settingsWords is the body of PUT /settings.
func settingsWords() string {
	words := []string{
		"username:s password:s server_cert:s server_key:s server_port:i acme_domain:s auditing:s email_tls:b sso_match:l " +
			"sso_azure_version:i sso_org:s sso_okta_mode:s sso_onelogin_mode:s theme:s public_address:s public_address6:s " +
			"routed_subnet6:s routed_subnet6_wg:s oracle_user_ocid:s oracle_public_key:s pritunl_cloud_host:s " +
			"pritunl_cloud_token:s pritunl_cloud_secret:s",
	}
	for _, one := range settingList() {
		switch one.rule {
		case special:
		case boolean:
			words = append(words, one.key+":b")
		default:
			words = append(words, one.key+":s")
		}
	}
	for _, key := range awsKeys() {
		words = append(words, key+":s")
	}
	return strings.Join(words, " ")
}

// freshSettings are those of a new installation. sso is false, not null, until
// the first PUT.
func (db *database) freshSettings() settings {
	out := settings{
		"theme": "dark", "pin_mode": "optional", "sso": false, "sso_azure_version": 1, "sso_duo_mode": "push_phone",
		"sso_match": nil, "sso_okta_mode": "", "sso_onelogin_mode": "", "ipv6": true, "sso_cache": false,
		"sso_client_cache": true, "restrict_import": false, "restrict_client": false, "drop_permissions": false,
		"client_reconnect": true, "reverse_proxy": false, "server_port": 443, "oracle_public_key": fakePEM("PUBLIC KEY"),
		"server_cert": nil, "server_key": nil,
	}
	for _, one := range settingList() {
		if _, known := out[one.key]; !known && one.key != "public_address" && one.key != "routed_subnet6" {
			out[one.key] = nil
		}
	}
	for _, key := range append(awsKeys(), "oracle_user_ocid", "pritunl_cloud_host", "pritunl_cloud_token", "pritunl_cloud_secret") {
		out[key] = nil
	}
	if db.opts.TLS {
		out["server_cert"], out["server_key"] = fakePEM("CERTIFICATE"), fakePEM("PRIVATE KEY")
	}
	return out
}

// fakePEM is visibly no key.
func fakePEM(kind string) string {
	return "-----BEGIN FAKE " + kind + "-----\nNOTAKEY\n-----END FAKE " + kind + "-----"
}

func (db *database) audits() bool { return db.live.str("auditing") == "all" }

// mails says whether mail is configured at all. None is ever sent.
func (db *database) mails() bool {
	return db.live.str("email_from") != "" && db.live.str("email_server") != ""
}

// settingsView is the calling administrator and the settings in one object.
func (s *Simulator) settingsView(a *admin) settings {
	out := s.db.live.clone()
	maps.Copy(out, a.view())
	h := s.db.here
	out["public_address"], out["public_address6"] = h.publicAddr(), h.publicAddr6()
	out["routed_subnet6"], out["routed_subnet6_wg"] = h.routed6, h.routed6WG
	out["has_server_sso"] = false
	for _, v := range s.db.servers {
		if v.conf.flag("sso_auth") {
			out["has_server_sso"] = true
		}
	}
	return out
}

// getSettings fills in a missing single sign-on address as a side effect. The
// answer still shows the old value.
func getSettings(s *Simulator, c *call) reply {
	out := s.settingsView(c.admin)
	if s.release.does(fillsSSOURL) && s.db.live.str("sso") != "" && s.db.live.str("server_sso_url") == "" {
		s.db.live["server_sso_url"] = s.db.live["acme_domain"]
		if s.db.live.str("acme_domain") == "" {
			s.db.live["server_sso_url"] = valueOf(cleanDomain(c.req.Host))
		}
		s.db.commitSettings()
	}
	return ok(out)
}

func (db *database) commitSettings() { db.saved = db.live.clone() }

// valueOf is a text or nil as a value of settings.
func valueOf(p *string) any {
	if p == nil {
		return nil
	}
	return *p
}
