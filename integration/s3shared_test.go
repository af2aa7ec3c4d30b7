package integration

import "testing"

// S3 is an S3 service for the tests outside this package: an address, a bucket and a pair that may do everything.
type S3 struct {
	Endpoint, Region, Bucket string
	Key, Secret, Session     string
}

// StartS3 starts the service that the other tests use, or takes the one that the environment names.
func StartS3(t *testing.T) S3 {
	t.Helper()
	svc := startS3(t)
	s := S3{Endpoint: svc.options.Endpoint, Region: svc.options.Region, Bucket: svc.bucket}
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
