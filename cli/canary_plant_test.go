package cli_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pritunl-backup/simulator"
	"pritunl-backup/snapshot"
)

// canary is in every secret that is planted; what a server generates is harvested besides.
const canary = "CANARY"

// canaries are planted secrets, with what they are.
type canaries map[string]string

// check demands that a text holds no secret, in no spelling.
func (c canaries) check(t *testing.T, where, text string) {
	t.Helper()
	for secret, what := range c {
		quoted, _ := json.Marshal(secret)
		for _, spelling := range []string{
			secret, strings.Trim(string(quoted), `"`), url.QueryEscape(secret), url.PathEscape(secret), base64.StdEncoding.EncodeToString([]byte(secret)),
		} {
			if strings.Contains(text, spelling) {
				t.Errorf("%s shows %s:\n%s", where, what, around(text, spelling))
				break
			}
		}
	}
	if strings.Contains(text, canary) {
		t.Errorf("%s shows a planted secret:\n%s", where, around(text, canary))
	}
}

func around(text, part string) string {
	at := strings.Index(text, part)
	return text[max(0, at-200):min(len(text), at+200)]
}

// checkFiles looks into every file below dir but those that are meant to hold secrets.
func (c canaries) checkFiles(t *testing.T, where, dir string, allowed ...string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || slices.Contains(allowed, entry.Name()) {
			return err
		}
		raw, err := os.ReadFile(filepath.Clean(path))
		if err == nil {
			c.check(t, where+": file "+entry.Name(), string(raw))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// secretFields are the fields of a kind that the catalogue calls secret and that a document can hold.
func secretFields(kind snapshot.Kind) []string {
	var out []string
	for _, f := range snapshot.Fields(kind) {
		if f.Secret && f.Class != snapshot.WriteOnly {
			out = append(out, f.Path)
		}
	}
	return out
}

// harvest adds the secrets of a document, and tells which fields it has seen some of.
func (c canaries) harvest(doc *snapshot.Document) map[string]bool {
	seen := map[string]bool{}
	for _, kind := range snapshot.Kinds() {
		for _, path := range secretFields(kind) {
			for _, o := range doc.Resources[kind] {
				list, inner, nested := strings.Cut(path, "[].")
				values := []string{o.String(path)}
				if nested {
					values = nil
					for _, e := range o.Objects(list) {
						values = append(values, e.String(inner))
					}
				}
				for _, v := range values {
					if len(v) >= 6 {
						c[v], seen[string(kind)+"."+path] = string(kind)+"."+path, true
					}
				}
			}
		}
	}
	return seen
}

// plantLive fills an instance with canaries through its API: in every secret setting. A newer server, played by wrap,
// has some more under names that nobody knows.
func plantLive(t *testing.T, mark string, opts simulator.Options, wrap func(http.Handler) http.Handler) (*simulator.Simulator, map[string]string) {
	t.Helper()
	sim, vars := simulated(t, opts, wrap)
	settings, ok := decodeJSON(t, runMain(t, vars, "api", "GET", "/settings").out).(map[string]any)
	if !ok {
		t.Fatal("no settings")
	}
	for _, path := range secretFields(snapshot.Settings) {
		if f, _ := snapshot.Lookup(snapshot.Settings, path); f.Class == snapshot.Writable {
			settings[path] = canary + "-" + mark + "-" + path
		}
	}
	for _, own := range []string{"username", "server_key", "server_cert"} {
		delete(settings, own)
	}
	if settings["sso"] == false {
		settings["sso"] = ""
	}
	settings["cloud_provider"] = "aws" // keeps the keys of its regions, and not those of other clouds
	body := filepath.Join(t.TempDir(), "body.json")
	raw, err := json.Marshal(settings)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(body, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	if o := runMain(t, vars, "api", "PUT", "/settings", "--body", body); o.code != 0 {
		t.Fatalf("plant settings: %s", o.err)
	}
	return sim, vars
}

// newer adds fields to answers that no version of this tool knows.
func newer(mark string) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return between{next: next, change: func(r *http.Request, answer []byte) []byte {
			if r.Method != http.MethodGet || r.URL.Path != "/settings" {
				return answer
			}
			more := fmt.Sprintf(`{"sso_future_secret":"%[1]s-%[2]s-future","future":{"client_secret":"%[1]s-%[2]s-nested","list":[{"api_token":"%[1]s-%[2]s-deep"}]},`, canary, mark)
			return []byte(more + strings.TrimPrefix(string(answer), "{"))
		}}
	}
}

// plantDocument puts a canary into every secret field of a document, whether the instance had one or not.
func plantDocument(t *testing.T, doc *snapshot.Document, mark string, value func(text string) any) {
	t.Helper()
	for _, kind := range snapshot.Kinds() {
		for _, path := range secretFields(kind) {
			planted := false
			for i, o := range doc.Resources[kind] {
				text := fmt.Sprintf("%s-%s-%s-%s-%d", canary, mark, kind, path, i)
				list, inner, nested := strings.Cut(path, "[].")
				if !nested {
					o[path], planted = value(text), true
					continue
				}
				items, _ := o[list].([]any)
				for j := range items {
					if m, ok := items[j].(map[string]any); ok {
						m[inner], planted = value(fmt.Sprint(text, "-", j)), true
					}
				}
			}
			if !planted {
				t.Errorf("the document has no place for %s.%s", kind, path)
			}
		}
	}
}

// echo gives what a careless server or proxy says of a request: everything that was in it.
func echo(r *http.Request, body []byte) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s\n", r.Method, r.URL)
	_ = r.Header.Write(&b)
	b.WriteString("\n")
	b.Write(body)
	return b.String()
}

