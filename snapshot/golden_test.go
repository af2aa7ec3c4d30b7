package snapshot_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"pritunl-backup/snapshot"
)

// goldens writes every kind of document there is. The files stay for good:
// they are what this and all later versions have to read.
func goldens(t testing.TB) map[string][]byte {
	t.Helper()
	instance := recorded(t, "instance.jsonl")
	redacted, partial, mongo := testHeader(), testHeader(), testHeader()
	redacted.Secrets = snapshot.SecretsRedact
	redacted.Tags = []string{"nightly", "<&>"}
	partial.Complete = false
	partial.Unreadable = []snapshot.Unreadable{
		{Kind: snapshot.Administrators, Reason: "needs a super user"},
		{Kind: snapshot.ServerRoutes, Object: "s1", Reason: "GET /server/s1/route: status 500"},
	}
	partial.Skipped = []snapshot.Kind{snapshot.Links, snapshot.Locations}
	partial.Warnings = []string{"the clock of the server is 3 minutes ahead"}
	mongo.Source = snapshot.Source{Kind: snapshot.SourceMongo, Address: "mongodb://user:FAKE@db.example.com/pritunl", Reason: "asked for"}
	return map[string][]byte{
		"empty.json":       write(t, testHeader(), nil),
		"small.json":       write(t, testHeader(), small(t)),
		"full.json":        write(t, testHeader(), instance),
		"redacted.json":    write(t, redacted, instance),
		"partial.json":     write(t, partial, small(t)),
		"collections.json": writeCollections(t, mongo),
	}
}

func writeCollections(t testing.TB, h snapshot.Header) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := snapshot.NewWriter(&out, h)
	if err != nil {
		t.Fatal(err)
	}
	for _, err := range []error{
		w.WriteElement(snapshot.Organizations, object(t, `{"id":"6b024c29b15b3f637f408c33","name":"Alpha"}`)),
		w.BeginCollection("dh_params"),
		w.WriteDocument("settings", []byte(`{"_id": "app", "server_port": {"$numberInt": "443"}, "a<b": 1}`)),
		w.WriteDocument("settings", []byte(`{"_id": "version", "z": null, "a": "é"}`)),
		w.WriteDocument("users", []byte(`{"_id": {"$oid": "6b024c2ab15b3f637f408c3b"}, "name": "alice"}`)),
		w.WriteDocument("users", []byte(`{"_id": {"$oid": "6b024c2ab15b3f637f408c47"}, "name": "bob"}`)),
		w.BeginCollection("vxlans"),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	if _, err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestGoldens(t *testing.T) {
	for name, text := range goldens(t) {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join("testdata", "v1", name)
			if *update {
				if err := os.WriteFile(file, text, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(want, text) {
				t.Error("the document is not what version 1 was")
			}
			if _, err := snapshot.Load(bytes.NewReader(want)); err != nil {
				t.Error(err)
			}
			conform(t, want)
		})
	}
}

func TestHeaderAloneDiffers(t *testing.T) {
	other := testHeader()
	other.CreatedAt = other.CreatedAt.AddDate(1, 0, 0)
	other.Host, other.Tags = "renamed.example.com", []string{"x"}
	cut := func(text []byte) string {
		before, rest, _ := strings.Cut(string(text), `"header": {`)
		_, after, ok := strings.Cut(rest, "\n  }")
		if !ok {
			t.Fatal("no header")
		}
		return before + after
	}
	a, b := write(t, testHeader(), small(t)), write(t, other, small(t))
	if bytes.Equal(a, b) {
		t.Error("headers are the same")
	}
	if diff := cmp.Diff(cut(a), cut(b)); diff != "" {
		t.Error(diff)
	}
}

func TestEveryRecordedValueIsKept(t *testing.T) {
	all := recorded(t, "instance.jsonl")
	doc, err := snapshot.Load(bytes.NewReader(write(t, testHeader(), all)))
	if err != nil {
		t.Fatal(err)
	}
	count := func(kind snapshot.Kind, objects []snapshot.Object) map[string]int {
		seen := map[string]int{}
		for _, o := range objects {
			leaves(o, func(path string, v any) {
				if f, _ := snapshot.Lookup(kind, path); f.Class == snapshot.Volatile {
					return
				}
				if _, container := v.([]any); !container {
					seen[fmt.Sprintf("%s=%v", path, v)]++
				}
			})
		}
		return seen
	}
	for _, kind := range snapshot.Kinds() {
		if diff := cmp.Diff(count(kind, all[kind]), count(kind, doc.Resources[kind])); diff != "" {
			t.Errorf("%s: %s", kind, diff)
		}
	}
}

func TestCollectionsKeepTheirText(t *testing.T) {
	r, err := snapshot.NewReader(bytes.NewReader(goldens(t)["collections.json"]))
	if err != nil {
		t.Fatal(err)
	}
	if got := r.Header().Source.Address; got != "mongodb://db.example.com/pritunl" {
		t.Errorf("the source's address is %q", got)
	}
	var got []string
	for e, err := range r.Elements() {
		if err != nil {
			t.Fatal(err)
		}
		if e.Collection != "" {
			got = append(got, e.Collection+" "+string(e.Raw))
		}
	}
	want := []string{
		`settings {"_id":"app","server_port":{"$numberInt":"443"},"a<b":1}`,
		`settings {"_id":"version","z":null,"a":"é"}`,
		`users {"_id":{"$oid":"6b024c2ab15b3f637f408c3b"},"name":"alice"}`,
		`users {"_id":{"$oid":"6b024c2ab15b3f637f408c47"},"name":"bob"}`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string]int{"dh_params": 0, "settings": 2, "users": 2, "vxlans": 0}, r.Summary().Collections); diff != "" {
		t.Error(diff)
	}
}
