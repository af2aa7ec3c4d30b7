package restore

import (
	"encoding/json"
	"strings"

	"pritunl-backup/snapshot"
)

// storedObject gives the object as the server will show it, as far as that can
// be told: filters, and values that outweigh others.
func storedObject(kind snapshot.Kind, o snapshot.Object, cleans bool) snapshot.Object {
	out := o.Clone()
	for _, f := range fieldsOf(kind) {
		if v, ok := out[f.Path]; ok && !snapshot.IsRedacted(v) {
			out[f.Path] = stored(f, v, cleans)
		}
	}
	switch kind {
	case snapshot.Settings:
		settleSettings(out)
	case snapshot.Servers:
		if !out.Bool("wg") {
			setPresent(out, nil, "network_wg", "port_wg")
		}
	case snapshot.ServerRoutes, RouteOverrides:
		if !out.Bool("advertise") {
			setPresent(out, nil, "advertise_resource")
		}
	case snapshot.Links:
		if out.String("name") == "" {
			out["name"] = "undefined"
		}
	case LocationHosts:
		if out.String("name") == "" {
			out["name"] = "undefined"
		}
	case snapshot.Users:
		settleUser(out)
	}
	return out
}

func setPresent(o snapshot.Object, v any, keys ...string) {
	for _, k := range keys {
		if _, ok := o[k]; ok {
			o[k] = v
		}
	}
}

// settleSettings wipes what the server wipes: single sign-on that is off takes
// its fields along, a cloud provider those of the others.
func settleSettings(o snapshot.Object) {
	if sso := o.String("sso"); sso == "" && !snapshot.IsRedacted(o["sso"]) {
		setPresent(o, nil, "sso_match", "sso_azure_directory_id", "sso_azure_app_id", "sso_azure_app_secret",
			"sso_azure_region", "sso_authzero_app_id", "sso_authzero_app_secret", "sso_google_key", "sso_google_email",
			"sso_duo_token", "sso_duo_secret", "sso_duo_host", "sso_org", "sso_saml_url", "sso_saml_issuer_url",
			"sso_saml_cert", "sso_okta_app_id", "sso_okta_token", "sso_onelogin_app_id", "sso_onelogin_id",
			"sso_onelogin_secret", "sso_jumpcloud_app_id", "sso_jumpcloud_secret", "sso_radius_secret",
			"sso_radius_host", "server_sso_url")
	}
	if v, ok := o["sso_azure_version"]; ok && v != json.Number("1") {
		o["sso_azure_version"] = json.Number("2")
	}
	provider, known := o["cloud_provider"].(string)
	if _, has := o["cloud_provider"]; !has || snapshot.IsRedacted(o["cloud_provider"]) {
		return
	}
	for key := range o {
		aws := strings.HasSuffix(key, "_access_key") || strings.HasSuffix(key, "_secret_key")
		wiped := aws && (!known || provider != "aws") ||
			key == "oracle_user_ocid" && provider != "oracle" ||
			strings.HasPrefix(key, "pritunl_cloud_") && provider != "pritunl"
		if wiped {
			o[key] = nil
		}
	}
}

func settleUser(o snapshot.Object) {
	if list, ok := o["groups"].([]any); ok {
		o["groups"] = unique(list)
	}
	if list, ok := o["port_forwarding"].([]any); ok {
		forwards := make([]any, len(list))
		for i, e := range list {
			forwards[i] = forwarding(e)
		}
		o["port_forwarding"] = forwards
	}
}

// forwarding gives a port forwarding whose values are all strings.
func forwarding(v any) any {
	m, ok := v.(map[string]any)
	if !ok {
		return v
	}
	out := map[string]any{}
	for _, key := range []string{"protocol", "port", "dport"} {
		switch value := m[key].(type) {
		case string:
			out[key] = filterStr(value)
		case json.Number:
			out[key] = value.String()
		default:
			out[key] = ""
		}
	}
	return out
}

func unique(list []any) []any {
	seen := map[any]bool{}
	out := make([]any, 0, len(list))
	for _, v := range list {
		s, isText := v.(string)
		if isText && seen[s] {
			continue
		}
		seen[s] = isText
		out = append(out, v)
	}
	return out
}
