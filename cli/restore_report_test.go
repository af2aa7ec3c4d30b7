package cli_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"pritunl-backup/cli"
	"pritunl-backup/restore"
	"pritunl-backup/simulator"
)

// production keeps a snapshot of the demo in a file.
func production(t *testing.T) (kept string) {
	t.Helper()
	kept = filepath.Join(t.TempDir(), "kept.json")
	_, vars := simulated(t, simulator.Options{Seed: "demo"}, nil)
	if o := runMain(t, vars, "export", "--to", kept); o.code != 0 {
		t.Fatal(o.err)
	}
	return kept
}

// freshBefore gives a fresh instance that is asked before each request, counted from 1, whether it is gone: of several
// requests at a time one after another.
func freshBefore(t *testing.T, gone func(n int, r *http.Request) bool) (*simulator.Simulator, map[string]string) {
	t.Helper()
	var mu sync.Mutex
	n := 0
	return simulated(t, simulator.Options{Hosts: 2, Random: 7}, func(next http.Handler) http.Handler {
		return between{next: next, instead: func(_ http.ResponseWriter, r *http.Request, _ []byte) bool {
			mu.Lock()
			defer mu.Unlock()
			if n++; gone(n, r) {
				panic(http.ErrAbortHandler)
			}
			return false
		}}
	})
}

// TestReportSurvivesTheProof cuts the server off at every request of the proof: what was done is told all the same, in
// words, in the report file, and in the JSON document.
func TestReportSurvivesTheProof(t *testing.T) {
	kept := production(t)
	run := func(t *testing.T, vars map[string]string, more ...string) (outcome, string) {
		dir := t.TempDir()
		report := filepath.Join(dir, "report.json")
		args := append([]string{"restore", kept, "--yes", "--parallel", "1", "--passwords", filepath.Join(dir, "passwords.txt"), "--report", report}, more...)
		o := runMain(t, vars, args...)
		text, err := os.ReadFile(filepath.Clean(report))
		if err != nil {
			t.Fatalf("%v\n%s", err, o.err)
		}
		return o, string(text)
	}
	sim, vars := freshBefore(t, func(int, *http.Request) bool { return false })
	if o, _ := run(t, vars); o.code != 0 {
		t.Fatal(o.err)
	}
	requests, first := sim.Requests(), 0
	for i, r := range requests {
		switch {
		case r.Method != http.MethodGet:
			first = 0
		case r.Path == "/status" && first == 0:
			first = i + 1
		}
	}
	if first == 0 || len(requests)-first < 20 {
		t.Fatalf("the proof begins at request %d of %d", first, len(requests))
	}
	for n := first; n <= len(requests); n++ {
		if testing.Short() && n%9 != 0 {
			continue
		}
		t.Run(fmt.Sprintf("%s %s", requests[n-1].Method, requests[n-1].Path), func(t *testing.T) {
			var reached atomic.Bool
			cut := func(seen int, _ *http.Request) bool {
				if seen >= n {
					reached.Store(true)
				}
				return seen >= n
			}
			_, vars := freshBefore(t, cut)
			o, file := run(t, vars)
			if !reached.Load() || o.code == 0 && strings.Contains(o.out, "\nproved: ") {
				return // an export only warns when its last look for changes meets nobody
			}
			if o.code != 1 && o.code != 3 || !strings.Contains(o.err, "no answer") {
				t.Errorf("exit code %d: %s", o.code, o.err)
			}
			for _, want := range []string{"\ncreated ", " failed 0, not reached 0\n", "next steps, because", "users who must import a new profile: 25"} {
				if !strings.Contains(o.out, want) {
					t.Errorf("nothing says %q:\n%s", want, o.out)
				}
			}
			if !strings.Contains(o.err, "hint: what was written is told above; to prove it, and to do what is left: pritunl-backup restore "+kept+" --resume --yes") {
				t.Errorf("hint: %s", o.err)
			}
			wantReport(t, file)
			_, vars = freshBefore(t, cut)
			o, file = run(t, vars, "--json")
			wantReport(t, file)
			var document struct {
				Plan    json.RawMessage
				Report  *restore.Report
				Outcome *restore.Outcome
				Error   string
			}
			if err := json.Unmarshal([]byte(o.out), &document); err != nil || o.code != 1 && o.code != 3 {
				t.Fatalf("exit code %d, %v: %s", o.code, err, o.out)
			}
			if document.Report == nil || document.Report.Count(restore.Created) == 0 || document.Outcome != nil || !strings.Contains(document.Error, "to prove the result") {
				t.Errorf("report %v, outcome %v, error %q", document.Report != nil, document.Outcome, document.Error)
			}
		})
	}
}

