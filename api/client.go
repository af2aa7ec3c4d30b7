package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"unicode/utf8"
)

// Client sends signed requests to one Pritunl server. It is made by New and may
// be used by many goroutines.
type Client struct {
	base        *url.URL
	credentials credentials
	hide        hider
	options     Options
	warnings    []string
	transport   http.RoundTripper
	slots       chan struct{}
	sent        atomic.Int64
}

// Repeat says whether a request may be sent a second time when it is not known
// what became of the first.
type Repeat int

// The rules of repetition. See the package comment for RepeatByMethod.
const (
	RepeatByMethod Repeat = iota // GET, HEAD and PUT
	RepeatAlways                 // the effect of two is the effect of one
	RepeatNever                  // not even PUT; see the package comment for the exceptions
)

// Request is one request to the API.
type Request struct {
	// Method is an HTTP method; Path begins with / and is decoded.
	Method, Path string
	// Query is not signed.
	Query url.Values
	// Body is nil, JSON as json.RawMessage or []byte, or a value to marshal.
	Body any
	// Repeat says whether it may be repeated.
	Repeat Repeat
	// Text takes an answer that is not JSON as it is: logs, archives, pages. One
	// that says it is JSON has to be.
	Text bool

	unsigned bool // for the open routes /ping and /check
	pages    bool // there is another way when it is too much for the server
}

// Response is the answer to a request that succeeded.
type Response struct {
	// Status is the HTTP status, 2xx.
	Status int
	// Header holds the headers of the answer.
	Header http.Header
	// Body is the whole answer: valid JSON, unless Request.Text allowed more.
	Body []byte
}

// Warnings lists what is dangerous about the connection, for the user to read.
func (c *Client) Warnings() []string { return append([]string(nil), c.warnings...) }

// Requests returns how many requests were sent and answered, or failed, so far;
// repetitions are included.
func (c *Client) Requests() int64 { return c.sent.Load() }

// String names the server. It keeps the credentials out of what prints a Client.
func (c *Client) String() string { return "api client of " + c.Address() }

// GoString is String.
func (c *Client) GoString() string { return c.String() }

// Address returns scheme, host and base path of the server.
func (c *Client) Address() string { return c.base.String() }

// Do is Send with the usual rule of repetition. Any answer but 2xx is an *Error.
func (c *Client) Do(ctx context.Context, method, path string, query url.Values, body any) (*Response, error) {
	return c.Send(ctx, Request{Method: method, Path: path, Query: query, Body: body})
}

// Get returns the answer of GET path.
func (c *Client) Get(ctx context.Context, path string) (json.RawMessage, error) {
	return c.value(ctx, Request{Method: http.MethodGet, Path: path})
}

// Send sends a request, repeats it if it may be, and returns the whole answer.
// An answer that is not 2xx, not JSON, incomplete or too large is an *Error.
func (c *Client) Send(ctx context.Context, r Request) (*Response, error) {
	var response *Response
	err := c.exchange(ctx, r, func(a *answer) error {
		body, err := a.readAll(c.options.MaxResponse)
		if err != nil {
			return err
		}
		if err := a.checkBody(body); err != nil {
			return err
		}
		response = &Response{Status: a.Status(), Header: a.response.Header, Body: body}
		return nil
	})
	return response, err
}

// value is Send for callers that want the JSON only.
func (c *Client) value(ctx context.Context, r Request) (json.RawMessage, error) {
	response, err := c.Send(ctx, r)
	if err != nil {
		return nil, err
	}
	return response.Body, nil
}

// exchange sends a request until accept takes the answer without an error or the
// request may not be repeated. It never returns an error that shows a secret.
func (c *Client) exchange(ctx context.Context, r Request, accept func(*answer) error) error {
	r.Method = strings.ToUpper(r.Method)
	body, err := prepare(r)
	if err != nil {
		return c.hide.error(asError(err))
	}
	hide := c.hide.andBody(body)
	for attempt := 1; ; attempt++ {
		failure := c.try(ctx, r, body, hide, accept)
		if failure == nil {
			return nil
		}
		failure.Method, failure.Path = r.Method, r.Path
		failure = hide.error(failure)
		wait, again := c.mayRepeat(r, failure, attempt)
		if !again || ctx.Err() != nil {
			return failure.doubt()
		}
		c.options.OnRetry(attempt, failure, wait)
		if err := c.options.Sleep(ctx, wait); err != nil {
			return failure.interrupted(err)
		}
	}
}

// prepare checks a request and encodes its body.
func prepare(r Request) ([]byte, error) {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodDelete:
	default:
		return nil, configError("method is not one of GET, HEAD, POST, PUT, DELETE", "")
	}
	if err := checkPath(r.Path); err != nil {
		return nil, err
	}
	var body []byte
	switch b := r.Body.(type) {
	case nil:
		return nil, nil
	case json.RawMessage:
		body = b
	case []byte:
		body = b
	default:
		encoded, err := json.Marshal(b)
		if err != nil {
			return nil, configError("encode body of "+r.Method+" "+r.Path+": it has no JSON form", "")
		}
		body = encoded
	}
	if !json.Valid(body) || !utf8.Valid(body) {
		return nil, configError("body of "+r.Method+" "+r.Path+" is not JSON", "")
	}
	return body, nil
}

// try makes one attempt. The context of an attempt ends with it, except when
// accept keeps the answer to read on later.
func (c *Client) try(ctx context.Context, r Request, body []byte, hide hider, accept func(*answer) error) *Error {
	select {
	case c.slots <- struct{}{}:
		defer func() { <-c.slots }()
	case <-ctx.Done():
		return interrupted(ctx)
	}
	if ctx.Err() != nil {
		return interrupted(ctx)
	}
	a := c.newAnswer(ctx)
	a.request = r
	a.sentBytes = len(body)
	a.hide = hide
	err := a.open(c, body)
	if err == nil {
		err = accept(a)
	}
	if err == nil && a.kept {
		return nil
	}
	defer a.close()
	if err == nil {
		return nil
	}
	failure := a.explain(err)
	failure.took = c.options.Now().Sub(a.sentAt)
	return failure
}

// newRequest builds and signs one attempt.
func (c *Client) newRequest(ctx context.Context, r Request, body []byte) (*http.Request, error) {
	var reader io.Reader = http.NoBody
	switch {
	case r.Method == http.MethodGet || r.Method == http.MethodHead:
		// A body that cannot be read twice, even an empty one, keeps the transport
		// from repeating the request on its own with a nonce that is used up.
		reader = once{bytes.NewReader(body)}
	case len(body) > 0:
		reader = bytes.NewReader(body)
	}
	request, err := http.NewRequestWithContext(ctx, r.Method, c.base.String(), reader)
	if err != nil {
		return nil, err
	}
	request.URL = locate(c.base, r.Path, r.Query)
	request.ContentLength = int64(len(body))
	request.Header.Set("User-Agent", c.options.UserAgent)
	request.Header.Set("Accept", "application/json")
	if len(body) > 0 {
		request.Header.Set("Content-Type", "application/json")
	}
	if !r.unsigned {
		c.credentials.sign(request.Header, r.Method, r.Path, c.options.Now(), c.options.Nonce())
	}
	return request, nil
}

// once hides the type of a reader, from which the standard library would learn
// how to read it again.
type once struct{ io.Reader }

// asError returns err as an *Error.
func asError(err error) *Error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return &Error{reason: err.Error(), cause: err}
}
