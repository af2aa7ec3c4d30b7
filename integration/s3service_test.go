package integration

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"pritunl-backup/storage"
)

// Names of the environment variables that point the tests at another service than their own: AWS, MinIO, Ceph, R2. The
// usual AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION and AWS_PROFILE give the credentials.
const (
	envS3Endpoint   = "PRITUNL_BACKUP_TEST_S3_ENDPOINT"    // URL; leave it out for AWS
	envS3Bucket     = "PRITUNL_BACKUP_TEST_S3_BUCKET"      // existing bucket; the tests write below test-*/ and clean up
	envS3LockBucket = "PRITUNL_BACKUP_TEST_S3_LOCK_BUCKET" // existing bucket with object lock; without it those tests are skipped
)

// s3Service is what the tests run against.
type s3Service struct {
	options    storage.S3Options // how to reach it
	bucket     string
	lockBucket string
	dir        string // versitygw keeps objects as files below; empty for another service
}

// startS3 starts versitygw on loopback, or takes the service that the environment names. The tests stop what they
// started.
func startS3(t *testing.T) *s3Service {
	t.Helper()
	svc := &s3Service{bucket: os.Getenv(envS3Bucket), lockBucket: os.Getenv(envS3LockBucket)}
	svc.options.Endpoint = os.Getenv(envS3Endpoint)
	if svc.bucket != "" {
		return svc
	}
	program, err := exec.Command("go", "tool", "-n", "github.com/versity/versitygw/cmd/versitygw").Output()
	if err != nil {
		t.Fatalf("build versitygw: %v", err)
	}
	svc.dir = t.TempDir()
	for _, d := range []string{"objects", "versions", "meta"} {
		if err := os.Mkdir(filepath.Join(svc.dir, d), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	addr := freeAddr(t)
	const key, secret = "not-a-real-key", "not-a-real-secret"
	cmd := exec.Command(strings.TrimSpace(string(program)), "--port", addr, "--access", key, "--secret", secret, "--quiet",
		"posix", "--versioning-dir", filepath.Join(svc.dir, "versions"), filepath.Join(svc.dir, "objects"))
	// It reports every broken connection, and breaking connections is what these tests do.
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	svc.options = storage.S3Options{
		Endpoint: "http://" + addr, Region: "us-east-1",
		Credentials: credentials.NewStaticCredentialsProvider(key, secret, ""),
		Attempts:    4, MaxBackoff: 50 * time.Millisecond,
	}
	waitReady(t, "http://"+addr)
	svc.bucket, svc.lockBucket = "snapshots", "locked-snapshots"
	svc.createBuckets(t)
	return svc
}

func freeAddr(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func waitReady(t *testing.T, url string) {
	t.Helper()
	for range 200 {
		resp, err := http.Get(url)
		if err == nil {
			resp.Body.Close()
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatal("versitygw does not answer")
}

// client speaks to the service directly, past the package under test.
func (s *s3Service) client(t *testing.T) *s3.Client {
	t.Helper()
	cfg, err := config.LoadDefaultConfig(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return s3.NewFromConfig(cfg, func(o *s3.Options) {
		if s.options.Credentials != nil {
			o.Region, o.Credentials = "us-east-1", s.options.Credentials
		}
		if s.options.Endpoint != "" {
			o.BaseEndpoint, o.UsePathStyle = &s.options.Endpoint, true
		}
	})
}

func (s *s3Service) createBuckets(t *testing.T) {
	t.Helper()
	c := s.client(t)
	if _, err := c.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: &s.bucket}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: &s.lockBucket, ObjectLockEnabledForBucket: aws.Bool(true)}); err != nil {
		t.Fatal(err)
	}
	_, err := c.PutBucketVersioning(t.Context(), &s3.PutBucketVersioningInput{
		Bucket: &s.lockBucket, VersioningConfiguration: &types.VersioningConfiguration{Status: types.BucketVersioningStatusEnabled},
	})
	if err != nil {
		t.Logf("versioning: %v", err)
	}
}

// store opens an empty prefix of the bucket and removes what is left in it.
func (s *s3Service) store(t *testing.T, change func(*storage.S3Options)) *storage.S3Store {
	t.Helper()
	opts := s.options
	if change != nil {
		change(&opts)
	}
	store, err := storage.NewS3Store(t.Context(), s.bucket, s.prefix(t), opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.empty(t, store) })
	return store
}

// prefix is a new one at every call.
func (s *s3Service) prefix(t *testing.T) string {
	return fmt.Sprintf("test-%d-%s/", time.Now().UnixNano(), strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
			return r
		}
		return '-'
	}, t.Name()))
}

func (s *s3Service) empty(t *testing.T, store storage.Store) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	for info, err := range store.List(ctx) {
		if err == nil {
			err = store.Delete(ctx, info.Name, "")
		}
		if err != nil && !errors.Is(err, storage.ErrNotFound) {
			t.Logf("clean up: %v", err)
		}
	}
}
