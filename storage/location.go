package storage

import (
	"os"
	"path/filepath"
	"strings"
)

// Location is a place for snapshots, and perhaps one name in it.
type Location struct {
	Store Store
	// Name is the snapshot that was named; empty when the location is a directory or prefix.
	Name string
	// SealDir is where a Seal for this location puts its temporary file.
	SealDir string
}

// openFile splits a path: an existing directory or a trailing slash is a place, anything else a name in its directory.
func openFile(path string) (Location, error) {
	dir, name := filepath.Split(path)
	if st, err := os.Stat(path); err == nil && st.IsDir() || name == "" || name == "." || name == ".." {
		dir, name = path, ""
	}
	if dir == "" {
		dir = "."
	}
	if name != "" {
		if err := CheckName(name); err != nil {
			return Location{}, err
		}
	}
	store := NewFileStore(dir)
	store.bare = name != ""
	return Location{Store: store, Name: name, SealDir: store.Dir()}, nil
}

// isSnapshotName tells a name from a prefix where no directory can be asked.
func isSnapshotName(name string) bool {
	rest := strings.TrimSuffix(strings.TrimSuffix(name, ".age"), ".gz")
	return strings.HasSuffix(rest, ".json") || strings.HasSuffix(name, ".age") || strings.HasSuffix(name, ".unchanged")
}
