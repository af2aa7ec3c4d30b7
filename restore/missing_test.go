package restore_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"pritunl-backup/export"
	"pritunl-backup/restore"
	"pritunl-backup/simulator"
	"pritunl-backup/snapshot"
)

// exportKinds reads some kinds of the instance.
func (s *target) exportKinds(kinds []snapshot.Kind) *snapshot.Document {
	s.t.Helper()
	fresh := &target{t: s.t, sim: s.sim, wire: &wire{sim: s.sim}}
	var out bytes.Buffer
	header := snapshot.Header{Tool: "test", Secrets: snapshot.SecretsKeep, Source: snapshot.Source{Kind: snapshot.SourceAPI}}
	_, err := export.FromAPI(s.t.Context(), fresh.client(), func() (io.Writer, error) { out.Reset(); return &out, nil },
		export.Options{Header: header, Kinds: kinds, Parallel: 1})
	if err != nil {
		s.t.Fatal(err)
	}
	doc, err := snapshot.Load(&out)
	if err != nil {
		s.t.Fatal(err)
	}
	return doc
}

func without(missing ...snapshot.Kind) []snapshot.Kind {
	return slices.DeleteFunc(snapshot.Kinds(), func(k snapshot.Kind) bool { return slices.Contains(missing, k) })
}

// restored brings a snapshot that lacks kinds onto an instance, reading no more of it than is needed, and proves it.
func restored(t fataler, s *target, wanted *snapshot.Document, opts restore.PlanOptions) *restore.Plan {
	t.Helper()
	plan, err := restore.NewPlan(s.exportKinds(restore.LiveKinds(wanted.Header)), wanted, opts)
	if err != nil {
		t.Fatalf("plan: %v", err)
	}
	report, err := restore.Apply(s.t.Context(), s.client(), plan, quiet())
	if err != nil {
		t.Fatalf("apply: %v\n%s", err, entries(report, restore.Failed))
	}
	assertProved(t, plan, s.exportKinds(restore.LiveKinds(wanted.Header)))
	return plan
}

// TestSnapshotsThatLackKinds restores snapshots without one kind, or several: into a fresh instance, onto the one they
// are of, and, with everything unknown to be deleted, onto that with changes.
func TestSnapshotsThatLackKinds(t *testing.T) {
	for _, kind := range snapshot.Kinds() {
		t.Run(string(kind), func(t *testing.T) { restoreWithout(t, t, kind) })
	}
	if testing.Short() {
		return
	}
	t.Run("subsets", func(t *testing.T) {
		rapid.Check(t, func(rt *rapid.T) {
			missing := rapid.SliceOfNDistinct(rapid.SampledFrom(snapshot.Kinds()), 2, 11, rapid.ID[snapshot.Kind]).Draw(rt, "missing")
			restoreWithout(t, rt, missing...)
		})
	})
}

func restoreWithout(t *testing.T, f fataler, missing ...snapshot.Kind) {
	f.Helper()
	source := newTarget(t, simulator.Options{Seed: "demo"})
	wanted := source.exportKinds(without(missing...))

	fresh := newTarget(t, simulator.Options{Hosts: 2})
	restored(f, fresh, wanted, restore.PlanOptions{Start: true})
	resume := restore.PlanOptions{Mode: restore.ModeResume, Start: true}
	second, err := restore.NewPlan(fresh.exportKinds(restore.LiveKinds(wanted.Header)), wanted, resume)
	if err != nil {
		f.Fatalf("resume: %v", err)
	}
	assertEmpty(f, second)

	before := source.export()
	restored(f, source, wanted, pruning())
	assertSame(f, before, source.export())

	if slices.Contains(missing, snapshot.Organizations) {
		return // no organization of the snapshot would be there to tell the new one from
	}
	raw, err := source.client().CreateOrganization(t.Context(), map[string]any{"name": "stranger"})
	if err != nil {
		f.Fatalf("%v", err)
	}
	var org struct{ ID string }
	if err := json.Unmarshal(raw, &org); err != nil {
		f.Fatalf("%v", err)
	}
	plan := restored(f, source, wanted, pruning())
	if n := len(plan.Deletes()); n != 1 {
		f.Errorf("%d deletes, want the new organization", n)
	}
	assertSame(f, before, source.export())
}

