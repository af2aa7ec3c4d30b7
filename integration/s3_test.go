package integration

import (
	crand "crypto/rand"
	"errors"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"pritunl-backup/storage"
	"pritunl-backup/storage/storagetest"
)

// TestS3 runs everything that needs a real S3 service against one that is started once.
func TestS3(t *testing.T) {
	svc := startS3(t)
	t.Run("contract", func(t *testing.T) {
		storagetest.Run(t, func(t *testing.T) storage.Store { return svc.store(t, nil) })
	})
	t.Run("in parts", func(t *testing.T) { s3Parts(t, svc) })
	t.Run("leftover parts", func(t *testing.T) { s3LeftoverParts(t, svc) })
	t.Run("tags", func(t *testing.T) { s3Tags(t, svc) })
	t.Run("object lock", func(t *testing.T) { s3ObjectLock(t, svc) })
	t.Run("no such bucket", func(t *testing.T) { s3NoBucket(t, svc) })
	t.Run("wrong credentials", func(t *testing.T) { s3WrongCredentials(t, svc) })
	t.Run("killed uploads", func(t *testing.T) { s3KilledUploads(t, svc) })
	t.Run("lost answers", func(t *testing.T) { s3LostAnswers(t, svc) })
}

const minPart = 5 << 20 // S3 takes no smaller part but the last

func s3Random(n int) *storage.Sealed {
	b := make([]byte, n)
	rand.NewChaCha8([32]byte{1}).Read(b)
	return storage.Bytes(b)
}

func s3Parts(t *testing.T, svc *s3Service) {
	store := svc.store(t, func(o *storage.S3Options) { o.SinglePutLimit, o.PartSize = minPart, minPart })
	body := s3Random(2*minPart + 12345)
	info, err := store.Put(t.Context(), "large.json.gz", body, storage.PutOptions{Metadata: map[string]string{"k": "v"}})
	if err != nil {
		t.Fatal(err)
	}
	if info.Size != body.Size || info.Checksum != body.SHA256 || info.Metadata["k"] != "v" || len(info.Warnings) > 0 {
		t.Errorf("info %+v", info)
	}
	r, err := store.Get(t.Context(), "large.json.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	b, err := io.ReadAll(r)
	if err != nil || storage.Bytes(b).SHA256 != body.SHA256 {
		t.Errorf("read %d bytes back, %v", len(b), err)
	}
	if _, err := store.Put(t.Context(), "large.json.gz", body, storage.PutOptions{}); !errors.Is(err, storage.ErrExists) {
		t.Errorf("put over it: %v", err)
	}
	if n := svc.pendingUploads(t); n != 0 {
		t.Errorf("%d uploads left behind", n)
	}
}

// pendingUploads counts multipart uploads that nobody completed or aborted.
func (s *s3Service) pendingUploads(t *testing.T) int {
	t.Helper()
	out, err := s.client(t).ListMultipartUploads(t.Context(), &s3.ListMultipartUploadsInput{Bucket: &s.bucket})
	if err != nil {
		t.Fatal(err)
	}
	return len(out.Uploads)
}

// s3LeftoverParts: the multipart upload of a killed run is aborted by one that comes more than a day later.
func s3LeftoverParts(t *testing.T, svc *s3Service) {
	if svc.dir == "" {
		t.Skip("counts all uploads of the bucket, which needs a bucket of its own")
	}
	prefix := svc.prefix(t)
	c := svc.client(t)
	name := storage.DefaultTemplate.Name(storage.Label{Host: "vpn-1", Time: time.Unix(1e9, 0), Complete: true, Gzip: true})
	for _, key := range []string{prefix + name, prefix + "somebody-elses-object"} {
		if _, err := c.CreateMultipartUpload(t.Context(), &s3.CreateMultipartUploadInput{Bucket: &svc.bucket, Key: &key}); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		later time.Duration
		want  int
	}{{time.Hour, 2}, {25 * time.Hour, 1}} {
		opts := svc.options
		opts.SinglePutLimit, opts.PartSize = minPart, minPart
		opts.Now = func() time.Time { return time.Now().Add(c.later) }
		store, err := storage.NewS3Store(t.Context(), svc.bucket, prefix, opts)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := store.Put(t.Context(), name, s3Random(minPart+1), storage.PutOptions{Replace: storage.ReplaceAny}); err != nil {
			t.Fatal(err)
		}
		if n := svc.pendingUploads(t); n != c.want {
			t.Errorf("%s later %d uploads are pending, want %d", c.later, n, c.want)
		}
	}
}

func s3Tags(t *testing.T, svc *s3Service) {
	store := svc.store(t, func(o *storage.S3Options) {
		o.Tags = map[string]string{"team": "net + security", "tool": "pritunl-backup"}
		o.StorageClass = "STANDARD"
	})
	if _, err := store.Put(t.Context(), "a.json", storage.Bytes([]byte("{}")), storage.PutOptions{}); err != nil {
		t.Fatal(err)
	}
	var key string
	pages, err := svc.client(t).ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: &svc.bucket})
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range pages.Contents {
		if strings.Contains(*o.Key, "tags") {
			key = *o.Key
		}
	}
	out, err := svc.client(t).GetObjectTagging(t.Context(), &s3.GetObjectTaggingInput{Bucket: &svc.bucket, Key: &key})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, tag := range out.TagSet {
		got[*tag.Key] = *tag.Value
	}
	if len(got) != 2 || got["team"] != "net + security" {
		t.Errorf("tags %v", got)
	}
}

