package derive

import (
	"strings"

	"pritunl-backup/mongo"
	"pritunl-backup/mongo/internal/lenient"
)

// since is a row of the table of what came with a version of the server.
type since struct {
	version string
	kind    string
	fields  string
}

// fieldsSince lists the fields that not all versions show. A field that is not in it is shown by all that matter.
func fieldsSince() []since {
	return []since{
		{"1.32.3660.0", "servers", "route_dns"},
		{"1.32.3697.0", "settings", "restrict_client"},
		{"1.32.4034.0", "servers", "geo_sort force_connect"},
		{"1.32.4089.0", "servers", "ping_interval_wg ping_timeout_wg"},
		{"1.32.4258.0", "links", "protocol wg_port"},
		{"1.32.4258.0", "locations", "protocol wg_port"},
		{"1.32.4278.0", "hosts", "priority"},
		{"1.32.4388.0", "servers", "tun_mtu fragment"},
		{"1.32.4399.0", "organizations", "expiration"},
		{"1.32.4465.0", "servers", "hide_ovpn bypass_sso_auth"},
		{"1.32.4465.0", "settings", "pritunl_cloud_host pritunl_cloud_token pritunl_cloud_secret ap_southeast_3_access_key ap_southeast_3_secret_key"},
		{"1.32.4512.0", "servers", "ovpn_dco"},
		{"1.34.4619.0", "server_routes", "advertise_resource"},
		{"1.34.4681.0", "servers", "sso_webauth"},
		{"1.34.4681.0", "administrators", "local_otp_auth"},
	}
}

// networkIn6 is the first version seen that makes the IPv6 address of a user of the number of the server's network;
// before, it was that of the user's own address.
const networkIn6 = "1.34.4681.0"

// before tells that the database was last used by an older version than the given one. A database that does not say
// counts as one of the newest.
func (i *Instance) before(version string) bool {
	order, ok := mongo.CompareVersions(lenient.Text(i.settings["version"], "version"), version)
	return ok && order < 0
}

// known takes the fields out that the version of the database does not show, even where they are stored.
func (i *Instance) known(kind string, objects []object) []object {
	for _, row := range fieldsSince() {
		if row.kind != kind || !i.before(row.version) {
			continue
		}
		for _, o := range objects {
			for field := range strings.FieldsSeq(row.fields) {
				delete(o, field)
			}
		}
	}
	return objects
}
