package mongo_test

import (
	"runtime"
	"strings"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"

	"pritunl-backup/mongo"
)

// Reading must not hold more of a collection than a few answers of the server, however large it is.
func TestMemoryDoesNotGrowWithACollection(t *testing.T) {
	const perBatch, batches, size, limit = 100, 40, 20_000, 30 << 20
	page := func(n int) []any {
		var docs []any
		for i := range perBatch {
			docs = append(docs, bson.D{{Key: "_id", Value: bson.ObjectID{0, byte(n), byte(i)}}, {Key: "private_key", Value: strings.Repeat("x", size)}})
		}
		return docs
	}
	sent := 0
	w := listen(t, func(command string, _ bson.Raw) reply {
		switch command {
		case "find":
			return batch(5, page(0)...)
		case "getMore":
			if sent++; sent == batches-1 {
				return more(0, page(sent)...)
			}
			return more(5, page(sent)...)
		}
		return reply{}
	})
	r, err := open(t, w).NewReader(t.Context(), mongo.ReaderOptions{Plain: true})
	if err != nil {
		t.Fatal(err)
	}
	var stats runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&stats)
	base, peak, count := stats.HeapAlloc, uint64(0), 0
	for _, err := range r.Documents(t.Context(), "users") {
		if err != nil {
			t.Fatal(err)
		}
		if count++; count%(4*perBatch) == 0 {
			runtime.GC()
			runtime.ReadMemStats(&stats)
			peak = max(peak, stats.HeapAlloc)
		}
	}
	if count != perBatch*batches {
		t.Errorf("read %d documents", count)
	}
	if peak > base+limit {
		t.Errorf("the heap grew by %d MB while %d MB were read", (peak-base)>>20, perBatch*batches*size>>20)
	}
}
