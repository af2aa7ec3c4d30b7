package simulator_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"pritunl-backup/simulator"
)

// instance is a running simulator with signed requests made short.
type instance struct {
	*simulator.Simulator
	t    *testing.T
	url  string
	who  credentials
	sign *signer
}

func start(t *testing.T, opts simulator.Options) *instance {
	t.Helper()
	sim, err := simulator.New(opts)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(sim)
	t.Cleanup(server.Close)
	token, secret := sim.Credentials()
	return &instance{Simulator: sim, t: t, url: server.URL, who: credentials{token, secret}, sign: &signer{}}
}

// request makes a signed request; body "" is none.
func (in *instance) request(method, path, body string) *http.Request {
	in.t.Helper()
	var r io.Reader
	if body != "" {
		r = strings.NewReader(body)
	}
	req, err := http.NewRequest(method, in.url+path, r)
	if err != nil {
		in.t.Fatal(err)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	in.sign.parts(in.who, req).put(req.Header)
	return req
}

// raw sends a signed request and returns status and body.
func (in *instance) raw(method, path, body string) (int, string) {
	in.t.Helper()
	resp, err := http.DefaultClient.Do(in.request(method, path, body))
	if err != nil {
		in.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		in.t.Fatal(err)
	}
	return resp.StatusCode, string(text)
}

// must sends a request that has to succeed and decodes the answer.
func (in *instance) must(method, path, body string) any {
	in.t.Helper()
	status, text := in.raw(method, path, body)
	if status != http.StatusOK {
		in.t.Fatalf("%s %s %s: %d %s", method, path, body, status, text)
	}
	var v any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		in.t.Fatalf("%s %s: %v", method, path, err)
	}
	return v
}

func (in *instance) object(method, path, body string) map[string]any {
	in.t.Helper()
	v, is := in.must(method, path, body).(map[string]any)
	if !is {
		in.t.Fatalf("%s %s: no object", method, path)
	}
	return v
}

func (in *instance) list(path string) []any {
	in.t.Helper()
	v, is := in.must(http.MethodGet, path, "").([]any)
	if !is {
		in.t.Fatalf("GET %s: no list", path)
	}
	return v
}

// make creates something and returns its id.
func (in *instance) make(path, body string) string {
	in.t.Helper()
	id, _ := in.object(http.MethodPost, path, body)["id"].(string)
	return id
}

// outcome is a status with the error code, if the body has one.
func (in *instance) outcome(method, path, body string) string {
	in.t.Helper()
	status, text := in.raw(method, path, body)
	var refused struct{ Error string }
	if json.Unmarshal([]byte(text), &refused) == nil && refused.Error != "" {
		return http.StatusText(status) + " " + refused.Error
	}
	return http.StatusText(status)
}

// server makes a server with everything that has to be given.
func (in *instance) server(own string) string {
	in.t.Helper()
	return in.make("/server", serverBody(own))
}

func serverBody(own string) string {
	if own != "" {
		own = "," + own
	}
	return `{"protocol":"udp","cipher":"aes256","hash":"sha256"` + own + `}`
}

// names takes one field out of a list of objects.
func names(list []any, key string) string {
	var out []string
	for _, e := range list {
		o, _ := e.(map[string]any)
		s, _ := o[key].(string)
		out = append(out, s)
	}
	return strings.Join(out, " ")
}

// firstID is the id of the first organization.
func firstID(tb testing.TB, server *httptest.Server, who credentials, sign *signer) string {
	tb.Helper()
	req, err := http.NewRequest(http.MethodGet, server.URL+"/organization", nil)
	if err != nil {
		tb.Fatal(err)
	}
	sign.parts(who, req).put(req.Header)
	resp, err := server.Client().Do(req)
	if err != nil {
		tb.Fatal(err)
	}
	defer resp.Body.Close()
	var list []struct{ ID string }
	if err := json.NewDecoder(resp.Body).Decode(&list); err != nil || len(list) == 0 {
		tb.Fatal("no organization", err)
	}
	return list[0].ID
}

func overlap(a, b string) bool {
	return netip.MustParsePrefix(a).Overlaps(netip.MustParsePrefix(b))
}
