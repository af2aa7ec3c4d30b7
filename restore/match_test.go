package restore_test

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"pritunl-backup/restore"
	"pritunl-backup/simulator"
	"pritunl-backup/snapshot"
)

// twice reads the demo twice, with the same ids.
func twice(t *testing.T) (a, b *snapshot.Document) {
	t.Helper()
	s := newTarget(t, simulator.Options{Seed: "demo"})
	return s.export(), s.export()
}

func pruning() restore.PlanOptions {
	return restore.PlanOptions{Mode: restore.ModeUpdate, Prune: true}
}

// only fails the test when a plan creates or deletes anything, and gives what it changes.
func onlyChanges(t *testing.T, plan *restore.Plan) (changed []*restore.Action) {
	t.Helper()
	for _, a := range plan.Actions {
		switch a.Verb {
		case restore.Create, restore.Delete:
			t.Errorf("%s %s %s", a.Verb, a.Kind, a.Path)
		case restore.Changing:
			changed = append(changed, a)
		}
	}
	return changed
}

// proved applies nothing: it wants the target to be what the plan was for.
func proved(t *testing.T, s *target, plan *restore.Plan) {
	t.Helper()
	assertProved(t, plan, s.export())
}

// TestARenameIsOneChange renames, on the target, an object of each kind that has an id: rolling back gives the name
// back to the same object.
func TestARenameIsOneChange(t *testing.T) {
	tests := []struct {
		kind   snapshot.Kind
		name   string
		to     map[string]any
		fields string
	}{
		{kind: snapshot.Organizations, name: "Example-Staff", to: map[string]any{"name": "People"}, fields: "name"},
		{kind: snapshot.Users, name: "alice", to: map[string]any{"name": "alicia", "email": "alicia@example.com"}, fields: "name email"},
		{kind: snapshot.Users, name: "alice", to: map[string]any{"email": nil}, fields: "email"},
		{kind: snapshot.Servers, name: "office", to: map[string]any{"name": "head-office"}, fields: "name"},
		{kind: snapshot.Links, name: "branch-offices", to: map[string]any{"name": "branches"}, fields: "name"},
		{kind: snapshot.Locations, name: "berlin", to: map[string]any{"name": "bonn"}, fields: "name"},
		{kind: snapshot.Administrators, name: "auditor", to: map[string]any{"username": "examiner"}, fields: "username"},
	}
	for _, tt := range tests {
		t.Run(string(tt.kind)+" "+tt.fields, func(t *testing.T) {
			s, wanted := living(t)
			edit(t, wanted, tt.kind, tt.name, tt.to)
			before := ids(s.export())
			plan, _ := s.restore(wanted, pruning())
			changed := onlyChanges(t, plan)
			if len(changed) != 1 || strings.Join(fieldsOf(changed[0]), " ") != tt.fields {
				t.Fatalf("%d changes: %+v", len(changed), changed)
			}
			for _, v := range tt.to {
				if name, ok := v.(string); ok && tt.kind != snapshot.Users && !strings.HasSuffix(changed[0].Path, name) {
					t.Errorf("path %q does not say the wanted name %q", changed[0].Path, name)
				}
			}
			if changed[0].Fields[0].Old == changed[0].Fields[0].New {
				t.Errorf("nothing old and new: %+v", changed[0].Fields[0])
			}
			if after := ids(s.export()); !slices.Equal(before, after) {
				t.Error("an object has another id than before")
			}
			proved(t, s, plan)
			assertSame(t, wanted, s.export())
			assertEmpty(t, s.plan(wanted, pruning()))
		})
	}
}

func TestARenamedLocationHostIsOneChange(t *testing.T) {
	s, wanted := living(t)
	host := edit(t, wanted, snapshot.Locations, "lisbon", nil).Objects("hosts")[0]
	host["name"] = "lis-gw9"
	plan, _ := s.restore(wanted, pruning())
	if changed := onlyChanges(t, plan); len(changed) != 1 || changed[0].Kind != restore.LocationHosts {
		t.Errorf("%+v", changed)
	}
	proved(t, s, plan)
	assertEmpty(t, s.plan(wanted, pruning()))
}

func fieldsOf(a *restore.Action) (names []string) {
	for _, c := range a.Fields {
		names = append(names, c.Path)
	}
	return names
}

// ids gives the ids of everything that loses something when it is made anew.
func ids(doc *snapshot.Document) (all []string) {
	for _, kind := range []snapshot.Kind{snapshot.Organizations, snapshot.Users, snapshot.Servers, snapshot.Links, snapshot.Locations, snapshot.Administrators} {
		for _, o := range doc.Resources[kind] {
			all = append(all, string(kind)+" "+o.String("id"))
			for _, host := range o.Objects("hosts") {
				all = append(all, "host "+host.String("id"))
			}
		}
	}
	slices.Sort(all)
	return all
}

