package restore_test

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"pritunl-backup/restore"
	"pritunl-backup/simulator"
	"pritunl-backup/snapshot"
)

// TestFrontEndGivesUp restores to a server so slow that its front end answers 502
// while it goes on making the users of a request.
func TestFrontEndGivesUp(t *testing.T) {
	wanted := rich(t)
	s := slowly(t, func(r *simulator.Realism) { r.Certificate = 25 * time.Second })
	waits := map[string]bool{}
	opts := s.patient()
	opts.Progress = func(e restore.Event) {
		if e.Waiting {
			waits[e.Path] = true
		}
	}
	plan := s.plan(wanted, starting())
	report, err := restore.Apply(t.Context(), s.client(), plan, opts)
	if err != nil {
		t.Fatalf("%v\n%s", err, entries(report, restore.Failed))
	}
	failed := 0
	for _, r := range s.sim.Requests() {
		if r.Status == http.StatusBadGateway {
			failed++
		}
	}
	if failed == 0 {
		t.Error("the front end never gave up")
	}
	found := false
	for text := range waits {
		found = found || strings.HasPrefix(text, "waiting for ") && strings.Contains(text, " of 10 users of organization Field that the server may still be making: ") &&
			strings.HasSuffix(text, " s without a change")
	}
	if !found {
		t.Errorf("no progress says what is waited for: %v", waits)
	}
	s.proved(t, wanted, resuming())
}

// TestLostReservations restores to a server that loses two of three users and
// parameters that it can lose.
func TestLostReservations(t *testing.T) {
	wanted := rich(t)
	lost := 0
	for seed := range uint64(6) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			s := newTarget(t, simulator.Options{Hosts: 2, Random: 100 + seed, Clock: simulator.NewClock(time.Now()), Realism: losing(2.0 / 3)})
			s.converge(t, wanted, starting())
			for _, w := range s.wire.writes {
				if strings.HasPrefix(w, "POST /user/") {
					lost++
				}
			}
		})
	}
	if lost < 30 {
		t.Errorf("users were created in %d requests: hardly any was lost", lost)
	}
}

func losing(chance float64) simulator.Realism {
	r := simulator.Realistic()
	r.LostUsers, r.LostParams = chance, chance
	return r
}

// TestLostUserGivesItsLinksBack loses a user with a network behind it: the network
// hangs on the next one until the run takes it off.
func TestLostUserGivesItsLinksBack(t *testing.T) {
	wanted := rich(t)
	s := slowly(t, nil)
	if err := s.sim.Fault(simulator.Fault{Kind: simulator.FaultLoseUser, Path: "/user/*/multi", Nth: 1, Times: 2}); err != nil {
		t.Fatal(err)
	}
	report, err := s.run(wanted, starting())
	if err != nil {
		t.Fatalf("%v\n%s%s", err, entries(report, restore.Failed), entries(report, restore.Lost))
	}
	ids := map[string]string{}
	for _, e := range report.Entries {
		if e.Kind != snapshot.Users {
			continue
		}
		if e.Result != restore.Created || e.NewID == "" || ids[e.NewID] != "" {
			t.Errorf("%s: %s, id %q, which %q has", e.Path, e.Result, e.NewID, ids[e.NewID])
		}
		ids[e.NewID] = e.Path
	}
	s.proved(t, wanted, resuming())
}

// TestUserThatStaysAwayIsMissing loses the same user whenever it is created.
func TestUserThatStaysAwayIsMissing(t *testing.T) {
	wanted := rich(t)
	s := slowly(t, nil)
	// Whatever is created first in any request is lost: alone in it, for ever.
	for range 40 {
		if err := s.sim.Fault(simulator.Fault{Kind: simulator.FaultLoseUser, Path: "/user/*/multi", Nth: 25, Times: -1}); err != nil {
			t.Fatal(err)
		}
	}
	report, err := s.run(wanted, starting())
	if err == nil || !strings.Contains(err.Error(), "does not have it") {
		t.Errorf("got %v", err)
	}
	missing := report.Count(restore.Lost)
	if missing == 0 || report.Count(restore.Failed) > 0 {
		t.Errorf("%d missing, failed:\n%s", missing, entries(report, restore.Failed))
	}
	for _, task := range report.HandOver {
		for _, e := range report.Entries {
			if e.Result == restore.Lost && task.Kind == e.Kind && task.Path == e.Path {
				t.Errorf("%s is missing, and has to %v", e.Path, task.What)
			}
		}
	}
	s.sim.ClearFaults()
	if _, err := s.run(wanted, resuming()); err != nil {
		t.Fatal(err)
	}
	s.proved(t, wanted, resuming())
}

