package cli

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"

	"pritunl-backup/storage"
)

// roomLeast is how much free space a first snapshot should find, in bytes.
const roomLeast = 64 << 20

func checkDatabase(ctx context.Context, p *patient) finding {
	if p.opts.database.URI == "" {
		return skip("no database is given (MONGODB_URI)")
	}
	db, err := p.database(ctx)
	if err != nil {
		return failure(err, "")
	}
	administrators, err := db.Administrators(ctx)
	if err != nil {
		return failure(err, "")
	}
	says := fmt.Sprintf("%s at %s belongs to Pritunl %s, with %d administrators", db.Name(), db.Address(), p.instance.Version, len(administrators.List))
	if p.status.Version != "" && p.instance.Version != "" && p.status.Version != p.instance.Version {
		return note(says+", while the API says "+p.status.Version, "check that both are of one server; hosts of different versions share one database for a while during upgrades")
	}
	return holds("%s", says)
}

// checkStorage puts a probe, looks at it, reads it, finds that it cannot be overwritten, and deletes it.
func checkStorage(ctx context.Context, p *patient) finding {
	switch {
	case !p.opts.located:
		return skip("no location is given")
	case p.opts.targetErr != nil:
		return failure(p.opts.targetErr, "")
	case p.opts.target.stdout():
		return skip("snapshots go to standard output")
	}
	location, err := storage.Open(ctx, p.opts.target.to, p.opts.target.place.storage)
	if err != nil {
		return failure(err, "")
	}
	random := make([]byte, 16)
	if _, err := rand.Read(random); err != nil {
		return failure(err, "")
	}
	name := "pritunl-backup-doctor-" + hex.EncodeToString(random[:6]) + ".probe"
	content := []byte("pritunl-backup doctor tries whether this place can be used: " + hex.EncodeToString(random) + "\n")
	step, err := probe(ctx, location.Store, name, content)
	if err != nil {
		f := failure(err, "see docs/storage.md for the permissions that are needed")
		f.Says = step + ": " + f.Says
		return f
	}
	return holds("%s: put, head, get and delete work, and nothing can be overwritten by accident", p.opts.target.to)
}

// probe says which step went wrong. Whatever happens, it tries to leave nothing behind.
func probe(ctx context.Context, store storage.Store, name string, content []byte) (step string, err error) {
	if _, err := store.Put(ctx, name, storage.Bytes(content), storage.PutOptions{Ephemeral: true}); err != nil {
		return "put", err
	}
	if step, err := inspect(ctx, store, name, content); err != nil {
		_ = store.Delete(context.WithoutCancel(ctx), name, "")
		return step, err
	}
	if err := store.Delete(ctx, name, ""); err != nil {
		return "delete, which prune needs (" + name + " is left there)", err
	}
	if _, err := store.Stat(ctx, name); !errors.Is(err, storage.ErrNotFound) {
		return "delete", errors.New("the probe is still there afterwards")
	}
	return "", nil
}

func inspect(ctx context.Context, store storage.Store, name string, content []byte) (step string, err error) {
	info, err := store.Stat(ctx, name)
	if err != nil {
		return "head", err
	}
	if info.Size != int64(len(content)) {
		return "head", fmt.Errorf("the probe has %d bytes there, not %d", info.Size, len(content))
	}
	reader, err := store.Get(ctx, name)
	if err != nil {
		return "get", err
	}
	read, err := io.ReadAll(io.LimitReader(reader, int64(len(content))+1))
	if closed := reader.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return "get", err
	}
	if !bytes.Equal(read, content) {
		return "get", errors.New("other bytes came back than were stored")
	}
	_, err = store.Put(ctx, name, storage.Bytes(content), storage.PutOptions{Ephemeral: true})
	switch {
	case err == nil:
		return "put again", errors.New("the place overwrites a name that exists, although it was asked not to")
	case !errors.Is(err, storage.ErrExists):
		return "put again", fmt.Errorf("the place should refuse a name that exists: %w", err)
	}
	return "", nil
}

func checkKMS(_ context.Context, p *patient) finding {
	o := p.opts.target.place.storage.S3
	if o.SSE != "aws:kms" {
		return skip("no KMS key is asked for (--s3-encryption aws:kms)")
	}
	key := o.KMSKeyID
	if key == "" {
		key = "AWS's own key"
	}
	return holds("the probe was encrypted with %s and decrypted again", key)
}

// checkAgeKeys encrypts a few bytes to the recipients, and opens them when there is a key to open with.
func checkAgeKeys(ctx context.Context, p *patient) finding {
	to, keys := p.opts.target.recipients, p.opts.target.place.keys
	switch {
	case p.opts.targetErr != nil:
		return skip("needs storage")
	case len(to) == 0 && keys.Empty():
		return skip("no encryption is asked for (--encrypt-to)")
	case len(to) == 0:
		return holds("there is a key to decrypt with, and nobody to encrypt to")
	}
	seal, err := storage.NewSeal(storage.SealOptions{Dir: os.TempDir(), Recipients: to})
	if err != nil {
		return failure(err, "")
	}
	defer func() { _ = seal.Abort() }()
	if _, err := io.WriteString(seal, "doctor"); err != nil {
		return failure(err, "")
	}
	sealed, err := seal.Finish(ctx)
	if err != nil {
		return failure(err, "")
	}
	defer func() { _ = sealed.Close() }()
	if keys.Empty() {
		return holds("encrypts to %d recipient(s); the key that decrypts is not here, as it should be on a backup machine", len(to))
	}
	raw, err := sealed.Raw()
	if err != nil {
		return failure(err, "")
	}
	reader, err := storage.NewReader(io.NopCloser(raw), "", keys)
	if err == nil {
		_, err = io.Copy(io.Discard, reader)
	}
	if err != nil {
		return fail("the key that is given does not open what is encrypted to these recipients: "+brief(err),
			"a snapshot taken now could not be restored with it: check --identity against --encrypt-to (age-keygen -y shows the recipient of a key)")
	}
	return holds("encrypts to %d recipient(s), and the key that is given opens it", len(to))
}

// checkRoom looks where snapshots are put together before they are published.
func checkRoom(ctx context.Context, p *patient) finding {
	dir, needed := os.TempDir(), int64(roomLeast)
	if p.opts.located && p.opts.targetErr == nil && !p.opts.target.stdout() {
		location, err := storage.Open(ctx, p.opts.target.to, p.opts.target.place.storage)
		if err != nil {
			return skip("needs storage")
		}
		if location.SealDir != "" {
			dir = location.SealDir
		}
		if listing, err := storage.Find(ctx, location.Store, p.opts.target.place.query); err == nil && len(listing.Snapshots) > 0 {
			needed = max(needed, 2*listing.Snapshots[len(listing.Snapshots)-1].Size)
		}
	}
	free, known := freeBytes(dir)
	if !known {
		return skip("there is no telling how much room %s has", dir)
	}
	return judgeRoom(dir, free, needed)
}

func judgeRoom(dir string, free, needed int64) finding {
	if free < needed {
		return fail(fmt.Sprintf("%s has %s free, a snapshot needs %s", dir, sizeText(free), sizeText(needed)),
			"make room there, or set TMPDIR to another directory for snapshots that go to a bucket")
	}
	return holds("%s has %s free, a snapshot needs %s", dir, sizeText(free), sizeText(needed))
}
