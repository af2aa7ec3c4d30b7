package storage_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"filippo.io/age"

	"pritunl-backup/storage"
)

// The test binary runs itself as the process that is to be killed: with this variable set to n it dies, by the kernel's
// hand and without any cleaning up, at the n-th step that reaches the disk.
const (
	envKillAt  = "STORAGE_TEST_KILL_AT"
	envKillDir = "STORAGE_TEST_KILL_DIR"
	envKillHow = "STORAGE_TEST_KILL_HOW"
	envKillKey = "STORAGE_TEST_KILL_KEY" // made for each test; both processes read it
)

const killedName = "pritunl-vpn-1-20261122T021500Z.json.gz.age"

func TestMain(m *testing.M) {
	if at, err := strconv.Atoi(os.Getenv(envKillAt)); err == nil {
		writeAndDie(os.Getenv(envKillDir), os.Getenv(envKillHow), at)
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// writeAndDie stores a snapshot and is killed at the n-th step; when there are fewer steps it finishes.
func writeAndDie(dir, how string, n int) {
	step := func(string) error {
		if n--; n == 0 {
			self, _ := os.FindProcess(os.Getpid())
			self.Kill()
			select {}
		}
		return nil
	}
	sealDir, opts := dir, storage.PutOptions{Metadata: map[string]string{"k": "v"}}
	if how == "from elsewhere" {
		sealDir = filepath.Join(dir, "..", "elsewhere")
	}
	if how == "overwriting" {
		opts.Replace = storage.ReplaceAny
	}
	s, err := storage.NewSeal(storage.SealOptions{Dir: sealDir, Gzip: true, Recipients: killRecipients()}.WithSteps(step))
	must(err)
	_, err = io.WriteString(s, killDocument())
	must(err)
	sealed, err := s.Finish(context.Background())
	must(err)
	store := storage.NewFileStore(dir)
	store.Steps(step)
	_, err = store.Put(context.Background(), killedName, sealed, opts)
	must(err)
	must(sealed.Close())
}

// killRecipients are for encrypted snapshots: only those have metadata beside them.
func killRecipients() []storage.Recipient {
	id, err := age.ParseX25519Identity(os.Getenv(envKillKey))
	must(err)
	to, err := storage.ParseRecipient(id.Recipient().String())
	must(err)
	return []storage.Recipient{to}
}

func killKeys() (keys storage.Keys) {
	must(keys.ReadIdentities(strings.NewReader(os.Getenv(envKillKey)), "test"))
	return keys
}

func must(err error) {
	if err != nil {
		fmt.Println(err)
		os.Exit(3)
	}
}

// killDocument is large enough for several writes, and hard to pack.
func killDocument() string {
	var b strings.Builder
	for i := range 40000 {
		fmt.Fprintf(&b, "%d %x\n", i, i*i*7919)
	}
	return b.String()
}

// TestKilledAtEveryStep kills the process at each step of writing a file. What is visible afterwards is whole or not
// there, and a later run is not disturbed and cleans up.
func TestKilledAtEveryStep(t *testing.T) {
	id, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv(envKillKey, id.String())
	for _, how := range []string{"in place", "from elsewhere", "overwriting"} {
		t.Run(how, func(t *testing.T) {
			points, stored := 0, 0
			for n := 1; ; n++ {
				dir := filepath.Join(t.TempDir(), "target")
				os.MkdirAll(filepath.Join(dir, "..", "elsewhere"), 0o700)
				os.Mkdir(dir, 0o700)
				if how == "overwriting" {
					os.WriteFile(filepath.Join(dir, killedName), []byte("old"), 0o600)
				}
				killed := killAt(t, dir, how, n)
				if visible(t, dir, how, n) {
					stored++
				}
				laterRun(t, dir, n)
				if !killed {
					break
				}
				points++
			}
			if points < 6 || stored == 0 {
				t.Errorf("killed at %d points, stored %d times: that is not every step", points, stored)
			}
			t.Logf("killed at %d points", points)
		})
	}
}

// killAt runs the process that dies at step n and tells whether it did.
func killAt(t *testing.T, dir, how string, n int) bool {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), envKillAt+"="+strconv.Itoa(n), envKillDir+"="+dir, envKillHow+"="+how)
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && (!errors.As(err, &exit) || exit.ExitCode() != -1) {
		t.Fatalf("step %d: %v\n%s", n, err, out)
	}
	return err != nil
}

// visible checks what a reader sees after the kill: nothing, the whole new snapshot, or the old file.
func visible(t *testing.T, dir, how string, n int) (stored bool) {
	t.Helper()
	store := storage.NewFileStore(dir)
	for info, err := range store.List(t.Context()) {
		if err != nil || info.Name != killedName {
			t.Errorf("step %d: listed %+v, %v", n, info, err)
			continue
		}
		raw, err := os.ReadFile(filepath.Join(dir, info.Name))
		if err != nil {
			t.Fatal(err)
		}
		if how == "overwriting" && string(raw) == "old" {
			continue
		}
		if doc, _, err := read(raw, killedName, killKeys()); err != nil || doc != killDocument() {
			t.Errorf("step %d: %d bytes are visible, %v", n, len(raw), err)
		}
		if m, err := store.Stat(t.Context(), info.Name); err != nil || len(m.Metadata) > 0 && m.Metadata["k"] != "v" {
			t.Errorf("step %d: metadata %v, %v", n, m.Metadata, err)
		}
		stored = true
	}
	return stored
}

