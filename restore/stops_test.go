package restore_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pritunl-backup/api"
	"pritunl-backup/restore"
	"pritunl-backup/snapshot"
)

// remove takes objects out of a document.
func remove(doc *snapshot.Document, kind snapshot.Kind, which func(snapshot.Object) bool) {
	doc.Resources[kind] = slices.DeleteFunc(doc.Resources[kind], which)
}

// TestWhichServersAreStopped has all servers of a target run. Only those that the server insists on are stopped: the
// ones concerned, and for routes and settings those linked to them.
func TestWhichServersAreStopped(t *testing.T) {
	const contractors, east, west, office, warriors = "contractors", "datacentre-east", "datacentre-west", "office", "road-warriors"
	named := func(name string) func(snapshot.Object) bool {
		return func(o snapshot.Object) bool { return o.String("name") == name }
	}
	with := func(field, value string) func(snapshot.Object) bool {
		return func(o snapshot.Object) bool { return o.String(field) == value }
	}
	tests := map[string]struct {
		change func(t *testing.T, wanted *snapshot.Document)
		stops  []string
	}{
		"a setting of a linked server": {func(t *testing.T, d *snapshot.Document) {
			t.Helper()
			edit(t, d, snapshot.Servers, east, map[string]any{"port": json.Number("2194")})
		}, []string{east, west}},
		"a setting of a server alone": {func(t *testing.T, d *snapshot.Document) {
			t.Helper()
			edit(t, d, snapshot.Servers, contractors, map[string]any{"port": json.Number("2194")})
		}, []string{contractors}},
		"a route of a linked server": {func(_ *testing.T, d *snapshot.Document) {
			for _, o := range d.Resources[snapshot.ServerRoutes] {
				if o.String("network") == "10.140.0.0/16" && !o.Bool("server_link") {
					o["comment"] = "racks"
				}
			}
		}, []string{east, west}},
		"a link of servers": {func(_ *testing.T, d *snapshot.Document) {
			d.Resources[snapshot.ServerLinks] = nil
			remove(d, snapshot.ServerRoutes, func(o snapshot.Object) bool { return o.Bool("server_link") })
		}, []string{east, west}},
		"a linked server that is deleted": {func(t *testing.T, d *snapshot.Document) {
			t.Helper()
			id := edit(t, d, snapshot.Servers, east, nil).String("id")
			remove(d, snapshot.Servers, named(east))
			for _, kind := range []snapshot.Kind{snapshot.ServerOrganizations, snapshot.ServerHosts, snapshot.ServerRoutes, snapshot.ServerLinks} {
				remove(d, kind, with("server", id))
				remove(d, kind, with("id", id))
			}
			remove(d, snapshot.ServerRoutes, func(o snapshot.Object) bool { return o.Bool("server_link") })
		}, []string{west}},
		"an attachment": {func(t *testing.T, d *snapshot.Document) {
			t.Helper()
			remove(d, snapshot.ServerOrganizations, with("server", edit(t, d, snapshot.Servers, warriors, nil).String("id")))
		}, []string{warriors}},
		"an organization that is deleted": {func(t *testing.T, d *snapshot.Document) {
			t.Helper()
			id := edit(t, d, snapshot.Organizations, "Example-Contractors", nil).String("id")
			remove(d, snapshot.Organizations, with("id", id))
			remove(d, snapshot.Users, with("organization", id))
			remove(d, snapshot.ServerOrganizations, with("id", id))
		}, []string{contractors}},
		"a network behind a user": {func(t *testing.T, d *snapshot.Document) {
			t.Helper()
			edit(t, d, snapshot.Users, "alice", map[string]any{"network_links": []any{"10.88.0.0/24"}})
		}, []string{east, west, office, warriors}},
		"a user with a network who moves": {func(t *testing.T, d *snapshot.Document) {
			t.Helper()
			edit(t, d, snapshot.Users, "field-router", map[string]any{"organization": edit(t, d, snapshot.Organizations, "Example-Staff", nil).String("id")})
		}, []string{contractors, east, west, office, warriors}},
		"a user without a network who moves": {func(t *testing.T, d *snapshot.Document) {
			t.Helper()
			edit(t, d, snapshot.Users, "designer", map[string]any{"organization": edit(t, d, snapshot.Organizations, "Example-Staff", nil).String("id")})
		}, nil},
		"the routed network of a host": {func(t *testing.T, d *snapshot.Document) {
			t.Helper()
			edit(t, d, snapshot.Hosts, "vpn-1", map[string]any{"routed_subnet6": "2001:db8:1::/64"})
		}, []string{office}},
		"the address of a host": {func(t *testing.T, d *snapshot.Document) {
			t.Helper()
			edit(t, d, snapshot.Hosts, "vpn-1", map[string]any{"public_address": "203.0.113.9"})
		}, nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			wanted, live := twice(t)
			for _, doc := range []*snapshot.Document{wanted, live} {
				for _, o := range doc.Resources[snapshot.Servers] {
					o["status"] = "online"
				}
			}
			tt.change(t, wanted)
			plan, err := restore.NewPlan(live, wanted, pruning())
			if err != nil || plan.Writes() == 0 {
				t.Fatalf("%v: %s", err, plan.Summary())
			}
			var got []string
			for _, s := range plan.Stops {
				got = append(got, s.Server)
			}
			if fmt.Sprint(got) != fmt.Sprint(tt.stops) {
				t.Errorf("stops %v, want %v", got, tt.stops)
			}
		})
	}
}

