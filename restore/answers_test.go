package restore_test

import (
	"context"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"pritunl-backup/restore"
	"pritunl-backup/simulator"
	"pritunl-backup/snapshot"
)

// TestUsersOfOneNameWhoseAnswerIsLost creates two users that differ in nothing. The answer is lost: each is found, and
// none is made again.
func TestUsersOfOneNameWhoseAnswerIsLost(t *testing.T) {
	wanted := demo(t)
	second := edit(t, wanted, snapshot.Users, "alice", nil).Clone()
	second["id"] = "00000000000000000000ffff"
	users := wanted.Resources[snapshot.Users]
	at := slices.IndexFunc(users, func(o snapshot.Object) bool { return o.String("name") == "alice" })
	wanted.Resources[snapshot.Users] = slices.Insert(users, at, second)
	s := newTarget(t, simulator.Options{Hosts: 2})
	plan := s.plan(wanted, restore.PlanOptions{})
	s.fault(simulator.Fault{Kind: simulator.FaultLost, Method: http.MethodPost, Path: "/user/*/multi", Times: 2})
	report, err := restore.Apply(t.Context(), s.client(), plan, quiet())
	if err != nil {
		t.Fatalf("%v\n%s", err, entries(report, restore.Failed))
	}
	assertSame(t, wanted, s.export(), "users.pin", "settings.server_cert")
	ids := map[string]string{}
	for _, e := range report.Entries {
		if e.Kind == snapshot.Users && ids[e.NewID] != "" {
			t.Errorf("%s and %s have one id", e.Path, ids[e.NewID])
		}
		ids[e.NewID] = e.Path
	}
}

// lateOrganization answers 500 to the second request for an organization, which comes when it has been looked for
// twice, or when something else is written.
type lateOrganization struct {
	http.RoundTripper
	held         *http.Request
	posts, looks int
}

func (l *lateOrganization) RoundTrip(r *http.Request) (*http.Response, error) {
	switch ours := r.URL.Path == "/organization"; {
	case ours && r.Method == http.MethodPost:
		if l.posts++; l.posts != 2 {
			break
		}
		body, err := readBody(r)
		l.held = r.Clone(context.WithoutCancel(r.Context()))
		l.held.Body = io.NopCloser(strings.NewReader(body))
		return respond(r, http.StatusInternalServerError, ""), err
	case l.held == nil:
	case ours:
		l.looks++
	}
	if l.held != nil && (l.looks > 2 || r.Method != http.MethodGet) {
		if _, err := l.RoundTripper.RoundTrip(l.held); err != nil {
			return nil, err
		}
		l.held = nil
	}
	return l.RoundTripper.RoundTrip(r)
}

// TestOrganizationsMayComeAfterAnError waits for an organization after a 500: its certificate may only be late.
func TestOrganizationsMayComeAfterAnError(t *testing.T) {
	wanted := demo(t)
	s := newTarget(t, simulator.Options{Hosts: 2})
	plan := s.plan(wanted, restore.PlanOptions{})
	client := s.clientOver(func(rt http.RoundTripper) http.RoundTripper { return &lateOrganization{RoundTripper: rt} })
	if report, err := restore.Apply(t.Context(), client, plan, quiet()); err != nil {
		t.Fatalf("%v\n%s", err, entries(report, restore.Failed))
	}
	if n := s.sim.State().Organizations; n != 2 {
		t.Errorf("%d organizations", n)
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// TestARefusalDuringAnInterruptionEndsTheRun interrupts during a request that is refused: nothing else is tried.
func TestARefusalDuringAnInterruptionEndsTheRun(t *testing.T) {
	wanted := demo(t)
	s := newTarget(t, simulator.Options{Hosts: 2})
	plan := s.plan(wanted, restore.PlanOptions{})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	client := s.clientOver(func(rt http.RoundTripper) http.RoundTripper {
		return roundTripper(func(r *http.Request) (*http.Response, error) {
			if r.Method == http.MethodPost && r.URL.Path == "/link" {
				cancel()
				return respond(r, http.StatusBadRequest, `{"error":"no","error_msg":"no"}`), nil
			}
			return rt.RoundTrip(r)
		})
	})
	report, err := restore.Apply(ctx, client, plan, quiet())
	if err == nil || report.Count(restore.Failed) != 1 || report.Count(restore.NotReached) == 0 {
		t.Errorf("%v: %d failed\n%s", err, report.Count(restore.Failed), entries(report, restore.Failed))
	}
}

// TestAServerWithoutADefaultRoute has addresses of both families: of the routes it is born with, that of the other
// family cannot be deleted.
func TestAServerWithoutADefaultRoute(t *testing.T) {
	wanted := demo(t)
	office := edit(t, wanted, snapshot.Servers, "office", nil).String("id")
	remove(wanted, snapshot.ServerRoutes, func(o snapshot.Object) bool {
		return o.String("server") == office && (o.String("network") == "0.0.0.0/0" || o.String("network") == "::/0")
	})
	s := newTarget(t, simulator.Options{Hosts: 2})
	s.restore(wanted, restore.PlanOptions{})
	assertSame(t, wanted, s.export(), "users.pin", "settings.server_cert")
}

// TestAnOrganizationOfSomebodyElseIsNotTaken has somebody create an organization of the name of the first one, with
// another setting, just before the run does.
func TestAnOrganizationOfSomebodyElseIsNotTaken(t *testing.T) {
	wanted := demo(t)
	s := newTarget(t, simulator.Options{Hosts: 2})
	plan, other := s.plan(wanted, restore.PlanOptions{}), s.client()
	s.wire.before = func(r *http.Request) {
		if r.Method != http.MethodPost || r.URL.Path != "/organization" {
			return
		}
		s.wire.before = nil
		s.wire.mu.Unlock()
		defer s.wire.mu.Lock()
		if _, err := other.CreateOrganization(t.Context(), map[string]any{"name": "Example-Contractors", "auth_api": !edit(t, wanted, snapshot.Organizations, "Example-Contractors", nil).Bool("auth_api")}); err != nil {
			t.Error(err)
		}
	}
	if report, err := restore.Apply(t.Context(), s.client(), plan, quiet()); err != nil {
		t.Fatalf("%v\n%s", err, entries(report, restore.Failed))
	}
	count := 0
	for _, o := range s.export().Resources[snapshot.Organizations] {
		if o.String("name") == "Example-Contractors" {
			count++
		}
	}
	if count != 2 {
		t.Errorf("%d organizations of the name, want that of the other and the restored one", count)
	}
}
