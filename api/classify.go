package api

import (
	"bytes"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"unicode"
)

// refusal turns an answer that is not 2xx into an *Error.
func (a *answer) refusal(c *Client) error {
	if isRedirect(a.Status()) {
		return a.redirect()
	}
	body, err := io.ReadAll(io.LimitReader(a.response.Body, maxErrorBody))
	if err != nil {
		body = nil // the status says enough
	}
	// Hidden before anything is cut out of it, or half a secret might remain.
	text := a.hide.cutText(string(body))
	e := &Error{Status: a.Status(), Body: body}
	e.Code, e.Message = parseErrorBody([]byte(text))
	e.retryAfter = retryAfter(a.response.Header, c.options.Now())
	e.reason = strconv.Itoa(e.Status) + " " + statusText(e.Status)
	if e.Code != "" {
		e.reason = fmt.Sprintf("%d %s", e.Status, e.Code)
	}
	if e.Message != "" {
		e.reason += " (" + strings.TrimRight(e.Message, ".") + ")"
	}
	a.classify(c, e, strings.TrimSpace(text))
	return e
}

// classify sets kinds, hint and, where the status alone says little, the reason.
func (a *answer) classify(c *Client, e *Error, text string) {
	switch {
	case e.Status == http.StatusUnauthorized:
		a.unauthorized(c, e, text)
	case e.Status == http.StatusTooManyRequests:
		e.kinds = []error{ErrBusy}
		e.Hint = "wait until the server has finished what it is doing, then run it again"
	case e.Status == http.StatusNotFound || e.Status == http.StatusMethodNotAllowed:
		a.notFound(e, text)
	case e.Code == "requires_super_user":
		e.kinds = []error{ErrNotSuperUser}
		e.Hint = "use the token of an administrator who is a super user"
	case e.Status == 520 && text == "":
		e.kinds = []error{ErrMalformed}
		e.reason = "520, the content type was not application/json when it arrived"
		e.Hint = "a proxy in between changes the content type"
	case e.Status >= 500:
		a.serverFault(e, text)
	case e.Code != "":
		e.kinds = []error{ErrInvalid}
		if isConflict(e.Code) {
			e.kinds = append(e.kinds, ErrConflict)
		}
	case e.Status == http.StatusRequestEntityTooLarge, e.Status == http.StatusBadRequest && text == "":
		a.emptyBadRequest(e)
	case strings.Contains(text, "HTTP request to an HTTPS server"):
		e.kinds = []error{ErrNotPritunl}
		e.reason = "the port speaks https, the request was plain http"
		e.Hint = "use https:// in the url"
	default:
		*e = *a.notPritunl([]byte(text)).with(e)
	}
}

// with keeps what is known about the answer in an error that explains it.
func (e *Error) with(known *Error) *Error {
	e.Status, e.Body, e.retryAfter = known.Status, known.Body, known.retryAfter
	return e
}

func (a *answer) notFound(e *Error, text string) {
	e.kinds = []error{ErrNotFound}
	switch {
	case text == "404: Not Found" && a.request.Path == "/link":
		e.kinds = append(e.kinds, ErrNotLicensed)
		e.reason = "404, site links are not part of the licence"
		e.Hint = "links need an enterprise subscription; everything else works without"
	case text == "404: Not Found" && strings.HasPrefix(a.request.Path, "/link/"):
		e.reason = "404, no such object, or links are not part of the licence"
	case text == "404: Not Found":
		e.reason = "404, no such object"
	case text == "404 page not found" || text == "405: Not Allowed":
		e.reason = fmt.Sprintf("%d, the server knows no such path or method", e.Status)
		e.Hint = "check the path, and that the url has no path of its own unless a proxy adds one"
	case text != "" && e.Code == "":
		*e = *a.notPritunl([]byte(text)).with(e)
		e.kinds = append(e.kinds, ErrNotFound)
	}
}

func (a *answer) serverFault(e *Error, text string) {
	e.kinds = []error{ErrServer}
	switch {
	case e.Status == http.StatusBadGateway || e.Status == http.StatusServiceUnavailable || e.Status == http.StatusGatewayTimeout:
		e.kinds = append(e.kinds, ErrUnavailable)
		e.Hint = "pritunl is starting, restarting or overloaded: try again in a minute, then look at its log"
	case e.Code != "":
		e.kinds = append(e.kinds, ErrInvalid)
	case text == "500: Internal Server Error":
		e.Hint = "pritunl answers 500 to ids it does not know and to values it does not expect; its log (GET /logs) has the reason"
	}
}

