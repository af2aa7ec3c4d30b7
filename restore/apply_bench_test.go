package restore_test

import (
	"fmt"
	"testing"

	"pritunl-backup/restore"
	"pritunl-backup/simulator"
)

// BenchmarkApply restores instances of more and more servers, with four users each:
// the time for one server stays the same.
func BenchmarkApply(b *testing.B) {
	for _, n := range []int{125, 250, 500, 1000} {
		b.Run(fmt.Sprint(n, " servers"), func(b *testing.B) {
			wanted := newTarget(b, simulator.Options{Seed: fmt.Sprintf("users=%d,orgs=%d,servers=%d", 4*n, n/5, n)}).export()
			for b.Loop() {
				b.StopTimer()
				s := newTarget(b, simulator.Options{Random: 7})
				plan := s.plan(wanted, restore.PlanOptions{})
				b.StartTimer()
				if report, err := restore.Apply(b.Context(), s.client(), plan, quiet()); err != nil {
					b.Fatal(err, entries(report, restore.Failed))
				}
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*n), "µs/server")
		})
	}
}
