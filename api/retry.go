package api

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

const (
	firstWait = 300 * time.Millisecond
	longWait  = 10 * time.Second
	// patience is the longest Retry-After that is honoured; beyond it the user
	// should decide.
	patience = 2 * time.Minute
)

// mayRepeat decides whether a failed request is sent again, and after how long.
func (c *Client) mayRepeat(r Request, failure *Error, attempt int) (time.Duration, bool) {
	if attempt > c.options.Retries || !failure.temporary() || !allowed(r, failure) {
		return 0, false
	}
	if failure.slow() && (attempt > 1 || r.pages) {
		return 0, false // a second full wait is enough for anybody
	}
	if r.pages && attempt > 1 && failure.overload() {
		return 0, false
	}
	wait := min(firstWait<<min(attempt-1, 20), longWait)
	// Half of the wait is random, or all clients of a restarted server would
	// come back at the same moment.
	wait = wait/2 + time.Duration(c.options.Random()*float64(wait/2))
	if failure.retryAfter > patience {
		return 0, false
	}
	return max(wait, failure.retryAfter), true
}

// doubt adds to a write whose answer is missing that nobody knows what became of it.
func (e *Error) doubt() *Error {
	write := e.Method != http.MethodGet && e.Method != http.MethodHead
	if write && !e.unsent && e.temporary() && e.Status != http.StatusTooManyRequests {
		e.Hint = "it is not known whether the server did it: look before repeating it; " + e.Hint
	}
	return e
}

// allowed reports whether it is safe to send r a second time.
func allowed(r Request, failure *Error) bool {
	if failure.unsent || failure.Status == http.StatusTooManyRequests {
		return true
	}
	switch r.Repeat {
	case RepeatAlways:
		return true
	case RepeatNever:
		return false
	}
	return r.Method == http.MethodGet || r.Method == http.MethodHead || r.Method == http.MethodPut
}

// slow reports whether an attempt failed because of a time limit: ours, that of
// a proxy, or the two minutes after which Pritunl answers 502 or hangs up.
func (e *Error) slow() bool {
	return e.Status == http.StatusGatewayTimeout || e.Is(ErrTimeout) || e.took >= time.Minute
}

// overload reports whether the request may be more than the server manages
// within a time limit. A 502 that comes at once is rather a restart; only the
// second time it counts.
func (e *Error) overload() bool {
	if e.unsent {
		return false
	}
	return e.temporary() && e.slow() || e.Status == http.StatusBadGateway
}

// retryAfter reads the header of that name: seconds, or a date.
func retryAfter(h http.Header, now time.Time) time.Duration {
	text := strings.TrimSpace(h.Get("Retry-After"))
	if seconds, err := strconv.Atoi(text); err == nil {
		return time.Duration(min(max(seconds, 0), 86400)) * time.Second
	}
	if at, err := http.ParseTime(text); err == nil {
		// The server's own clock counts, when it tells it.
		if date, err := http.ParseTime(h.Get("Date")); err == nil {
			now = date
		}
		return max(at.Sub(now), 0)
	}
	return 0
}
