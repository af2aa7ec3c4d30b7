package api

import (
	"fmt"
	"net/http"
	"strings"
	"time"
)

const (
	// clockWindow is how far the clocks may differ by default (app.auth_time_window).
	clockWindow = 12 * time.Hour
	// clockDoubt is a difference that matters only where the window was lowered.
	clockDoubt = 2 * time.Minute
)

// unauthorized lists what may have caused a 401, the most likely first. Pritunl
// itself says the same two words in all cases.
func (a *answer) unauthorized(c *Client, e *Error, text string) {
	e.kinds = []error{ErrUnauthorized}
	e.reason = "401, the server does not accept the request"
	if e.Code != "" {
		e.Causes = []string{fmt.Sprintf("the server says %s", e.Code)}
		return
	}
	skew, known := a.skew()
	switch {
	case text == "401 Missing token":
		e.kinds = append(e.kinds, ErrStrictMode)
		e.Causes = []string{
			"no administrator has API authentication switched on, so the server refuses all signed requests",
			"it was switched on within the last minute: the server takes up to 65 seconds to notice",
			"the server is being restarted",
		}
		e.Hint = "switch on API authentication for an administrator in the web console, then wait a minute"
		return
	case strings.HasPrefix(text, "401 "):
		e.Causes = []string{"a proxy adds a cookie named token, which the server tried first (it says: " + oneLine(strings.TrimPrefix(text, "401 "), 80) + ")"}
		e.Hint = "make the proxy pass requests without cookies"
		return
	case a.header("WWW-Authenticate") != "" || text != "401: Unauthorized" && looksLikeHTML(text, a.header("Content-Type")):
		e.kinds = append(e.kinds, ErrNotPritunl)
		e.Causes = append(e.Causes, "a proxy in front of Pritunl asks for a login of its own")
		e.Hint = "let the proxy pass api requests without a login"
	case known && skew.Abs() > clockWindow:
		e.kinds = append(e.kinds, ErrClock)
		e.Causes = append(e.Causes, fmt.Sprintf("the clock of this machine is %s the server's (the server accepts 12 hours)", describeSkew(skew)))
		e.Hint = "set the clock, then run it again"
	}
	e.Causes = append(e.Causes, c.credentialCauses()...)
	if known && skew.Abs() > clockDoubt && skew.Abs() <= clockWindow {
		e.Causes = append(e.Causes, fmt.Sprintf("the clock of this machine is %s the server's, which matters if its auth_time_window was lowered", describeSkew(skew)))
	}
	if !known {
		e.Causes = append(e.Causes, "the clock of this machine is wrong by more than 12 hours (the answer has no date to compare with)")
	}
	e.Causes = append(e.Causes, "a proxy in between removes the Auth headers, changes the path, or sends requests twice")
	if e.Hint == "" {
		e.Hint = "compare the token with the one shown for the administrator in the web console; when in doubt, generate new credentials there"
	}
}

// credentialCauses are the causes that lie with token, secret and administrator.
func (c *Client) credentialCauses() []string {
	var causes []string
	for _, credential := range []struct{ name, value string }{{"token", c.credentials.token}, {"secret", c.credentials.secret}} {
		if len(credential.value) != 32 || !allOf(credential.value, isAlphanumeric) {
			causes = append(causes, fmt.Sprintf("the %s is not complete: it has %d characters, Pritunl's have 32 letters and digits", credential.name, len(credential.value)))
		}
	}
	if c.credentials.token == c.credentials.secret {
		causes = append(causes, "token and secret are the same text")
	}
	return append(causes,
		"token or secret are wrong, exchanged, of another server, or were generated anew since",
		"API authentication is switched off for this administrator",
		"the administrator is disabled or was deleted",
	)
}

func isAlphanumeric(b byte) bool { return isWord(b) && b != '-' && b != '_' }

// skew is how far the local clock is ahead of the server's, by the moment the
// answer arrived: a busy server may have dated it minutes after the request.
func (a *answer) skew() (time.Duration, bool) {
	date, err := http.ParseTime(a.header("Date"))
	if err != nil {
		return 0, false
	}
	return a.arrivedAt.Sub(date), true
}

func describeSkew(skew time.Duration) string {
	side := "ahead of"
	if skew < 0 {
		side = "behind"
	}
	text := skew.Abs().Round(time.Minute).String()
	return strings.TrimSuffix(text, "0s") + " " + side
}
