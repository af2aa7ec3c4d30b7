package restore_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"pritunl-backup/restore"
	"pritunl-backup/simulator"
	"pritunl-backup/snapshot"
)

func (s *target) fault(f simulator.Fault) {
	s.t.Helper()
	if err := s.sim.Fault(f); err != nil {
		s.t.Fatal(err)
	}
}

// TestServerWhoseStopIsNotAnsweredIsStartedAgain loses every answer to the request
// that stops a server: it has to be noted before.
func TestServerWhoseStopIsNotAnsweredIsStartedAgain(t *testing.T) {
	s, wanted := living(t)
	edit(t, wanted, snapshot.Servers, "office", map[string]any{"port": json.Number("2194")})
	plan := s.plan(wanted, update())
	s.fault(simulator.Fault{Kind: simulator.FaultLost, Path: "/server/*/operation/stop", Times: -1})
	report, err := restore.Apply(t.Context(), s.client(), plan, quiet())
	if err == nil || !strings.Contains(err.Error(), "stop server office") {
		t.Errorf("got %v", err)
	}
	if got := status(t, s, "office"); got != "online" || len(report.Stopped) != 1 || report.Stopped[0].Now != "online" {
		t.Errorf("the server is %s, report %+v", got, report.Stopped)
	}
}

// TestOldObjectsAreNotTakenForNewOnes has the target hold one of two objects of one
// name. The answer to the request for the other one is lost, with the request.
func TestOldObjectsAreNotTakenForNewOnes(t *testing.T) {
	for _, kind := range []snapshot.Kind{snapshot.Users, snapshot.Organizations, snapshot.Links} {
		name := map[snapshot.Kind]string{snapshot.Users: "alice", snapshot.Organizations: "Example-Staff", snapshot.Links: "branch-offices"}[kind]
		path := map[snapshot.Kind]string{snapshot.Users: "/user/*/multi", snapshot.Organizations: "/organization", snapshot.Links: "/link"}[kind]
		t.Run(string(kind), func(t *testing.T) {
			s, wanted := living(t)
			second := edit(t, wanted, kind, name, nil).Clone()
			second["id"] = "00000000000000000000ffff"
			wanted.Resources[kind] = append(wanted.Resources[kind], second)
			plan := s.plan(wanted, restore.PlanOptions{Mode: restore.ModeResume})
			s.fault(simulator.Fault{Kind: simulator.FaultCut, Method: http.MethodPost, Path: path})
			if report, err := restore.Apply(t.Context(), s.client(), plan, quiet()); err != nil {
				t.Fatalf("%v\n%s", err, entries(report, restore.Failed))
			}
			count := 0
			for _, o := range s.export().Resources[kind] {
				if o.String("name") == name {
					count++
				}
			}
			if count != 2 {
				t.Errorf("%d %s %s, want 2", count, kind, name)
			}
		})
	}
}

// TestLostAnswersAreWaitedFor loses the answer to every request that creates
// something, in turn, while the server carries it out with long pauses.
func TestLostAnswersAreWaitedFor(t *testing.T) {
	wanted := rich(t)
	for _, path := range []string{"/organization", "/user/*/multi", "/server", "/link", "/link/*/location", "/link/*/location/*/host", "/admin"} {
		for nth := range 3 {
			s := slowly(t, func(r *simulator.Realism) {
				r.Certificate, r.Organization, r.Server, r.Request = 40*time.Second, 50*time.Second, 50*time.Second, 10*time.Second
				r.FrontEndLimit = 0
			})
			s.fault(simulator.Fault{Kind: simulator.FaultGone, Method: http.MethodPost, Path: path, Nth: nth + 1})
			report, err := s.run(wanted, starting())
			if err != nil {
				t.Fatalf("%s: %v\n%s", path, err, entries(report, restore.Failed))
			}
			s.proved(t, wanted, resuming())
		}
	}
}

// TestWaitingEnds loses a request that the server never gets. It is made again when
// nothing has come of it for the settle time, not much later.
func TestWaitingEnds(t *testing.T) {
	wanted := demo(t)
	for _, tt := range []struct {
		settle   time.Duration
		from, to time.Duration
	}{{0, 90 * time.Second, 110 * time.Second}, {30 * time.Second, 30 * time.Second, 40 * time.Second}, {-1, 0, 3 * time.Second}} {
		s := slowly(t, nil)
		plan := s.plan(wanted, restore.PlanOptions{})
		s.fault(simulator.Fault{Kind: simulator.FaultCut, Method: http.MethodPost, Path: "/link"})
		var sent []time.Time
		s.wire.before = func(r *http.Request) {
			if r.Method == http.MethodPost && r.URL.Path == "/link" {
				sent = append(sent, s.now())
			}
		}
		opts := s.patient()
		opts.Settle = tt.settle
		if _, err := restore.Apply(t.Context(), s.client(), plan, opts); err != nil {
			t.Fatal(err)
		}
		if len(sent) != 2 || sent[1].Sub(sent[0]) < tt.from || sent[1].Sub(sent[0]) > tt.to {
			t.Errorf("settle %s: sent at %v", tt.settle, sent)
		}
	}
}

