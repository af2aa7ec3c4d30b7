package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"
)

// arrayReader gives the elements of a JSON array one by one and holds no more
// than about two of them.
type arrayReader struct {
	budget  *budget
	decoder *json.Decoder
	limit   int64
	count   int
}

// errShape is JSON that is valid so far but not the array that was expected.
var errShape = errors.New("not a list")

func newArrayReader(r io.Reader, limit int64) *arrayReader {
	b := &budget{reader: r, left: limit, limit: limit}
	return &arrayReader{budget: b, decoder: json.NewDecoder(b), limit: limit}
}

// open reads the bracket at the beginning.
func (r *arrayReader) open() error {
	token, err := r.decoder.Token()
	if err != nil {
		return unfinished(err)
	}
	if token != json.Delim('[') {
		return errShape
	}
	return nil
}

// next returns the next element, or io.EOF after the last one, when nothing but
// white space follows the array.
func (r *arrayReader) next() (json.RawMessage, error) {
	r.budget.left = r.limit
	if !r.decoder.More() {
		if _, err := r.decoder.Token(); err != nil {
			return nil, unfinished(err)
		}
		if _, err := r.decoder.Token(); !errors.Is(err, io.EOF) {
			if err == nil {
				err = errShape
			}
			return nil, err
		}
		return nil, io.EOF
	}
	var element json.RawMessage
	if err := r.decoder.Decode(&element); err != nil {
		return nil, unfinished(err)
	}
	if int64(len(element)) > r.limit {
		return nil, ErrTooLarge
	}
	if !utf8.Valid(element) {
		return nil, errShape
	}
	r.count++
	return element, nil
}

// unfinished marks an end of the input that came too early.
func unfinished(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// budget is a reader that gives up with ErrTooLarge when its user asked for limit
// bytes without finishing an element.
type budget struct {
	reader      io.Reader
	left, limit int64
}

func (b *budget) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, ErrTooLarge
	}
	if int64(len(p)) > b.left {
		p = p[:b.left]
	}
	n, err := b.reader.Read(p)
	b.left -= int64(n)
	return n, err
}

// listing is a streamed answer: an open attempt and its elements.
type listing struct {
	answer *answer
	array  *arrayReader
	first  json.RawMessage // nil when the list is empty
}

// openListing sends a request until the first element has arrived. From then on
// nothing is repeated. The caller closes the listing unless first is nil.
func (c *Client) openListing(ctx context.Context, r Request) (*listing, error) {
	var l *listing
	err := c.exchange(ctx, r, func(a *answer) error {
		if !a.isJSON() {
			beginning, err := io.ReadAll(io.LimitReader(a.response.Body, maxErrorBody))
			if err != nil {
				return err
			}
			return a.notPritunl([]byte(c.hide.cutText(string(beginning))))
		}
		l = &listing{answer: a, array: newArrayReader(a.response.Body, c.options.MaxElement)}
		if err := l.array.open(); err != nil {
			return l.explain(err)
		}
		first, err := l.array.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return l.explain(err)
		}
		l.first = first
		a.keep()
		return nil
	})
	if err != nil {
		return nil, err
	}
	return l, nil
}

// next returns the element after first and so on, or io.EOF.
func (l *listing) next(c *Client) (json.RawMessage, error) {
	l.answer.timer.Reset(l.answer.timeout)
	element, err := l.array.next()
	l.answer.timer.Stop()
	if err == nil || errors.Is(err, io.EOF) {
		return element, err
	}
	e := l.answer.explain(l.explain(err))
	e.Method, e.Path = l.answer.request.Method, l.answer.request.Path
	e.reason = fmt.Sprintf("%s after %d objects of the list", e.reason, l.array.count)
	if e.Is(ErrTruncated) || e.Is(ErrTimeout) {
		e.Hint = "a list cannot be continued where it broke off: run it again"
	}
	return nil, c.hide.error(e)
}

// explain turns errors of the decoder into an *Error and leaves those of the
// network alone.
func (l *listing) explain(err error) error {
	var syntax *json.SyntaxError
	switch {
	case errors.Is(err, ErrTooLarge):
		return &Error{
			reason: fmt.Sprintf("one object of the answer is larger than %d bytes", l.array.limit), kinds: []error{ErrTooLarge},
			Hint: "check that the url leads to Pritunl and to nothing else",
		}
	case errors.Is(err, io.ErrUnexpectedEOF):
		return err
	case errors.Is(err, errShape), errors.As(err, &syntax):
		e := l.answer.notPritunl(nil)
		e.reason = fmt.Sprintf("answer (%d) is not a valid JSON list", e.Status)
		return e
	}
	return err
}

// keep leaves the answer open after its attempt; its timer runs only while
// somebody waits for data.
func (a *answer) keep() {
	a.kept = true
	a.timer.Stop()
}
