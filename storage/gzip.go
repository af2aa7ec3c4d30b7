package storage

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"crypto/sha256"
	"errors"
	"hash"
	"io"
)

// The gzip container, readable by any gunzip:
//
//	member 1   header 1f8b08 04 mtime=0 xfl=2 os=255, extra field "PB" {01}, then the deflated document
//	member 2   header 1f8b08 04 mtime=0 xfl=0 os=255, extra field "PB" {SHA-256 of member 1}, then nothing, deflated
//
// gzip's own CRC protects the document but not the headers, and a cut between members goes unseen. The second member
// closes both gaps: it states the sum of every byte before it, and it must be the last thing in the file.
const (
	gzipHead = "\x1f\x8b\x08\x04\x00\x00\x00\x00\x02\xff\x05\x00PB\x01\x00\x01"
	sealHead = "\x1f\x8b\x08\x04\x00\x00\x00\x00\x00\xff\x24\x00PB\x20\x00"
	sealTail = "\x03\x00\x00\x00\x00\x00\x00\x00\x00\x00"
	sealSize = len(sealHead) + sha256.Size + len(sealTail)
)

// gzipWriter packs into the container.
type gzipWriter struct {
	z   *gzip.Writer
	dst io.Writer
	sum hash.Hash
}

func newGzipWriter(dst io.Writer) (*gzipWriter, error) {
	g := &gzipWriter{dst: dst, sum: sha256.New()}
	z, err := gzip.NewWriterLevel(io.MultiWriter(dst, g.sum), gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	z.Extra = []byte("PB\x01\x00\x01")
	g.z = z
	return g, nil
}

func (g *gzipWriter) Write(p []byte) (int, error) { return g.z.Write(p) }

// Close ends the document and adds the seal member. It does not close the destination.
func (g *gzipWriter) Close() error {
	if err := g.z.Close(); err != nil {
		return err
	}
	_, err := g.dst.Write(sealMember(g.sum.Sum(nil)))
	return err
}

func sealMember(sum []byte) []byte {
	b := make([]byte, 0, sealSize)
	b = append(b, sealHead...)
	b = append(b, sum...)
	return append(b, sealTail...)
}

// gzipReader unpacks the container, or a foreign gzip file.
type gzipReader struct {
	z    *gzip.Reader
	tail *tailReader
}

func newGzipReader(src io.Reader) (*gzipReader, error) {
	t := &tailReader{src: src, sum: sha256.New(), buf: make([]byte, 0, 32<<10)}
	z, err := gzip.NewReader(t)
	if err != nil {
		return nil, t.explain(err)
	}
	return &gzipReader{z: z, tail: t}, nil
}

func (g *gzipReader) Read(p []byte) (int, error) {
	n, err := g.z.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = g.tail.explain(err)
	}
	return n, err
}

// sealed is known once the reader has given io.EOF.
func (g *gzipReader) sealed() bool { return g.tail.good }

// tailReader hands on all bytes but a seal member at the very end, which it checks instead.
type tailReader struct {
	src  io.Reader
	sum  hash.Hash
	buf  []byte // window on the file
	at   int    // buf[:at] was handed on
	done int    // buf[:done] is in sum
	head []byte // first bytes of the file
	eof  bool
	good bool  // the seal was there and right
	err  error // verdict on the file, or failure of the source
}

func (t *tailReader) Read(p []byte) (int, error) {
	for !t.eof && t.err == nil && len(t.buf)-t.at <= sealSize {
		t.fill()
	}
	if t.err != nil {
		return 0, t.err
	}
	end := len(t.buf)
	if !t.eof {
		end -= sealSize
	}
	if end <= t.at {
		return 0, io.EOF
	}
	n := copy(p, t.buf[t.at:end])
	t.at += n
	return n, nil
}

// fill reads once. The sum follows the reading, sealSize bytes behind.
func (t *tailReader) fill() {
	rest := copy(t.buf, t.buf[t.at:])
	t.buf, t.done, t.at = t.buf[:rest], max(t.done-t.at, 0), 0
	n, err := t.src.Read(t.buf[rest:cap(t.buf)])
	t.buf = t.buf[:rest+n]
	if miss := len(gzipHead) - len(t.head); miss > 0 {
		t.head = append(t.head, t.buf[rest:rest+min(miss, n)]...)
	}
	t.hash(len(t.buf) - sealSize)
	switch {
	case err == io.EOF:
		t.eof = true
		t.judge()
	case err != nil:
		t.err = err
	}
}

func (t *tailReader) hash(end int) {
	if end > t.done {
		t.sum.Write(t.buf[t.done:end])
		t.done = end
	}
}

// judge looks at the last bytes of the file and leaves in buf what is for gunzip.
func (t *tailReader) judge() {
	ours := string(t.head) == gzipHead
	at := len(t.buf) - sealSize
	if at < 0 || !bytes.HasPrefix(t.buf[at:], []byte(sealHead)) || !bytes.HasSuffix(t.buf, []byte(sealTail)) {
		if ours {
			t.err = cut("the closing seal of the gzip file is missing or changed")
		}
		return
	}
	t.hash(at)
	stated := t.buf[at+len(sealHead) : at+len(sealHead)+sha256.Size]
	if !ours || !bytes.Equal(t.sum.Sum(nil), stated) {
		t.err = damaged("the gzip file does not match its seal")
		return
	}
	t.good = true
	t.buf = t.buf[:at]
}

// explain turns gunzip's error into ours; the verdict on the whole file wins over a symptom in the middle.
func (t *tailReader) explain(err error) error {
	if t.err != nil {
		return t.err
	}
	var broken flate.CorruptInputError
	switch {
	case errors.Is(err, ErrIntegrity):
		return err
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return cut("the gzip file ends too early")
	case errors.Is(err, gzip.ErrChecksum), errors.Is(err, gzip.ErrHeader), errors.As(err, &broken):
		return damaged("the gzip file does not match its own checksum")
	}
	return err
}
