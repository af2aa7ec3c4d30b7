package cli

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"pritunl-backup/api"
	"pritunl-backup/restore"
	"pritunl-backup/simulator"
	"pritunl-backup/snapshot"
)

// drill restores a snapshot into a fresh simulated instance in this process, reads that again and compares: what was
// saved can be restored.
func (env *environment) drill(ctx context.Context, wanted *snapshot.Document) (*restore.Outcome, error) {
	hosts := wanted.Resources[snapshot.Hosts]
	stage, err := startInstance(ctx, simulator.Options{Hosts: max(1, len(hosts)), Random: rand.Uint64()})
	if err != nil {
		return nil, err
	}
	defer func() { _ = stage.stop() }()
	conn := connection{options: api.Options{URL: stage.variables["PRITUNL_URL"], Parallel: 4}}.
		with(stage.variables["PRITUNL_TOKEN"], stage.variables["PRITUNL_SECRET"])
	client, err := api.New(conn.options)
	if err != nil {
		return nil, err
	}
	live, err := env.exportToMemory(ctx, client, conn, wanted.Header)
	if err != nil {
		return nil, err
	}
	opts := restore.PlanOptions{MapHosts: map[string]string{}}
	for i, host := range hosts {
		opts.MapHosts[host.String("id")] = fmt.Sprintf("vpn-%d", i+1)
	}
	plan, err := restore.NewPlan(live, wanted, opts)
	if err != nil {
		return nil, err
	}
	now := env.now() // of a clock whose time passes at once: this instance does not work while one waits
	_, err = restore.Apply(ctx, client, plan, restore.ApplyOptions{
		Now:       func() time.Time { return now },
		Sleep:     func(ctx context.Context, d time.Duration) error { now = now.Add(d); return ctx.Err() },
		Passwords: func(string, api.Secret) error { return nil },
		Progress:  func(e restore.Event) { env.out.progress("rehearsing the restore", e.Done, e.Total) },
	})
	var failed *restore.FailedError
	if err != nil && !errors.As(err, &failed) {
		return nil, err
	}
	after, err := env.exportToMemory(ctx, client, conn, wanted.Header)
	if err != nil {
		return nil, err
	}
	return restore.Verify(plan, after)
}

// reportDrill says what the drill proved; what remains different is exit code 2.
func (env *environment) reportDrill(outcome *restore.Outcome) error {
	env.out.endProgress()
	for _, r := range outcome.Remaining {
		switch r.Class {
		case restore.Missing:
			env.out.warn("drill: %s %s is missing", r.Kind, r.Path)
		case restore.Real:
			env.out.warn("drill: %s %s %s: wanted %v, found %v", r.Kind, r.Path, r.Field, r.Wanted, r.Found)
		}
	}
	if !outcome.Equal {
		return &exitError{code: codeDiffers, err: fmt.Errorf("the drill failed: %d differences after a restore", outcome.Count(restore.Real)+outcome.Count(restore.Missing)),
			hint: "this snapshot cannot be restored as it is; take a new one, and compare the two"}
	}
	_, err := fmt.Fprintf(env.stdio.Out, "drill: restored into a fresh simulated instance and read again: equal, but for %d values that no API can restore, %d left for later, %d stored differently by the server\n",
		outcome.Count(restore.Limit), outcome.Count(restore.Held), outcome.Count(restore.Altered))
	return err
}
