package storage_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"filippo.io/age"

	"pritunl-backup/storage"
)

// errNoSpace is what a full disk says.
const errNoSpace = syscall.ENOSPC

const document = "{\n  \"format\": \"pritunl-backup\",\n  \"secret\": \"canary-not-a-real-secret\"\n}\n"

// newKeys makes a fresh recipient and the keys that open it.
func newKeys(t testing.TB) (storage.Recipient, storage.Keys) {
	t.Helper()
	id, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	to, err := storage.ParseRecipient(id.Recipient().String())
	if err != nil {
		t.Fatal(err)
	}
	var keys storage.Keys
	if err := keys.ReadIdentities(strings.NewReader(id.String()), "key"); err != nil {
		t.Fatal(err)
	}
	return to, keys
}

// seal gives the stored form of a document.
func seal(t testing.TB, doc string, opts storage.SealOptions) *storage.Sealed {
	t.Helper()
	if opts.Dir == "" {
		opts.Dir = t.TempDir()
	}
	s, err := storage.NewSeal(opts)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(s, doc); err != nil {
		t.Fatal(err)
	}
	done, err := s.Finish(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { done.Close() })
	return done
}

func stored(t testing.TB, s *storage.Sealed) []byte {
	t.Helper()
	r, err := s.Raw()
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// read takes stored bytes apart, to the end.
func read(b []byte, name string, keys storage.Keys) (string, []string, error) {
	r, err := storage.NewReader(io.NopCloser(bytes.NewReader(b)), name, keys)
	if err != nil {
		return "", nil, err
	}
	defer r.Close()
	doc, err := io.ReadAll(r)
	return string(doc), r.Warnings(), err
}

func entries(t testing.TB, dir string) []string {
	t.Helper()
	list, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range list {
		names = append(names, e.Name())
	}
	return names
}

func TestSealAndRead(t *testing.T) {
	to, keys := newKeys(t)
	big := strings.Repeat(document, 5000) + fmt.Sprint(os.Getpid())
	cases := map[string]struct {
		name string
		doc  string
		opts storage.SealOptions
	}{
		"plain":                 {"a.json", document, storage.SealOptions{}},
		"empty":                 {"", "", storage.SealOptions{}},
		"gzip":                  {"a.json.gz", document, storage.SealOptions{Gzip: true}},
		"gzip of nothing":       {"a.json.gz", "", storage.SealOptions{Gzip: true}},
		"gzip, large":           {"a.json.gz", big, storage.SealOptions{Gzip: true}},
		"encrypted":             {"a.json.age", document, storage.SealOptions{Recipients: []storage.Recipient{to}}},
		"encrypted, large":      {"a.json.age", big, storage.SealOptions{Recipients: []storage.Recipient{to}}},
		"gzip and encrypted":    {"a.json.gz.age", document, storage.SealOptions{Gzip: true, Recipients: []storage.Recipient{to}}},
		"both, large":           {"a.json.gz.age", big, storage.SealOptions{Gzip: true, Recipients: []storage.Recipient{to}}},
		"name says nothing":     {"", document, storage.SealOptions{Gzip: true, Recipients: []storage.Recipient{to}}},
		"name says less":        {"a.json", document, storage.SealOptions{Gzip: true}},
		"unpacked by hand":      {"a.json.gz", document, storage.SealOptions{}},
		"decrypted by hand":     {"a.json.gz.age", document, storage.SealOptions{Gzip: true}},
		"recipient given twice": {"a.json.age", document, storage.SealOptions{Recipients: []storage.Recipient{to, to}}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			s := seal(t, c.doc, c.opts)
			got, warnings, err := read(stored(t, s), c.name, keys)
			if err != nil || got != c.doc || len(warnings) > 0 {
				t.Fatalf("read %d bytes, warnings %q, error %v; want %d bytes", len(got), warnings, err, len(c.doc))
			}
			again, err := s.Open()
			if err != nil {
				t.Fatal(err)
			}
			if b, err := io.ReadAll(again); err != nil || string(b) != c.doc {
				t.Fatalf("Open read %d bytes, error %v", len(b), err)
			}
			if int64(len(c.doc)) != s.PlainSize || int64(len(stored(t, s))) != s.Size {
				t.Fatalf("sizes %d and %d", s.PlainSize, s.Size)
			}
		})
	}
}

func TestGunzipReadsTheContainer(t *testing.T) {
	s := seal(t, document, storage.SealOptions{Gzip: true})
	z, err := gzip.NewReader(bytes.NewReader(stored(t, s)))
	if err != nil {
		t.Fatal(err)
	}
	if b, err := io.ReadAll(z); err != nil || string(b) != document {
		t.Fatalf("gunzip gave %q, %v", b, err)
	}
}

func TestForeignGzipIsReadWithAWarning(t *testing.T) {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	io.WriteString(z, document)
	z.Close()
	got, warnings, err := read(b.Bytes(), "a.json.gz", storage.Keys{})
	if err != nil || got != document || len(warnings) != 1 {
		t.Fatalf("got %q, warnings %q, error %v", got, warnings, err)
	}
}

