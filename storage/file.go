package storage

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// FileStore keeps snapshots as files of one directory, readable by their owner alone.
//
// Metadata lies in a hidden file beside the snapshot (.<name>.meta) that states the sum of the bytes it belongs to, so a
// stale one is never believed and a lost one costs nothing but "unchanged". Unencrypted snapshots get none: the document
// says the same itself. Neither does a single file that was named rather than a directory.
type FileStore struct {
	dir  string
	bare bool // a single file was named: write nothing beside it
	step stepFunc
}

// NewFileStore keeps names in dir, which must exist when it is used.
func NewFileStore(dir string) *FileStore { return &FileStore{dir: filepath.Clean(dir)} }

// Dir is where a Seal for this store puts its temporary file.
func (f *FileStore) Dir() string { return f.dir }

func (f *FileStore) path(name string) string { return filepath.Join(f.dir, name) }

// Put links or renames a temporary file of the same directory to its name.
func (f *FileStore) Put(ctx context.Context, name string, body *Sealed, opts PutOptions) (Info, error) {
	if err := errors.Join(CheckName(name), ctx.Err()); err != nil {
		return Info{}, err
	}
	temp, cleanup, err := f.stage(ctx, body)
	if err != nil {
		return Info{}, err
	}
	defer cleanup()
	if err := f.publish(ctx, temp, name, opts.Replace); err != nil {
		return Info{}, err
	}
	info := Info{Name: name, Size: body.Size, Checksum: body.SHA256, Version: body.SHA256, Metadata: opts.Metadata}
	if st, err := os.Stat(f.path(name)); err == nil {
		info.Modified = st.ModTime().UTC()
	}
	if err := f.writeMeta(ctx, name, body, opts.Metadata); err != nil {
		info.Warnings = append(info.Warnings, "stored without metadata: "+err.Error())
	}
	return info, nil
}

// stage gives a complete, synced temporary file in the store's directory.
func (f *FileStore) stage(ctx context.Context, body *Sealed) (path string, cleanup func(), err error) {
	raw, err := body.Raw()
	if err != nil {
		return "", nil, err
	}
	if body.file != nil && filepath.Dir(body.path) == f.dir {
		return body.path, func() {}, nil
	}
	file, err := createTemp(f.dir, f.step)
	if err != nil {
		return "", nil, err
	}
	cleanup = func() { _, _ = file.Close(), os.Remove(file.Name()) }
	sum := &sumWriter{dst: &stepWriter{file, f.step}, sum: sha256.New()}
	_, err = io.Copy(sum, &ctxReader{ctx, raw})
	if err == nil {
		err = f.step.at("sync")
	}
	if err == nil {
		err = file.Sync()
	}
	if err == nil && sum.hex() != body.SHA256 {
		err = ErrStored
	}
	if err != nil {
		cleanup()
		return "", nil, fileError("write", f.dir, err)
	}
	return file.Name(), cleanup, nil
}

// publish gives the temporary file its name.
func (f *FileStore) publish(ctx context.Context, temp, name, replace string) error {
	path := f.path(name)
	if err := f.step.at("publish"); err != nil {
		return fileError("publish", path, err)
	}
	var err error
	switch replace {
	case "":
		err = linkNew(temp, path)
	case ReplaceAny:
		err = os.Rename(temp, path)
	default:
		unlock, lerr := lockDir(f.dir)
		if lerr != nil {
			return fileError("lock", f.dir, lerr)
		}
		defer unlock()
		if err := f.isVersion(ctx, name, replace); err != nil {
			return err
		}
		err = os.Rename(temp, path)
	}
	if err == nil {
		err = f.step.at("syncdir")
	}
	if err == nil {
		err = syncDir(f.dir)
	}
	return fileError("publish", path, err)
}

// linkNew gives a file its name unless the name is taken, in one step. File systems without hard links get a look and
// a rename instead.
func linkNew(temp, path string) error {
	err := os.Link(temp, path)
	if err == nil || errors.Is(err, fs.ErrExist) || errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if !errors.Is(err, errors.ErrUnsupported) && !errors.Is(err, syscall.EPERM) && !errors.Is(err, syscall.EMLINK) {
		return err
	}
	if _, err := os.Lstat(path); err == nil {
		return &fs.PathError{Op: "link", Path: path, Err: fs.ErrExist}
	}
	return os.Rename(temp, path)
}

