package integration_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"pritunl-backup/integration"
)

// TestScripts runs testdata/script/*.txtar, one behaviour each, with the program as it is built for users. They use
// these words besides testscript's own:
//
//	exits CODE ARGS...                      run pritunl-backup and demand its exit code; nothing secret may be shown
//	reveals ARGS...                         the same, exit code 0, for what is asked to show secrets
//	killed WHAT N ARGS...                   run it, and kill it after N answers of WHAT: mongo, s3 or api
//	interrupted WHAT N ARGS...              the same, with an interrupt: exit code 130
//	ferret NAME [recorded|empty]            a database, as a real server filled it, and point MONGODB_URI at it
//	instance NAME [seed=...] [hosts=...]    a simulated Pritunl, and point PRITUNL_* at it
//	recording                               a server that answers as the recorded one did; its database is "recorded"
//	s3 [locked]                             an S3 service, and point AWS_* at it; $BUCKET is a place of its own in it,
//	                                        $LOCKBUCKET one with object lock
//	use NAME                                point at a database or instance made before
//	fault NAME JSON                         make an instance fail, as simulator.Fault says
//	writes NAME N                           demand that an instance was sent N requests that write
//	insert COLLECTION JSON                  into the database in use
//	update COLLECTION FILTER CHANGE         of one document of the database in use
//	documents COLLECTION N                  demand that so many are in the database in use
//	secret TEXT...                          must not be seen in any output from here on
//	agekey NAME                             an age key: NAME.txt, and its recipient as $NAME
//	mode FILE MODE                          demand the permissions of a file, octal
//	flip FILE OFFSET                        change one bit of a file; -N counts from its end
func TestScripts(t *testing.T) {
	bin := buildProgram(t)
	s3 := integration.StartS3(t)
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		UpdateScripts:       os.Getenv("UPDATE_SCRIPTS") != "",
		Setup: func(env *testscript.Env) error {
			env.Values["run"] = &scriptRun{t: env.T().(testing.TB), s3: s3, bin: bin, databases: map[string]*database{}, instances: map[string]*scriptInstance{}}
			env.Setenv("PATH", filepath.Dir(bin)+string(filepath.ListSeparator)+env.Getenv("PATH"))
			env.Setenv("AWS_EC2_METADATA_DISABLED", "true")
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": exits, "reveals": reveals, "killed": killed, "interrupted": interrupted, "ferret": startDatabase, "instance": startInstance,
			"recording": startRecording, "s3": useS3, "use": use, "fault": fault, "writes": writes, "insert": insert, "update": update,
			"documents": documents, "secret": secret, "agekey": ageKey, "mode": mode, "flip": flip,
		},
	})
}

// buildProgram makes the program just as users get it.
func buildProgram(t testing.TB) string {
	t.Helper()
	bin := filepath.Join(t.TempDir(), "pritunl-backup")
	cmd := exec.Command("go", "build", "-o", bin, ".")
	cmd.Dir = ".."
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build the program: %v\n%s", err, out)
	}
	return bin
}

// scriptRun is what one script has made so far.
type scriptRun struct {
	t         testing.TB
	s3        integration.S3
	bin       string
	databases map[string]*database
	instances map[string]*scriptInstance
	current   *database
	secrets   []string
}

func runOf(ts *testscript.TestScript) *scriptRun { return ts.Value("run").(*scriptRun) }

func want(ts *testscript.TestScript, ok bool, usage string) {
	if !ok {
		ts.Fatalf("usage: %s", usage)
	}
}

func exits(ts *testscript.TestScript, neg bool, args []string) {
	want(ts, !neg && len(args) > 1, "exits CODE ARGS...")
	code, err := strconv.Atoi(args[0])
	ts.Check(err)
	runProgram(ts, code, args[1:])
	keptSecret(ts, ts.ReadFile("stdout")+ts.ReadFile("stderr"))
}

func reveals(ts *testscript.TestScript, neg bool, args []string) {
	want(ts, !neg && len(args) > 0, "reveals ARGS...")
	runProgram(ts, 0, args)
}

func runProgram(ts *testscript.TestScript, code int, args []string) {
	got := 0
	if err := ts.Exec("pritunl-backup", args...); err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			ts.Fatalf("run pritunl-backup: %v", err)
		}
		got = exit.ExitCode()
	}
	if got != code {
		ts.Fatalf("exit code %d, want %d", got, code)
	}
}

