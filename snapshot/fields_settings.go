package snapshot

import (
	"encoding/json"
	"slices"
)

const (
	zeroNumber = json.Number("0")

	// What the server does to values on their way in.
	filterStr   = "filter_str: letters, digits and - = _ @ . : / ! # $ & * + ? ^ | ~ stay, everything else, spaces too, goes"
	filterStr2  = "filter_str2: letters, digits, - and _ stay"
	cleanDomain = "clean_domain: lower-case host[:port], anything else becomes null"
	cleanURL    = "clean_url: https:// is added, percent escapes are damaged"
	stripped    = "white space at the ends goes"
	first12     = "the first 12 characters stay"

	callersOwn   = "the administrator who made the snapshot, see administrators"
	hostProperty = "belongs to the host that answered, see hosts"
)

// settingsFields is GET and PUT /settings.
func settingsFields() []Field {
	return slices.Concat(callerFields(), generalSettings(), ssoSettings(), cloudSettings())
}

// callerFields are the calling administrator's own record, which GET /settings
// mixes with the settings.
func callerFields() []Field {
	return []Field{
		info("id", Text, callersOwn),
		info("username", Text, callersOwn),
		str("password").class(WriteOnly, callersOwn).secret(),
		info("yubikey_id", Text, callersOwn),
		info("otp_auth", Truth, callersOwn),
		info("otp_secret", Text, callersOwn).secret(),
		info("local_otp_auth", Truth, callersOwn).since(unreleased),
		info("auth_api", Truth, callersOwn),
		info("token", Text, callersOwn).secret(),
		info("secret", Text, callersOwn).secret(),
		info("default", Truth, callersOwn),
		info("disabled", Truth, callersOwn),
		info("super_user", Truth, callersOwn),
	}
}

func generalSettings() []Field {
	return []Field{
		str("acme_domain").altered(cleanDomain).note("setting it runs Let's Encrypt within the request, clearing it drops the certificate"),
		str("theme").zero("", "dark").altered("light stays, everything else becomes dark"),
		str("auditing").note("all cannot be taken back through the API; needs a super user"),
		str("monitoring"),
		str("influxdb_url").altered(cleanURL).since("1.30.2817"),
		str("influxdb_token").secret().altered(stripped).since("1.30.2817"),
		str("influxdb_org").altered(stripped).since("1.30.2817"),
		str("influxdb_bucket").altered(stripped).since("1.30.2817"),
		str("email_from").altered(stripped),
		str("email_server").altered(cleanDomain),
		str("email_username"),
		str("email_password").secret(),
		boolean("email_tls").class(WriteOnly, "taken and ignored by the server"),
		str("pin_mode"),
		boolean("ipv6").since("1.30.2919"),
		boolean("restrict_import"),
		boolean("restrict_client").since("1.32.3697"),
		boolean("drop_permissions").since("1.30.3098"),
		boolean("client_reconnect"),
		info("public_address", Text, hostProperty),
		info("public_address6", Text, hostProperty),
		info("routed_subnet6", Text, hostProperty),
		info("routed_subnet6_wg", Text, hostProperty).since("1.29.2388"),
		boolean("reverse_proxy").note("restarts the web server"),
		integer("server_port").zero(zeroNumber, json.Number("443")).note("moves the web server to another port"),
		str("server_cert").altered(stripped).note("restarts the web server; a pair that does not fit stops it"),
		str("server_key").secret().altered(stripped).note("restarts the web server; a pair that does not fit stops it"),
	}
}

