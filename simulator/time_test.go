package simulator_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strconv"
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
	opts.Realism.Certificate, opts.Realism.CertificateSpread = 4*time.Second, 0
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

// TestFrontEndGivesUp: ten users with an empty pool take longer than the front
// end waits; the list goes on growing afterwards, with pauses (10.1, 10.2).
func TestFrontEndGivesUp(t *testing.T) {
	in, clock := slow(t, simulator.Options{}, func(r *simulator.Realism) { r.Certificate = 30 * time.Second })
	org := in.make("/organization", `{"name":"o"}`)
	before := clock.Now()
	if status, body := in.raw("POST", "/user/"+org+"/multi", people("u", 10)); status != 502 || body != "" {
		t.Fatalf("%d %q", status, body)
	}
	if took := clock.Now().Sub(before); took != 2*time.Minute {
		t.Errorf("the front end gave up after %v", took)
	}
	var grew []int
	for in.State().Working > 0 {
		clock.Advance(10 * time.Second)
		grew = append(grew, len(in.list("/user/"+org)))
	}
	growth, pauses := 0, 0
	for i, n := range grew[1:] {
		growth += n - grew[i]
		if n == grew[i] {
			pauses++
		}
	}
	if growth < 2 || pauses < 2 || grew[len(grew)-1] != 10 {
		t.Errorf("the list grew to %v", grew)
	}
}

// TestClientGone: a request that was received is carried out to its end, whatever
// becomes of the client (10.1).
func TestClientGone(t *testing.T) {
	for _, kind := range []string{simulator.FaultGone, simulator.FaultKillDuring, simulator.FaultKillDone, "context"} {
		t.Run(kind, func(t *testing.T) {
			in, clock := slow(t, simulator.Options{}, func(r *simulator.Realism) { r.Certificate = 30 * time.Second })
			org := in.make("/organization", `{"name":"o"}`)
			if kind == "context" {
				in.abandon("/user/"+org+"/multi", people("u", 10))
			} else {
				if err := in.Fault(simulator.Fault{Kind: kind, Method: "POST"}); err != nil {
					t.Fatal(err)
				}
				if got := in.try("POST", "/user/"+org+"/multi", people("u", 10)); got != "cut" {
					t.Fatalf("the client saw %s", got)
				}
			}
			during, killed := kind != simulator.FaultKillDone, strings.HasPrefix(kind, "kill")
			if st := in.State(); (st.Users < 10) != during || (st.Working > 0) != during {
				t.Errorf("at once: %d users, working %d", st.Users, st.Working)
			}
			if got := in.try("GET", "/status", ""); (got == "cut") != killed {
				t.Errorf("afterwards: %s", got)
			}
			if took := in.settle(clock); during && took < 20*time.Second {
				t.Errorf("the rest took %v", took)
			}
			in.Revive()
			if n := len(in.list("/user/" + org)); n != 10 {
				t.Errorf("%d users", n)
			}
		})
	}
}

// TestDeletedMeanwhile: what is worked on can be deleted by another request.
func TestDeletedMeanwhile(t *testing.T) {
	in, clock := slow(t, simulator.Options{}, nil)
	org := in.make("/organization", `{"name":"o"}`)
	in.abandon("/user/"+org+"/multi", people("u", 10))
	big := in.make("/server", serverBody(`"dh_param_bits":4096`))
	in.must("DELETE", "/server/"+big, "")
	clock.Advance(4 * time.Second)
	if in.State().Users == 0 {
		t.Error("no user was made meanwhile")
	}
	in.must("DELETE", "/organization/"+org, "")
	in.settle(clock)
	if st := in.State(); st.Users != 0 || st.Servers != 0 {
		t.Errorf("%d users and %d servers", st.Users, st.Servers)
	}
}

// abandon sends a request whose client has hung up by the time it arrives.
func (in *instance) abandon(path, body string) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	r := in.request("POST", path, body)
	in.ServeHTTP(httptest.NewRecorder(), r.WithContext(ctx))
}

