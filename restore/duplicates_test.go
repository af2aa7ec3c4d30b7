package restore_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"pritunl-backup/restore"
	"pritunl-backup/simulator"
	"pritunl-backup/snapshot"
)

func resume() restore.PlanOptions { return restore.PlanOptions{Mode: restore.ModeResume} }

// half gives an instance with the demo restored into it, as an interrupted run may have left it, and the snapshot.
func half(t *testing.T) (*target, *snapshot.Document) {
	t.Helper()
	s, wanted := newTarget(t, simulator.Options{Hosts: 2}), demo(t)
	s.restore(wanted, restore.PlanOptions{})
	return s, wanted
}

func id(t *testing.T, raw json.RawMessage, err error) string {
	t.Helper()
	var o struct{ ID string }
	if err != nil || json.Unmarshal(raw, &o) != nil || o.ID == "" {
		t.Fatalf("no id in %s: %v", raw, err)
	}
	return o.ID
}

// again makes an object a second time, as a request does that is carried out after the client has gone.
func (s *target) again(t *testing.T, kind snapshot.Kind) {
	t.Helper()
	live, client := s.export(), s.client()
	copied := func(name string) map[string]any {
		o := edit(t, live, kind, name, nil).Clone()
		delete(o, "id")
		delete(o, "pin")
		return o
	}
	switch kind {
	case snapshot.Users:
		raw, err := json.Marshal(copied("alice"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := client.CreateUsers(t.Context(), edit(t, live, snapshot.Organizations, "Example-Staff", nil).String("id"), []json.RawMessage{raw}); err != nil {
			t.Fatal(err)
		}
	case snapshot.Organizations:
		raw, err := client.CreateOrganization(t.Context(), map[string]any{"name": "Example-Contractors", "auth_api": edit(t, live, kind, "Example-Contractors", nil).Bool("auth_api")})
		org := id(t, raw, err)
		user := edit(t, live, snapshot.Users, "designer", nil).Clone()
		delete(user, "pin")
		raw, err = json.Marshal(user)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := client.CreateUsers(t.Context(), org, []json.RawMessage{raw}); err != nil {
			t.Fatal(err)
		}
	case snapshot.Links:
		raw, err := client.CreateLink(t.Context(), copied("branch-offices"))
		link := id(t, raw, err)
		raw, err = client.CreateLocation(t.Context(), link, map[string]any{"name": "berlin"})
		id(t, raw, err)
	case snapshot.Locations:
		raw, err := client.CreateLocation(t.Context(), edit(t, live, snapshot.Links, "branch-offices", nil).String("id"), map[string]any{"name": "berlin"})
		id(t, raw, err)
	}
}

// TestDuplicatesOfAnInterruptedRun are recognised, listed with a reason, and deleted by the next run.
func TestDuplicatesOfAnInterruptedRun(t *testing.T) {
	for _, kind := range []snapshot.Kind{snapshot.Users, snapshot.Organizations, snapshot.Links, snapshot.Locations} {
		for _, times := range []int{1, 2} {
			t.Run(string(kind), func(t *testing.T) {
				s, wanted := half(t)
				before := s.export()
				for range times {
					s.again(t, kind)
				}
				_, err := restore.NewPlan(s.export(), wanted, restore.PlanOptions{})
				var refused *restore.RefusedError
				if !errors.As(err, &refused) || !strings.Contains(hint(err), "--resume goes on") {
					t.Errorf("a fresh run: %v, hint %q", err, hint(err))
				}
				plan := s.plan(wanted, resume())
				if n := len(plan.Duplicates()); n != times || len(plan.Deletes()) != times || plan.Writes() != times {
					t.Errorf("%d duplicates, want %d: %s", n, times, plan.Summary())
				}
				for _, a := range plan.Duplicates() {
					if !strings.HasPrefix(a.Reason, "duplicate of ") || !strings.HasSuffix(a.Reason, ", left by an interrupted restore") {
						t.Errorf("reason %q", a.Reason)
					}
				}
				if outcome, err := restore.Verify(plan, s.export()); err != nil || outcome.Equal {
					t.Errorf("a duplicate that is still there: %v, %+v", err, outcome)
				}
				s.restoreOnly(plan)
				proved(t, s, plan)
				assertSame(t, before, s.export())
				if a, b := ids(before), ids(s.export()); !slices.Equal(a, b) {
					t.Error("the younger one was kept")
				}
			})
		}
	}
}

// TestADuplicateHostOfALocation is about parts of a part.
func TestADuplicateHostOfALocation(t *testing.T) {
	s, wanted := half(t)
	live := s.export()
	location := edit(t, live, snapshot.Locations, "lisbon", nil)
	host := location.Objects("hosts")[0].Clone()
	location["hosts"] = append(location["hosts"].([]any), map[string]any(host))
	host["id"] = "ffffffffffffffffffffffff"
	plan, err := restore.NewPlan(live, wanted, resume())
	if err != nil || len(plan.Duplicates()) != 1 || plan.Duplicates()[0].NewID != "ffffffffffffffffffffffff" {
		t.Errorf("%v: %+v", err, plan.Duplicates())
	}
}

// TestWhatIsNoDuplicate is refused with a way out: it differs, or somebody uses it.
func TestWhatIsNoDuplicate(t *testing.T) {
	tests := map[string]func(t *testing.T, live *snapshot.Document){
		"a user who differs": func(t *testing.T, live *snapshot.Document) {
			t.Helper()
			double(t, live, snapshot.Users, "alice", map[string]any{"groups": []any{"other"}})
		},
		"a user with a pin": func(t *testing.T, live *snapshot.Document) {
			t.Helper()
			double(t, live, snapshot.Users, "alice", map[string]any{"pin": true})
		},
		"a user with a device": func(t *testing.T, live *snapshot.Document) {
			t.Helper()
			double(t, live, snapshot.Users, "alice", map[string]any{"devices": []any{map[string]any{"name": "phone"}}})
		},
		"an organization that is attached": func(t *testing.T, live *snapshot.Document) {
			t.Helper()
			double(t, live, snapshot.Organizations, "Example-Contractors", nil)
			live.Resources[snapshot.ServerOrganizations] = append(live.Resources[snapshot.ServerOrganizations], snapshot.Object{
				"id": "ffffffffffffffffffffffff", "server": edit(t, live, snapshot.Servers, "office", nil).String("id"),
			})
		},
		"an organization with a user of its own": func(t *testing.T, live *snapshot.Document) {
			t.Helper()
			double(t, live, snapshot.Organizations, "Example-Contractors", nil)
			user := edit(t, live, snapshot.Users, "alice", nil).Clone()
			user["id"], user["organization"] = "eeeeeeeeeeeeeeeeeeeeeeee", "ffffffffffffffffffffffff"
			live.Resources[snapshot.Users] = append(live.Resources[snapshot.Users], user)
		},
		"a server": func(t *testing.T, live *snapshot.Document) {
			t.Helper()
			double(t, live, snapshot.Servers, "office", map[string]any{"name": "stranger", "network": "10.220.0.0/24", "port": json.Number("2020")})
		},
	}
	for name, change := range tests {
		t.Run(name, func(t *testing.T) {
			s, wanted := half(t)
			live := s.export()
			change(t, live)
			plan, err := restore.NewPlan(live, wanted, resume())
			var refused *restore.RefusedError
			if !errors.As(err, &refused) || !strings.Contains(hint(err), "--on-existing update") || !strings.Contains(hint(err), "by hand") {
				t.Fatalf("got %v, hint %q", err, hint(err))
			}
			if n := len(plan.Duplicates()); n > 0 {
				t.Errorf("%d duplicates", n)
			}
			// The way out is one.
			if plan, err = restore.NewPlan(live, wanted, update()); err != nil || len(plan.Deletes()) > 0 {
				t.Errorf("--on-existing update: %v", err)
			}
		})
	}
}

func double(t *testing.T, live *snapshot.Document, kind snapshot.Kind, name string, values map[string]any) {
	t.Helper()
	o := edit(t, live, kind, name, nil).Clone()
	o["id"] = "ffffffffffffffffffffffff"
	for k, v := range values {
		o[k] = v
	}
	live.Resources[kind] = append(live.Resources[kind], o)
}

// TestDuplicatesAreDeletedInNoOtherMode leaves them to --prune, and what was left out by an option alone.
func TestDuplicatesAreDeletedInNoOtherMode(t *testing.T) {
	s, wanted := half(t)
	s.again(t, snapshot.Users)
	if plan := s.plan(wanted, update()); len(plan.Deletes()) > 0 {
		t.Error("an update deletes them")
	}
	opts := resume()
	opts.Skip = filters(t, "users=alice")
	if plan, err := restore.NewPlan(s.export(), wanted, opts); err == nil && len(plan.Deletes()) > 0 {
		t.Error("what was left out is deleted")
	}
}

// TestBornPartsNeedNoConfirmation tells what a new server is born with from what has to be confirmed.
func TestBornPartsNeedNoConfirmation(t *testing.T) {
	s, wanted := half(t)
	office := edit(t, s.export(), snapshot.Servers, "contractors", nil).String("id")
	if _, err := s.client().AddServerRoute(t.Context(), office, map[string]any{"network": "8.8.8.8/32", "nat": true}); err != nil {
		t.Fatal(err)
	}
	plan := s.plan(wanted, resume())
	if len(plan.Deletes()) != 0 || plan.Count(restore.Delete) != 1 {
		t.Errorf("%d to confirm of %d deletions", len(plan.Deletes()), plan.Count(restore.Delete))
	}
}

// TestDuplicatesThatAreStillBeingMade goes on while the server makes the users of a request for the second time. All of
// them are there when the plan that deletes them is made.
func TestDuplicatesThatAreStillBeingMade(t *testing.T) {
	wanted := rich(t)
	s := slowly(t, nil)
	if report, err := s.run(wanted, starting()); err != nil {
		t.Fatalf("%v\n%s", err, entries(report, restore.Failed))
	}
	s.clock.Advance(5 * time.Minute) // all that is made in advance is ready
	field := edit(t, s.export(), snapshot.Organizations, "Field", nil).String("id")
	var users []json.RawMessage
	for _, n := range []int{0, 2, 3, 5, 6, 8, 9, 11} { // without networks behind them
		users = append(users, json.RawMessage(fmt.Sprintf(`{"name":"field%02d","email":"field%02d@example.com"}`, n, n)))
	}
	s.fault(simulator.Fault{Kind: simulator.FaultGone, Method: http.MethodPost, Path: "/user/*/multi"})
	if _, err := s.client().CreateUsers(t.Context(), field, users); err == nil {
		t.Fatal("the answer came")
	}
	s.clock.Advance(time.Second)
	if n := s.sim.State().Users; n <= len(wanted.Resources[snapshot.Users]) || n >= len(wanted.Resources[snapshot.Users])+len(users) {
		t.Fatalf("%d users: none is there twice, or all are already", n)
	}
	if report, err := s.run(wanted, resuming()); err != nil {
		t.Fatalf("%v\n%s", err, entries(report, restore.Failed))
	}
	s.clock.Advance(time.Minute)
	s.proved(t, wanted, resuming())
}

// TestUsersOfServersAreNotWhatIsWaitedFor looks for two users that an interrupted run may have asked for. The list has
// two more that the server keeps for servers, which no snapshot holds.
func TestUsersOfServersAreNotWhatIsWaitedFor(t *testing.T) {
	wanted := demo(t)
	s := slowly(t, nil)
	if report, err := s.run(wanted, restore.PlanOptions{}); err != nil {
		t.Fatalf("%v\n%s", err, entries(report, restore.Failed))
	}
	live := s.export()
	staff := edit(t, live, snapshot.Organizations, "Example-Staff", nil).String("id")
	for _, name := range []string{"alice", "bob"} {
		if err := s.client().DeleteUser(t.Context(), staff, edit(t, live, snapshot.Users, name, nil).String("id")); err != nil {
			t.Fatal(err)
		}
	}
	client := s.clientOver(func(rt http.RoundTripper) http.RoundTripper {
		return roundTripper(func(r *http.Request) (*http.Response, error) {
			if r.URL.Path != "/user/"+staff {
				return rt.RoundTrip(r)
			}
			return respond(r, http.StatusOK, `[{"id":"0000000000000000000000f1","type":"server","name":"s1"},{"id":"0000000000000000000000f2","type":"server","name":"s2"}]`), nil
		})
	})
	began := s.now()
	grown, err := restore.WaitQuiet(t.Context(), client, s.plan(wanted, resume()), s.patient())
	if waited := s.now().Sub(began); err != nil || grown || waited < 90*time.Second {
		t.Errorf("%v: grown %v after %s", err, grown, waited)
	}
}
