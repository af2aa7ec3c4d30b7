package storage_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"pritunl-backup/storage"
)

const (
	testKey    = "not-a-real-key"
	testSecret = "canary-not-a-real-secret"
)

// wire is an S3 service reduced to its answers. Each test scripts the ones it needs; anything else behaves like a
// service that keeps one object.
type wire struct {
	t *testing.T
	// script answers a request itself and returns true; n counts requests of the same method from 1.
	script func(w http.ResponseWriter, r *http.Request, n int) bool

	mu     sync.Mutex
	counts map[string]int
	stored map[string]http.Header
	size   map[string]int
	log    []string
}

func newWire(t *testing.T, script func(http.ResponseWriter, *http.Request, int) bool) (*wire, storage.S3Options) {
	t.Helper()
	w := &wire{t: t, script: script, counts: map[string]int{}, stored: map[string]http.Header{}, size: map[string]int{}}
	server := httptest.NewServer(w)
	t.Cleanup(server.Close)
	return w, storage.S3Options{
		Endpoint: server.URL, Region: "eu-west-1", Attempts: 3, MaxBackoff: time.Millisecond, Stall: 200 * time.Millisecond,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: testKey, SecretAccessKey: testSecret}, nil
		}),
	}
}

func (s *wire) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.counts[r.Method]++
	n := s.counts[r.Method]
	s.log = append(s.log, r.Method)
	s.mu.Unlock()
	if s.script != nil && s.script(w, r, n) {
		return
	}
	s.behave(w, r)
}

