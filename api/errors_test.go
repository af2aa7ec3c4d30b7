package api_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"pritunl-backup/api"
)

// kinds lists all sentinels, to see that an error is of no other kind.
var kinds = map[string]error{
	"config": api.ErrConfig, "unauthorized": api.ErrUnauthorized, "strict": api.ErrStrictMode, "clock": api.ErrClock,
	"super": api.ErrNotSuperUser, "licence": api.ErrNotLicensed, "found": api.ErrNotFound, "invalid": api.ErrInvalid,
	"conflict": api.ErrConflict, "malformed": api.ErrMalformed, "busy": api.ErrBusy, "server": api.ErrServer,
	"unavailable": api.ErrUnavailable, "foreign": api.ErrNotPritunl, "redirect": api.ErrRedirect, "truncated": api.ErrTruncated,
	"large": api.ErrTooLarge, "connection": api.ErrConnection, "timeout": api.ErrTimeout, "certificate": api.ErrCertificate,
	"readonly": api.ErrReadOnly,
}

func kindsOf(err error) string {
	var list []string
	for _, name := range []string{
		"config", "unauthorized", "strict", "clock", "super", "licence", "found", "invalid", "conflict", "malformed", "busy", "server",
		"unavailable", "foreign", "redirect", "truncated", "large", "connection", "timeout", "certificate", "readonly",
	} {
		if errors.Is(err, kinds[name]) {
			list = append(list, name)
		}
	}
	return strings.Join(list, " ")
}

func TestErrorKinds(t *testing.T) {
	const html = "text/html; charset=utf-8"
	big := `{"a":"` + strings.Repeat("x", 2000) + `"}`
	for name, tc := range map[string]struct {
		method, path      string
		answer            http.HandlerFunc
		kinds, text, hint string
	}{
		"super user":         {"GET", "/admin", answerJSON(400, `{"error":"requires_super_user","error_msg":"This administrator action can only be performed by a super user."}`), "super", "400 requires_super_user (This administrator", "super user"},
		"refused":            {"PUT", "/settings", answerJSON(400, `{"error":"port_invalid","error_msg":"Port number is not valid."}`), "invalid", "PUT /settings: 400 port_invalid (Port number is not valid)", ""},
		"conflict":           {"POST", "/server", answerJSON(400, `{"error":"network_in_use","error_msg":"Network address is already in use."}`), "invalid conflict", "network_in_use", ""},
		"code of odd type":   {"POST", "/server", answerJSON(400, `{"error":{"a":1},"error_msg":"Why."}`), "foreign", "400", ""},
		"no links":           {"GET", "/link", answerWith(404, html, "404: Not Found"), "licence found", "licence", "enterprise"},
		"no link":            {"PUT", "/link/" + orgID, answerWith(404, html, "404: Not Found"), "found", "licence", ""},
		"no user":            {"GET", "/user/" + orgID, answerWith(404, html, "404: Not Found"), "found", "no such object", ""},
		"no route":           {"GET", "/nosuch", answerWith(404, "text/plain", "404 page not found"), "found", "no such path", "check the path"},
		"other site":         {"GET", "/status", answerWith(404, html, "<html><head><title>404 Not Found</title></head><body><center>nginx</center></body></html>"), "found foreign", `a page titled "404 Not Found"`, "url"},
		"other api":          {"GET", "/status", answerJSON(404, `{"message":"no Route matched"}`), "found foreign", "404", "url"},
		"unknown id":         {"GET", "/server/" + orgID, answerWith(500, html, "500: Internal Server Error"), "server", "500 internal server error", "ids it does not know"},
		"licence refused":    {"POST", "/subscription", answerJSON(500, `{"error":"license_invalid","error_msg":"License key is invalid"}`), "invalid server", "license_invalid", ""},
		"html 500":           {"GET", "/status", answerWith(500, html, "<html><title>oops</title>"), "server", "500", ""},
		"panic":              {"GET", "/status", answerWith(510, "", ""), "server", "510", ""},
		"bad gateway":        {"GET", "/status", answerWith(502, "", ""), "server unavailable", "502 bad gateway", "restarting"},
		"maintenance":        {"GET", "/status", answerWith(503, html, "<h1>back soon</h1>"), "server unavailable", "503", ""},
		"busy":               {"POST", "/user/" + orgID + "/multi", answerJSON(429, `{"error":"users_background_busy","error_msg":"Users are already being created."}`), "busy", "users_background_busy", "wait"},
		"empty 400":          {"PUT", "/settings", answerWith(400, "", ""), "malformed", "wrong JSON type", "types"},
		"413":                {"PUT", "/settings", answerWith(413, html, "<html>"), "malformed", "too large", "fewer"},
		"content type":       {"PUT", "/settings", answerWith(520, "", ""), "malformed", "content type", "proxy"},
		"cloudflare 520":     {"PUT", "/settings", answerWith(520, html, "<html>"), "server", "520", ""},
		"http to https":      {"GET", "/status", answerWith(400, "", "Client sent an HTTP request to an HTTPS server.\n"), "foreign", "plain http", "https://"},
		"html":               {"GET", "/status", answerWith(200, html, "<!doctype html><title>Welcome to\n nginx!</title>"), "foreign", `text/html instead of JSON, a page titled "Welcome to nginx!"`, "url"},
		"html called json":   {"GET", "/status", answerJSON(200, "<html>"), "foreign", "no JSON", "url"},
		"text":               {"GET", "/status", answerWith(200, "text/plain", "OK"), "foreign", "text/plain", "url"},
		"no type":            {"GET", "/status", answerWith(200, "", "{}"), "foreign", "no JSON", "url"},
		"json and more":      {"GET", "/status", answerJSON(200, "{} {}"), "foreign", "no JSON", ""},
		"not utf-8":          {"GET", "/status", answerJSON(200, "\"\xff\""), "foreign", "no JSON", ""},
		"forbidden":          {"GET", "/status", answerWith(403, html, "<title>Forbidden</title>"), "foreign", "403", ""},
		"half json":          {"GET", "/status", answerJSON(200, `{"a": [1, 2`), "truncated", "cut short", "again"},
		"nothing":            {"GET", "/status", answerJSON(200, ""), "truncated", "cut short", ""},
		"cut":                {"GET", "/status", cutShort, "truncated", "cut short", ""},
		"too large":          {"GET", "/status", answerJSON(200, big), "large", "larger than 1000 bytes", "url"},
		"reset":              {"GET", "/status", reset, "connection", "no answer from 127.0.0.1", "restart"},
		"control characters": {"GET", "/admin", answerJSON(400, `{"error":"a\u001b[31mb","error_msg":"x\ny\u202ez"}`), "invalid", "400 a?[31mb (x y?z)", ""},
	} {
		t.Run(name, func(t *testing.T) {
			c := newClient(t, serve(t, tc.answer), func(o *api.Options) { o.Retries, o.MaxResponse = -1, 1000 })
			var body any
			if tc.method != "GET" {
				body = json.RawMessage(`{}`)
			}
			response, err := c.Do(context.Background(), tc.method, tc.path, nil, body)
			if response != nil {
				t.Errorf("response = %v beside an error", response)
			}
			e := asError(t, err)
			if got := kindsOf(err); got != tc.kinds {
				t.Errorf("%q is %q, want %q", err, got, tc.kinds)
			}
			if !strings.HasPrefix(e.Error(), tc.method+" "+tc.path+": ") || !strings.Contains(e.Error(), tc.text) {
				t.Errorf("error = %q, want %q in it", e, tc.text)
			}
			if !strings.Contains(e.Hint, tc.hint) {
				t.Errorf("hint = %q, want %q in it", e.Hint, tc.hint)
			}
		})
	}
}

