package simulator_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"pritunl-backup/simulator"
)

// line is one recorded request with its answer.
type line struct {
	Seq         int             `json:"seq"`
	Note        string          `json:"note"`
	Method      string          `json:"method"`
	Path        string          `json:"path"`
	Query       string          `json:"query"`
	ContentType *string         `json:"content_type"`
	Body        json.RawMessage `json:"body"`
	RawBody     *string         `json:"raw_body"`
	Auth        string          `json:"auth"`
	Status      int             `json:"status"`
	AnswerType  *string         `json:"response_content_type"`
	Answer      any             `json:"response"`
	Location    string          `json:"response_location"`
}

func TestReplay(t *testing.T) {
	t.Run("fresh", func(t *testing.T) { replayFiles(t, simulator.Options{}, "fresh") })
	t.Run("fresh-noplan", func(t *testing.T) {
		replayFiles(t, simulator.Options{Plan: simulator.PlanNone}, "fresh-noplan")
	})
	t.Run("auth", func(t *testing.T) { replayFiles(t, simulator.Options{}, "auth") })
	t.Run("errors", func(t *testing.T) { replayFiles(t, simulator.Options{}, "errors") })
	t.Run("lifecycle then seeded-gets", func(t *testing.T) {
		replayFiles(t, simulator.Options{}, "lifecycle", "seeded-gets")
	})
}

// TestReplayOldRelease plays what an older release answered. Its auth.jsonl did
// not start on a new installation, so it follows on the others.
func TestReplayOldRelease(t *testing.T) {
	old := simulator.Options{Version: "1.32.4278.46"}
	t.Run("fresh", func(t *testing.T) { replayFiles(t, old, "1.32/fresh") })
	t.Run("errors", func(t *testing.T) { replayFiles(t, old, "1.32/errors") })
	t.Run("lifecycle, seeded-gets, auth", func(t *testing.T) {
		replayFiles(t, old, "1.32/lifecycle", "1.32/seeded-gets", "1.32/auth")
	})
}

func replayFiles(t *testing.T, opts simulator.Options, names ...string) {
	opts.Control = true
	sim, err := simulator.New(opts)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(patient(sim, opts.Clock))
	defer server.Close()
	p := newPlayer(t, sim, server)
	for _, name := range names {
		lines := readLines(t, filepath.Join("testdata", "recordings", name+".jsonl"))
		matched := 0
		p.file = name
		if name == "1.32/auth" {
			p.setPassword(t, "apiadmin", "Pw-0123456789")
		}
		for _, l := range lines {
			key := fmt.Sprintf("%s:%d", name, l.Seq)
			faults := p.play(t, l)
			switch reason, known := knownDifferences[key]; {
			case len(faults) == 0 && known:
				t.Errorf("%s is listed as different but matches", key)
			case len(faults) == 0:
				matched++
			case known:
				t.Logf("%s differs as listed: %s", key, reason)
			default:
				t.Errorf("%s %s %s?%s (%s)\n  %s", key, l.Method, l.Path, l.Query, l.Note, strings.Join(faults, "\n  "))
			}
		}
		t.Logf("%s: %d of %d recorded requests match", name, matched, len(lines))
	}
}

func readLines(t *testing.T, file string) []line {
	t.Helper()
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var out []line
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	for {
		var l line
		if err := dec.Decode(&l); errors.Is(err, io.EOF) {
			return out
		} else if err != nil {
			t.Fatal(err)
		}
		out = append(out, l)
	}
}

// player sends recorded requests and keeps what the answers teach: which id of
// ours stands for a recorded one, and the credentials of administrators.
type player struct {
	base    string
	client  *http.Client
	ids     map[string]string
	admins  map[int]credentials // by the number of the line that showed them
	last    credentials         // the administrator shown last
	first   credentials
	seq     int
	nonce   *signer
	orgs    credentials
	plain   credentials // the last administrator that is no super user
	builtin credentials
	file    string
	cookies []*http.Cookie
	csrf    string
}

func newPlayer(t *testing.T, sim *simulator.Simulator, server *httptest.Server) *player {
	t.Helper()
	token, secret := sim.Credentials()
	client := server.Client()
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &player{
		base: server.URL, client: client, ids: map[string]string{}, admins: map[int]credentials{},
		first: credentials{token, secret}, nonce: &signer{},
	}
}

var idPattern = regexp.MustCompile(`\b([0-9a-f]{32}|[0-9a-f]{24})\b`)

// ours replaces the recorded ids in a text.
func (p *player) ours(s string) string {
	return idPattern.ReplaceAllStringFunc(s, func(id string) string {
		if own, known := p.ids[id]; known {
			return own
		}
		return id
	})
}

