package storage_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"pritunl-backup/storage"
)

// TestReadBack: a disk that keeps other bytes than were written is found out before anything is published.
func TestReadBack(t *testing.T) {
	to, _ := newKeys(t)
	for name, opts := range map[string]storage.SealOptions{
		"plain": {}, "gzip": {Gzip: true}, "encrypted": {Recipients: []storage.Recipient{to}},
	} {
		t.Run(name, func(t *testing.T) {
			opts.Dir = t.TempDir()
			s, err := storage.NewSeal(opts.WithSteps(func(step string) error {
				if step == "sync" {
					return spoilFile(opts.Dir)
				}
				return nil
			}))
			if err != nil {
				t.Fatal(err)
			}
			io.WriteString(s, document)
			if _, err := s.Finish(t.Context()); !errors.Is(err, storage.ErrStored) || storage.Hint(err) == "" {
				t.Errorf("error %v", err)
			}
			if left := entries(t, opts.Dir); len(left) > 0 {
				t.Errorf("left behind: %q", left)
			}
		})
	}
}

// spoilFile changes the last byte of the only file of a directory.
func spoilFile(dir string) error {
	names, err := filepath.Glob(filepath.Join(dir, ".*"))
	if err != nil || len(names) != 1 {
		return errors.New("there is not one file")
	}
	b, err := os.ReadFile(names[0])
	if err != nil {
		return err
	}
	b[len(b)-1] ^= 1
	return os.WriteFile(names[0], b, 0o600)
}

// TestBrokenConnectionIsNoDamage: when reading stops for a reason of its own, at any byte, that reason is the error.
func TestBrokenConnectionIsNoDamage(t *testing.T) {
	to, keys := newKeys(t)
	broken := errors.New("connection reset")
	good := stored(t, seal(t, document, storage.SealOptions{Gzip: true, Recipients: []storage.Recipient{to}}))
	for at := range len(good) + 1 {
		src := io.MultiReader(strings.NewReader(string(good[:at])), iotest.ErrReader(broken))
		r, err := storage.NewReader(io.NopCloser(src), "a.json.gz.age", keys)
		if err == nil {
			_, err = io.ReadAll(r)
		}
		if !errors.Is(err, broken) || errors.Is(err, storage.ErrIntegrity) {
			t.Errorf("broken after %d of %d bytes: %v", at, len(good), err)
		}
	}
}
