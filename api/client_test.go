package api_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"pritunl-backup/api"
)

const (
	fakeToken  = "FAKETOKENFAKETOKENFAKETOKENFAKE1"
	fakeSecret = "FAKESECRETFAKESECRETFAKESECRET01"
	orgID      = "5f0000000000000000000001"
	otherID    = "5f0000000000000000000002"
)

// serve starts a server that is stopped when the test ends.
func serve(t testing.TB, h http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.URL
}

// noSleep makes waits between attempts pass at once.
func noSleep(ctx context.Context, _ time.Duration) error { return ctx.Err() }

// newClient returns a client for url that never waits; change may change its options.
func newClient(t testing.TB, url string, change ...func(*api.Options)) *api.Client {
	t.Helper()
	o := api.Options{URL: url, Token: fakeToken, Secret: fakeSecret, Sleep: noSleep, Timeout: 10 * time.Second}
	for _, f := range change {
		f(&o)
	}
	c, err := api.New(o)
	if err != nil {
		t.Fatalf("new client: %v", err)
	}
	return c
}

// answerJSON returns a handler that always gives the same answer.
func answerJSON(status int, body string) http.HandlerFunc {
	return answerWith(status, "application/json", body)
}

func answerWith(status int, contentType, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header()["Content-Type"] = nil
		if contentType != "" {
			w.Header().Set("Content-Type", contentType)
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// recorder keeps the requests a handler has seen.
type recorder struct {
	mu   sync.Mutex
	seen []seen
}

type seen struct {
	method, path, uri, contentType, body string
	header                               http.Header
}

func (r *recorder) wrap(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, req *http.Request) {
		body, _ := io.ReadAll(req.Body)
		r.mu.Lock()
		r.seen = append(r.seen, seen{
			method: req.Method, path: req.URL.Path, uri: req.RequestURI, contentType: req.Header.Get("Content-Type"),
			body: string(body), header: req.Header.Clone(),
		})
		r.mu.Unlock()
		next(w, req)
	}
}

func (r *recorder) all() []seen {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]seen(nil), r.seen...)
}

func asError(t testing.TB, err error) *api.Error {
	t.Helper()
	var e *api.Error
	if !errors.As(err, &e) {
		t.Fatalf("error is %T (%v), want *api.Error", err, err)
	}
	return e
}

func TestSend(t *testing.T) {
	var rec recorder
	c := newClient(t, serve(t, rec.wrap(answerJSON(200, `{"n": 9007199254740993}`))), func(o *api.Options) { o.UserAgent = "agent/1" })
	response, err := c.Do(context.Background(), "put", "/server/"+orgID, map[string][]string{"page": {"1"}}, json.RawMessage(`{"a":12345678901234567890}`))
	if err != nil {
		t.Fatal(err)
	}
	if got := string(response.Body); got != `{"n": 9007199254740993}` || response.Status != 200 {
		t.Errorf("answer = %d %s", response.Status, got)
	}
	got := rec.all()[0]
	if got.method != "PUT" || got.uri != "/server/"+orgID+"?page=1" || got.contentType != "application/json" || got.body != `{"a":12345678901234567890}` {
		t.Errorf("request = %+v", got)
	}
	if ua := got.header.Get("User-Agent"); ua != "agent/1" {
		t.Errorf("user agent = %q", ua)
	}
	if c.Requests() != 1 {
		t.Errorf("requests = %d, want 1", c.Requests())
	}
}

func TestTextAnswers(t *testing.T) {
	for name, tc := range map[string]struct {
		contentType, body, kinds string
	}{
		"text": {"text/plain", "line one\nline two", ""},
		"html": {"text/html; charset=utf-8; charset=utf-8", "OK", ""},
		"json": {"application/json", "{}", ""},
		"cut":  {"application/json", `{"a":`, "truncated"},
	} {
		c := newClient(t, serve(t, answerWith(200, tc.contentType, tc.body)), func(o *api.Options) { o.Retries = -1 })
		response, err := c.Send(context.Background(), api.Request{Method: "GET", Path: "/logs", Text: true})
		if kindsOf(err) != tc.kinds || err == nil && string(response.Body) != tc.body {
			t.Errorf("%s: %v, error = %v", name, response, err)
		}
	}
}

func TestRequestWithoutBodyHasNone(t *testing.T) {
	for _, method := range []string{"GET", "POST", "PUT", "DELETE"} {
		t.Run(method, func(t *testing.T) {
			var rec recorder
			c := newClient(t, serve(t, rec.wrap(func(w http.ResponseWriter, r *http.Request) {
				if r.ContentLength != 0 || len(r.TransferEncoding) != 0 {
					t.Errorf("length %d, encoding %v; want no body at all", r.ContentLength, r.TransferEncoding)
				}
				answerJSON(200, "{}")(w, r)
			})))
			if _, err := c.Do(context.Background(), method, "/x", nil, nil); err != nil {
				t.Fatal(err)
			}
			if ct := rec.all()[0].contentType; ct != "" {
				t.Errorf("content type = %q, want none", ct)
			}
		})
	}
}

