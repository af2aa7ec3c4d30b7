package restore_test

import (
	"errors"
	"strings"
	"testing"

	"pritunl-backup/restore"
	"pritunl-backup/simulator"
	"pritunl-backup/snapshot"
)

func filters(t *testing.T, texts ...string) (out []restore.Filter) {
	t.Helper()
	for _, text := range texts {
		f, err := restore.ParseFilter(text)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, f)
	}
	return out
}

// TestWhatIsNamedHasToExist is about options that would leave everything out, or nothing, by a slip of the pen.
func TestWhatIsNamedHasToExist(t *testing.T) {
	withoutUsers := func(doc *snapshot.Document) {
		doc.Header.Skipped = []snapshot.Kind{snapshot.Users}
		delete(doc.Resources, snapshot.Users)
	}
	mapped := func(old string) restore.PlanOptions {
		return restore.PlanOptions{MapHosts: map[string]string{old: "", "vpn-2": ""}}
	}
	tests := []struct {
		name        string
		change      func(doc *snapshot.Document)
		opts        restore.PlanOptions
		error, hint string
	}{
		{"only", nil, restore.PlanOptions{Only: filters(t, "servers=offfice")}, "--only servers=offfice matches nothing in the snapshot", `did you mean "office"?`},
		{"only, second", nil, restore.PlanOptions{Only: filters(t, "organizations", "users=alcie")}, "users=alcie", `"alice"`},
		{"only, by case", nil, restore.PlanOptions{Only: filters(t, "servers=Office")}, "servers=Office", `"office"`},
		{"skip", nil, restore.PlanOptions{Skip: filters(t, "users=bob@exmaple.com")}, "--skip users=bob@exmaple.com matches nothing", `"bob@example.com"`},
		{"skip, nothing near", nil, restore.PlanOptions{Skip: filters(t, "servers=nonsense")}, "servers=nonsense", "its servers are contractors, datacentre-east"},
		{"pattern", nil, restore.PlanOptions{Only: filters(t, "servers=datacenter-*")}, "datacenter-*", `"datacentre-`},
		{"pattern that matches", nil, restore.PlanOptions{Only: filters(t, "servers=data*")}, "", ""},
		{"route", nil, restore.PlanOptions{Skip: filters(t, "server_routes=10.1.0.0/61")}, "10.1.0.0/61", `"10.1.0.0/16"`},
		{"host of a location", nil, restore.PlanOptions{Skip: filters(t, "locations=lis-gw1")}, "", ""},
		{"kind of which there is nothing, only", withoutUsers, restore.PlanOptions{Only: filters(t, "users")}, "--only users matches nothing", "there are no users"},
		{"kind of which there is nothing, skip", withoutUsers, restore.PlanOptions{Skip: filters(t, "users")}, "", ""},
		{"one of a kind of which there is nothing", withoutUsers, restore.PlanOptions{Skip: filters(t, "users=alice")}, "--skip users=alice", "there are no users"},
		{"host", nil, mapped("vnp-1"), `the snapshot has no host "vnp-1"`, `did you mean "vpn-1"?`},
		{"host that there is", nil, mapped("vpn-1"), "", ""},
		{"rule", nil, restore.PlanOptions{Rules: readRules(t, `{"kind":"servers","match":"ofice","set":{"port":1}}`)}, "rules[0]: matches nothing", `did you mean "office"?`},
		{"rule of another server's routes", nil, restore.PlanOptions{Rules: readRules(t, `{"kind":"server_routes","server":"ofice","set":{"nat":true}}`)}, "rules[0]", `the server "office"?`},
		{"rule for an administrator", nil, restore.PlanOptions{Rules: readRules(t, `{"kind":"administrators","match":"auditer","set":{"disabled":true}}`)}, "rules[0]", `"auditor"`},
		{"a name as it was before the server's filter", func(doc *snapshot.Document) {
			edit(t, doc, snapshot.Servers, "office", map[string]any{"name": "head office"})
		}, restore.PlanOptions{Only: filters(t, "servers=head office")}, "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			wanted := demo(t)
			if tt.change != nil {
				tt.change(wanted)
			}
			err := restore.CheckSelection(wanted, tt.opts)
			switch {
			case tt.error == "" && err != nil:
				t.Errorf("got %v", err)
			case tt.error != "" && (err == nil || !strings.Contains(err.Error(), tt.error) || !strings.Contains(hint(err), tt.hint)):
				t.Errorf("got %v, hint %q", err, hint(err))
			}
			var usage *restore.UsageError
			var rules *restore.RulesError
			if err != nil && !errors.As(err, &usage) && !errors.As(err, &rules) {
				t.Errorf("got %T", err)
			}
		})
	}
}

