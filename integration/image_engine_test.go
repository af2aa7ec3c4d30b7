package integration

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/moby/moby/api/types/container"
	dockernetwork "github.com/moby/moby/api/types/network"
	"github.com/moby/moby/client"
	"github.com/testcontainers/testcontainers-go"
	"github.com/testcontainers/testcontainers-go/log"
	"github.com/testcontainers/testcontainers-go/network"

	"pritunl-backup/snapshot"
)

// engine is the Docker engine with the shipped image in it.
type engine struct {
	client *testcontainers.DockerClient
	image  string
}

// startEngine builds the image as `make image` does, or skips when no engine answers. No registry is needed: the image
// is made from scratch, and so is every other one in these tests.
func startEngine(t *testing.T) engine {
	t.Helper()
	// The helper container that cleans up after a crash would come from a registry.
	t.Setenv("TESTCONTAINERS_RYUK_DISABLED", "true")
	c, err := testcontainers.NewDockerClientWithOpts(t.Context())
	if err == nil {
		_, err = c.Ping(t.Context(), client.PingOptions{})
	}
	if err != nil {
		t.Skipf("no container engine answers: %v", err)
	}
	t.Cleanup(func() { _ = c.Close() })
	dir := t.TempDir()
	cmd := exec.Command("make", "-s", "-f", "deploy/image.mk", "image-files", "OUT="+filepath.Join(dir, "dist", "image"))
	cmd.Dir = ".."
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("make image-files: %v\n%s", err, out)
	}
	for _, name := range []string{"Dockerfile", ".dockerignore"} {
		data, err := os.ReadFile(filepath.Join("..", name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	e := engine{client: c}
	e.image = e.build(t, dir, map[string]string{"TARGETARCH": runtime.GOARCH})
	return e
}

// build makes an image that is removed with the test.
func (e engine) build(t *testing.T, dir string, args map[string]string) string {
	t.Helper()
	pointers := make(map[string]*string)
	for name, value := range args {
		pointers[name] = &value
	}
	provider, err := testcontainers.NewDockerProvider(testcontainers.WithLogger(log.TestLogger(t)))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = provider.Close() }()
	request := &testcontainers.ContainerRequest{FromDockerfile: testcontainers.FromDockerfile{Context: dir, BuildArgs: pointers}}
	tag, err := provider.BuildImage(t.Context(), request)
	if err != nil {
		t.Fatalf("build the image: %v", err)
	}
	t.Cleanup(func() {
		_, err := e.client.ImageRemove(context.WithoutCancel(t.Context()), tag, client.ImageRemoveOptions{Force: true, PruneChildren: true})
		if err != nil {
			t.Errorf("remove the image: %v", err)
		}
	})
	return tag
}

// network is a network without a way out.
func (e engine) network(t *testing.T) string {
	t.Helper()
	n, err := network.New(t.Context(), network.WithInternal())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := n.Remove(context.WithoutCancel(t.Context())); err != nil {
			t.Errorf("remove the network: %v", err)
		}
	})
	return n.Name
}

// run starts a container as the examples in deploy/ do: read-only, without privileges.
func (e engine) run(t *testing.T, req testcontainers.ContainerRequest) testcontainers.Container {
	t.Helper()
	req.HostConfigModifier = func(h *container.HostConfig) {
		h.ReadonlyRootfs = true
		h.CapDrop = []string{"ALL"}
		h.SecurityOpt = []string{"no-new-privileges"}
	}
	c, err := testcontainers.GenericContainer(t.Context(), testcontainers.GenericContainerRequest{
		ContainerRequest: req, Started: true, Logger: log.TestLogger(t),
	})
	if c != nil {
		t.Cleanup(func() {
			if t.Failed() {
				t.Logf("%v says:\n%s", req.Cmd, logs(t, c))
			}
			if err := c.Terminate(context.WithoutCancel(t.Context()), testcontainers.StopTimeout(0)); err != nil {
				t.Errorf("remove the container: %v", err)
			}
		})
	}
	if err != nil {
		t.Fatalf("start %v: %v", req.Cmd, err)
	}
	return c
}

func logs(t *testing.T, c testcontainers.Container) string {
	r, err := c.Logs(context.WithoutCancel(t.Context()))
	if err != nil {
		return err.Error()
	}
	defer func() { _ = r.Close() }()
	text, _ := io.ReadAll(r)
	return string(text)
}

