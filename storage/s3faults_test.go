package storage_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"pritunl-backup/storage"
)

// wireOf gives the wire that a request came in through, so that a script can let it behave and then spoil the answer.
func behaveQuietly(s *wire, r *http.Request) *httptest.ResponseRecorder {
	rec := httptest.NewRecorder()
	s.behave(rec, r)
	return rec
}

// lostAnswer stores the object and breaks the connection, once.
func lostAnswer(w http.ResponseWriter, r *http.Request, n int) bool {
	return spoil(w, r, r.Method == http.MethodPut && n == 1)
}

// alwaysLost stores the object and never answers an upload.
func alwaysLost(w http.ResponseWriter, r *http.Request, n int) bool {
	return spoil(w, r, r.Method == http.MethodPut)
}

func spoil(w http.ResponseWriter, r *http.Request, now bool) bool {
	if !now {
		return false
	}
	behaveQuietly(r.Context().Value(http.ServerContextKey).(*http.Server).Handler.(*wire), r)
	panic(http.ErrAbortHandler)
}

// resetOnce breaks the connection before reading the body.
func resetOnce(w http.ResponseWriter, r *http.Request, n int) bool {
	if r.Method == http.MethodPut && n == 1 {
		panic(http.ErrAbortHandler)
	}
	return false
}

// stallsOnce takes the request and says nothing.
func stallsOnce(w http.ResponseWriter, r *http.Request, n int) bool {
	if r.Method != http.MethodPut || n != 1 {
		return false
	}
	io.Copy(io.Discard, r.Body)
	<-r.Context().Done()
	return true
}

// holdsOther tells something else than was stored when it is asked afterwards.
func holdsOther(header, value string) func(http.ResponseWriter, *http.Request, int) bool {
	return func(w http.ResponseWriter, r *http.Request, n int) bool {
		if r.Method != http.MethodHead {
			return false
		}
		rec := behaveQuietly(r.Context().Value(http.ServerContextKey).(*http.Server).Handler.(*wire), r)
		for k, v := range rec.Header() {
			w.Header()[k] = v
		}
		if w.Header().Set(header, value); value == "" {
			w.Header().Del(header)
		}
		w.WriteHeader(rec.Code)
		return true
	}
}

// TestS3ReadAnswers: the other operations.
func TestS3ReadAnswers(t *testing.T) {
	get := func(s *storage.S3Store) error {
		r, err := s.Get(context.Background(), "a.json")
		if err != nil {
			return err
		}
		defer r.Close()
		_, err = io.ReadAll(r)
		return err
	}
	list := func(s *storage.S3Store) error {
		for _, err := range s.List(context.Background()) {
			return err
		}
		return nil
	}
	cases := map[string]struct {
		script func(http.ResponseWriter, *http.Request, int) bool
		do     func(*storage.S3Store) error
		want   error
		hint   string
	}{
		"absent":             {on("GET", 0, 404, "NoSuchKey", "The specified key does not exist."), get, storage.ErrNotFound, ""},
		"read forbidden":     {on("GET", 0, 403, "AccessDenied", "no"), get, storage.ErrDenied, "s3:GetObject on arn:aws:s3:::bucket/backups/*"},
		"list forbidden":     {on("GET", 0, 403, "AccessDenied", "no"), list, storage.ErrDenied, "s3:ListBucket on arn:aws:s3:::bucket"},
		"list without":       {on("GET", 0, 404, "NoSuchBucket", "no"), list, storage.ErrNotFound, "there is no bucket"},
		"list is busy once":  {on("GET", 1, 503, "SlowDown", "no"), emptyList, nil, ""},
		"list is no list":    {func(w http.ResponseWriter, r *http.Request, n int) bool { io.WriteString(w, "<html>"); return true }, list, errAny, ""},
		"delete forbidden":   {on("DELETE", 0, 403, "AccessDenied", "no"), func(s *storage.S3Store) error { return s.Delete(context.Background(), "a.json", "") }, storage.ErrDenied, "s3:DeleteObject"},
		"deleted meanwhile":  {on("DELETE", 0, 404, "NoSuchKey", "no"), func(s *storage.S3Store) error { return s.Delete(context.Background(), "a.json", "") }, nil, ""},
		"cut in the middle":  {cutAnswer, get, errAny, ""},
		"stalls in the body": {stallsInBody, get, errAny, ""},
		"locked": {both(on("DELETE", 0, 403, "AccessDenied", "no"), func(w http.ResponseWriter, r *http.Request, n int) bool {
			w.Header().Set("X-Amz-Object-Lock-Mode", "COMPLIANCE")
			w.Header().Set("X-Amz-Object-Lock-Retain-Until-Date", "2999-01-01T00:00:00Z")
			return r.Method == http.MethodHead
		}), func(s *storage.S3Store) error { return s.Delete(context.Background(), "a.json", "") }, storage.ErrHeld, "locked until 2999-01-01T00:00:00Z (compliance)"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, opts := newWire(t, c.script)
			err := c.do(openS3(t, opts))
			if (err == nil) != (c.want == nil) || c.want != nil && c.want != errAny && !errors.Is(err, c.want) {
				t.Fatalf("error %v, want %v", err, c.want)
			}
			if !strings.Contains(storage.Hint(err), c.hint) {
				t.Errorf("error %v, hint %q", err, storage.Hint(err))
			}
			if errors.Is(err, storage.ErrIntegrity) {
				t.Errorf("a broken connection is not a damaged snapshot: %v", err)
			}
		})
	}
}

