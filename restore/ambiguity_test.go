package restore_test

import (
	"errors"
	"testing"

	"pritunl-backup/restore"
	"pritunl-backup/simulator"
	"pritunl-backup/snapshot"
)

// TestAmbiguityStopsThePlanInEveryMode gives the target two objects of one name, neither of which is equal to the one
// of the snapshot: which of them is meant is for people to say. A run that needs a fresh target is refused because it
// is none.
func TestAmbiguityStopsThePlanInEveryMode(t *testing.T) {
	tests := map[string]struct {
		kind   snapshot.Kind
		name   string
		differ map[string]any
	}{
		"organizations": {snapshot.Organizations, "Example-Staff", map[string]any{"auth_api": true}},
		"users":         {snapshot.Users, "alice", map[string]any{"disabled": true}},
		"servers":       {snapshot.Servers, "contractors", map[string]any{"pre_connect_msg": "another"}},
		"links":         {snapshot.Links, "branch-offices", map[string]any{"host_check": false, "ipv6": true}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			wanted, live := demo(t), newTarget(t, simulator.Options{Seed: "demo", Random: 3}).export()
			edit(t, live, tt.kind, tt.name, tt.differ)
			double(t, live, tt.kind, tt.name, tt.differ)
			for _, mode := range []restore.Mode{restore.ModeFresh, restore.ModeResume, restore.ModeSkip, restore.ModeUpdate} {
				plan, err := restore.NewPlan(live, wanted, restore.PlanOptions{Mode: mode})
				var ambiguous *restore.AmbiguousError
				var refused *restore.RefusedError
				switch {
				case mode == restore.ModeFresh && !errors.As(err, &refused):
					t.Errorf("fresh: got %v", err)
				case mode != restore.ModeFresh && (!errors.As(err, &ambiguous) || hint(err) == ""):
					t.Errorf("%q: got %v", mode, err)
				}
				if plan == nil {
					continue
				}
				s := newTarget(t, simulator.Options{})
				if _, err := restore.Apply(t.Context(), s.client(), plan, quiet()); err == nil || s.sim.Writes() > 0 {
					t.Errorf("%q: carried out", mode)
				}
			}
		})
	}
}

// TestAmbiguityThatDoesNotMatterStopsNothing pairs those that are equal and leaves the others.
func TestAmbiguityThatDoesNotMatterStopsNothing(t *testing.T) {
	wanted, live := demo(t), newTarget(t, simulator.Options{Seed: "demo", Random: 3}).export()
	double(t, live, snapshot.Users, "alice", map[string]any{"disabled": true})
	for _, mode := range []restore.Mode{restore.ModeSkip, restore.ModeUpdate} {
		plan, err := restore.NewPlan(live, wanted, restore.PlanOptions{Mode: mode})
		if err != nil {
			t.Errorf("%q: %v", mode, err)
			continue
		}
		assertEmpty(t, plan)
	}
}