// TestNamesThatAreSwapped gives two objects each other's names, and two servers each other's networks and ports too,
// with a third one that takes what becomes free.
func TestNamesThatAreSwapped(t *testing.T) {
	s, wanted := living(t)
	before := ids(s.export())
	swap := func(kind snapshot.Kind, a, b string, fields ...string) {
		x, y := edit(t, wanted, kind, a, nil), edit(t, wanted, kind, b, nil)
		for _, f := range fields {
			x[f], y[f] = y[f], x[f]
		}
	}
	swap(snapshot.Users, "alice", "bob", "name", "email")
	swap(snapshot.Organizations, "Example-Staff", "Example-Contractors", "name")
	swap(snapshot.Servers, "office", "contractors", "name")
	swap(snapshot.Locations, "berlin", "lisbon", "name")
	edit(t, wanted, snapshot.Servers, "datacentre-west", map[string]any{"network": "10.10.0.0/24", "port": json.Number("1194")})
	edit(t, wanted, snapshot.Servers, "contractors", map[string]any{"network": "10.99.0.0/24", "port": json.Number("1999"), "protocol": "udp"}) // office until now
	plan, _ := s.restore(wanted, pruning())
	onlyChanges(t, plan)
	proved(t, s, plan)
	assertSame(t, wanted, s.export())
	if after := ids(s.export()); !slices.Equal(before, after) {
		t.Error("an object has another id than before")
	}
}

