package cli_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"filippo.io/age"

	"pritunl-backup/simulator"
	"pritunl-backup/storage"
)

// process is the program as one of its own, which can be killed. Its name makes the test binary be it; see TestMain.
type process struct {
	cmd    *exec.Cmd
	output bytes.Buffer
}

func newProcess(t *testing.T, dir string, vars map[string]string, args ...string) *process {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	p := &process{cmd: exec.CommandContext(t.Context(), self, args...)}
	p.cmd.Args[0], p.cmd.Dir = "pritunl-backup", dir
	p.cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "TMPDIR=" + dir}
	for name, value := range vars {
		p.cmd.Env = append(p.cmd.Env, name+"="+value)
	}
	p.cmd.Stdout, p.cmd.Stderr = &p.output, &p.output
	return p
}

// wait gives the exit code, -1 when the process was killed.
func (p *process) wait(t *testing.T) int {
	t.Helper()
	err := p.cmd.Wait()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return p.cmd.ProcessState.ExitCode()
}

// killer kills a process, by the kernel's hand, at the n-th request that the instance gets from it.
type killer struct {
	next http.Handler

	mu     sync.Mutex
	victim *os.Process
	at     int  // 0 spares it
	after  bool // the request is still carried out; nobody hears the answer
	seen   int
}

func (k *killer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	k.mu.Lock()
	k.seen++
	hit, after, victim := k.victim != nil && k.seen == k.at, k.after, k.victim
	k.mu.Unlock()
	if hit && !after {
		_ = victim.Kill()
		panic(http.ErrAbortHandler)
	}
	if hit {
		recorder := httptest.NewRecorder()
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(body))
		k.next.ServeHTTP(recorder, r)
		_ = victim.Kill()
		panic(http.ErrAbortHandler)
	}
	k.next.ServeHTTP(w, r)
}

// killed runs the program until the server kills it, or it ends.
func killed(t *testing.T, k *killer, at int, after bool, p *process) int {
	t.Helper()
	k.mu.Lock() // no request is answered before the aim is taken
	err := p.cmd.Start()
	if err == nil {
		k.victim, k.at, k.after, k.seen = p.cmd.Process, at, after, 0
	}
	k.mu.Unlock()
	if err != nil {
		t.Fatal(err)
	}
	return p.wait(t)
}

// TestKilledRestoreIsResumed kills the process of a restore, and of the run that resumes it, at random requests.
// What comes of it is what comes of an undisturbed run.
func TestKilledRestoreIsResumed(t *testing.T) {
	dir := t.TempDir()
	kept := filepath.Join(dir, "kept.json")
	_, production := simulated(t, simulator.Options{Seed: "demo"}, nil)
	if o := runMain(t, production, "export", "--to", kept); o.code != 0 {
		t.Fatal(o.err)
	}
	start := func(t *testing.T) (*simulator.Simulator, map[string]string, *killer) {
		k := &killer{}
		sim, vars := simulated(t, simulator.Options{Hosts: 2, Random: 7}, func(next http.Handler) http.Handler { k.next = next; return k })
		return sim, vars, k
	}
	run := func(t *testing.T, vars map[string]string, n int, args ...string) *process {
		args = append([]string{"restore", kept, "--yes", "--start", "--passwords", fmt.Sprintf("passwords-%d.txt", n)}, args...)
		return newProcess(t, t.TempDir(), vars, args...)
	}
	sim, vars, k := start(t)
	if whole := run(t, vars, 0); killed(t, k, 0, false, whole) != 0 {
		t.Fatalf("undisturbed: %s", whole.output.String())
	}
	want, requests := sim.State(), k.seen
	if requests < 100 {
		t.Fatalf("an undisturbed restore sends %d requests", requests)
	}
	random := rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 1))
	rounds := 16
	if testing.Short() {
		rounds = 3
	}
	for range rounds {
		first, second, after := 1+random.IntN(requests), 1+random.IntN(requests), random.IntN(2) == 0
		t.Run(fmt.Sprintf("requests %d and %d, done %v", first, second, after), func(t *testing.T) {
			sim, vars, k := start(t)
			if code := killed(t, k, first, after, run(t, vars, 1)); code != -1 {
				t.Fatalf("not killed: exit code %d", code)
			}
			killed(t, k, second, !after, run(t, vars, 2, "--resume", "--settle", "0s")) // may have less to do, and end before it is hit
			last := run(t, vars, 3, "--resume", "--settle", "0s")
			if code := killed(t, k, 0, false, last); code != 0 {
				t.Fatalf("resumed: exit code %d\n%s", code, last.output.String())
			}
			got := sim.State()
			got.Requests, got.Writes, want.Requests, want.Writes = 0, 0, 0, 0
			if fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("got  %+v\nwant %+v", got, want)
			}
			writes := sim.Writes()
			if o := runMain(t, vars, "restore", kept, "--yes", "--start", "--resume"); o.code != 0 || !strings.Contains(o.out, "nothing to do") || sim.Writes() != writes {
				t.Errorf("once more: exit code %d, %d writes\n%s", o.code, sim.Writes()-writes, o.out)
			}
			if o := runMain(t, vars, "diff", kept, "--ignore", "users.pin"); o.code != 0 {
				t.Errorf("diff: exit code %d\n%s", o.code, o.out)
			}
		})
	}
}

