package cli_test

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"pritunl-backup/simulator"
)

// peakOf runs the program as a process of its own and gives the most memory it ever had, in bytes.
func peakOf(t *testing.T, vars map[string]string, args ...string) int64 {
	t.Helper()
	p := newProcess(t, t.TempDir(), with(vars, peakVariable, "yes"), args...)
	err := p.cmd.Run()
	_, rest, found := strings.Cut(p.output.String(), peakMark)
	if !found || p.cmd.ProcessState.ExitCode() > 0 && p.cmd.ProcessState.ExitCode() != 2 {
		t.Fatalf("%q: %v\n%.2000s", args, err, p.output.String())
	}
	word, _, _ := strings.Cut(rest, " ")
	kilobytes, err := strconv.ParseInt(word, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return kilobytes << 10
}

const (
	peakVariable = "CLI_TEST_PEAK"
	peakMark     = "peak-kB: "
)

// tellPeak prints what the kernel says of the process, after everything else.
func tellPeak() {
	if os.Getenv(peakVariable) == "" {
		return
	}
	raw, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return
	}
	for line := range strings.Lines(string(raw)) {
		if value, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			fmt.Fprintf(os.Stderr, "\n%s%s \n", peakMark, strings.Fields(value)[0])
		}
	}
}

// TestMemoryDoesNotGrowWithUsers lets every command that only passes users through work on few of them and on many.
// Commands that hold a configuration in memory (restore, terraform) are not among them.
func TestMemoryDoesNotGrowWithUsers(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("the peak is read from /proc")
	}
	if testing.Short() {
		t.Skip("makes 20,000 users")
	}
	peaks := map[string][]int64{}
	for _, users := range []int{1000, 20000} {
		_, vars := simulated(t, simulator.Options{Seed: fmt.Sprintf("users=%d,orgs=20,servers=5", users)}, nil)
		vars = with(vars, "GOMAXPROCS", "2")
		dir := t.TempDir()
		kept, other := filepath.Join(dir, "kept.json"), filepath.Join(dir, "other.json.gz")
		for _, args := range [][]string{
			{"export", "--to", kept}, {"export", "--to", other, "--secrets", "redact"}, {"verify", kept}, {"show", kept}, {"show", other, "--json"},
			{"diff", kept, other}, {"diff", kept}, {"list", dir},
		} {
			name := strings.ReplaceAll(strings.ReplaceAll(strings.Join(args, " "), dir+"/", ""), dir, "DIR")
			peaks[name] = append(peaks[name], peakOf(t, vars, args...))
		}
	}
	for name, p := range peaks {
		t.Logf("%-50s %4d MiB, %4d MiB", name, p[0]>>20, p[1]>>20)
		// 19,000 more users are 30 MB of JSON and over 100 MB of Go values. What is not held does not count.
		if grown := p[1] - p[0]; grown > 16<<20 {
			t.Errorf("%s: %d MiB more for 20 times the users", name, grown>>20)
		}
	}
}
