package cli_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"pritunl-backup/cli"
	"pritunl-backup/simulator"
)

// page answers every request with the same words.
func page(status int, contentType, body string, header ...string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i+1 < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.Header().Set("Content-Type", contentType)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	})
}

// onPath answers one path in its own way, everything else as next does.
func onPath(path string, special, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == path {
			special.ServeHTTP(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// closing ends every connection without an answer.
func closing() http.Handler {
	return http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
}

// silent never answers.
func silent() http.Handler {
	return http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
}

// short promises more than it sends.
func short() http.Handler { return page(200, "application/json", `[{"id":"`, "Content-Length", "5000") }

// late is a server whose clock is 13 hours behind.
func late() http.Handler {
	date := time.Now().Add(-13 * time.Hour).UTC().Format(http.TimeFormat)
	return page(401, "text/html; charset=utf-8", "401: Unauthorized", "Date", date)
}

// redirecting sends everybody to https, as a proxy before a console does.
func redirecting() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "https://"+r.Host+r.URL.Path, http.StatusMovedPermanently)
	})
}

// Whatever answers instead of a healthy Pritunl: an exit code, words that name the cause, the next step, and no file.
func TestBadServersGetWordsAndLeaveNoFile(t *testing.T) {
	sim, err := simulator.New(simulator.Options{Seed: "demo"})
	if err != nil {
		t.Fatal(err)
	}
	const json, html = "application/json", "text/html; charset=utf-8"
	for name, c := range map[string]struct {
		server http.Handler
		code   int
		words  string
	}{
		"a page of another server":      {page(200, html, "<html><title>Welcome to nginx!</title>"), 1, `not come from the pritunl api.*Welcome to nginx`},
		"a page with control sequences": {page(200, html, "<title>\x1b]0;owned\a\x1b[2J</title>"), 1, `not come from the pritunl api`},
		"another api":                   {page(200, json, `{"message":"hello"}`), 1, `not the status of a Pritunl server`},
		"another api's 404":             {page(404, json, `{"message":"Not Found"}`), 1, `404`},
		"a list":                        {page(200, json, `[]`), 1, `not the status of a Pritunl server`},
		"nothing":                       {page(200, json, ``), 1, `cut short`},
		"half an answer":                {page(200, json, `{"server_version": "1`), 1, `cut short`},
		"a firewall's page":             {page(403, html, `<h1>Forbidden</h1>`), 1, `403`},
		"a proxy's login":               {page(401, html, ``, "WWW-Authenticate", `Basic realm="x"`), 5, `proxy.* asks for a login`},
		"http that wants https":         {redirecting(), 1, `redirected \(301\) to https://`},
		"a login page elsewhere":        {page(302, html, ``, "Location", "/login"), 1, `redirected \(302\)`},
		"closed connections":            {closing(), 1, `no answer from`},
		"silence":                       {silent(), 1, `no complete answer within`},
		"a clock 13 hours off":          {late(), 5, `clock of this machine is 13h0m ahead`},
		"a restart":                     {page(502, "", ``), 1, `502`},
		"500 to everything":             {page(500, html, `500: Internal Server Error`), 1, `500 internal server error`},
		"a refusal with sequences":      {page(400, json, `{"error":"x\u001b[2J","error_msg":"\u001b[31mforged"}`), 1, `400`},
		"500 in the middle":             {onPath("/host", page(500, html, `500: Internal Server Error`), sim), 3, `hosts: GET /host: 500`},
		"html in the middle":            {onPath("/host", page(200, html, `<title>proxy</title>`), sim), 3, `hosts: .*not come from the pritunl api`},
		"another shape in the middle":   {onPath("/host", page(200, json, `{"hosts":[]}`), sim), 3, `hosts: .*not a list of objects`},
		"a body cut short":              {onPath("/host", short(), sim), 3, `hosts: .*cut short`},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(c.server)
			defer server.Close()
			token, secret := sim.Credentials()
			var flags []string
			if name == "silence" {
				flags = []string{"--timeout", "200ms"}
			}
			out := runAgainst(t, server.URL, token, secret, c.code, flags...)
			if !regexp.MustCompile(c.words).MatchString(out) {
				t.Errorf("said %q, want %s", out, c.words)
			}
		})
	}
}

