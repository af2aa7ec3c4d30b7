package storage

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"os"

	"filippo.io/age"
)

// Sealed is a finished body: the stored form of a snapshot, in a temporary file, with its sums. Close removes the file.
type Sealed struct {
	Size        int64  // stored bytes
	SHA256      string // of the stored bytes, lower-case hex
	PlainSize   int64  // bytes of the document
	PlainSHA256 string // of the document, lower-case hex
	Gzip        bool
	Encrypted   bool

	content io.ReaderAt
	file    *os.File
	path    string
	key     age.Identity // opens what was just encrypted; never stored
}

// Bytes makes a body of bytes that are stored as they are, such as a marker.
func Bytes(b []byte) *Sealed {
	sum := sha256.Sum256(b)
	hexed := hex.EncodeToString(sum[:])
	return &Sealed{
		Size: int64(len(b)), SHA256: hexed, PlainSize: int64(len(b)), PlainSHA256: hexed,
		content: bytes.NewReader(b),
	}
}

// Raw gives the stored bytes from their beginning.
func (s *Sealed) Raw() (*io.SectionReader, error) {
	if s.content == nil {
		return nil, &Error{Op: "read", Name: "sealed snapshot", Err: fs.ErrClosed}
	}
	return io.NewSectionReader(s.content, 0, s.Size), nil
}

// Open decrypts and unpacks what was stored, so that the caller can verify the very bytes it is about to publish. It
// needs no identity: the key that this run made is still in memory.
func (s *Sealed) Open() (io.Reader, error) {
	raw, err := s.Raw()
	if err != nil {
		return nil, err
	}
	var src io.Reader = bufio.NewReaderSize(raw, 64<<10)
	if s.Encrypted {
		if src, err = openAge(src, []age.Identity{s.key}); err != nil {
			return nil, err
		}
	}
	if s.Gzip {
		return newGzipReader(src)
	}
	return src, nil
}

// Close removes the temporary file. It may be called again.
func (s *Sealed) Close() error {
	if s == nil || s.content == nil {
		return nil
	}
	s.content, s.key = nil, nil
	if s.file == nil {
		return nil
	}
	err := s.file.Close()
	if gone := os.Remove(s.path); gone != nil && !errors.Is(gone, fs.ErrNotExist) {
		err = errors.Join(err, gone)
	}
	return fileError("remove", s.path, err)
}
