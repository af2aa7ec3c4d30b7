package integration

import (
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"pritunl-backup/storage"
)

// envEveryByte set to anything cuts an upload after each single byte, which takes a minute.
const envEveryByte = "PRITUNL_BACKUP_TEST_EVERY_BYTE"

func s3Static(key, secret string) func(context.Context) (aws.Credentials, error) {
	return func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{AccessKeyID: key, SecretAccessKey: secret}, nil
	}
}

// s3KilledUploads cuts an upload after every so many bytes. What is visible afterwards is whole, and a later run is not
// disturbed.
func s3KilledUploads(t *testing.T, svc *s3Service) {
	if svc.dir == "" {
		t.Skip("thousands of uploads: only against the service on loopback")
	}
	small := storage.Bytes([]byte(strings.Repeat("{\"small\": true}\n", 30)))
	large := s3Random(minPart + 100000)
	stride := 7
	if os.Getenv(envEveryByte) != "" {
		stride = 1
	}
	one := func(o *storage.S3Options) {}
	parts := func(o *storage.S3Options) { o.SinglePutLimit, o.PartSize = minPart, minPart }
	for _, c := range []struct {
		name   string
		body   *storage.Sealed
		stride int
		change func(*storage.S3Options)
	}{{"one request", small, stride, one}, {"parts", large, 300007, parts}} {
		t.Run(c.name, func(t *testing.T) {
			seen := map[bool]int{}
			for cut := 1; ; cut += c.stride {
				store := svc.store(t, nil)
				done := s3CutUpload(t, svc, store, c.body, cut, c.change)
				seen[s3WholeOrAbsent(t, store, c.body, cut)]++
				if t.Failed() || done {
					break
				}
			}
			t.Logf("cut before it was stored: %d times, after: %d times", seen[false], seen[true])
			if seen[false] < 10 || seen[true] == 0 {
				t.Errorf("the cuts do not cover the upload")
			}
		})
	}
}

// s3CutUpload uploads through a proxy that cuts. done is true when the upload got through.
func s3CutUpload(t *testing.T, svc *s3Service, store *storage.S3Store, body *storage.Sealed, cut int, change func(*storage.S3Options)) (done bool) {
	t.Helper()
	proxy := newS3Cutter(t, strings.TrimPrefix(svc.options.Endpoint, "http://"), cut)
	opts := svc.options
	opts.Endpoint, opts.Attempts = proxy.url(), 1
	change(&opts)
	through, err := storage.NewS3Store(t.Context(), svc.bucket, store.Prefix(), opts)
	if err != nil {
		t.Fatal(err)
	}
	_, err = through.Put(t.Context(), "a.json", body, storage.PutOptions{})
	return err == nil
}

// s3WholeOrAbsent looks past the proxy, and lets a later run write the same name.
func s3WholeOrAbsent(t *testing.T, store storage.Store, body *storage.Sealed, cut int) (stored bool) {
	t.Helper()
	// The service may still be at work on what it received.
	r, err := store.Get(t.Context(), "a.json")
	if err == nil {
		b, err := io.ReadAll(r)
		r.Close()
		if err != nil || storage.Bytes(b).SHA256 != body.SHA256 {
			t.Fatalf("cut after %d bytes: %d bytes are visible, %v", cut, len(b), err)
		}
		stored = true
	} else if !errors.Is(err, storage.ErrNotFound) {
		t.Fatal(err)
	}
	for info, err := range store.List(t.Context()) {
		if err != nil || info.Name != "a.json" || info.Size != body.Size {
			t.Fatalf("cut after %d bytes: listed %+v, %v", cut, info, err)
		}
	}
	if _, err := store.Put(t.Context(), "a.json", storage.Bytes([]byte("a later run")), storage.PutOptions{Replace: storage.ReplaceAny}); err != nil {
		t.Fatalf("cut after %d bytes: a later run cannot write: %v", cut, err)
	}
	return stored
}

// s3LostAnswers: the object was stored and the answer lost. The next attempt meets its own object and must not call it
// somebody else's.
func s3LostAnswers(t *testing.T, svc *s3Service) {
	isPut := func(r *http.Request) bool { return r.Method == http.MethodPut && !r.URL.Query().Has("uploadId") }
	isComplete := func(r *http.Request) bool {
		return r.Method == http.MethodPost && r.URL.Query().Has("uploadId")
	}
	isDelete := func(r *http.Request) bool { return r.Method == http.MethodDelete }
	small, large := storage.Bytes([]byte("{\"small\": true}\n")), s3Random(minPart+1)
	for name, c := range map[string]struct {
		lose func(*http.Request) bool
		do   func(storage.Store) error
	}{
		"put": {isPut, func(s storage.Store) error {
			_, err := s.Put(context.WithoutCancel(t.Context()), "a.json", small, storage.PutOptions{})
			return err
		}},
		"put in parts": {isComplete, func(s storage.Store) error {
			_, err := s.Put(context.WithoutCancel(t.Context()), "a.json", large, storage.PutOptions{})
			return err
		}},
		"replace": {isPut, func(s storage.Store) error {
			_, err := s.Put(context.WithoutCancel(t.Context()), "there", small, storage.PutOptions{Replace: storage.ReplaceAny})
			return err
		}},
		"lock": {isPut, func(s storage.Store) error {
			_, err := storage.Lock(context.WithoutCancel(t.Context()), s, "a.lock", storage.LockOptions{Holder: "a", TTL: time.Hour, Now: time.Now})
			return err
		}},
		"delete": {isDelete, func(s storage.Store) error {
			return s.Delete(context.WithoutCancel(t.Context()), "there", "")
		}},
	} {
		t.Run(name, func(t *testing.T) {
			loser, url := newS3Loser(t, svc.options.Endpoint, c.lose)
			store := svc.store(t, func(o *storage.S3Options) {
				o.Endpoint, o.SinglePutLimit, o.PartSize = url, minPart, minPart
			})
			plain, err := storage.NewS3Store(t.Context(), svc.bucket, store.Prefix(), svc.options)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := plain.Put(t.Context(), "there", storage.Bytes(nil), storage.PutOptions{}); err != nil {
				t.Fatal(err)
			}
			if err := c.do(store); err != nil {
				t.Errorf("%v", err)
			}
			if loser.losses() != 1 {
				t.Errorf("%d answers were lost", loser.losses())
			}
		})
	}
}
