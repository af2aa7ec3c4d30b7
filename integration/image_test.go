package integration

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/moby/moby/client"
	"github.com/testcontainers/testcontainers-go"
)

// TestImage runs the shipped image against a simulated Pritunl in another container, over a network of their own.
func TestImage(t *testing.T) {
	if testing.Short() {
		t.Skip("containers take their time")
	}
	e := startEngine(t)
	t.Run("is small and locked down", e.testImage)
	t.Run("takes a backup", e.testBackup)
	t.Run("survives a network that is cut and healed", e.testCut)
	t.Run("leaves nothing when killed, and starts again", e.testKill)
	t.Run("says how a job failed", e.testFailure)
}

func (e engine) testImage(t *testing.T) {
	info, err := e.client.ImageInspect(t.Context(), e.image)
	if err != nil {
		t.Fatal(err)
	}
	if info.Config.User != "65532:65532" || !slices.Equal(info.Config.Entrypoint, []string{"/pritunl-backup"}) {
		t.Errorf("user %q, entry point %q", info.Config.User, info.Config.Entrypoint)
	}
	if len(info.RootFS.Layers) != 1 {
		t.Errorf("%d layers", len(info.RootFS.Layers))
	}
	c := e.run(t, testcontainers.ContainerRequest{Image: e.image, Cmd: []string{"--version"}})
	if code := exit(t, c); code != 0 || !strings.Contains(logs(t, c), "pritunl-backup") {
		t.Errorf("exit code %d: %s", code, logs(t, c))
	}
	roots, err := copyOut(t, c, "/etc/ssl/certs/ca-certificates.crt")
	if err != nil || !strings.Contains(string(roots), "BEGIN CERTIFICATE") {
		t.Errorf("no certificate authorities inside: %v", err)
	}
}

// export starts a job that takes a snapshot into /tmp, the one place that can be written.
func (e engine) export(t *testing.T, i *instance, flags ...string) testcontainers.Container {
	t.Helper()
	return e.run(t, testcontainers.ContainerRequest{
		Image: e.image, Networks: []string{i.network}, Env: i.env(), Cmd: append([]string{"export", "--to", "/tmp/vpn.json"}, flags...),
	})
}

func (e engine) testBackup(t *testing.T) {
	i := e.instance(t, e.network(t), "demo")
	job := e.export(t, i)
	if code := exit(t, job); code != 0 {
		t.Fatalf("exit code %d", code)
	}
	raw, err := copyOut(t, job, "/tmp/vpn.json")
	if err != nil {
		t.Fatal(err)
	}
	intact(t, raw)
	inspect, err := e.client.ContainerInspect(t.Context(), job.GetContainerID(), client.ContainerInspectOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if c := inspect.Container; !c.HostConfig.ReadonlyRootfs || c.HostConfig.Privileged {
		t.Error("the job ran with more than it needs")
	}
	if strings.Contains(logs(t, job), i.secret) || strings.Contains(logs(t, job), i.token) {
		t.Error("the log shows the credentials")
	}
}

func (e engine) testCut(t *testing.T) {
	i := e.instance(t, e.network(t), "demo")
	want := e.snapshot(t, i)
	i.slow(t)
	job := e.export(t, i, "--timeout", "2s", "--retries", "20")
	i.middle(t, job, 5)
	i.cut(t)
	// Requests in flight run into their time limit, and the ones after them find no such host.
	await(t, "a request that got lost", func() bool { return strings.Contains(logs(t, job), "again") })
	i.quick(t)
	i.heal(t)
	if code := exit(t, job); code != 0 {
		t.Fatalf("exit code %d", code)
	}
	raw, err := copyOut(t, job, "/tmp/vpn.json")
	if err != nil {
		t.Fatal(err)
	}
	if got := intact(t, raw).Summary.ContentSHA256; got != want {
		t.Error("another content than without the cut")
	}
}

// snapshot takes one without disturbance and gives the sum of its content.
func (e engine) snapshot(t *testing.T, i *instance) string {
	t.Helper()
	job := e.export(t, i)
	if code := exit(t, job); code != 0 {
		t.Fatalf("exit code %d", code)
	}
	raw, err := copyOut(t, job, "/tmp/vpn.json")
	if err != nil {
		t.Fatal(err)
	}
	return intact(t, raw).Summary.ContentSHA256
}

func (e engine) testKill(t *testing.T) {
	i := e.instance(t, e.network(t), "demo")
	want := e.snapshot(t, i)
	i.slow(t)
	job := e.export(t, i)
	i.middle(t, job, 5)
	if _, err := e.client.ContainerKill(t.Context(), job.GetContainerID(), client.ContainerKillOptions{Signal: "KILL"}); err != nil {
		t.Fatal(err)
	}
	if code := exit(t, job); code != 137 {
		t.Errorf("exit code %d after a kill", code)
	}
	if raw, err := copyOut(t, job, "/tmp/vpn.json"); err == nil {
		t.Errorf("a killed export left %d bytes under the final name", len(raw))
	}
	i.quick(t)
	if err := job.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if code := exit(t, job); code != 0 {
		t.Fatalf("exit code %d of the second run", code)
	}
	raw, err := copyOut(t, job, "/tmp/vpn.json")
	if err != nil {
		t.Fatal(err)
	}
	if got := intact(t, raw).Summary.ContentSHA256; got != want {
		t.Error("another content than without the kill")
	}
}

func (e engine) testFailure(t *testing.T) {
	i := e.instance(t, e.network(t), "demo")
	wrong := maps.Clone(i.env())
	wrong["PRITUNL_SECRET"] = strings.Repeat("x", 32)
	tests := map[string]struct {
		env  map[string]string
		args []string
		want int
	}{
		"wrong secret":   {wrong, []string{"--to", "/tmp/vpn.json"}, 5},
		"no such flag":   {i.env(), []string{"--nonsense"}, 4},
		"read-only root": {i.env(), []string{"--to", "/vpn.json"}, 1},
		"nothing set":    {nil, []string{"--to", "/tmp/vpn.json"}, 4},
	}
	got, want := map[string]int{}, map[string]int{}
	for name, tt := range tests {
		job := e.run(t, testcontainers.ContainerRequest{Image: e.image, Networks: []string{i.network}, Env: tt.env, Cmd: append([]string{"export"}, tt.args...)})
		got[name], want[name] = exit(t, job), tt.want
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("exit codes: %s", d)
	}
}
