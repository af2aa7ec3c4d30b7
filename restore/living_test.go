package restore_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"

	"pritunl-backup/restore"
	"pritunl-backup/simulator"
	"pritunl-backup/snapshot"
)

// living gives an instance that holds the demo, its snapshot, and the office server
// running.
func living(t *testing.T) (*target, *snapshot.Document) {
	t.Helper()
	s := newTarget(t, simulator.Options{Seed: "demo"})
	return s, s.export()
}

func update() restore.PlanOptions { return restore.PlanOptions{Mode: restore.ModeUpdate} }

func status(t *testing.T, s *target, server string) string {
	t.Helper()
	return edit(t, s.export(), snapshot.Servers, server, nil).String("status")
}

func TestRunningServersAreStoppedAndPutBack(t *testing.T) {
	s, wanted := living(t)
	edit(t, wanted, snapshot.Servers, "office", map[string]any{"port": json.Number("2194"), "hide_ovpn": true})
	edit(t, wanted, snapshot.Users, "alice", map[string]any{"network_links": []any{"10.88.0.0/24"}})
	plan, report := s.restore(wanted, update())
	if len(plan.Stops) != 1 || plan.Stops[0].Server != "office" || plan.Stops[0].Changes != 2 {
		t.Errorf("stops: %+v", plan.Stops)
	}
	if status(t, s, "office") != "online" || len(report.Stopped) != 1 || report.Stopped[0].Now != "online" {
		t.Errorf("afterwards: %s, report %+v", status(t, s, "office"), report.Stopped)
	}
	assertSame(t, wanted, s.export())
	assertEmpty(t, s.plan(wanted, update()))
}

func TestWhatMayChangeWhileRunningStopsNothing(t *testing.T) {
	s, wanted := living(t)
	edit(t, wanted, snapshot.Servers, "office", map[string]any{"hide_ovpn": true, "pre_connect_msg": "hello"})
	plan, _ := s.restore(wanted, update())
	if len(plan.Stops) != 0 {
		t.Errorf("stops: %+v", plan.Stops)
	}
	assertSame(t, wanted, s.export())
}

func TestStoppedServersAreStartedAfterAnError(t *testing.T) {
	s, wanted := living(t)
	edit(t, wanted, snapshot.Servers, "office", map[string]any{"port": json.Number("2194")})
	plan := s.plan(wanted, update())
	if err := s.sim.Fault(simulator.Fault{Kind: simulator.FaultStatus, Status: 500, Method: "PUT", Path: "/server/*", Times: -1}); err != nil {
		t.Fatal(err)
	}
	report, err := restore.Apply(t.Context(), s.client(), plan, quiet())
	if err == nil || report.Count(restore.Failed) != 1 {
		t.Errorf("got %v, %d failed", err, report.Count(restore.Failed))
	}
	s.sim.ClearFaults()
	if got := status(t, s, "office"); got != "online" {
		t.Errorf("the server is %s", got)
	}
}

func TestStoppedServersAreStartedAfterAnInterruption(t *testing.T) {
	s, wanted := living(t)
	edit(t, wanted, snapshot.Servers, "office", map[string]any{"port": json.Number("2194")})
	plan := s.plan(wanted, update())
	ctx, cancel := context.WithCancel(t.Context())
	s.wire.before = func(r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/operation/stop") {
			cancel()
		}
	}
	report, err := restore.Apply(ctx, s.client(), plan, quiet())
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if got := status(t, s, "office"); got != "online" || len(report.Stopped) != 1 {
		t.Errorf("the server is %s, report %+v", got, report.Stopped)
	}
}

