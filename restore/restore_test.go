package restore_test

import (
	"testing"

	"pritunl-backup/restore"
	"pritunl-backup/simulator"
)

func TestDemoIsRestored(t *testing.T) {
	wanted := newTarget(t, simulator.Options{Seed: "demo"}).export()
	fresh := newTarget(t, simulator.Options{Hosts: 2, Random: 7})
	plan, report := fresh.restore(wanted, restore.PlanOptions{Start: true})
	after := fresh.export()
	assertSame(t, wanted, after, "users.pin", "settings.server_cert")
	if n := report.Count(restore.NotReached); n > 0 {
		t.Errorf("%d actions were not reached:\n%s", n, entries(report, restore.NotReached))
	}
	outcome, err := restore.Verify(plan, after)
	if err != nil {
		t.Fatal(err)
	}
	if !outcome.Equal {
		t.Errorf("verify: %+v", outcome.Remaining)
	}
	if st := fresh.sim.State(); st.ServersOnline != 1 {
		t.Errorf("%d servers online, want 1", st.ServersOnline)
	}
	assertEmpty(t, fresh.plan(wanted, restore.PlanOptions{Start: true}))
}
