package api

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// The kinds of errors. An Error can be of several: errors.Is tells.
var (
	// ErrConfig: the client cannot be made from the options, or an argument (an
	// id, a path, a body) cannot be sent. Nothing was sent.
	ErrConfig = errors.New("invalid configuration")
	// ErrUnauthorized: the server refused the signature (401).
	ErrUnauthorized = errors.New("not authorised")
	// ErrStrictMode: no administrator has API authentication; also ErrUnauthorized.
	ErrStrictMode = errors.New("api authentication is off on the whole server")
	// ErrClock: the clocks differ by more than the server accepts; also ErrUnauthorized.
	ErrClock = errors.New("clocks differ too much")
	// ErrNotSuperUser: the resource is for super users (400 requires_super_user).
	ErrNotSuperUser = errors.New("needs a super user")
	// ErrNotLicensed: site links need an enterprise plan (404 on /link); also ErrNotFound.
	ErrNotLicensed = errors.New("not part of the licence")
	// ErrNotFound: 404 or 405. Pritunl answers 500 instead for many unknown ids.
	ErrNotFound = errors.New("not found")
	// ErrInvalid: Pritunl refused the request with a code (400 and a few others).
	ErrInvalid = errors.New("refused by the server")
	// ErrConflict: refused because of the state of other objects; also ErrInvalid.
	ErrConflict = errors.New("in conflict with other objects")
	// ErrMalformed: an empty 400 or 520: a field of the wrong JSON type, a body
	// above 50,000 bytes, or a missing content type.
	ErrMalformed = errors.New("request not understood")
	// ErrBusy: 429.
	ErrBusy = errors.New("server is busy")
	// ErrServer: 5xx.
	ErrServer = errors.New("server fault")
	// ErrUnavailable: 502, 503 or 504; also ErrServer.
	ErrUnavailable = errors.New("server is not available")
	// ErrNotPritunl: something answered that is not the Pritunl API.
	ErrNotPritunl = errors.New("not a Pritunl api")
	// ErrRedirect: the server pointed somewhere else; redirects are not followed.
	ErrRedirect = errors.New("redirected")
	// ErrTruncated: the answer ended before it was complete.
	ErrTruncated = errors.New("answer cut short")
	// ErrTooLarge: the answer is larger than Options allow.
	ErrTooLarge = errors.New("answer too large")
	// ErrConnection: no answer: refused, reset, not resolved.
	ErrConnection = errors.New("no connection")
	// ErrTimeout: no complete answer within Options.Timeout.
	ErrTimeout = errors.New("timed out")
	// ErrCertificate: the certificate of the server was not accepted.
	ErrCertificate = errors.New("certificate not accepted")
	// ErrReadOnly: ReadOnlyTransport refused a method that writes.
	ErrReadOnly = errors.New("refused by read-only transport")
)

// Error says what became of one request. Its text is lower case and complete
// without the hint, and neither contains the token or the secret.
type Error struct {
	// Method and Path of the request; the path is decoded, without query and
	// without base path. Both are empty in errors of New.
	Method, Path string
	// Status is the HTTP status, or 0 when there was no answer.
	Status int
	// Code and Message are Pritunl's own ("network_in_use", "Network address is
	// already in use."), or empty.
	Code, Message string
	// Body is the beginning of the answer, at most 64 KiB.
	Body []byte
	// Causes lists, for a 401, what may be wrong in the order worth checking.
	Causes []string
	// Hint says what to do next, or is empty.
	Hint string

	reason     string        // what happened, without method and path
	kinds      []error       // sentinels above
	cause      error         // what the network or the decoder said, or nil
	retryAfter time.Duration // what the server asked for, or 0
	unsent     bool          // the request certainly never reached the server
	took       time.Duration // until it failed
}

// Error returns "METHOD /path: what happened".
func (e *Error) Error() string {
	var b strings.Builder
	if e.Method != "" {
		b.WriteString(e.Method + " " + e.Path + ": ")
	}
	b.WriteString(e.reason)
	if len(e.Causes) == 1 {
		b.WriteString(": " + e.Causes[0])
	}
	if len(e.Causes) > 1 {
		b.WriteString("; possible causes, in the order worth checking:")
		for i, cause := range e.Causes {
			if i > 0 {
				b.WriteString(";")
			}
			b.WriteString(" (" + strconv.Itoa(i+1) + ") " + cause)
		}
	}
	return b.String()
}

// Summary is Error without the list of causes.
func (e *Error) Summary() string {
	short := *e
	short.Causes = nil
	return short.Error()
}

// Is reports whether the error is of the kind target.
func (e *Error) Is(target error) bool {
	for _, kind := range e.kinds {
		if kind == target {
			return true
		}
	}
	return false
}

// Unwrap returns what the network or the decoder said, or nil.
func (e *Error) Unwrap() error { return e.cause }

// configError is an error about options or arguments: nothing was sent.
func configError(reason, hint string) *Error {
	return &Error{reason: reason, Hint: hint, kinds: []error{ErrConfig}, unsent: true}
}

// temporary reports whether the same request may succeed a moment later.
func (e *Error) temporary() bool {
	switch e.Status {
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	return e.Is(ErrConnection) || e.Is(ErrTimeout) || e.Is(ErrTruncated)
}