func TestBodyTooLargeForTheServer(t *testing.T) {
	c := newClient(t, serve(t, answerWith(400, "", "")))
	_, err := c.PutSettings(context.Background(), map[string]string{"server_cert": strings.Repeat("x", 60000)})
	if !errors.Is(err, api.ErrMalformed) || !strings.Contains(err.Error(), "60018 bytes, pritunl takes 50000") {
		t.Errorf("error = %v", err)
	}
}

func TestRedirects(t *testing.T) {
	for name, tc := range map[string]struct {
		location, path, want, hint string
	}{
		"slash":       {"/organization", "/organization/", "redirected (301) to http://127.0.0.1", "without the slash"},
		"login":       {"https://sso.example.com/login?state=hunter2", "/status", "to https://sso.example.com/login", "https://sso.example.com"},
		"other host":  {"http://elsewhere.example.com/x", "/status", "to http://elsewhere.example.com/x", "correct the url"},
		"credentials": {"http://u:hunter2@elsewhere.example.com/x", "/status", "to http://elsewhere.example.com/x", "correct the url"},
		"nowhere":     {"", "/status", "missing or cannot be read", ""},
		"nonsense":    {"http://u:hunter2@[::1", "/status", "cannot be read", ""},
	} {
		t.Run(name, func(t *testing.T) {
			var rec recorder
			c := newClient(t, serve(t, rec.wrap(func(w http.ResponseWriter, _ *http.Request) {
				if tc.location != "" {
					w.Header().Set("Location", tc.location)
				}
				w.WriteHeader(301)
			})))
			_, err := c.Get(context.Background(), tc.path)
			e := asError(t, err)
			if !errors.Is(err, api.ErrRedirect) || !strings.Contains(e.Error(), tc.want) || !strings.Contains(e.Hint, tc.hint) {
				t.Errorf("error = %q, hint = %q; want %q and %q", e, e.Hint, tc.want, tc.hint)
			}
			if strings.Contains(e.Error()+e.Hint, "hunter2") || len(rec.all()) != 1 {
				t.Errorf("error %q after %d requests", e, len(rec.all()))
			}
		})
	}
}

