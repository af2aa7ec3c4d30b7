package mongo_test

import (
	"bufio"
	"bytes"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"

	"pritunl-backup/mongo"
)

// recorded reads one collection of a database that a real server wrote.
func recorded(t testing.TB, collection string) []bson.Raw {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", "recorded", collection+".jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	var out []bson.Raw
	scanner := bufio.NewScanner(bytes.NewReader(data))
	scanner.Buffer(nil, 1<<24)
	for scanner.Scan() {
		raw, err := mongo.Decode(scanner.Bytes())
		if err != nil {
			t.Fatalf("%s: %v", collection, err)
		}
		out = append(out, raw)
	}
	if err := scanner.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

func recordedNames(t testing.TB) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("testdata", "recorded", "*.jsonl"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no recorded collections: %v", err)
	}
	var out []string
	for _, f := range files {
		out = append(out, strings.TrimSuffix(filepath.Base(f), ".jsonl"))
	}
	return out
}

// recordedDocuments yields all recorded documents in the order of a snapshot.
func recordedDocuments(t testing.TB) iter.Seq2[mongo.Document, error] {
	return func(yield func(mongo.Document, error) bool) {
		for _, name := range recordedNames(t) {
			for _, raw := range recorded(t, name) {
				if !yield(mongo.Document{Collection: name, Raw: raw}, nil) {
					return
				}
			}
		}
	}
}
