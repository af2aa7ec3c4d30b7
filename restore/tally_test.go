package restore_test

import (
	"sync/atomic"
	"testing"
)

// tally counts the cases of a test: those tried and those that passed.
type tally struct{ tried, passed atomic.Int64 }

// count has the log of t say at its end, after its parallel subtests, how many of the
// cases passed.
func count(t *testing.T, cases string) *tally {
	n := new(tally)
	t.Cleanup(func() { t.Logf("%d of %d %s survived", n.passed.Load(), n.tried.Load(), cases) })
	return n
}

// add counts the subtest t as a case.
func (n *tally) add(t *testing.T) {
	n.tried.Add(1)
	t.Cleanup(func() {
		if !t.Failed() {
			n.passed.Add(1)
		}
	})
}