func s3ObjectLock(t *testing.T, svc *s3Service) {
	if svc.lockBucket == "" {
		t.Skip("no bucket with object lock: set " + envS3LockBucket)
	}
	opts := svc.options
	opts.LockMode, opts.LockDays = "GOVERNANCE", 1
	store, err := storage.NewS3Store(t.Context(), svc.lockBucket, svc.prefix(t), opts)
	if err != nil {
		t.Fatal(err)
	}
	info, err := store.Put(t.Context(), "a.json", storage.Bytes([]byte("{}")), storage.PutOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if !info.Held(time.Now()) || info.Held(time.Now().AddDate(0, 0, 2)) || info.LockMode != "GOVERNANCE" {
		t.Errorf("lock until %s, mode %q", info.LockedUntil, info.LockMode)
	}
	lease, err := storage.Lock(t.Context(), store, "nightly.lock", storage.LockOptions{Holder: "a", TTL: time.Hour, Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	if err := lease.Release(t.Context()); err != nil {
		t.Errorf("the lock of a run must not be locked itself: %v", err)
	}
	opts = svc.options
	opts.LockMode, opts.LockDays = "COMPLIANCE", 1
	plain, err := storage.NewS3Store(t.Context(), svc.bucket, svc.prefix(t), opts)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := plain.Put(t.Context(), "a.json", storage.Bytes([]byte("{}")), storage.PutOptions{}); !strings.Contains(storage.Hint(err), "no object lock") {
		t.Errorf("bucket without object lock: %v, hint %q", err, storage.Hint(err))
	}
}

func s3NoBucket(t *testing.T, svc *s3Service) {
	opts := svc.options
	store, err := storage.NewS3Store(t.Context(), "no-such-bucket-"+strings.ToLower(crand.Text())[:8], "", opts)
	if err != nil {
		t.Fatal(err)
	}
	_, err = store.Put(t.Context(), "a.json", storage.Bytes(nil), storage.PutOptions{})
	if !errors.Is(err, storage.ErrNotFound) || !strings.Contains(storage.Hint(err), "there is no bucket") {
		t.Errorf("put: %v, hint %q", err, storage.Hint(err))
	}
	for _, err := range store.List(t.Context()) {
		if !errors.Is(err, storage.ErrNotFound) || !strings.Contains(storage.Hint(err), "there is no bucket") {
			t.Errorf("list: %v, hint %q", err, storage.Hint(err))
		}
	}
}

func s3WrongCredentials(t *testing.T, svc *s3Service) {
	for _, c := range []struct{ key, secret, hint string }{
		{"not-a-real-key", "wrong-not-a-real-secret", "does not belong to the access key"},
		{"unknown-not-a-real-key", "not-a-real-secret", "unknown to this endpoint"},
	} {
		store := svc.store(t, func(o *storage.S3Options) {
			o.Credentials = aws.CredentialsProviderFunc(s3Static(c.key, c.secret))
		})
		_, err := store.Put(t.Context(), "a.json", storage.Bytes([]byte("{}")), storage.PutOptions{})
		if err == nil || strings.Contains(err.Error()+storage.Hint(err), c.secret) {
			t.Errorf("put: %v", err)
		}
		for _, err := range store.List(t.Context()) {
			if !errors.Is(err, storage.ErrAuth) || !strings.Contains(storage.Hint(err), c.hint) {
				t.Errorf("list: %v, hint %q", err, storage.Hint(err))
			}
		}
	}
}
