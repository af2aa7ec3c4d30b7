package simulator_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"pritunl-backup/simulator"
)

// login opens a session and returns its cookies as a header.
func (in *instance) login(username, password string) string {
	in.t.Helper()
	resp, err := http.Post(in.url+"/auth/session", "application/json",
		strings.NewReader(`{"username":"`+username+`","password":"`+password+`"}`))
	if err != nil {
		in.t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		in.t.Fatalf("login: %s", resp.Status)
	}
	var cookies []string
	for _, c := range resp.Cookies() {
		if !c.Secure || !c.HttpOnly {
			in.t.Errorf("cookie %s is not secure", c.Name)
		}
		cookies = append(cookies, c.Name+"="+c.Value)
	}
	return strings.Join(cookies, "; ")
}

// browse makes a request with cookies instead of a signature. It returns the
// CSRF token of the answer, if there is one.
func (in *instance) browse(method, path, cookies, csrf, body string) (int, string) {
	in.t.Helper()
	req, err := http.NewRequest(method, in.url+path, strings.NewReader(body))
	if err != nil {
		in.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Cookie", cookies)
	if csrf != "" {
		req.Header.Set("Csrf-Token", csrf)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		in.t.Fatal(err)
	}
	defer resp.Body.Close()
	var state struct {
		CSRF string `json:"csrf_token"`
	}
	if json.NewDecoder(resp.Body).Decode(&state) != nil {
		return resp.StatusCode, ""
	}
	return resp.StatusCode, state.CSRF
}

func TestSession(t *testing.T) {
	clock := simulator.NewClock(time.Now())
	in := start(t, simulator.Options{Clock: clock})
	in.make("/admin", `{"username":"web","password":"FAKE-web","super_user":true}`)
	cookies := in.login("WEB", "FAKE-web")
	var session, token string
	for _, c := range strings.Split(cookies, "; ") {
		if strings.HasPrefix(c, "session=") {
			session = c
		} else {
			token = c
		}
	}
	status, csrf := in.browse("GET", "/state", cookies, "", "")
	if status != 200 || csrf == "" {
		t.Fatalf("state: %d %q", status, csrf)
	}
	tests := []struct {
		name, path, cookies, csrf string
		want                      int
	}{
		{"all there", "/organization", cookies, csrf, 200},
		{"again", "/organization", cookies, csrf, 200},
		{"no CSRF token", "/organization", cookies, "", 401},
		{"wrong CSRF token", "/organization", cookies, "x", 401},
		{"no token cookie", "/organization", session, csrf, 401},
		{"no session cookie", "/organization", token, csrf, 401},
		{"state without CSRF token", "/state", cookies, "", 200},
		{"state without token cookie", "/state", session, "", 401},
		{"forged token", "/organization", session + "; token=" + strings.Repeat("A", 80), csrf, 401},
		{"short token", "/organization", session + "; token=AAAA", csrf, 401},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if tt.name == "forged token" || tt.name == "short token" {
				tt.cookies = strings.Replace(tt.cookies, session, "session=other", 1)
			}
			if status, _ := in.browse("GET", tt.path, tt.cookies, tt.csrf, ""); status != tt.want {
				t.Errorf("status %d, want %d", status, tt.want)
			}
		})
	}
	t.Run("expires", func(t *testing.T) {
		clock.Advance(12*time.Hour + time.Second)
		if status, _ := in.browse("GET", "/organization", cookies, csrf, ""); status != 401 {
			t.Errorf("status %d", status)
		}
	})
	t.Run("ends with logout", func(t *testing.T) {
		cookies := in.login("web", "FAKE-web")
		_, csrf := in.browse("GET", "/state", cookies, "", "")
		in.browse("DELETE", "/auth/session", cookies, "", "")
		if status, _ := in.browse("GET", "/organization", cookies, csrf, ""); status != 401 {
			t.Errorf("status %d", status)
		}
	})
}

func TestSessionLimit(t *testing.T) {
	in := start(t, simulator.Options{})
	in.make("/admin", `{"username":"web","password":"FAKE-web"}`)
	first := in.login("web", "FAKE-web")
	for range 15 {
		in.login("web", "FAKE-web")
	}
	if status, _ := in.browse("GET", "/state", first, "", ""); status != 200 {
		t.Fatalf("the first of sixteen sessions: %d", status)
	}
	in.login("web", "FAKE-web")
	if status, _ := in.browse("GET", "/state", first, "", ""); status != 401 {
		t.Errorf("the first of seventeen sessions: %d", status)
	}
}

func TestStrictMode(t *testing.T) {
	in := start(t, simulator.Options{NoAPI: true})
	status, body := in.raw("GET", "/organization", "")
	if status != 401 || body != "401 Missing token" {
		t.Errorf("got %d %q", status, body)
	}
	if status, body := in.raw("GET", "/ping", ""); status != 200 || body != "OK" {
		t.Errorf("ping: %d %q", status, body)
	}
	full := start(t, simulator.Options{})
	admins := full.list("/admin")
	self, _ := admins[1].(map[string]any)
	full.must("PUT", "/admin/"+self["id"].(string), `{"username":"apiadmin","super_user":true}`)
	if status, body := full.raw("GET", "/organization", ""); status != 401 || body != "401 Missing token" {
		t.Errorf("after the last API administrator is gone: %d %q", status, body)
	}
}

func TestSignatureVectors(t *testing.T) {
	tests := []struct{ method, path, want string }{
		{"GET", "/organization", "cvDRRWdpufW+kbR44Z0dF6Dd7CHdd9cLN3asYFeQS4E="},
		{"POST", "/user/5f0000000000000000000001/multi", "AX0NmvH5rmi9TOEplGghMM8x57gfItOH4UIBt/1bxOI="},
	}
	for _, tt := range tests {
		req, err := http.NewRequest(tt.method, "http://localhost"+tt.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		s := &signer{}
		p := s.parts(credentials{"TOKENTOKENTOKENTOKENTOKENTOKEN12", "SECRETSECRETSECRETSECRETSECRET12"}, req)
		p.stamp, p.nonce = "1700000000", "0123456789abcdef0123456789abcdef"
		if got := p.signature(); got != tt.want {
			t.Errorf("%s %s: %s, want %s", tt.method, tt.path, got, tt.want)
		}
	}
}

func TestOddSignature(t *testing.T) {
	in := start(t, simulator.Options{})
	req := in.request("GET", "/organization", "")
	req.Header.Set("Auth-Signature", "ä")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusInternalServerError {
		t.Errorf("status %d", resp.StatusCode)
	}
}

func TestNonceLivesADay(t *testing.T) {
	clock := simulator.NewClock(time.Now())
	in := start(t, simulator.Options{Clock: clock})
	in.sign.at = clock.Now()
	use := func(at time.Time) int {
		req := in.request("GET", "/organization", "")
		in.sign.at = at
		p := in.sign.parts(in.who, req)
		p.nonce = "samenonce"
		p.put(req.Header)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		return resp.StatusCode
	}
	if got := use(clock.Now()); got != 200 {
		t.Fatalf("first use: %d", got)
	}
	if got := use(clock.Now()); got != 401 {
		t.Errorf("second use: %d", got)
	}
	clock.Advance(24*time.Hour + time.Second)
	if got := use(clock.Now()); got != 200 {
		t.Errorf("a day later: %d", got)
	}
}