// isVersion compares what is stored with a version of an earlier Stat.
func (f *FileStore) isVersion(ctx context.Context, name, version string) error {
	info, err := f.Stat(ctx, name)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return err
	}
	if info.Version != version {
		return &Error{Op: "replace", Name: f.path(name), Err: ErrChanged}
	}
	return nil
}

// Get opens the file.
func (f *FileStore) Get(ctx context.Context, name string) (io.ReadCloser, error) {
	if err := errors.Join(CheckName(name), ctx.Err()); err != nil {
		return nil, err
	}
	file, err := os.Open(f.path(name))
	if err != nil {
		return nil, fileError("open", f.path(name), err)
	}
	if st, err := file.Stat(); err != nil || st.IsDir() {
		file.Close()
		return nil, &Error{Op: "open", Name: f.path(name), Err: &classified{ErrNotFound, errors.New("is a directory")}, Hint: "name a snapshot in it, or use --latest"}
	}
	return file, nil
}

// Stat reads the whole file for its sum.
func (f *FileStore) Stat(ctx context.Context, name string) (Info, error) {
	r, err := f.Get(ctx, name)
	if err != nil {
		return Info{}, err
	}
	defer r.Close()
	sum := &sumWriter{dst: io.Discard, sum: sha256.New()}
	if _, err := io.Copy(sum, &ctxReader{ctx, r}); err != nil {
		return Info{}, fileError("read", f.path(name), err)
	}
	info := Info{Name: name, Size: sum.n, Checksum: sum.hex(), Version: sum.hex()}
	if st, err := r.(*os.File).Stat(); err == nil {
		info.Modified = st.ModTime().UTC()
	}
	info.Metadata = f.readMeta(name, info.Checksum)
	return info, nil
}

// List yields the visible regular files of the directory.
func (f *FileStore) List(ctx context.Context) iter.Seq2[Info, error] {
	return func(yield func(Info, error) bool) {
		entries, err := os.ReadDir(f.dir)
		if err != nil {
			yield(Info{}, fileError("list", f.dir, err))
			return
		}
		for _, e := range entries {
			if ctx.Err() != nil {
				yield(Info{}, ctx.Err())
				return
			}
			if CheckName(e.Name()) != nil {
				continue
			}
			st, err := os.Stat(f.path(e.Name()))
			if err != nil || !st.Mode().IsRegular() { // gone since, or no file
				continue
			}
			if !yield(Info{Name: e.Name(), Size: st.Size(), Modified: st.ModTime().UTC()}, nil) {
				return
			}
		}
	}
}

// Delete removes the file and its metadata.
func (f *FileStore) Delete(ctx context.Context, name, version string) error {
	if err := errors.Join(CheckName(name), ctx.Err()); err != nil {
		return err
	}
	if version != "" {
		unlock, err := lockDir(f.dir)
		if err != nil {
			return fileError("lock", f.dir, err)
		}
		defer unlock()
		if err := f.isVersion(ctx, name, version); err != nil {
			return err
		}
	}
	if err := os.Remove(f.path(name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fileError("delete", f.path(name), err)
	}
	if err := os.Remove(f.metaPath(name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fileError("delete", f.metaPath(name), err)
	}
	return fileError("delete", f.path(name), syncDir(f.dir))
}

// fileMeta is the content of a metadata file.
type fileMeta struct {
	SHA256   string            `json:"sha256"` // of the stored bytes this belongs to
	Metadata map[string]string `json:"metadata"`
}

func (f *FileStore) metaPath(name string) string { return f.path("." + name + ".meta") }

func (f *FileStore) writeMeta(ctx context.Context, name string, body *Sealed, meta map[string]string) error {
	if len(meta) == 0 || body.file != nil && !body.Encrypted {
		return nil
	}
	if _, err := os.Lstat(f.metaPath(name)); f.bare && err != nil {
		return nil
	}
	raw, err := json.Marshal(fileMeta{body.SHA256, meta})
	if err != nil {
		return err
	}
	temp, cleanup, err := f.stage(context.WithoutCancel(ctx), Bytes(raw)) // the snapshot is published: too late to stop
	if err != nil {
		return err
	}
	defer cleanup()
	return fileError("write", f.metaPath(name), os.Rename(temp, f.metaPath(name)))
}

// readMeta gives the metadata that belongs to the stored bytes, or nothing.
func (f *FileStore) readMeta(name, sum string) map[string]string {
	raw, err := os.ReadFile(f.metaPath(name))
	var m fileMeta
	if err != nil || json.Unmarshal(raw, &m) != nil || !strings.EqualFold(m.SHA256, sum) {
		return nil
	}
	return m.Metadata
}
