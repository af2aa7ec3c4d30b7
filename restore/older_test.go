package restore_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pritunl-backup/restore"
	"pritunl-backup/simulator"
	"pritunl-backup/snapshot"
)

// TestWhatNeedsAServerOffline goes by the target's version: before 1.32.4465.96 nothing of a running server can be
// changed.
func TestWhatNeedsAServerOffline(t *testing.T) {
	tests := []struct {
		version, field string
		value          any
		stops          int
	}{
		{"1.32.4278.46", "pre_connect_msg", "hello", 1},
		{"1.32.4278.46", "name", "head-office", 1},
		{"1.32.4465.95", "pre_connect_msg", "hello", 1},
		{"1.32.4465.96", "pre_connect_msg", "hello", 0},
		{"1.34.4681.89", "pre_connect_msg", "hello", 0},
		{"1.34.4681.89", "name", "head-office", 0},
		{"1.34.4681.89", "hide_ovpn", true, 0},
		{"1.34.4681.89", "geo_sort", true, 0},
		{"1.34.4681.89", "force_connect", true, 0},
		{"1.34.4681.89", "replica_count", json.Number("2"), 0},
		{"1.34.4681.89", "block_outside_dns", true, 0},
		{"", "pre_connect_msg", "hello", 0},
	}
	online := []string{"name", "hide_ovpn", "geo_sort", "force_connect", "replica_count", "block_outside_dns", "pre_connect_msg"}
	for _, f := range snapshot.Fields(snapshot.Servers) {
		if f.Restorable() && !slices.Contains(online, f.Path) && !strings.HasSuffix(f.Path, "_wg") {
			var other any = "tcp"
			switch f.Wire {
			case snapshot.Bool:
				other = !edit(t, demo(t), snapshot.Servers, "office", nil).Bool(f.Path)
			case snapshot.Int, snapshot.Any:
				other = json.Number("1536")
			case snapshot.Strings:
				other = []any{"9.9.9.9"}
			}
			tests = append(tests, struct {
				version, field string
				value          any
				stops          int
			}{"1.34.4681.89", f.Path, other, 1})
		}
	}
	for _, tt := range tests {
		t.Run(tt.field+" on "+tt.version, func(t *testing.T) {
			wanted, live := twice(t)
			live.Header.PritunlVersion = tt.version
			edit(t, wanted, snapshot.Servers, "office", map[string]any{tt.field: tt.value})
			plan, _ := restore.NewPlan(live, wanted, update()) // some of the values are refused; what they stop is told all the same
			if plan == nil || len(plan.Stops) != tt.stops || plan.Count(restore.Changing) != 1 {
				t.Errorf("stops: %+v", plan)
			}
		})
	}
}

// TestFieldsThatTheTargetDoesNotKnow takes every field that came with a release: one release before, it is neither
// planned nor a difference but a limit, and counted; with that release nothing is said.
func TestFieldsThatTheTargetDoesNotKnow(t *testing.T) {
	objects := map[snapshot.Kind]string{
		snapshot.Settings: "", snapshot.Hosts: "vpn-1", snapshot.Servers: "road-warriors", snapshot.Users: "alice",
		snapshot.Links: "branch-offices",
	}
	looked := 0
	for _, kind := range snapshot.Kinds() {
		for _, f := range snapshot.Fields(kind) {
			name, known := objects[kind]
			if f.Since == "" || !f.Restorable() || !known || strings.Contains(f.Path, ".") {
				continue
			}
			looked++
			t.Run(string(kind)+"."+f.Path, func(t *testing.T) {
				wanted, live := twice(t)
				was := edit(t, live, kind, name, nil)
				if kind == snapshot.Settings {
					for _, doc := range []*snapshot.Document{wanted, live} {
						provider := "aws"
						if strings.HasPrefix(f.Path, "pritunl_cloud") {
							provider = "pritunl"
						}
						edit(t, doc, kind, "", map[string]any{"cloud_provider": provider})
					}
				}
				edit(t, live, kind, name, map[string]any{f.Path: nil})
				if f.Path == "bypass_sso_auth" {
					edit(t, wanted, kind, name, map[string]any{"device_auth": true})
					edit(t, live, kind, name, map[string]any{"device_auth": true})
				}
				edit(t, wanted, kind, name, map[string]any{f.Path: other(f, was[f.Path])})
				live.Header.PritunlVersion = before(t, f.Since)
				plan, err := restore.NewPlan(live, wanted, update())
				if err != nil {
					t.Fatal(err)
				}
				for _, a := range plan.Actions {
					for _, c := range a.Fields {
						if a.Kind == kind && c.Path == f.Path {
							t.Errorf("the plan changes it on %s: %+v", live.Header.PritunlVersion, c)
						}
					}
				}
				warnings := strings.Join(plan.Warnings, "\n")
				if !strings.Contains(warnings, "too old to know") || !strings.Contains(warnings, " "+f.Path+" of ") {
					t.Errorf("warnings: %s", warnings)
				}
				outcome, err := restore.Verify(plan, live)
				if err != nil || !outcome.Equal {
					t.Errorf("outcome: %v %+v", err, outcome)
				}
				if !slices.ContainsFunc(outcome.Remaining, func(r restore.Remaining) bool {
					return r.Field == f.Path && r.Class == restore.Limit && strings.Contains(r.Why, live.Header.PritunlVersion+" does not know it")
				}) {
					t.Errorf("no limit: %+v", outcome.Remaining)
				}
				live.Header.PritunlVersion = f.Since + ".0"
				plan, err = restore.NewPlan(live, wanted, update())
				if err != nil {
					t.Fatal(err)
				}
				if warnings := strings.Join(plan.Warnings, "\n"); strings.Contains(warnings, " "+f.Path+" of ") {
					t.Errorf("with its own release: %s", warnings)
				}
				if plan.Writes() == 0 {
					t.Error("with its own release nothing is planned")
				}
			})
		}
	}
	if looked < 30 {
		t.Errorf("looked at %d fields", looked)
	}
}

