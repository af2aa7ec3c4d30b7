package mongo_test

import (
	"context"
	"errors"
	"iter"
	"strings"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"

	"pritunl-backup/mongo"
)

func TestScanSource(t *testing.T) {
	t.Parallel()
	scans := 0
	src, err := mongo.ScanSource(t.Context(), func(context.Context) iter.Seq2[mongo.Document, error] {
		scans++
		return recordedDocuments(t)
	})
	if err != nil || scans != 1 {
		t.Fatalf("%d scans, %v", scans, err)
	}
	for _, name := range src.Collections {
		count := 0
		for _, err := range src.Documents(t.Context(), name) {
			if err != nil {
				t.Fatal(err)
			}
			count++
		}
		if want := len(recorded(t, name)); count != want {
			t.Errorf("%s gives %d documents, want %d", name, count, want)
		}
	}
	if scans != 4 {
		t.Errorf("%d scans, want one more for each of users, users_net_link and servers_ip_pool", scans)
	}
	broken := errors.New("broken")
	_, err = mongo.ScanSource(t.Context(), func(context.Context) iter.Seq2[mongo.Document, error] {
		return func(yield func(mongo.Document, error) bool) { yield(mongo.Document{}, broken) }
	})
	if !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
}

// An empty database that accepts everything is enough for what a plan must refuse in the snapshot itself.
func TestPlanRefusesSnapshots(t *testing.T) {
	t.Parallel()
	w := listen(t, func(command string, _ bson.Raw) reply {
		switch command {
		case "find", "listCollections":
			return batch(0)
		}
		return reply{}
	})
	db := open(t, w)
	version := bson.D{{Key: "_id", Value: "version"}, {Key: "version", Value: "1.34.4681.89"}, {Key: "version_min", Value: "1.25.0.0"}}
	for _, test := range []struct {
		name       string
		collection string
		docs       []bson.D
		cause      mongo.Cause
		text       string
	}{
		{"redacted", "organizations", []bson.D{{{Key: "_id", Value: bson.ObjectID{1}}, {Key: "ca_private_key", Value: bson.D{{Key: "$redacted", Value: "x"}}}}}, mongo.CauseDocument, "ca_private_key is redacted"},
		{"sealed", "users", []bson.D{{{Key: "_id", Value: bson.ObjectID{1}}, {Key: "pin", Value: "$SEAV1$&abc"}}}, mongo.CauseVault, ""},
		{"not sorted", "users", []bson.D{{{Key: "_id", Value: bson.ObjectID{2}}}, {{Key: "_id", Value: bson.ObjectID{1}}}}, mongo.CauseDocument, "not sorted"},
		{"twice", "users", []bson.D{{{Key: "_id", Value: bson.ObjectID{2}}}, {{Key: "_id", Value: bson.ObjectID{2}}}}, mongo.CauseDocument, "not sorted"},
		{"no _id", "users", []bson.D{{{Key: "name", Value: "x"}}}, mongo.CauseDocument, "no _id"},
		{"runtime collection", "messages", []bson.D{{{Key: "_id", Value: 1}}}, mongo.CauseNotReadable, ""},
		{"no version", "administrators", nil, mongo.CauseDocument, "settings document named version"},
	} {
		t.Run(test.name, func(t *testing.T) {
			docs := []mongo.Document{}
			if test.docs != nil {
				docs = append(docs, mongo.Document{Collection: "settings", Raw: doc(t, version)})
			}
			for _, d := range test.docs {
				docs = append(docs, mongo.Document{Collection: test.collection, Raw: doc(t, d)})
			}
			src, err := mongo.ScanSource(t.Context(), func(context.Context) iter.Seq2[mongo.Document, error] { return sequence(docs...) })
			if err != nil {
				t.Fatal(err)
			}
			_, err = db.PlanRestore(t.Context(), src, mongo.RestoreOptions{})
			if !errors.Is(err, test.cause) || !strings.Contains(err.Error(), test.text) {
				t.Errorf("got %v", err)
			}
		})
	}
	if seen := w.seen(); strings.Contains(seen, "update") || strings.Contains(seen, "insert") || strings.Contains(seen, "delete") {
		t.Errorf("a plan wrote: %s", seen)
	}
}