// onlyPending tells whether all that failed are servers that wait for parameters.
func onlyPending(err error) bool {
	var failed *restore.FailedError
	return errors.As(err, &failed) && strings.Contains(err.Error(), "it still waits for its Diffie-Hellman parameters")
}

// TestInterruptedAtRandom lets runs die at random requests on servers of random
// slowness and forgetfulness, up to four times, until one is left alone. The
// environment variable RESTORE_SEEDS says how many it tries.
func TestInterruptedAtRandom(t *testing.T) {
	wanted := rich(t)
	checks := map[bool]int{true: 4, false: 15}[testing.Short()]
	if n := os.Getenv("RESTORE_SEEDS"); n != "" {
		var err error
		if checks, err = strconv.Atoi(n); err != nil {
			t.Fatalf("RESTORE_SEEDS: %v", err)
		}
	}
	if testing.Short() {
		checks *= 5 // rapid divides by it
	}
	flags := flag.Lookup("rapid.checks")
	former := flags.Value.String()
	defer func() { _ = flags.Value.Set(former) }()
	if err := flags.Value.Set(strconv.Itoa(checks)); err != nil {
		t.Fatal(err)
	}
	seeds := count(t, "seeds")
	rapid.Check(t, func(rt *rapid.T) {
		seeds.tried.Add(1)
		chances := rapid.SampledFrom([]float64{0, 0, 0.05, 0.3, 2.0 / 3})
		r := simulator.Realistic()
		r.Certificate = time.Duration(rapid.IntRange(0, 30).Draw(rt, "certificate")) * time.Second
		r.Params = time.Duration(rapid.IntRange(1, 90).Draw(rt, "params")) * time.Second
		r.LostUsers, r.LostParams = chances.Draw(rt, "lost users"), chances.Draw(rt, "lost params")
		s := newTarget(t, simulator.Options{Hosts: 2, Random: rapid.Uint64Range(1, 1<<40).Draw(rt, "seed"), Clock: simulator.NewClock(time.Now()), Realism: r})
		opts := starting()
		for range rapid.IntRange(0, 4).Draw(rt, "kills") {
			s.wire = &wire{sim: s.sim, dieAt: rapid.IntRange(1, 90).Draw(rt, "write"), how: rapid.SampledFrom([]string{unsent, received, done}).Draw(rt, "how")}
			_, err := s.run(wanted, opts)
			var refused *restore.RefusedError
			switch {
			case errors.As(err, &refused):
				if !strings.Contains(refused.Hint(), "--resume") {
					rt.Fatalf("%v, hint: %s", err, refused.Hint())
				}
				opts = resuming()
			case !s.wire.dead && err != nil && !onlyPending(err):
				rt.Fatalf("nobody killed it: %v", err)
			}
			s.clock.Advance(time.Duration(rapid.IntRange(0, 120).Draw(rt, "pause")) * time.Second)
		}
		s.wire = &wire{sim: s.sim}
		s.converge(rt, wanted, resuming())
		seeds.passed.Add(1)
	})
}

// pooled has every user come from the pool, where it can be lost.
func pooled(r *simulator.Realism) { r.Certificate = 0 }

