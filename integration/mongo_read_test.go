package integration_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.mongodb.org/mongo-driver/v2/bson"

	"pritunl-backup/mongo"
)

func TestMongoDumpIsWhatWasRecorded(t *testing.T) {
	d := newDatabase(t)
	d.load(t)
	db := d.open(t)
	got := dump(t, db)
	if diff := cmp.Diff(recordedLines(t), got); diff != "" {
		t.Errorf("the dump differs from the recording (-recorded +dumped):\n%s", diff)
	}
	if diff := cmp.Diff(got, dump(t, db)); diff != "" {
		t.Error("two dumps of the same database differ")
	}
}

func TestMongoIdentify(t *testing.T) {
	d := newDatabase(t)
	db := d.open(t)
	if _, err := db.Identify(t.Context()); !errors.Is(err, mongo.CauseNotPritunl) {
		t.Errorf("an empty database: %v", err)
	}
	d.load(t)
	instance, err := db.Identify(t.Context())
	if err != nil || instance.Version != "1.34.4681.89" || instance.VersionMin != "1.25.0.0" {
		t.Errorf("got %+v, %v", instance, err)
	}
	names, err := db.ListCollections(t.Context())
	if err != nil || !slices.Contains(names, "users") || !slices.IsSorted(names) {
		t.Errorf("collections %v, %v", names, err)
	}
	d.insert(t, "authorities", marshal(t, bson.D{{Key: "_id", Value: "x"}}))
	if _, err := db.Identify(t.Context()); !errors.Is(err, mongo.CauseZero) {
		t.Errorf("a Zero database: %v", err)
	}
}

func TestMongoPrefix(t *testing.T) {
	d := newDatabase(t)
	for name, docs := range recorded(t) {
		d.insert(t, "one_"+name, docs...)
	}
	db, err := mongo.Open(t.Context(), mongo.Options{URI: mongo.Secret(d.uri), Prefix: "one_"})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close(t.Context()) }()
	if _, err := db.Identify(t.Context()); err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff(recordedLines(t), dump(t, db)); diff != "" {
		t.Error(diff)
	}
	if _, err := d.open(t).Identify(t.Context()); !errors.Is(err, mongo.CauseNotPritunl) {
		t.Errorf("without the prefix: %v", err)
	}
}

func TestMongoTypesAndUnknownFieldsSurvive(t *testing.T) {
	d := newDatabase(t)
	d.load(t)
	values := bson.D{{Key: "i32", Value: int32(1)}, {Key: "i64", Value: int64(1)}, {Key: "dbl", Value: 1.0},
		{Key: "oid", Value: bson.ObjectID{1}}, {Key: "date", Value: bson.DateTime(1234567890123)}, {Key: "text", Value: "é \u2028"},
		{Key: "new_in_a_later_version", Value: bson.D{{Key: "b", Value: int64(5)}, {Key: "a", Value: bson.A{nil, true}}}}}
	d.insert(t, "servers_ip_pool", marshal(t, append(bson.D{{Key: "_id", Value: int64(3232235521)}}, values...)))
	d.insert(t, "vxlans", marshal(t, append(bson.D{{Key: "_id", Value: int32(7)}}, values...)))
	d.insert(t, "hosts", marshal(t, append(bson.D{{Key: "_id", Value: "ffffffffffffffffffffffffffffffff"}}, values...)))
	d.insert(t, "links", marshal(t, append(bson.D{{Key: "_id", Value: bson.ObjectID{255}}}, values...)))
	before := dump(t, d.open(t))

	to := newDatabase(t)
	restore(t, to.open(t), before, mongo.RestoreOptions{})
	after := dump(t, to.open(t))
	for _, name := range []string{"servers_ip_pool", "links"} {
		if diff := cmp.Diff(before[name], after[name]); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	want := `"dbl":{"$numberDouble":"1.0"},"i32":{"$numberInt":"1"},"i64":{"$numberLong":"1"}`
	for _, name := range []string{"servers_ip_pool", "vxlans", "hosts", "links"} {
		last := after[name][len(after[name])-1]
		if !containsText(last, want) || !containsText(last, `"new_in_a_later_version":{"a":[null,true],"b":{"$numberLong":"5"}}`) {
			t.Errorf("%s: %s", name, last)
		}
	}
}

func TestMongoDanglingReferences(t *testing.T) {
	d := newDatabase(t)
	d.load(t)
	r, err := d.open(t).NewReader(t.Context(), mongo.ReaderOptions{})
	if err != nil {
		t.Fatal(err)
	}
	collections := mongo.Selected(mongo.Selection{Pools: true})
	before, err := r.Dangling(t.Context(), collections)
	if err != nil {
		t.Fatal(err)
	}
	// The recorded server had deleted an organization with its server and kept the addresses of one user on it.
	for i, x := range before {
		if x.Collection != "servers_ip_pool" || x.ID != "171704322" && x.ID != "171769858" || len(before) != 6 {
			t.Errorf("%d: %+v", i, x)
		}
	}
	if _, err := d.raw.Collection("organizations").DeleteOne(t.Context(), bson.D{{Key: "name", Value: "gamma"}}); err != nil {
		t.Fatal(err)
	}
	d.insert(t, "users_net_link", marshal(t, bson.D{{Key: "_id", Value: bson.ObjectID{9}}, {Key: "user_id", Value: bson.ObjectID{8}}, {Key: "org_id", Value: nil}}))
	after, err := r.Dangling(t.Context(), collections)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]int{}
	for _, x := range after {
		seen[x.Collection+"."+x.Path+" "+x.Missing]++
	}
	const gamma = "6b024c2ab15b3f637f408c9d"
	if seen["users.org_id "+gamma] == 0 || seen["servers.organizations[] "+gamma] == 0 ||
		seen["users_net_link.user_id 080000000000000000000000"] != 1 {
		t.Errorf("found %v", seen)
	}
}

func TestMongoSlowAndCutConnections(t *testing.T) {
	d := newDatabase(t)
	d.load(t)
	want := recordedLines(t)
	t.Run("slow", func(t *testing.T) {
		p := newProxy(t, d.address)
		p.delay = 20 * time.Millisecond
		if diff := cmp.Diff(want, dump(t, openURI(t, p.uri(d)))); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("cut in the middle", func(t *testing.T) {
		p := newProxy(t, d.address)
		db := openURI(t, p.uri(d))
		p.mu.Lock()
		p.cutAt = p.chunks + 9
		p.mu.Unlock()
		if diff := cmp.Diff(want, dump(t, db)); diff != "" {
			t.Error(diff)
		}
		if p.chunks < p.cutAt {
			t.Error("nothing was cut")
		}
	})
	t.Run("dies for good", func(t *testing.T) {
		p := newProxy(t, d.address)
		db, err := mongo.Open(t.Context(), mongo.Options{URI: mongo.Secret(p.uri(d)), Timeout: 2 * time.Second, Stall: 2 * time.Second})
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = db.Close(t.Context()) }()
		r, err := db.NewReader(t.Context(), mongo.ReaderOptions{})
		if err != nil {
			t.Fatal(err)
		}
		p.mu.Lock()
		p.dead = true
		p.mu.Unlock()
		p.cut()
		var last error
		for _, err := range r.Documents(t.Context(), "users") {
			last = err
		}
		var ours *mongo.Error
		if !errors.As(last, &ours) || ours.Hint() == "" {
			t.Errorf("got %v", last)
		}
	})
}
