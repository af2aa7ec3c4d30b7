package storage_test

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"filippo.io/age"
	"github.com/google/go-cmp/cmp"

	"pritunl-backup/storage"
)

func fill(t testing.TB, store storage.Store, names ...string) {
	t.Helper()
	for _, n := range names {
		if _, err := store.Put(t.Context(), n, storage.Bytes([]byte(n)), storage.PutOptions{}); err != nil {
			t.Fatal(err)
		}
	}
}

func TestFindLatestAndAt(t *testing.T) {
	store := &storage.MemoryStore{}
	fill(t, store,
		"pritunl-a-20261101T000000Z.json.gz", "pritunl-a-20261103T000000Z_x.json.gz.age", "pritunl-a-20261104T000000Z.partial.json",
		"pritunl-a-20261105T000000Z.unchanged", "pritunl-b-20261102T000000Z-mongo.json", "notes.txt", "pritunl-a-api.lock")
	l, err := storage.Find(t.Context(), store, storage.Query{})
	if err != nil || len(l.Snapshots) != 4 || len(l.Markers) != 1 || len(l.Others) != 2 {
		t.Fatalf("%+v, %v", l, err)
	}
	if _, err := l.Latest(); !errors.Is(err, storage.ErrAmbiguous) || !strings.Contains(storage.Hint(err), "a (api), b (mongo)") {
		t.Errorf("two hosts: %v, %q", err, storage.Hint(err))
	}
	if got := l.LastRun(); got != when(t, "2026-11-05") {
		t.Errorf("last run %s", got)
	}
	l, err = storage.Find(t.Context(), store, storage.Query{Host: "a"})
	if err != nil {
		t.Fatal(err)
	}
	for at, want := range map[string]string{
		"2026-12-01": "pritunl-a-20261103T000000Z_x.json.gz.age", "2026-11-03": "pritunl-a-20261103T000000Z_x.json.gz.age",
		"2026-11-02 23:59:59": "pritunl-a-20261101T000000Z.json.gz",
	} {
		if s, err := l.At(when(t, at)); err != nil || s.Name != want {
			t.Errorf("at %s: %s, %v", at, s.Name, err)
		}
	}
	if s, err := l.Latest(); err != nil || !s.Encrypted || !s.Gzip || s.Size != 40 || cmp.Diff([]string{"x"}, s.Tags) != "" {
		t.Errorf("latest %+v, %v", s, err)
	}
	if _, err := l.At(when(t, "2026-10-01")); !errors.Is(err, storage.ErrNotFound) || !strings.Contains(storage.Hint(err), "2026-11-01") {
		t.Errorf("before all: %v, %q", err, storage.Hint(err))
	}
	if _, err := (storage.Listing{}).Latest(); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("empty: %v", err)
	}
}

func TestUnchanged(t *testing.T) {
	store := &storage.MemoryStore{}
	if _, _, err := storage.NewestContent(t.Context(), store, storage.Query{}, nil); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("nothing stored: %v", err)
	}
	name := "pritunl-a-20261101T000000Z.json.gz.age"
	if _, err := store.Put(t.Context(), name, storage.Bytes(nil), storage.PutOptions{Metadata: map[string]string{storage.MetaContent: "abc"}}); err != nil {
		t.Fatal(err)
	}
	never := func(context.Context, storage.Snapshot) (string, error) {
		return "", errors.New("read although it was known")
	}
	newest, sum, err := storage.NewestContent(t.Context(), store, storage.Query{}, never)
	if err != nil || sum != "abc" || newest.Name != name {
		t.Fatalf("%q, %v", sum, err)
	}
	at := when(t, "2026-11-02 02:15")
	info, err := storage.PutUnchanged(t.Context(), store, "", at, newest, sum)
	if err != nil || info.Name != "pritunl-a-20261102T021500Z.unchanged" {
		t.Fatalf("%+v, %v", info, err)
	}
	m, err := storage.ReadMarker(t.Context(), store, info.Name)
	want := storage.Marker{Format: "pritunl-backup-unchanged", Version: 1, CreatedAt: at, Host: "a", Kind: "api", ContentSHA256: "abc", Confirms: name}
	if diff := cmp.Diff(want, m); err != nil || diff != "" {
		t.Errorf("%v\n%s", err, diff)
	}
	fill(t, store, "pritunl-a-20261103T000000Z.json")
	read := func(_ context.Context, s storage.Snapshot) (string, error) { return "read " + s.Name, nil }
	if _, sum, err := storage.NewestContent(t.Context(), store, storage.Query{}, read); err != nil || sum != "read pritunl-a-20261103T000000Z.json" {
		t.Errorf("without metadata: %q, %v", sum, err)
	}
	if _, err := storage.ReadMarker(t.Context(), store, "pritunl-a-20261103T000000Z.json"); !errors.Is(err, storage.ErrDamaged) {
		t.Errorf("no marker: %v", err)
	}
}