func ssoSettings() []Field {
	return []Field{
		str("sso").shape(Text|Truth).zero("", false).note("false is shown on a fresh instance and refused when sent"),
		list("sso_match"),
		{Path: "sso_org", Class: Reference, Ref: Organizations, Wire: String, Shape: Text, Zero: []any{""}},
		str("sso_azure_directory_id").altered(stripped),
		str("sso_azure_app_id").altered(stripped),
		str("sso_azure_app_secret").secret().altered(stripped),
		str("sso_azure_region").since("1.30.3331"),
		integer("sso_azure_version").zero().altered("1 stays, everything else becomes 2").since("1.30.3001"),
		str("sso_authzero_domain").altered(cleanDomain),
		str("sso_authzero_app_id").altered(stripped),
		str("sso_authzero_app_secret").secret().altered(stripped),
		str("sso_google_key").secret().altered(stripped),
		str("sso_google_email").altered(stripped),
		str("sso_duo_token").secret().altered(stripped),
		str("sso_duo_secret").secret().altered(stripped),
		str("sso_duo_host").altered(cleanDomain),
		str("sso_duo_mode"),
		str("sso_yubico_client").altered(stripped),
		str("sso_yubico_secret").secret().altered(stripped),
		str("sso_saml_url").altered(cleanURL),
		str("sso_saml_issuer_url").altered(cleanURL),
		str("sso_saml_cert").altered(stripped),
		str("sso_okta_app_id").altered(stripped),
		str("sso_okta_token").secret().altered(stripped),
		str("sso_okta_mode").note("stored only while sso is saml_okta"),
		str("sso_onelogin_app_id").altered(stripped),
		str("sso_onelogin_id").altered(stripped),
		str("sso_onelogin_secret").secret().altered(stripped),
		str("sso_onelogin_mode").note("stored only while sso is saml_onelogin"),
		str("sso_jumpcloud_app_id").altered(stripped).since("1.30.3221"),
		str("sso_jumpcloud_secret").secret().altered(stripped).since("1.30.3030"),
		str("sso_radius_secret").secret(),
		str("sso_radius_host").altered(cleanDomain + "; so does a list of hosts"),
		str("server_sso_url").altered(cleanURL).since("1.30.3331").note("the server sets it by itself when sso is on"),
		computed("has_server_sso", Truth, "tells whether a server has sso_auth").since("1.30.3331"),
		boolean("sso_cache"),
		boolean("sso_client_cache"),
	}
}

func cloudSettings() []Field {
	fields := []Field{
		str("cloud_provider").note("a change wipes the keys of the other providers"),
		str("route53_region").altered(filterStr),
		str("route53_zone").altered(filterStr),
		str("oracle_user_ocid").altered(filterStr),
		info("oracle_public_key", Text, "generated by the server together with a private key that is never shown"),
		str("pritunl_cloud_host").altered(cleanDomain).since("1.32.4465"),
		str("pritunl_cloud_token").secret().altered(filterStr).since("1.32.4465"),
		str("pritunl_cloud_secret").secret().altered(filterStr).since("1.32.4465"),
	}
	for _, region := range []string{
		"us_east_1", "us_east_2", "us_west_1", "us_west_2", "us_gov_east_1", "us_gov_west_1",
		"eu_north_1", "eu_west_1", "eu_west_2", "eu_west_3", "eu_central_1", "ca_central_1",
		"cn_north_1", "cn_northwest_1", "ap_northeast_1", "ap_northeast_2", "ap_southeast_1",
		"ap_southeast_2", "ap_southeast_3", "ap_east_1", "ap_south_1", "sa_east_1",
	} {
		for _, part := range []string{"_access_key", "_secret_key"} {
			f := str(region + part).secret().altered(filterStr)
			if region == "ap_southeast_3" {
				f = f.since("1.32.4465")
			}
			fields = append(fields, f)
		}
	}
	return fields
}

// subscriptionFields is GET /subscription.
func subscriptionFields() []Field {
	const licence = "follows from the licence, whose key is never shown"
	return []Field{
		info("active", Truth, licence),
		info("status", Text, licence),
		info("plan", Text, licence),
		info("quantity", Number, licence),
		info("amount", Number, licence),
		info("period_end", Text|Number, licence),
		info("trial_end", Text|Number, licence),
		info("cancel_at_period_end", Truth|Text|Number, licence),
		info("balance", Number|Text, licence),
		info("portal_url", Text, licence).secret(),
		info("premium_buy_url", Text, licence),
		info("enterprise_buy_url", Text, licence),
		info("url_key", Text, licence).secret(),
		str("license").class(WriteOnly, "the operator has to supply it").secret(),
	}
}
