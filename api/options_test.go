package api_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"pritunl-backup/api"
)

func TestNewRefuses(t *testing.T) {
	for name, tc := range map[string]struct {
		change     func(*api.Options)
		want, hint string
	}{
		"no url":             {func(o *api.Options) { o.URL = "" }, "no url", "https://vpn.example.com"},
		"host only":          {func(o *api.Options) { o.URL = "vpn.example.com" }, "http:// or https://", "did you mean https://vpn.example.com?"},
		"host and port":      {func(o *api.Options) { o.URL = "vpn.example.com:8443" }, "http:// or https://", "did you mean https://vpn.example.com:8443?"},
		"host, port, path":   {func(o *api.Options) { o.URL = "localhost:9700/vpn" }, "http:// or https://", "did you mean https://localhost:9700/vpn?"},
		"address":            {func(o *api.Options) { o.URL = "10.0.0.1:443" }, "http:// or https://", "https://10.0.0.1:443"},
		"two slashes":        {func(o *api.Options) { o.URL = "//vpn.example.com" }, "http:// or https://", "https://vpn.example.com?"},
		"other scheme":       {func(o *api.Options) { o.URL = "ftp://vpn.example.com" }, `scheme "ftp"`, "https://"},
		"no host":            {func(o *api.Options) { o.URL = "https:///path" }, "no host", ""},
		"only a port":        {func(o *api.Options) { o.URL = "https://:443" }, "no host", ""},
		"bad port":           {func(o *api.Options) { o.URL = "https://vpn.example.com:https" }, "url is not", ""},
		"control character":  {func(o *api.Options) { o.URL = "https://vpn.example.com\n" }, "url is not", ""},
		"query":              {func(o *api.Options) { o.URL = "https://vpn.example.com/?token=hunter2" }, "query", "remove"},
		"empty query":        {func(o *api.Options) { o.URL = "https://vpn.example.com/?" }, "query", ""},
		"fragment":           {func(o *api.Options) { o.URL = "https://vpn.example.com/#hunter2" }, "fragment", ""},
		"empty fragment":     {func(o *api.Options) { o.URL = "https://vpn.example.com/#" }, "fragment", ""},
		"password":           {func(o *api.Options) { o.URL = "https://hunter1:hunter2@vpn.example.com" }, "user name or password", "@"},
		"user":               {func(o *api.Options) { o.URL = "https://hunter2@vpn.example.com" }, "user name or password", ""},
		"password no https":  {func(o *api.Options) { o.URL = "hunter1:hunter2@vpn.example.com" }, "http:// or https://", ""},
		"password unparsed":  {func(o *api.Options) { o.URL = "https://u:hunter2@vpn.example.com:x" }, "url is not", ""},
		"dots":               {func(o *api.Options) { o.URL = "https://vpn.example.com/a/../b" }, "..", ""},
		"no token":           {func(o *api.Options) { o.Token = "" }, "no token", "web console"},
		"no secret":          {func(o *api.Options) { o.Secret = "" }, "no secret", "web console"},
		"token and newline":  {func(o *api.Options) { o.Token = "hunter2\n" }, "white space", "copy"},
		"secret with umlaut": {func(o *api.Options) { o.Secret = "hunter2ä" }, "outside ASCII", "copy"},
		"pin nonsense":       {func(o *api.Options) { o.Pin = "hunter2" }, "fingerprint", "64 hex digits"},
		"pin without sum":    {func(o *api.Options) { o.Pin = strings.Repeat("ab", 32) }, "fingerprint", ""},
		"pin too short":      {func(o *api.Options) { o.Pin = "sha256:abcd" }, "fingerprint", ""},
		"pin too long":       {func(o *api.Options) { o.Pin = "sha256:" + strings.Repeat("ab", 33) }, "fingerprint", ""},
		"pin and http":       {func(o *api.Options) { o.Pin, o.URL = "sha256:"+strings.Repeat("ab", 32), "http://vpn.example.com" }, "needs https", "https"},
		"ca nonsense":        {func(o *api.Options) { o.CA = []byte("hunter2") }, "PEM", "BEGIN CERTIFICATE"},
		"transport and pin":  {func(o *api.Options) { o.Pin, o.Transport = "sha256:"+strings.Repeat("ab", 32), http.DefaultTransport }, "transport", ""},
	} {
		t.Run(name, func(t *testing.T) {
			o := api.Options{URL: "https://vpn.example.com", Token: fakeToken, Secret: fakeSecret}
			tc.change(&o)
			_, err := api.New(o)
			if !errors.Is(err, api.ErrConfig) {
				t.Fatalf("error = %v, want ErrConfig", err)
			}
			e := asError(t, err)
			if !strings.Contains(e.Error(), tc.want) || !strings.Contains(e.Hint, tc.hint) {
				t.Errorf("error = %q, hint = %q; want %q and %q", e, e.Hint, tc.want, tc.hint)
			}
			if strings.Contains(e.Error()+e.Hint, "hunter") {
				t.Errorf("error %q (hint %q) shows what may be a secret", e, e.Hint)
			}
		})
	}
}

func TestNewAccepts(t *testing.T) {
	for url, address := range map[string]string{
		"https://vpn.example.com":           "https://vpn.example.com",
		"https://vpn.example.com/":          "https://vpn.example.com",
		"https://vpn.example.com:8443/vpn/": "https://vpn.example.com:8443/vpn",
		"HTTPS://vpn.example.com":           "https://vpn.example.com",
		"https://[2001:db8::1]:443":         "https://[2001:db8::1]:443",
		"http://localhost:9700/a%2Fb//":     "http://localhost:9700/a%2Fb",
	} {
		c, err := api.New(api.Options{URL: url, Token: fakeToken, Secret: fakeSecret})
		if err != nil {
			t.Errorf("%s: %v", url, err)
			continue
		}
		if c.Address() != address {
			t.Errorf("%s: address = %s, want %s", url, c.Address(), address)
		}
	}
}

func TestWarnings(t *testing.T) {
	for name, tc := range map[string]struct {
		o    api.Options
		want string
	}{
		"https":            {api.Options{URL: "https://h"}, ""},
		"http":             {api.Options{URL: "http://h"}, "not encrypted"},
		"http, loopback 4": {api.Options{URL: "http://127.0.0.1:9700"}, ""},
		"http, loopback 6": {api.Options{URL: "http://[::1]:9700"}, ""},
		"http, localhost":  {api.Options{URL: "http://localhost"}, ""},
		"http, like it":    {api.Options{URL: "http://localhost.example.com"}, "not encrypted"},
		"insecure":         {api.Options{URL: "https://h", Insecure: true}, "not checked"},
		"pin":              {api.Options{URL: "https://h", Pin: "sha256:" + strings.Repeat("ab", 32)}, ""},
		"both":             {api.Options{URL: "https://h", Insecure: true, Pin: "sha256:" + strings.Repeat("ab", 32)}, "ignored"},
	} {
		tc.o.Token, tc.o.Secret = fakeToken, fakeSecret
		c, err := api.New(tc.o)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if got := strings.Join(c.Warnings(), "; "); !strings.Contains(got, tc.want) || (tc.want == "") != (got == "") {
			t.Errorf("%s: warnings %q, want %q", name, got, tc.want)
		}
	}
}