// emptyBadRequest explains the 400 without a word that the web layer gives, and
// the 413 that newer ones and proxies give.
func (a *answer) emptyBadRequest(e *Error) {
	e.kinds = []error{ErrMalformed}
	e.reason = "400 without an explanation: a field has the wrong JSON type"
	e.Hint = "compare the types with an answer to GET; booleans, numbers and texts are not exchanged for each other"
	if a.sentBytes > bodyLimit || e.Status == http.StatusRequestEntityTooLarge {
		e.reason = fmt.Sprintf("%d, the body is too large: it has %d bytes, pritunl takes %d", e.Status, a.sentBytes, bodyLimit)
		e.Hint = "send fewer objects in one request"
	}
}

// bodyLimit is the largest request body that Pritunl reads, in bytes.
const bodyLimit = 50000

// isConflict tells codes about other objects from codes about a value.
func isConflict(code string) bool {
	for _, suffix := range []string{"_in_use", "_not_offline", "_online", "_exists", "_common_host", "_common_route", "_busy"} {
		if strings.HasSuffix(code, suffix) {
			return true
		}
	}
	return code == "no_admins" || code == "no_admins_enabled" || code == "no_super_users"
}

// isJSON reports whether the answer says that it is JSON.
func (a *answer) isJSON() bool {
	media, _, err := mime.ParseMediaType(a.header("Content-Type"))
	return err == nil && (media == "application/json" || strings.HasSuffix(media, "+json"))
}

// notPritunl is an answer that does not come from the Pritunl API.
func (a *answer) notPritunl(body []byte) *Error {
	e := &Error{
		Status: a.Status(), Body: body[:min(len(body), maxErrorBody)], kinds: []error{ErrNotPritunl},
		Hint: "check the url: it must be the address of the Pritunl web console, and proxies must let api requests through",
	}
	kind := "no JSON"
	if media, _, err := mime.ParseMediaType(a.header("Content-Type")); err == nil && media != "application/json" {
		kind = media + " instead of JSON"
	}
	if title := htmlTitle(string(e.Body)); title != "" {
		kind += fmt.Sprintf(", a page titled %q", title)
	}
	e.reason = fmt.Sprintf("answer (%d) does not come from the pritunl api: %s", e.Status, kind)
	if server := oneLine(a.header("Server"), 60); server != "" {
		e.reason += fmt.Sprintf(" from %q", server)
	}
	return e
}

// parseErrorBody reads {"error": code, "error_msg": text}; anything else gives
// two empty strings. Both are made fit for one line.
func parseErrorBody(body []byte) (code, message string) {
	var parsed struct {
		Error   json.RawMessage `json:"error"`
		Message json.RawMessage `json:"error_msg"`
	}
	if json.Unmarshal(body, &parsed) != nil {
		return "", ""
	}
	// Each on its own: an odd type of one must not lose the other.
	_ = json.Unmarshal(parsed.Error, &code)      // stays empty
	_ = json.Unmarshal(parsed.Message, &message) // stays empty
	return oneLine(code, 80), oneLine(message, 400)
}

// htmlTitle returns the title of a page, or "".
func htmlTitle(body string) string {
	lower := bytes.ToLower([]byte(body[:min(len(body), 4096)]))
	start := bytes.Index(lower, []byte("<title"))
	if start < 0 || len(lower) > len(body) {
		return ""
	}
	rest := string(lower[start:])
	open := strings.IndexByte(rest, '>')
	end := strings.Index(rest, "</title")
	if open < 0 || end < open || start+end > len(body) {
		return ""
	}
	return oneLine(html.UnescapeString(body[start+open+1:start+end]), 80)
}

func looksLikeHTML(text, contentType string) bool {
	return strings.Contains(contentType, "html") && strings.HasPrefix(strings.TrimSpace(text), "<")
}

// oneLine makes foreign text fit for a terminal: one line, printable, at most
// limit characters.
func oneLine(s string, limit int) string {
	var b strings.Builder
	count := 0
	for _, r := range strings.Join(strings.Fields(s), " ") {
		if !unicode.IsPrint(r) {
			r = '?'
		}
		if count++; count > limit {
			return b.String() + "..."
		}
		b.WriteRune(r)
	}
	return b.String()
}

func statusText(status int) string {
	if text := http.StatusText(status); text != "" {
		return strings.ToLower(text)
	}
	return "status"
}
