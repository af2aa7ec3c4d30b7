package integration_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.mongodb.org/mongo-driver/v2/bson"

	"pritunl-backup/mongo"
	"pritunl-backup/mongo/derive"
)

// answersOf derives everything that the API would answer from a live database.
func answersOf(t testing.TB, db *mongo.DB) map[string][]string {
	t.Helper()
	r, err := db.NewReader(t.Context(), mongo.ReaderOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close(t.Context())
	instance, err := derive.Load(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][]string{}
	add := func(kind string, o map[string]any) {
		line, err := json.Marshal(o)
		if err != nil {
			t.Fatal(err)
		}
		out[kind] = append(out[kind], string(line))
	}
	for _, kind := range derive.Kinds() {
		for _, o := range instance.Resources(kind) {
			add(kind, o)
		}
	}
	for o, err := range instance.Users(t.Context(), r) {
		if err != nil {
			t.Fatal(err)
		}
		add("users", o)
	}
	return out
}

// A restored database answers like the one that was saved, ids included.
func TestMongoRestoredDatabaseGivesTheSameAnswers(t *testing.T) {
	from := newDatabase(t)
	from.load(t)
	before := answersOf(t, from.open(t))
	if len(before["users"]) != 14 || len(before["server_routes"]) < 40 || len(before["locations"]) != 6 {
		t.Fatalf("derived %d users, %d routes, %d locations", len(before["users"]), len(before["server_routes"]), len(before["locations"]))
	}
	to := newDatabase(t)
	restore(t, to.open(t), dump(t, from.open(t)), mongo.RestoreOptions{})
	if diff := cmp.Diff(before, answersOf(t, to.open(t))); diff != "" {
		t.Error(diff)
	}
}

func TestMongoUsersAreStreamedInOrder(t *testing.T) {
	d := newDatabase(t)
	org := bson.ObjectID{1}
	d.insert(t, "organizations", marshal(t, bson.D{{Key: "_id", Value: org}, {Key: "name", Value: "org"}, {Key: "type", Value: "default"}}))
	var docs, pool []bson.Raw
	const count = 1500
	for n := range count {
		id := bson.ObjectID{2, byte(n), byte(n >> 8)}
		var email any
		if n%3 > 0 {
			email = strings.Repeat("e", n%5)
		}
		docs = append(docs, marshal(t, bson.D{{Key: "_id", Value: id}, {Key: "org_id", Value: org}, {Key: "type", Value: "client"},
			{Key: "name", Value: []string{"same", "other", "third"}[n%3]}, {Key: "email", Value: email}, {Key: "private_key", Value: "FAKE"}}))
		pool = append(pool, marshal(t, bson.D{{Key: "_id", Value: int32(n)}, {Key: "user_id", Value: id}, {Key: "server_id", Value: org}}))
	}
	d.insert(t, "users", docs...)
	d.insert(t, "servers_ip_pool", pool...)
	r, err := d.open(t).NewReader(t.Context(), mongo.ReaderOptions{})
	if err != nil {
		t.Fatal(err)
	}
	instance, err := derive.Load(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	var keys []string
	for o, err := range instance.Users(t.Context(), r) {
		if err != nil {
			t.Fatal(err)
		}
		email, _ := o["email"].(string)
		keys = append(keys, o["name"].(string)+"\x00"+email+"\x00"+o["id"].(string))
	}
	if len(keys) != count || !slices.IsSorted(keys) {
		t.Errorf("%d users, sorted %v", len(keys), slices.IsSorted(keys))
	}
	if len(slices.Compact(keys)) != count {
		t.Error("a user came twice")
	}
}
