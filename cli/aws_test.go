package cli

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"pritunl-backup/api"
	"pritunl-backup/mongo"
	"pritunl-backup/secrets"
)

// TestStoreCredentials puts a pair into a secret that holds other things, and looks at what was sent.
func TestStoreCredentials(t *testing.T) {
	for name, value := range map[string]string{"AWS_ACCESS_KEY_ID": "FAKEKEY", "AWS_SECRET_ACCESS_KEY": "FAKESECRETKEY", "AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null"} {
		t.Setenv(name, value)
	}
	var stored map[string]any
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		if strings.HasSuffix(r.Header.Get("X-Amz-Target"), "GetSecretValue") {
			_, _ = io.WriteString(w, `{"SecretString":"{\"mongodb_uri\":\"mongodb://db/pritunl\",\"owner\":\"network team\"}"}`)
			return
		}
		var put struct{ SecretString string }
		if err := json.NewDecoder(r.Body).Decode(&put); err != nil {
			t.Error(err)
		}
		if err := json.Unmarshal([]byte(put.SecretString), &stored); err != nil {
			t.Error(err)
		}
		_, _ = io.WriteString(w, `{"VersionId":"v2"}`)
	}))
	defer server.Close()

	var words bytes.Buffer
	env := &environment{stdio: Stdio{In: strings.NewReader(""), Out: io.Discard, Err: &words}}
	env.out = newPrinter(env.stdio, func(string) string { return "" })
	opts := credentialsShowOptions{
		awsSecret: "vpn-backup", aws: secrets.Options{Region: "eu-west-1", Endpoint: server.URL},
		connection: connection{options: api.Options{URL: "https://vpn.example.com"}},
	}
	administrator := mongo.Administrator{Username: "backup", Token: "FAKETOKEN", Secret: "FAKESECRET"}

	if err := env.storeCredentials(t.Context(), opts, administrator); exitCode(err) != codeRefused {
		t.Errorf("without a yes: %v", err)
	}
	if stored != nil {
		t.Fatalf("stored without a yes: %v", stored)
	}
	opts.yes = true
	if err := env.storeCredentials(t.Context(), opts, administrator); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{"url": "https://vpn.example.com", "token": "FAKETOKEN", "secret": "FAKESECRET", "mongodb_uri": "mongodb://db/pritunl", "owner": "network team"}
	if diff := cmp.Diff(want, stored); diff != "" {
		t.Error(diff)
	}
	if strings.Contains(words.String(), "FAKE") {
		t.Errorf("a value was printed: %s", words.String())
	}
}
