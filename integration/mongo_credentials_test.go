package integration_test

import (
	"crypto/rand"
	"errors"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"

	"pritunl-backup/mongo"
)

func TestMongoCredentials(t *testing.T) {
	d := newDatabase(t)
	d.load(t)
	db := d.open(t)
	all, err := db.Administrators(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(all.List) != 3 || all.Strict {
		t.Fatalf("got %d administrators, strict %v", len(all.List), all.Strict)
	}
	p, err := all.PlanEnable("pritunl", rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	before := dump(t, db)
	if err := db.Enable(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	a, err := db.Administrator(t.Context(), "pritunl")
	if err != nil || !a.Accepted || a.Token != "FAKETOKEN00000000000000000000005" {
		t.Errorf("accepted %v because %q (%v); the working token must stay", a.Accepted, a.Why, err)
	}
	after := dump(t, db)
	for name := range before {
		changed := 0
		for i := range before[name] {
			if before[name][i] != after[name][i] {
				changed++
			}
		}
		if want := map[bool]int{true: 1}[name == "administrators"]; changed != want {
			t.Errorf("%d documents of %s changed", changed, name)
		}
	}
}

func TestMongoEnableMakesAMissingPair(t *testing.T) {
	d := newDatabase(t)
	d.insert(t, "administrators", marshal(t, bson.D{{Key: "_id", Value: bson.NewObjectID()}, {Key: "username", Value: "alice"},
		{Key: "token", Value: nil}, {Key: "secret", Value: "short"}, {Key: "kept", Value: int64(5)}}))
	db := d.open(t)
	all, err := db.Administrators(t.Context())
	if err != nil || !all.Strict {
		t.Fatalf("strict %v, %v", all.Strict, err)
	}
	p, err := all.PlanEnable("alice", rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	stale := *p
	if err := db.Enable(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	a, err := db.Administrator(t.Context(), "alice")
	if err != nil || !a.Accepted || a.Token != p.Token || a.Secret != p.Secret {
		t.Errorf("accepted %v because %q (%v)", a.Accepted, a.Why, err)
	}
	stale.Token = "FAKEOTHERTOKEN"
	if err := db.Enable(t.Context(), &stale); !errors.Is(err, mongo.CauseChanged) {
		t.Errorf("a plan made before: %v", err)
	}
	var doc bson.D
	if err := d.raw.Collection("administrators").FindOne(t.Context(), bson.D{}).Decode(&doc); err != nil {
		t.Fatal(err)
	}
	if len(doc) != 6 {
		t.Errorf("the document has %d fields now", len(doc))
	}
}

func TestMongoLicense(t *testing.T) {
	d := newDatabase(t)
	d.load(t)
	db := d.open(t)
	if l, err := db.License(t.Context()); err != nil || l.Present {
		t.Errorf("got %+v, %v", l, err)
	}
	if _, err := d.raw.Collection("settings").UpdateOne(t.Context(), bson.D{{Key: "_id", Value: "app"}},
		bson.D{{Key: "$set", Value: bson.D{{Key: "license", Value: "fakelicensekey"}, {Key: "license_plan", Value: "enterprise"}}}}); err != nil {
		t.Fatal(err)
	}
	if l, err := db.License(t.Context()); err != nil || !l.Present || l.Plan != "enterprise" || l.Key.Reveal() != "fakelicensekey" {
		t.Errorf("got %+v, %v", l, err)
	}
}
