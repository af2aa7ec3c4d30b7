package integration

import (
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/moby/moby/client"
	"github.com/testcontainers/testcontainers-go"
	"go.mongodb.org/mongo-driver/v2/bson"
	mongodriver "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// TestNight is one bad night: the credentials come out of a database container, the snapshot goes to an S3 container,
// the network between is cut and healed, and the job is killed in the middle and started again.
func TestNight(t *testing.T) {
	if testing.Short() {
		t.Skip("containers take their time")
	}
	e := startEngine(t)
	private := e.network(t)
	pritunl := e.instance(t, private, "demo")
	want := e.snapshot(t, pritunl)
	e.database(t, private, pritunl)
	bucket := e.bucket(t, private)

	recovered := e.recover(t, private)
	if recovered["PRITUNL_TOKEN"] != pritunl.token || recovered["PRITUNL_SECRET"] != pritunl.secret {
		t.Fatal("the database gave another pair than the instance takes")
	}

	pritunl.slow(t)
	env := map[string]string{
		"PRITUNL_URL": pritunl.env()["PRITUNL_URL"], "AWS_ACCESS_KEY_ID": s3Key, "AWS_SECRET_ACCESS_KEY": s3Secret,
		"AWS_REGION": "us-east-1", "AWS_ENDPOINT_URL_S3": "http://s3:7070",
	}
	for name, value := range recovered {
		env[name] = value
	}
	job := e.run(t, testcontainers.ContainerRequest{
		Image: e.image, Networks: []string{private}, Env: env,
		Cmd: []string{"export", "--to", "s3://snapshots/pritunl/", "--gzip", "--timeout", "2s", "--retries", "20"},
	})
	pritunl.middle(t, job, 5)
	pritunl.cut(t)
	await(t, "a request that got lost", func() bool { return strings.Contains(logs(t, job), "again") })
	pritunl.heal(t)
	pritunl.middle(t, job, 2)
	if _, err := e.client.ContainerKill(t.Context(), job.GetContainerID(), client.ContainerKillOptions{Signal: "KILL"}); err != nil {
		t.Fatal(err)
	}
	if code := exit(t, job); code != 137 {
		t.Errorf("exit code %d after a kill", code)
	}
	if got := snapshots(t, bucket); len(got) > 0 {
		t.Errorf("a killed job left %d snapshots", len(got))
	}

	pritunl.quick(t)
	if err := job.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if code := exit(t, job); code != 0 {
		t.Fatalf("exit code %d of the second run", code)
	}
	got := snapshots(t, bucket)
	if len(got) != 1 {
		t.Fatalf("%d snapshots in the bucket", len(got))
	}
	for name, raw := range got {
		if intact(t, raw).Summary.ContentSHA256 != want {
			t.Errorf("%s has another content than a snapshot of a quiet night", name)
		}
	}
}

const s3Key, s3Secret = "not-a-real-key", "not-a-real-secret"

// static makes an image of one program of this module's tools and commands.
func (e engine) static(t *testing.T, program string) string {
	t.Helper()
	dir := t.TempDir()
	cmd := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", filepath.Join(dir, "program"), program)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build %s: %v\n%s", program, err, out)
	}
	const dockerfile = "FROM scratch\nCOPY program /program\nVOLUME [\"/data\", \"/tmp\"]\nENTRYPOINT [\"/program\"]\n"
	if err := os.WriteFile(filepath.Join(dir, "Dockerfile"), []byte(dockerfile), 0o644); err != nil {
		t.Fatal(err)
	}
	return e.build(t, dir, nil)
}

// reached gives the container's address for the test itself.
func reached(t *testing.T, c testcontainers.Container) string {
	t.Helper()
	inspect, err := c.Inspect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return inspect.NetworkSettings.Networks["bridge"].IPAddress.String()
}

