package restore_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"pritunl-backup/restore"
	"pritunl-backup/simulator"
	"pritunl-backup/snapshot"
)

// TestKilledRunIsResumed lets the connection die before and after each writing
// request in turn. A second run must come to what an undisturbed one comes to.
func TestKilledRunIsResumed(t *testing.T) {
	wanted := newTarget(t, simulator.Options{Seed: "demo"}).export()
	whole := newTarget(t, simulator.Options{Hosts: 2, Random: 7})
	whole.restore(wanted, restore.PlanOptions{Start: true})
	writes, want, kills := whole.sim.Writes(), whole.sim.State(), count(t, "kills")
	if writes < 40 {
		t.Fatalf("an undisturbed run writes only %d times", writes)
	}
	for n := 1; n <= writes; n++ {
		for _, how := range []string{unsent, done} {
			if testing.Short() && n%7 != 0 {
				continue
			}
			t.Run(fmt.Sprintf("%s write %d", how, n), func(t *testing.T) {
				kills.add(t)
				s := newTarget(t, simulator.Options{Hosts: 2, Random: 7})
				s.wire.dieAt, s.wire.how = n, how
				plan := s.plan(wanted, restore.PlanOptions{Start: true})
				report, err := restore.Apply(t.Context(), s.client(), plan, quiet())
				if err == nil {
					t.Fatal("the run that died did not fail")
				}
				if report.Error == "" || report.Count(restore.Failed) == 0 {
					t.Errorf("the report of the dead run says nothing of it: %q, %d failed", report.Error, report.Count(restore.Failed))
				}
				last := s.wire.writes[n-1]
				s.wire = &wire{sim: s.sim}
				s.restore(wanted, restore.PlanOptions{Mode: restore.ModeResume, Start: true})
				assertSame(t, wanted, s.export(), "users.pin", "settings.server_cert")
				got := s.sim.State()
				got.Requests, got.Writes, want.Requests, want.Writes = 0, 0, 0, 0
				if fmt.Sprint(got) != fmt.Sprint(want) {
					t.Errorf("killed at %s: got %+v, want %+v", last, got, want)
				}
				assertEmpty(t, s.plan(wanted, restore.PlanOptions{Mode: restore.ModeResume, Start: true}))
			})
		}
	}
}

// TestKilledUpdateIsFinished does the same to an update of a living instance, whose
// running server has to be stopped for it. A process that dies cannot start it
// again; the next run does, because it was online in the snapshot.
func TestKilledUpdateIsFinished(t *testing.T) {
	wantedOf := func(s *target) *snapshot.Document {
		wanted := s.export()
		edit(t, wanted, snapshot.Servers, "office", map[string]any{"port": json.Number("2194"), "name": "head-office"})
		edit(t, wanted, snapshot.Servers, "road-warriors", map[string]any{"port": json.Number("1194")})
		edit(t, wanted, snapshot.Users, "alice", map[string]any{"network_links": []any{"10.88.0.0/24"}})
		edit(t, wanted, snapshot.Links, "branch-offices", map[string]any{"status": "offline"})
		edit(t, wanted, snapshot.Settings, "", map[string]any{"theme": "light"})
		return wanted
	}
	opts := restore.PlanOptions{Mode: restore.ModeUpdate, Prune: true, Start: true}
	whole, _ := living(t)
	wanted := wantedOf(whole)
	whole.restore(wanted, opts)
	assertSame(t, wanted, whole.export())
	for n := 1; n <= whole.sim.Writes(); n++ {
		for _, how := range []string{unsent, done} {
			s, _ := living(t)
			wanted := wantedOf(s)
			s.wire.dieAt, s.wire.how = n, how
			if _, err := restore.Apply(t.Context(), s.client(), s.plan(wanted, opts), quiet()); err == nil {
				t.Fatalf("write %d: the run that died did not fail", n)
			}
			s.wire = &wire{sim: s.sim}
			s.restore(wanted, opts)
			assertSame(t, wanted, s.export())
			if st := s.sim.State(); st.ServersOnline != 1 || st.Users != 25 || st.Servers != 5 {
				t.Errorf("%s write %d: %+v", how, n, st)
			}
			assertEmpty(t, s.plan(wanted, opts))
		}
	}
}
