package restore_test

import (
	"encoding/json"
	"slices"
	"testing"

	"pritunl-backup/restore"
	"pritunl-backup/simulator"
	"pritunl-backup/snapshot"
)

func TestChangedUsersKeepTheirPins(t *testing.T) {
	s, wanted := living(t)
	before := s.sim.State().Pins
	edit(t, wanted, snapshot.Users, "bob", map[string]any{"email": "bob@example.com", "disabled": true})
	edit(t, wanted, snapshot.Users, "alice", map[string]any{"groups": []any{"engineering", "new"}})
	plan, _ := s.restore(wanted, update())
	if n := plan.Count(restore.Changing); n != 2 {
		t.Errorf("%d changes, want 2", n)
	}
	after := s.sim.State().Pins
	if len(before) == 0 || len(before) != len(after) {
		t.Errorf("pins: %d before, %d after", len(before), len(after))
	}
	assertSame(t, wanted, s.export())
}

func TestPortForwardingIsSentAsTexts(t *testing.T) {
	wanted := demo(t)
	edit(t, wanted, snapshot.Users, "games", map[string]any{"port_forwarding": []any{
		map[string]any{"protocol": "tcp", "port": json.Number("8443"), "dport": json.Number("443")},
	}})
	s := newTarget(t, simulator.Options{Hosts: 2})
	s.restore(wanted, restore.PlanOptions{})
	games := edit(t, s.export(), snapshot.Users, "games", nil)
	if got := games.Objects("port_forwarding"); len(got) != 1 || got[0].String("port") != "8443" || got[0].String("dport") != "443" {
		t.Errorf("got %v", got)
	}
	assertEmpty(t, s.plan(wanted, restore.PlanOptions{}))
}

// TestEqualNamesArePairedByContent gives the target the same users in another order
// than the snapshot has them.
func TestEqualNamesArePairedByContent(t *testing.T) {
	wanted := demo(t)
	users := wanted.Resources[snapshot.Users]
	for i, group := range []string{"x", "y", "z"} {
		copied := edit(t, wanted, snapshot.Users, "alice", nil).Clone()
		copied["id"], copied["groups"] = "00000000000000000000000"+string(rune('1'+i)), []any{group}
		users = append(users, copied)
	}
	wanted.Resources[snapshot.Users] = users
	s := newTarget(t, simulator.Options{Hosts: 2})
	s.restore(wanted, restore.PlanOptions{})
	live := s.export()
	slices.Reverse(live.Resources[snapshot.Users])
	for _, mode := range []restore.Mode{restore.ModeFresh, restore.ModeResume, restore.ModeUpdate} {
		plan, err := restore.NewPlan(live, wanted, restore.PlanOptions{Mode: mode})
		if err != nil {
			t.Fatalf("%q: %v", mode, err)
		}
		assertEmpty(t, plan)
	}
	count := 0
	for _, u := range live.Resources[snapshot.Users] {
		if u.String("name") == "alice" {
			count++
		}
	}
	if count != 4 {
		t.Errorf("%d users alice, want 4", count)
	}
}