// TestWhatASnapshotDoesNotKnowIsNotDeleted adds, to a living instance, something of each kind, and prunes it by a
// snapshot that lacks the kind.
func TestWhatASnapshotDoesNotKnowIsNotDeleted(t *testing.T) {
	added := map[snapshot.Kind]func(t *testing.T, live *snapshot.Document){
		snapshot.Administrators: func(_ *testing.T, live *snapshot.Document) {
			live.Resources[snapshot.Administrators] = append(live.Resources[snapshot.Administrators], snapshot.Object{"id": "f00000000000000000000001", "username": "stranger"})
		},
		snapshot.Organizations: func(_ *testing.T, live *snapshot.Document) {
			live.Resources[snapshot.Organizations] = append(live.Resources[snapshot.Organizations], snapshot.Object{"id": "f00000000000000000000002", "name": "stranger"})
		},
		snapshot.Servers: func(t *testing.T, live *snapshot.Document) {
			t.Helper()
			o := edit(t, live, snapshot.Servers, "contractors", nil).Clone()
			o["id"], o["name"], o["network"], o["port"] = "f00000000000000000000003", "stranger", "10.222.0.0/24", json.Number("2222")
			live.Resources[snapshot.Servers] = append(live.Resources[snapshot.Servers], o)
		},
		snapshot.ServerRoutes: func(t *testing.T, live *snapshot.Document) {
			t.Helper()
			live.Resources[snapshot.ServerRoutes] = append(live.Resources[snapshot.ServerRoutes], snapshot.Object{
				"server": edit(t, live, snapshot.Servers, "office", nil).String("id"), "id": "aa", "network": "10.223.0.0/24",
			})
		},
		snapshot.ServerOrganizations: func(t *testing.T, live *snapshot.Document) {
			t.Helper()
			live.Resources[snapshot.ServerOrganizations] = append(live.Resources[snapshot.ServerOrganizations], snapshot.Object{
				"server": edit(t, live, snapshot.Servers, "office", nil).String("id"), "id": edit(t, live, snapshot.Organizations, "Example-Contractors", nil).String("id"),
			})
		},
		snapshot.ServerHosts: func(t *testing.T, live *snapshot.Document) {
			t.Helper()
			live.Resources[snapshot.ServerHosts] = append(live.Resources[snapshot.ServerHosts], snapshot.Object{
				"server": edit(t, live, snapshot.Servers, "contractors", nil).String("id"), "id": edit(t, live, snapshot.Hosts, "vpn-2", nil).String("id"),
			})
		},
		snapshot.ServerLinks: func(t *testing.T, live *snapshot.Document) {
			t.Helper()
			live.Resources[snapshot.ServerLinks] = append(live.Resources[snapshot.ServerLinks], snapshot.Object{
				"server": edit(t, live, snapshot.Servers, "office", nil).String("id"), "id": edit(t, live, snapshot.Servers, "contractors", nil).String("id"),
			})
		},
		snapshot.Links: func(_ *testing.T, live *snapshot.Document) {
			live.Resources[snapshot.Links] = append(live.Resources[snapshot.Links], snapshot.Object{"id": "f00000000000000000000004", "name": "stranger", "type": "site_to_site", "status": "online"})
		},
		snapshot.Locations: func(t *testing.T, live *snapshot.Document) {
			t.Helper()
			o := edit(t, live, snapshot.Locations, "berlin", nil).Clone()
			o["id"], o["name"], o["hosts"], o["routes"], o["peers"] = "f00000000000000000000005", "stranger", []any{}, []any{}, []any{}
			live.Resources[snapshot.Locations] = append(live.Resources[snapshot.Locations], o)
		},
		snapshot.Users: func(t *testing.T, live *snapshot.Document) {
			t.Helper()
			o := edit(t, live, snapshot.Users, "alice", nil).Clone()
			o["id"], o["name"] = "f00000000000000000000006", "stranger"
			live.Resources[snapshot.Users] = append(live.Resources[snapshot.Users], o)
		},
	}
	for kind, add := range added {
		t.Run(string(kind), func(t *testing.T) {
			live, wanted := twice(t)
			add(t, live)
			plan, err := restore.NewPlan(live, wanted, pruning())
			if err != nil || len(plan.Deletes()) == 0 {
				t.Fatalf("with the kind: %v, %d deletes: the test looks at nothing", err, len(plan.Deletes()))
			}
			wanted.Header.Skipped = []snapshot.Kind{kind}
			delete(wanted.Resources, kind)
			if plan, err = restore.NewPlan(live, wanted, pruning()); err != nil {
				t.Fatal(err)
			}
			for _, a := range plan.Deletes() {
				t.Errorf("deletes %s %s", a.Kind, a.Path)
			}
			// A snapshot that holds some of a kind that could not be read whole.
			partial := demo(t)
			partial.Header.Complete, partial.Header.Unreadable = false, []snapshot.Unreadable{{Kind: kind, Reason: "timed out"}}
			if plan, err = restore.NewPlan(live, partial, pruning()); err != nil {
				t.Fatal(err)
			}
			for _, a := range plan.Deletes() {
				t.Errorf("deletes %s %s by a snapshot that holds a part", a.Kind, a.Path)
			}
		})
	}
}

