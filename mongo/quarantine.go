package mongo

import (
	"go.mongodb.org/mongo-driver/v2/bson"
)

// Quarantined is a setting of settings/app (or a whole settings document) that must not travel to a copy beside a
// living production server.
type Quarantined struct {
	Document string // _id in settings
	Key      string // "" = the whole document; a leading * stands for any beginning
	Licence  bool   // kept when the licence shall travel
	Why      string
}

// Quarantine lists what a clone goes without: everything by which it could act on production or be taken for it.
func Quarantine() []Quarantined {
	var table []Quarantined
	add := func(why string, keys ...string) {
		for _, key := range keys {
			table = append(table, Quarantined{Document: "app", Key: key, Why: why})
		}
	}
	add("would join the message bus and session database of production", "secondary_mongodb_uri", "redis_uri")
	add("every node writes its own address into the zone of production", "route53_region", "route53_zone")
	add("starting a server rewrites the route tables of the cloud", "cloud_provider", "*_access_key", "*_secret_key",
		"pritunl_cloud_host", "pritunl_cloud_token", "pritunl_cloud_secret", "oracle_user_ocid", "oracle_private_key", "oracle_public_key")
	add("would ask for certificates of production's domain", "acme_domain", "acme_key", "acme_timestamp")
	add("is the identity of production's console; a self-signed one is made at the start", "server_cert", "server_key")
	add("cookies of production would be good on the copy", "cookie_secret", "cookie_secret2", "cookie_web_secret")
	add("would mix its measurements into production's", "monitoring", "influxdb_uri", "influxdb_url", "influxdb_org",
		"influxdb_bucket", "influxdb_token", "influxdb_prefix")
	add("would send users to production's console", "server_sso_url")
	add("is the number of the installation in licence checks", "id")
	add("blocks every change and shows invented data", "demo_mode")
	for _, key := range []string{"license", "license_plan"} {
		table = append(table, Quarantined{Document: "app", Key: key, Licence: true, Why: "one licence in two installations; whether the vendor allows it is unknown"})
	}
	return append(table, Quarantined{Document: "subscription", Licence: true, Why: "is the cached answer of a licence check"})
}

// Blanked is one value that a restore leaves out or empties on purpose.
type Blanked struct {
	Collection string
	Document   string // _id
	Field      string // "" = the whole document
	Why        string
}

// quarantine takes the listed keys out of a settings document. The whole document may have to go: then keep is false.
func quarantine(d bson.D, id string, keepLicence bool) (out bson.D, blanked []Blanked, keep bool) {
	out = d
	for _, q := range Quarantine() {
		if q.Document != id || q.Licence && keepLicence {
			continue
		}
		if q.Key == "" {
			if len(d) <= 1 {
				return nil, blanked, false // nothing was in it but its _id
			}
			return nil, append(blanked, Blanked{Collection: "settings", Document: id, Why: q.Why}), false
		}
		rest := out[:0:0]
		for _, e := range out {
			if !matchesKey(q.Key, e.Key) {
				rest = append(rest, e)
				continue
			}
			if !emptyValue(e.Value) {
				blanked = append(blanked, Blanked{Collection: "settings", Document: id, Field: e.Key, Why: q.Why})
			}
		}
		out = rest
	}
	return out, blanked, true
}
