package mongo

import (
	"go.mongodb.org/mongo-driver/v2/bson"
)

// Reset is a field that says what a running server did, and its value in a database nobody runs on. A stale value
// would keep servers from starting, or make a node think that another one is alive.
type Reset struct {
	Collection string
	Field      string
	Value      any  // what it becomes where the field is present
	Unset      bool // the field is taken out instead
	Why        string
}

// Resets lists them. Fields that a document does not have are not added.
func Resets() []Reset {
	empty := bson.A{}
	return []Reset{
		{Collection: "servers", Field: "status", Value: "offline", Why: "an online server is started by the first node that comes up"},
		{Collection: "servers", Field: "start_timestamp", Value: nil},
		{Collection: "servers", Field: "instances", Value: empty, Why: "a server starts only without instances"},
		{Collection: "servers", Field: "instances_count", Value: int32(0)},
		{Collection: "servers", Field: "availability_group", Value: nil, Why: "a stale group blocks starts elsewhere"},
		{Collection: "servers", Field: "pool_cursor", Value: nil},
		{Collection: "servers", Field: "network_lock", Unset: true, Why: "without its time it is never cleared"},
		{Collection: "servers", Field: "network_lock_ttl", Unset: true},
		{Collection: "hosts", Field: "status", Value: "offline"},
		{Collection: "hosts", Field: "ping_timestamp", Value: nil},
		{Collection: "hosts", Field: "start_timestamp", Value: nil},
		{Collection: "hosts", Field: "server_count", Unset: true},
		{Collection: "hosts", Field: "device_count", Unset: true},
		{Collection: "hosts", Field: "cpu_usage", Unset: true},
		{Collection: "hosts", Field: "mem_usage", Unset: true},
		{Collection: "hosts", Field: "thread_count", Unset: true},
		{Collection: "hosts", Field: "open_file_count", Unset: true},
		{Collection: "links_hosts", Field: "status", Value: "unavailable"},
		{Collection: "links_hosts", Field: "active", Value: false},
		{Collection: "links_hosts", Field: "ping_timestamp_ttl", Value: nil},
		{Collection: "links_hosts", Field: "backoff_timestamp", Value: nil},
		{Collection: "links_hosts", Field: "hosts", Value: nil},
		{Collection: "links_hosts", Field: "hosts_hist", Value: nil},
		{Collection: "links_hosts", Field: "hosts_hist_timestamp", Value: nil},
		{Collection: "links_locations", Field: "status", Value: nil},
		{Collection: "vxlans", Field: "hosts", Value: empty},
		{Collection: "administrators", Field: "sessions", Value: empty, Why: "nobody shall be logged in by an old cookie"},
		{Collection: "administrators", Field: "local_otp_code", Value: nil},
		{Collection: "administrators", Field: "local_otp_timestamp", Value: nil},
	}
}

// resets are the same by collection, ready for use.
func resetsOf(collection string, keepOnline bool) []Reset {
	var out []Reset
	for _, r := range Resets() {
		if r.Collection == collection && !(keepOnline && collection == "servers" && r.Field == "status") {
			out = append(out, r)
		}
	}
	return out
}

// applyResets changes the document in place and names what it changed.
func applyResets(d bson.D, resets []Reset) (bson.D, []string) {
	var changed []string
	for _, r := range resets {
		i := fieldIndex(d, r.Field)
		if i < 0 {
			continue
		}
		if r.Unset {
			d = append(d[:i:i], d[i+1:]...)
			changed = append(changed, r.Field)
			continue
		}
		if !sameValue(d[i].Value, r.Value) {
			d[i].Value = r.Value
			changed = append(changed, r.Field)
		}
	}
	return d, changed
}

func fieldIndex(d bson.D, key string) int {
	for i := range d {
		if d[i].Key == key {
			return i
		}
	}
	return -1
}

func fieldValue(d bson.D, key string) any {
	if i := fieldIndex(d, key); i >= 0 {
		return d[i].Value
	}
	return nil
}

// sameValue compares the simple values of the table: null, text, truth, small numbers, and the empty list.
func sameValue(a, b any) bool {
	if list, ok := a.(bson.A); ok {
		other, ok := b.(bson.A)
		return ok && len(list) == 0 && len(other) == 0
	}
	switch a.(type) {
	case nil, string, bool, int32, int64, float64, bson.DateTime, bson.ObjectID:
		return a == b
	}
	return false
}