func TestHoldAndPrune(t *testing.T) {
	store := &storage.MemoryStore{}
	fill(t, store, "pritunl-a-20261101T000000Z.json", "pritunl-a-20261102T000000Z.json", "pritunl-a-20261103T000000Z.json", "keep.txt")
	l, err := storage.Find(t.Context(), store, storage.Query{})
	if err != nil {
		t.Fatal(err)
	}
	decisions := storage.Decide(l, storage.Rules{Last: 1}, now)
	held := &heldStore{Store: store, name: "pritunl-a-20261101T000000Z.json", until: now.AddDate(0, 0, 1)}
	if err := storage.Hold(t.Context(), held, decisions, now); err != nil {
		t.Fatal(err)
	}
	var gone []string
	for d, err := range storage.Prune(t.Context(), held, decisions) {
		if err != nil {
			t.Error(err)
		}
		gone = append(gone, d.Name)
	}
	if diff := cmp.Diff([]string{"pritunl-a-20261102T000000Z.json"}, gone); diff != "" {
		t.Error(diff)
	}
	last := decisions[len(decisions)-1]
	if !last.Keep || !strings.Contains(last.Reasons[0], "locked until 2030-01-02T00:00:00Z (governance)") {
		t.Errorf("%v", last.Reasons)
	}
}

// heldStore puts one name under object lock.
type heldStore struct {
	storage.Store
	name  string
	until time.Time
}

func (h *heldStore) Stat(ctx context.Context, name string) (storage.Info, error) {
	info, err := h.Store.Stat(ctx, name)
	if name == h.name {
		info.LockedUntil, info.LockMode = h.until, "GOVERNANCE"
	}
	return info, err
}

func TestRewrap(t *testing.T) {
	alice, aliceKeys := newKeys(t)
	bob, bobKeys := newKeys(t)
	for _, zipped := range []bool{true, false} {
		store := storage.NewFileStore(t.TempDir())
		sealed := seal(t, document, storage.SealOptions{Dir: store.Dir(), Gzip: zipped, Recipients: []storage.Recipient{alice}})
		name := "pritunl-a-20261101T000000Z.json.age"
		meta := map[string]string{storage.MetaContent: "abc"}
		if _, err := store.Put(t.Context(), name, sealed, storage.PutOptions{Metadata: meta}); err != nil {
			t.Fatal(err)
		}
		sealed.Close()
		change := func(add []storage.Recipient, remove ...string) func(storage.Audience) ([]storage.Recipient, error) {
			return func(a storage.Audience) ([]storage.Recipient, error) { return a.Change(add, remove) }
		}
		opens := func(keys storage.Keys) error {
			r, err := storage.OpenReader(t.Context(), store, name, keys)
			if err != nil {
				return err
			}
			defer r.Close()
			b, err := io.ReadAll(r)
			if err == nil && string(b) != document {
				t.Errorf("another document: %q", b)
			}
			return err
		}
		opts := storage.SealOptions{Dir: store.Dir()}
		if _, err := storage.RewrapStored(t.Context(), store, name, bobKeys, change([]storage.Recipient{bob}), opts); !errors.Is(err, storage.ErrWrongKey) {
			t.Errorf("by a stranger: %v", err)
		}
		info, err := storage.RewrapStored(t.Context(), store, name, aliceKeys, change([]storage.Recipient{bob, alice}), opts)
		if err != nil || opens(aliceKeys) != nil || opens(bobKeys) != nil || info.Metadata[storage.MetaContent] != "abc" {
			t.Errorf("added: %v, %v, %v, %v", err, opens(aliceKeys), opens(bobKeys), info.Metadata)
		}
		if _, err := storage.RewrapStored(t.Context(), store, name, bobKeys, change(nil, alice.String()), opts); err != nil || opens(bobKeys) != nil || !errors.Is(opens(aliceKeys), storage.ErrWrongKey) {
			t.Errorf("removed: %v, %v, %v", err, opens(bobKeys), opens(aliceKeys))
		}
		for what, c := range map[string]func(storage.Audience) ([]storage.Recipient, error){
			"nobody left": change(nil, bob.String()), "not there": change(nil, alice.String()),
		} {
			if _, err := storage.RewrapStored(t.Context(), store, name, bobKeys, c, opts); err == nil || storage.Hint(err) == "" {
				t.Errorf("%s: %v", what, err)
			}
		}
		if got := entries(t, store.Dir()); len(got) != 2 {
			t.Errorf("left behind: %q", got)
		}
	}
}

