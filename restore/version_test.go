package restore_test

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pritunl-backup/restore"
	"pritunl-backup/simulator"
	"pritunl-backup/snapshot"
)

// older is the release that migrations start from.
const older = "1.32.4278.46"

// migrated is what an API-level restore leaves as it is on any target.
var migrated = []string{"users.pin", "settings.server_cert"}

// verified reads the target again and wants what the plan wanted. It gives what
// remains, by class.
func verified(t *testing.T, s *target, plan *restore.Plan) map[restore.Class][]string {
	t.Helper()
	outcome, err := restore.Verify(plan, s.export())
	if err != nil || !outcome.Equal {
		t.Errorf("verify: %v", err)
	}
	out := map[restore.Class][]string{}
	for _, r := range outcome.Remaining {
		out[r.Class] = append(out[r.Class], string(r.Kind)+"."+r.Field)
		if r.Class == restore.Real {
			t.Errorf("remains: %+v", r)
		}
	}
	return out
}

// dnsRoutes counts the routes that a newer server makes by itself.
func dnsRoutes(doc *snapshot.Document) int {
	n := 0
	for _, route := range doc.Resources[snapshot.ServerRoutes] {
		if route.String("comment") == "DNS Server" {
			n++
		}
	}
	return n
}

// TestMigrationToANewerServer restores a 1.32 into a 1.34: the routes that new
// servers are born with there are taken away.
func TestMigrationToANewerServer(t *testing.T) {
	from := newTarget(t, simulator.Options{Version: older, Seed: "demo", Random: 1})
	wanted := from.export()
	if wanted.Header.PritunlVersion != older || dnsRoutes(wanted) != 0 {
		t.Fatalf("the snapshot is of %s and has %d DNS routes", wanted.Header.PritunlVersion, dnsRoutes(wanted))
	}
	to := newTarget(t, simulator.Options{Hosts: 2, Random: 2})
	opts := restore.PlanOptions{Start: true}
	plan, report := to.restore(wanted, opts)
	after := to.export()
	if n := dnsRoutes(after); n != 0 {
		t.Errorf("%d born routes are left", n)
	}
	born := "/route/" + hex.EncodeToString([]byte("8.8.8.8/32"))
	if !slices.ContainsFunc(to.wire.writes, func(w string) bool { return strings.HasPrefix(w, http.MethodDelete) && strings.HasSuffix(w, born) }) {
		t.Error("no born route was deleted")
	}
	if n := report.Count(restore.NotReached) + report.Count(restore.Failed); n > 0 {
		t.Errorf("%d actions were not carried out", n)
	}
	assertSame(t, wanted, withoutNewer(after, wanted), migrated...)
	verified(t, to, plan)
	assertEmpty(t, to.plan(wanted, opts))
	for _, w := range plan.Warnings {
		if strings.Contains(w, "newer") || strings.Contains(w, "old") {
			t.Errorf("an upgrade is warned of: %s", w)
		}
	}
}

// TestRecordedMigration restores what a real 1.32 answered into both releases.
func TestRecordedMigration(t *testing.T) {
	for _, version := range []string{older, ""} {
		wanted := recordedOf(t, filepath.Join("..", "simulator", "testdata", "recordings", "1.32", "seeded-gets.jsonl"), older)
		to := newTarget(t, simulator.Options{Version: version, Hosts: 2, Random: 2})
		opts := restore.PlanOptions{Start: true, MapHosts: map[string]string{"host-one": "vpn-1", "second-host": "vpn-2"}}
		plan, report := to.restore(wanted, opts)
		if n := report.Count(restore.NotReached) + report.Count(restore.Failed); n > 0 {
			t.Errorf("version %q: %d actions were not carried out", version, n)
		}
		verified(t, to, plan)
		assertSame(t, wanted, withoutNewer(to.export(), wanted), append(migrated, "settings.auditing", "settings.sso_okta_mode", "administrators")...)
		assertEmpty(t, to.plan(wanted, opts))
	}
}

// withoutNewer takes the fields out of a document that no object of its kind has in
// another one.
func withoutNewer(doc, other *snapshot.Document) *snapshot.Document {
	for kind, list := range doc.Resources {
		known := map[string]bool{}
		for _, o := range other.Resources[kind] {
			for key := range o {
				known[key] = true
			}
		}
		for _, o := range list {
			for key := range o {
				if !known[key] {
					delete(o, key)
				}
			}
		}
	}
	return doc
}

