package mongo_test

import (
	"context"
	"iter"
	"strings"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"

	"pritunl-backup/mongo"
)

// The version of the target is what its database says, unless it was said otherwise.
func TestRestoreAsksForTheVersionOfTheTarget(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, database, said, snapshot string
		want                           mongo.Target
		warning                        string
	}{
		{"older", "1.32.4278.46", "", "1.34.4681.89", mongo.Target{Version: "1.32.4278.46", From: mongo.OriginDatabase}, "newer version 1.34.4681.89: 1.32.4278.46 will start on it"},
		{"newer", "1.34.4681.89", "", "1.32.4278.46", mongo.Target{Version: "1.34.4681.89", From: mongo.OriginDatabase}, ""},
		{"equal", "1.34.4681.89", "", "1.34.4681.89", mongo.Target{Version: "1.34.4681.89", From: mongo.OriginDatabase}, ""},
		{"said otherwise", "1.34.4681.89", "1.32", "1.34.4681.89", mongo.Target{Version: "1.32", From: mongo.OriginOption}, "newer version 1.34.4681.89: 1.32 will start"},
		{"said of a new one", "", "1.32.4278.46", "1.34.4681.89", mongo.Target{Version: "1.32.4278.46", From: mongo.OriginOption}, "newer version"},
		{"too old", "1.24.0.0", "", "1.34.4681.89", mongo.Target{Version: "1.24.0.0", From: mongo.OriginDatabase}, "at least 1.25.0.0: 1.24.0.0 will refuse to start (exit code 75)"},
		{"odd", "new", "", "1.34.4681.89", mongo.Target{Version: "new", From: mongo.OriginDatabase}, "cannot be compared"},
		{"unknown", "", "", "1.34.4681.89", mongo.Target{From: mongo.OriginUnknown}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			version := func(v string) bson.D {
				return bson.D{{Key: "_id", Value: "version"}, {Key: "version", Value: v}, {Key: "version_min", Value: "1.25.0.0"}}
			}
			w := listen(t, nil)
			w.answer = func(command string, body bson.Raw) reply {
				switch {
				case command == "find" && body.Lookup("find").StringValue() == "settings" && test.database != "":
					return batch(0, version(test.database))
				case command == "find" || command == "listCollections":
					return batch(0)
				}
				return reply{}
			}
			src, err := mongo.ScanSource(t.Context(), func(context.Context) iter.Seq2[mongo.Document, error] {
				return sequence(mongo.Document{Collection: "settings", Raw: doc(t, version(test.snapshot))})
			})
			if err != nil {
				t.Fatal(err)
			}
			plan, err := open(t, w).PlanRestore(t.Context(), src, mongo.RestoreOptions{Replace: true, TargetVersion: test.said})
			if err != nil {
				t.Fatal(err)
			}
			var said []string
			for _, warning := range plan.Warnings {
				if strings.Contains(warning, "version") || strings.Contains(warning, "server of at least") {
					said = append(said, warning)
				}
			}
			all := strings.Join(said, "\n")
			if plan.Target != test.want || plan.Version != test.snapshot || !strings.Contains(all, test.warning) || test.warning == "" && all != "" {
				t.Errorf("target %+v, warnings %q", plan.Target, all)
			}
		})
	}
}
