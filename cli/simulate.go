package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"

	"github.com/urfave/cli/v2"

	"pritunl-backup/simulator"
)

type simulateOptions struct {
	listen      string
	credentials string
	simulator   simulator.Options
}

func simulateCommand(env *environment) *cli.Command {
	return &cli.Command{
		Name:  "simulate",
		Usage: "serve an in-memory Pritunl for rehearsals and tests",
		Description: `The simulated server answers as a real one does through its front end, over plain HTTP, with
nothing behind it: no VPN, no certificates worth the name. It ends on Ctrl-C.

By itself it does everything at once. With --realistic it takes the time of a real server: keys are made
in advance, and who finds none waits; what it has received it carries out although the client is gone;
and now and then it loses a user, or a server stays pending for ever.`,
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "listen", Value: "127.0.0.1:9700", Usage: "address to serve on; port 0 takes a free one"},
			&cli.StringFlag{Name: "seed", Value: "empty", Usage: "what is in it: empty, demo, or users=N[,orgs=N][,servers=N]"},
			&cli.StringFlag{Name: "plan", Value: "enterprise", Usage: "licence of the instance: enterprise or none"},
			&cli.StringFlag{Name: "version", Usage: "release that it behaves as, such as 1.32.4278; by itself the newest"},
			&cli.IntFlag{Name: "hosts", Usage: "number of hosts, named vpn-1, vpn-2, …; by itself what the seed needs"},
			&cli.BoolFlag{Name: "realistic", Usage: "take time and lose reservations as a real server does"},
			&cli.DurationFlag{Name: "front-end-limit", Value: simulator.Realistic().FrontEndLimit,
				Usage: "with --realistic, answer 502 to requests that take longer; their work goes on"},
			&cli.StringFlag{Name: "credentials", Usage: "write url, token and secret as JSON to this file (0600) when ready"},
			&cli.BoolFlag{Name: "control", Usage: "also answer unsigned requests under /_simulator/: hosts, faults and times on demand"},
			quietFlag(),
		},
		Action: func(c *cli.Context) error {
			env.out.quiet = c.Bool("quiet")
			opts, err := parseSimulate(c)
			if err != nil {
				return err
			}
			return runSimulate(c.Context, env, opts)
		},
	}
}

func parseSimulate(c *cli.Context) (simulateOptions, error) {
	if c.NArg() > 0 {
		return simulateOptions{}, usageError("simulate takes no arguments", "")
	}
	if c.Int("hosts") < 0 || c.Int("hosts") > 1000 {
		return simulateOptions{}, usageError("--hosts is not a number from 1 to 1000", "")
	}
	realism, err := parseRealism(c)
	if err != nil {
		return simulateOptions{}, err
	}
	return simulateOptions{
		listen:      c.String("listen"),
		credentials: c.String("credentials"),
		simulator: simulator.Options{
			Version: c.String("version"), Seed: c.String("seed"), Plan: c.String("plan"), Hosts: c.Int("hosts"), Control: c.Bool("control"),
			Random: rand.Uint64(), Realism: realism,
		},
	}, nil
}

func parseRealism(c *cli.Context) (simulator.Realism, error) {
	realism, limit := simulator.Realistic(), c.Duration("front-end-limit")
	switch {
	case !c.Bool("realistic") && c.IsSet("front-end-limit"):
		return realism, usageError("--front-end-limit needs --realistic", "without it no request takes any time")
	case !c.Bool("realistic"):
		return simulator.Realism{}, nil
	case limit <= 0:
		return realism, usageError("--front-end-limit is not a time, such as 2m", "")
	}
	realism.FrontEndLimit = limit
	return realism, nil
}

func runSimulate(ctx context.Context, env *environment, opts simulateOptions) error {
	sim, err := simulator.New(opts.simulator)
	if err != nil {
		return usageError(err.Error(), "see 'pritunl-backup simulate --help'")
	}
	url, stop, err := simulator.Serve(ctx, sim, opts.listen)
	if err != nil {
		return err
	}
	defer func() { _ = stop() }()
	token, secret := sim.Credentials()
	if opts.credentials != "" {
		if err := writeCredentials(opts.credentials, url, token, secret); err != nil {
			return err
		}
	}
	env.out.say("simulated Pritunl %s at %s, seed %s, plan %s; Ctrl-C ends it", sim.Version(), url, opts.simulator.Seed, opts.simulator.Plan)
	if opts.credentials == "" {
		_, err = fmt.Fprintf(env.stdio.Out, "export PRITUNL_URL=%s\nexport PRITUNL_TOKEN=%s\nexport PRITUNL_SECRET=%s\n", url, token, secret)
		if err != nil {
			return err
		}
	}
	<-ctx.Done()
	return nil
}

// writeCredentials appears under its final name only when it is whole, because scripts wait for it.
func writeCredentials(path, url, token, secret string) error {
	raw, err := json.Marshal(map[string]string{"url": url, "token": token, "secret": secret})
	if err != nil {
		return err
	}
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return os.WriteFile(path, append(raw, '\n'), 0o600) // a pipe or a device is written to, not replaced
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".credentials-*")
	if err != nil {
		return fmt.Errorf("write the credentials: %w", err)
	}
	defer func() { _ = os.Remove(f.Name()) }()
	if _, err := f.Write(append(raw, '\n')); err != nil {
		return fmt.Errorf("write the credentials: %w", err)
	}
	if err := f.Close(); err != nil {
		return fmt.Errorf("write the credentials: %w", err)
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return fmt.Errorf("write the credentials: %w", err)
	}
	return nil
}
