package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"pritunl-backup/export"
	"pritunl-backup/snapshot"
	"pritunl-backup/storage"
)

type exportOptions struct {
	source       sourceOptions
	target       targetOptions
	secrets      string
	kinds        []snapshot.Kind
	allowPartial bool
	tags         []string
	ifChanged    bool
	lockTTL      time.Duration // 0 takes no lock
	json         bool
}

func exportCommand(env *environment) *cli.Command {
	return &cli.Command{
		Name:      "export",
		Aliases:   []string{"backup"},
		Usage:     "take a snapshot of an instance",
		ArgsUsage: " ",
		Description: `Everything the admin API shows is read, verified and then published in one step: a file that is
there is a whole one. A licence or a privilege that is missing hides a part of the instance; the
snapshot says which. What should be readable and is not ends the run with exit code 3 and no file.

   pritunl-backup export --to /var/backups/pritunl/
   pritunl-backup export --to vpn.json.gz
   pritunl-backup export --to - | jq .resources.users`,
		Flags: slices.Concat(targetFlags(), []cli.Flag{
			&cli.StringFlag{Name: "secrets", Value: snapshot.SecretsKeep, Usage: "keep them, or redact: readable by anyone, but not restorable"},
			&cli.StringFlag{Name: "only", Usage: "read only these `KINDS`, separated by commas; servers and links bring what belongs to them: " + kindNames()},
			&cli.StringFlag{Name: "skip", Usage: "leave out these `KINDS`, as for --only"},
			&cli.BoolFlag{Name: "allow-partial", Usage: "keep the snapshot although something could not be read; still exit code 3"},
			&cli.StringSliceFlag{Name: "tag", Usage: "mark the snapshot with `WORD`; repeatable"},
			&cli.BoolFlag{Name: "if-changed", Usage: "in a directory or bucket: when the newest snapshot holds the same, store a small marker only"},
			&cli.DurationFlag{Name: "lock", Usage: "of several nodes with the same target let one work; the lock ends by itself after this `TIME`, for example 30m"},
			jsonFlag(), quietFlag(), showConfigFlag(),
		}, sourceFlags(), metricsFlags(), flagsOf(heartbeatVariables())),
		Action: func(c *cli.Context) error { return exportAction(c, env) },
	}
}

// exportAction tells monitoring of a run whose settings are wrong, too: somebody has to hear of it.
func exportAction(c *cli.Context, env *environment) error {
	s := env.settings(c)
	told, err := parseMonitoring(c, s)
	if err != nil {
		return err
	}
	if c.Bool("show-config") {
		if _, err := parseExport(c, s); err != nil {
			return err
		}
		return s.show(env.stdio.Out)
	}
	return env.monitored(c.Context, told, c.Command.Name, func(j *job) error {
		opts, err := parseExport(c, s)
		if err != nil {
			return err
		}
		return runExport(c.Context, env, opts, j)
	})
}

func parseExport(c *cli.Context, s *settings) (exportOptions, error) {
	if c.NArg() > 0 {
		return exportOptions{}, usageError(fmt.Sprintf("unexpected argument %q", c.Args().First()), "the target is given as --to "+c.Args().First())
	}
	opts := exportOptions{secrets: c.String("secrets"), allowPartial: c.Bool("allow-partial"), json: c.Bool("json"), tags: c.StringSlice("tag"),
		ifChanged: c.Bool("if-changed"), lockTTL: c.Duration("lock")}
	if opts.secrets != snapshot.SecretsKeep && opts.secrets != snapshot.SecretsRedact {
		return opts, usageError(fmt.Sprintf("--secrets %q is neither keep nor redact", opts.secrets), "")
	}
	for _, tag := range opts.tags {
		if err := storage.CheckTag(tag); err != nil {
			return opts, usageError(err.Error(), storage.Hint(err))
		}
	}
	var err error
	if opts.kinds, err = selectKinds(c.String("only"), c.String("skip")); err != nil {
		return opts, err
	}
	if opts.target, err = parseTarget(c, s); err != nil {
		return opts, err
	}
	switch {
	case opts.target.stdout() && opts.json:
		return opts, usageError("--json and --to - both want standard output", "write the snapshot to a file, or leave --json out")
	case opts.target.stdout() && (opts.ifChanged || opts.lockTTL > 0):
		return opts, usageError("--if-changed and --lock need a directory or bucket", "")
	}
	opts.source, err = parseSource(c, s)
	return opts, err
}

func runExport(ctx context.Context, env *environment, opts exportOptions, j *job) error {
	source, err := env.openSource(ctx, opts.source)
	defer source.close()
	if err != nil {
		return err
	}
	target, err := openTarget(ctx, env, opts.target)
	if err != nil {
		return err
	}
	defer target.abort()
	if target.location.Name != "" && (opts.ifChanged || opts.lockTTL > 0) {
		return usageError("--if-changed and --lock need a directory or bucket", "give --to a location that ends with a slash")
	}
	if opts.lockTTL > 0 {
		release, err := target.lock(ctx, opts.lockTTL)
		var locked *storage.LockedError
		if errors.As(err, &locked) {
			env.out.say("nothing to do here: %v", err)
			j.idle = true
			return nil
		}
		if err != nil {
			return err
		}
		defer release()
	}
	return exportTo(ctx, env, opts, source, target, j)
}

