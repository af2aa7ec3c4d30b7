package restore_test

import (
	"testing"

	"pritunl-backup/restore"
	"pritunl-backup/simulator"
	"pritunl-backup/snapshot"
)

// TestAddressesOfLinkHostsThatAreNotStatic restores them as those of static ones. What a link client reports later
// counts as altered.
func TestAddressesOfLinkHostsThatAreNotStatic(t *testing.T) {
	addresses := map[string]any{"static": false, "public_address": "gw.example.com", "local_address": "10.0.0.9"}
	set := func(doc *snapshot.Document, values map[string]any) {
		host := edit(t, doc, snapshot.Locations, "lisbon", nil).Objects("hosts")[0]
		for k, v := range values {
			host[k] = v
		}
	}
	wanted := demo(t)
	set(wanted, addresses)
	s := newTarget(t, simulator.Options{Hosts: 2})
	plan, _ := s.restore(wanted, restore.PlanOptions{})
	proved(t, s, plan)
	after := s.export()
	host := edit(t, after, snapshot.Locations, "lisbon", nil).Objects("hosts")[0]
	for name, want := range addresses {
		if host[name] != want {
			t.Errorf("%s is %v, want %v", name, host[name], want)
		}
	}
	set(after, map[string]any{"public_address": "203.0.113.200"})
	outcome, err := restore.Verify(plan, after)
	if err != nil || !outcome.Equal || outcome.Count(restore.Altered) != 1 {
		t.Errorf("after a report: %v, %+v", err, outcome)
	}
	set(after, map[string]any{"public_address": ""})
	if outcome, err = restore.Verify(plan, after); err != nil || outcome.Equal {
		t.Errorf("an address that was lost: %v, %+v", err, outcome)
	}
}
