package cli_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/rogpeppe/go-internal/testscript"
)

// requestLog appends what a server was sent to a file that scripts can grep.
type requestLog struct {
	mu   sync.Mutex
	path string
}

func (l *requestLog) write(format string, args ...any) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	f, err := os.OpenFile(l.path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(f, format, args...)
	if closed := f.Close(); err == nil {
		err = closed
	}
	return err
}

// serveWeb answers with the files of a directory, or with an empty 200 to everything; its address is $NAME, what it
// was sent is in NAME.log: method and path, headers named Auth-*, body.
func serveWeb(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) < 1 || len(args) > 2 {
		ts.Fatalf("usage: web NAME [DIR]")
	}
	log := &requestLog{path: ts.MkAbs(args[0] + ".log")}
	ts.Check(log.write(""))
	var files http.Handler = http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
	if len(args) == 2 {
		files = http.FileServer(http.Dir(ts.MkAbs(args[1])))
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err == nil {
			err = log.write("%s %s\n%s\n", r.Method, r.URL.RequestURI(), body)
		}
		for name := range r.Header {
			if err == nil && (strings.HasPrefix(name, "Auth") || name == "Cookie") {
				err = log.write("%s: sent\n", name)
			}
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		files.ServeHTTP(w, r)
	}))
	ts.Defer(server.Close)
	ts.Setenv(args[0], server.URL)
}

// startAWS speaks the wire protocol of Secrets Manager and SSM over files: aws/secret/ID and aws/parameter/ID hold the
// values, a file aws/denied makes every request one without permission. What was asked is in aws.log.
func startAWS(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 0 {
		ts.Fatalf("usage: aws")
	}
	log := &requestLog{path: ts.MkAbs("aws.log")}
	ts.Check(log.write(""))
	dir := ts.MkAbs("aws")
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		code, body := answerAWS(dir, log, r)
		w.WriteHeader(code)
		_ = json.NewEncoder(w).Encode(body)
	}))
	ts.Defer(server.Close)
	for name, value := range map[string]string{
		"AWS_ENDPOINT_URL_SECRETS_MANAGER": server.URL, "AWS_ENDPOINT_URL_SSM": server.URL, "AWS_REGION": "eu-west-1",
		"AWS_ACCESS_KEY_ID": "FAKEKEY", "AWS_SECRET_ACCESS_KEY": "FAKESECRETKEY", "AWS_EC2_METADATA_DISABLED": "true", "AWS_MAX_ATTEMPTS": "1",
	} {
		ts.Setenv(name, value)
	}
}

func answerAWS(dir string, log *requestLog, r *http.Request) (int, map[string]any) {
	fault := func(kind string) (int, map[string]any) {
		return http.StatusBadRequest, map[string]any{"__type": kind, "message": "as the test wants it"}
	}
	var in struct {
		SecretID           string `json:"SecretId"`
		SecretString, Name string
		WithDecryption     bool
	}
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		return fault("SerializationException")
	}
	_, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	id := in.SecretID + in.Name
	if err := log.write("%s %s\n", operation, id); err != nil {
		return fault("InternalServiceError")
	}
	if _, err := os.Stat(filepath.Join(dir, "denied")); err == nil {
		return fault("AccessDeniedException")
	}
	path := filepath.Join(dir, "secret", filepath.Base(id))
	switch operation {
	case "GetSecretValue":
		text, err := os.ReadFile(path)
		if err != nil {
			return fault("ResourceNotFoundException")
		}
		return http.StatusOK, map[string]any{"Name": id, "SecretString": string(text), "VersionId": "v1"}
	case "PutSecretValue", "CreateSecret":
		if os.MkdirAll(filepath.Dir(path), 0o700) != nil || os.WriteFile(path, []byte(in.SecretString), 0o600) != nil {
			return fault("InternalServiceError")
		}
		return http.StatusOK, map[string]any{"Name": id, "VersionId": "v2"}
	case "GetParameter":
		text, err := os.ReadFile(filepath.Join(dir, "parameter", filepath.Base(id)))
		if err != nil || !in.WithDecryption {
			return fault("ParameterNotFound")
		}
		return http.StatusOK, map[string]any{"Parameter": map[string]any{"Name": id, "Value": string(text), "Type": "SecureString"}}
	}
	return fault("UnknownOperationException")
}
