package integration_test

import (
	"os"
	"strings"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"
	mongodriver "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"pritunl-backup/mongo"
)

// newDatabaseIsOurs tells whether the tests run on FerretDB, which cannot store lists within lists.
func newDatabaseIsOurs() bool {
	return os.Getenv(mongoURIVariable) == "" || os.Getenv(mongoFerretVariable) != ""
}

func uniqueUsername() mongodriver.IndexModel {
	return mongodriver.IndexModel{Keys: bson.D{{Key: "username", Value: 1}}, Options: options.Index().SetUnique(true)}
}

func TestMongoClone(t *testing.T) {
	from := newDatabase(t)
	from.load(t)
	dangerous := bson.D{{Key: "redis_uri", Value: "redis://fake"}, {Key: "secondary_mongodb_uri", Value: "mongodb://fake"},
		{Key: "route53_zone", Value: "example.com"}, {Key: "us_east_1_secret_key", Value: "role"}, {Key: "acme_domain", Value: "vpn.example.com"},
		{Key: "influxdb_url", Value: "http://fake"}, {Key: "license", Value: "fakelicense"}, {Key: "server_key", Value: "FAKE"}, {Key: "cloud_provider", Value: "aws"}}
	if _, err := from.raw.Collection("settings").UpdateOne(t.Context(), bson.D{{Key: "_id", Value: "app"}}, bson.D{{Key: "$set", Value: dangerous}}); err != nil {
		t.Fatal(err)
	}
	lines := dump(t, from.open(t))
	to := newDatabase(t)
	db := to.open(t)
	p := restore(t, db, lines, mongo.RestoreOptions{Clone: true})
	var app bson.M
	if err := to.raw.Collection("settings").FindOne(t.Context(), bson.D{{Key: "_id", Value: "app"}}).Decode(&app); err != nil {
		t.Fatal(err)
	}
	listed := map[string]bool{}
	for _, b := range p.Blanked {
		listed[b.Field] = true
		if b.Why == "" {
			t.Errorf("%s is blanked without a reason", b.Field)
		}
	}
	for _, e := range dangerous {
		if _, there := app[e.Key]; there || !listed[e.Key] {
			t.Errorf("%s: there %v, listed %v", e.Key, there, listed[e.Key])
		}
	}
	for _, kept := range []string{"sso", "email_server", "auditing", "sso_org"} {
		if _, there := app[kept]; !there {
			t.Errorf("%s is gone", kept)
		}
	}
	if again := restore(t, db, lines, mongo.RestoreOptions{Clone: true}); !again.Empty() {
		t.Errorf("a second run changes %d documents", again.Writes())
	}
}

func TestMongoNewHosts(t *testing.T) {
	const oldID, newID = "c2cfcc421c0d1fdf7b2a38aabda3fec2", "0123456789abcdef0123456789abcdef"
	from := newDatabase(t)
	from.load(t)
	from.insert(t, "users", marshal(t, bson.D{{Key: "_id", Value: bson.ObjectID{255}}, {Key: "name", Value: "host_" + oldID}, {Key: "resource_id", Value: oldID}, {Key: "type", Value: "server"}}))
	lines := dump(t, from.open(t))
	to := newDatabase(t)
	db := to.open(t)
	o := mongo.RestoreOptions{Hosts: mongo.HostsNew, HostMap: map[string]string{oldID: newID}}
	p := restore(t, db, lines, o)
	after := dump(t, db)
	all := strings.Join(after["servers"], "\n") + strings.Join(after["users"], "\n") + strings.Join(after["hosts"], "\n")
	if strings.Contains(all, oldID) || strings.Count(all, newID) < 4 {
		t.Errorf("the old host id is still there, or the new one is not")
	}
	if len(after["hosts"]) != 1 || !strings.Contains(after["hosts"][0], `"name":"host-one"`) || !strings.Contains(after["hosts"][0], `"public_address":null`) {
		t.Errorf("hosts: %v", after["hosts"])
	}
	if !strings.Contains(strings.Join(p.Warnings, "\n"), "server wg loses host e5a1c0ffee00000000000000000000b2") {
		t.Errorf("warnings: %v", p.Warnings)
	}
	if len(p.Blanked) != 2 {
		t.Errorf("blanked: %+v", p.Blanked)
	}
	if again := restore(t, db, lines, o); !again.Empty() {
		t.Errorf("a second run changes %d documents", again.Writes())
	}
}
