package cli_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"pritunl-backup/cli"
	"pritunl-backup/simulator"
	"pritunl-backup/snapshot"
)

// outcome is what became of one command line.
type outcome struct {
	code     int
	out, err string
}

// runMain runs one command line in this process. It may not take longer than a minute.
func runMain(t testing.TB, vars map[string]string, args ...string) outcome {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var stdout, stderr bytes.Buffer
	code := cli.Main(ctx, args, func(name string) string { return vars[name] }, cli.Stdio{In: strings.NewReader(""), Out: &stdout, Err: &stderr})
	if ctx.Err() != nil {
		t.Errorf("%q does not end", args)
	}
	return outcome{code, stdout.String(), stderr.String()}
}

// between stands in front of an instance, and may answer in its place or change what it answers.
type between struct {
	next http.Handler
	// instead answers the request itself when it returns true. The body can still be read.
	instead func(w http.ResponseWriter, r *http.Request, body []byte) bool
	// change gives the body to send in place of a good answer.
	change func(r *http.Request, answer []byte) []byte
}

func (b between) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	if b.instead != nil && b.instead(w, r, body) {
		return
	}
	if b.change == nil {
		b.next.ServeHTTP(w, r)
		return
	}
	recorder := httptest.NewRecorder()
	b.next.ServeHTTP(recorder, r)
	answer := recorder.Body.Bytes()
	if recorder.Code == http.StatusOK {
		answer = b.change(r, answer)
	}
	header := recorder.Header().Clone()
	header.Del("Content-Length")
	for name, values := range header {
		w.Header()[name] = values
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(answer)))
	w.WriteHeader(recorder.Code)
	_, _ = w.Write(answer)
}

// simulated starts an instance behind wrap, and gives the variables that lead to it.
func simulated(t testing.TB, opts simulator.Options, wrap func(http.Handler) http.Handler) (*simulator.Simulator, map[string]string) {
	t.Helper()
	sim, err := simulator.New(opts)
	if err != nil {
		t.Fatal(err)
	}
	var handler http.Handler = sim
	if wrap != nil {
		handler = wrap(sim)
	}
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	token, secret := sim.Credentials()
	return sim, map[string]string{
		"PRITUNL_URL": server.URL, "PRITUNL_TOKEN": token, "PRITUNL_SECRET": secret, "PRITUNL_RETRIES": "0", "PRITUNL_TIMEOUT": "20s",
	}
}

// with gives the variables and some more, or others in their place.
func with(vars map[string]string, pairs ...string) map[string]string {
	out := map[string]string{}
	for name, value := range vars {
		out[name] = value
	}
	for i := 0; i < len(pairs); i += 2 {
		out[pairs[i]] = pairs[i+1]
	}
	return out
}

func loadSnapshot(t testing.TB, path string) *snapshot.Document {
	t.Helper()
	raw, err := os.ReadFile(filepath.Clean(path))
	if err != nil {
		t.Fatal(err)
	}
	doc, err := snapshot.Load(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

// storeSnapshot writes a document that was changed by hand, with sums that fit again.
func storeSnapshot(t testing.TB, path string, doc *snapshot.Document) {
	t.Helper()
	var out bytes.Buffer
	w, err := snapshot.NewWriter(&out, doc.Header)
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range snapshot.Kinds() {
		objects := doc.Resources[kind]
		snapshot.Sort(kind, objects, w.Names())
		for _, o := range objects {
			if err := w.WriteElement(kind, o); err != nil {
				t.Fatal(err)
			}
		}
	}
	if _, err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, out.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
}

func decodeJSON(t testing.TB, text string) any {
	t.Helper()
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	var v any
	if err := decoder.Decode(&v); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return v
}
