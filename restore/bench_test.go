package restore_test

import (
	"testing"

	"pritunl-backup/restore"
	"pritunl-backup/simulator"
)

// BenchmarkPlan plans 10,000 users in 100 organizations and 50 servers: against an
// empty target, and against one that is equal.
func BenchmarkPlan(b *testing.B) {
	wanted := newTarget(b, simulator.Options{Seed: "users=10000,orgs=100,servers=50"}).export()
	empty := newTarget(b, simulator.Options{}).export()
	for _, bench := range []struct {
		name string
		opts restore.PlanOptions
	}{{"fresh", restore.PlanOptions{}}, {"equal", restore.PlanOptions{Mode: restore.ModeUpdate, Prune: true}}} {
		b.Run(bench.name, func(b *testing.B) {
			live := empty
			if bench.name == "equal" {
				live = wanted
			}
			for b.Loop() {
				if _, err := restore.NewPlan(live, wanted, bench.opts); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
