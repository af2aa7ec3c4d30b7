package derive

import (
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"

	"pritunl-backup/mongo/internal/lenient"
)

// regions are those that cloud keys can be stored for.
func regions() []string {
	return []string{"us_east_1", "us_east_2", "us_west_1", "us_west_2", "us_gov_east_1", "us_gov_west_1", "eu_north_1", "eu_west_1",
		"eu_west_2", "eu_west_3", "eu_central_1", "ca_central_1", "cn_north_1", "cn_northwest_1", "ap_northeast_1", "ap_northeast_2",
		"ap_southeast_1", "ap_southeast_2", "ap_southeast_3", "ap_east_1", "ap_south_1", "sa_east_1"}
}

// appSettings are the keys of settings/app that GET /settings shows, with the server's defaults.
func appSettings() []defaulted {
	table := slices.Concat(absentAs(nil, "acme_domain", "auditing", "monitoring", "influxdb_url", "influxdb_token", "influxdb_org",
		"influxdb_bucket", "email_from", "email_server", "email_username", "email_password", "sso_match", "sso_azure_directory_id",
		"sso_azure_app_id", "sso_azure_app_secret", "sso_azure_region", "sso_authzero_domain", "sso_authzero_app_id",
		"sso_authzero_app_secret", "sso_google_key", "sso_google_email", "sso_duo_token", "sso_duo_secret", "sso_duo_host",
		"sso_yubico_client", "sso_yubico_secret", "sso_org", "sso_saml_url", "sso_saml_issuer_url", "sso_saml_cert",
		"sso_okta_app_id", "sso_okta_token", "sso_onelogin_app_id", "sso_onelogin_id", "sso_onelogin_secret",
		"sso_jumpcloud_app_id", "sso_jumpcloud_secret", "sso_radius_secret", "sso_radius_host", "server_sso_url", "server_cert",
		"server_key", "cloud_provider", "route53_region", "route53_zone", "oracle_user_ocid", "oracle_public_key",
		"pritunl_cloud_host", "pritunl_cloud_token", "pritunl_cloud_secret"),
		absentAs(false, "sso", "sso_cache", "reverse_proxy"),
		[]defaulted{{"theme", "dark"}, {"sso_azure_version", whole(1)}, {"sso_duo_mode", "push_phone"}, {"sso_client_cache", true}, {"server_port", whole(443)}})
	for _, region := range regions() {
		table = append(table, absentAs(nil, region+"_access_key", region+"_secret_key")...)
	}
	return table
}

// settingsObject is GET /settings without the caller's own account. Settings are stored only once they were changed;
// the defaults are those of the version this package was written for.
func (i *Instance) settingsObject() []object {
	if len(i.settings) == 0 {
		return nil
	}
	o := object{}
	for _, f := range appSettings() {
		o[f.name] = i.setting("app", f.name, f.value)
	}
	o["pin_mode"] = i.setting("user", "pin_mode", "optional")
	o["restrict_import"] = i.setting("user", "restrict_import", false)
	o["restrict_client"] = i.setting("user", "restrict_client", false)
	o["client_reconnect"] = i.setting("user", "reconnect", true)
	o["ipv6"] = i.setting("vpn", "ipv6", true)
	o["drop_permissions"] = i.setting("vpn", "drop_permissions", false)
	for _, provider := range []string{"okta", "onelogin"} {
		if mode, known := i.pushMode(provider); known {
			o["sso_"+provider+"_mode"] = mode
		}
	}
	o["has_server_sso"] = slices.ContainsFunc(i.servers, func(s bson.Raw) bool { return lenient.Flag(s, "sso_auth") })
	return []object{o}
}

// pushMode is shown as an effective value. What an old flag without a mode becomes is not known.
func (i *Instance) pushMode(provider string) (any, bool) {
	if mode := i.setting("app", "sso_"+provider+"_mode", nil); mode != nil {
		return mode, true
	}
	if i.setting("app", "sso_"+provider+"_push", false) == true {
		return nil, false
	}
	return "", true
}

// subscription is what the database remembers of GET /subscription.
func (i *Instance) subscription() []object {
	stored := i.settings["subscription"]
	o := object{}
	for _, key := range []string{"active", "plan", "url_key"} {
		if v := lenient.Value(stored, key); v.Type != 0 {
			o[key] = plain(v)
		}
	}
	if len(o) == 0 {
		return nil
	}
	return []object{o}
}

// administrator is one of GET /admin.
func (i *Instance) administrator(raw bson.Raw) object {
	o := object{"id": idOf(raw)}
	take(o, raw, absentAs(nil, "username", "yubikey_id", "otp_auth", "otp_secret", "local_otp_auth", "auth_api", "token",
		"secret", "default", "disabled")...)
	take(o, raw, defaulted{"super_user", true})
	o["audit"] = i.auditing()
	return o
}
