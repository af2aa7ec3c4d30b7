package cli_test

import (
	"bytes"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"pritunl-backup/simulator"
)

// command gives a run of the program, as a process of its own, against sim.
func command(t *testing.T, sim *simulator.Simulator, dir string, args ...string) *exec.Cmd {
	t.Helper()
	server := httptest.NewServer(sim)
	t.Cleanup(server.Close)
	token, secret := sim.Credentials()
	run := exec.Command("pritunl-backup", args...)
	run.Dir = dir
	run.Env = append(os.Environ(), "PRITUNL_URL="+server.URL, "PRITUNL_TOKEN="+token, "PRITUNL_SECRET="+secret, "TMPDIR="+dir,
		"GORACE=atexit_sleep_ms=0") // the race detector would keep each run for a second
	return run
}

// Whenever a signal comes, the target holds the whole snapshot or nothing: no temporary file either.
func TestInterruptedExportLeavesNothing(t *testing.T) {
	sim, err := simulator.New(simulator.Options{Seed: "users=200,orgs=4,servers=3"})
	if err != nil {
		t.Fatal(err)
	}
	// Every answer takes a while, so that signals meet every step of the run.
	if err := sim.Fault(simulator.Fault{Kind: simulator.FaultDelay, Delay: 15, Times: -1}); err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	if out, err := command(t, sim, t.TempDir(), "export").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	took := time.Since(start)
	const rounds = 8
	codes := map[int]int{}
	for _, sig := range []os.Signal{syscall.SIGINT, syscall.SIGTERM} {
		for _, to := range []string{"vpn.json", "vpn.json.gz", "./", "-"} {
			for i := range rounds {
				dir := t.TempDir()
				run := command(t, sim, dir, "export", "--quiet", "--to", to)
				var said bytes.Buffer
				run.Stderr = &said
				if err := run.Start(); err != nil {
					t.Fatal(err)
				}
				time.Sleep(took * time.Duration(i) / rounds)
				_ = run.Process.Signal(sig)
				limit := time.AfterFunc(time.Minute, func() { _ = run.Process.Signal(syscall.SIGQUIT) }) // it shows where it hangs
				_ = run.Wait()
				if !limit.Stop() {
					t.Fatalf("%s after %d/%d to %s: goes on for a minute\n%s", sig, i, rounds, to, said.String())
				}
				code := run.ProcessState.ExitCode()
				codes[code]++
				checkLeft(t, dir, code == 0 && to != "-")
				// -1 is a signal that came before the program could take it.
				if code != 0 && code != 130 && code != -1 {
					t.Errorf("%s after %d/%d to %s: exit code %d", sig, i, rounds, to, code)
				}
			}
		}
	}
	t.Logf("runs by exit code: %v", codes)
	if codes[130] == 0 {
		t.Error("no run was interrupted")
	}
}

func checkLeft(t *testing.T, dir string, published bool) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if want := map[bool]int{true: 1}[published]; len(entries) != want {
		t.Errorf("left behind: %v, want %d file(s)", entries, want)
	}
}

// A command that waits for its input ends on the first Ctrl-C.
func TestWaitingForInputCanBeInterrupted(t *testing.T) {
	sim, err := simulator.New(simulator.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"show", "-"}, {"verify", "-"}, {"api", "POST", "/organization", "--body", "-"}} {
		t.Run(args[0], func(t *testing.T) {
			for wait := 200 * time.Millisecond; ; wait *= 4 {
				code := interruptWaiting(t, command(t, sim, t.TempDir(), args...), wait)
				if code == -1 && wait < 10*time.Second {
					continue // the signal came before the program could take it
				}
				if code != 130 {
					t.Errorf("exit code %d, want 130", code)
				}
				return
			}
		})
	}
}

// interruptWaiting sends one signal to a run whose standard input says nothing.
func interruptWaiting(t *testing.T, run *exec.Cmd, after time.Duration) int {
	t.Helper()
	in, err := run.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	if err := run.Start(); err != nil {
		t.Fatal(err)
	}
	time.Sleep(after)
	_ = run.Process.Signal(syscall.SIGINT)
	limit := time.AfterFunc(time.Minute, func() { _ = run.Process.Kill() })
	defer limit.Stop()
	_ = run.Wait()
	return run.ProcessState.ExitCode()
}

// A reader that goes away in the middle of a large snapshot leaves no temporary file behind.
func TestClosedPipeLeavesNothing(t *testing.T) {
	sim, err := simulator.New(simulator.Options{Seed: "users=2000,orgs=4,servers=3"})
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	run := command(t, sim, dir, "export", "--quiet", "--to", "-")
	out, err := run.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := run.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := out.Read(make([]byte, 10)); err != nil {
		t.Fatal(err)
	}
	_ = out.Close()
	_ = run.Wait()
	if code := run.ProcessState.ExitCode(); code != 1 {
		t.Errorf("exit code %d, want 1", code)
	}
	checkLeft(t, dir, false)
	if left, _ := filepath.Glob(filepath.Join(dir, ".*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}
