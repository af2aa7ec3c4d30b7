// Package storagetest is the contract of storage.Store as tests: every store passes the same ones.
package storagetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"pritunl-backup/storage"
)

// Run holds a store to the contract. newStore gives an empty one each time it is called.
func Run(t *testing.T, newStore func(t *testing.T) storage.Store) {
	t.Helper()
	for _, c := range []struct {
		name string
		test func(*testing.T, storage.Store)
	}{
		{"put and get", putAndGet},
		{"empty body", emptyBody},
		{"absent", absent},
		{"never overwrites", neverOverwrites},
		{"overwrites when told", overwrites},
		{"replaces a version", replacesVersion},
		{"metadata", metadata},
		{"list", list},
		{"delete", deletes},
		{"delete a version", deletesVersion},
		{"names", names},
		{"sealed file", sealedFile},
		{"cancelled", cancelled},
		{"one winner", oneWinner},
		{"one winner by version", oneWinnerByVersion},
		{"whole or not at all", wholeOrNot},
		{"lock", lockOne},
		{"lock by many", lockMany},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(t, newStore(t)) })
	}
}

func put(t *testing.T, s storage.Store, name, body string, opts storage.PutOptions) storage.Info {
	t.Helper()
	info, err := s.Put(t.Context(), name, storage.Bytes([]byte(body)), opts)
	if err != nil {
		t.Fatalf("put %s: %v", name, err)
	}
	return info
}

func get(t *testing.T, s storage.Store, name string) string {
	t.Helper()
	r, err := s.Get(t.Context(), name)
	if err != nil {
		t.Fatalf("get %s: %v", name, err)
	}
	defer r.Close()
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatalf("get %s: %v", name, err)
	}
	return string(b)
}

func stat(t *testing.T, s storage.Store, name string) storage.Info {
	t.Helper()
	info, err := s.Stat(t.Context(), name)
	if err != nil {
		t.Fatalf("stat %s: %v", name, err)
	}
	return info
}

func listed(t *testing.T, s storage.Store) []string {
	t.Helper()
	var names []string
	for info, err := range s.List(t.Context()) {
		if err != nil {
			t.Fatalf("list: %v", err)
		}
		names = append(names, fmt.Sprintf("%s %d", info.Name, info.Size))
	}
	return names
}

func putAndGet(t *testing.T, s storage.Store) {
	body := strings.Repeat("all bytes \x00\xff\n", 20000)
	info := put(t, s, "a.json", body, storage.PutOptions{})
	if got := get(t, s, "a.json"); got != body {
		t.Errorf("got %d bytes back, want %d", len(got), len(body))
	}
	want := storage.Bytes([]byte(body))
	again := stat(t, s, "a.json")
	for _, i := range []storage.Info{info, again} {
		if i.Name != "a.json" || i.Size != want.Size || i.Checksum != want.SHA256 || i.Modified.IsZero() || i.Version == "" {
			t.Errorf("info %+v", i)
		}
	}
	if info.Version != again.Version {
		t.Errorf("version %q after put, %q later", info.Version, again.Version)
	}
}

func emptyBody(t *testing.T, s storage.Store) {
	put(t, s, "empty", "", storage.PutOptions{})
	if got := get(t, s, "empty"); got != "" {
		t.Errorf("got %q", got)
	}
	if diff := cmp.Diff([]string{"empty 0"}, listed(t, s)); diff != "" {
		t.Error(diff)
	}
}

func absent(t *testing.T, s storage.Store) {
	if _, err := s.Get(t.Context(), "none"); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("get: %v", err)
	}
	if _, err := s.Stat(t.Context(), "none"); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("stat: %v", err)
	}
	if err := s.Delete(t.Context(), "none", ""); err != nil {
		t.Errorf("delete: %v", err)
	}
	if got := listed(t, s); len(got) > 0 {
		t.Errorf("list: %q", got)
	}
}

func neverOverwrites(t *testing.T, s storage.Store) {
	put(t, s, "a", "first", storage.PutOptions{})
	for _, body := range []string{"second", "first"} {
		if _, err := s.Put(t.Context(), "a", storage.Bytes([]byte(body)), storage.PutOptions{}); !errors.Is(err, storage.ErrExists) {
			t.Errorf("put over it: %v", err)
		}
	}
	if got := get(t, s, "a"); got != "first" {
		t.Errorf("now %q", got)
	}
}