func (s *wire) behave(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	s.mu.Lock()
	defer s.mu.Unlock()
	have, there := s.stored[r.URL.Path]
	switch {
	case r.Method == http.MethodHead && !there, r.Method == http.MethodGet && !there:
		w.WriteHeader(404)
	case r.Method == http.MethodHead:
		for k, v := range have {
			if strings.HasPrefix(k, "X-Amz-Meta-") || k == "X-Amz-Checksum-Sha256" {
				w.Header()[k] = v
			}
		}
		w.Header().Set("Etag", `"e1"`)
		w.Header().Set("Content-Length", fmt.Sprint(s.size[r.URL.Path]))
		w.Header().Set("Last-Modified", "Sun, 22 Nov 2026 02:15:00 GMT")
	case r.Method == http.MethodPut && there && r.Header.Get("If-None-Match") == "*":
		refuse(w, 412, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold")
	case r.Method == http.MethodPut:
		s.stored[r.URL.Path], s.size[r.URL.Path] = r.Header.Clone(), len(body)
		w.Header().Set("Etag", `"e1"`)
	case r.Method == http.MethodDelete:
		delete(s.stored, r.URL.Path)
		w.WriteHeader(204)
	default:
		refuse(w, 400, "Unexpected", r.Method)
	}
}

func (s *wire) count(method string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.counts[method]
}

// refuse answers as S3 does.
func refuse(w http.ResponseWriter, status int, code, message string) {
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(status)
	fmt.Fprintf(w, `<?xml version="1.0" encoding="UTF-8"?><Error><Code>%s</Code><Message>%s</Message><RequestId>1</RequestId></Error>`, code, message)
}

// on answers the first times requests of a method with a refusal; times 0 means always.
func on(method string, times, status int, code, message string) func(http.ResponseWriter, *http.Request, int) bool {
	return func(w http.ResponseWriter, r *http.Request, n int) bool {
		if r.Method != method || times > 0 && n > times {
			return false
		}
		io.Copy(io.Discard, r.Body)
		refuse(w, status, code, message)
		return true
	}
}

func openS3(t *testing.T, opts storage.S3Options) *storage.S3Store {
	t.Helper()
	s, err := storage.NewS3Store(t.Context(), "bucket", "backups", opts)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestS3PutAnswers: what comes of an upload for each answer that S3 may give to it.
func TestS3PutAnswers(t *testing.T) {
	cases := map[string]struct {
		script  func(http.ResponseWriter, *http.Request, int) bool
		options func(*storage.S3Options)
		want    error  // nil: success
		text    string // in the error
		hint    string // in the hint
		warning string
		puts    int
	}{
		"stored":                 {puts: 1},
		"busy once":              {script: on("PUT", 1, 503, "SlowDown", "Please reduce your request rate."), puts: 2},
		"internal error once":    {script: on("PUT", 1, 500, "InternalError", "We encountered an internal error."), puts: 2},
		"conflict once":          {script: on("PUT", 1, 409, "ConditionalRequestConflict", "A conflicting operation occurred."), puts: 2},
		"bad gateway once":       {script: on("PUT", 1, 502, "", ""), puts: 2},
		"always busy":            {script: on("PUT", 0, 503, "SlowDown", "Please reduce your request rate."), want: errAny, text: "SlowDown", hint: "slow down", puts: 3},
		"already there":          {script: on("PUT", 0, 412, "PreconditionFailed", "no"), want: storage.ErrExists, hint: "another name", puts: 1},
		"condition unknown":      {script: refuseCondition, warning: "does not know conditional writes", puts: 2},
		"no permission":          {script: on("PUT", 0, 403, "AccessDenied", "Access Denied"), want: storage.ErrDenied, hint: "s3:PutObject on arn:aws:s3:::bucket/backups/*", puts: 1},
		"no permission for tags": {script: on("PUT", 0, 403, "AccessDenied", "Access Denied"), options: func(o *storage.S3Options) { o.Tags = map[string]string{"a": "b"} }, want: storage.ErrDenied, hint: "s3:PutObjectTagging", puts: 1},
		"no permission to lock":  {script: on("PUT", 0, 403, "AccessDenied", "Access Denied"), options: func(o *storage.S3Options) { o.LockMode, o.LockDays = "GOVERNANCE", 3 }, want: storage.ErrDenied, hint: "s3:PutObjectRetention", puts: 1},
		"no permission for key":  {script: on("PUT", 0, 403, "AccessDenied", "Access Denied"), options: func(o *storage.S3Options) { o.SSE = "aws:kms" }, want: storage.ErrDenied, hint: "kms:GenerateDataKey", puts: 1},
		"key disabled":           {script: on("PUT", 0, 400, "KMS.DisabledException", "disabled"), want: storage.ErrDenied, hint: "KMS key", puts: 1},
		"no bucket":              {script: on("PUT", 0, 404, "NoSuchBucket", "The specified bucket does not exist"), want: storage.ErrNotFound, hint: "there is no bucket bucket", puts: 1},
		"clock skew":             {script: skewed, want: storage.ErrAuth, hint: "clock of this machine is wrong: it is", puts: 1},
		"expired":                {script: on("PUT", 0, 400, "ExpiredToken", "The provided token has expired."), want: storage.ErrAuth, hint: "have run out", puts: 1},
		"unknown key":            {script: on("PUT", 0, 403, "InvalidAccessKeyId", "no such key"), want: storage.ErrAuth, hint: "AWS_ACCESS_KEY_ID", puts: 1},
		"wrong secret":           {script: on("PUT", 0, 403, "SignatureDoesNotMatch", "no match"), want: storage.ErrAuth, hint: "AWS_SECRET_ACCESS_KEY", puts: 1},
		"wrong region":           {script: redirected, want: storage.ErrNotFound, hint: "--s3-region ap-south-2", puts: 1},
		"changed on the way":     {script: on("PUT", 0, 400, "BadDigest", "The SHA256 you specified did not match."), want: storage.ErrStored, hint: "proxy", puts: 1},
		"store full":             {script: on("PUT", 0, 507, "XMinioStorageFull", "full"), want: storage.ErrNoSpace, hint: "full", puts: 1},
		"bucket without lock":    {script: on("PUT", 0, 400, "InvalidRequest", "Bucket is missing Object Lock Configuration"), options: func(o *storage.S3Options) { o.LockMode, o.LockDays = "GOVERNANCE", 3 }, want: errAny, hint: "no object lock", puts: 1},
		"answer lost":            {script: lostAnswer, puts: 2},
		"answer lost every time": {script: alwaysLost, puts: 3},
		"reset once":             {script: resetOnce, puts: 2},
		"stalls once":            {script: stallsOnce, puts: 2},
		"lies in its answer":     {script: liesInAnswer, want: storage.ErrStored, text: "checksum of other bytes", puts: 1},
		"holds other bytes":      {script: holdsOther("X-Amz-Checksum-Sha256", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="), want: storage.ErrStored, hint: "removed again", puts: 1},
		"holds fewer bytes":      {script: holdsOther("Content-Length", "3"), want: storage.ErrStored, hint: "removed again", puts: 1},
		"tells no checksum":      {script: holdsOther("X-Amz-Checksum-Sha256", ""), warning: "only the size was compared", puts: 1},
		"write-only credentials": {script: on("HEAD", 0, 403, "", ""), warning: "not read back", puts: 1},
		"write-only, there":      {script: both(on("HEAD", 0, 403, "", ""), on("PUT", 0, 412, "PreconditionFailed", "no")), want: storage.ErrExists, puts: 1},
		"not S3 at all":          {script: notS3, want: errAny, puts: 1},
		"answer is no XML":       {script: on("PUT", 0, 403, "", "<<<"), want: storage.ErrDenied, hint: "s3:PutObject", puts: 1},
		"message with escapes":   {script: on("PUT", 0, 400, "Odd", "a&#xA;b"), want: errAny, text: `a\nb`, puts: 1},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, opts := newWire(t, c.script)
			if c.options != nil {
				c.options(&opts)
			}
			info, err := openS3(t, opts).Put(t.Context(), "a.json", storage.Bytes([]byte(document)), storage.PutOptions{})
			if (err == nil) != (c.want == nil) || c.want != nil && c.want != errAny && !errors.Is(err, c.want) {
				t.Fatalf("error %v, want %v", err, c.want)
			}
			if err != nil && (!strings.Contains(err.Error(), c.text) || !strings.Contains(storage.Hint(err), c.hint)) {
				t.Errorf("error %q with hint %q", err, storage.Hint(err))
			}
			if got := strings.Join(info.Warnings, "; "); !strings.Contains(got, c.warning) || c.warning == "" && got != "" {
				t.Errorf("warnings %q", got)
			}
			if err == nil && info.Checksum != storage.Bytes([]byte(document)).SHA256 {
				t.Errorf("checksum %q", info.Checksum)
			}
			if w.count("PUT") != c.puts {
				t.Errorf("%d uploads were sent, want %d", w.count("PUT"), c.puts)
			}
			if s := fmt.Sprint(err, storage.Hint(err)); strings.Contains(s, testSecret) || strings.Contains(s, "AWS4") {
				t.Errorf("a secret shows: %s", s)
			}
		})
	}
}

// errAny stands for an error of no particular kind.
var errAny = errors.New("any")

func both(a, b func(http.ResponseWriter, *http.Request, int) bool) func(http.ResponseWriter, *http.Request, int) bool {
	return func(w http.ResponseWriter, r *http.Request, n int) bool { return a(w, r, n) || b(w, r, n) }
}

func refuseCondition(w http.ResponseWriter, r *http.Request, n int) bool {
	if r.Header.Get("If-None-Match") == "" {
		return false
	}
	refuse(w, 501, "NotImplemented", "A header you provided implies functionality that is not implemented")
	return true
}

func skewed(w http.ResponseWriter, r *http.Request, n int) bool {
	w.Header().Set("Date", time.Now().Add(-13*time.Hour).UTC().Format(http.TimeFormat))
	return on("PUT", 0, 403, "RequestTimeTooSkewed", "The difference between the request time and the current time is too large.")(w, r, n)
}

func redirected(w http.ResponseWriter, r *http.Request, n int) bool {
	w.Header().Set("X-Amz-Bucket-Region", "ap-south-2")
	if r.Method == http.MethodHead {
		w.WriteHeader(404)
		return true
	}
	return on("PUT", 0, 301, "PermanentRedirect", "The bucket you are attempting to access must be addressed using the specified endpoint.")(w, r, n)
}

func notS3(w http.ResponseWriter, r *http.Request, n int) bool {
	if r.Method == http.MethodHead {
		w.WriteHeader(404)
		return true
	}
	w.WriteHeader(418)
	io.WriteString(w, "<html><title>teapot</title></html>")
	return true
}

func liesInAnswer(w http.ResponseWriter, r *http.Request, n int) bool {
	if r.Method != http.MethodPut {
		return false
	}
	w.Header().Set("X-Amz-Checksum-Sha256", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")
	return true
}
