package integration

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// S3 is an S3 service for the tests outside this package: an address, a bucket and a pair that may do everything.
type S3 struct {
	Endpoint, Region, Bucket string
	LockBucket               string // with object lock; may be missing
	Key, Secret, Session     string

	client *s3.Client
}

// StartS3 starts the service that the other tests use, or takes the one that the environment names.
func StartS3(t *testing.T) S3 {
	t.Helper()
	svc := startS3(t)
	s := S3{Endpoint: svc.options.Endpoint, Region: svc.options.Region, Bucket: svc.bucket, LockBucket: svc.lockBucket, client: svc.client(t)}
	if svc.options.Credentials == nil {
		return s // the AWS_ variables of the environment say the rest
	}
	pair, err := svc.options.Credentials.Retrieve(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	s.Key, s.Secret, s.Session = pair.AccessKeyID, pair.SecretAccessKey, pair.SessionToken
	return s
}

// Empty deletes what tests left below a prefix, as far as it is not locked.
func (s S3) Empty(ctx context.Context, bucket, prefix string) {
	pages := s3.NewListObjectsV2Paginator(s.client, &s3.ListObjectsV2Input{Bucket: &bucket, Prefix: &prefix})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return
		}
		for _, o := range page.Contents {
			_, _ = s.client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &bucket, Key: o.Key})
		}
	}
}
