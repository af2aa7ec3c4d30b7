// Package derive turns the documents of a Pritunl database into the objects that the server's API would answer: the
// same field names, types and computed values, so that a snapshot taken from the database can be looked at, compared
// and restored like one taken through the API.
//
// What depends on a running server (who is connected, since when) is left out; Exceptions lists it with the reasons.
// The package only reads documents; it does not decide which ones.
package derive

// Kinds names the sections that Instance.Resources gives, in the order of a snapshot document; users come last and one
// by one, see Instance.Users.
func Kinds() []string {
	return []string{"subscription", "settings", "administrators", "organizations", "hosts", "servers", "server_organizations",
		"server_routes", "server_hosts", "server_links", "links", "locations"}
}

// Exception is a field of the API's answers that is not derived.
type Exception struct {
	Kind  string
	Field string
	Why   string
}

// Exceptions lists them.
func Exceptions() []Exception {
	const (
		live   = "what is connected or running now; not configuration"
		caller = "belongs to the administrator who asks, and nobody asks here"
		answer = "belongs to the host that answers, and none answers here; see hosts"
		vendor = "the live answer of the vendor's licence check"
	)
	var table []Exception
	add := func(kind, why string, fields ...string) {
		for _, field := range fields {
			table = append(table, Exception{kind, field, why})
		}
	}
	add("settings", caller, "id", "username", "yubikey_id", "otp_auth", "otp_secret", "local_otp_auth", "auth_api", "token",
		"secret", "default", "disabled", "super_user")
	add("settings", answer, "public_address", "public_address6", "routed_subnet6", "routed_subnet6_wg")
	add("subscription", vendor, "active", "status", "plan", "quantity", "amount", "period_end", "trial_end", "cancel_at_period_end",
		"balance", "portal_url", "premium_buy_url", "enterprise_buy_url", "url_key")
	add("organizations", "a count, which the users give", "user_count")
	add("hosts", live, "status", "uptime", "user_count", "users_online")
	add("servers", live, "status", "uptime", "users_online", "devices_online", "user_count")
	add("server_hosts", live, "status")
	add("server_links", live, "status")
	add("locations", live, "hosts[].status", "hosts[].hosts", "hosts[].hosts_state_available", "hosts[].hosts_state_total",
		"hosts[].ping_timestamp_ttl", "hosts[].version", "peers[].status")
	add("users", live, "last_active", "status", "servers[].status", "servers[].device_name", "servers[].platform",
		"servers[].real_address", "servers[].connected_since", "servers[].id", "servers[].name")
	add("users", "follows from the ways to log in; not all combinations are known", "auth_modes")
	add("users", "depends on the time of the override", "devices[].override")
	return table
}
