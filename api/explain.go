package api

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
)

// explain turns what went wrong in an attempt into an *Error.
func (a *answer) explain(err error) *Error {
	var e *Error
	switch {
	case errors.As(err, &e) && !a.ofAnother(e):
	case a.outer.Err() != nil:
		e = interrupted(a.outer)
	case errors.Is(context.Cause(a.ctx), ErrTimeout):
		e = &Error{
			reason: fmt.Sprintf("no complete answer within %s", a.timeout), cause: ErrTimeout, kinds: []error{ErrTimeout},
			unsent: !a.connected.Load(),
			Hint:   "check address and firewall, or allow more time with --timeout",
		}
	case errors.Is(err, ErrReadOnly):
		e = &Error{reason: "refused, this connection may only read", cause: ErrReadOnly, kinds: []error{ErrReadOnly}, unsent: true}
	case a.response != nil:
		e = a.cut(err)
	default:
		e = a.network(err)
	}
	if e.Status == 0 {
		e.Status = a.Status()
	}
	return e
}

// ofAnother tells an error of another request that ended the context of this one: whoever runs requests side by side
// cancels the rest with the first failure, and the standard library gives that back as the error of each.
func (a *answer) ofAnother(e *Error) bool {
	var other *Error
	return errors.As(context.Cause(a.outer), &other) && other == e
}

// interrupted is the error of a request whose caller gave up.
func interrupted(ctx context.Context) *Error {
	return &Error{reason: "interrupted: " + ctx.Err().Error(), cause: ctx.Err()}
}

// interrupted is e when the caller gave up while e was about to be repeated.
func (e *Error) interrupted(err error) *Error {
	return &Error{Method: e.Method, Path: e.Path, Status: e.Status, reason: "interrupted while waiting to repeat it after: " + e.reason, cause: err}
}

// cut is an answer whose body could not be read to its end.
func (a *answer) cut(err error) *Error {
	reason := "answer was cut short"
	if !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		reason += " (" + plain(err) + ")"
	}
	return &Error{
		reason: reason, cause: err, kinds: []error{ErrTruncated},
		Hint: "the server or a proxy closed the connection in the middle: run it again",
	}
}

// network is an attempt that got no answer.
func (a *answer) network(err error) *Error {
	if e := certificateError(err); e != nil {
		return e
	}
	host := "the server"
	if a.requestURL != nil {
		host = a.requestURL.Host
	}
	e := &Error{reason: "no answer from " + host + " (" + plain(err) + ")", cause: inner(err), kinds: []error{ErrConnection}}
	var op *net.OpError
	var dns *net.DNSError
	e.unsent = !a.connected.Load() && (errors.As(err, &op) && (op.Op == "dial" || op.Op == "proxyconnect") || errors.As(err, &dns))
	text := err.Error()
	switch {
	case strings.Contains(text, "Proxy Authentication Required"):
		e.kinds = []error{ErrConfig}
		e.Hint = "the proxy named in the environment wants a user name and a password"
	case errors.As(err, &op) && op.Op == "proxyconnect":
		e.Hint = "check the proxy named in the environment (HTTPS_PROXY, HTTP_PROXY, NO_PROXY)"
	case errors.As(err, &dns):
		e.Hint = "check the host name in the url"
	case strings.Contains(text, "server gave HTTP response to HTTPS client"), strings.Contains(text, "first record does not look like a TLS handshake"):
		// Repeating would not make it speak TLS.
		e.kinds = []error{ErrCertificate}
		e.Hint = "the port speaks plain http: check the port, or write http:// if the server is meant to be used without TLS"
	case strings.Contains(text, "tls: ") || strings.Contains(text, "malformed HTTP"):
		e.kinds = []error{ErrNotPritunl}
		e.Hint = "check address and port: what answers there does not speak http as expected"
	case e.unsent:
		e.Hint = "check address, port and firewall, and that pritunl is running"
	default:
		e.Hint = "the connection was closed without an answer, as happens while pritunl restarts"
	}
	return e
}

// inner strips the wrapping that repeats method and address; a transport that
// uses an http.Client itself gives such errors.
func inner(err error) error {
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		return wrapped.Err
	}
	return err
}

// plain is the text of a network error on one line.
func plain(err error) string { return oneLine(inner(err).Error(), 200) }

// redirect is an answer that points elsewhere.
func (a *answer) redirect() *Error {
	e := &Error{kinds: []error{ErrRedirect}, reason: fmt.Sprintf("redirected (%d) to an address that is missing or cannot be read", a.Status())}
	to, err := a.response.Location()
	if err != nil {
		return e // its text would repeat the address, which may hold a password
	}
	// Neither user information nor a query is anybody's business here.
	target := url.URL{Scheme: to.Scheme, Host: to.Host, Path: to.Path}
	e.reason = fmt.Sprintf("redirected (%d) to %s", a.Status(), oneLine(target.String(), 300))
	e.Hint = "redirects are not followed, as the signature holds for one path: correct the url"
	from := a.response.Request.URL
	if from.Scheme == "http" && to.Scheme == "https" {
		e.Hint = "use https:// in the url"
		if to.Hostname() != "" {
			e.Hint = "use https in the url: https://" + to.Host
		}
	} else if to.Host == from.Host && strings.TrimRight(from.Path, "/") == to.Path {
		e.Hint = "write the path without the slash at its end"
	}
	return e
}

// header returns a header of the answer, or "".
func (a *answer) header(name string) string {
	if a.response == nil {
		return ""
	}
	return a.response.Header.Get(name)
}

// isRedirect reports whether a status points elsewhere.
func isRedirect(status int) bool {
	return status >= 300 && status <= 399 && status != http.StatusNotModified
}
