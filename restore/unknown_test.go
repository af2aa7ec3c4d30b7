package restore_test

import (
	"fmt"
	"strings"
	"testing"

	"pritunl-backup/restore"
	"pritunl-backup/simulator"
	"pritunl-backup/snapshot"
)

// TestUnknownFieldsAreNamed restores a snapshot of a newer server: what cannot be written is said before, and after,
// for every kind; its values are shown nowhere.
func TestUnknownFieldsAreNamed(t *testing.T) {
	wanted := demo(t)
	kinds := []snapshot.Kind{
		snapshot.Settings, snapshot.Administrators, snapshot.Organizations, snapshot.Hosts, snapshot.Servers,
		snapshot.ServerRoutes, snapshot.Links, snapshot.Locations, snapshot.Users,
	}
	for _, kind := range kinds {
		for _, o := range wanted.Resources[kind] {
			o["future_"+string(kind)] = map[string]any{"secret": "FAKE-future"}
			for _, inner := range o.Objects("hosts") {
				inner["future_gateway"] = "FAKE-future"
			}
		}
	}
	s := newTarget(t, simulator.Options{Hosts: 2})
	plan, _ := s.restore(wanted, restore.PlanOptions{})
	warnings := strings.Join(plan.Warnings, "\n")
	outcome, err := restore.Verify(plan, s.export())
	if err != nil || !outcome.Equal {
		t.Fatalf("outcome: %v, %+v", err, outcome)
	}
	limits := map[string]bool{}
	for _, r := range outcome.Remaining {
		if r.Class == restore.Limit {
			limits[r.Field] = true
		}
	}
	for _, field := range append([]string{"future_gateway"}, fieldNames(kinds)...) {
		if !strings.Contains(warnings, field) {
			t.Errorf("no warning names %s: %s", field, warnings)
		}
		if !limits[field] {
			t.Errorf("the outcome does not name %s as a limit", field)
		}
	}
	var shown strings.Builder
	if err := outcome.WriteText(&shown); err != nil {
		t.Fatal(err)
	}
	if text := fmt.Sprint(warnings, outcome.Remaining, shown.String()); strings.Contains(text, "FAKE-future") {
		t.Errorf("a value is shown: %s", text)
	}
	// 25 users alike are not 25 lines.
	if n := strings.Count(shown.String(), "future_users"); n != 21 || !strings.Contains(shown.String(), "cannot be restored: … and 5 more of the kind user: future_users; --verbose lists all\n") {
		t.Errorf("%d lines about one field of users:\n%s", n, shown.String())
	}
}

func fieldNames(kinds []snapshot.Kind) (names []string) {
	for _, kind := range kinds {
		names = append(names, "future_"+string(kind))
	}
	return names
}