// laterRun writes the next snapshot a day later: it succeeds, and no leftover stays.
func laterRun(t *testing.T, dir string, n int) {
	t.Helper()
	past := time.Now().Add(-storage.TempAge - time.Hour)
	for _, name := range entries(t, dir) {
		if strings.HasSuffix(name, ".tmp") {
			os.Chtimes(filepath.Join(dir, name), past, past)
		}
	}
	s, err := storage.NewSeal(storage.SealOptions{Dir: dir, Gzip: true, Recipients: killRecipients()})
	if err != nil {
		t.Fatalf("step %d: a later run cannot start: %v", n, err)
	}
	io.WriteString(s, document)
	sealed, err := s.Finish(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := storage.NewFileStore(dir).Put(t.Context(), killedName, sealed, storage.PutOptions{Replace: storage.ReplaceAny}); err != nil {
		t.Errorf("step %d: a later run cannot write: %v", n, err)
	}
	sealed.Close()
	for _, name := range entries(t, dir) {
		if name != killedName && name != "."+killedName+".meta" {
			t.Errorf("step %d: %s is left behind", n, name)
		}
	}
}

// TestFilePutInBadPlaces: each failure has its kind, its words and its hint, and leaves nothing behind.
func TestFilePutInBadPlaces(t *testing.T) {
	for _, step := range []string{"create", "write", "sync", "publish", "syncdir"} {
		t.Run(step, func(t *testing.T) {
			dir := t.TempDir()
			store := storage.NewFileStore(dir)
			store.Steps(failAt(step, errNoSpace))
			_, err := store.Put(t.Context(), "a.json", storage.Bytes([]byte(document)), storage.PutOptions{})
			if !errors.Is(err, storage.ErrNoSpace) || storage.Hint(err) == "" {
				t.Errorf("error %v, hint %q", err, storage.Hint(err))
			}
			if left := entries(t, dir); len(left) > 0 && step != "syncdir" {
				t.Errorf("left behind: %q", left)
			}
		})
	}
	t.Run("missing directory", func(t *testing.T) {
		store := storage.NewFileStore(filepath.Join(t.TempDir(), "none"))
		_, err := store.Put(t.Context(), "a.json", storage.Bytes(nil), storage.PutOptions{})
		if !errors.Is(err, storage.ErrNotFound) || !strings.Contains(err.Error(), "open directory") {
			t.Errorf("error %v", err)
		}
		for _, err := range store.List(t.Context()) {
			if !errors.Is(err, storage.ErrNotFound) {
				t.Errorf("list: %v", err)
			}
		}
	})
	t.Run("a directory of that name", func(t *testing.T) {
		dir := t.TempDir()
		os.Mkdir(filepath.Join(dir, "a.json"), 0o700)
		if _, err := storage.NewFileStore(dir).Put(t.Context(), "a.json", storage.Bytes(nil), storage.PutOptions{}); !errors.Is(err, storage.ErrExists) {
			t.Errorf("error %v", err)
		}
		if _, err := storage.NewFileStore(dir).Get(t.Context(), "a.json"); !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("get: %v", err)
		}
	})
}

func TestFilesAreForTheirOwnerAlone(t *testing.T) {
	dir := t.TempDir()
	store := storage.NewFileStore(dir)
	if _, err := store.Put(t.Context(), "a.json", storage.Bytes([]byte(document)), storage.PutOptions{Metadata: map[string]string{"k": "v"}}); err != nil {
		t.Fatal(err)
	}
	for _, name := range entries(t, dir) {
		if st, err := os.Stat(filepath.Join(dir, name)); err != nil || st.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", name, st.Mode(), err)
		}
	}
}

// TestMetadataFiles: only what is encrypted and lies in a directory has a file beside it.
func TestMetadataFiles(t *testing.T) {
	to, _ := newKeys(t)
	meta := storage.PutOptions{Metadata: map[string]string{storage.MetaContent: "abc"}}
	for name, c := range map[string]struct {
		to    []storage.Recipient
		at    func(dir string) string
		files int
	}{
		"plain in a directory":     {nil, func(d string) string { return d }, 1},
		"encrypted in a directory": {[]storage.Recipient{to}, func(d string) string { return d }, 2},
		"encrypted, one file":      {[]storage.Recipient{to}, func(d string) string { return filepath.Join(d, "a.json.age") }, 1},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			l, err := storage.Open(t.Context(), c.at(dir), storage.Options{})
			if err != nil {
				t.Fatal(err)
			}
			sealed := seal(t, document, storage.SealOptions{Dir: l.SealDir, Recipients: c.to})
			if _, err := l.Store.Put(t.Context(), "a.json.age", sealed, meta); err != nil {
				t.Fatal(err)
			}
			sealed.Close()
			if got := entries(t, dir); len(got) != c.files {
				t.Errorf("files: %q", got)
			}
		})
	}
}
