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

// A killed run leaves a batch behind that the server is still at work on: an upsert of the next run loses against it.
func TestRestoreSendsABatchAgainThatLostARace(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name  string
		loses int
		code  int32
		sent  int // commands that write settings
		fails bool
	}{
		{"once", 1, 11000, 3, false},
		{"several times", 14, 11000, 16, false},
		{"for good", 1000, 11000, 15, true},
		{"another error", 1, 2, 1, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			lost, sent := 0, 0
			w := listen(t, nil)
			w.answer = func(command string, body bson.Raw) reply {
				switch {
				case command == "find" || command == "listCollections":
					return batch(0)
				case command == "update" && body.Lookup("update").StringValue() == "settings":
					w.mu.Lock()
					defer w.mu.Unlock()
					sent++
					if lost++; lost <= test.loses {
						return ok(bson.E{Key: "n", Value: int32(0)}, bson.E{Key: "writeErrors", Value: bson.A{
							bson.D{{Key: "index", Value: int32(0)}, {Key: "code", Value: test.code}, {Key: "errmsg", Value: "E11000 duplicate key"}}}})
					}
					return ok(bson.E{Key: "n", Value: int32(1)})
				case command == "update" || command == "delete":
					return ok(bson.E{Key: "n", Value: int32(1)})
				}
				return reply{}
			}
			db := open(t, w)
			src, err := mongo.ScanSource(t.Context(), func(context.Context) iter.Seq2[mongo.Document, error] {
				return func(yield func(mongo.Document, error) bool) {
					for _, d := range []bson.D{{{Key: "_id", Value: "app"}}, {{Key: "_id", Value: "version"}, {Key: "version", Value: "1.34.4681.89"}}} {
						if !yield(mongo.Document{Collection: "settings", Raw: doc(t, d)}, nil) {
							return
						}
					}
				}
			})
			if err != nil {
				t.Fatal(err)
			}
			plan, err := db.PlanRestore(t.Context(), src, mongo.RestoreOptions{Fingerprint: "a"})
			if err != nil {
				t.Fatal(err)
			}
			result, err := db.Restore(t.Context(), src, plan)
			var ours *mongo.Error
			if test.fails != (err != nil) || test.fails && (!errors.As(err, &ours) || ours.Code != test.code) || result.Complete == test.fails {
				t.Errorf("complete %v, error %v", result.Complete, err)
			}
			if sent != test.sent {
				t.Errorf("sent %d times, want %d:\n%s", sent, test.sent, strings.TrimSpace(w.seen()))
			}
		})
	}
}
