package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"pritunl-backup/export"
	"pritunl-backup/snapshot"
	"pritunl-backup/storage"
)

// unchanged tells whether the newest stored snapshot holds just what was read, and stores the marker of this run if so.
func (t *target) unchanged(ctx context.Context, result *export.Result) (published, bool, error) {
	if !result.Header.Complete {
		return published{}, false, nil
	}
	query := t.opts.place.query
	query.Host, query.Kind = t.label(result).Host, result.Header.Source.Kind
	newest, sum, err := storage.NewestContent(ctx, t.location.Store, query, t.contentOf)
	switch {
	case errors.Is(err, storage.ErrNotFound):
		return published{}, false, nil
	case errors.Is(err, storage.ErrDenied):
		t.env.out.warn("cannot compare with the newest snapshot: %v; storing a new one", err)
		return published{}, false, nil
	case err != nil:
		return published{}, false, err
	case sum == "" || sum != result.Summary.ContentSHA256:
		return published{}, false, nil
	}
	info, err := storage.PutUnchanged(ctx, t.location.Store, query.Template, result.Header.CreatedAt, newest, sum)
	if err != nil {
		return published{}, false, err
	}
	return published{address: at(t.opts.to, newest.Name), marker: at(t.opts.to, info.Name), size: newest.Size, sha256: newest.Checksum}, true, nil
}

// contentOf reads the sum of a snapshot whose metadata does not tell it. Without a key it is not known.
func (t *target) contentOf(ctx context.Context, s storage.Snapshot) (string, error) {
	if s.Encrypted && t.opts.place.keys.Empty() {
		return "", nil
	}
	reader, err := storage.OpenReader(ctx, t.location.Store, s.Name, t.opts.place.keys)
	if err != nil {
		return "", err
	}
	defer func() { _ = reader.Close() }()
	report, err := snapshot.Verify(reader)
	if err != nil {
		// A damaged snapshot is a reason for a new one, not for none.
		t.env.out.warn("the newest snapshot %s: %v; storing a new one", s.Name, err)
		return "", nil
	}
	return report.Summary.ContentSHA256, nil
}

// lock makes sure that of several nodes with the same job one works. Release ends it.
func (t *target) lock(ctx context.Context, ttl time.Duration) (release func(), err error) {
	holder, err := os.Hostname()
	if err != nil {
		holder = "unknown"
	}
	lease, err := storage.Lock(ctx, t.location.Store, storage.LockName("export", ""), storage.LockOptions{
		Holder: fmt.Sprintf("%s, process %d", holder, os.Getpid()), TTL: ttl, Now: t.env.now,
	})
	if err != nil {
		return nil, err
	}
	return func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		defer cancel()
		if err := lease.Release(ctx); err != nil {
			t.env.out.warn("give the lock back: %v; it ends by itself after %s", err, ttl)
		}
	}, nil
}
