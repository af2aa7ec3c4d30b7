package cli

import (
	"bytes"
	"io"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"pritunl-backup/simulator"
)

// TestDoctorOverTLS follows the fix that doctor gives for a certificate nobody vouches for.
func TestDoctorOverTLS(t *testing.T) {
	sim, err := simulator.New(simulator.Options{Seed: "demo"})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewTLSServer(sim)
	defer server.Close()
	token, secret := sim.Credentials()
	run := func(args ...string) (code int, out string) {
		var stdout bytes.Buffer
		getenv := func(name string) string {
			return map[string]string{"PRITUNL_URL": server.URL, "PRITUNL_TOKEN": token, "PRITUNL_SECRET": secret}[name]
		}
		code = Main(t.Context(), append([]string{"doctor"}, args...), getenv, Stdio{In: strings.NewReader(""), Out: &stdout, Err: io.Discard})
		return code, stdout.String()
	}

	code, out := run()
	if code != codeError || !regexp.MustCompile(`(?m)^failed +tls .*signed by an unknown authority`).MatchString(out) {
		t.Fatalf("exit code %d: %s", code, out)
	}
	pin := regexp.MustCompile(`--tls-pin (sha256:[0-9a-f]{64})`).FindStringSubmatch(out)
	if pin == nil {
		t.Fatalf("no pin in the fix: %s", out)
	}
	code, out = run("--tls-pin", pin[1])
	if code != codeOK || !regexp.MustCompile(`(?m)^ok +tls +TLS 1\.3, certificate pinned, valid until `).MatchString(out) {
		t.Errorf("exit code %d: %s", code, out)
	}
	code, out = run("--tls-pin", "sha256:"+strings.Repeat("0", 64))
	if code != codeError || !strings.Contains(out, "is not the pinned one") {
		t.Errorf("exit code %d: %s", code, out)
	}
	code, out = run("--insecure")
	if code != codeOK || !strings.Contains(out, "fix: anybody in between can read and change everything: use --tls-pin "+pin[1]) {
		t.Errorf("exit code %d: %s", code, out)
	}
}
