package api_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
	"pritunl-backup/api"
)

// The vectors that were computed independently of this code.
func TestSignatureVectors(t *testing.T) {
	for _, v := range []struct{ method, path, want string }{
		{"GET", "/organization", "cvDRRWdpufW+kbR44Z0dF6Dd7CHdd9cLN3asYFeQS4E="},
		{"POST", "/user/5f0000000000000000000001/multi", "AX0NmvH5rmi9TOEplGghMM8x57gfItOH4UIBt/1bxOI="},
	} {
		for _, base := range []string{"", "/", "/behind/a proxy/"} {
			var rec recorder
			c := newClient(t, serve(t, rec.wrap(answerJSON(200, "{}")))+base, func(o *api.Options) {
				o.Token, o.Secret = "TOKENTOKENTOKENTOKENTOKENTOKEN12", "SECRETSECRETSECRETSECRETSECRET12"
				o.Now = func() time.Time { return time.Unix(1700000000, 999) }
				o.Nonce = func() string { return "0123456789abcdef0123456789abcdef" }
			})
			// The query is not part of what is signed.
			if _, err := c.Do(context.Background(), v.method, v.path, map[string][]string{"page": {"0"}}, nil); err != nil {
				t.Fatal(err)
			}
			r := rec.all()[0]
			if got := r.header.Get("Auth-Signature"); got != v.want {
				t.Errorf("base %q, %s %s: signature %s, want %s", base, v.method, v.path, got, v.want)
			}
			if want := strings.TrimRight(base, "/") + v.path; r.path != want {
				t.Errorf("path %q, want %q", r.path, want)
			}
		}
	}
}

func TestEveryAttemptIsSignedAnew(t *testing.T) {
	var rec recorder
	c := newClient(t, serve(t, rec.wrap(answerWith(503, "", ""))))
	_, err := c.Get(context.Background(), "/status")
	if err == nil {
		t.Fatal("no error from a server that only says 503")
	}
	nonces := map[string]bool{}
	for _, r := range rec.all() {
		nonce := r.header.Get("Auth-Nonce")
		if !regexp.MustCompile(`^[0-9a-f]{32}$`).MatchString(nonce) {
			t.Errorf("nonce %q is not 32 hex digits", nonce)
		}
		nonces[nonce] = true
	}
	if len(nonces) != 5 || len(rec.all()) != 5 {
		t.Errorf("%d nonces in %d attempts, want 5 in 5", len(nonces), len(rec.all()))
	}
}

// Whatever the path, the server that decodes it finds it signed.
func TestSignedPathIsWhatTheServerDecodes(t *testing.T) {
	var rec recorder
	c := newClient(t, serve(t, rec.wrap(answerJSON(200, "{}"))))
	based := newClient(t, serve(t, rec.wrap(http.StripPrefix("/a b%", answerJSON(200, "{}")).ServeHTTP))+"/a%20b%25")
	rapid.Check(t, func(t *rapid.T) {
		segments := rapid.SliceOfN(rapid.StringMatching(`[^/?\x00-\x1f\x7f-\x9f]{1,12}`), 1, 4).Draw(t, "segments")
		for i, s := range segments {
			if s == "." || s == ".." {
				segments[i] = "x"
			}
		}
		path := "/" + strings.Join(segments, "/")
		for prefix, client := range map[string]*api.Client{"": c, "/a b%": based} {
			if _, err := client.Get(context.Background(), path); err != nil {
				t.Fatal(err)
			}
			all := rec.all()
			r := all[len(all)-1]
			if r.path != prefix+path {
				t.Fatalf("server decodes %q, sent %q", r.path, prefix+path)
			}
			mac := hmac.New(sha256.New, []byte(fakeSecret))
			for i, part := range []string{fakeToken, r.header.Get("Auth-Timestamp"), r.header.Get("Auth-Nonce"), "GET", path} {
				if i > 0 {
					mac.Write([]byte("&"))
				}
				mac.Write([]byte(part))
			}
			if want := base64.StdEncoding.EncodeToString(mac.Sum(nil)); r.header.Get("Auth-Signature") != want {
				t.Fatalf("signature of %q does not verify", path)
			}
		}
	})
}