func TestSendRefusesBeforeSending(t *testing.T) {
	c := newClient(t, serve(t, func(http.ResponseWriter, *http.Request) { t.Error("a request was sent") }))
	for name, r := range map[string]api.Request{
		"method":          {Method: "PATCH", Path: "/x"},
		"method with gap": {Method: "GET /y", Path: "/x"},
		"no slash":        {Method: "GET", Path: "x"},
		"empty":           {Method: "GET"},
		"query in path":   {Method: "GET", Path: "/user?page=1"},
		"newline":         {Method: "GET", Path: "/user\n"},
		"dots":            {Method: "GET", Path: "/user/../admin"},
		"empty segment":   {Method: "GET", Path: "/user//x"},
		"not utf-8":       {Method: "GET", Path: "/\xff"},
		"body not json":   {Method: "PUT", Path: "/x", Body: json.RawMessage(`{"a":`)},
		"body not utf-8":  {Method: "PUT", Path: "/x", Body: []byte("\"\xff\"")},
		"body a channel":  {Method: "PUT", Path: "/x", Body: make(chan int)},
	} {
		if _, err := c.Send(context.Background(), r); !errors.Is(err, api.ErrConfig) {
			t.Errorf("%s: error = %v, want ErrConfig", name, err)
		}
	}
}

func TestParallelIsBounded(t *testing.T) {
	var mu sync.Mutex
	var now, most int
	release := make(chan struct{})
	c := newClient(t, serve(t, func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		now++
		most = max(most, now)
		full := now == 3
		mu.Unlock()
		if full {
			close(release)
		}
		<-release
		mu.Lock()
		now--
		mu.Unlock()
		answerJSON(200, "{}")(w, r)
	}), func(o *api.Options) { o.Parallel = 3 })
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			if _, err := c.Get(context.Background(), "/status"); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if most != 3 {
		t.Errorf("requests at the same time = %d, want 3", most)
	}
}

func TestContextEndsEverything(t *testing.T) {
	arrived, done := make(chan struct{}), make(chan struct{})
	defer close(done)
	c := newClient(t, serve(t, func(http.ResponseWriter, *http.Request) { close(arrived); <-done }))
	ctx, cancel := context.WithCancel(context.Background())
	go func() { <-arrived; cancel() }()
	_, err := c.Get(ctx, "/status")
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error = %v, want context.Canceled", err)
	}
	if c.Requests() != 1 {
		t.Errorf("requests = %d, want 1: no retry after an interrupt", c.Requests())
	}
	if _, err := c.Get(ctx, "/status"); !errors.Is(err, context.Canceled) || c.Requests() != 1 {
		t.Errorf("error = %v after %d requests, want context.Canceled and nothing sent", err, c.Requests())
	}
}

func TestCookiesAreNotKept(t *testing.T) {
	var rec recorder
	c := newClient(t, serve(t, rec.wrap(func(w http.ResponseWriter, r *http.Request) {
		http.SetCookie(w, &http.Cookie{Name: "token", Value: "x", Path: "/"})
		answerJSON(200, "{}")(w, r)
	})))
	for range 2 {
		if _, err := c.Get(context.Background(), "/status"); err != nil {
			t.Fatal(err)
		}
	}
	for i, r := range rec.all() {
		if r.header.Get("Cookie") != "" {
			t.Errorf("request %d carries the cookie %q", i, r.header.Get("Cookie"))
		}
	}
}

func TestSecretDoesNotPrint(t *testing.T) {
	s := api.Secret(fakeSecret)
	encoded, err := json.Marshal(map[string]any{"s": s})
	if err != nil {
		t.Fatal(err)
	}
	texts := []string{s.String(), s.GoString(), s.LogValue().String(), string(encoded)}
	for _, text := range texts {
		if strings.Contains(text, fakeSecret) || !strings.Contains(text, "redacted") {
			t.Errorf("secret prints as %q", text)
		}
	}
	c := newClient(t, "http://localhost")
	for _, text := range []string{fmt.Sprintf("%v %+v %#v %s", c, c, c, c), fmt.Sprintf("%v %+v %#v", api.Options{Secret: s}, api.Options{Secret: s}, api.Options{Secret: s})} {
		if strings.Contains(text, fakeSecret) || strings.Contains(text, fakeToken) {
			t.Errorf("shows a secret: %s", text)
		}
	}
	if s.Reveal() != fakeSecret || api.Secret("").String() != "" {
		t.Error("secret does not reveal itself")
	}
}