func TestUpdateDeletesNothingWithoutPrune(t *testing.T) {
	s, wanted := living(t)
	client := s.client()
	raw, err := client.CreateOrganization(t.Context(), map[string]any{"name": "stranger"})
	if err != nil {
		t.Fatal(err)
	}
	var organization struct{ ID string }
	if err := json.Unmarshal(raw, &organization); err != nil {
		t.Fatal(err)
	}
	if _, err := client.CreateUsers(t.Context(), organization.ID, []json.RawMessage{[]byte(`{"name":"eve"}`)}); err != nil {
		t.Fatal(err)
	}
	office := edit(t, wanted, snapshot.Servers, "office", nil).String("id")
	wanted.Resources[snapshot.ServerRoutes] = slices.DeleteFunc(wanted.Resources[snapshot.ServerRoutes], func(o snapshot.Object) bool {
		return o.String("server") == office && o.String("network") == "10.1.0.0/16"
	})
	plan := s.plan(wanted, update())
	if plan.Writes() != 0 || len(plan.Deletes()) != 0 {
		t.Errorf("without prune: %s", plan.Summary())
	}
	outcome, err := restore.Verify(plan, s.export())
	if err != nil || !outcome.Equal || outcome.Count(restore.Extra) < 2 {
		t.Errorf("verify: %v %+v", err, outcome)
	}
	opts := update()
	opts.Prune = true
	plan, _ = s.restore(wanted, opts)
	if n := len(plan.Deletes()); n != 2 || plan.Target != "vpn-1" {
		t.Errorf("%d deletes on %q, want the organization (its user goes along) and the route", n, plan.Target)
	}
	assertSame(t, wanted, s.export())
	if status(t, s, "office") != "online" {
		t.Error("the server whose route was deleted is not online")
	}
}

func TestPruneNeverDeletesTheAdministratorInUse(t *testing.T) {
	s, _ := living(t)
	wanted := newTarget(t, simulator.Options{Hosts: 2}).export()
	delete(wanted.Resources, snapshot.Administrators)
	opts := update()
	opts.Prune = true
	_, report := s.restore(wanted, opts)
	if report.Count(restore.Failed) != 0 {
		t.Error(entries(report, restore.Failed))
	}
	if st := s.sim.State(); st.Organizations+st.Users+st.Servers+st.Links != 0 || st.Administrators == 0 {
		t.Errorf("left: %+v", st)
	}
}

func TestSkipLeavesWhatExists(t *testing.T) {
	s, wanted := living(t)
	before := s.export()
	edit(t, wanted, snapshot.Servers, "office", map[string]any{"port": json.Number("2194")})
	edit(t, wanted, snapshot.Users, "alice", map[string]any{"disabled": true})
	edit(t, wanted, snapshot.Users, "bob", map[string]any{"name": "robert", "id": "0123456789abcdef01234567"})
	opts := restore.PlanOptions{Mode: restore.ModeSkip}
	plan, report := s.restore(wanted, opts)
	if plan.Writes() != 1 || report.Count(restore.Created) != 1 {
		t.Errorf("plan: %s", plan.Summary())
	}
	after := s.export()
	after.Resources[snapshot.Users] = slices.DeleteFunc(after.Resources[snapshot.Users], func(o snapshot.Object) bool { return o.String("name") == "robert" })
	assertSame(t, before, after)
}

func TestOnlyAndSkipChoose(t *testing.T) {
	wanted := demo(t)
	parse := func(texts ...string) (filters []restore.Filter) {
		for _, text := range texts {
			f, err := restore.ParseFilter(text)
			if err != nil {
				t.Fatal(err)
			}
			filters = append(filters, f)
		}
		return filters
	}
	tests := []struct {
		name       string
		only, skip []restore.Filter
		want       simulator.State
	}{
		{"no users", nil, parse("users"), simulator.State{Organizations: 2, Servers: 5, ServerLinks: 1, Links: 1, Locations: 3}},
		{"some users", nil, parse("users=[a-d]*"), simulator.State{Organizations: 2, Users: 17, Servers: 5, ServerLinks: 1, Links: 1, Locations: 3}},
		{"organizations and one server", parse("organizations", "servers=office"), nil, simulator.State{Organizations: 2, Users: 25, Servers: 1}},
		{"nothing but links", parse("links"), nil, simulator.State{Links: 1, Locations: 3}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newTarget(t, simulator.Options{Hosts: 2})
			opts := restore.PlanOptions{Only: tt.only, Skip: append(tt.skip, parse("settings")...)}
			s.restore(wanted, opts)
			st := s.sim.State()
			got := simulator.State{Organizations: st.Organizations, Users: st.Users, Servers: st.Servers, ServerLinks: st.ServerLinks, Links: st.Links, Locations: st.Locations}
			if got.Organizations != tt.want.Organizations || got.Users != tt.want.Users || got.Servers != tt.want.Servers ||
				got.ServerLinks != tt.want.ServerLinks || got.Links != tt.want.Links || got.Locations != tt.want.Locations {
				t.Errorf("got %+v, want %+v", got, tt.want)
			}
		})
	}
	if _, err := restore.ParseFilter("user"); err == nil || !strings.Contains(hint(err), "users") {
		t.Errorf("a kind that does not exist: %v", err)
	}
	if _, err := restore.ParseFilter("users=["); err == nil {
		t.Error("a pattern that is none was taken")
	}
}