// exit waits until the container has ended and gives its exit code.
func exit(t *testing.T, c testcontainers.Container) int {
	t.Helper()
	var code int
	await(t, "the end of the container", func() bool {
		s, err := c.State(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		code = s.ExitCode
		return !s.Running && s.Status != "created"
	})
	return code
}

// await asks until something is so.
func await(t *testing.T, what string, so func() bool) {
	t.Helper()
	for until := time.Now().Add(3 * time.Minute); !so(); time.Sleep(100 * time.Millisecond) {
		if time.Now().After(until) {
			t.Fatalf("gave up waiting for %s", what)
		}
	}
}

// middle waits until the instance has answered some requests of a job that still runs.
func (i *instance) middle(t *testing.T, job testcontainers.Container, requests int) {
	t.Helper()
	from := i.answered(t)
	await(t, "the middle of the export", func() bool {
		if s, err := job.State(t.Context()); err != nil || !s.Running {
			t.Fatalf("the job ended before it was interrupted: %v", err)
		}
		return i.answered(t) > from+requests
	})
}

func copyOut(t *testing.T, c testcontainers.Container, path string) ([]byte, error) {
	r, err := c.CopyFileFromContainer(t.Context(), path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = r.Close() }()
	return io.ReadAll(r)
}

// instance is a simulated Pritunl in a container of the shipped image. It is on two networks: the private one, where
// it is called pritunl, and the engine's own, over which the test gives it orders.
type instance struct {
	testcontainers.Container
	engine        engine
	network       string
	control       string
	token, secret string
}

const instanceAlias = "pritunl"

func (e engine) instance(t *testing.T, network, seed string) *instance {
	t.Helper()
	i := &instance{engine: e, network: network}
	i.Container = e.run(t, testcontainers.ContainerRequest{
		Image: e.image, Networks: []string{"bridge", network}, NetworkAliases: map[string][]string{network: {instanceAlias}},
		Cmd: []string{"simulate", "--listen", "0.0.0.0:9700", "--seed", seed, "--credentials", "/tmp/credentials.json", "--control"},
	})
	var raw []byte
	await(t, "the credentials", func() bool {
		var err error
		raw, err = copyOut(t, i, "/tmp/credentials.json")
		return err == nil
	})
	var credentials struct{ Token, Secret string }
	if err := json.Unmarshal(raw, &credentials); err != nil {
		t.Fatalf("%v in %s", err, raw)
	}
	i.token, i.secret = credentials.Token, credentials.Secret
	inspect, err := i.Inspect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	i.control = "http://" + inspect.NetworkSettings.Networks["bridge"].IPAddress.String() + ":9700/_simulator/"
	return i
}

// env is what a job needs to reach the instance.
func (i *instance) env() map[string]string {
	return map[string]string{"PRITUNL_URL": "http://" + instanceAlias + ":9700", "PRITUNL_TOKEN": i.token, "PRITUNL_SECRET": i.secret}
}

// slow makes every answer late, so that there is a middle to interrupt.
func (i *instance) slow(t *testing.T) {
	t.Helper()
	i.order(t, http.MethodPost, "fault", `{"kind":"delay","times":-1,"delay_ms":300}`)
}

func (i *instance) quick(t *testing.T) {
	t.Helper()
	i.order(t, http.MethodDelete, "fault", "")
}

func (i *instance) order(t *testing.T, method, what, body string) []byte {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, i.control+what, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	answer, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("%s %s: %s, %v: %s", method, what, res.Status, err, answer)
	}
	return answer
}

// answered tells how many requests the instance has answered so far.
func (i *instance) answered(t *testing.T) int {
	t.Helper()
	var all []struct{ Method string }
	if err := json.Unmarshal(i.order(t, http.MethodGet, "requests", ""), &all); err != nil {
		t.Fatal(err)
	}
	return len(all)
}

func (i *instance) cut(t *testing.T) {
	t.Helper()
	_, err := i.engine.client.NetworkDisconnect(t.Context(), i.network, client.NetworkDisconnectOptions{Container: i.GetContainerID(), Force: true})
	if err != nil {
		t.Fatal(err)
	}
}

func (i *instance) heal(t *testing.T) {
	t.Helper()
	_, err := i.engine.client.NetworkConnect(t.Context(), i.network, client.NetworkConnectOptions{
		Container: i.GetContainerID(), EndpointConfig: &dockernetwork.EndpointSettings{Aliases: []string{instanceAlias}},
	})
	if err != nil {
		t.Fatal(err)
	}
}

// intact reads a snapshot to its end and checks that it is the demo instance.
func intact(t *testing.T, raw []byte) *snapshot.Document {
	t.Helper()
	doc, err := snapshot.Load(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	if !doc.Header.Complete || len(doc.Resources[snapshot.Users]) == 0 || len(doc.Resources[snapshot.Servers]) == 0 {
		t.Errorf("complete %t, counts %v", doc.Header.Complete, doc.Summary.Counts)
	}
	for _, kind := range snapshot.Kinds() {
		if slices.ContainsFunc(doc.Header.Unreadable, func(u snapshot.Unreadable) bool { return u.Kind == kind }) {
			t.Errorf("%s was not readable", kind)
		}
	}
	return doc
}
