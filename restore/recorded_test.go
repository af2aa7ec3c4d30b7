package restore_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"pritunl-backup/restore"
	"pritunl-backup/simulator"
	"pritunl-backup/snapshot"
)

// recorded builds a document out of the answers of a real server.
func recorded(t *testing.T) *snapshot.Document {
	t.Helper()
	return recordedOf(t, "testdata/seeded-gets.jsonl", "1.34.4681.89")
}

// recordedOf builds one out of the answers in a file, those of a server of the
// given version.
func recordedOf(t *testing.T, path, version string) *snapshot.Document {
	t.Helper()
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	doc := &snapshot.Document{
		Header:    snapshot.Header{Complete: true, Secrets: snapshot.SecretsKeep, Host: "host-one", PritunlVersion: version},
		Resources: map[snapshot.Kind][]snapshot.Object{},
	}
	lines := bufio.NewScanner(bytes.NewReader(file))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var line struct {
			Path, Query string
			Response    json.RawMessage
		}
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
			t.Fatal(err)
		}
		if kind, ok := kindOf(line.Path); ok && line.Query == "" {
			doc.Resources[kind] = append(doc.Resources[kind], objects(t, line.Response)...)
		}
	}
	names := doc.Names()
	for kind, list := range doc.Resources {
		snapshot.Sort(kind, list, names)
	}
	return doc
}

func kindOf(path string) (snapshot.Kind, bool) {
	parts := strings.Split(strings.Trim(path, "/"), "/")
	switch {
	case len(parts) == 2 && parts[0] == "user":
		return snapshot.Users, true
	case len(parts) == 3 && parts[0] == "server":
		kind, ok := map[string]snapshot.Kind{
			"organization": snapshot.ServerOrganizations, "route": snapshot.ServerRoutes,
			"host": snapshot.ServerHosts, "link": snapshot.ServerLinks,
		}[parts[2]]
		return kind, ok
	case len(parts) == 3 && parts[2] == "location":
		return snapshot.Locations, true
	}
	kind, ok := map[string]snapshot.Kind{
		"/settings": snapshot.Settings, "/admin": snapshot.Administrators, "/organization": snapshot.Organizations,
		"/host": snapshot.Hosts, "/server": snapshot.Servers, "/link": snapshot.Links, "/subscription": snapshot.Subscription,
	}[path]
	return kind, ok
}

func objects(t *testing.T, raw json.RawMessage) []snapshot.Object {
	t.Helper()
	var list []json.RawMessage
	if json.Unmarshal(raw, &list) != nil {
		var page struct{ Links []json.RawMessage }
		if err := json.Unmarshal(raw, &page); err != nil {
			t.Fatal(err)
		}
		if list = page.Links; list == nil {
			list = []json.RawMessage{raw}
		}
	}
	var out []snapshot.Object
	for _, element := range list {
		o, err := snapshot.DecodeObject(element)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, o)
	}
	return out
}

func TestRecordedInstanceIsRestored(t *testing.T) {
	wanted := recorded(t)
	s := newTarget(t, simulator.Options{Hosts: 2})
	opts := restore.PlanOptions{Start: true, MapHosts: map[string]string{"host-one": "vpn-1", "second-host": "vpn-2"}}
	plan, _ := s.restore(wanted, opts)
	after := s.export()
	// What no body carries, and the settings that are held back.
	assertSame(t, wanted, after, "users.pin", "settings.server_cert", "settings.auditing", "settings.sso_okta_mode", "administrators")
	outcome, err := restore.Verify(plan, after)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range outcome.Remaining {
		if r.Class == restore.Real || r.Class == restore.Missing {
			t.Errorf("remains: %+v", r)
		}
	}
	assertEmpty(t, s.plan(wanted, opts))
}