// TestKilledExportLeavesNothingHalf kills the process of an export at random moments, while it reads, seals and
// publishes. What is visible afterwards is whole, and the next run is not disturbed.
func TestKilledExportLeavesNothingHalf(t *testing.T) {
	_, vars := simulated(t, simulator.Options{Seed: "users=300,orgs=3,servers=3"}, nil)
	identity, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	key := filepath.Join(dir, "key.txt")
	if err := os.WriteFile(key, []byte(identity.String()+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 2))
	forms := map[string][]string{
		"a file":              {"--to", "target/vpn.json"},
		"a file, overwritten": {"--to", "target/vpn.json", "--overwrite"},
		"a directory":         {"--to", "target/", "--encrypt-to", identity.Recipient().String(), "--gzip", "--if-changed"},
	}
	for form, flags := range forms {
		t.Run(form, func(t *testing.T) {
			dir := t.TempDir()
			target := filepath.Join(dir, "target")
			if err := os.Mkdir(target, 0o700); err != nil {
				t.Fatal(err)
			}
			took := undisturbed(t, vars, flags)
			rounds, hit, published := 25, 0, 0
			if testing.Short() {
				rounds = 6
			}
			for n := 0; n < rounds || hit == 0 && n < 10*rounds; n++ {
				p := newProcess(t, dir, vars, append([]string{"export"}, flags...)...)
				started := time.Now()
				if err := p.cmd.Start(); err != nil {
					t.Fatal(err)
				}
				wait := took/3 + time.Duration(random.Int64N(int64(took)))
				timer := time.AfterFunc(wait, func() { _ = p.cmd.Process.Kill() })
				code := p.wait(t)
				timer.Stop()
				switch code {
				case -1:
					hit++
				case 0, 7:
					took = time.Since(started) // how fast the machine is changes while others use it
				default:
					t.Errorf("run %d: exit code %d: %s", n, code, p.output.String())
				}
				if visibleWhole(t, target, key, fmt.Sprintf("run %d, killed after %s", n, wait)) > 0 {
					published++
				}
				if form == "a file" {
					_ = os.Remove(filepath.Join(target, "vpn.json"))
				}
			}
			if hit == 0 {
				t.Error("no run was killed")
			}
			t.Logf("killed %d of %d, something was published after %d", hit, rounds, published)
			if form == "a directory" {
				time.Sleep(1100 * time.Millisecond) // names carry the second, and the program has the real clock
			}
			last := newProcess(t, dir, vars, append([]string{"export"}, flags...)...)
			if err := last.cmd.Run(); err != nil {
				t.Errorf("a later run: %v\n%s", err, last.output.String())
			}
			if visibleWhole(t, target, key, "a later run") == 0 {
				t.Error("a later run published nothing")
			}
		})
	}
}

// undisturbed tells how long an export takes that nobody kills.
func undisturbed(t *testing.T, vars map[string]string, flags []string) time.Duration {
	t.Helper()
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "target"), 0o700); err != nil {
		t.Fatal(err)
	}
	p := newProcess(t, dir, vars, append([]string{"export"}, flags...)...)
	started := time.Now()
	if err := p.cmd.Run(); err != nil {
		t.Fatalf("undisturbed: %v\n%s", err, p.output.String())
	}
	return time.Since(started)
}

// visibleWhole counts the snapshots that can be seen, and demands that each is whole.
func visibleWhole(t *testing.T, dir, key, when string) int {
	t.Helper()
	n := 0
	for info, err := range storage.NewFileStore(dir).List(context.Background()) {
		if err != nil {
			t.Fatal(err)
		}
		n++
		if strings.Contains(info.Name, ".unchanged") {
			continue // a marker
		}
		if o := runMain(t, nil, "verify", filepath.Join(dir, info.Name), "--identity", key, "--quiet"); o.code != 0 {
			t.Errorf("%s: %s is visible, and verify says %d: %s", when, info.Name, o.code, o.err)
		}
	}
	return n
}