// TestMigrationToAnOlderServer restores a 1.34 into a 1.32: what that does not know
// is a limit and no difference.
func TestMigrationToAnOlderServer(t *testing.T) {
	wanted := newTarget(t, simulator.Options{Seed: "demo", Random: 1}).export()
	edit(t, wanted, snapshot.Servers, "office", map[string]any{"hide_ovpn": true, "tun_mtu": json.Number("1400")})
	edit(t, wanted, snapshot.Servers, "contractors", map[string]any{"bypass_sso_auth": true, "ovpn_dco": true, "fragment": json.Number("1300")})
	edit(t, wanted, snapshot.Settings, "", map[string]any{"cloud_provider": "aws", "ap_southeast_3_access_key": "role"})
	for _, route := range wanted.Resources[snapshot.ServerRoutes] {
		if route.String("network") == "10.5.0.0/24" {
			route["advertise"], route["advertise_resource"] = true, []any{"vpc-1"}
		}
	}
	to := newTarget(t, simulator.Options{Version: older, Hosts: 2, Random: 2})
	opts := restore.PlanOptions{Start: true}
	plan, report := to.restore(wanted, opts)
	if n := report.Count(restore.NotReached) + report.Count(restore.Failed); n > 0 {
		t.Errorf("%d actions were not carried out", n)
	}
	after := to.export()
	if n := dnsRoutes(after); n != dnsRoutes(wanted) || n == 0 {
		t.Errorf("%d DNS routes, wanted %d", n, dnsRoutes(wanted))
	}
	remains := verified(t, to, plan)
	want := []string{
		"server_routes.advertise_resource", "servers.bypass_sso_auth", "servers.fragment", "servers.hide_ovpn", "servers.ovpn_dco",
		"servers.tun_mtu", "settings.ap_southeast_3_access_key",
	}
	for _, field := range want {
		if !slices.Contains(remains[restore.Limit], field) {
			t.Errorf("%s is no limit: %v", field, remains)
		}
	}
	if all := strings.Join(plan.Warnings, "\n"); !strings.Contains(all, older) {
		t.Errorf("no warning of the older target: %s", all)
	}
	assertEmpty(t, to.plan(wanted, opts))
	back := withoutNewer(wanted, after)
	assertSame(t, back, after, append(migrated, "hosts")...)
}

// TestMigrationThereAndBack restores the copy on the other release into the first
// one again.
func TestMigrationThereAndBack(t *testing.T) {
	for _, versions := range [][2]string{{older, ""}, {"", older}} {
		first := newTarget(t, simulator.Options{Version: versions[0], Seed: "demo", Random: 1}).export()
		there := newTarget(t, simulator.Options{Version: versions[1], Hosts: 2, Random: 2})
		there.restore(first, restore.PlanOptions{})
		back := newTarget(t, simulator.Options{Version: versions[0], Hosts: 2, Random: 3})
		back.restore(there.export(), restore.PlanOptions{Start: true})
		edit(t, first, snapshot.Servers, "office", map[string]any{"status": "offline"})
		assertSame(t, first, back.export(), append(migrated, "hosts")...)
	}
}

// TestOldServersAreStoppedForEveryChange changes what a newer server would change
// while it runs.
func TestOldServersAreStoppedForEveryChange(t *testing.T) {
	for version, stops := range map[string]int{older: 1, "1.32.4399.86": 1, "1.32.4465.96": 0, "": 0} {
		s := newTarget(t, simulator.Options{Version: version, Seed: "demo", Random: 1})
		wanted := s.export()
		edit(t, wanted, snapshot.Servers, "office", map[string]any{"pre_connect_msg": "hello"})
		plan, report := s.restore(wanted, update())
		if len(plan.Stops) != stops || report.Count(restore.Failed) != 0 {
			t.Errorf("version %q: %d stops, %s", version, len(plan.Stops), entries(report, restore.Failed))
		}
		if got := status(t, s, "office"); got != "online" {
			t.Errorf("version %q: office is %s afterwards", version, got)
		}
		verified(t, s, plan)
		assertSame(t, wanted, s.export())
	}
}

// TestOldServersKeepLinks takes a link between servers away, or changes it, which an
// old release answers as if it did it. The restore says that the link is left, and
// takes no host away that the servers would then have in common.
func TestOldServersKeepLinks(t *testing.T) {
	for name, change := range map[string]func(*testing.T, *snapshot.Document){
		"removed": func(_ *testing.T, d *snapshot.Document) {
			d.Resources[snapshot.ServerLinks] = []snapshot.Object{}
		},
		"changed": func(_ *testing.T, d *snapshot.Document) {
			for _, o := range d.Resources[snapshot.ServerLinks] {
				o["use_local_address"] = !o.Bool("use_local_address")
			}
		},
		"removed, one host for both": func(t *testing.T, d *snapshot.Document) {
			d.Resources[snapshot.ServerLinks] = []snapshot.Object{}
			west := edit(t, d, snapshot.Servers, "datacentre-west", nil).String("id")
			for _, o := range d.Resources[snapshot.ServerHosts] {
				if o.String("server") == west {
					o["id"] = edit(t, d, snapshot.Hosts, "vpn-1", nil).String("id")
				}
			}
		},
	} {
		for version, left := range map[string]bool{older: true, "": false} {
			s := newTarget(t, simulator.Options{Version: version, Seed: "demo", Random: 1})
			wanted := s.export()
			change(t, wanted)
			plan := s.plan(wanted, pruning())
			report, err := restore.Apply(t.Context(), s.client(), plan, quiet())
			var failed *restore.FailedError
			if errors.As(err, &failed) != left {
				t.Errorf("version %q, %s: %v", version, name, err)
			}
			if said := strings.Contains(entries(report, restore.Failed), "and keeps it"); said != left {
				t.Errorf("version %q, %s: %s", version, name, entries(report, restore.Failed))
			}
			after := s.export()
			outcome, err := restore.Verify(plan, after)
			if err != nil || outcome.Equal == left {
				t.Errorf("version %q, %s: %v, equal %v: %+v", version, name, err, outcome.Equal, outcome.Remaining)
			}
			if n := len(after.Resources[snapshot.ServerHosts]); n != len(wanted.Resources[snapshot.ServerHosts]) {
				t.Errorf("version %q, %s: %d attached hosts", version, name, n)
			}
		}
	}
}
