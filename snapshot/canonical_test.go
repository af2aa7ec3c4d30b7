package snapshot_test

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"

	"pritunl-backup/snapshot"
)

func TestCanonical(t *testing.T) {
	for _, c := range []struct {
		name     string
		kind     snapshot.Kind
		in, want string
	}{
		{"ids, telemetry and information", snapshot.Servers, `{"id":"1","name":"a","uptime":5,"status":"online","sso_webauth":true}`, `{"name":"a"}`},
		{"null, empty, false and zero", snapshot.Servers, `{"bind_address":"","network_start":null,"groups":[],"ovpn_dco":false,"max_devices":0}`, `{}`},
		{"defaults that are spelled out", snapshot.Links, `{"protocol":"ipsec","action":"hold","status":"online"}`, `{"status":"online"}`},
		{"true by default is not false", snapshot.Servers, `{"restrict_routes":true,"network_mode":"bridge"}`, `{"restrict_routes":true,"network_mode":"bridge"}`},
		{"sets", snapshot.Users, `{"groups":["b","a","b"],"dns_servers":["b","a","b"]}`, `{"groups":["a","b"],"dns_servers":["b","a","b"]}`},
		{"sso of a fresh instance", snapshot.Settings, `{"sso":false,"username":"root","public_address":"x","has_server_sso":true}`, `{}`},
		{"a reference stays an id", snapshot.Settings, `{"sso_org":"o1"}`, `{"sso_org":"o1"}`},
		{"numbers where strings are due", snapshot.Users, `{"port_forwarding":[{"port":80,"dport":"","protocol":null}]}`, `{"port_forwarding":[{"port":"80"}]}`},
		{"numbers stay numbers", snapshot.Servers, `{"port":90071992547409931234}`, `{"port":90071992547409931234}`},
		{"a pin", snapshot.Users, `{"pin":false,"email":"","devices":[{}]}`, `{}`},
		{"unknown", snapshot.Users, `{"colour":"","shape":null,"id":"1"}`, `{"colour":""}`},
		{"the virtual row", snapshot.ServerRoutes, `{"network":"10.0.0.0/24","virtual_network":true,"comment":"x","advertise":false}`, `{"comment":"x"}`},
		{"a dynamic link host", snapshot.Locations, `{"hosts":[{"name":"g","static":false,"public_address":"1.2.3.4","priority":1,"version":"2"}]}`, `{"hosts":[{"name":"g"}]}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(object(t, c.want), snapshot.Canonical(c.kind, object(t, c.in))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestInternal(t *testing.T) {
	for _, c := range []struct {
		kind snapshot.Kind
		in   string
		want bool
	}{
		{snapshot.Users, `{"type":"client"}`, false},
		{snapshot.Users, `{"type":"server"}`, true},
		{snapshot.Users, `{}`, false},
		{snapshot.Organizations, `{"type":"server"}`, false},
		{snapshot.ServerRoutes, `{"network":"0.0.0.0/0"}`, false},
		{snapshot.ServerRoutes, `{"network":"::/0"}`, true},
		{snapshot.ServerRoutes, `{"network":"10.0.0.0/24","virtual_network":true}`, false},
		{snapshot.ServerRoutes, `{"network":"fd00::/64","virtual_network":true}`, true},
		{snapshot.ServerRoutes, `{"network":"10.1.0.0/24","virtual_network":true,"wg_network":true}`, true},
		{snapshot.ServerRoutes, `{"network":"10.1.0.0/24","network_link":true,"advertise":null}`, true},
		{snapshot.ServerRoutes, `{"network":"10.1.0.0/24","network_link":true,"advertise":false}`, false},
		{snapshot.ServerRoutes, `{"network":"10.1.0.0/24","server_link":true}`, true},
		{snapshot.ServerRoutes, `{"network":"10.1.0.0/24","server_link":true,"advertise":true}`, false},
	} {
		if got := snapshot.Internal(c.kind, object(t, c.in)); got != c.want {
			t.Errorf("%s %s: %v", c.kind, c.in, got)
		}
	}
}

// TestUnorderedListsDoNotTellSnapshotsApart gives one configuration twice, in
// the orders in which a server may show it.
func TestUnorderedListsDoNotTellSnapshotsApart(t *testing.T) {
	a := write(t, testHeader(), objects(t, `
		hosts {"id":"h","local_networks":["b","a"]}
		servers {"id":"s","groups":["x","y"],"uptime":1}
		locations {"id":"l","peers":[{"id":"1","name":"a"},{"id":"2","name":"b"}],"hosts":[{"name":"g","status":"up"},{"name":"f"}],"routes":[{"network":"2"},{"network":"1"}]}
		users {"id":"u","groups":["b","a"],"network_links":["2","1"],"mac_addresses":["d","c"],"devices":[{"id":"2"},{"id":"1"}],"servers":[{"server_id":"2"},{"server_id":"1"}]}`))
	b := write(t, testHeader(), objects(t, `
		users {"id":"u","groups":["a","b"],"network_links":["1","2"],"mac_addresses":["c","d"],"devices":[{"id":"1"},{"id":"2"}],"servers":[{"server_id":"1"},{"server_id":"2"}],"last_active":5}
		locations {"id":"l","peers":[{"id":"2","name":"b"},{"id":"1","name":"a"}],"hosts":[{"name":"f"},{"name":"g","status":"down"}],"routes":[{"network":"1"},{"network":"2"}]}
		servers {"id":"s","groups":["y","x"],"uptime":2}
		hosts {"id":"h","local_networks":["a","b"]}`))
	if !bytes.Equal(a, b) {
		t.Error(cmp.Diff(string(a), string(b)))
	}
}