// emptyList does not look at the answer after the retry: the plain wire knows no listing.
func emptyList(s *storage.S3Store) error {
	for _, err := range s.List(context.Background()) {
		if err != nil && !strings.Contains(err.Error(), "NotFound") {
			return err
		}
	}
	return nil
}

func cutAnswer(w http.ResponseWriter, r *http.Request, n int) bool {
	w.Header().Set("Content-Length", "1000")
	w.Header().Set("Etag", `"e1"`)
	io.WriteString(w, "only this")
	return true
}

func stallsInBody(w http.ResponseWriter, r *http.Request, n int) bool {
	w.Header().Set("Content-Length", "1000")
	io.WriteString(w, "only this")
	http.NewResponseController(w).Flush()
	<-r.Context().Done()
	return true
}

// TestS3Request: everything asked for is in the request, and locks and markers are spared what would keep them.
func TestS3Request(t *testing.T) {
	var seen []http.Header
	_, opts := newWire(t, func(w http.ResponseWriter, r *http.Request, n int) bool {
		if r.Method == http.MethodPut {
			seen = append(seen, r.Header.Clone())
			if r.URL.Path != "/bucket/backups/a.json.gz" && r.URL.Path != "/bucket/backups/a.lock" {
				t.Errorf("path %q", r.URL.Path)
			}
		}
		return false
	})
	opts.SSE, opts.KMSKeyID, opts.StorageClass = "aws:kms", "alias/backup", "STANDARD_IA"
	opts.Tags = map[string]string{"team": "net", "b": "c d"}
	opts.LockMode, opts.LockDays = "COMPLIANCE", 30
	opts.Now = func() time.Time { return time.Date(2026, 11, 22, 2, 15, 0, 0, time.UTC) }
	s := openS3(t, opts)
	body := storage.Bytes([]byte(document))
	if _, err := s.Put(t.Context(), "a.json.gz", body, storage.PutOptions{Metadata: map[string]string{storage.MetaContent: "abc"}}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Put(t.Context(), "a.lock", body, storage.PutOptions{Ephemeral: true}); err != nil {
		t.Fatal(err)
	}
	for k, want := range map[string]string{
		"If-None-Match": "*", "X-Amz-Server-Side-Encryption": "aws:kms", "X-Amz-Server-Side-Encryption-Aws-Kms-Key-Id": "alias/backup",
		"X-Amz-Storage-Class": "STANDARD_IA", "X-Amz-Tagging": "b=c+d&team=net", "X-Amz-Object-Lock-Mode": "COMPLIANCE",
		"X-Amz-Object-Lock-Retain-Until-Date": "2026-12-22T02:15:00Z", "X-Amz-Meta-Content-Sha256": "abc",
		"Content-Type": "application/gzip",
	} {
		if got := seen[0].Get(k); got != want {
			t.Errorf("%s: %q, want %q", k, got, want)
		}
	}
	if seen[0].Get("X-Amz-Checksum-Sha256") == "" || seen[0].Get("X-Amz-Sdk-Checksum-Algorithm") == "CRC32" {
		t.Errorf("no SHA-256 was sent: %v", seen[0])
	}
	for _, k := range []string{"X-Amz-Storage-Class", "X-Amz-Object-Lock-Mode", "X-Amz-Object-Lock-Retain-Until-Date"} {
		if got := seen[1].Get(k); got != "" {
			t.Errorf("a lock was sent with %s: %s", k, got)
		}
	}
}

func TestS3BadOptions(t *testing.T) {
	for name, o := range map[string]storage.S3Options{
		"endpoint is no URL":     {Endpoint: "minio:9000"},
		"endpoint with password": {Endpoint: "https://user:" + testSecret + "@minio"},
		"encryption":             {SSE: "aes"},
		"key without kms":        {KMSKeyID: "alias/a"},
		"lock mode":              {LockMode: "FOREVER", LockDays: 1},
		"lock mode without days": {LockMode: "GOVERNANCE"},
		"days without mode":      {LockDays: 3},
		"external id, no role":   {ExternalID: "x"},
		"checksums":              {Checksums: "never"},
	} {
		_, err := storage.NewS3Store(t.Context(), "bucket", "", o)
		if err == nil || storage.Hint(err) == "" || strings.Contains(fmt.Sprint(err, storage.Hint(err)), testSecret) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := storage.NewS3Store(t.Context(), "", "", storage.S3Options{}); err == nil {
		t.Error("no bucket was accepted")
	}
}

// TestS3NoCredentials: nothing is sent, and the message says where credentials come from.
func TestS3NoCredentials(t *testing.T) {
	w, opts := newWire(t, nil)
	opts.Credentials = nil
	for _, k := range []string{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"} {
		t.Setenv(k, "")
	}
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	t.Setenv("AWS_CONFIG_FILE", t.TempDir()+"/none")
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", t.TempDir()+"/none")
	_, err := openS3(t, opts).Put(t.Context(), "a.json", storage.Bytes(nil), storage.PutOptions{})
	if !errors.Is(err, storage.ErrAuth) || !strings.Contains(storage.Hint(err), "AWS_ACCESS_KEY_ID") {
		t.Errorf("error %v, hint %q", err, storage.Hint(err))
	}
	if w.count("PUT") > 0 {
		t.Error("a request was sent")
	}
}

// TestS3EndpointFromEnvironment: AWS's own variables count as another endpoint, with path style.
func TestS3EndpointFromEnvironment(t *testing.T) {
	for _, variable := range []string{"AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"} {
		t.Run(variable, func(t *testing.T) {
			w, opts := newWire(t, nil)
			t.Setenv(variable, opts.Endpoint)
			opts.Endpoint = ""
			if _, err := openS3(t, opts).Put(t.Context(), "a.json", storage.Bytes(nil), storage.PutOptions{}); err != nil {
				t.Fatal(err)
			}
			if w.count("PUT") != 1 {
				t.Errorf("%d uploads", w.count("PUT"))
			}
		})
	}
}

// TestS3Role: the role is assumed with its external id, and the object is written with the role's credentials.
func TestS3Role(t *testing.T) {
	var form, auth string
	_, opts := newWire(t, func(w http.ResponseWriter, r *http.Request, n int) bool {
		if r.Method == http.MethodPut {
			auth = r.Header.Get("Authorization")
		}
		if r.Method != http.MethodPost {
			return false
		}
		b, _ := io.ReadAll(r.Body)
		form = string(b)
		io.WriteString(w, `<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials>
			<AccessKeyId>role-not-a-real-key</AccessKeyId><SecretAccessKey>x</SecretAccessKey><SessionToken>y</SessionToken>
			<Expiration>2999-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>`)
		return true
	})
	t.Setenv("AWS_ENDPOINT_URL_STS", opts.Endpoint)
	opts.RoleARN, opts.ExternalID = "arn:aws:iam::123456789012:role/backup", "external-1"
	if _, err := openS3(t, opts).Put(t.Context(), "a.json", storage.Bytes(nil), storage.PutOptions{}); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(form, "ExternalId=external-1") || !strings.Contains(auth, "role-not-a-real-key") {
		t.Errorf("form %q, authorization %q", form, auth)
	}
	_, refusing := newWire(t, on("POST", 0, 403, "AccessDenied", "not authorized to perform sts:AssumeRole"))
	t.Setenv("AWS_ENDPOINT_URL_STS", refusing.Endpoint)
	_, err := openS3(t, opts).Put(t.Context(), "b.json", storage.Bytes(nil), storage.PutOptions{})
	if !errors.Is(err, storage.ErrAuth) || !strings.Contains(storage.Hint(err), "external id") {
		t.Errorf("refused role: %v, hint %q", err, storage.Hint(err))
	}
}