func wantReport(t *testing.T, text string) {
	t.Helper()
	var report restore.Report
	if err := json.Unmarshal([]byte(text), &report); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	if report.Count(restore.Created) == 0 || len(report.HandOver) == 0 || !strings.Contains(report.Error, "to prove the result") {
		t.Errorf("the report file has %d created, %d next steps, error %q", report.Count(restore.Created), len(report.HandOver), report.Error)
	}
}

// TestReportWithoutItsFile takes the folder of the report file away during the restore: all is told on the screen.
func TestReportWithoutItsFile(t *testing.T) {
	kept, dir := production(t), filepath.Join(t.TempDir(), "reports")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	_, vars := freshBefore(t, func(_ int, r *http.Request) bool {
		if r.Method == http.MethodPost && r.URL.Path == "/link" {
			_ = os.RemoveAll(dir)
		}
		return false
	})
	o := runMain(t, vars, "restore", kept, "--yes", "--passwords", filepath.Join(t.TempDir(), "p.txt"), "--report", filepath.Join(dir, "report.json"))
	if o.code != 1 || !strings.Contains(o.err, "write the report") {
		t.Errorf("exit code %d: %s", o.code, o.err)
	}
	if strings.Contains(o.out, "more (--report") || strings.Count(o.out, "@example.com") < 20 || !strings.Contains(o.out, "proved: ") {
		t.Errorf("the next steps are cut:\n%s", o.out)
	}
}

// full is a file system that has no room for the report.
type full struct{ bytes.Buffer }

func (f *full) Write(p []byte) (int, error) {
	if bytes.Contains(p, []byte("\ncreated ")) || bytes.Contains(p, []byte(`"report": {`)) {
		return 0, errors.New("no space left on device")
	}
	return f.Buffer.Write(p)
}

// TestReportWithoutStandardOutput finds the report on standard error.
func TestReportWithoutStandardOutput(t *testing.T) {
	kept := production(t)
	for _, more := range [][]string{nil, {"--json"}} {
		_, vars := freshBefore(t, func(int, *http.Request) bool { return false })
		var stderr bytes.Buffer
		args := append([]string{"restore", kept, "--yes", "--passwords", filepath.Join(t.TempDir(), "p.txt")}, more...)
		code := cli.Main(t.Context(), args, func(name string) string { return vars[name] }, cli.Stdio{In: strings.NewReader(""), Out: &full{}, Err: &stderr})
		if code != 1 || !strings.Contains(stderr.String(), "no space left") {
			t.Errorf("exit code %d: %s", code, stderr.String())
		}
		if text := stderr.String(); !strings.Contains(text, "users who must import a new profile: 25") && !strings.Contains(text, `"result": "created"`) {
			t.Errorf("the report is lost: %s", text)
		}
	}
}

// TestReportOfAnInterruptedRun presses Ctrl-C while users are created, and while the result is proved.
func TestReportOfAnInterruptedRun(t *testing.T) {
	kept := production(t)
	for _, at := range []string{"POST /link", "proof"} {
		ctx, cancel := context.WithCancel(t.Context())
		written := false
		_, vars := freshBefore(t, func(_ int, r *http.Request) bool {
			written = written || r.Method == http.MethodPost && r.URL.Path == "/admin"
			if r.Method+" "+r.URL.Path == at || at == "proof" && written && r.URL.Path == "/status" {
				cancel()
			}
			return false
		})
		var stdout, stderr bytes.Buffer
		report := filepath.Join(t.TempDir(), "report.json")
		args := []string{"restore", kept, "--yes", "--passwords", filepath.Join(t.TempDir(), "p.txt"), "--report", report}
		code := cli.Main(ctx, args, func(name string) string { return vars[name] }, cli.Stdio{In: strings.NewReader(""), Out: &stdout, Err: &stderr})
		if code != 130 || !strings.Contains(stdout.String(), "\ncreated ") || !strings.Contains(stdout.String(), "users who must import a new profile: 25") {
			t.Errorf("%s: exit code %d\n%s%s", at, code, stdout.String(), stderr.String())
		}
		if at != "proof" && !strings.Contains(stdout.String(), "to do the rest: pritunl-backup restore "+kept+" --resume --yes") {
			t.Errorf("%s: nothing says how to go on:\n%s", at, stdout.String())
		}
		if text, err := os.ReadFile(filepath.Clean(report)); err != nil || !strings.Contains(string(text), `"error": `) {
			t.Errorf("%s: the report file: %v, %s", at, err, text)
		}
		cancel()
	}
}
