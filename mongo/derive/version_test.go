package derive_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.mongodb.org/mongo-driver/v2/bson"

	"pritunl-backup/mongo/derive"
)

func TestIPv6OfUsersAndServers(t *testing.T) {
	t.Parallel()
	tests := []struct{ version, network, address, user, server, wg string }{
		{"1.34.4681.89", "192.168.77.0/24", "192.168.77.2", "fd00:c0a8:4d00:0:192:168:77:2", "fd00:c0a8:4d00::/64", "fd01:c0a8:4d00::/64"},
		{"1.34.4681.89", "10.10.0.0/24", "10.10.0.10", "fd00:a0a0::10:10:0:10", "fd00:a0a0::/64", "fd01:a0a0::/64"},
		{"1.32.4278.46", "192.168.77.0/24", "192.168.77.2", "fd00:c0a8:4d02:0:192:168:77:2", "fd00:c0a8:4d00::/64", "fd01:c0a8:4d00::/64"},
		{"1.32.4278.46", "10.10.0.0/24", "10.10.0.10", "fd00:a0a0:a:0:10:10:0:10", "fd00:a0a0::/64", "fd01:a0a0::/64"},
		{"", "192.168.77.0/24", "192.168.77.2", "fd00:c0a8:4d00:0:192:168:77:2", "fd00:c0a8:4d00::/64", "fd01:c0a8:4d00::/64"},
		{"", "10.99.0.0", "10.99.0.2", "fd00:a630::10:99:0:2", "fd00:a630::/64", "fd01:a630::/64"},
	}
	for _, test := range tests {
		org, server := bson.NewObjectID(), bson.NewObjectID()
		i := derive.New(map[string][]bson.Raw{
			"settings":      {document(t, bson.D{{Key: "_id", Value: "version"}, {Key: "version", Value: test.version}})},
			"organizations": {document(t, bson.D{{Key: "_id", Value: org}, {Key: "name", Value: "o"}, {Key: "type", Value: "default"}})},
			"servers": {document(t, bson.D{{Key: "_id", Value: server}, {Key: "organizations", Value: bson.A{org}}, {Key: "ipv6", Value: true},
				{Key: "network", Value: test.network}, {Key: "wg", Value: true}, {Key: "network_wg", Value: "10.1.0.0/24"}})},
		})
		user := document(t, bson.D{{Key: "_id", Value: bson.NewObjectID()}, {Key: "org_id", Value: org}, {Key: "type", Value: "client"}})
		address := func(text string) bson.Raw {
			return document(t, bson.D{{Key: "server_id", Value: server}, {Key: "address", Value: text}})
		}
		o := i.User(user, nil, []bson.Raw{address(test.address + "/24"), address("10.255.0.9/24")}) // of several, the first is shown
		if got := o["servers"].([]any)[0].(map[string]any)["virt_address6"]; got != test.user {
			t.Errorf("%s %s in %s: %v, want %s", test.version, test.address, test.network, got, test.user)
		}
		var networks []any
		for _, row := range i.Resources("server_routes") {
			networks = append(networks, row["network"])
		}
		if diff := cmp.Diff([]any{test.network, "10.1.0.0/24", test.server, test.wg}, networks); diff != "" {
			t.Errorf("%s %s: %s", test.version, test.network, diff)
		}
	}
}

func document(t *testing.T, d bson.D) bson.Raw {
	t.Helper()
	raw, err := bson.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// TestPooledOrganizationIsNotShown has one as old versions keep it ready.
func TestPooledOrganizationIsNotShown(t *testing.T) {
	t.Parallel()
	pool := bson.NewObjectID()
	i := derive.New(map[string][]bson.Raw{"organizations": {
		document(t, bson.D{{Key: "_id", Value: pool}, {Key: "name", Value: nil}, {Key: "type", Value: "pool"}})}})
	user := document(t, bson.D{{Key: "_id", Value: bson.NewObjectID()}, {Key: "org_id", Value: pool}, {Key: "type", Value: "client"}})
	if shown := i.Resources("organizations"); len(shown) != 0 || i.User(user, nil, nil) != nil {
		t.Errorf("shown: %v", shown)
	}
}