// TestAPatternMayMeanWhatIsPruned looks at the target too before a pattern of a prune is refused.
func TestAPatternMayMeanWhatIsPruned(t *testing.T) {
	s, wanted := living(t)
	if _, err := s.client().CreateOrganization(t.Context(), map[string]any{"name": "stranger"}); err != nil {
		t.Fatal(err)
	}
	opts := pruning()
	opts.Skip = filters(t, "organizations=stranger")
	if err := restore.CheckSelection(wanted, opts); err != nil {
		t.Errorf("before the target is read: %v", err)
	}
	if plan := s.plan(wanted, opts); len(plan.Deletes()) != 0 {
		t.Errorf("deletes what was left out: %s", plan.Summary())
	}
	opts.Skip, opts.Only = nil, filters(t, "organizations=stranger")
	plan, _ := s.restore(wanted, opts)
	if len(plan.Deletes()) != 1 {
		t.Errorf("%d deletes, want one", len(plan.Deletes()))
	}
	proved(t, s, plan)
	var usage *restore.UsageError
	if _, err := restore.NewPlan(s.export(), wanted, opts); !errors.As(err, &usage) || !strings.Contains(err.Error(), "or on the target") {
		t.Errorf("a pattern that means nothing on either side: %v", err)
	}
	if err := restore.CheckSelection(wanted, restore.PlanOptions{Skip: opts.Only}); err == nil {
		t.Error("without a prune it means nothing")
	}
}

// TestChoosingWhatHasNoPlace chooses objects whose organization or server is neither on
// the target nor chosen: that would restore nothing.
func TestChoosingWhatHasNoPlace(t *testing.T) {
	wanted := demo(t)
	fresh := newTarget(t, simulator.Options{Hosts: 2})
	for text, next := range map[string]string{
		"users": "--only organizations", "users=alice": `--only organizations="Example-Staff"`, "locations": "--only links",
		"server_routes=10.0.0.*": `--only servers="`, "server_organizations": "--only servers",
	} {
		filter, err := restore.ParseFilter(text)
		if err != nil {
			t.Fatal(err)
		}
		_, err = restore.NewPlan(fresh.export(), wanted, restore.PlanOptions{Only: []restore.Filter{filter}})
		var usage *restore.UsageError
		if !errors.As(err, &usage) || !strings.Contains(hint(err), next) {
			t.Errorf("--only %s: %v, hint %q", text, err, hint(err))
		}
	}
	there := newTarget(t, simulator.Options{Seed: "demo"})
	if _, err := restore.NewPlan(there.export(), wanted, restore.PlanOptions{Mode: restore.ModeUpdate, Only: []restore.Filter{{Kind: snapshot.Users}}}); err != nil {
		t.Error(err)
	}
}

// TestPatternsSpanSlashes chooses routes by networks.
func TestPatternsSpanSlashes(t *testing.T) {
	wanted := demo(t)
	s := newTarget(t, simulator.Options{Seed: "demo", Random: 1})
	for text, n := range map[string]int{"server_routes=10.0.*": 3, "server_routes=*/0": 1} {
		filter, err := restore.ParseFilter(text)
		if err != nil {
			t.Fatal(err)
		}
		plan := s.plan(wanted, restore.PlanOptions{Mode: restore.ModeUpdate, Only: []restore.Filter{filter}})
		if left := len(plan.Actions) - plan.Count(restore.Skip); left < n {
			t.Errorf("--only %s chooses %d", text, left)
		}
	}
	if _, err := restore.ParseFilter("users="); err == nil || !strings.Contains(hint(err), "all users") {
		t.Errorf("no pattern: %v", err)
	}
}
