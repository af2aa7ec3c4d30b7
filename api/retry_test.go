package api_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"pritunl-backup/api"
)

// failFirst answers like fail until n requests have come, then with {}.
func failFirst(n int64, fail http.HandlerFunc) http.HandlerFunc {
	var count atomic.Int64
	return func(w http.ResponseWriter, r *http.Request) {
		if count.Add(1) <= n {
			fail(w, r)
			return
		}
		answerJSON(200, "{}")(w, r)
	}
}

func reset(w http.ResponseWriter, _ *http.Request) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}

// cutShort sends half of an answer.
func cutShort(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", "100")
	_, _ = w.Write([]byte(`{"a":`))
	_ = http.NewResponseController(w).Flush()
	panic(http.ErrAbortHandler)
}

func status(code int) http.HandlerFunc { return answerWith(code, "text/plain", "") }

func TestWhatIsRepeated(t *testing.T) {
	failures := map[string]http.HandlerFunc{
		"429": status(429), "502": status(502), "503": status(503), "504": status(504),
		"reset": reset, "cut": cutShort, "half json": answerJSON(200, `{"a":`),
		"400": status(400), "401": status(401), "404": status(404), "500": status(500), "html": answerWith(200, "text/html", "<p>"),
	}
	again := map[string]string{ // request: the failures after which it is sent again
		"GET":           "429 502 503 504 reset cut half json",
		"PUT":           "429 502 503 504 reset cut half json",
		"POST":          "429",
		"DELETE":        "429",
		"DELETE always": "429 502 503 504 reset cut half json",
		"PUT never":     "429",
	}
	for request, list := range again {
		for name, fail := range failures {
			t.Run(request+" "+name, func(t *testing.T) {
				c := newClient(t, serve(t, failFirst(1, fail)))
				method, rule, _ := strings.Cut(request, " ")
				r := api.Request{Method: method, Path: "/x", Repeat: map[string]api.Repeat{"": api.RepeatByMethod, "always": api.RepeatAlways, "never": api.RepeatNever}[rule]}
				if method != "GET" {
					r.Body = []byte("{}")
				}
				_, err := c.Send(context.Background(), r)
				want := strings.Contains(list, name)
				doubt := method != "GET" && strings.Contains("502 503 504 reset cut half json", name)
				if err != nil && strings.Contains(asError(t, err).Hint, "not known whether") != doubt {
					t.Errorf("hint = %q; in doubt: want %v", asError(t, err).Hint, doubt)
				}
				if (err == nil) != want {
					t.Errorf("error = %v after %d requests; repeated: want %v", err, c.Requests(), want)
				}
			})
		}
	}
}

// A write is repeated when the connection was never made.
func TestPostIsRepeatedWhenNothingWasSent(t *testing.T) {
	url := serve(t, answerJSON(200, "{}"))
	var dials atomic.Int64
	transport := &http.Transport{DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
		if dials.Add(1) <= 2 {
			return nil, &net.OpError{Op: "dial", Net: network, Err: syscall.ECONNREFUSED}
		}
		return (&net.Dialer{}).DialContext(ctx, network, address)
	}}
	defer transport.CloseIdleConnections()
	c := newClient(t, url, func(o *api.Options) { o.Transport = transport })
	if _, err := c.Do(context.Background(), "POST", "/organization", nil, []byte(`{"name":"a"}`)); err != nil {
		t.Errorf("error = %v", err)
	}
	if c.Requests() != 3 {
		t.Errorf("requests = %d, want 3", c.Requests())
	}
}

// The standard library repeats a GET on its own when a kept connection turns out
// to be closed. The server may have seen the nonce by then.
func TestNonceIsNeverSentTwice(t *testing.T) {
	var rec recorder
	var count atomic.Int64
	c := newClient(t, serve(t, rec.wrap(func(w http.ResponseWriter, r *http.Request) {
		if count.Add(1) == 2 {
			reset(w, r)
			return
		}
		answerJSON(200, "{}")(w, r)
	})))
	for range 2 {
		if _, err := c.Get(context.Background(), "/status"); err != nil {
			t.Fatal(err)
		}
	}
	nonces := map[string]bool{}
	for _, r := range rec.all() {
		nonces[r.header.Get("Auth-Nonce")] = true
	}
	if len(rec.all()) != 3 || len(nonces) != 3 || c.Requests() != 3 {
		t.Errorf("%d requests with %d nonces, %d counted; want 3 of each", len(rec.all()), len(nonces), c.Requests())
	}
}

