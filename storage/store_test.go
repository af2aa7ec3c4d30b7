package storage_test

import (
	"testing"

	"pritunl-backup/storage"
	"pritunl-backup/storage/storagetest"
)

func TestMemoryStore(t *testing.T) {
	storagetest.Run(t, func(*testing.T) storage.Store { return &storage.MemoryStore{} })
}

func TestFileStore(t *testing.T) {
	storagetest.Run(t, func(t *testing.T) storage.Store { return storage.NewFileStore(t.TempDir()) })
}
