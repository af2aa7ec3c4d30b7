package integration_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"filippo.io/age"
	"github.com/rogpeppe/go-internal/testscript"
	"go.mongodb.org/mongo-driver/v2/bson"

	"pritunl-backup/simulator"
)

// recordedSecrets are the values that stand for secrets in the recorded documents.
var recordedSecrets = regexp.MustCompile(`FAKE[A-Z]+[0-9A-Z]*[0-9]{6}[0-9A-Z=]*|FAKEOTP[A-Z]+|-----BEGIN [A-Z ]*PRIVATE KEY-----`)

func startDatabase(ts *testscript.TestScript, _ bool, args []string) {
	want(ts, len(args) == 1 || len(args) == 2 && (args[1] == "empty" || args[1] == "recorded"), "ferret NAME [recorded|empty]")
	run := runOf(ts)
	d := newDatabase(run.t)
	run.databases[args[0]] = d
	if len(args) == 1 || args[1] == "recorded" {
		d.load(run.t)
		run.secrets = append(run.secrets, "FAKE runtime secret")
		run.addRecordedSecrets(ts)
	}
	use(ts, false, args[:1])
}

func (run *scriptRun) addRecordedSecrets(ts *testscript.TestScript) {
	files, err := filepath.Glob("testdata/mongo/*.jsonl")
	ts.Check(err)
	known := map[string]bool{}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		ts.Check(err)
		for _, found := range recordedSecrets.FindAllString(string(raw), -1) {
			known[found] = true
		}
	}
	if len(known) < 50 {
		ts.Fatalf("only %d secrets are known in the recorded documents", len(known))
	}
	for found := range known {
		run.secrets = append(run.secrets, found)
	}
}

// scriptInstance is a simulated Pritunl, or the recorded one.
type scriptInstance struct {
	simulator     *simulator.Simulator // nil for the recorded one
	url           string
	token, secret string
}

func startInstance(ts *testscript.TestScript, _ bool, args []string) {
	want(ts, len(args) > 0, "instance NAME [seed=...] [plan=...] [hosts=N] [api=off]")
	opts := simulator.Options{Seed: "demo", Plan: simulator.PlanEnterprise}
	for _, arg := range args[1:] {
		key, value, _ := strings.Cut(arg, "=")
		switch key {
		case "seed":
			opts.Seed = value
		case "plan":
			opts.Plan = value
		case "hosts":
			n, err := strconv.Atoi(value)
			ts.Check(err)
			opts.Hosts = n
		case "api":
			opts.NoAPI = value == "off"
		default:
			ts.Fatalf("instance has no %q", key)
		}
	}
	sim, err := simulator.New(opts)
	ts.Check(err)
	server := httptest.NewServer(sim)
	ts.Defer(server.Close)
	token, secret := sim.Credentials()
	addInstance(ts, args[0], &scriptInstance{sim, server.URL, token, secret})
}

func addInstance(ts *testscript.TestScript, name string, i *scriptInstance) {
	run := runOf(ts)
	run.instances[name] = i
	run.secrets = append(run.secrets, i.token, i.secret)
	use(ts, false, []string{name})
}

// startRecording answers GET requests with the answers that a real server gave, at the time when its database was as
// the recorded documents are.
func startRecording(ts *testscript.TestScript, _ bool, args []string) {
	want(ts, len(args) == 0, "recording")
	type answer struct {
		Method, Path, Query string
		Status              int
		ContentType         string          `json:"response_content_type"`
		Response            json.RawMessage `json:"response"`
	}
	file, err := os.Open("testdata/seeded-gets.jsonl")
	ts.Check(err)
	defer file.Close()
	answers := map[string]answer{}
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 4<<20)
	for lines.Scan() {
		var a answer
		ts.Check(json.Unmarshal(lines.Bytes(), &a))
		if a.Query == "" {
			answers[a.Path] = a
		}
	}
	ts.Check(lines.Err())
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		a, known := answers[req.URL.Path]
		if !known || req.Method != http.MethodGet {
			http.NotFound(w, req)
			return
		}
		w.Header().Set("Content-Type", a.ContentType)
		w.WriteHeader(a.Status)
		_, _ = w.Write(a.Response)
	}))
	ts.Defer(server.Close)
	addInstance(ts, "recording", &scriptInstance{nil, server.URL, "FAKETOKEN00000000000000000000001", "FAKESECRET0000000000000000000001"})
}

// use points the environment at a database or instance of the script.
func use(ts *testscript.TestScript, _ bool, args []string) {
	want(ts, len(args) == 1, "use NAME")
	run := runOf(ts)
	if d := run.databases[args[0]]; d != nil {
		run.current = d
		ts.Setenv("MONGODB_URI", d.uri)
		return
	}
	i := run.instances[args[0]]
	if i == nil {
		ts.Fatalf("no database or instance %s", args[0])
	}
	ts.Setenv("PRITUNL_URL", i.url)
	ts.Setenv("PRITUNL_TOKEN", i.token)
	ts.Setenv("PRITUNL_SECRET", i.secret)
}