// Each way in which an administrator may not use the API ends with what to check.
func TestRefusedAdministrators(t *testing.T) {
	sim, err := simulator.New(simulator.Options{Seed: "demo"})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(sim)
	defer server.Close()
	token, secret := sim.Credentials()
	runAgainst(t, server.URL, token, strings.Repeat("X", 32), 5)
	runAgainst(t, server.URL, strings.Repeat("X", 32), secret, 5)
	runAgainst(t, server.URL, secret, token, 5)
	for name, off := range map[string]string{
		"disabled": `"auth_api":true,"disabled":true`,
		"no api":   `"auth_api":false`,
	} {
		t.Run(name, func(t *testing.T) {
			vars := environmentOf(server.URL, token, secret)
			admin := map[string]string{}
			username := strings.ReplaceAll(name, " ", "")
			call(t, vars, "POST", "/admin", `{"username":"`+username+`","password":"FAKE-password","auth_api":true}`, admin)
			runOK(t, environmentOf(server.URL, admin["token"], admin["secret"]), "api", "GET", "/organization")
			call(t, vars, "PUT", "/admin/"+admin["id"], `{"username":"`+username+`",`+off+`}`, nil)
			out := runAgainst(t, server.URL, admin["token"], admin["secret"], 5)
			if !strings.Contains(out, "switched off for this administrator") || !strings.Contains(out, "disabled or was deleted") {
				t.Errorf("said %q", out)
			}
		})
	}
}

func environmentOf(url, token, secret string) map[string]string {
	return map[string]string{"PRITUNL_URL": url, "PRITUNL_TOKEN": token, "PRITUNL_SECRET": secret}
}

// runAgainst exports into an empty directory, which has to stay empty, and gives what was said.
func runAgainst(t *testing.T, url, token, secret string, want int, flags ...string) string {
	t.Helper()
	dir := t.TempDir()
	var out, words bytes.Buffer
	vars := environmentOf(url, token, secret)
	code := cli.Main(context.Background(), append([]string{"export", "--to", dir, "--retries", "0"}, flags...),
		func(name string) string { return vars[name] }, cli.Stdio{In: strings.NewReader(""), Out: &out, Err: &words})
	said := words.String()
	if code != want || out.Len() > 0 {
		t.Errorf("exit code %d, want %d; on standard output %q; said %q", code, want, out.String(), said)
	}
	if !regexp.MustCompile(`(?m)^hint: \S`).MatchString(said) && !strings.Contains(said, "400") {
		t.Errorf("no hint: %q", said)
	}
	if strings.ContainsAny(said, "\x1b\a") || strings.Contains(said, secret) {
		t.Errorf("what was said steers the terminal, or shows the secret: %q", said)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	return said
}

func runOK(t *testing.T, vars map[string]string, args ...string) string {
	t.Helper()
	var out, words bytes.Buffer
	code := cli.Main(context.Background(), args, func(name string) string { return vars[name] }, cli.Stdio{In: strings.NewReader(""), Out: &out, Err: &words})
	if code != 0 {
		t.Fatalf("%v: exit code %d: %s", args, code, words.String())
	}
	return out.String()
}

// call sends one request through the program and picks the texts of the answer.
func call(t *testing.T, vars map[string]string, method, path, body string, into map[string]string) {
	t.Helper()
	file := t.TempDir() + "/body.json"
	if err := os.WriteFile(file, []byte(body), 0o600); err != nil {
		t.Fatal(err)
	}
	answer := runOK(t, vars, "api", method, path, "--body", file)
	for _, name := range []string{"id", "token", "secret"} {
		if found := regexp.MustCompile(fmt.Sprintf(`"%s": ?"([^"]+)"`, name)).FindStringSubmatch(answer); found != nil && into != nil {
			into[name] = found[1]
		}
	}
}
