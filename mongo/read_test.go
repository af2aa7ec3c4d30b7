package mongo_test

import (
	"fmt"
	"strings"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"

	"pritunl-backup/mongo"
)

func user(n int) bson.D {
	return bson.D{{Key: "_id", Value: bson.ObjectID{11: byte(n)}}, {Key: "name", Value: fmt.Sprintf("user%d", n)}}
}

func readAll(t *testing.T, r *mongo.Reader, collection string) ([]string, error) {
	t.Helper()
	var names []string
	for raw, err := range r.Documents(t.Context(), collection) {
		if err != nil {
			return names, err
		}
		names = append(names, raw.Lookup("name").StringValue())
	}
	return names, nil
}

func TestDocumentsGoOnBehindACut(t *testing.T) {
	t.Parallel()
	cut := false
	w := listen(t, nil)
	w.answer = func(command string, body bson.Raw) reply {
		w.mu.Lock()
		defer w.mu.Unlock()
		filter, _ := body.Lookup("filter").DocumentOK()
		switch {
		case command == "getMore" && !cut:
			cut = true
			return reply{cut: true}
		case command == "getMore":
			return more(0, user(4))
		case command == "find" && strings.Contains(filter.String(), "$nor"):
			return batch(0)
		case command == "find" && strings.Contains(filter.String(), "$gt"):
			if got := filter.Lookup("_id", "$gt").ObjectID(); got != (bson.ObjectID{11: 2}) {
				t.Errorf("it resumed behind %s", got.Hex())
			}
			return batch(7, user(3))
		case command == "find":
			return batch(6, user(1), user(2))
		}
		return reply{}
	}
	r, err := open(t, w).NewReader(t.Context(), mongo.ReaderOptions{Plain: true})
	if err != nil {
		t.Fatal(err)
	}
	names, err := readAll(t, r, "users")
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(names, " "); got != "user1 user2 user3 user4" {
		t.Errorf("read %q", got)
	}
}

func TestDocumentsNoticeIDsOfOtherTypesAfterACut(t *testing.T) {
	t.Parallel()
	w := listen(t, func(command string, body bson.Raw) reply {
		filter, _ := body.Lookup("filter").DocumentOK()
		switch {
		case command == "getMore":
			return reply{cut: true}
		case strings.Contains(filter.String(), "$nor"):
			return batch(0, bson.D{{Key: "_id", Value: "text"}})
		case strings.Contains(filter.String(), "$gt"):
			return batch(0)
		case command == "find":
			return batch(6, user(1))
		}
		return reply{}
	})
	r, err := open(t, w).NewReader(t.Context(), mongo.ReaderOptions{Plain: true})
	if err != nil {
		t.Fatal(err)
	}
	_, err = readAll(t, r, "users")
	wantError(t, err, mongo.CauseCut)
}

func TestDocumentsThatStallOrStayCut(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name  string
		reply reply
		cause mongo.Cause
	}{
		{"cut for good", reply{cut: true}, mongo.CauseCut},
		{"stalls", reply{stall: true}, mongo.CauseStalled},
		{"denied", refuse(13, "Unauthorized", "not authorized on pritunl to execute command { find: \"users\" }"), mongo.CauseDenied},
		{"snapshot too old", refuse(239, "SnapshotTooOld", "Read timestamp is older"), mongo.CauseSnapshotGone},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w := listen(t, func(command string, _ bson.Raw) reply {
				if command == "find" || command == "getMore" {
					return test.reply
				}
				return reply{}
			})
			r, err := open(t, w).NewReader(t.Context(), mongo.ReaderOptions{Plain: true})
			if err != nil {
				t.Fatal(err)
			}
			_, err = readAll(t, r, "users")
			wantError(t, err, test.cause)
		})
	}
}

func TestRuntimeCollectionsAreNeverRead(t *testing.T) {
	t.Parallel()
	w := listen(t, func(string, bson.Raw) reply { return reply{} })
	r, err := open(t, w).NewReader(t.Context(), mongo.ReaderOptions{Plain: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range mongo.Collections() {
		if c.Class != mongo.Runtime && c.Name != "logs" {
			continue
		}
		for _, err := range r.Documents(t.Context(), c.Name) {
			if err == nil {
				t.Fatalf("%s was read", c.Name)
			}
		}
	}
	for _, err := range r.Documents(t.Context(), "not_of_pritunl") {
		if err == nil {
			t.Fatal("an unknown collection was read")
		}
	}
	if seen := w.seen(); strings.Contains(seen, "find") {
		t.Errorf("the server was asked: %s", seen)
	}
}

func TestReaderTakesASnapshotWhereItIsOffered(t *testing.T) {
	t.Parallel()
	member := []bson.E{{Key: "setName", Value: "rs0"}, {Key: "logicalSessionTimeoutMinutes", Value: int32(30)}}
	for _, test := range []struct {
		name       string
		hello      []bson.E
		find       reply
		consistent bool
		why        string
	}{
		{"replica set", member, batch(0), true, ""},
		{"standalone", nil, batch(0), false, "not a replica set"},
		{"calls itself a replica set", member, refuse(246, "SnapshotUnavailable", "not here"), false, "refuses"},
		{"knows no such read concern", member, refuse(303, "", "Feature not supported: readConcern"), false, "refuses"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w := listen(t, nil)
			w.answer = func(command string, _ bson.Raw) reply {
				switch command {
				case "hello":
					address := w.listener.Addr().String()
					return hello(append(test.hello, bson.E{Key: "me", Value: address}, bson.E{Key: "hosts", Value: bson.A{address}})...)
				case "find":
					return test.find
				}
				return reply{}
			}
			r, err := open(t, w).NewReader(t.Context(), mongo.ReaderOptions{})
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close(t.Context())
			if r.Consistent() != test.consistent || !strings.Contains(r.Inconsistency(), test.why) {
				t.Errorf("consistent %v because %q", r.Consistent(), r.Inconsistency())
			}
		})
	}
}