// careless are servers that say too much, or break off while they say it. Those that answer "writes" let reading pass.
func careless() map[string]func(w http.ResponseWriter, r *http.Request, body []byte) bool {
	refuse := func(status int) func(http.ResponseWriter, *http.Request, []byte) bool {
		return func(w http.ResponseWriter, r *http.Request, body []byte) bool {
			if r.Method == http.MethodGet && r.URL.Path != "/settings" {
				return false
			}
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(status)
			text := echo(r, body)
			_ = json.NewEncoder(w).Encode(map[string]string{"error": "refused " + text, "error_msg": "You sent " + text})
			return true
		}
	}
	return map[string]func(w http.ResponseWriter, r *http.Request, body []byte) bool{
		"echoes with 400": refuse(http.StatusBadRequest), "echoes with 401": refuse(http.StatusUnauthorized),
		"echoes with 403": refuse(http.StatusForbidden), "echoes with 500": refuse(http.StatusInternalServerError),
		"echoes writes": func(w http.ResponseWriter, r *http.Request, body []byte) bool {
			if r.Method == http.MethodGet {
				return false
			}
			return refuse(http.StatusBadRequest)(w, r, body)
		},
		"a page": func(w http.ResponseWriter, r *http.Request, body []byte) bool {
			w.Header().Set("Content-Type", "text/html")
			w.WriteHeader(http.StatusBadGateway)
			_, _ = io.WriteString(w, "<html><title>"+echo(r, body)+"</title>"+echo(r, body)+"</html>")
			return true
		},
		"redirects": func(w http.ResponseWriter, r *http.Request, _ []byte) bool {
			w.Header().Set("Location", "https://sso.example.com/login?token="+url.QueryEscape(r.Header.Get("Auth-Token"))+"&next="+url.QueryEscape(r.URL.Path))
			w.WriteHeader(http.StatusFound)
			return true
		},
	}
}

// torn are instances whose answers cannot be understood, and hold secrets.
func torn() map[string]func(r *http.Request, answer []byte) []byte {
	on := func(change func(string) string) func(*http.Request, []byte) []byte {
		return func(r *http.Request, answer []byte) []byte {
			if r.Method == http.MethodGet && (r.URL.Path == "/settings" || r.URL.Path == "/admin" || strings.HasPrefix(r.URL.Path, "/user/")) {
				return []byte(change(string(answer)))
			}
			return answer
		}
	}
	return map[string]func(r *http.Request, answer []byte) []byte{
		"cut": on(func(s string) string {
			return s[:max(strings.LastIndex(s, canary)+10, len(s)/2)]
		}),
		"text":     on(func(s string) string { q, _ := json.Marshal(s); return string(q) }),
		"in lists": on(func(s string) string { return "[[" + s + "]]" }),
		"broken":   on(func(s string) string { return strings.ReplaceAll(s, `":`, `" `) }),
		"numbers":  on(func(s string) string { return strings.ReplaceAll(s, `"`+canary, `12e"`+canary) }),
	}
}