// TestAnsweredFailuresAreNotWaitedFor gets a 500, which is an answer: nothing is
// still being made.
func TestAnsweredFailuresAreNotWaitedFor(t *testing.T) {
	wanted := demo(t)
	s := slowly(t, nil)
	plan := s.plan(wanted, restore.PlanOptions{})
	s.fault(simulator.Fault{Kind: simulator.FaultStatus, Status: 500, Method: http.MethodPost, Path: "/link"})
	opts := s.patient()
	opts.Progress = func(e restore.Event) {
		if e.Waiting && e.Kind == snapshot.Links {
			t.Errorf("waits: %s", e.Path)
		}
	}
	if _, err := restore.Apply(t.Context(), s.client(), plan, opts); err != nil {
		t.Fatal(err)
	}
}

// TestInterruptionIsSeenAfterEachAction interrupts during a request that succeeds.
func TestInterruptionIsSeenAfterEachAction(t *testing.T) {
	wanted := demo(t)
	for _, at := range []string{"POST /organization", "POST /user/", "POST /server", "POST /link", "PUT /settings"} {
		s := newTarget(t, simulator.Options{Hosts: 2})
		plan := s.plan(wanted, restore.PlanOptions{})
		ctx, cancel := context.WithCancel(t.Context())
		after := 0
		s.wire.before = func(r *http.Request) {
			if ctx.Err() != nil {
				after++
			}
			if strings.HasPrefix(r.Method+" "+r.URL.Path, at) {
				cancel()
			}
		}
		report, err := restore.Apply(ctx, s.client(), plan, quiet())
		if !errors.Is(err, context.Canceled) || after > 0 || report.Count(restore.Failed) > 0 || report.Count(restore.NotReached) == 0 {
			if at == "POST /server" && errors.Is(err, context.Canceled) && after == 0 && report.Count(restore.Failed) == 1 {
				continue // what it is born with is still there
			}
			t.Errorf("%s: %v, %d requests after it, %d failed, %d not reached\n%s", at, err, after, report.Count(restore.Failed), report.Count(restore.NotReached), entries(report, restore.Failed))
		}
		cancel()
	}
}

// TestFreshRunRightAfterAnInterruptedOne runs again before anything of the first
// request can be seen.
func TestFreshRunRightAfterAnInterruptedOne(t *testing.T) {
	everything := rich(t)
	only := rich(t)
	for _, kind := range []snapshot.Kind{snapshot.Organizations, snapshot.Users, snapshot.ServerOrganizations, snapshot.Settings} {
		only.Resources[kind] = nil
	}
	for first, wanted := range map[string]*snapshot.Document{"/organization": everything, "/server": only} {
		s := slowly(t, nil)
		plan := s.plan(wanted, restore.PlanOptions{})
		ctx, cancel := context.WithCancel(t.Context())
		s.fault(simulator.Fault{Kind: simulator.FaultGone, Method: http.MethodPost, Path: first})
		s.wire.before = func(r *http.Request) {
			if r.Method == http.MethodPost && r.URL.Path == first {
				cancel()
			}
		}
		if _, err := restore.Apply(ctx, s.client(), plan, s.patient()); err == nil {
			t.Fatal("the interrupted run did not fail")
		}
		s.wire = &wire{sim: s.sim}
		opts := restore.PlanOptions{Start: first == "/organization"}
		if report, err := s.run(wanted, opts); err != nil {
			t.Fatalf("%s: %v\n%s", first, err, entries(report, restore.Failed))
		}
		if first == "/organization" {
			s.proved(t, wanted, restore.PlanOptions{Mode: restore.ModeResume})
		}
		if st := s.sim.State(); st.Servers != 8 {
			t.Errorf("%s: %d servers", first, st.Servers)
		}
	}
}

// TestInterruptionWhileServersAreStartedAgain interrupts when the first request that
// starts a server again is cut: it is started all the same.
func TestInterruptionWhileServersAreStartedAgain(t *testing.T) {
	s, wanted := living(t)
	edit(t, wanted, snapshot.Servers, "office", map[string]any{"port": json.Number("2194")})
	edit(t, wanted, snapshot.Links, "branch-offices", map[string]any{"status": "offline"})
	plan := s.plan(wanted, update())
	s.fault(simulator.Fault{Kind: simulator.FaultCut, Path: "/server/*/operation/start"})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	s.wire.before = func(r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/operation/start") {
			cancel()
		}
	}
	report, err := restore.Apply(ctx, s.client(), plan, quiet())
	if !errors.Is(err, context.Canceled) || report.Count(restore.NotReached) == 0 {
		t.Errorf("got %v", err)
	}
	if got := status(t, s, "office"); got != "online" || len(report.Stopped) != 1 || report.Stopped[0].Now != "online" {
		t.Errorf("the server is %s, report %+v", got, report.Stopped)
	}
}
