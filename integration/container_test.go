package integration

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/testcontainers/testcontainers-go"
	mongodriver "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// TestContainers runs the same suites once more, with the database and the S3 service in containers of their own. It
// uses the variables by which any other server can be tested: a real mongod, Atlas, MinIO, Ceph.
func TestContainers(t *testing.T) {
	if testing.Short() {
		t.Skip("containers take their time")
	}
	for _, name := range []string{envS3Bucket, "PRITUNL_BACKUP_TEST_MONGODB_URI"} {
		if os.Getenv(name) != "" {
			t.Skipf("%s names another server", name)
		}
	}
	e := startEngine(t)
	uri, endpoint := e.mongoServer(t), e.s3Server(t)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	// The suites are in two packages; one process of its own has them both. What kills its way through every answer is
	// the same with the server in another place.
	cmd := exec.CommandContext(t.Context(), self, "-test.run", "^(TestMongo|TestS3|TestScripts)", "-test.skip", "Killed|Cancelled|TLS", "-test.short", "-test.timeout", "20m")
	cmd.Env = append(os.Environ(), "PRITUNL_BACKUP_TEST_MONGODB_URI="+uri, "PRITUNL_BACKUP_TEST_MONGODB_IS_FERRETDB=yes",
		envS3Endpoint+"="+endpoint, envS3Bucket+"=snapshots",
		envS3LockBucket+"=locked-snapshots", "AWS_ACCESS_KEY_ID="+s3Key, "AWS_SECRET_ACCESS_KEY="+s3Secret, "AWS_REGION=us-east-1")
	out, err := cmd.CombinedOutput()
	if err != nil || bytes.Contains(out, []byte("no tests to run")) {
		t.Fatalf("the suites against containers: %v\n%s", err, out)
	}
}

// mongoServer starts a database server in a container.
func (e engine) mongoServer(t *testing.T) string {
	t.Helper()
	c := e.run(t, testcontainers.ContainerRequest{Image: e.static(t, "./ferretd"), Networks: []string{"bridge"}})
	uri := "mongodb://" + reached(t, c) + ":27017"
	client, err := mongodriver.Connect(options.Client().ApplyURI(uri))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = client.Disconnect(context.WithoutCancel(t.Context())) }()
	await(t, "the database", func() bool { return client.Ping(t.Context(), nil) == nil })
	return uri
}

// s3Server starts an S3 service in a container, with the buckets of the tests.
func (e engine) s3Server(t *testing.T) string {
	t.Helper()
	c := e.run(t, testcontainers.ContainerRequest{
		Image: e.static(t, "github.com/versity/versitygw/cmd/versitygw"), Networks: []string{"bridge"},
		Cmd: []string{"--port", ":7070", "--access", s3Key, "--secret", s3Secret, "--quiet", "posix", "--versioning-dir", "/tmp", "/data"},
	})
	endpoint := "http://" + reached(t, c) + ":7070"
	waitReady(t, endpoint)
	s := s3.New(s3.Options{
		Region: "us-east-1", BaseEndpoint: &endpoint, UsePathStyle: true,
		Credentials: credentials.NewStaticCredentialsProvider(s3Key, s3Secret, ""),
	})
	for name, locked := range map[string]bool{"snapshots": false, "locked-snapshots": true} {
		if _, err := s.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: &name, ObjectLockEnabledForBucket: aws.Bool(locked)}); err != nil {
			t.Fatal(err)
		}
	}
	return endpoint
}
