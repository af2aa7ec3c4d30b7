package cli_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http/httptest"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"filippo.io/age"
	"github.com/rogpeppe/go-internal/testscript"

	"pritunl-backup/cli"
	"pritunl-backup/simulator"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"pritunl-backup": func() {
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM) // as main does
		context.AfterFunc(ctx, stop)
		signal.Ignore(syscall.SIGPIPE)
		code := cli.Main(ctx, os.Args[1:], os.Getenv, cli.Stdio{In: os.Stdin, Out: os.Stdout, Err: os.Stderr})
		tellPeak()
		os.Exit(code)
	}})
}

// TestScripts runs testdata/*.txtar, one behaviour of the command line each. They use these words besides
// testscript's own:
//
//	instance NAME [seed=...] [plan=...] [hosts=N]   start a simulated Pritunl and point PRITUNL_* at it
//	use NAME                                        point PRITUNL_* at an instance started before
//	fault NAME JSON                                 make an instance fail, as simulator.Fault says
//	revive NAME                                     end a fault of kind kill
//	writes NAME N                                   demand that an instance was sent N requests that write
//	agekey NAME                                     make an age key: NAME.txt, and its recipient as $NAME
//	exits CODE ARGS...                              run pritunl-backup and demand its exit code
//	flip FILE OFFSET                                change one bit of a file; -N counts from its end
//	cut FILE N                                      leave the first N bytes of a file; -N takes off the last N
//	mode FILE MODE                                  the permissions of a file, octal
//	web NAME [DIR]                                  serve files, or 200 to everything, at $NAME; requests go to NAME.log
//	aws                                             stand for Secrets Manager and SSM over the files in aws/
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		UpdateScripts:       os.Getenv("UPDATE_SCRIPTS") != "",
		Setup: func(env *testscript.Env) error {
			env.Values["instances"] = map[string]*instance{}
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"instance": startInstance, "use": useInstance, "flip": flip, "cut": cut, "mode": mode, "exits": exits, "fault": fault,
			"writes": writes, "revive": revive, "agekey": ageKey,
			"web": serveWeb, "aws": startAWS,
		},
	})
}

type instance struct {
	simulator *simulator.Simulator
	url       string
}

func startInstance(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) == 0 {
		ts.Fatalf("usage: instance NAME [seed=...] [plan=...] [hosts=N]")
	}
	// Each instance has ids of its own, as real ones have.
	opts := simulator.Options{Seed: "demo", Plan: "enterprise", Random: uint64(len(ts.Value("instances").(map[string]*instance)))}
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
		default:
			ts.Fatalf("instance has no %q", key)
		}
	}
	sim, err := simulator.New(opts)
	ts.Check(err)
	server := httptest.NewServer(sim)
	ts.Defer(server.Close)
	ts.Value("instances").(map[string]*instance)[args[0]] = &instance{sim, server.URL}
	useInstance(ts, false, args[:1])
}

func useInstance(ts *testscript.TestScript, _ bool, args []string) {
	i := ts.Value("instances").(map[string]*instance)[args[0]]
	if i == nil {
		ts.Fatalf("no instance %s", args[0])
	}
	token, secret := i.simulator.Credentials()
	ts.Setenv("PRITUNL_URL", i.url)
	ts.Setenv("PRITUNL_TOKEN", token)
	ts.Setenv("PRITUNL_SECRET", secret)
}

func fault(ts *testscript.TestScript, _ bool, args []string) {
	i := ts.Value("instances").(map[string]*instance)[args[0]]
	if i == nil || len(args) != 2 {
		ts.Fatalf("usage: fault NAME JSON")
	}
	var f simulator.Fault
	ts.Check(json.Unmarshal([]byte(args[1]), &f))
	ts.Check(i.simulator.Fault(f))
}

func ageKey(ts *testscript.TestScript, _ bool, args []string) {
	key, err := age.GenerateX25519Identity()
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]+".txt"), []byte(key.String()+"\n"), 0o600))
	ts.Setenv(args[0], key.Recipient().String())
}

func revive(ts *testscript.TestScript, _ bool, args []string) {
	ts.Value("instances").(map[string]*instance)[args[0]].simulator.Revive()
}

func writes(ts *testscript.TestScript, _ bool, args []string) {
	want, err := strconv.Atoi(args[1])
	ts.Check(err)
	if got := ts.Value("instances").(map[string]*instance)[args[0]].simulator.Writes(); got != want {
		ts.Fatalf("%s was sent %d requests that write, want %d", args[0], got, want)
	}
}

// exits runs pritunl-backup and demands an exit code, which testscript's exec cannot.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE ARGS...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec("pritunl-backup", args[1:]...)
	got := 0
	if err != nil {
		var exit interface{ ExitCode() int }
		if e, ok := err.(interface{ ExitCode() int }); ok {
			exit = e
		} else {
			ts.Fatalf("run pritunl-backup: %v", err)
		}
		got = exit.ExitCode()
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

func flip(ts *testscript.TestScript, _ bool, args []string) {
	path, raw := readFile(ts, args[0])
	at, err := strconv.Atoi(args[1])
	ts.Check(err)
	if at < 0 {
		at += len(raw)
	}
	raw[at] ^= 1
	ts.Check(os.WriteFile(path, raw, 0o600))
}

func cut(ts *testscript.TestScript, _ bool, args []string) {
	path, raw := readFile(ts, args[0])
	n, err := strconv.Atoi(args[1])
	ts.Check(err)
	if n < 0 {
		n += len(raw)
	}
	ts.Check(os.WriteFile(path, raw[:n], 0o600))
}

func mode(ts *testscript.TestScript, _ bool, args []string) {
	info, err := os.Stat(ts.MkAbs(args[0]))
	ts.Check(err)
	if got := fmt.Sprintf("%o", info.Mode().Perm()); got != args[1] {
		ts.Fatalf("%s has mode %s, want %s", args[0], got, args[1])
	}
}

func readFile(ts *testscript.TestScript, name string) (string, []byte) {
	path := filepath.Clean(ts.MkAbs(name))
	f, err := os.Open(path)
	ts.Check(err)
	defer f.Close()
	raw, err := io.ReadAll(f)
	ts.Check(err)
	return path, raw
}
