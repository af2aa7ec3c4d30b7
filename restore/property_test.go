package restore_test

import (
	"testing"

	"pgregory.net/rapid"

	"pritunl-backup/restore"
	"pritunl-backup/simulator"
)

// TestAnyConfigurationIsRestored builds a random configuration in one instance,
// restores its snapshot into a fresh one, and compares the two.
func TestAnyConfigurationIsRestored(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		a := newTarget(t, simulator.Options{Hosts: 2, Random: 1, Clock: clock()})
		(&builder{t: rt, s: a, client: a.client()}).build()
		wanted := a.export()
		b := newTarget(t, simulator.Options{Hosts: 2, Random: 7, Clock: clock()})
		opts := restore.PlanOptions{Start: true}
		plan, err := restore.NewPlan(b.export(), wanted, opts)
		if err != nil {
			rt.Fatalf("plan: %v", err)
		}
		report, err := restore.Apply(t.Context(), b.client(), plan, quiet())
		if err != nil {
			rt.Fatalf("apply: %v\n%s", err, entries(report, restore.Failed))
		}
		after := b.export()
		outcome, err := restore.Verify(plan, after)
		if err != nil {
			rt.Fatal(err)
		}
		for _, r := range outcome.Remaining {
			if r.Class == restore.Real || r.Class == restore.Missing {
				rt.Errorf("remains: %+v", r)
			}
		}
		assertSame(rt, wanted, after, "users.pin", "settings.server_cert", "settings.sso_okta_mode", "settings.sso_onelogin_mode")
		second, err := restore.NewPlan(after, wanted, opts)
		if err != nil {
			rt.Fatalf("second plan: %v", err)
		}
		assertEmpty(rt, second)
	})
}