func (p *player) play(t *testing.T, l line) []string {
	t.Helper()
	p.seq = l.Seq
	if l.Method == "EXTERNAL" {
		return p.external(t, l)
	}
	if strings.Contains(l.Note, "further unrecorded ones") {
		for range 33 {
			p.send(t, l).Body.Close()
		}
	}
	resp := p.send(t, l)
	defer resp.Body.Close()
	p.cookies = append(p.cookies, resp.Cookies()...)
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	var faults []string
	if resp.StatusCode != l.Status {
		faults = append(faults, fmt.Sprintf("status %d, recorded %d: %.200s", resp.StatusCode, l.Status, raw))
		return faults
	}
	kinds, want := resp.Header["Content-Type"], []string(nil)
	if l.AnswerType != nil {
		want = []string{*l.AnswerType}
	}
	if !slices.Equal(kinds, want) {
		faults = append(faults, fmt.Sprintf("content type %q, recorded %q", kinds, want))
	}
	if l.Location != "" && resp.Header.Get("Location") != p.ours(l.Location) {
		faults = append(faults, fmt.Sprintf("location %q, recorded %q", resp.Header.Get("Location"), l.Location))
	}
	return append(faults, p.compareBody(l, raw)...)
}

func (p *player) compareBody(l line, raw []byte) []string {
	if l.AnswerType == nil || *l.AnswerType != "application/json" {
		if want, _ := l.Answer.(string); l.Status != 301 && l.Status != 307 && string(raw) != want {
			return []string{fmt.Sprintf("body %.200q, recorded %.200q", raw, want)}
		}
		return nil
	}
	var got any
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	if err := dec.Decode(&got); err != nil {
		return []string{"body is no JSON: " + err.Error()}
	}
	p.learn(got)
	c := comparison{player: p, path: l.Path, method: l.Method, file: p.file}
	c.compare("", l.Answer, got)
	return c.faults
}

// setPassword gives the administrator who signs the password of a recorded login.
func (p *player) setPassword(t *testing.T, name, password string) {
	t.Helper()
	var admins []struct{ ID, Username string }
	resp := p.send(t, line{Method: http.MethodGet, Path: "/admin", Auth: "ok"})
	defer resp.Body.Close()
	if err := json.NewDecoder(resp.Body).Decode(&admins); err != nil {
		t.Fatal(err)
	}
	for _, a := range admins {
		if a.Username == name {
			kind, body := "application/json", fmt.Sprintf(`{"username":%q,"password":%q,"super_user":true,"auth_api":true}`, name, password)
			p.send(t, line{Method: http.MethodPut, Path: "/admin/" + a.ID, ContentType: &kind, Body: json.RawMessage(body), Auth: "ok"}).Body.Close()
			return
		}
	}
	t.Fatalf("no administrator %s", name)
}

func (p *player) external(t *testing.T, l line) []string {
	t.Helper()
	resp, err := p.client.Post(p.base+"/_simulator/host", "application/json", bytes.NewReader(l.Body))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return []string{"host was not registered: " + resp.Status}
	}
	return nil
}

// send makes the request as it was recorded.
func (p *player) send(t *testing.T, l line) *http.Response {
	t.Helper()
	url := p.base + l.Path
	if l.Query != "" {
		url += "?" + p.ours(l.Query)
	}
	var body io.Reader
	switch {
	case l.RawBody != nil:
		body = strings.NewReader(*l.RawBody)
	case string(l.Body) != "null" || l.ContentType != nil:
		body = strings.NewReader(p.ours(string(l.Body)))
	}
	req, err := http.NewRequest(l.Method, p.ours(url), body)
	if err != nil {
		t.Fatal(err)
	}
	req.Host = "vpn-a.example.com"
	if l.ContentType != nil {
		req.Header.Set("Content-Type", *l.ContentType)
	}
	p.authorize(t, req, l)
	resp, err := p.client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	return resp
}

// learn notes the credentials that an answer shows.
func (p *player) learn(v any) {
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			p.learn(e)
		}
	case map[string]any:
		token, isAdmin := v["token"].(string)
		secret, _ := v["secret"].(string)
		if _, named := v["username"]; isAdmin && named {
			p.last = credentials{token, secret}
			p.admins[p.seq] = p.last
			if v["super_user"] == false {
				p.plain = p.last
			}
			if v["default"] == true {
				p.builtin = p.last
			}
		}
		if token, is := v["csrf_token"].(string); is {
			p.csrf = token
		}
		if token, is := v["auth_token"].(string); is {
			secret, _ := v["auth_secret"].(string)
			p.orgs = credentials{token, secret}
		}
	}
}
