package restore_test

import (
	"fmt"
	"testing"

	"pritunl-backup/restore"
	"pritunl-backup/simulator"
)

// TestKilledRunIsResumed lets the connection die before and after each writing
// request in turn. A second run must come to what an undisturbed one comes to.
func TestKilledRunIsResumed(t *testing.T) {
	wanted := newTarget(t, simulator.Options{Seed: "demo"}).export()
	whole := newTarget(t, simulator.Options{Hosts: 2, Random: 7})
	whole.restore(wanted, restore.PlanOptions{Start: true})
	writes, want := whole.sim.Writes(), whole.sim.State()
	if writes < 40 {
		t.Fatalf("an undisturbed run writes only %d times", writes)
	}
	for n := 1; n <= writes; n++ {
		for _, after := range []bool{false, true} {
			if testing.Short() && n%7 != 0 {
				continue
			}
			t.Run(fmt.Sprintf("write %d done %v", n, after), func(t *testing.T) {
				s := newTarget(t, simulator.Options{Hosts: 2, Random: 7})
				s.wire.dieAt, s.wire.after = n, after
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
