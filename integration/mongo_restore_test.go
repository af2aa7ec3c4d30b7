package integration_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.mongodb.org/mongo-driver/v2/bson"

	"pritunl-backup/mongo"
)

func containsText(s, part string) bool { return strings.Contains(s, part) }

// restore plans and carries out, and checks that both counted the same.
func restore(t testing.TB, db *mongo.DB, lines map[string][]string, o mongo.RestoreOptions) *mongo.RestorePlan {
	t.Helper()
	p, result := goOn(t, db, lines, o)
	if diff := cmp.Diff(p.Collections, result.Collections); diff != "" {
		t.Errorf("the plan counted differently: %s", diff)
	}
	return p
}

// goOn plans and carries out while a server may still be busy with a batch of writes whose sender is gone.
func goOn(t testing.TB, db *mongo.DB, lines map[string][]string, o mongo.RestoreOptions) (*mongo.RestorePlan, *mongo.RestoreResult) {
	t.Helper()
	src := sourceOf(t, lines)
	p, err := db.PlanRestore(t.Context(), src, o)
	if err != nil {
		t.Fatalf("plan: %v", err)
	}
	result, err := db.Restore(t.Context(), src, p)
	if err != nil {
		t.Fatalf("restore: %v", err)
	}
	if !result.Complete {
		t.Error("the result is not complete")
	}
	return p, result
}

// reset gives lines as they are after a restore, following the documented table and nothing else.
func reset(t testing.TB, lines map[string][]string) map[string][]string {
	t.Helper()
	out := map[string][]string{}
	for name, list := range lines {
		out[name] = []string{}
		for _, line := range list {
			raw, err := mongo.Decode([]byte(line))
			if err != nil {
				t.Fatal(err)
			}
			var m bson.M
			if err := bson.Unmarshal(raw, &m); err != nil {
				t.Fatal(err)
			}
			for _, r := range mongo.Resets() {
				if _, present := m[r.Field]; r.Collection != name || !present {
					continue
				}
				if r.Unset {
					delete(m, r.Field)
				} else {
					m[r.Field] = r.Value
				}
			}
			data, err := bson.Marshal(m)
			if err != nil {
				t.Fatal(err)
			}
			encoded, err := mongo.Encode(data)
			if err != nil {
				t.Fatal(err)
			}
			out[name] = append(out[name], string(encoded))
		}
	}
	return out
}

func TestMongoRestoreRoundTrip(t *testing.T) {
	from := newDatabase(t)
	from.load(t)
	before := dump(t, from.open(t))

	to := newDatabase(t)
	db := to.open(t)
	p := restore(t, db, before, mongo.RestoreOptions{Fingerprint: "a"})
	if p.Writes() < 100 {
		t.Errorf("only %d documents were written", p.Writes())
	}
	after := dump(t, db)
	if diff := cmp.Diff(reset(t, before), after); diff != "" {
		t.Errorf("the restored database differs by more than the documented resets:\n%s", diff)
	}
	if cmp.Equal(before, after) {
		t.Error("nothing was reset, so the recording proves nothing")
	}
	if _, err := db.Identify(t.Context()); err != nil {
		t.Errorf("it is not recognised as complete: %v", err)
	}
	names, err := db.ListCollections(t.Context())
	if err != nil || containsText(strings.Join(names, " "), "pritunl_backup_restore") || containsText(strings.Join(names, " "), "messages") {
		t.Errorf("left behind: %v (%v)", names, err)
	}
	again, err := db.PlanRestore(t.Context(), sourceOf(t, before), mongo.RestoreOptions{Fingerprint: "a"})
	if err != nil || !again.Empty() {
		t.Fatalf("a second run would change something: %+v, %v", again, err)
	}
	if result, err := db.Restore(t.Context(), sourceOf(t, before), again); err != nil || !result.Complete {
		t.Errorf("second run: %+v, %v", result, err)
	}
	if diff := cmp.Diff(after, dump(t, db)); diff != "" {
		t.Errorf("a second run changed something: %s", diff)
	}
}

