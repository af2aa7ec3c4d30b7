package storage

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

const (
	tempPrefix = ".pritunl-backup-"
	tempSuffix = ".tmp"
	tempAge    = 24 * time.Hour // no run takes longer; a younger file may belong to one
)

// stepFunc is told before every step that reaches the disk. Tests use it to fail or to kill the process there.
type stepFunc func(step string) error

func (f stepFunc) at(step string) error {
	if f == nil {
		return nil
	}
	return f(step)
}

type stepWriter struct {
	file *os.File
	step stepFunc
}

func (w *stepWriter) Write(p []byte) (int, error) {
	if err := w.step.at("write"); err != nil {
		return 0, err
	}
	return w.file.Write(p)
}

// createTemp makes a temporary file in dir (0600) and removes what killed runs of the same user left there.
func createTemp(dir string, step stepFunc) (*os.File, error) {
	if dir == "" {
		return nil, &Error{Op: "create temporary file", Err: errors.New("no directory given")}
	}
	if info, err := os.Stat(dir); err != nil {
		return nil, fileError("open directory", dir, err)
	} else if !info.IsDir() {
		return nil, &Error{Op: "open directory", Name: dir, Err: &classified{ErrNotFound, errors.New("not a directory")}, Hint: "give a directory, or a file inside one"}
	}
	sweep(dir, time.Now().Add(-tempAge))
	if err := step.at("create"); err != nil {
		return nil, fileError("write to", dir, err)
	}
	file, err := os.CreateTemp(dir, tempPrefix+"*"+tempSuffix)
	if err != nil {
		return nil, fileError("write to", dir, err)
	}
	return file, nil
}

// isTemp tells our own temporary files.
func isTemp(name string) bool {
	return strings.HasPrefix(name, tempPrefix) && strings.HasSuffix(name, tempSuffix)
}

// isOrphan tells metadata of a snapshot that is gone: somebody deleted it by hand, or a deletion was killed half-way.
func isOrphan(dir, name string) bool {
	name, ok := strings.CutSuffix(strings.TrimPrefix(name, "."), ".meta")
	if _, ours := ParseName(name); !ok || !ours {
		return false
	}
	_, err := os.Lstat(filepath.Join(dir, name))
	return errors.Is(err, fs.ErrNotExist)
}

// sweep removes temporary files of the same user last written before the limit. What cannot be removed stays: it
// harms nobody.
func sweep(dir string, limit time.Time) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return
	}
	for _, e := range entries {
		if !e.Type().IsRegular() || !isTemp(e.Name()) && !isOrphan(dir, e.Name()) {
			continue
		}
		info, err := e.Info()
		if err == nil && info.ModTime().Before(limit) && ownedByUs(info) {
			_ = os.Remove(filepath.Join(dir, e.Name()))
		}
	}
}

// syncDir brings a directory entry to the disk. File systems that cannot sync a directory are taken at their word.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	if err := d.Sync(); err != nil && !errors.Is(err, fs.ErrInvalid) && !errors.Is(err, errors.ErrUnsupported) {
		return err
	}
	return nil
}