func TestRetryAfterAndWaits(t *testing.T) {
	date := time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)
	for name, tc := range map[string]struct {
		header string
		want   []time.Duration // nil: not repeated
	}{
		"none":     {"", []time.Duration{225 * time.Millisecond, 450 * time.Millisecond, 900 * time.Millisecond, 1800 * time.Millisecond}},
		"seconds":  {"7", []time.Duration{7 * time.Second, 7 * time.Second, 7 * time.Second, 7 * time.Second}},
		"date":     {date.Add(9 * time.Second).Format(http.TimeFormat), []time.Duration{9 * time.Second, 9 * time.Second, 9 * time.Second, 9 * time.Second}},
		"past":     {date.Add(-time.Hour).Format(http.TimeFormat), []time.Duration{225 * time.Millisecond, 450 * time.Millisecond, 900 * time.Millisecond, 1800 * time.Millisecond}},
		"nonsense": {"soon", []time.Duration{225 * time.Millisecond, 450 * time.Millisecond, 900 * time.Millisecond, 1800 * time.Millisecond}},
		"negative": {"-5", []time.Duration{225 * time.Millisecond, 450 * time.Millisecond, 900 * time.Millisecond, 1800 * time.Millisecond}},
		"too long": {"3600", nil},
		"huge":     {"99999999999999999999", []time.Duration{225 * time.Millisecond, 450 * time.Millisecond, 900 * time.Millisecond, 1800 * time.Millisecond}},
	} {
		t.Run(name, func(t *testing.T) {
			var waits, told []time.Duration
			c := newClient(t, serve(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Date", date.Format(http.TimeFormat))
				if tc.header != "" {
					w.Header().Set("Retry-After", tc.header)
				}
				w.WriteHeader(503)
			}), func(o *api.Options) {
				o.Random = func() float64 { return 0.5 }
				o.Sleep = func(_ context.Context, d time.Duration) error { waits = append(waits, d); return nil }
				o.OnRetry = func(attempt int, err error, wait time.Duration) {
					if attempt != len(told)+1 || !errors.Is(err, api.ErrUnavailable) {
						t.Errorf("told of attempt %d with %v", attempt, err)
					}
					told = append(told, wait)
				}
			})
			_, err := c.Get(context.Background(), "/status")
			if !errors.Is(err, api.ErrUnavailable) {
				t.Errorf("error = %v", err)
			}
			if fmt.Sprint(waits) != fmt.Sprint(tc.want) || fmt.Sprint(told) != fmt.Sprint(tc.want) {
				t.Errorf("waited %v, told of %v, want %v", waits, told, tc.want)
			}
		})
	}
}

func TestInterruptedWhileWaiting(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	c := newClient(t, serve(t, status(503)), func(o *api.Options) {
		o.Sleep = nil // the real one
		o.OnRetry = func(int, error, time.Duration) { cancel() }
	})
	if _, err := c.Get(ctx, "/status"); !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "503") {
		t.Errorf("error = %v, want context.Canceled that names the 503", err)
	}
	if c.Requests() != 1 {
		t.Errorf("requests = %d, want 1", c.Requests())
	}
}

func TestReadOnlyTransport(t *testing.T) {
	c := newClient(t, serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method != "GET" {
			t.Errorf("%s was sent", r.Method)
		}
		answerJSON(200, "{}")(w, r)
	}), func(o *api.Options) { o.Wrap = api.ReadOnlyTransport })
	for _, method := range []string{"POST", "PUT", "DELETE"} {
		_, err := c.Do(context.Background(), method, "/server/"+orgID, nil, []byte("{}"))
		if !errors.Is(err, api.ErrReadOnly) {
			t.Errorf("%s: error = %v, want ErrReadOnly", method, err)
		}
	}
	if _, err := c.Get(context.Background(), "/status"); err != nil {
		t.Error(err)
	}
	if c.Requests() != 1 {
		t.Errorf("requests = %d, want 1: the others were not sent", c.Requests())
	}
	// The transport holds without the client too.
	guarded := api.ReadOnlyTransport(http.DefaultTransport)
	if _, err := guarded.RoundTrip(httptest.NewRequest("PATCH", "http://127.0.0.1:1/x", strings.NewReader("x"))); !errors.Is(err, api.ErrReadOnly) {
		t.Errorf("error = %v, want ErrReadOnly", err)
	}
}
