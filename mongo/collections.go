package mongo

import "slices"

// Class says what a collection is worth to a backup.
type Class int

// The classes.
const (
	Configuration Class = iota + 1 // must be in every snapshot
	Optional                       // the server makes it again; kept for convenience
	Runtime                        // ephemeral, and partly full of secrets: never read
	Telemetry                      // history; only the audit trail is ever read
)

// IDKind is the BSON type of a collection's _id.
type IDKind string

// The kinds of _id that occur in collections worth keeping.
const (
	ObjectIDs IDKind = "objectId"
	StringIDs IDKind = "string"
	NumberIDs IDKind = "number" // int32 where it fits, else int64
)

// Collection is one collection of a Pritunl server.
type Collection struct {
	Name   string // without prefix
	Class  Class
	IDs    IDKind // "" where nobody reads it
	Order  int    // place when restoring, from 1; 0 = never restored
	Large  bool   // grows with the number of users: stream it, do not hold it
	Unique string // field with a unique index besides _id
	Audit  bool   // belongs to a snapshot only when audit events are asked for
	Note   string
}

// Collections lists every collection that a server registers, by name. Any other name is not Pritunl's.
func Collections() []Collection {
	table := []Collection{
		{Name: "administrators", Class: Configuration, IDs: ObjectIDs, Order: 1, Unique: "username", Note: "first, or a start in between makes a default administrator"},
		{Name: "organizations", Class: Configuration, IDs: ObjectIDs, Order: 2},
		{Name: "users", Class: Configuration, IDs: ObjectIDs, Order: 3, Large: true},
		{Name: "servers", Class: Configuration, IDs: ObjectIDs, Order: 4},
		{Name: "users_net_link", Class: Configuration, IDs: ObjectIDs, Order: 5, Large: true},
		{Name: "servers_ip_pool", Class: Configuration, IDs: NumberIDs, Order: 6, Large: true, Note: "static virtual addresses"},
		{Name: "hosts", Class: Configuration, IDs: StringIDs, Order: 7},
		{Name: "links", Class: Configuration, IDs: ObjectIDs, Order: 8},
		{Name: "links_locations", Class: Configuration, IDs: ObjectIDs, Order: 9},
		{Name: "links_hosts", Class: Configuration, IDs: ObjectIDs, Order: 10},
		{Name: "vxlans", Class: Optional, IDs: NumberIDs, Order: 11, Unique: "server_id", Note: "made again on demand"},
		{Name: "dh_params", Class: Optional, IDs: ObjectIDs, Order: 12, Note: "pool of parameters nobody uses yet"},
		{Name: "users_audit", Class: Telemetry, IDs: ObjectIDs, Order: 13, Large: true, Audit: true, Note: "grows without limit"},
		{Name: "settings", Class: Configuration, IDs: StringIDs, Order: 14, Note: "last: the mark that a restore is complete"},

		{Name: "logs", Class: Telemetry},
		{Name: "log_entries", Class: Telemetry},
		{Name: "hosts_usage", Class: Telemetry},
		{Name: "servers_bandwidth", Class: Telemetry},
		{Name: "servers_output", Class: Telemetry},
		{Name: "servers_output_link", Class: Telemetry},
	}
	for _, name := range []string{
		"acme_challenges", "auth_csrf_tokens", "auth_limiter", "auth_nonces", "auth_sessions", "clients", "clients_pool",
		"key_tokens", "messages", "otp", "otp_cache", "queue", "routes_reserve", "server_sso_tokens", "sso_client_cache",
		"sso_passcode_cache", "sso_push_cache", "sso_tokens", "tasks", "transaction", "users_key_link", "wg_keys", "yubikey",
	} {
		table = append(table, Collection{Name: name, Class: Runtime})
	}
	slices.SortFunc(table, func(a, b Collection) int { return compareText(a.Name, b.Name) })
	return table
}

func compareText(a, b string) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// LookupCollection finds a collection by its name without prefix.
func LookupCollection(name string) (Collection, bool) {
	for _, c := range Collections() {
		if c.Name == name {
			return c, true
		}
	}
	return Collection{}, false
}

// Readable tells whether this package agrees to read the collection's documents.
func (c Collection) Readable() bool { return c.Order > 0 }

// Selection says which collections beyond the configuration a snapshot shall hold.
type Selection struct {
	Audit bool // users_audit
	Pools bool // what the server makes again by itself: dh_params, vxlans
}

// Selected lists the collections of a snapshot by name.
func Selected(s Selection) []Collection {
	return slices.DeleteFunc(Collections(), func(c Collection) bool {
		switch {
		case c.Class == Configuration:
			return false
		case c.Class == Optional:
			return !s.Pools
		}
		return !(c.Audit && s.Audit)
	})
}

// RestoreOrder lists the collections that a restore writes, parents before children and settings last.
func RestoreOrder() []Collection {
	order := slices.DeleteFunc(Collections(), func(c Collection) bool { return c.Order == 0 })
	slices.SortFunc(order, func(a, b Collection) int { return a.Order - b.Order })
	return order
}