func overwrites(t *testing.T, s storage.Store) {
	put(t, s, "a", "first", storage.PutOptions{Replace: storage.ReplaceAny, Metadata: map[string]string{"k": "1"}})
	put(t, s, "a", "second", storage.PutOptions{Replace: storage.ReplaceAny})
	if got := get(t, s, "a"); got != "second" {
		t.Errorf("now %q", got)
	}
	if m := stat(t, s, "a").Metadata; len(m) > 0 {
		t.Errorf("metadata of the old bytes: %v", m)
	}
}

func replacesVersion(t *testing.T, s storage.Store) {
	v1 := put(t, s, "a", "first", storage.PutOptions{}).Version
	v2 := put(t, s, "a", "second", storage.PutOptions{Replace: v1}).Version
	if _, err := s.Put(t.Context(), "a", storage.Bytes([]byte("third")), storage.PutOptions{Replace: v1}); !errors.Is(err, storage.ErrChanged) {
		t.Errorf("replaced an old version: %v", err)
	}
	if err := s.Delete(t.Context(), "a", ""); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Put(t.Context(), "a", storage.Bytes([]byte("third")), storage.PutOptions{Replace: v2}); !errors.Is(err, storage.ErrChanged) {
		t.Errorf("replaced what is gone: %v", err)
	}
}

func metadata(t *testing.T, s storage.Store) {
	want := map[string]string{storage.MetaContent: strings.Repeat("0123", 16), "note": "a b,c;d=\"e\""}
	put(t, s, "a.json", "body", storage.PutOptions{Metadata: want})
	if diff := cmp.Diff(want, stat(t, s, "a.json").Metadata); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"a.json 4"}, listed(t, s)); diff != "" {
		t.Error(diff)
	}
	if err := s.Delete(t.Context(), "a.json", ""); err != nil {
		t.Fatal(err)
	}
	put(t, s, "a.json", "body", storage.PutOptions{})
	if m := stat(t, s, "a.json").Metadata; len(m) > 0 {
		t.Errorf("metadata outlived its bytes: %v", m)
	}
}

func list(t *testing.T, s storage.Store) {
	names := []string{"b.json", "a.json.gz", "a.json", "Z", "a-1", "a_1", "a b", "é", "a+1"}
	for _, n := range names {
		put(t, s, n, n, storage.PutOptions{})
	}
	want := []string{"Z 1", "a b 3", "a+1 3", "a-1 3", "a.json 6", "a.json.gz 9", "a_1 3", "b.json 6", "é 2"}
	if diff := cmp.Diff(want, listed(t, s)); diff != "" {
		t.Error(diff)
	}
	for _, err := range s.List(t.Context()) {
		if err != nil {
			t.Error(err)
		}
		break // a caller may stop early
	}
}

