package restore_test

import (
	"encoding/json"
	"net/http"
	"testing"

	"pritunl-backup/restore"
	"pritunl-backup/simulator"
	"pritunl-backup/snapshot"
)

// withDNSRoutes gives the server office of a demo three routes that any change of it
// moves to its dns server, where it has a route already. The virtual network has the
// same comment.
func withDNSRoutes(t *testing.T) (s *target, office string) {
	t.Helper()
	s = newTarget(t, simulator.Options{Seed: "demo", Random: 1, Clock: clock()})
	o := edit(t, s.export(), snapshot.Servers, "office", nil)
	office = o.String("id")
	client := s.client()
	if _, err := client.OperateServer(t.Context(), office, "stop"); err != nil {
		t.Fatal(err)
	}
	rows := []json.RawMessage{
		json.RawMessage(`{"network":"10.9.9.9/32","comment":"DNS Server","nat":true,"metric":5}`),
		json.RawMessage(`{"network":"10.9.8.0/24","comment":"DNS Server","advertise":true}`),
		json.RawMessage(`{"network":"10.9.7.0/24","comment":"DNS Server","net_gateway":true}`),
		json.RawMessage(`{"network":"` + o.Strings("dns_servers")[0] + `/32","comment":"the resolver","metric":7}`),
		json.RawMessage(`{"network":"` + o.String("network") + `","comment":"DNS Server","metric":3}`),
	}
	if _, err := client.AddServerRoutes(t.Context(), office, rows); err != nil {
		t.Fatal(err)
	}
	if _, err := client.OperateServer(t.Context(), office, "start"); err != nil {
		t.Fatal(err)
	}
	return s, office
}

// TestRoutesOfOneCommentStayApart changes a running server: three of its routes and
// the settings of its virtual network are moved on top of a fourth route.
func TestRoutesOfOneCommentStayApart(t *testing.T) {
	s, _ := withDNSRoutes(t)
	wanted := s.export()
	edit(t, wanted, snapshot.Servers, "office", map[string]any{"pre_connect_msg": "hello"})
	plan, _ := s.restore(wanted, update())
	if len(plan.Stops) != 1 {
		t.Errorf("stops: %+v", plan.Stops)
	}
	assertSame(t, wanted, s.export())
	// Another change shows whether routes were left behind that the server does not show.
	edit(t, wanted, snapshot.Servers, "office", map[string]any{"pre_connect_msg": "again"})
	s.restore(wanted, update())
	assertSame(t, wanted, s.export())
}

// TestRoutesThatTheSnapshotLacksStayApart has the same routes on the target only, or
// leaves routes out.
func TestRoutesThatTheSnapshotLacksStayApart(t *testing.T) {
	for name, opts := range map[string]restore.PlanOptions{
		"not in the snapshot": update(),
		"left out":            {Mode: restore.ModeUpdate, Skip: []restore.Filter{{Kind: snapshot.ServerRoutes}}},
	} {
		s, office := withDNSRoutes(t)
		before, wanted := s.export(), s.export()
		edit(t, wanted, snapshot.Servers, "office", map[string]any{"pre_connect_msg": "hello"})
		var kept []snapshot.Object
		for _, o := range wanted.Resources[snapshot.ServerRoutes] {
			if o.String("server") != office || o.Bool("virtual_network") {
				kept = append(kept, o)
			}
		}
		wanted.Resources[snapshot.ServerRoutes] = kept
		s.restore(wanted, opts)
		t.Log(name)
		assertSame(t, before, s.export(), "servers.pre_connect_msg")
	}
}

// TestDNSRouteGoesWithTheDNSServer changes the dns server: its route goes along, as
// in the snapshot, and none is left at the former one.
func TestDNSRouteGoesWithTheDNSServer(t *testing.T) {
	s := newTarget(t, simulator.Options{Seed: "demo", Random: 1, Clock: clock()})
	o := edit(t, s.export(), snapshot.Servers, "office", nil)
	client, body := s.client(), o.Clone()
	for _, step := range []func() error{
		func() error { _, err := client.OperateServer(t.Context(), o.String("id"), "stop"); return err },
		func() error {
			_, err := client.AddServerRoute(t.Context(), o.String("id"), map[string]any{"network": o.Strings("dns_servers")[0] + "/32", "comment": "DNS Server", "nat": true})
			return err
		},
	} {
		if err := step(); err != nil {
			t.Fatal(err)
		}
	}
	wanted := s.export()
	body["dns_servers"] = []any{"10.1.0.77"}
	if _, err := client.PutServer(t.Context(), o.String("id"), body); err != nil {
		t.Fatal(err)
	}
	s.restore(wanted, update())
	assertSame(t, wanted, s.export())
}

// TestKilledWhileRoutesAreMovedBack dies at every write of such a change, and runs
// again.
func TestKilledWhileRoutesAreMovedBack(t *testing.T) {
	for n := 1; ; n++ {
		for _, how := range []string{unsent, received, done} {
			s, _ := withDNSRoutes(t)
			wanted := s.export()
			edit(t, wanted, snapshot.Servers, "office", map[string]any{"pre_connect_msg": "hello"})
			s.wire = &wire{sim: s.sim, dieAt: n, how: how}
			if _, err := s.run(wanted, update()); err == nil {
				if n < 8 {
					t.Errorf("only %d writes", n)
				}
				return
			}
			s.wire = &wire{sim: s.sim}
			opts := update()
			opts.Start = true
			if _, err := s.run(wanted, opts); err != nil {
				t.Fatalf("write %d, %s: %v", n, how, err)
			}
			assertSame(t, wanted, s.export())
		}
	}
}

// TestCureKeepsRoutesOfOneCommentApart cures a server that has such routes.
func TestCureKeepsRoutesOfOneCommentApart(t *testing.T) {
	from, _ := withDNSRoutes(t)
	wanted := from.export()
	s := slowly(t, nil)
	s.fault(simulator.Fault{Kind: simulator.FaultLoseParams, Method: http.MethodPost, Path: "/server", Times: -1})
	report, err := s.run(wanted, starting())
	if err != nil {
		t.Fatalf("%v\n%s", err, entries(report, restore.Failed))
	}
	s.proved(t, wanted, resuming())
}

// TestRoutesMovedByOthersAreMovedBack rolls back what an administrator's change of the
// server did to its routes: they are on top of one another, where the snapshot has none.
func TestRoutesMovedByOthersAreMovedBack(t *testing.T) {
	s, office := withDNSRoutes(t)
	client := s.client()
	if _, err := client.OperateServer(t.Context(), office, "stop"); err != nil {
		t.Fatal(err)
	}
	for _, o := range s.export().Resources[snapshot.ServerRoutes] {
		if o.String("server") == office && o.String("comment") == "the resolver" {
			if err := client.DeleteServerRoute(t.Context(), office, o.String("id")); err != nil {
				t.Fatal(err)
			}
		}
	}
	wanted := s.export()
	if _, err := client.PutServer(t.Context(), office, edit(t, s.export(), snapshot.Servers, "office", nil)); err != nil {
		t.Fatal(err)
	}
	opts := update()
	opts.Prune = true
	s.restore(wanted, opts)
	assertSame(t, wanted, s.export())
}
