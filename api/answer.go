package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"sync/atomic"
	"time"
	"unicode/utf8"
)

const maxErrorBody = 64 << 10

// answer is one attempt: the request under way and what came back.
type answer struct {
	request    Request
	sentBytes  int
	hide       hider // knows what was sent
	requestURL *url.URL
	response   *http.Response
	kept       bool // somebody reads on after the attempt and closes it

	ctx       context.Context
	outer     context.Context
	cancel    context.CancelCauseFunc
	timer     *time.Timer
	timeout   time.Duration
	now       func() time.Time
	sentAt    time.Time
	arrivedAt time.Time // the header; the server dates it when it begins to answer
	connected atomic.Bool
}

// newAnswer starts the clock of an attempt.
func (c *Client) newAnswer(ctx context.Context) *answer {
	a := &answer{outer: ctx, timeout: c.options.Timeout, now: c.options.Now}
	inner, cancel := context.WithCancelCause(ctx)
	a.cancel = cancel
	a.ctx = httptrace.WithClientTrace(inner, &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) { a.connected.Store(true) },
	})
	a.timer = time.AfterFunc(a.timeout, func() { cancel(ErrTimeout) })
	return a
}

// open sends the request. An answer that is not 2xx is an error.
func (a *answer) open(c *Client, body []byte) error {
	request, err := c.newRequest(a.ctx, a.request, body)
	if err != nil {
		return configError("build request: "+err.Error(), "")
	}
	a.requestURL, a.sentAt = request.URL, c.options.Now()
	response, err := c.transport.RoundTrip(request)
	a.arrivedAt = c.options.Now()
	if !errors.Is(err, ErrReadOnly) {
		c.sent.Add(1)
	}
	if err != nil {
		return err
	}
	a.response = response
	if response.StatusCode < 200 || response.StatusCode > 299 {
		return a.refusal(c)
	}
	return nil
}

// close ends the attempt. An answer that was not read to its end costs the
// connection, which beats waiting for the rest.
func (a *answer) close() {
	a.timer.Stop()
	if a.response != nil {
		_ = a.response.Body.Close() // everything of interest has been read
	}
	a.cancel(nil)
}

// Status returns the HTTP status, or 0 when there was no answer.
func (a *answer) Status() int {
	if a.response == nil {
		return 0
	}
	return a.response.StatusCode
}

// readAll reads the whole answer, at most limit bytes.
func (a *answer) readAll(limit int64) ([]byte, error) {
	body, err := io.ReadAll(io.LimitReader(a.response.Body, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(body)) > limit {
		return nil, &Error{
			reason: fmt.Sprintf("answer is larger than %d bytes", limit), kinds: []error{ErrTooLarge},
			Hint: "check that the url leads to Pritunl and to nothing else",
		}
	}
	return body, nil
}

// checkBody tells JSON from everything else a 2xx may carry.
func (a *answer) checkBody(body []byte) error {
	if a.request.Method == http.MethodHead || len(bytes.TrimSpace(body)) == 0 && a.Status() == http.StatusNoContent {
		return nil
	}
	if !a.isJSON() {
		if a.request.Text {
			return nil
		}
		return a.notPritunl(body)
	}
	if json.Valid(body) && utf8.Valid(body) {
		return nil
	}
	var v json.RawMessage
	if err := json.Unmarshal(body, &v); isCut(err) {
		return io.ErrUnexpectedEOF
	}
	return a.notPritunl(body)
}

// isCut reports whether a decoder ran out of input.
func isCut(err error) bool {
	var syntax *json.SyntaxError
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.As(err, &syntax) && syntax.Error() == "unexpected end of JSON input"
}