func TestMongoRestoreRefusals(t *testing.T) {
	lines := recordedLines(t)
	host := func(ping time.Time, status string) bson.D {
		return bson.D{{Key: "_id", Value: "aaaa"}, {Key: "name", Value: "alive"}, {Key: "status", Value: status}, {Key: "ping_timestamp", Value: bson.NewDateTimeFromTime(ping)}}
	}
	for _, test := range []struct {
		name       string
		collection string
		doc        bson.D
		options    mongo.RestoreOptions
		cause      mongo.Cause
		text       string
	}{
		{"running host", "hosts", host(time.Now(), "online"), mongo.RestoreOptions{}, mongo.CauseRefusedTarget, "alive"},
		{"running host, replace", "hosts", host(time.Now(), "online"), mongo.RestoreOptions{Replace: true}, mongo.CauseRefusedTarget, "alive"},
		{"host that died", "hosts", host(time.Now().Add(-time.Hour), "online"), mongo.RestoreOptions{Replace: true}, "", ""},
		{"host that went", "hosts", host(time.Now(), "offline"), mongo.RestoreOptions{Replace: true}, "", ""},
		{"Zero", "authorities", bson.D{{Key: "_id", Value: 1}}, mongo.RestoreOptions{Replace: true}, mongo.CauseZero, ""},
		{"data", "organizations", bson.D{{Key: "_id", Value: bson.ObjectID{1}}}, mongo.RestoreOptions{}, mongo.CauseRefusedTarget, "1 in organizations"},
		{"data, replace", "organizations", bson.D{{Key: "_id", Value: bson.ObjectID{1}}}, mongo.RestoreOptions{Replace: true}, "", ""},
		{"new host without id", "logs", bson.D{}, mongo.RestoreOptions{Hosts: mongo.HostsNew}, mongo.CauseRefusedTarget, "no new host id"},
		{"clone that starts", "logs", bson.D{}, mongo.RestoreOptions{Clone: true, KeepOnline: true}, mongo.CauseRefusedTarget, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			d := newDatabase(t)
			d.insert(t, test.collection, marshal(t, test.doc))
			db := d.open(t)
			p, err := db.PlanRestore(t.Context(), sourceOf(t, lines), test.options)
			if test.cause == "" {
				if err != nil {
					t.Fatal(err)
				}
				if _, err := db.Restore(t.Context(), sourceOf(t, lines), p); err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(reset(t, lines), dump(t, db)); diff != "" {
					t.Errorf("what the snapshot lacks is still there: %s", diff)
				}
				return
			}
			var ours *mongo.Error
			if !errors.As(err, &ours) || !errors.Is(err, test.cause) || !containsText(err.Error(), test.text) || ours.Hint() == "" {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestMongoRestoreReplacesAFreshInstallation(t *testing.T) {
	d := newDatabase(t)
	d.insert(t, "administrators", marshal(t, bson.D{{Key: "_id", Value: bson.ObjectID{1}}, {Key: "username", Value: "pritunl"}, {Key: "default", Value: true}}))
	d.insert(t, "settings", marshal(t, bson.D{{Key: "_id", Value: "app"}, {Key: "id", Value: "fresh"}}), marshal(t, bson.D{{Key: "_id", Value: "version"}, {Key: "version", Value: "1.32.4400.99"}}))
	d.insert(t, "queue", marshal(t, bson.D{{Key: "_id", Value: bson.ObjectID{1}}}))
	if _, err := d.raw.Collection("administrators").Indexes().CreateOne(t.Context(), uniqueUsername()); err != nil {
		t.Fatal(err)
	}
	lines := recordedLines(t)
	db := d.open(t)
	p := restore(t, db, lines, mongo.RestoreOptions{Replace: true})
	if diff := cmp.Diff(reset(t, lines), dump(t, db)); diff != "" {
		t.Error(diff)
	}
	all := strings.Join(p.Warnings, "\n")
	for _, want := range []string{"newer version 1.34.4681.89", "no licence", "queue holds 1", "host-one keeps public_address, link_address"} {
		if !containsText(all, want) {
			t.Errorf("no warning %q in:\n%s", want, all)
		}
	}
}

func TestMongoRestoreSwapsUniqueNames(t *testing.T) {
	d := newDatabase(t)
	lines := recordedLines(t)
	restore(t, d.open(t), lines, mongo.RestoreOptions{})
	if _, err := d.raw.Collection("administrators").Indexes().CreateOne(t.Context(), uniqueUsername()); err != nil {
		t.Fatal(err)
	}
	swapped := map[string][]string{}
	for name, list := range lines {
		swapped[name] = list
	}
	swap := strings.NewReplacer(`"username":"pritunl"`, `"username":"apiadmin"`, `"username":"apiadmin"`, `"username":"pritunl"`)
	swapped["administrators"] = nil
	for _, line := range lines["administrators"] {
		swapped["administrators"] = append(swapped["administrators"], swap.Replace(line))
	}
	restore(t, d.open(t), swapped, mongo.RestoreOptions{Replace: true})
	if diff := cmp.Diff(reset(t, swapped), dump(t, d.open(t))); diff != "" {
		t.Error(diff)
	}
}

func TestMongoRestoreKilledAtEveryAnswer(t *testing.T) {
	needProxy(t, newDatabase(t).address)
	lines := recordedLines(t)
	want := reset(t, lines)
	for cut := 1; ; cut++ {
		finished := false
		t.Run(fmt.Sprint(cut), func(t *testing.T) {
			d := newDatabase(t)
			p := newProxy(t, d.address)
			db, err := mongo.Open(t.Context(), mongo.Options{URI: mongo.Secret(p.uri(d)), Timeout: 300 * time.Millisecond, Stall: 300 * time.Millisecond,
				Sleep: func(context.Context, time.Duration) error { return nil }})
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = db.Close(context.Background()) }()
			src := sourceOf(t, lines)
			plan, err := db.PlanRestore(t.Context(), src, mongo.RestoreOptions{Fingerprint: "a"})
			if err != nil {
				t.Fatal(err)
			}
			p.mu.Lock()
			p.cutAt, p.die = p.chunks+cut, true
			p.mu.Unlock()
			result, err := db.Restore(t.Context(), src, plan)
			finished = err == nil
			p.mu.Lock()
			hit := p.dead
			p.mu.Unlock()
			if finished && hit && !result.Complete || !finished && result.Complete {
				t.Errorf("complete %v with error %v", result.Complete, err)
			}
			finished = finished && !hit
			direct := d.open(t)
			_, identified := direct.Identify(t.Context())
			if !finished && identified == nil && !cmp.Equal(want, dump(t, direct)) {
				t.Error("half of a restore passes for a database")
			}
			again, _ := goOn(t, direct, lines, mongo.RestoreOptions{Fingerprint: "a"})
			if again.Continues == (identified == nil) && errors.Is(identified, mongo.CauseUnfinished) {
				t.Errorf("it did not notice that it goes on: %v", identified)
			}
			if diff := cmp.Diff(want, dump(t, direct)); diff != "" {
				t.Errorf("it did not converge: %s", diff)
			}
			if _, err := direct.Identify(t.Context()); err != nil {
				t.Error(err)
			}
		})
		if finished || t.Failed() || t.Skipped() {
			if cut < 15 && !t.Failed() && newDatabaseIsOurs() {
				t.Errorf("there were only %d answers to cut", cut)
			}
			return
		}
	}
}

func TestMongoRestoreCancelledBetweenBatches(t *testing.T) {
	lines := recordedLines(t)
	want := reset(t, lines)
	for stop := 1; ; stop++ {
		d := newDatabase(t)
		db := d.open(t)
		src := sourceOf(t, lines)
		ctx, cancel := context.WithCancel(t.Context())
		seen, applying := 0, false
		o := mongo.RestoreOptions{Fingerprint: "a", Progress: func(string, int) {
			if seen++; applying && seen == stop {
				cancel()
			}
		}}
		plan, err := db.PlanRestore(ctx, src, o)
		if err != nil {
			t.Fatal(err)
		}
		seen, applying = 0, true
		_, err = db.Restore(ctx, src, plan)
		cancel()
		if err == nil {
			if stop < 10 {
				t.Errorf("there were only %d places to stop at", stop)
			}
			return
		}
		if !errors.Is(err, mongo.CauseInterrupted) && !errors.Is(err, context.Canceled) {
			t.Errorf("stopped at %d: %v", stop, err)
		}
		if _, err := db.Identify(t.Context()); !errors.Is(err, mongo.CauseUnfinished) {
			t.Errorf("stopped at %d: it is not recognised as unfinished: %v", stop, err)
		}
		if _, err := db.PlanRestore(t.Context(), src, mongo.RestoreOptions{Fingerprint: "b"}); !errors.Is(err, mongo.CauseRefusedTarget) {
			t.Errorf("stopped at %d: another snapshot is let in: %v", stop, err)
		}
		if again := restore(t, db, lines, mongo.RestoreOptions{Fingerprint: "a"}); !again.Continues {
			t.Errorf("stopped at %d: it did not notice that it goes on", stop)
		}
		if diff := cmp.Diff(want, dump(t, db)); diff != "" {
			t.Errorf("stopped at %d: %s", stop, diff)
		}
	}
}