// TestOldServersWithoutValuesAreStopped has servers from before a field came: the first complete body gives the field a
// value, which the server takes for a change.
func TestOldServersWithoutValuesAreStopped(t *testing.T) {
	for _, field := range []string{"bind_address", "network_start", "network_end", "max_devices", "ovpn_dco", "multihome"} {
		wanted, live := twice(t)
		edit(t, wanted, snapshot.Servers, "office", map[string]any{"pre_connect_msg": "hello"})
		edit(t, live, snapshot.Servers, "office", map[string]any{field: nil})
		plan, err := restore.NewPlan(live, wanted, update())
		if err != nil || len(plan.Stops) != 1 {
			t.Errorf("%s: %v, stops %+v", field, err, plan.Stops)
		}
	}
}

// TestAServerStaysStoppedFromDeletionsToChanges takes a route of a running server away and changes the server as well:
// it is not started in between.
func TestAServerStaysStoppedFromDeletionsToChanges(t *testing.T) {
	s, wanted := living(t)
	edit(t, wanted, snapshot.Servers, "office", map[string]any{"port": json.Number("2194")})
	office := edit(t, wanted, snapshot.Servers, "office", nil).String("id")
	wanted.Resources[snapshot.ServerRoutes] = slices.DeleteFunc(wanted.Resources[snapshot.ServerRoutes], func(o snapshot.Object) bool {
		return o.String("server") == office && o.String("network") == "10.1.0.0/16"
	})
	plan, _ := s.restore(wanted, pruning())
	started := 0
	for _, w := range s.wire.writes {
		if strings.HasSuffix(w, "/operation/start") {
			started++
		}
	}
	if started != 1 || status(t, s, "office") != "online" {
		t.Errorf("started %d times, %s", started, status(t, s, "office"))
	}
	proved(t, s, plan)
	assertSame(t, wanted, s.export())
}

// TestLinkedServersAreBothDeleted deletes two linked servers, of which one runs, in either order: when the other one's
// turn comes there may be nothing to stop any more.
func TestLinkedServersAreBothDeleted(t *testing.T) {
	for _, name := range []string{"datacentre-a", "datacentre-z"} {
		s, wanted := living(t)
		id := edit(t, wanted, snapshot.Servers, "datacentre-east", map[string]any{"name": name}).String("id")
		s.restore(wanted, update())
		if _, err := s.client().OperateServer(t.Context(), id, api.Start); err != nil {
			t.Fatal(err)
		}
		if status(t, s, name) != "online" {
			t.Fatalf("%s does not run", name)
		}
		wanted.Resources[snapshot.Servers] = slices.DeleteFunc(wanted.Resources[snapshot.Servers], func(o snapshot.Object) bool {
			return strings.HasPrefix(o.String("name"), "datacentre-")
		})
		s.restore(wanted, pruning())
		if n := s.sim.State().Servers; n != 3 {
			t.Errorf("%s running: %d servers are left", name, n)
		}
	}
}
