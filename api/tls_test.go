package api_test

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"io"
	"log"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"testing"

	"pritunl-backup/api"
)

// serveTLS starts a server with the self-signed certificate of httptest.
func serveTLS(t *testing.T, max uint16) (string, *x509.Certificate) {
	t.Helper()
	s := httptest.NewUnstartedServer(answerJSON(200, "{}"))
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.TLS = &tls.Config{MaxVersion: max}
	s.StartTLS()
	t.Cleanup(s.Close)
	return s.URL, s.Certificate()
}

func colons(digits string) string {
	var parts []string
	for i := 0; i < len(digits); i += 2 {
		parts = append(parts, digits[i:i+2])
	}
	return strings.ToUpper(strings.Join(parts, ":"))
}

func TestCertificates(t *testing.T) {
	url, certificate := serveTLS(t, 0)
	leaf, key := sha256.Sum256(certificate.Raw), sha256.Sum256(certificate.RawSubjectPublicKeyInfo)
	leafHex, keyHex := hex.EncodeToString(leaf[:]), hex.EncodeToString(key[:])
	wrong := strings.Repeat("ab", 32)
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate.Raw})
	for name, tc := range map[string]struct {
		change func(*api.Options)
		want   string // of the error, or ""
	}{
		"unknown authority":   {func(*api.Options) {}, "certificate sha256:" + leafHex + " is signed by an unknown authority"},
		"ca":                  {func(o *api.Options) { o.CA = ca }, ""},
		"insecure":            {func(o *api.Options) { o.Insecure = true }, ""},
		"pin leaf":            {func(o *api.Options) { o.Pin = "sha256:" + leafHex }, ""},
		"pin key":             {func(o *api.Options) { o.Pin = "sha256:" + keyHex }, ""},
		"pin as openssl":      {func(o *api.Options) { o.Pin = "SHA256:" + colons(leafHex) }, ""},
		"pin base64":          {func(o *api.Options) { o.Pin = "sha256:" + base64.StdEncoding.EncodeToString(leaf[:]) }, ""},
		"pin as curl":         {func(o *api.Options) { o.Pin = "sha256//" + base64.StdEncoding.EncodeToString(key[:]) }, ""},
		"pins":                {func(o *api.Options) { o.Pin = "sha256:" + wrong + ", sha256:" + leafHex }, ""},
		"pin printed by us":   {func(o *api.Options) { o.Pin = api.Fingerprint(certificate.Raw) }, ""},
		"wrong pin":           {func(o *api.Options) { o.Pin = "sha256:" + wrong }, "certificate sha256:" + leafHex + " is not the pinned one"},
		"wrong pin, insecure": {func(o *api.Options) { o.Pin, o.Insecure = "sha256:"+wrong, true }, "is not the pinned one"},
		"wrong pin, ca":       {func(o *api.Options) { o.Pin, o.CA = "sha256:"+wrong, ca }, "is not the pinned one"},
		"other host":          {func(o *api.Options) { o.CA, o.URL = ca, strings.Replace(url, "127.0.0.1", "localhost", 1) }, "is not valid for localhost"},
	} {
		t.Run(name, func(t *testing.T) {
			c := newClient(t, url, tc.change)
			_, err := c.Get(context.Background(), "/status")
			if tc.want == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if kindsOf(err) != "certificate" || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error = %v (%s), want %q", err, kindsOf(err), tc.want)
			}
			if hint := asError(t, err).Hint; !strings.Contains(hint, "--tls-pin") {
				t.Errorf("hint = %q", hint)
			}
			if c.Requests() != 1 {
				t.Errorf("requests = %d, want 1: a certificate does not get better", c.Requests())
			}
		})
	}
}

// A base64 sum that begins with slashes is not eaten by the prefix "sha256//".
func TestPinBase64WithSlashes(t *testing.T) {
	for _, sum := range [][]byte{append([]byte{0xff, 0xff}, make([]byte, 30)...), append([]byte{0xff, 0xff, 0xff}, make([]byte, 29)...)} {
		for _, prefix := range []string{"sha256:", "sha256/", "sha256//"} {
			pin := prefix + base64.StdEncoding.EncodeToString(sum)
			if _, err := api.New(api.Options{URL: "https://h", Token: fakeToken, Secret: fakeSecret, Pin: pin}); err != nil {
				t.Errorf("%s: %v", pin, err)
			}
		}
	}
}

func TestTLSBelow12IsRefused(t *testing.T) {
	url, _ := serveTLS(t, tls.VersionTLS11)
	c := newClient(t, url, func(o *api.Options) { o.Insecure, o.Retries = true, -1 })
	if _, err := c.Get(context.Background(), "/status"); err == nil || !strings.Contains(err.Error(), "protocol version") {
		t.Errorf("error = %v, want one about the protocol version", err)
	}
}

func TestHTTPSchemeMixups(t *testing.T) {
	plain := serve(t, answerJSON(200, "{}"))
	c := newClient(t, strings.Replace(plain, "http://", "https://", 1))
	_, err := c.Get(context.Background(), "/status")
	if !errors.Is(err, api.ErrCertificate) || !strings.Contains(asError(t, err).Hint, "plain http") || c.Requests() != 1 {
		t.Errorf("https to http: error = %v after %d requests", err, c.Requests())
	}
	secure, _ := serveTLS(t, 0)
	c = newClient(t, strings.Replace(secure, "https://", "http://", 1))
	_, err = c.Get(context.Background(), "/status")
	if !errors.Is(err, api.ErrNotPritunl) || !strings.Contains(asError(t, err).Hint, "https://") {
		t.Errorf("http to https: error = %v, hint = %q", err, asError(t, err).Hint)
	}
}

// The standard library reads the proxy from the environment once in a process, so
// the test runs itself as another one.
func TestProxyErrorsDoNotShowThePassword(t *testing.T) {
	if os.Getenv("TEST_IN_CHILD") != "" {
		c := newClient(t, "https://vpn.example.com", func(o *api.Options) { o.Retries = -1 })
		_, err := c.Get(context.Background(), "/status")
		t.Fatalf("error: %v; hint: %s", err, asError(t, err).Hint)
	}
	child := exec.Command(os.Args[0], "-test.run=^TestProxyErrorsDoNotShowThePassword$")
	child.Env = []string{"TEST_IN_CHILD=1", "HTTPS_PROXY=http://user:hunter2@127.0.0.1:1"}
	out, err := child.CombinedOutput()
	if err == nil || !strings.Contains(string(out), "hint: check the proxy") || strings.Contains(string(out), "hunter2") {
		t.Errorf("%v, output: %s", err, out)
	}
}