func TestEqualNamesThatDifferAreAmbiguous(t *testing.T) {
	s, wanted := newTarget(t, simulator.Options{Seed: "demo", Random: 3}), demo(t) // no id of one is in the other
	if _, err := s.client().CreateOrganization(t.Context(), map[string]any{"name": "Example-Staff"}); err != nil {
		t.Fatal(err)
	}
	wanted.Resources[snapshot.Users] = slices.DeleteFunc(wanted.Resources[snapshot.Users], func(o snapshot.Object) bool { return o.String("name") == "alice" })
	_, err := restore.NewPlan(s.export(), wanted, update())
	var ambiguous *restore.AmbiguousError
	if !errors.As(err, &ambiguous) || !strings.Contains(hint(err), `--skip organizations="Example-Staff"`) {
		t.Errorf("got %v, hint %q", err, hint(err))
	}
}

func TestTargetThatChangesDuringTheRun(t *testing.T) {
	wanted := demo(t)
	s := newTarget(t, simulator.Options{Hosts: 2})
	plan := s.plan(wanted, restore.PlanOptions{})
	meddler := s.client()
	done := false
	s.wire.before = func(r *http.Request) {
		if r.Method == http.MethodPost && r.URL.Path == "/link" && !done {
			done = true
			s.wire.mu.Unlock()
			defer s.wire.mu.Lock()
			if _, err := meddler.CreateOrganization(t.Context(), map[string]any{"name": "meddler"}); err != nil {
				t.Error(err)
			}
		}
	}
	if _, err := restore.Apply(t.Context(), s.client(), plan, quiet()); err != nil {
		t.Fatal(err)
	}
	outcome, err := restore.Verify(plan, s.export())
	if err != nil {
		t.Fatal(err)
	}
	if outcome.Equal || outcome.Count(restore.Real) != 1 {
		t.Errorf("the meddler's organization is not noticed: %+v", outcome.Remaining)
	}
}

// TestRoutesThatTheServerMovesAreMovedBack changes a running server whose dns route
// is not that of its dns server: the change moves the route.
func TestRoutesThatTheServerMovesAreMovedBack(t *testing.T) {
	s, _ := living(t)
	client := s.client()
	office := edit(t, s.export(), snapshot.Servers, "office", nil).String("id")
	for _, step := range []func() error{
		func() error { _, err := client.OperateServer(t.Context(), office, "stop"); return err },
		func() error {
			_, err := client.AddServerRoute(t.Context(), office, map[string]any{"network": "10.9.9.9/32", "comment": "DNS Server", "nat": true})
			return err
		},
		func() error { _, err := client.OperateServer(t.Context(), office, "start"); return err },
	} {
		if err := step(); err != nil {
			t.Fatal(err)
		}
	}
	wanted := s.export()
	edit(t, wanted, snapshot.Servers, "office", map[string]any{"pre_connect_msg": "hello"})
	plan, _ := s.restore(wanted, update())
	if len(plan.Stops) != 1 {
		t.Errorf("stops: %+v", plan.Stops)
	}
	assertSame(t, wanted, s.export())
}
