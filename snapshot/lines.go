package snapshot

import (
	"bufio"
	"errors"
	"io"
)

// maxLine bounds one element, and with it the memory of a reader. The largest
// element of a real instance (settings with its certificates) has some 20 kB;
// a user with a thousand devices some 200 kB.
const (
	maxLine    = 64 << 20
	maxElement = maxLine - 16 // indentation, comma and line feed
)

var errLongLine = errors.New("line too long")

// lines reads a text line by line and knows where it is.
type lines struct {
	in    *bufio.Reader
	buf   []byte
	start int64 // offset of the line given last
	end   int64 // offset after it
}

func newLines(r io.Reader) *lines { return &lines{in: bufio.NewReaderSize(r, 64<<10)} }

// next gives a line with its line feed; it is overwritten by the following
// call. io.EOF comes without a line; a last line without line feed comes without error.
func (l *lines) next() ([]byte, error) {
	l.start = l.end
	l.buf = l.buf[:0]
	for {
		part, err := l.in.ReadSlice('\n')
		l.buf = append(l.buf, part...)
		l.end += int64(len(part))
		switch {
		case len(l.buf) > maxLine:
			return l.buf, errLongLine
		case err == nil:
			return l.buf, nil
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case errors.Is(err, io.EOF) && len(l.buf) > 0:
			return l.buf, nil
		}
		return l.buf, err
	}
}
