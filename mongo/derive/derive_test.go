package derive_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.mongodb.org/mongo-driver/v2/bson"

	"pritunl-backup/mongo"
	"pritunl-backup/mongo/derive"
)

// recording is a database that a real server wrote, and what its API answered at the same moment. Its directory is
// below those of all recordings.
type recording string

const (
	newest recording = "."
	old    recording = "1.32"
)

// answers are the recorded GETs by path.
func (r recording) answers(t *testing.T) map[string]any {
	t.Helper()
	out := map[string]any{}
	lines(t, filepath.Join("..", "..", "simulator", "testdata", "recordings", string(r), "seeded-gets.jsonl"), func(line []byte) {
		var entry struct {
			Path, Query string
			Response    any
		}
		decoder := json.NewDecoder(bytes.NewReader(line))
		decoder.UseNumber()
		if err := decoder.Decode(&entry); err != nil {
			t.Fatal(err)
		}
		if entry.Query == "" {
			out[entry.Path] = entry.Response
		}
	})
	return out
}

func (r recording) documents(t *testing.T, collection string) []bson.Raw {
	t.Helper()
	var out []bson.Raw
	lines(t, filepath.Join("..", "testdata", "recorded", string(r), collection+".jsonl"), func(line []byte) {
		raw, err := mongo.Decode(line)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, raw)
	})
	return out
}

func lines(t *testing.T, path string, each func([]byte)) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	scanner := bufio.NewScanner(bytes.NewReader(data))
	scanner.Buffer(nil, 1<<24)
	for scanner.Scan() {
		each(scanner.Bytes())
	}
	if err := scanner.Err(); err != nil {
		t.Fatal(err)
	}
}

func (r recording) instance(t *testing.T) *derive.Instance {
	t.Helper()
	docs := map[string][]bson.Raw{}
	for _, name := range derive.Collections() {
		docs[name] = r.documents(t, name)
	}
	return derive.New(docs)
}

// users derives all users, each with its networks and addresses.
func (r recording) users(t *testing.T, i *derive.Instance) []map[string]any {
	t.Helper()
	of := func(collection string) map[bson.ObjectID][]bson.Raw {
		out := map[bson.ObjectID][]bson.Raw{}
		for _, raw := range r.documents(t, collection) {
			if v, err := raw.LookupErr("user_id"); err == nil {
				out[v.ObjectID()] = append(out[v.ObjectID()], raw)
			}
		}
		return out
	}
	links, addresses := of("users_net_link"), of("servers_ip_pool")
	var out []map[string]any
	for _, raw := range r.documents(t, "users") {
		id := raw.Lookup("_id").ObjectID()
		if o := i.User(raw, links[id], addresses[id]); o != nil {
			out = append(out, o)
		}
	}
	return out
}

// section collects what the API says of one kind from all its answers.
func section(t *testing.T, kind string, all map[string]any) []map[string]any {
	t.Helper()
	single := map[string]string{"administrators": "/admin", "organizations": "/organization", "hosts": "/host", "servers": "/server"}
	endings := map[string]string{"server_organizations": "/organization", "server_routes": "/route", "server_hosts": "/host", "server_links": "/link", "locations": "/location"}
	switch {
	case single[kind] != "":
		return objects(t, all[single[kind]])
	case kind == "links":
		return objects(t, all["/link"].(map[string]any)["links"])
	case kind == "settings" || kind == "subscription":
		return []map[string]any{all["/"+kind].(map[string]any)}
	}
	var out []map[string]any
	for path, answer := range all {
		parts := strings.Split(path, "/")
		if kind == "users" && len(parts) == 3 && parts[1] == "user" || endings[kind] != "" && len(parts) == 4 && strings.HasSuffix(path, endings[kind]) {
			out = append(out, objects(t, answer)...)
		}
	}
	return out
}

func objects(t *testing.T, v any) []map[string]any {
	t.Helper()
	list, ok := v.([]any)
	if !ok {
		t.Fatalf("%T is no list", v)
	}
	var out []map[string]any
	for _, o := range list {
		out = append(out, o.(map[string]any))
	}
	return out
}

// key tells which derived object an answered one is to be compared with.
func key(o map[string]any) string {
	part := func(name string) string { s, _ := o[name].(string); return s }
	return part("server") + "/" + part("link_id") + "/" + part("id")
}

// strip removes the fields of the table of exceptions, and orders lists that have no order.
func strip(kind string, o map[string]any) map[string]any {
	for _, e := range derive.Exceptions() {
		if e.Kind == kind {
			remove(o, e.Field)
		}
	}
	for _, name := range []string{"groups", "network_links"} {
		if list, ok := o[name].([]any); ok {
			slices.SortFunc(list, func(a, b any) int { return strings.Compare(a.(string), b.(string)) })
		}
	}
	if kind == "settings" {
		delete(o, "id")
	}
	return o
}

