package api_test

import (
	"context"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"pritunl-backup/api"
)

func TestUnauthorized(t *testing.T) {
	date := time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)
	const plain = "401: Unauthorized"
	for name, tc := range map[string]struct {
		body, header string
		ahead        time.Duration
		change       func(*api.Options)
		kinds        string
		first        string
		later, hint  string
	}{
		"wrong secret":      {body: plain, kinds: "unauthorized", first: "token or secret are wrong", later: "administrator is disabled", hint: "web console"},
		"auth_api off":      {body: plain, kinds: "unauthorized", first: "token or secret", later: "API authentication is switched off", hint: "web console"},
		"clock 13 h ahead":  {body: plain, ahead: 13 * time.Hour, kinds: "unauthorized clock", first: "clock of this machine is 13h0m ahead of the server's", later: "token or secret", hint: "set the clock"},
		"clock 13 h behind": {body: plain, ahead: -13*time.Hour - 30*time.Second, kinds: "unauthorized clock", first: "13h1m behind the server's", hint: "set the clock"},
		"clock 1 h ahead":   {body: plain, ahead: time.Hour, kinds: "unauthorized", first: "token or secret", later: "1h0m ahead of the server's, which matters"},
		"clock right":       {body: plain, ahead: time.Minute, kinds: "unauthorized", first: "token or secret", later: "proxy in between"},
		"no date":           {body: plain, header: "no date", ahead: 13 * time.Hour, kinds: "unauthorized", first: "token or secret", later: "no date to compare with"},
		"short token":       {body: plain, change: func(o *api.Options) { o.Token = "FAKETOKEN" }, kinds: "unauthorized", first: "token is not complete: it has 9 characters", later: "wrong"},
		"odd secret":        {body: plain, change: func(o *api.Options) { o.Secret = api.Secret(fakeSecret[:31] + "-") }, kinds: "unauthorized", first: "secret is not complete", later: "wrong"},
		"same twice":        {body: plain, change: func(o *api.Options) { o.Secret = fakeToken }, kinds: "unauthorized", first: "same text", later: "wrong"},
		"strict mode":       {body: "401 Missing token", ahead: 13 * time.Hour, kinds: "unauthorized strict", first: "no administrator has API authentication", later: "65 seconds", hint: "switch on"},
		"cookie":            {body: "401 Failed to decode token", kinds: "unauthorized", first: "a proxy adds a cookie named token", hint: "cookies"},
		"basic auth":        {body: "", header: `Basic realm="x"`, kinds: "unauthorized foreign", first: "a proxy in front of Pritunl asks for a login", later: "token or secret", hint: "proxy"},
		"html page":         {body: "<html>please log in", kinds: "unauthorized foreign", first: "a proxy in front", later: "token or secret"},
		"code":              {body: `{"error":"auth_invalid","error_msg":"Authentication credentials are not valid."}`, kinds: "unauthorized", first: "the server says auth_invalid"},
	} {
		t.Run(name, func(t *testing.T) {
			c := newClient(t, serve(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Date", date.Format(http.TimeFormat))
				if tc.header == "no date" {
					w.Header()["Date"] = nil
				} else if tc.header != "" {
					w.Header().Set("WWW-Authenticate", tc.header)
				}
				answerWith(401, "text/html; charset=utf-8", tc.body)(w, nil)
			}), func(o *api.Options) {
				o.Now = func() time.Time { return date.Add(tc.ahead) }
				if tc.change != nil {
					tc.change(o)
				}
			})
			_, err := c.Get(context.Background(), "/status")
			if got := kindsOf(err); got != tc.kinds {
				t.Errorf("error is %q, want %q", got, tc.kinds)
			}
			e := asError(t, err)
			if !strings.Contains(e.Causes[0], tc.first) {
				t.Errorf("first cause = %q, want %q", e.Causes[0], tc.first)
			}
			if !strings.Contains(strings.Join(e.Causes[1:], "\n"), tc.later) {
				t.Errorf("causes = %q, want %q among the later ones", e.Causes, tc.later)
			}
			if !strings.Contains(e.Hint, tc.hint) {
				t.Errorf("hint = %q, want %q in it", e.Hint, tc.hint)
			}
			if !strings.Contains(err.Error(), e.Causes[len(e.Causes)-1]) || strings.Contains(e.Summary(), e.Causes[0]) {
				t.Errorf("error = %q, summary = %q; want the causes in the first only", err, e.Summary())
			}
			if c.Requests() != 1 {
				t.Errorf("requests = %d, want 1: a 401 is not repeated", c.Requests())
			}
		})
	}
}

// The server dates its answer when it begins to give it. One that takes nearly two minutes to come says nothing about
// the clocks.
func TestSlowAnswersDoNotCountAsSkew(t *testing.T) {
	for name, tc := range map[string]struct {
		ahead time.Duration
		says  string // "" says that nothing is wrong with the clock
	}{
		"equal clocks":        {0, ""},
		"one minute behind":   {-time.Minute, ""},
		"three minutes ahead": {3 * time.Minute, "3m ahead of the server's"},
		"13 hours ahead":      {13 * time.Hour, "13h0m ahead of the server's"},
	} {
		t.Run(name, func(t *testing.T) {
			var took atomic.Int64 // by the server's clock
			there := func() time.Time { return time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC).Add(time.Duration(took.Load())) }
			c := newClient(t, serve(t, func(w http.ResponseWriter, _ *http.Request) {
				took.Store(int64(119 * time.Second))
				w.Header().Set("Date", there().Format(http.TimeFormat))
				answerWith(401, "text/html", "401: Unauthorized")(w, nil)
			}), func(o *api.Options) { o.Now = func() time.Time { return there().Add(tc.ahead) } })
			_, err := c.Get(context.Background(), "/status")
			causes := strings.Join(asError(t, err).Causes, "\n")
			if tc.says == "" && strings.Contains(causes, "clock") || !strings.Contains(causes, tc.says) {
				t.Errorf("causes = %q, want %q", causes, tc.says)
			}
		})
	}
}