// TestRewrapOfBrokenSnapshots: damage inside does not get a flawless shell.
func TestRewrapOfBrokenSnapshots(t *testing.T) {
	alice, keys := newKeys(t)
	inner := stored(t, seal(t, document, storage.SealOptions{Gzip: true}))
	inner[len(inner)/2] ^= 1
	b := stored(t, seal(t, string(inner), storage.SealOptions{Recipients: []storage.Recipient{alice}}))
	dir := t.TempDir()
	_, err := storage.Rewrap(t.Context(), io.NopCloser(strings.NewReader(string(b))), keys, []storage.Recipient{alice}, storage.SealOptions{Dir: dir})
	if !errors.Is(err, storage.ErrIntegrity) {
		t.Errorf("error %v", err)
	}
	if got := entries(t, dir); len(got) > 0 {
		t.Errorf("left behind: %q", got)
	}
	_, err = storage.Rewrap(t.Context(), io.NopCloser(strings.NewReader(document)), keys, []storage.Recipient{alice}, storage.SealOptions{Dir: dir})
	if err == nil || !strings.Contains(err.Error(), "not encrypted") {
		t.Errorf("plain: %v", err)
	}
}

func TestAudienceOfAnotherProgramsFile(t *testing.T) {
	id, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	w, err := age.Encrypt(&b, id.Recipient())
	if err != nil {
		t.Fatal(err)
	}
	w.Close()
	a, err := storage.ReadAudience(strings.NewReader(b.String()))
	if err != nil || !a.Encrypted || a.Unnamed != 1 {
		t.Fatalf("%+v, %v", a, err)
	}
	if _, err := a.Change(nil, nil); err == nil || storage.Hint(err) == "" {
		t.Errorf("changed unknown recipients: %v", err)
	}
}

func TestOpen(t *testing.T) {
	dir := t.TempDir()
	os.WriteFile(filepath.Join(dir, "a.json"), nil, 0o600)
	for location, want := range map[string]struct{ dir, name string }{
		dir: {dir, ""}, dir + "/": {dir, ""}, dir + "/a.json": {dir, "a.json"}, dir + "/new.json.gz": {dir, "new.json.gz"},
		"file://" + dir + "/a.json": {dir, "a.json"}, "x.json": {".", "x.json"}, ".": {".", ""}, dir + "/missing/": {dir + "/missing", ""},
	} {
		l, err := storage.Open(t.Context(), location, storage.Options{})
		if err != nil || l.Name != want.name || l.SealDir != want.dir {
			t.Errorf("%s: %+v, %v", location, l, err)
		}
	}
	for location, want := range map[string]struct{ prefix, name string }{
		"s3://bucket": {"", ""}, "s3://bucket/": {"", ""}, "s3://bucket/a/b": {"a/b/", ""}, "s3://bucket/a/b/": {"a/b/", ""},
		"s3://bucket/a/x.json": {"a/", "x.json"}, "s3://bucket/x.json.gz.age": {"", "x.json.gz.age"},
	} {
		l, err := storage.Open(t.Context(), location, storage.Options{TempDir: dir})
		if err != nil || l.Name != want.name || l.SealDir != dir || l.Store.(*storage.S3Store).Prefix() != want.prefix {
			t.Errorf("%s: %+v, %v", location, l, err)
		}
	}
	for _, location := range []string{"", "-", "ftp://host/a.json", "s3://", "s3:///a.json", "https://bucket.s3.amazonaws.com/a.json", dir + "/.hidden.json"} {
		if l, err := storage.Open(t.Context(), location, storage.Options{}); err == nil || storage.Hint(err) == "" {
			t.Errorf("%q: %+v, %v", location, l, err)
		}
	}
}
