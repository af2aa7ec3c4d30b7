package storage

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"strings"

	"filippo.io/age"
)

// Keys open encrypted snapshots. The zero value opens none.
type Keys struct{ identities []age.Identity }

// Empty tells whether there is no key at all.
func (k Keys) Empty() bool { return len(k.identities) == 0 }

// Reader gives the document out of its stored form. Nothing read from it may be trusted before it has given io.EOF:
// only then the closing seals have been seen.
type Reader struct {
	src       *source
	doc       io.Reader
	zip       *gzipReader
	encrypted bool
}

// OpenReader opens a stored snapshot. It decrypts and unpacks by content; a name that promises more than the content
// holds is an error.
func OpenReader(ctx context.Context, store Store, name string, keys Keys) (*Reader, error) {
	raw, err := store.Get(ctx, name)
	if err != nil {
		return nil, err
	}
	r, err := NewReader(&ctxCloser{ctxReader{ctx, raw}, raw}, name, keys)
	if err != nil {
		_ = raw.Close() // the first reason is the one that matters
		return nil, &Error{Op: "read", Name: name, Err: err, Hint: keyHint(err)}
	}
	return r, nil
}

// NewReader is OpenReader for bytes from elsewhere, such as standard input. It closes raw with itself. The name may be
// empty.
func NewReader(raw io.ReadCloser, name string, keys Keys) (*Reader, error) {
	src := &source{ReadCloser: raw}
	r := &Reader{src: src}
	zipped, crypted := Wrapping(name)
	var in io.Reader = src
	peek := bufio.NewReaderSize(in, 64<<10)
	start, err := peek.Peek(64)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	switch {
	case bytes.HasPrefix(start, []byte(ageIntro)):
		in, r.encrypted = peek, true
	case strings.HasPrefix(strings.TrimLeft(string(start), " \t\r\n"), "-----BEGIN AGE"):
		in, r.encrypted = dearmor(peek), true
	case crypted && !plainStart(start) && !gzipStart(start):
		return nil, startError(start, "an encrypted file")
	}
	if r.encrypted {
		if in, err = openAge(in, keys.identities); err != nil {
			return nil, src.first(err)
		}
		peek = bufio.NewReaderSize(in, 64<<10)
		if start, err = peek.Peek(64); err != nil && !errors.Is(err, io.EOF) {
			return nil, src.first(err)
		}
	}
	r.doc = peek
	switch {
	case gzipStart(start):
		if r.zip, err = newGzipReader(peek); err != nil {
			return nil, src.first(err)
		}
		r.doc = r.zip
	case zipped && !plainStart(start):
		return nil, startError(start, "a gzip file")
	}
	return r, nil
}

// Read gives the document.
func (r *Reader) Read(p []byte) (int, error) {
	n, err := r.doc.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = r.src.first(err)
	}
	return n, err
}

// Close closes the stored bytes.
func (r *Reader) Close() error { return r.src.Close() }

// Encrypted tells whether the stored form was encrypted.
func (r *Reader) Encrypted() bool { return r.encrypted }

// Gzip tells whether the stored form was packed.
func (r *Reader) Gzip() bool { return r.zip != nil }

// Warnings are complete after io.EOF.
func (r *Reader) Warnings() []string {
	if r.zip != nil && !r.zip.sealed() {
		return []string{"the gzip file was not packed by this tool: its bytes carry no seal, the document's own sums still hold"}
	}
	return nil
}

func gzipStart(b []byte) bool { return len(b) >= 2 && b[0] == 0x1f && b[1] == 0x8b }

// plainStart tells the beginning of a JSON document.
func plainStart(b []byte) bool {
	return len(b) >= 2 && b[0] == '{' && strings.IndexByte(" \t\r\n\"}", b[1]) >= 0
}

func startError(start []byte, want string) error {
	if len(start) < 2 || strings.HasPrefix(ageIntro, string(start)) {
		return cut("the file is empty, or ends with its first bytes")
	}
	return damaged("the name promises %s, the content is none", want)
}

func keyHint(err error) string {
	switch {
	case errors.Is(err, ErrNoKey):
		return "give the key with --identity FILE or --passphrase-file FILE"
	case errors.Is(err, ErrWrongKey):
		return "give another key with --identity FILE or --passphrase-file FILE"
	}
	return ""
}

// source remembers why reading stopped: a broken connection must not be reported as a damaged snapshot.
type source struct {
	io.ReadCloser
	err error
}

func (s *source) Read(p []byte) (int, error) {
	n, err := s.ReadCloser.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		s.err = err
	}
	return n, err
}

// first gives the source's own failure, if there was one.
func (s *source) first(err error) error {
	if s.err != nil {
		return s.err
	}
	return err
}

type ctxCloser struct {
	ctxReader
	closer io.Closer
}

func (c *ctxCloser) Close() error { return c.closer.Close() }