// database is the instance's database, called db, as far as credentials are read from it.
func (e engine) database(t *testing.T, private string, i *instance) {
	t.Helper()
	c := e.run(t, testcontainers.ContainerRequest{
		Image: e.static(t, "./ferretd"), Networks: []string{"bridge", private}, NetworkAliases: map[string][]string{private: {"db"}},
	})
	db, err := mongodriver.Connect(options.Client().ApplyURI("mongodb://" + reached(t, c) + ":27017"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Disconnect(context.WithoutCancel(t.Context())) }()
	await(t, "the database", func() bool { return db.Ping(t.Context(), nil) == nil })
	_, err = db.Database("pritunl").Collection("administrators").InsertOne(t.Context(), bson.D{
		{Key: "username", Value: "pritunl"}, {Key: "super_user", Value: true}, {Key: "auth_api", Value: true},
		{Key: "token", Value: i.token}, {Key: "secret", Value: i.secret}, {Key: "default", Value: nil}, {Key: "disabled", Value: nil},
	})
	if err != nil {
		t.Fatal(err)
	}
	_, err = db.Database("pritunl").Collection("settings").InsertOne(t.Context(), bson.D{{Key: "_id", Value: "version"}, {Key: "version", Value: "1.34.4681.89"}})
	if err != nil {
		t.Fatal(err)
	}
}

// recover lets the shipped image read the pair out of the database.
func (e engine) recover(t *testing.T, private string) map[string]string {
	t.Helper()
	job := e.run(t, testcontainers.ContainerRequest{
		Image: e.image, Networks: []string{private}, Env: map[string]string{"MONGODB_URI": "mongodb://db:27017/pritunl"},
		Cmd: []string{"credentials", "show", "pritunl", "--format", "env", "--out", "/tmp/credentials"},
	})
	if code := exit(t, job); code != 0 {
		t.Fatalf("exit code %d", code)
	}
	raw, err := copyOut(t, job, "/tmp/credentials")
	if err != nil {
		t.Fatal(err)
	}
	pair := make(map[string]string)
	for line := range strings.Lines(string(raw)) {
		line = strings.TrimPrefix(strings.TrimSpace(line), "export ")
		if name, value, ok := strings.Cut(line, "="); ok && !strings.HasPrefix(line, "#") {
			pair[name] = strings.Trim(value, `'"`)
		}
	}
	return pair
}

// bucket is an S3 service, called s3, with a bucket for snapshots.
func (e engine) bucket(t *testing.T, private string) *s3.Client {
	t.Helper()
	c := e.run(t, testcontainers.ContainerRequest{
		Image: e.static(t, "github.com/versity/versitygw/cmd/versitygw"), Networks: []string{"bridge", private},
		NetworkAliases: map[string][]string{private: {"s3"}},
		Cmd:            []string{"--port", ":7070", "--access", s3Key, "--secret", s3Secret, "--quiet", "posix", "/data"},
	})
	endpoint := "http://" + reached(t, c) + ":7070"
	waitReady(t, endpoint)
	s := s3.New(s3.Options{
		Region: "us-east-1", BaseEndpoint: &endpoint, UsePathStyle: true,
		Credentials: credentials.NewStaticCredentialsProvider(s3Key, s3Secret, ""),
	})
	if _, err := s.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: aws.String("snapshots")}); err != nil {
		t.Fatal(err)
	}
	return s
}

// snapshots gives what is in the bucket under the names of snapshots, unpacked.
func snapshots(t *testing.T, s *s3.Client) map[string][]byte {
	t.Helper()
	list, err := s.ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: aws.String("snapshots")})
	if err != nil {
		t.Fatal(err)
	}
	out := make(map[string][]byte)
	for _, o := range list.Contents {
		if !strings.HasSuffix(*o.Key, ".json.gz") {
			continue
		}
		got, err := s.GetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String("snapshots"), Key: o.Key})
		if err != nil {
			t.Fatal(err)
		}
		packed, err := io.ReadAll(got.Body)
		if err != nil {
			t.Fatal(err)
		}
		_ = got.Body.Close()
		unpacked, err := gzip.NewReader(bytes.NewReader(packed))
		if err != nil {
			t.Fatal(err)
		}
		if out[*o.Key], err = io.ReadAll(unpacked); err != nil {
			t.Fatal(err)
		}
	}
	return out
}