func TestNoConnection(t *testing.T) {
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = closed.Close()
	c := newClient(t, "http://"+closed.Addr().String())
	_, err = c.Get(context.Background(), "/status")
	if kindsOf(err) != "connection" || !strings.Contains(err.Error(), "connection refused") || c.Requests() != 5 {
		t.Errorf("error = %v (%s) after %d requests", err, kindsOf(err), c.Requests())
	}
	if !strings.Contains(asError(t, err).Hint, "port") {
		t.Errorf("hint = %q", asError(t, err).Hint)
	}
	// Somebody who does not speak http at all.
	other, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	go func() {
		for {
			conn, err := other.Accept()
			if err != nil {
				return
			}
			_, _ = conn.Write([]byte("SSH-2.0-OpenSSH_9.6 " + fakeSecret + "\r\n"))
			_ = conn.Close()
		}
	}()
	c = newClient(t, "http://"+other.Addr().String(), func(o *api.Options) { o.Retries = -1 })
	_, err = c.Get(context.Background(), "/status")
	for e := err; e != nil; e = errors.Unwrap(e) {
		if strings.Contains(e.Error(), fakeSecret) {
			t.Errorf("%T shows the secret: %v", e, e)
		}
	}
	if got := kindsOf(err); got != "foreign" && got != "connection" {
		t.Errorf("error = %v (%s)", err, got)
	}
}

func TestTimeout(t *testing.T) {
	done := make(chan struct{})
	defer close(done)
	for name, h := range map[string]http.HandlerFunc{
		"no answer": func(http.ResponseWriter, *http.Request) { <-done },
		"half an answer": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_, _ = w.Write([]byte(`{"a":`))
			_ = http.NewResponseController(w).Flush()
			<-done
		},
	} {
		c := newClient(t, serve(t, h), func(o *api.Options) { o.Timeout = 30 * time.Millisecond })
		_, err := c.Get(context.Background(), "/status")
		if kindsOf(err) != "timeout" || !strings.Contains(err.Error(), "within 30ms") || c.Requests() != 2 {
			t.Errorf("%s: error = %v (%s) after %d requests, want a timeout after 2", name, err, kindsOf(err), c.Requests())
		}
	}
}

// However a server repeats what it was sent, no error shows it.
func TestErrorsHideSecrets(t *testing.T) {
	const secret = `FAKE"SECRET&<with>+odd/charact%rs`
	forms := []string{
		secret, url.QueryEscape(secret), url.PathEscape(secret), base64.StdEncoding.EncodeToString([]byte(secret)), fmt.Sprintf("%x", secret),
		"FAKE&#34;SECRET&amp;&lt;with&gt;+odd/charact%rs", fakeToken,
	}
	quoted, err := json.Marshal(secret)
	if err != nil {
		t.Fatal(err)
	}
	forms = append(forms, strings.Trim(string(quoted), `"`))
	for _, form := range forms {
		inJSON, err := json.Marshal(form)
		if err != nil {
			t.Fatal(err)
		}
		for name, h := range map[string]http.HandlerFunc{
			"code":    answerJSON(400, fmt.Sprintf(`{"error":%s,"error_msg":%s}`, inJSON, inJSON)),
			"401":     answerWith(401, "text/plain", "401 "+form),
			"title":   answerWith(200, "text/html", "<title>"+form+"</title>"),
			"page":    answerWith(403, "text/html", strings.Repeat("x", 65536-10)+form),
			"gateway": answerWith(502, "text/html", form),
			"redirect": func(w http.ResponseWriter, _ *http.Request) {
				w.Header()["Location"] = []string{"/" + form}
				w.WriteHeader(302)
			},
			"server": func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Server", form)
				answerWith(200, "text/html", "")(w, r)
			},
		} {
			c := newClient(t, serve(t, h), func(o *api.Options) { o.Secret, o.Retries = secret, -1 })
			_, err := c.Get(context.Background(), "/status")
			e := asError(t, err)
			all := fmt.Sprintf("%v %+v %q %q %s %q %q", e, e.Summary(), e.Code, e.Message, e.Body, e.Hint, e.Causes)
			for _, s := range append(forms, fakeToken[:8]) {
				if strings.Contains(all, s) {
					t.Errorf("%s: error shows %q: %.300s", name, s, all)
				}
			}
			if name == "page" && strings.Contains(string(e.Body[len(e.Body)-20:]), form[:6]) {
				t.Errorf("%s: end of the body shows the beginning of %q", name, form)
			}
		}
	}
}
