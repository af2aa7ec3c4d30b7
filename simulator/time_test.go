package simulator_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"pritunl-backup/simulator"
)

// slow starts an instance that takes time on a clock that is turned.
func slow(t *testing.T, opts simulator.Options, change func(*simulator.Realism)) (*instance, *simulator.TurnedClock) {
	t.Helper()
	clock := simulator.NewClock(time.Now())
	opts.Clock, opts.Realism = clock, simulator.Realistic()
	opts.Realism.LostUsers, opts.Realism.LostParams = 0, 0
	if change != nil {
		change(&opts.Realism)
	}
	in := start(t, opts)
	in.sign.clock = clock
	return in, clock
}

// people is a list of users.
func people(prefix string, n int) string {
	var list []string
	for i := range n {
		list = append(list, fmt.Sprintf(`{"name":"%s%02d"}`, prefix, i))
	}
	return "[" + strings.Join(list, ",") + "]"
}

// settle turns the clock until nothing is under way.
func (in *instance) settle(clock *simulator.TurnedClock) (took time.Duration) {
	in.t.Helper()
	began := clock.Now()
	for in.State().Working > 0 {
		if took = clock.Now().Sub(began); took > 24*time.Hour {
			in.t.Fatal("work without end")
		}
		clock.Advance(time.Second)
	}
	return clock.Now().Sub(began)
}

func about(got, want time.Duration) bool { return got >= want-time.Second && got <= want+3*time.Second }

func TestWorkTakesTime(t *testing.T) {
	in, clock := slow(t, simulator.Options{}, nil)
	took := func(do func()) time.Duration {
		before := clock.Now()
		do()
		return clock.Now().Sub(before)
	}
	var org string
	check := func(what string, want time.Duration, do func()) {
		t.Helper()
		if got := took(do); !about(got, want) {
			t.Errorf("%s took %v, want %v", what, got, want)
		}
	}
	check("organization", 3*time.Second, func() { org = in.make("/organization", `{"name":"o"}`) })
	check("a user with an empty pool", 4*time.Second, func() { in.must("POST", "/user/"+org, `{"name":"a"}`) })
	clock.Advance(time.Minute)
	check("six users in the pool", 0, func() { in.must("POST", "/user/"+org+"/multi", people("b", 6)) })
	clock.Advance(4 * time.Second)
	check("two users, one made meanwhile", 4*time.Second, func() {
		in.must("POST", "/user/"+org+"/multi", people("c", 2))
	})
	check("server", 2*time.Second, func() {
		id := in.server("")
		in.must("PUT", "/server/"+id+"/organization/"+org, "")
	})
	check("41 reads", 2*time.Second, func() {
		for range 41 {
			in.must("GET", "/status", "")
		}
	})
}