// before gives a version of the release before the one that something came with.
func before(t *testing.T, since string) string {
	t.Helper()
	parts := strings.Split(since, ".")
	n, err := strconv.Atoi(parts[2])
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%s.%s.%d.99", parts[0], parts[1], n-1)
}

// other gives a value that is neither empty nor the one that there is.
func other(f snapshot.Field, was any) any {
	switch f.Wire {
	case snapshot.Bool:
		return true
	case snapshot.Int, snapshot.Any:
		if f.Path == "sso_azure_version" && was == json.Number("1") {
			return json.Number("2")
		}
		if strings.HasPrefix(f.Path, "port") || f.Path == "wg_port" {
			return json.Number("31999")
		}
		if f.Path == "sso_azure_version" {
			return json.Number("1")
		}
		if strings.Contains(f.Path, "interval") {
			return json.Number("9")
		}
		return json.Number("900")
	case snapshot.Strings:
		return []any{"02:00:00:00:00:09"}
	}
	switch f.Path {
	case "network_wg":
		return "10.29.0.0/24"
	case "routed_subnet6_wg":
		return "2001:db8:77::/64"
	case "protocol":
		return "wg"
	}
	return "other.example.com"
}

func TestChecksGoByTheTargetsVersion(t *testing.T) {
	for _, tt := range []struct {
		code, version string
		refused       bool
		change        func(doc *snapshot.Document)
	}{
		{"sso_url_missing", "1.34.4618.99", false, func(doc *snapshot.Document) {
			edit(t, doc, snapshot.Settings, "", map[string]any{"server_sso_url": nil})
		}},
		{"sso_url_missing", "1.34.4619.0", true, func(doc *snapshot.Document) {
			edit(t, doc, snapshot.Settings, "", map[string]any{"server_sso_url": nil})
		}},
		{"bypass_sso_device_auth", "1.32.4278.46", false, func(doc *snapshot.Document) {
			edit(t, doc, snapshot.Servers, "office", map[string]any{"bypass_sso_auth": true})
		}},
		{"bypass_sso_device_auth", "1.32.4465.0", true, func(doc *snapshot.Document) {
			edit(t, doc, snapshot.Servers, "office", map[string]any{"bypass_sso_auth": true})
		}},
	} {
		t.Run(tt.code+" on "+tt.version, func(t *testing.T) {
			wanted, live := demo(t), newTarget(t, simulator.Options{Hosts: 2}).export()
			live.Header.PritunlVersion = tt.version
			tt.change(wanted)
			_, err := restore.NewPlan(live, wanted, restore.PlanOptions{})
			if slices.Contains(problems(err), tt.code) != tt.refused {
				t.Errorf("got %v", err)
			}
		})
	}
}

// TestBornRoutesGoByTheTargetsVersion links new servers whose routes the snapshot does not know: from 1.32.4465 on both
// are born with the same route.
func TestBornRoutesGoByTheTargetsVersion(t *testing.T) {
	wanted := newTarget(t, simulator.Options{Seed: "demo"}).exportKinds(without(snapshot.ServerRoutes))
	for version, verb := range map[string]restore.Verb{"1.32.4278.46": restore.Create, "1.32.4464.99": restore.Create, "1.32.4465.0": restore.Cannot, "1.34.4681.89": restore.Cannot} {
		live := newTarget(t, simulator.Options{Hosts: 2}).export()
		live.Header.PritunlVersion = version
		plan, err := restore.NewPlan(live, wanted, restore.PlanOptions{})
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range plan.Actions {
			if a.Kind == snapshot.ServerLinks && a.Verb != verb {
				t.Errorf("on %s: %s: %s", version, a.Verb, a.Reason)
			}
		}
	}
}

func TestASnapshotThatIsNewerThanTheTarget(t *testing.T) {
	for version, warned := range map[string]bool{"1.34.4681.88": true, "1.34.4681.89": false, "1.34.4681.90": false, "1.32.4278.46": true} {
		wanted, live := twice(t)
		wanted.Header.PritunlVersion, live.Header.PritunlVersion = "1.34.4681.89", version
		plan, err := restore.NewPlan(live, wanted, update())
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Contains(strings.Join(plan.Warnings, "\n"), "the target is older"); got != warned {
			t.Errorf("target %s: %v", version, plan.Warnings)
		}
	}
}

// TestAlterationsGoByTheTargetsVersion says what the server will make of addresses, and nothing of the kind of one that
// keeps them as they are.
func TestAlterationsGoByTheTargetsVersion(t *testing.T) {
	for version, alters := range map[string]bool{"1.32.4278.46": false, "1.34.4680.99": false, "1.34.4681.0": true} {
		wanted, live := demo(t), newTarget(t, simulator.Options{Hosts: 2}).export()
		live.Header.PritunlVersion = version
		edit(t, wanted, snapshot.Settings, "", map[string]any{"influxdb_url": "influx.example.com:8086"})
		edit(t, wanted, snapshot.Hosts, "vpn-1", map[string]any{"link_address": "2001:db8::1"})
		plan, err := restore.NewPlan(live, wanted, restore.PlanOptions{})
		if err != nil {
			t.Fatal(err)
		}
		var altered []string
		for _, a := range plan.Actions {
			for _, c := range a.Altered {
				altered = append(altered, c.Path)
			}
		}
		if slices.Contains(altered, "influxdb_url") != alters || slices.Contains(altered, "link_address") != alters {
			t.Errorf("%s alters %v", version, altered)
		}
	}
}