// TestResumeOfASnapshotThatHoldsAPart goes on with a snapshot that holds some links of several: one that it does not
// know is no stranger that keeps the run from going on.
func TestResumeOfASnapshotThatHoldsAPart(t *testing.T) {
	wanted := demo(t)
	s := newTarget(t, simulator.Options{Hosts: 2})
	s.restore(wanted, restore.PlanOptions{Start: true})
	if _, err := s.client().CreateLink(t.Context(), map[string]any{"name": "another", "type": "site_to_site"}); err != nil {
		t.Fatal(err)
	}
	resume := restore.PlanOptions{Mode: restore.ModeResume, Start: true}
	var refused *restore.RefusedError
	if _, err := restore.NewPlan(s.export(), wanted, resume); !errors.As(err, &refused) {
		t.Errorf("with a link that a whole snapshot does not have: %v", err)
	}
	wanted.Header.Complete, wanted.Header.Unreadable = false, []snapshot.Unreadable{{Kind: snapshot.Links, Reason: "timed out"}}
	plan, err := restore.NewPlan(s.export(), wanted, resume)
	if err != nil {
		t.Fatal(err)
	}
	assertEmpty(t, plan)
}

// TestAFreshTargetIsFreshWithoutKindsToo looks at what shows that a target is in use although the snapshot lacks it.
func TestAFreshTargetIsFreshWithoutKindsToo(t *testing.T) {
	source := newTarget(t, simulator.Options{Seed: "demo"})
	for _, missing := range [][]snapshot.Kind{{snapshot.Users}, {snapshot.Organizations, snapshot.Users}, {snapshot.Servers, snapshot.Users, snapshot.Links}} {
		wanted := source.exportKinds(without(missing...))
		live := newTarget(t, simulator.Options{Seed: "users=3", Random: 9}).exportKinds(restore.LiveKinds(wanted.Header))
		_, err := restore.NewPlan(live, wanted, restore.PlanOptions{MapHosts: map[string]string{"vpn-2": ""}})
		if err == nil || !strings.Contains(err.Error(), "not empty") || strings.Contains(hint(err), "--resume") {
			t.Errorf("without %v: %v, %q", missing, err, hint(err))
		}
	}
}

func TestALiveStateThatLacksWhatAPlanNeeds(t *testing.T) {
	source := newTarget(t, simulator.Options{Seed: "demo"})
	for _, kind := range []snapshot.Kind{snapshot.Settings, snapshot.Organizations, snapshot.Servers, snapshot.ServerOrganizations, snapshot.Users} {
		if _, err := restore.NewPlan(source.exportKinds(without(kind)), source.export(), update()); err == nil || !strings.Contains(err.Error(), "lacks "+string(kind)) {
			t.Errorf("%s: %v", kind, err)
		}
	}
}

// TestASnapshotOfUsersAlone finds their organizations on the instance that it is of, and nowhere else.
func TestASnapshotOfUsersAlone(t *testing.T) {
	s := newTarget(t, simulator.Options{Seed: "demo"})
	wanted := s.exportKinds([]snapshot.Kind{snapshot.Users})
	edit(t, wanted, snapshot.Users, "alice", map[string]any{"disabled": true})
	plan := restored(t, s, wanted, pruning())
	if changed := onlyChanges(t, plan); len(changed) != 1 {
		t.Errorf("changes: %+v", changed)
	}
	assertSame(t, wanted, s.exportKinds([]snapshot.Kind{snapshot.Users}))

	fresh := newTarget(t, simulator.Options{Hosts: 2})
	plan = restored(t, fresh, wanted, restore.PlanOptions{})
	outcome, err := restore.Verify(plan, fresh.export())
	if err != nil || plan.Writes() != 0 || plan.Count(restore.Cannot) != 25 || outcome.Count(restore.Limit) != 25 {
		t.Errorf("%v: %s, %d limits: want each user named", err, plan.Summary(), outcome.Count(restore.Limit))
	}
}
