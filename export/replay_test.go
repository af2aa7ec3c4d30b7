package export_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"pritunl-backup/api"
	"pritunl-backup/export"
	"pritunl-backup/snapshot"
)

// recorded is one line of a recording: a request to a real server and its answer.
type recorded struct {
	Method              string          `json:"method"`
	Path                string          `json:"path"`
	Query               string          `json:"query"`
	Status              int             `json:"status"`
	ResponseContentType string          `json:"response_content_type"`
	Response            json.RawMessage `json:"response"`
}

// replay answers GETs with what a real server answered; tests change single answers.
type replay struct {
	t  *testing.T
	mu sync.Mutex

	answers  map[string]recorded
	override map[string]http.HandlerFunc
	asked    []string
}

func newReplay(t *testing.T) *replay { return newReplayOf(t, "seeded-gets.jsonl") }

func newReplayOf(t *testing.T, file string) *replay {
	t.Helper()
	f, err := os.Open(filepath.Join("testdata", file))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r := &replay{t: t, answers: map[string]recorded{}, override: map[string]http.HandlerFunc{}}
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 4<<20)
	for lines.Scan() {
		var line recorded
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
			t.Fatal(err)
		}
		if line.Query == "" {
			r.answers[line.Path] = line
		}
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return r
}

func (r *replay) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	r.mu.Lock()
	r.asked = append(r.asked, req.Method+" "+req.URL.RequestURI())
	override, answer := r.override[req.URL.Path], r.answers[req.URL.Path]
	r.mu.Unlock()
	switch {
	case override != nil:
		override(w, req)
	case answer.Path == "" || req.Method != http.MethodGet:
		r.t.Errorf("request that the recording does not have: %s %s", req.Method, req.URL)
		http.NotFound(w, req)
	default:
		w.Header().Set("Content-Type", answer.ResponseContentType)
		w.WriteHeader(answer.Status)
		body := []byte(answer.Response)
		var text string
		if answer.ResponseContentType != "application/json" && json.Unmarshal(body, &text) == nil {
			body = []byte(text)
		}
		_, _ = w.Write(body)
	}
}

// set replaces the answer of a path, from a test or from within a request.
func (r *replay) set(path string, h http.HandlerFunc) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.override[path] = h
}

func (r *replay) requests() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]string(nil), r.asked...)
}

func (r *replay) client() *api.Client {
	r.t.Helper()
	server := httptest.NewServer(r)
	r.t.Cleanup(server.Close)
	client, err := api.New(api.Options{
		URL: server.URL, Token: "FAKETOKEN00000000000000000000001", Secret: "FAKESECRET0000000000000000000001",
		Sleep: func(context.Context, time.Duration) error { return nil },
	})
	if err != nil {
		r.t.Fatal(err)
	}
	return client
}

func header() snapshot.Header {
	return snapshot.Header{
		CreatedAt: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), Tool: "pritunl-backup test", Secrets: snapshot.SecretsKeep,
		Source: snapshot.Source{Kind: snapshot.SourceAPI, Address: "https://vpn-a.example.com"},
	}
}

// take exports into memory; every (re)start empties the buffer.
func take(ctx context.Context, client *api.Client, opts export.Options) ([]byte, *export.Result, error) {
	if opts.Header.Tool == "" {
		opts.Header = header()
	}
	var out bytes.Buffer
	result, err := export.FromAPI(ctx, client, func() (io.Writer, error) { out.Reset(); return &out, nil }, opts)
	return out.Bytes(), result, err
}

func answerJSON(body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, body)
	}
}

func answerStatus(status int, contentType, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

func load(t *testing.T, document []byte) *snapshot.Document {
	t.Helper()
	d, err := snapshot.Load(bytes.NewReader(document))
	if err != nil {
		t.Fatalf("load the exported document: %v", err)
	}
	return d
}

// edit returns the recorded answer of a path with one text replaced.
func (r *replay) edit(path, old, new string) http.HandlerFunc {
	r.t.Helper()
	text := string(r.answers[path].Response)
	if !strings.Contains(text, old) {
		r.t.Fatalf("%s does not contain %q", path, old)
	}
	return answerJSON(strings.Replace(text, old, new, 1))
}
