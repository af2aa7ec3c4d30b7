package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/urfave/cli/v2"

	"pritunl-backup/simulator"
)

func demoCommand(env *environment) *cli.Command {
	return &cli.Command{
		Name:  "demo",
		Usage: "watch the main job on two simulated instances",
		Description: `Starts two simulated Pritunl servers in this process, takes a snapshot of the first, looks into it,
verifies it, restores it to the second and compares. Every command is printed as you would type it.
Nothing outside this machine is touched, and nothing is left behind.`,
		Action: func(c *cli.Context) error {
			if c.NArg() > 0 {
				return usageError("demo takes no arguments", "")
			}
			return runDemo(c.Context, env)
		},
	}
}

// demo tells a story with real commands: each step prints a command line and runs it as Main would.
type demo struct {
	env  *environment
	dir  string
	step int
}

// instance is one simulated server and the environment that points at it.
type instance struct {
	simulator *simulator.Simulator
	variables map[string]string
	stop      func() error
}

func runDemo(ctx context.Context, env *environment) error {
	dir, err := os.MkdirTemp("", "pritunl-backup-demo-")
	if err != nil {
		return fmt.Errorf("make a folder for the demo: %w", err)
	}
	d := &demo{env: env, dir: dir}
	defer func() { _ = os.RemoveAll(dir) }()
	production, err := startInstance(ctx, simulator.Options{Seed: "demo", Random: 1})
	if err != nil {
		return err
	}
	defer func() { _ = production.stop() }()
	fresh, err := startInstance(ctx, simulator.Options{Hosts: 2, Random: 2})
	if err != nil {
		return err
	}
	defer func() { _ = fresh.stop() }()
	return d.tell(ctx, production, fresh)
}

func startInstance(ctx context.Context, opts simulator.Options) (*instance, error) {
	sim, err := simulator.New(opts)
	if err != nil {
		return nil, err
	}
	url, stop, err := simulator.Serve(ctx, sim, "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	token, secret := sim.Credentials()
	return &instance{simulator: sim, stop: stop, variables: map[string]string{
		"PRITUNL_URL": url, "PRITUNL_TOKEN": token, "PRITUNL_SECRET": secret,
	}}, nil
}

func (d *demo) tell(ctx context.Context, production, fresh *instance) error {
	d.say("Production is a simulated Pritunl at %s; a fresh, empty one runs at %s.", production.variables["PRITUNL_URL"], fresh.variables["PRITUNL_URL"])
	snapshot, change := filepath.Join(d.dir, "production.json"), filepath.Join(d.dir, "night-shift.json")
	if err := os.WriteFile(change, []byte(`{"name":"Night-Shift"}`), 0o600); err != nil {
		return err
	}
	passwords := filepath.Join(d.dir, "passwords.txt")
	steps := []struct {
		story string
		on    *instance
		args  []string
	}{
		{"Take a snapshot of production: read, verified, and only then published.", production, []string{"export", "--to", snapshot}},
		{"Look into it.", production, []string{"show", snapshot}},
		{"Check every byte, the structure and the references.", production, []string{"verify", snapshot}},
		{"Rebuild it on the fresh instance. The result is read again and compared.", fresh, []string{"restore", snapshot, "--yes", "--start", "--passwords", passwords}},
		{"Compare the snapshot with the instance it was restored to, but for what no API can restore: PINs.", fresh, []string{"diff", snapshot, "--restorable"}},
		{"Somebody changes something there.", fresh, []string{"api", "POST", "/organization", "--body", change}},
		{"Now the comparison tells.", fresh, []string{"diff", snapshot, "--restorable"}},
	}
	for _, s := range steps {
		if err := d.run(ctx, s.story, s.on, s.args...); err != nil {
			return err
		}
	}
	d.say("That is the whole job. Now with your own server: see \"First backup of a real server\" in README.md.")
	return nil
}

func (d *demo) say(format string, args ...any) {
	_, _ = fmt.Fprintf(d.env.stdio.Out, "\n"+format+"\n", args...)
}

// run prints and runs one command line, with the folder of the demo left out of what is shown.
func (d *demo) run(ctx context.Context, story string, on *instance, args ...string) error {
	d.step++
	d.say("%d. %s\n\n   $ %s %s", d.step, story, toolName, strings.ReplaceAll(strings.Join(args, " "), d.dir+string(filepath.Separator), ""))
	getenv := func(name string) string {
		if value, ok := on.variables[name]; ok {
			return value
		}
		if strings.HasPrefix(name, "PRITUNL_") {
			return "" // the demo must not reach a real server that the shell points at
		}
		return d.env.getenv(name)
	}
	stdio := d.env.stdio
	stdio.Out = &withoutDir{stdio.Out, d.dir + string(filepath.Separator)}
	inner := &environment{stdio: stdio, getenv: getenv, now: d.env.now, out: newPrinter(d.env.stdio, getenv)}
	inner.out.steps = inner.out.terminal // without a bar, steps would bury the story
	inner.out.w = &withoutDir{inner.out.w, d.dir + string(filepath.Separator)}
	err := run(ctx, inner, args)
	inner.out.endProgress()
	var exit *exitError
	if errors.As(err, &exit) && exit.code == codeDiffers {
		return nil
	}
	return err
}

// withoutDir leaves the demo's folder out of what is printed: the reader would only wonder about it. A line is
// written at once by every command, or the folder stands in its first part.
type withoutDir struct {
	w   io.Writer
	dir string
}

func (d *withoutDir) Write(p []byte) (int, error) {
	_, err := d.w.Write(bytes.ReplaceAll(p, []byte(d.dir), nil))
	return len(p), err
}
