package integration_test

import (
	"bytes"
	"context"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"

	"pritunl-backup/mongo"
)

// recorded reads the documents that a real server wrote, by collection.
func recorded(t testing.TB) map[string][]bson.Raw {
	t.Helper()
	files, err := filepath.Glob("testdata/mongo/*.jsonl")
	if err != nil || len(files) == 0 {
		t.Fatalf("no recorded documents: %v", err)
	}
	out := map[string][]bson.Raw{}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		name := strings.TrimSuffix(filepath.Base(file), ".jsonl")
		out[name] = []bson.Raw{}
		for line := range bytes.Lines(data) {
			raw, err := mongo.Decode(bytes.TrimSpace(line))
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if name == "links" && newDatabaseIsOurs() {
				raw = withoutNestedArrays(t, raw)
			}
			out[name] = append(out[name], raw)
		}
	}
	return out
}

// withoutNestedArrays empties the one field that the embedded server cannot store: lists within a list. A real server
// gets it as it is.
func withoutNestedArrays(t testing.TB, raw bson.Raw) bson.Raw {
	t.Helper()
	var d bson.D
	if err := bson.Unmarshal(raw, &d); err != nil {
		t.Fatal(err)
	}
	for i := range d {
		if d[i].Key == "excludes" {
			d[i].Value = bson.A{}
		}
	}
	return marshal(t, d)
}

// load fills a database with the recorded documents, and with runtime collections that nobody may look at.
func (d *database) load(t testing.TB) {
	t.Helper()
	for name, docs := range recorded(t) {
		d.insert(t, name, docs...)
	}
	d.insert(t, "messages", marshal(t, bson.D{{Key: "_id", Value: bson.NewObjectID()}, {Key: "message", Value: "FAKE runtime secret"}}))
}

func (d *database) insert(t testing.TB, collection string, docs ...bson.Raw) {
	t.Helper()
	if len(docs) == 0 {
		return
	}
	if _, err := d.raw.Collection(collection).InsertMany(t.Context(), docs); err != nil {
		t.Fatalf("insert into %s: %v", collection, err)
	}
}

func marshal(t testing.TB, d bson.D) bson.Raw {
	t.Helper()
	raw, err := bson.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// dump reads what a snapshot would hold: collection by collection, one line for each document.
func dump(t testing.TB, db *mongo.DB) map[string][]string {
	t.Helper()
	out := map[string][]string{}
	r, err := db.NewReader(t.Context(), mongo.ReaderOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close(t.Context())
	for _, c := range mongo.Selected(mongo.Selection{Audit: true, Pools: true}) {
		lines := []string{}
		for raw, err := range r.Documents(t.Context(), c.Name) {
			if err != nil {
				t.Fatal(err)
			}
			line, err := mongo.Encode(raw)
			if err != nil {
				t.Fatal(err)
			}
			lines = append(lines, string(line))
		}
		out[c.Name] = lines
	}
	return out
}

// sourceOf makes a restore's source of dumped lines.
func sourceOf(t testing.TB, lines map[string][]string) *mongo.Source {
	t.Helper()
	src, err := mongo.ScanSource(t.Context(), func(context.Context) iter.Seq2[mongo.Document, error] {
		return func(yield func(mongo.Document, error) bool) {
			for _, c := range mongo.Collections() {
				for _, line := range lines[c.Name] {
					raw, err := mongo.Decode([]byte(line))
					if !yield(mongo.Document{Collection: c.Name, Raw: raw}, err) {
						return
					}
				}
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return src
}

// recordedLines gives the recorded documents in the form of a dump.
func recordedLines(t testing.TB) map[string][]string {
	t.Helper()
	out := map[string][]string{}
	for name, docs := range recorded(t) {
		out[name] = []string{}
		for _, raw := range docs {
			line, err := mongo.Encode(raw)
			if err != nil {
				t.Fatal(err)
			}
			out[name] = append(out[name], string(line))
		}
	}
	return out
}
