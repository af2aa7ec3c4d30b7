package mongo

import (
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"

	"pritunl-backup/mongo/internal/lenient"
)

// SecretField is a field whose value opens something: a key, a password or its hash, a token.
type SecretField struct {
	Collection string
	Document   string // _id of the one document that has it; "" = every document
	Path       string // field, or list[].field; a leading * stands for any beginning
	What       string
}

// SecretFields lists them all. Everything is stored in the clear except the hashes of passwords and PINs.
func SecretFields() []SecretField {
	table := []SecretField{
		{Collection: "administrators", Path: "password", What: "password hash"},
		{Collection: "administrators", Path: "default_password", What: "password in the clear"},
		{Collection: "administrators", Path: "token", What: "API token"},
		{Collection: "administrators", Path: "secret", What: "API secret"},
		{Collection: "administrators", Path: "otp_secret", What: "second factor of the console"},
		{Collection: "administrators", Path: "local_otp_code", What: "one-time code"},
		{Collection: "administrators", Path: "sessions", What: "console sessions"},
		{Collection: "organizations", Path: "ca_private_key", What: "key of the certificate authority"},
		{Collection: "organizations", Path: "auth_token", What: "token"},
		{Collection: "organizations", Path: "auth_secret", What: "secret"},
		{Collection: "users", Path: "private_key", What: "key of the certificate"},
		{Collection: "users", Path: "otp_secret", What: "second factor"},
		{Collection: "users", Path: "pin", What: "PIN hash"},
		{Collection: "users", Path: "sync_token", What: "profile synchronisation"},
		{Collection: "users", Path: "sync_secret", What: "profile synchronisation"},
		{Collection: "users", Path: "devices[].reg_key", What: "device registration"},
		{Collection: "servers", Path: "tls_auth_key", What: "OpenVPN static key"},
		{Collection: "servers", Path: "auth_private_key", What: "key for client passwords"},
		{Collection: "servers", Path: "auth_box_private_key", What: "key for client passwords"},
		{Collection: "links", Path: "key", What: "IPsec pre-shared key"},
		{Collection: "links_hosts", Path: "secret", What: "secret of the link agent"},
		{Collection: "settings", Document: "subscription", Path: "url_key", What: "key of the customer's page"},
		{Collection: "settings", Document: "subscription", Path: "data", What: "answer of the licence check"},
		{Collection: "settings", Document: vaultDocument, Path: "keys", What: "wrapped keys"},
	}
	for _, key := range secretSettings() {
		table = append(table, SecretField{Collection: "settings", Document: "app", Path: key, What: "setting"})
	}
	return table
}

// secretSettings are the keys of settings/app that hold secrets.
func secretSettings() []string {
	return []string{
		"secondary_mongodb_uri", "redis_uri", "influxdb_uri", "influxdb_token", "license", "cookie_secret", "cookie_secret2",
		"cookie_web_secret", "server_key", "acme_key", "email_password", "sso_azure_app_secret", "sso_authzero_app_secret",
		"sso_google_key", "sso_okta_token", "sso_onelogin_key", "sso_onelogin_secret", "sso_jumpcloud_secret",
		"sso_radius_secret", "sso_duo_token", "sso_duo_secret", "sso_yubico_secret", "pritunl_cloud_token",
		"pritunl_cloud_secret", "oracle_private_key", "*_secret_key",
	}
}

// Redact returns the document with every secret that is set replaced by {"$redacted": "collection.field"}. Such a
// document can be looked at and compared, never restored.
func Redact(collection string, raw bson.Raw) (bson.Raw, error) {
	d, err := document(raw)
	if err != nil {
		return nil, err
	}
	id := idText(lenient.Value(raw, "_id"))
	for _, field := range SecretFields() {
		if field.Collection != collection || field.Document != "" && field.Document != id {
			continue
		}
		redactField(d, collection, field.Path)
	}
	return marshal(d)
}

func redactField(d bson.D, collection, path string) {
	list, inner, nested := strings.Cut(path, "[].")
	for i := range d {
		switch {
		case nested && d[i].Key == list:
			items, _ := d[i].Value.(bson.A)
			for _, item := range items {
				if sub, ok := item.(bson.D); ok {
					redactField(sub, collection+"."+list, inner)
				}
			}
		case !nested && matchesKey(path, d[i].Key) && !emptyValue(d[i].Value):
			d[i].Value = bson.D{{Key: redactedKey, Value: collection + "." + d[i].Key}}
		}
	}
}

// matchesKey compares a key with a name of a table, where a leading * stands for any beginning.
func matchesKey(name, key string) bool {
	if end, ok := strings.CutPrefix(name, "*"); ok {
		return strings.HasSuffix(key, end)
	}
	return name == key
}

func emptyValue(v any) bool {
	switch v := v.(type) {
	case nil:
		return true
	case string:
		return v == ""
	case bson.A:
		return len(v) == 0
	case bson.D:
		return len(v) == 0
	}
	return false
}

// Redacted lists the fields of a document whose values were taken out.
func Redacted(raw bson.Raw) []string {
	var out []string
	walk(raw, "", 0, func(path string, v bson.RawValue) {
		if d, ok := v.DocumentOK(); ok {
			if _, err := d.LookupErr(redactedKey); err == nil {
				out = append(out, path)
			}
		}
	})
	return out
}

// Sealed tells whether a document holds values that the server encrypted in a way this tool cannot carry.
func Sealed(raw bson.Raw) bool {
	found := false
	walk(raw, "", 0, func(_ string, v bson.RawValue) {
		if s, ok := v.StringValueOK(); ok && strings.HasPrefix(s, vaultPrefix) {
			found = true
		}
	})
	return found
}

// walk visits every value of a document, parents first.
func walk(raw bson.Raw, path string, depth int, visit func(path string, v bson.RawValue)) {
	all, err := raw.Elements()
	if err != nil || depth > deepest {
		return
	}
	for _, element := range all {
		v, name := element.Value(), strings.TrimPrefix(path+"."+element.Key(), ".")
		visit(name, v)
		if inner, ok := v.DocumentOK(); ok {
			walk(inner, name, depth+1, visit)
		}
		if array, ok := v.ArrayOK(); ok {
			walk(bson.Raw(array), name, depth+1, visit)
		}
	}
}

// document unpacks a document for changing; fields keep their order and types.
func document(raw bson.Raw) (bson.D, error) {
	var d bson.D
	if err := bson.Unmarshal(raw, &d); err != nil {
		return nil, newError("change a document", CauseDocument, "it is damaged")
	}
	return d, nil
}

func marshal(d bson.D) (bson.Raw, error) {
	raw, err := bson.Marshal(d)
	if err != nil {
		return nil, newError("change a document", CauseDocument, "it cannot be stored as BSON")
	}
	return raw, nil
}