func TestPlaintextNeverTouchesTheDisk(t *testing.T) {
	to, _ := newKeys(t)
	dir := t.TempDir()
	s, err := storage.NewSeal(storage.SealOptions{Dir: dir, Recipients: []storage.Recipient{to}})
	if err != nil {
		t.Fatal(err)
	}
	io.WriteString(s, strings.Repeat(document, 10000))
	done, err := s.Finish(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer done.Close()
	for _, name := range entries(t, dir) {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil || bytes.Contains(b, []byte("canary")) {
			t.Errorf("%s holds plaintext (%v)", name, err)
		}
		if st, err := os.Stat(filepath.Join(dir, name)); err != nil || st.Mode().Perm() != 0o600 {
			t.Errorf("%s is readable by others: %v %v", name, st.Mode(), err)
		}
	}
}

func TestSealStartsAgain(t *testing.T) {
	to, keys := newKeys(t)
	s, err := storage.NewSeal(storage.SealOptions{Dir: t.TempDir(), Gzip: true, Recipients: []storage.Recipient{to}})
	if err != nil {
		t.Fatal(err)
	}
	io.WriteString(s, strings.Repeat("first attempt ", 100000))
	if err := s.Reset(); err != nil {
		t.Fatal(err)
	}
	io.WriteString(s, document)
	done, err := s.Finish(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer done.Close()
	if got, _, err := read(stored(t, done), "", keys); err != nil || got != document {
		t.Fatalf("got %q, %v", got, err)
	}
}

func TestAbortLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	s, err := storage.NewSeal(storage.SealOptions{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	io.WriteString(s, document)
	if err := s.Abort(); err != nil {
		t.Fatal(err)
	}
	if err := s.Abort(); err != nil {
		t.Fatal(err)
	}
	if left := entries(t, dir); len(left) > 0 {
		t.Fatalf("left behind: %q", left)
	}
	if _, err := s.Finish(t.Context()); err == nil {
		t.Fatal("finished after abort")
	}
}

func TestSealInBadPlaces(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	os.WriteFile(file, nil, 0o600)
	cases := map[string]struct {
		dir  string
		step func(string) error
		want error
		text string
	}{
		"missing":       {filepath.Join(dir, "no", "such"), nil, storage.ErrNotFound, "open directory"},
		"a file":        {file, nil, storage.ErrNotFound, "not a directory"},
		"below a file":  {filepath.Join(file, "x"), nil, storage.ErrNotFound, "not a directory"},
		"none":          {"", nil, nil, "no directory given"},
		"read-only":     {dir, failAt("create", syscall.EROFS), storage.ErrDenied, "read-only"},
		"not permitted": {dir, failAt("create", fs.ErrPermission), storage.ErrDenied, "permission denied"},
		"full":          {dir, failAt("write", syscall.ENOSPC), storage.ErrNoSpace, "no space left on device"},
		"full at sync":  {dir, failAt("sync", syscall.ENOSPC), storage.ErrNoSpace, "no space left on device"},
		"over quota":    {dir, failAt("write", syscall.EDQUOT), storage.ErrNoSpace, "quota"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			s, err := storage.NewSeal(storage.SealOptions{Dir: c.dir}.WithSteps(c.step))
			if err == nil {
				io.WriteString(s, strings.Repeat(document, 5000))
				_, err = s.Finish(t.Context())
			}
			if err == nil || !strings.Contains(err.Error(), c.text) || c.want != nil && !errors.Is(err, c.want) {
				t.Fatalf("error %v", err)
			}
			if c.want != nil && storage.Hint(err) == "" {
				t.Errorf("no hint for %v", err)
			}
			if left := entries(t, dir); len(left) != 1 {
				t.Errorf("left behind: %q", left)
			}
		})
	}
}

func failAt(step string, err error) func(string) error {
	return func(at string) error {
		if at == step {
			return &fs.PathError{Op: at, Path: "x", Err: err}
		}
		return nil
	}
}

func TestLeftoversOfKilledRunsAreSwept(t *testing.T) {
	dir := t.TempDir()
	old, other := filepath.Join(dir, storage.TempName), filepath.Join(dir, ".other.tmp")
	young := filepath.Join(dir, strings.Replace(storage.TempName, "leftover", "young", 1))
	orphan, owned := filepath.Join(dir, ".pritunl-a-20261122T021500Z.json.meta"), filepath.Join(dir, ".pritunl-b-20261122T021500Z.json.meta")
	snapshot := filepath.Join(dir, "pritunl-b-20261122T021500Z.json")
	past := time.Now().Add(-storage.TempAge - time.Hour)
	for _, p := range []string{old, young, other, orphan, owned, snapshot} {
		os.WriteFile(p, []byte("half"), 0o600)
		os.Chtimes(p, past, past)
	}
	os.Chtimes(young, time.Now(), time.Now())
	s, err := storage.NewSeal(storage.SealOptions{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	s.Abort()
	for _, p := range []string{old, orphan} {
		if _, err := os.Stat(p); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s is still there: %v", p, err)
		}
	}
	for _, p := range []string{young, other, owned, snapshot} {
		if _, err := os.Stat(p); err != nil {
			t.Errorf("removed what it should not: %v", err)
		}
	}
}