func simulated(ts *testscript.TestScript, name string) *simulator.Simulator {
	i := runOf(ts).instances[name]
	if i == nil || i.simulator == nil {
		ts.Fatalf("no simulated instance %s", name)
	}
	return i.simulator
}

func fault(ts *testscript.TestScript, _ bool, args []string) {
	want(ts, len(args) == 2, "fault NAME JSON")
	var f simulator.Fault
	ts.Check(json.Unmarshal([]byte(args[1]), &f))
	ts.Check(simulated(ts, args[0]).Fault(f))
}

func writes(ts *testscript.TestScript, _ bool, args []string) {
	want(ts, len(args) == 2, "writes NAME N")
	if got := simulated(ts, args[0]).Writes(); strconv.Itoa(got) != args[1] {
		ts.Fatalf("%s was sent %d requests that write, want %s", args[0], got, args[1])
	}
}

// useS3 gives the script a place of its own in the bucket.
func useS3(ts *testscript.TestScript, _ bool, args []string) {
	want(ts, len(args) == 0 || args[0] == "locked", "s3 [locked]")
	run := runOf(ts)
	if len(args) > 0 && run.s3.LockBucket == "" {
		run.t.Skip("there is no bucket with object lock")
	}
	prefix := fmt.Sprintf("test-script-%d/", time.Now().UnixNano())
	for variable, bucket := range map[string]string{"BUCKET": run.s3.Bucket, "LOCKBUCKET": run.s3.LockBucket} {
		if bucket == "" {
			continue
		}
		ts.Setenv(variable, "s3://"+bucket+"/"+strings.TrimSuffix(prefix, "/"))
		ts.Defer(func() {
			ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
			defer cancel()
			run.s3.Empty(ctx, bucket, prefix)
		})
	}
	region := run.s3.Region
	if region == "" {
		region = os.Getenv("AWS_REGION")
	}
	for name, value := range map[string]string{"AWS_ENDPOINT_URL_S3": run.s3.Endpoint, "AWS_REGION": region, "AWS_ACCESS_KEY_ID": run.s3.Key,
		"AWS_SECRET_ACCESS_KEY": run.s3.Secret, "AWS_SESSION_TOKEN": run.s3.Session} {
		if value == "" {
			value = os.Getenv(name)
		}
		ts.Setenv(name, value)
	}
	if key := ts.Getenv("AWS_SECRET_ACCESS_KEY"); key != "" {
		run.secrets = append(run.secrets, key)
	}
}

func documentOf(ts *testscript.TestScript, text string) bson.D {
	var d bson.D
	if err := bson.UnmarshalExtJSON([]byte(text), false, &d); err != nil {
		ts.Fatalf("%v in %s", err, text)
	}
	return d
}

func (run *scriptRun) database(ts *testscript.TestScript) *database {
	if run.current == nil {
		ts.Fatalf("no database is in use")
	}
	return run.current
}

func insert(ts *testscript.TestScript, _ bool, args []string) {
	want(ts, len(args) == 2, "insert COLLECTION JSON")
	run := runOf(ts)
	_, err := run.database(ts).raw.Collection(args[0]).InsertOne(run.t.Context(), documentOf(ts, args[1]))
	ts.Check(err)
}

func update(ts *testscript.TestScript, _ bool, args []string) {
	want(ts, len(args) == 3, "update COLLECTION FILTER CHANGE")
	run := runOf(ts)
	result, err := run.database(ts).raw.Collection(args[0]).UpdateOne(run.t.Context(), documentOf(ts, args[1]), documentOf(ts, args[2]))
	ts.Check(err)
	if result.MatchedCount != 1 {
		ts.Fatalf("%d documents match %s", result.MatchedCount, args[1])
	}
}

func documents(ts *testscript.TestScript, _ bool, args []string) {
	want(ts, len(args) == 2, "documents COLLECTION N")
	run := runOf(ts)
	n, err := run.database(ts).raw.Collection(args[0]).CountDocuments(run.t.Context(), bson.D{})
	ts.Check(err)
	if strconv.FormatInt(n, 10) != args[1] {
		ts.Fatalf("%s holds %d documents, want %s", args[0], n, args[1])
	}
}

func ageKey(ts *testscript.TestScript, _ bool, args []string) {
	want(ts, len(args) == 1, "agekey NAME")
	key, err := age.GenerateX25519Identity()
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]+".txt"), []byte(key.String()+"\n"), 0o600))
	ts.Setenv(args[0], key.Recipient().String())
	run := runOf(ts)
	run.secrets = append(run.secrets, key.String())
}
