package snapshot_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"pritunl-backup/snapshot"
)

// recorded gives objects that a real server has shown.
func recorded(t testing.TB, file string) map[snapshot.Kind][]snapshot.Object {
	t.Helper()
	text, err := os.ReadFile("testdata/" + file)
	if err != nil {
		t.Fatal(err)
	}
	all := map[snapshot.Kind][]snapshot.Object{}
	in := bufio.NewScanner(bytes.NewReader(text))
	in.Buffer(nil, 1<<20)
	for in.Scan() {
		var row struct {
			Kind    snapshot.Kind   `json:"kind"`
			Element json.RawMessage `json:"element"`
		}
		if err := json.Unmarshal(in.Bytes(), &row); err != nil {
			t.Fatal(err)
		}
		all[row.Kind] = append(all[row.Kind], object(t, string(row.Element)))
	}
	if err := in.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

// leaves gives every path of a value with what stands there.
func leaves(o snapshot.Object, yield func(path string, v any)) {
	var walk func(path string, v any)
	walk = func(path string, v any) {
		if path != "" && !strings.HasSuffix(path, "[]") {
			yield(path, v)
		}
		switch v := v.(type) {
		case []any:
			for _, e := range v {
				walk(path+"[]", e)
			}
		case map[string]any:
			for name, e := range v {
				walk(strings.TrimPrefix(path+"."+name, "."), e)
			}
		}
	}
	walk("", map[string]any(o))
}

func shapeOf(v any) snapshot.Shape {
	switch v.(type) {
	case string:
		return snapshot.Text
	case json.Number:
		return snapshot.Number
	case bool:
		return snapshot.Truth
	case []any:
		return snapshot.List
	case map[string]any:
		return snapshot.Map
	}
	return 0
}

func TestCatalogueKnowsEveryRecordedField(t *testing.T) {
	all := recorded(t, "recorded.jsonl")
	for _, kind := range snapshot.Kinds() {
		if len(all[kind]) == 0 {
			t.Errorf("no recorded %s", kind)
		}
		seen := map[string]bool{}
		for _, o := range all[kind] {
			leaves(o, func(path string, v any) {
				seen[path] = true
				f, ok := snapshot.Lookup(kind, path)
				switch {
				case !ok:
					t.Errorf("%s.%s is not in the catalogue", kind, path)
				case f.Class == snapshot.WriteOnly:
					t.Errorf("%s.%s is recorded and called write-only", kind, path)
				case shapeOf(v)&^f.Shape != 0:
					t.Errorf("%s.%s is %T: not in its shape", kind, path, v)
				}
			})
		}
		for _, f := range snapshot.Fields(kind) {
			never := f.Class == snapshot.WriteOnly || strings.HasPrefix(f.Path, "devices[]") || f.Path == "hosts[].uri"
			if !seen[f.Path] && !never {
				t.Errorf("%s.%s is in the catalogue and was never recorded", kind, f.Path)
			}
		}
	}
}

// telemetry is what api documentation and recordings show to change by itself.
// Everything else has to be in the document.
func TestOnlyTelemetryIsDropped(t *testing.T) {
	telemetry := []string{
		"hosts.status", "hosts.uptime", "hosts.user_count", "hosts.users_online",
		"organizations.user_count",
		"servers.uptime", "servers.users_online", "servers.devices_online", "servers.user_count",
		"server_hosts.status", "server_links.status",
		"users.status", "users.last_active",
		"users.servers[].id", "users.servers[].name", "users.servers[].status", "users.servers[].device_name",
		"users.servers[].platform", "users.servers[].real_address", "users.servers[].connected_since",
		"locations.hosts[].status", "locations.hosts[].hosts", "locations.hosts[].hosts_state_available",
		"locations.hosts[].hosts_state_total", "locations.hosts[].ping_timestamp_ttl", "locations.hosts[].version",
		"locations.peers[].status",
	}
	var volatile []string
	for _, kind := range snapshot.Kinds() {
		for _, f := range snapshot.Fields(kind) {
			if f.Class == snapshot.Volatile {
				volatile = append(volatile, string(kind)+"."+f.Path)
			}
		}
	}
	slices.Sort(volatile)
	slices.Sort(telemetry)
	if !slices.Equal(volatile, telemetry) {
		t.Errorf("dropped: %v\nwanted:  %v", volatile, telemetry)
	}
}

func TestCatalogueIsConsistent(t *testing.T) {
	for _, kind := range snapshot.Kinds() {
		for _, f := range snapshot.Fields(kind) {
			name := string(kind) + "." + f.Path
			if got, ok := snapshot.Lookup(kind, f.Path); !ok || got.Path != f.Path {
				t.Errorf("%s: look-up does not find it", name)
			}
			if f.Class < snapshot.Identity || f.Class > snapshot.Info || f.Shape == 0 {
				t.Errorf("%s: class %v, shape %d", name, f.Class, f.Shape)
			}
			if f.Class == snapshot.Writable && f.Wire == snapshot.None {
				t.Errorf("%s: writable without a wire type", name)
			}
			if !f.Restorable() && f.Class != snapshot.Volatile && f.Class != snapshot.Identity && f.Note == "" {
				t.Errorf("%s: not restorable, and does not say why", name)
			}
			if (f.Class == snapshot.Reference) != (f.Ref != "") && f.Class != snapshot.Info {
				t.Errorf("%s: %v with reference to %q", name, f.Class, f.Ref)
			}
			if f.Set && f.Shape&snapshot.List == 0 {
				t.Errorf("%s: a set that is no list", name)
			}
		}
	}
	for _, path := range []string{"", "nothing", "name.name", "groups[].x"} {
		if _, ok := snapshot.Lookup(snapshot.Users, path); ok {
			t.Errorf("look-up finds %q", path)
		}
	}
	if _, ok := snapshot.Lookup("nothing", "name"); ok {
		t.Error("look-up finds a kind that there is not")
	}
}