// exportTo reads, and publishes what was read unless the newest snapshot holds the same.
func exportTo(ctx context.Context, env *environment, opts exportOptions, source *origin, target *target, j *job) error {
	started := env.now()
	result, err := source.read(ctx, target.restart, export.Options{
		Header:       snapshot.Header{CreatedAt: started, Tool: toolName + " " + Version, Secrets: opts.secrets, Tags: opts.tags},
		Kinds:        opts.kinds,
		AllowPartial: opts.allowPartial,
		Progress:     env.out.progress,
	})
	if err != nil {
		return partialCode(err)
	}
	done, same := published{}, false
	if opts.ifChanged {
		if done, same, err = target.unchanged(ctx, result); err != nil {
			return err
		}
	}
	if !same {
		if done, err = target.publish(ctx, result); err != nil {
			return err
		}
	}
	env.out.endProgress()
	if target.location.Name == "" && len(result.Header.Skipped) > 0 && !opts.target.stdout() {
		env.out.warn("this snapshot holds some kinds only, and prune and --latest take it for a whole one: keep such snapshots in a place of their own")
	}
	report := newExportReport(result, done, source.requests(), env.now().Sub(started))
	j.tell(report, result.Header.Host)
	return env.reportExport(report, result, opts)
}

// partialCode gives exit code 3 to an export that could read the instance, but not all of it.
func partialCode(err error) error {
	var partial *export.PartialError
	if errors.As(err, &partial) {
		return &exitError{code: codePartial, err: err, hint: partial.Hint()}
	}
	return err
}

// exportReport is what --json prints.
type exportReport struct {
	Snapshot   string                `json:"snapshot"`  // where it was published; "-" is standard output
	Unchanged  bool                  `json:"unchanged"` // nothing new: Snapshot is the one that still holds
	Complete   bool                  `json:"complete"`
	Counts     map[snapshot.Kind]int `json:"counts"`
	Size       int64                 `json:"size"`   // stored bytes
	SHA256     string                `json:"sha256"` // of the stored bytes
	Content    string                `json:"content_sha256"`
	Unreadable []snapshot.Unreadable `json:"unreadable,omitempty"`
	Warnings   []string              `json:"warnings,omitempty"`
	Requests   int64                 `json:"requests"`
	Seconds    float64               `json:"seconds"`
}

func newExportReport(result *export.Result, p published, requests int64, took time.Duration) exportReport {
	return exportReport{
		Snapshot: p.address, Unchanged: p.marker != "", Complete: result.Header.Complete, Counts: result.Summary.Counts,
		Size: p.size, SHA256: p.sha256, Content: result.Summary.ContentSHA256,
		Unreadable: result.Header.Unreadable, Warnings: result.Header.Warnings,
		Requests: requests, Seconds: took.Seconds(),
	}
}

func (env *environment) reportExport(r exportReport, result *export.Result, opts exportOptions) error {
	for _, u := range result.Header.Unreadable {
		env.out.warn("not in the snapshot: %s", unreadableText(u))
	}
	for _, w := range result.Header.Warnings {
		env.out.warn("%s", w)
	}
	if opts.json {
		if err := writeJSON(env.stdio.Out, r); err != nil {
			return err
		}
	}
	env.out.say("%s", countsText(result.Summary.Counts))
	if r.Unchanged {
		env.out.say("unchanged since %s: no new copy", r.Snapshot)
		return nil
	}
	if r.Snapshot != "-" {
		env.out.say("verified and written: %s (%s)", r.Snapshot, sizeText(r.Size))
	}
	if opts.secrets == snapshot.SecretsKeep && r.Snapshot != "-" && !opts.target.encrypted() {
		if len(result.Summary.Collections) > 0 {
			env.out.warn("it holds every private key of the VPN in the clear: whoever has the file can be anybody; --encrypt-to or --secrets redact")
		} else {
			env.out.say("it holds API secrets and passwords in the clear: keep it as safe as the server")
		}
	}
	if len(result.Failures) > 0 {
		return &exitError{code: codePartial, err: fmt.Errorf("the snapshot is partial: %d part(s) could not be read", len(result.Failures)),
			hint: "run it again; the header lists what is missing"}
	}
	return nil
}

func unreadableText(u snapshot.Unreadable) string {
	if u.Object == "" {
		return fmt.Sprintf("%s: %s", u.Kind, u.Reason)
	}
	return fmt.Sprintf("%s of %s: %s", u.Kind, u.Object, u.Reason)
}

// countsText is one line: "3 organizations, 14 users, 5 servers".
func countsText(counts map[snapshot.Kind]int) string {
	var parts []string
	for _, kind := range []snapshot.Kind{
		snapshot.Organizations, snapshot.Users, snapshot.Servers, snapshot.ServerRoutes, snapshot.Hosts, snapshot.Links,
		snapshot.Locations, snapshot.Administrators,
	} {
		name := strings.ReplaceAll(strings.TrimPrefix(string(kind), "server_"), "_", " ")
		if counts[kind] == 1 {
			name = strings.TrimSuffix(name, "s")
		}
		parts = append(parts, fmt.Sprintf("%d %s", counts[kind], name))
	}
	return strings.Join(parts, ", ")
}

func sizeText(n int64) string {
	switch {
	case n < 1<<10:
		return fmt.Sprintf("%d bytes", n)
	case n < 1<<20:
		return fmt.Sprintf("%.1f KiB", float64(n)/(1<<10))
	case n < 1<<30:
		return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20))
	}
	return fmt.Sprintf("%.1f GiB", float64(n)/(1<<30))
}