// keptSecret demands that output shows none of the secrets that the script has to do with.
func keptSecret(ts *testscript.TestScript, output string) {
	for _, s := range runOf(ts).secrets {
		if strings.Contains(output, s) {
			ts.Fatalf("the output shows the secret %q", s)
		}
	}
}

func secret(ts *testscript.TestScript, _ bool, args []string) {
	run := runOf(ts)
	run.secrets = append(run.secrets, args...)
}

// killed ends the program without a warning, while it waits for an answer that is held back.
func killed(ts *testscript.TestScript, neg bool, args []string) {
	want(ts, !neg && len(args) > 2, "killed mongo|s3|api N ARGS...")
	stopped(ts, os.Kill, args)
}

// interrupted asks the program to end, as Ctrl-C does; it says so by its exit code.
func interrupted(ts *testscript.TestScript, neg bool, args []string) {
	want(ts, !neg && len(args) > 2, "interrupted mongo|s3|api N ARGS...")
	var exit *exec.ExitError
	if err := stopped(ts, os.Interrupt, args); !errors.As(err, &exit) || exit.ExitCode() != 130 {
		ts.Fatalf("it ended with %v, not with exit code 130", err)
	}
}

// stopped runs the program, sends a signal when the server's answers are used up, and gives how it ended.
func stopped(ts *testscript.TestScript, signal os.Signal, args []string) error {
	variable := map[string]string{"mongo": "MONGODB_URI", "s3": "AWS_ENDPOINT_URL_S3", "api": "PRITUNL_URL"}[args[0]]
	answers, err := strconv.Atoi(args[1])
	ts.Check(err)
	address := addressIn(ts.Getenv(variable))
	if address == "" {
		ts.Fatalf("%s does not point at a server of the test", variable)
	}
	run := runOf(ts)
	g := newGate(run.t, address, answers)
	ctx, cancel := context.WithTimeout(run.t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, run.bin, args[2:]...)
	cmd.Dir = ts.MkAbs(".")
	var output strings.Builder
	cmd.Stdout, cmd.Stderr = &output, &output
	for _, name := range passed {
		if value := ts.Getenv(name); value != "" {
			cmd.Env = append(cmd.Env, name+"="+value)
		}
	}
	cmd.Env = append(cmd.Env, variable+"="+strings.Replace(ts.Getenv(variable), address, g.address(), 1))
	ts.Check(cmd.Start())
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	select {
	case <-g.reached:
		ts.Check(cmd.Process.Signal(signal))
		err = <-ended
	case err := <-ended:
		ts.Fatalf("it ended before it was stopped (%v), at answer %d:\n%s", err, g.count(), output.String())
	}
	keptSecret(ts, output.String())
	ts.Logf("stopped at answer %d: %v\n%s", answers, err, output.String())
	return err
}

// passed are the variables that a killed program is given.
var passed = []string{"HOME", "PATH", "TMPDIR", "MONGODB_URI", "PRITUNL_URL", "PRITUNL_TOKEN", "PRITUNL_SECRET", "AWS_ENDPOINT_URL_S3",
	"AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_EC2_METADATA_DISABLED"}

// addressIn finds host and port in a URL of plain TCP.
func addressIn(url string) string {
	_, rest, _ := strings.Cut(url, "://")
	address, _, _ := strings.Cut(rest, "/")
	if !strings.Contains(address, ":") || strings.ContainsAny(address, "@,") {
		return ""
	}
	return address
}

func mode(ts *testscript.TestScript, _ bool, args []string) {
	want(ts, len(args) == 2, "mode FILE MODE")
	info, err := os.Stat(ts.MkAbs(args[0]))
	ts.Check(err)
	if got := fmt.Sprintf("%o", info.Mode().Perm()); got != args[1] {
		ts.Fatalf("%s has mode %s, want %s", args[0], got, args[1])
	}
}

func flip(ts *testscript.TestScript, _ bool, args []string) {
	want(ts, len(args) == 2, "flip FILE OFFSET")
	raw, err := os.ReadFile(ts.MkAbs(args[0]))
	ts.Check(err)
	at, err := strconv.Atoi(args[1])
	ts.Check(err)
	if at < 0 {
		at += len(raw)
	}
	raw[at] ^= 1
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), raw, 0o600))
}