// TestANewObjectThatTookTheOldName is not taken for the one that had it.
func TestANewObjectThatTookTheOldName(t *testing.T) {
	s, wanted := living(t)
	office := edit(t, wanted, snapshot.Servers, "office", nil).String("id")
	edited := s.export()
	edit(t, edited, snapshot.Servers, "office", map[string]any{"name": "old-office"})
	edit(t, edited, snapshot.Users, "alice", map[string]any{"name": "former-alice"})
	s.restore(edited, update())
	org := edit(t, wanted, snapshot.Organizations, "Example-Staff", nil).String("id")
	if _, err := s.client().CreateServer(t.Context(), map[string]any{"name": "office", "network": "10.77.0.0/24", "port": 7777, "protocol": "udp", "cipher": "aes128", "hash": "sha1"}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.client().CreateUsers(t.Context(), org, []json.RawMessage{[]byte(`{"name":"alice","email":"alice@example.com"}`)}); err != nil {
		t.Fatal(err)
	}
	plan, _ := s.restore(wanted, pruning())
	for _, a := range plan.Actions {
		if a.Kind == snapshot.Servers && a.Verb == restore.Changing && (a.NewID != office || a.Fields[0].New != "office" || a.Fields[0].Old != "old-office") {
			t.Errorf("changes %s %+v", a.NewID, a.Fields)
		}
		if a.Verb == restore.Create {
			t.Errorf("creates %s %s", a.Kind, a.Path)
		}
	}
	if n := len(plan.Deletes()); n != 2 {
		t.Errorf("%d deletes, want the new server and the new user", n)
	}
	proved(t, s, plan)
	assertSame(t, wanted, s.export())
}

// TestAUserWhoWasMovedIsMovedBack plans the move as a change, and writes it through the wanted organization.
func TestAUserWhoWasMovedIsMovedBack(t *testing.T) {
	s, wanted := living(t)
	contractors := edit(t, wanted, snapshot.Organizations, "Example-Contractors", nil).String("id")
	alice := edit(t, wanted, snapshot.Users, "alice", map[string]any{"organization": contractors}).String("id")
	plan := s.plan(wanted, pruning())
	changed := onlyChanges(t, plan)
	if len(changed) != 1 || changed[0].Path != "Example-Contractors / alice <alice@example.com>" {
		t.Fatalf("%+v", changed)
	}
	if c := changed[0].Fields[0]; c.Path != "organization" || c.Old != "Example-Staff" || c.New != "Example-Contractors" {
		t.Errorf("%+v", c)
	}
	s.restoreOnly(plan)
	if !slices.Contains(s.wire.writes, "PUT /user/"+contractors+"/"+alice) {
		t.Errorf("wrote %v", s.wire.writes)
	}
}

// TestAMovedUserLeavesNetworkLinksBehind moves a user who has got a network link in the other organization, which only
// that one can remove, back.
func TestAMovedUserLeavesNetworkLinksBehind(t *testing.T) {
	s, wanted := living(t)
	other := edit(t, wanted, snapshot.Organizations, "Example-Contractors", nil).String("id")
	alice := edit(t, wanted, snapshot.Users, "alice", nil)
	moved := alice.Clone()
	moved["network_links"], moved["pin"] = append([]any{"10.77.0.0/24"}, alice["network_links"].([]any)...), true
	for _, field := range []string{"otp_secret", "devices", "servers", "last_active", "auth_modes"} {
		delete(moved, field)
	}
	body, err := moved.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.client().PutUser(t.Context(), other, alice.String("id"), body); err != nil {
		t.Fatal(err)
	}
	plan, _ := s.restore(wanted, update())
	proved(t, s, plan)
	assertSame(t, wanted, s.export())
}

// restoreOnly carries out a plan and fails the test on any error.
func (s *target) restoreOnly(plan *restore.Plan) *restore.Report {
	s.t.Helper()
	report, err := restore.Apply(s.t.Context(), s.client(), plan, quiet())
	if err != nil {
		s.t.Fatalf("apply: %v\n%s", err, entries(report, restore.Failed))
	}
	return report
}

// TestAnOrganizationIsDeletedAfterItsUsersHaveLeft prunes an organization that a user of the snapshot was moved into.
func TestAnOrganizationIsDeletedAfterItsUsersHaveLeft(t *testing.T) {
	s, wanted := living(t)
	live := s.export()
	live.Resources[snapshot.Organizations] = append(live.Resources[snapshot.Organizations], snapshot.Object{"id": "0123456789abcdef01234567", "name": "Temporary", "auth_api": false})
	edit(t, live, snapshot.Users, "alice", map[string]any{"organization": "0123456789abcdef01234567"})
	plan, err := restore.NewPlan(live, wanted, pruning())
	if err != nil {
		t.Fatal(err)
	}
	at := func(kind snapshot.Kind, verb restore.Verb) int {
		return slices.IndexFunc(plan.Actions, func(a *restore.Action) bool { return a.Kind == kind && a.Verb == verb })
	}
	if move, gone := at(snapshot.Users, restore.Changing), at(snapshot.Organizations, restore.Delete); move < 0 || gone < move {
		t.Errorf("the user moves at %d, the organization goes at %d", move, gone)
	}
	if plan, err = restore.NewPlan(live, wanted, restore.PlanOptions{Mode: restore.ModeUpdate, Prune: true, Skip: []restore.Filter{{Kind: snapshot.Users, Name: "alice"}}}); err != nil {
		t.Fatal(err)
	}
	if n := at(snapshot.Organizations, restore.Delete); n >= 0 {
		t.Error("deletes an organization whose user is left out")
	}
}

// TestUsernamesThatMove renames administrators one after the other where there is an order, and says so where not.
func TestUsernamesThatMove(t *testing.T) {
	s := newTarget(t, simulator.Options{Seed: "demo"})
	for _, name := range []string{"anna", "bert", "carl"} {
		if _, err := s.client().CreateAdministrator(t.Context(), map[string]any{"username": name, "password": "FAKE-password"}); err != nil {
			t.Fatal(err)
		}
	}
	rename := func(doc *snapshot.Document, names ...string) {
		for i, old := range []string{"anna", "bert", "carl"} {
			edit(t, doc, snapshot.Administrators, old, map[string]any{"username": "new " + names[i]})
		}
		for _, name := range names {
			edit(t, doc, snapshot.Administrators, "new "+name, map[string]any{"username": name})
		}
	}
	chain := s.export()
	rename(chain, "bert", "carl", "dora")
	plan, _ := s.restore(chain, pruning())
	if n := len(onlyChanges(t, plan)); n != 3 {
		t.Errorf("%d changes", n)
	}
	proved(t, s, plan)
	swapped := s.export()
	edit(t, swapped, snapshot.Administrators, "bert", map[string]any{"username": "x"})
	edit(t, swapped, snapshot.Administrators, "carl", map[string]any{"username": "bert"})
	edit(t, swapped, snapshot.Administrators, "x", map[string]any{"username": "carl"})
	_, err := restore.NewPlan(s.export(), swapped, pruning())
	var check *restore.CheckError
	if !errors.As(err, &check) || len(check.Problems) != 2 || check.Problems[0].Code != "administrator_username_exists" || !strings.Contains(check.Problems[0].Text, "by hand first") {
		t.Errorf("got %v", err)
	}
}

func TestALinkOfAnotherTypeIsAnotherLink(t *testing.T) {
	s, wanted := living(t)
	edit(t, wanted, snapshot.Links, "branch-offices", map[string]any{"type": "direct"})
	for _, o := range wanted.Resources[snapshot.Locations] {
		o["type"] = "direct_server"
	}
	wanted.Resources[snapshot.Locations] = wanted.Resources[snapshot.Locations][:1]
	plan := s.plan(wanted, pruning())
	if n := len(plan.Deletes()); n != 1 {
		t.Errorf("%d deletes, want the link", n)
	}
}