// TestLostUserOfTwoOfOneName loses the first of two users that differ in nothing:
// only the id that is answered twice tells.
func TestLostUserOfTwoOfOneName(t *testing.T) {
	wanted := rich(t)
	second := edit(t, wanted, snapshot.Users, "field01", nil).Clone()
	second["id"] = "00000000000000000000ffff"
	users := wanted.Resources[snapshot.Users]
	for i, o := range users {
		if o.String("name") == "field01" {
			wanted.Resources[snapshot.Users] = slices.Insert(users, i, second)
			break
		}
	}
	for nth := 24; nth < 30; nth++ {
		s := slowly(t, pooled)
		s.fault(simulator.Fault{Kind: simulator.FaultLoseUser, Path: "/user/*/multi", Nth: nth + 1})
		report, err := s.run(wanted, starting())
		if err != nil {
			t.Fatalf("%v\n%s%s", err, entries(report, restore.Failed), entries(report, restore.Lost))
		}
		s.proved(t, wanted, resuming())
	}
}

// TestLostUserWhoseIDComesInALostAnswer loses the last user of a request; the id
// goes to the first of the next one, whose answer is lost.
func TestLostUserWhoseIDComesInALostAnswer(t *testing.T) {
	wanted := rich(t)
	whole := slowly(t, nil)
	if _, err := whole.run(wanted, starting()); err != nil {
		t.Fatal(err)
	}
	field, posts := "", 0 // the requests before those for 24 users of one organization
	for i, w := range whole.wire.writes {
		if strings.HasPrefix(w, "POST /user/") && i+2 < len(whole.wire.writes) && whole.wire.writes[i+1] == w && whole.wire.writes[i+2] == w {
			field = w
			break
		}
		if strings.HasPrefix(w, "POST /user/") {
			posts++
		}
	}
	if field == "" {
		t.Fatalf("no organization has three requests: %q", whole.wire.writes)
	}
	s := slowly(t, pooled)
	s.fault(simulator.Fault{Kind: simulator.FaultLost, Method: http.MethodPost, Path: "/user/*/multi", Nth: posts + 2})
	s.wire.before = func(r *http.Request) {
		if r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/multi") {
			if posts--; posts == -1 {
				s.fault(simulator.Fault{Kind: simulator.FaultLoseUser, Path: "/user/*/multi", Nth: 10})
			}
		}
	}
	report, err := s.run(wanted, starting())
	if err != nil {
		t.Fatalf("%v\n%s%s", err, entries(report, restore.Failed), entries(report, restore.Lost))
	}
	s.proved(t, wanted, resuming())
}

// TestLostUserWhoseIDIsAStrangers loses a user whose id goes to one that somebody
// else creates at that moment.
func TestLostUserWhoseIDIsAStrangers(t *testing.T) {
	wanted := demo(t)
	wanted.Resources[snapshot.Users] = slices.DeleteFunc(wanted.Resources[snapshot.Users], func(o snapshot.Object) bool { return o.String("name") != "alice" })
	s := slowly(t, nil)
	s.fault(simulator.Fault{Kind: simulator.FaultLoseUser, Path: "/user/*/multi"})
	plan, meddler, posted := s.plan(wanted, restore.PlanOptions{}), s.client(), false
	s.wire.before = func(r *http.Request) {
		switch {
		case r.Method == http.MethodPost && strings.HasPrefix(r.URL.Path, "/user/"):
			posted = true
			s.clock.Advance(time.Minute) // the pool is full
		case r.Method == http.MethodGet && strings.HasPrefix(r.URL.Path, "/user/") && posted:
			posted, s.wire.before = false, nil
			s.wire.mu.Unlock()
			defer s.wire.mu.Lock()
			if _, err := meddler.CreateUsers(t.Context(), strings.Split(r.URL.Path, "/")[2], []json.RawMessage{[]byte(`{"name":"stranger"}`)}); err != nil {
				t.Error(err)
			}
		}
	}
	report, err := restore.Apply(t.Context(), s.client(), plan, s.patient())
	if err != nil {
		t.Fatalf("%v\n%s%s", err, entries(report, restore.Failed), entries(report, restore.Lost))
	}
	names := []string{}
	for _, o := range s.export().Resources[snapshot.Users] {
		names = append(names, o.String("name"))
	}
	if slices.Sort(names); fmt.Sprint(names) != "[alice stranger]" {
		t.Errorf("users: %v", names)
	}
}
