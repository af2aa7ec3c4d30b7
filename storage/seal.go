package storage

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"io"
	"os"
	"path/filepath"

	"filippo.io/age"
)

// SealOptions say how a document becomes stored bytes.
type SealOptions struct {
	// Dir holds the temporary file: the target's own directory for a file, so that publishing is a rename.
	Dir string
	// Gzip packs into the tamper-evident container.
	Gzip bool
	// Recipients encrypt. Plaintext then never touches the disk.
	Recipients []Recipient

	step stepFunc
}

// Seal is an io.Writer for the document. It ends in Finish or Abort.
type Seal struct {
	opts   SealOptions
	file   *os.File
	path   string
	stored *sumWriter // counts what reaches the file
	buffer *bufio.Writer
	crypt  io.WriteCloser
	pack   *gzipWriter
	plain  *sumWriter // counts what the caller wrote
	key    age.Identity
	err    error
}

// NewSeal creates the temporary file, readable by its owner alone.
func NewSeal(opts SealOptions) (*Seal, error) {
	file, err := createTemp(opts.Dir, opts.step)
	if err != nil {
		return nil, err
	}
	s := &Seal{opts: opts, file: file, path: file.Name()}
	if err := s.start(); err != nil {
		return nil, s.fail(err)
	}
	return s, nil
}

// start sets up the pipeline on an empty file.
func (s *Seal) start() error {
	s.stored = &sumWriter{dst: &stepWriter{s.file, s.opts.step}, sum: sha256.New()}
	s.buffer = bufio.NewWriterSize(s.stored, 64<<10)
	s.pack, s.crypt, s.key, s.err = nil, nil, nil, nil
	var dst io.Writer = s.buffer
	if len(s.opts.Recipients) > 0 {
		crypt, key, err := encryptTo(dst, s.opts.Recipients)
		if err != nil {
			return err
		}
		s.crypt, s.key, dst = crypt, key, crypt
	}
	if s.opts.Gzip {
		pack, err := newGzipWriter(dst)
		if err != nil {
			return err
		}
		s.pack, dst = pack, pack
	}
	s.plain = &sumWriter{dst: dst, sum: sha256.New()}
	return nil
}

// Write takes the document. After an error the seal can only be reset or aborted.
func (s *Seal) Write(p []byte) (int, error) {
	if s.err != nil {
		return 0, s.err
	}
	n, err := s.plain.Write(p)
	if err != nil {
		s.err = fileError("write", s.path, err)
	}
	return n, s.err
}

// Reset forgets what was written: the document starts again.
func (s *Seal) Reset() error {
	if s.file == nil {
		return s.err
	}
	if err := s.file.Truncate(0); err != nil {
		return fileError("empty", s.path, err)
	}
	if _, err := s.file.Seek(0, io.SeekStart); err != nil {
		return fileError("empty", s.path, err)
	}
	return s.start()
}

// Finish closes the pipeline, brings the file to the disk, reads it back and takes it apart again: what comes out must
// be what went in. On any error the temporary file is gone.
func (s *Seal) Finish(ctx context.Context) (*Sealed, error) {
	if s.file == nil || s.err != nil {
		return nil, s.fail(s.err)
	}
	if err := s.flush(); err != nil {
		return nil, s.fail(fileError("write", s.path, err))
	}
	done := &Sealed{
		Size: s.stored.n, SHA256: s.stored.hex(), PlainSize: s.plain.n, PlainSHA256: s.plain.hex(),
		Gzip: s.pack != nil, Encrypted: s.crypt != nil,
		content: s.file, file: s.file, path: s.path, key: s.key,
	}
	if err := verifySealed(ctx, done); err != nil {
		return nil, s.fail(err)
	}
	s.file = nil
	return done, nil
}

func (s *Seal) flush() error {
	if s.pack != nil {
		if err := s.pack.Close(); err != nil {
			return err
		}
	}
	if s.crypt != nil {
		if err := s.crypt.Close(); err != nil {
			return err
		}
	}
	if err := s.buffer.Flush(); err != nil {
		return err
	}
	if err := s.opts.step.at("sync"); err != nil {
		return err
	}
	return s.file.Sync()
}

// Abort removes the temporary file. It does nothing after Finish and may be called again.
func (s *Seal) Abort() error {
	if s.file == nil {
		return nil
	}
	err := s.file.Close()
	if gone := os.Remove(s.path); err == nil {
		err = gone
	}
	s.file = nil
	return fileError("remove", s.path, err)
}

// fail aborts and hands the reason on.
func (s *Seal) fail(err error) error {
	if err == nil {
		err = &Error{Op: "finish", Name: "sealed snapshot", Err: os.ErrClosed}
	}
	s.err = err
	_ = s.Abort() // the reason matters more than a file that could not be removed; a later run sweeps it
	return err
}

// verifySealed compares the file with what was meant to be in it, twice: as stored, and taken apart.
func verifySealed(ctx context.Context, s *Sealed) error {
	raw, err := s.Raw()
	if err != nil {
		return err
	}
	stored := &sumWriter{dst: io.Discard, sum: sha256.New()}
	if _, err := io.Copy(stored, &ctxReader{ctx, raw}); err != nil {
		return fileError("read back", s.path, err)
	}
	if stored.hex() != s.SHA256 || stored.n != s.Size {
		return &Error{Op: "read back", Name: filepath.Base(s.path), Err: ErrStored, Hint: "the disk or memory may be failing; nothing was published"}
	}
	if !s.Gzip && !s.Encrypted {
		return nil
	}
	doc, err := s.Open()
	if err != nil {
		return &Error{Op: "read back", Name: filepath.Base(s.path), Err: err}
	}
	plain := &sumWriter{dst: io.Discard, sum: sha256.New()}
	if _, err := io.Copy(plain, &ctxReader{ctx, doc}); err != nil {
		return &Error{Op: "read back", Name: filepath.Base(s.path), Err: err}
	}
	if plain.hex() != s.PlainSHA256 {
		return &Error{Op: "read back", Name: filepath.Base(s.path), Err: ErrStored, Hint: "the memory may be failing; nothing was published"}
	}
	return nil
}

// sumWriter counts and sums what passes.
type sumWriter struct {
	dst io.Writer
	sum hash.Hash
	n   int64
}

func (w *sumWriter) Write(p []byte) (int, error) {
	n, err := w.dst.Write(p)
	w.sum.Write(p[:n])
	w.n += int64(n)
	return n, err
}

func (w *sumWriter) hex() string { return hex.EncodeToString(w.sum.Sum(nil)) }

// ctxReader stops between two reads when the context ends.
type ctxReader struct {
	ctx context.Context
	src io.Reader
}

func (r *ctxReader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.src.Read(p)
}