func remove(o map[string]any, path string) {
	list, field, nested := strings.Cut(path, "[].")
	if !nested {
		delete(o, path)
		return
	}
	items, _ := o[list].([]any)
	for _, item := range items {
		delete(item.(map[string]any), field)
	}
}

func TestResourcesAreWhatTheAPIAnswered(t *testing.T) {
	t.Parallel()
	for name, r := range map[string]recording{"1.34": newest, "1.32": old} {
		t.Run(name, r.compare)
	}
}

func (r recording) compare(t *testing.T) {
	all, derived := r.answers(t), r.instance(t)
	for _, kind := range append(derive.Kinds(), "users") {
		t.Run(kind, func(t *testing.T) {
			want, got := map[string]any{}, map[string]any{}
			for _, o := range section(t, kind, all) {
				k := key(o)
				if kind == "settings" || kind == "subscription" {
					k = ""
				}
				want[k] = strip(kind, o)
			}
			made := derived.Resources(kind)
			if kind == "users" {
				made = r.users(t, derived)
			}
			for _, o := range made {
				k := key(o)
				if kind == "settings" {
					k = ""
				}
				if _, twice := got[k]; twice {
					t.Errorf("%s was derived twice", k)
				}
				got[k] = strip(kind, o)
			}
			if kind == "subscription" {
				if r == newest && len(made) != 0 {
					t.Errorf("the recorded database knows nothing of a subscription, derived %v", made)
				}
				return
			}
			if len(want) == 0 {
				t.Fatal("nothing was recorded")
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("-answered +derived:\n%s", diff)
			}
		})
	}
}

func TestExceptionsHaveReasonsAndAreNotDerived(t *testing.T) {
	t.Parallel()
	derived := newest.instance(t)
	for _, e := range derive.Exceptions() {
		if e.Why == "" {
			t.Errorf("%s.%s has no reason", e.Kind, e.Field)
		}
		if e.Kind == "subscription" || strings.Contains(e.Field, "[]") {
			continue
		}
		made := derived.Resources(e.Kind)
		if e.Kind == "users" {
			made = newest.users(t, derived)
		}
		for _, o := range made {
			if _, there := o[e.Field]; there {
				t.Errorf("%s.%s is derived although the table says it is not", e.Kind, e.Field)
			}
		}
	}
}

func TestRoutesComeInTheOrderOfTheServer(t *testing.T) {
	t.Parallel()
	all, derived := newest.answers(t), newest.instance(t)
	got := map[string][]any{}
	for _, o := range derived.Resources("server_routes") {
		server, _ := o["server"].(string)
		got[server] = append(got[server], o["network"])
	}
	for server, list := range got {
		var want []any
		for _, o := range objects(t, all["/server/"+server+"/route"]) {
			want = append(want, o["network"])
		}
		if diff := cmp.Diff(want, list); diff != "" {
			t.Errorf("%s: %s", server, diff)
		}
	}
}

func TestHollowDocumentsDoNotHurt(t *testing.T) {
	t.Parallel()
	odd := bson.D{{Key: "_id", Value: "x"}, {Key: "name", Value: 5}, {Key: "routes", Value: bson.A{nil, 3, bson.D{}}}, {Key: "links", Value: bson.A{bson.D{}, "a"}},
		{Key: "organizations", Value: "none"}, {Key: "hosts", Value: bson.D{}}, {Key: "network", Value: "no network"}, {Key: "ipv6", Value: true},
		{Key: "excludes", Value: bson.A{bson.A{1}, bson.A{1, 2}, 3}}, {Key: "link_id", Value: "x"}, {Key: "location_id", Value: "x"}, {Key: "org_id", Value: "x"},
		{Key: "devices", Value: bson.A{bson.D{}, 1}}, {Key: "ca_certificate", Value: "Not After : soon"}, {Key: "dns_mapping", Value: true}, {Key: "wg", Value: true}}
	raw, err := bson.Marshal(odd)
	if err != nil {
		t.Fatal(err)
	}
	docs := map[string][]bson.Raw{}
	for _, name := range derive.Collections() {
		docs[name] = []bson.Raw{raw, {5, 0, 0, 0, 0}}
	}
	i := derive.New(docs)
	for _, kind := range append(derive.Kinds(), "unknown") {
		for _, o := range i.Resources(kind) {
			if _, err := json.Marshal(o); err != nil {
				t.Errorf("%s: %v", kind, err)
			}
		}
	}
	if o := i.User(raw, nil, nil); o != nil {
		t.Errorf("a user without type is shown: %v", o)
	}
}
