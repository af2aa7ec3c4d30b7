package snapshot_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"pritunl-backup/snapshot"
)

func verify(t testing.TB, text []byte) *snapshot.Report {
	t.Helper()
	r, err := snapshot.Verify(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestVerifyRecordedInstance(t *testing.T) {
	r := verify(t, write(t, testHeader(), recorded(t, "instance.jsonl")))
	if !r.Consistent() || len(r.Unknown)+len(r.Unusual)+r.Redacted != 0 {
		t.Errorf("%+v", r)
	}
	if r.Summary.Counts[snapshot.Users] != 14 || len(r.Summary.ContentSHA256) != 64 {
		t.Errorf("%+v", r.Summary)
	}
	h := testHeader()
	h.Secrets = snapshot.SecretsRedact
	if r := verify(t, write(t, h, recorded(t, "instance.jsonl"))); r.Redacted < 20 || len(r.Unusual) != 0 {
		t.Errorf("redacted: %d, unusual: %v", r.Redacted, r.Unusual)
	}
}

func TestVerifyFindings(t *testing.T) {
	all := map[snapshot.Kind][]snapshot.Object{
		snapshot.Settings:      {object(t, `{"sso_org":"gone","colour":"red"}`)},
		snapshot.Organizations: {object(t, `{"id":"o","name":"a"}`), object(t, `{"id":"o","name":"b","x":{"token":"FAKE"}}`)},
		snapshot.Servers:       {object(t, `{"id":"s","port":"1194"}`)},
		snapshot.ServerRoutes: {
			object(t, `{"id":"r","server":"s","network":"10.0.0.0/8"}`), object(t, `{"id":"r","server":"s","network":"10.0.0.0/8"}`),
			object(t, `{"id":"l","server":"s","network":"10.9.0.0/16","network_link":true}`), object(t, `{"id":"l","server":"s","network":"10.9.0.0/16","network_link":true}`),
		},
		snapshot.ServerHosts: {object(t, `{"id":"h","server":"s"}`)},
		snapshot.Links:       {object(t, `{"id":"k"}`)},
		snapshot.Locations: {
			object(t, `{"id":"a","link_id":"k","peers":[{"id":"b","transited_id":null},{"id":"gone"}]}`),
			object(t, `{"id":"b","link_id":"k","peers":[{"id":"a"}]}`),
		},
		snapshot.Users: {
			object(t, `{"id":"u","organization":"o","name":"x"}`), object(t, `{"id":"u","organization":"o","name":"x","type":null}`),
			object(t, `{"id":"v","name":"y","colour":1,"servers":[{"server_id":"gone"}]}`),
		},
	}
	h := testHeader()
	r := verify(t, write(t, h, all))
	if diff := cmp.Diff([]snapshot.Dangling{
		{Kind: snapshot.ServerHosts, ID: "h", Path: "id", To: snapshot.Hosts, Target: "h"},
		{Kind: snapshot.Users, ID: "v", Path: "organization", To: snapshot.Organizations},
		{Kind: snapshot.Users, ID: "v", Path: "servers[].server_id", To: snapshot.Servers, Target: "gone"},
		{Kind: snapshot.Settings, Path: "sso_org", To: snapshot.Organizations, Target: "gone"},
		{Kind: snapshot.Locations, ID: "a", Path: "peers[].id", To: snapshot.Locations, Target: "gone"},
	}, r.Dangling); diff != "" || r.DanglingCount != 5 {
		t.Errorf("dangling %d: %s", r.DanglingCount, diff)
	}
	if diff := cmp.Diff([]snapshot.Duplicate{{snapshot.Organizations, "o"}, {snapshot.ServerRoutes, "r"}, {snapshot.Users, "u"}}, r.Duplicates); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string]int{"settings.colour": 1, "organizations.x": 1, "users.colour": 1}, r.Unknown); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string]int{"servers.port": 1}, r.Unusual); diff != "" {
		t.Error(diff)
	}
	if r.Consistent() {
		t.Error("called consistent")
	}

	h.Complete, h.Skipped = false, []snapshot.Kind{snapshot.Hosts, snapshot.Servers}
	h.Unreadable = []snapshot.Unreadable{{Kind: snapshot.Organizations, Reason: "x"}}
	if r := verify(t, write(t, h, all)); r.DanglingCount != 1 {
		t.Errorf("references to what was left out count as dangling: %+v", r.Dangling)
	}
}

func TestVerifyFindingsAreBounded(t *testing.T) {
	var users []snapshot.Object
	for range 3000 {
		users = append(users, object(t, `{"id":"u","organization":"gone"}`))
	}
	r := verify(t, write(t, testHeader(), map[snapshot.Kind][]snapshot.Object{snapshot.Users: users}))
	if len(r.Dangling) != 1000 || r.DanglingCount != 3000 || len(r.Duplicates) != 1000 || r.DuplicateCount != 2999 {
		t.Errorf("%d of %d dangling, %d of %d duplicates", len(r.Dangling), r.DanglingCount, len(r.Duplicates), r.DuplicateCount)
	}
}

func TestRows(t *testing.T) {
	doc, err := snapshot.Load(bytes.NewReader(write(t, testHeader(), recorded(t, "instance.jsonl"))))
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range snapshot.Kinds() {
		for _, o := range doc.Resources[kind] {
			row := snapshot.Row(kind, o, doc.Names())
			if len(row) != len(snapshot.Columns(kind)) || len(row) == 0 {
				t.Errorf("%s: %d cells under %d titles", kind, len(row), len(snapshot.Columns(kind)))
			}
			if strings.Contains(strings.Join(row, " "), "FAKETOKEN") {
				t.Errorf("%s shows a secret", kind)
			}
		}
	}
	for _, c := range []struct {
		kind snapshot.Kind
		in   string
		want string
	}{
		{snapshot.Servers, `{"id":"s","name":"a\u001b[31m\nb\u202e \"q\"","port":1194,"protocol":"udp","status":"online"}`, `a\x1b[31m\nb\u202e "q"||1194/udp||||online|s`},
		{snapshot.Users, `{"name":"alice","organization":"o","groups":["a","b"],"pin":true}`, `Org|alice||||a, b|yes|`},
		{snapshot.Settings, `{"sso":{"$redacted":"x"},"sso_org":"gone","server_port":443,"auditing":["x"]}`, `(redacted)|gone||||443|(...)`},
		{snapshot.Locations, `{"link_id":"l","name":"n","routes":[{"network":"10.0.0.0/8"}],"hosts":[{}]}`, `|n|1|10.0.0.0/8|0`},
		{snapshot.ServerRoutes, `{"server":"s","network":"::/0"}`, `s|::/0||||derived`},
	} {
		names := snapshot.Names{"o": "Org", "l": ""}
		if got := strings.Join(snapshot.Row(c.kind, object(t, c.in), names), "|"); got != c.want {
			t.Errorf("%s: %s, want %s", c.kind, got, c.want)
		}
	}
}