func deletes(t *testing.T, s storage.Store) {
	put(t, s, "a", "1", storage.PutOptions{})
	put(t, s, "b", "2", storage.PutOptions{})
	for range 2 {
		if err := s.Delete(t.Context(), "a", ""); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff([]string{"b 1"}, listed(t, s)); diff != "" {
		t.Error(diff)
	}
}

func deletesVersion(t *testing.T, s storage.Store) {
	v1 := put(t, s, "a", "1", storage.PutOptions{}).Version
	v2 := put(t, s, "a", "22", storage.PutOptions{Replace: storage.ReplaceAny}).Version
	if err := s.Delete(t.Context(), "a", v1); !errors.Is(err, storage.ErrChanged) {
		t.Errorf("deleted another version: %v", err)
	}
	if err := s.Delete(t.Context(), "a", v2); err != nil {
		t.Errorf("delete: %v", err)
	}
	if got := listed(t, s); len(got) > 0 {
		t.Errorf("still there: %q", got)
	}
}

func names(t *testing.T, s storage.Store) {
	for _, name := range []string{"", ".", "..", ".hidden", "a/b", "../a", "a\\b", "a\nb", "a\x00b", strings.Repeat("n", 241)} {
		if _, err := s.Put(t.Context(), name, storage.Bytes(nil), storage.PutOptions{}); !errors.Is(err, storage.ErrName) {
			t.Errorf("put %q: %v", name, err)
		}
		if _, err := s.Get(t.Context(), name); !errors.Is(err, storage.ErrName) {
			t.Errorf("get %q: %v", name, err)
		}
		if _, err := s.Stat(t.Context(), name); !errors.Is(err, storage.ErrName) {
			t.Errorf("stat %q: %v", name, err)
		}
		if err := s.Delete(t.Context(), name, ""); !errors.Is(err, storage.ErrName) {
			t.Errorf("delete %q: %v", name, err)
		}
	}
}

func sealedFile(t *testing.T, s storage.Store) {
	w, err := storage.NewSeal(storage.SealOptions{Dir: t.TempDir(), Gzip: true})
	if err != nil {
		t.Fatal(err)
	}
	doc := strings.Repeat("{\"a\": 1}\n", 1000)
	if _, err := io.WriteString(w, doc); err != nil {
		t.Fatal(err)
	}
	sealed, err := w.Finish(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = sealed.Close() }()
	for _, name := range []string{"a.json.gz", "b.json.gz"} { // one body can be stored twice
		if _, err := s.Put(t.Context(), name, sealed, storage.PutOptions{}); err != nil {
			t.Fatal(err)
		}
		r, err := storage.OpenReader(t.Context(), s, name, storage.Keys{})
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(r)
		_ = r.Close()
		if err != nil || string(b) != doc {
			t.Errorf("read %d bytes, %v", len(b), err)
		}
	}
}

func cancelled(t *testing.T, s storage.Store) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Put(ctx, "a", storage.Bytes([]byte("x")), storage.PutOptions{}); !errors.Is(err, context.Canceled) {
		t.Errorf("put: %v", err)
	}
	if _, err := s.Get(ctx, "a"); !errors.Is(err, context.Canceled) {
		t.Errorf("get: %v", err)
	}
	for _, err := range s.List(ctx) {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("list: %v", err)
		}
	}
	if got := listed(t, s); len(got) > 0 {
		t.Errorf("left behind: %q", got)
	}
}

// race runs n writers at once and counts those that won; the others must lose with the given error.
func race(t *testing.T, n int, loser error, write func(i int) error) {
	t.Helper()
	var wg sync.WaitGroup
	errs := make([]error, n)
	for i := range n {
		wg.Go(func() { errs[i] = write(i) })
	}
	wg.Wait()
	won := 0
	for _, err := range errs {
		if err == nil {
			won++
		} else if !errors.Is(err, loser) {
			t.Errorf("loser got %v", err)
		}
	}
	if won != 1 {
		t.Errorf("%d writers won", won)
	}
}

func oneWinner(t *testing.T, s storage.Store) {
	race(t, 8, storage.ErrExists, func(i int) error {
		_, err := s.Put(context.WithoutCancel(t.Context()), "a", storage.Bytes(fmt.Appendf(nil, "writer %d", i)), storage.PutOptions{})
		return err
	})
}

func oneWinnerByVersion(t *testing.T, s storage.Store) {
	v := put(t, s, "a", "old", storage.PutOptions{}).Version
	race(t, 8, storage.ErrChanged, func(i int) error {
		_, err := s.Put(context.WithoutCancel(t.Context()), "a", storage.Bytes(fmt.Appendf(nil, "writer %d", i)), storage.PutOptions{Replace: v})
		return err
	})
}

// wholeOrNot reads while two large bodies replace each other.
func wholeOrNot(t *testing.T, s storage.Store) {
	bodies := [][]byte{bytes.Repeat([]byte("a"), 300000), bytes.Repeat([]byte("b"), 200000)}
	put(t, s, "x", string(bodies[0]), storage.PutOptions{})
	var wg sync.WaitGroup
	wg.Go(func() {
		for i := range 20 {
			if _, err := s.Put(t.Context(), "x", storage.Bytes(bodies[i%2]), storage.PutOptions{Replace: storage.ReplaceAny}); err != nil {
				t.Errorf("put: %v", err)
			}
		}
	})
	for range 20 {
		if got := get(t, s, "x"); got != string(bodies[0]) && got != string(bodies[1]) {
			t.Errorf("saw a mixture of %d bytes", len(got))
		}
	}
	wg.Wait()
}