// TestLateWork: what is carried out late is done in the order and at the times at
// which it was due.
func TestLateWork(t *testing.T) {
	in, clock := slow(t, simulator.Options{}, nil)
	org := in.make("/organization", `{"name":"o"}`)
	began := clock.Now()
	for _, prefix := range []string{"u", "v"} {
		in.abandon("/user/"+org+"/multi", people(prefix, 4))
	}
	clock.Advance(time.Hour)
	ids := strings.Fields(names(in.list("/user/"+org), "id"))
	slices.Sort(ids) // by their times
	count := ""
	for _, id := range ids {
		if id[18:] < count {
			t.Errorf("%s was made before one of an earlier time", id)
		}
		count = id[18:]
		seconds, err := strconv.ParseInt(id[:8], 16, 64)
		if made := time.Unix(seconds, 0).Sub(began); err != nil || made > 20*time.Second {
			t.Errorf("%s was made %v after the request, %v", id, made, err)
		}
	}
	if len(ids) != 8 {
		t.Errorf("%d users", len(ids))
	}
}

// TestOneRequestAfterAnother: the server is the limit (10.13).
func TestOneRequestAfterAnother(t *testing.T) {
	in, clock := slow(t, simulator.Options{}, nil)
	before := clock.Now()
	for range 9 {
		in.abandon("/organization", `{"name":"o"}`)
	}
	in.must("GET", "/status", "")
	if took := clock.Now().Sub(before); took != 600*time.Millisecond {
		t.Errorf("the tenth of ten requests took %v", took)
	}
}

// resetting is a clock on which the instance is reset while a request waits.
type resetting struct {
	*simulator.TurnedClock
	reset func() error
}

func (c *resetting) WaitUntil(ctx context.Context, t time.Time) error {
	return errors.Join(c.reset(), c.TurnedClock.WaitUntil(ctx, t))
}

func TestResetWhileWaiting(t *testing.T) {
	clock := &resetting{TurnedClock: simulator.NewClock(time.Now())}
	in := start(t, simulator.Options{Clock: clock, Realism: simulator.Realistic()})
	clock.reset = in.Reset
	if got := in.try("POST", "/organization", `{"name":"o"}`); got != "OK" {
		t.Errorf("the request answered %s", got)
	}
	if n := in.State().Organizations; n != 0 {
		t.Errorf("%d organizations after the reset", n)
	}
}

// TestHungUp: a real client that goes away while it waits on the real clock. The
// end of the test waits for the server to notice.
func TestHungUp(t *testing.T) {
	in := start(t, simulator.Options{Realism: simulator.Realism{Organization: time.Hour}})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() {
		_, err := http.DefaultClient.Do(in.request("POST", "/organization", `{"name":"o"}`).WithContext(ctx)) //nolint:bodyclose // there is none
		done <- err
	}()
	for in.State().Working == 0 {
		runtime.Gosched()
	}
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if st := in.State(); st.Working != 1 || st.Organizations != 0 {
		t.Errorf("%+v", st)
	}
}

// TestReplayInTime: an instance that takes time answers as the recordings do, when
// whoever reads has waited until the work before is done.
func TestReplayInTime(t *testing.T) {
	for _, names := range [][]string{{"errors"}, {"lifecycle", "seeded-gets"}} {
		t.Run(names[0], func(t *testing.T) {
			realism := simulator.Realistic()
			realism.LostUsers, realism.LostParams, realism.Busy = 0, 0, 0
			replayFiles(t, simulator.Options{Clock: simulator.NewClock(time.Now()), Realism: realism}, names...)
		})
	}
}

// patient turns the clock of an instance, if it can be turned, until all work is
// done before it lets a request through that reads, and until the parameters in
// advance are there before one that makes a server.
func patient(sim *simulator.Simulator, clock simulator.Clock) http.Handler {
	turned, timed := clock.(*simulator.TurnedClock)
	if !timed {
		return sim
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for r.Method == http.MethodGet && sim.State().Working > 0 {
			turned.Advance(time.Second)
		}
		if r.Method == http.MethodPost && r.URL.Path == "/server" {
			turned.Advance(3 * time.Minute)
		}
		sim.ServeHTTP(w, r)
	})
}
