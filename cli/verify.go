package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/urfave/cli/v2"

	"pritunl-backup/snapshot"
	"pritunl-backup/storage"
)

type verifyOptions struct {
	snapshot string
	place    placeOptions
	all      bool
	maxAge   time.Duration // 0 means any
	drill    bool
	json     bool
}

func verifyCommand(env *environment) *cli.Command {
	return &cli.Command{
		Name:      "verify",
		Usage:     "check a snapshot: every byte, structure, references",
		ArgsUsage: "SNAPSHOT",
		Description: `Exit code 6 says that the snapshot is damaged, cut off, from a newer version, or none at all.
References to objects that are not in it are named; they are as the server gave them and no damage.

   pritunl-backup verify vpn.json
   pritunl-backup verify /var/backups/pritunl/ --latest --drill
   pritunl-backup verify s3://bucket/prefix/ --all --max-age 26h`,
		Flags: append([]cli.Flag{
			&cli.BoolFlag{Name: "all", Usage: "SNAPSHOT is a location: check every snapshot in it"},
			&cli.DurationFlag{Name: "max-age", Usage: "SNAPSHOT is a location: fail when the newest successful run is older"},
			&cli.BoolFlag{Name: "drill", Usage: "also restore it into a fresh simulated instance and compare; with --all only the newest"},
			jsonFlag(), quietFlag(),
		}, append(placeFlags(), flagsOf(heartbeatVariables())...)...),
		Action: func(c *cli.Context) error {
			s := env.settings(c)
			told, err := parseMonitoring(c, s)
			if err != nil {
				return err
			}
			return env.monitored(c.Context, told, c.Command.Name, func(j *job) error {
				j.Complete = true
				opts, err := parseVerify(c, s)
				if err != nil {
					return err
				}
				if opts.all || opts.maxAge > 0 {
					return runVerifyLocation(c.Context, env, opts)
				}
				return runVerify(c.Context, env, opts)
			})
		},
	}
}

func parseVerify(c *cli.Context, s *settings) (verifyOptions, error) {
	opts := verifyOptions{all: c.Bool("all"), maxAge: c.Duration("max-age"), drill: c.Bool("drill"), json: c.Bool("json")}
	if opts.maxAge < 0 {
		return opts, usageError("--max-age is negative", "")
	}
	var err error
	if opts.snapshot, err = oneSnapshot(c); err != nil {
		return opts, err
	}
	opts.place, err = parsePlace(c, s)
	return opts, err
}

func runVerify(ctx context.Context, env *environment, opts verifyOptions) error {
	source, err := env.openTwice(ctx, opts.snapshot, opts.place)
	if err != nil {
		return err
	}
	report, err := env.verifyFrom(source)
	if err != nil {
		return ofSnapshot(opts.snapshot, err)
	}
	if opts.json {
		err = writeJSON(env.stdio.Out, report)
	} else {
		env.reportFindings(report)
		_, err = fmt.Fprintf(env.stdio.Out, "%s: intact, %s\n", visible(opts.snapshot), countsText(report.Summary.Counts))
	}
	if err == nil && len(report.Summary.Collections) > 0 && !opts.json {
		err = env.checkCertificates(source)
	}
	if err != nil || !opts.drill {
		return err
	}
	return env.drillFrom(ctx, source, opts.json)
}

func (env *environment) drillFrom(ctx context.Context, source func() (*storage.Reader, error), asJSON bool) error {
	reader, err := source()
	if err != nil {
		return err
	}
	defer func() { _ = reader.Close() }()
	document, err := snapshot.Load(reader)
	if err != nil {
		return err
	}
	outcome, err := env.drill(ctx, document)
	if err != nil {
		return fmt.Errorf("rehearse the restore: %w", err)
	}
	if asJSON {
		if err := outcome.WriteJSON(env.stdio.Out); err != nil || outcome.Equal {
			return err
		}
		return reportedError(codeDiffers, "the drill failed")
	}
	return env.reportDrill(outcome)
}

// runVerifyLocation checks a whole location for a monitor: age first, then every snapshot. It goes on after a
// damaged one, so that one run tells all.
func runVerifyLocation(ctx context.Context, env *environment, opts verifyOptions) error {
	store, err := openLocation(ctx, opts.snapshot, opts.place)
	if err != nil {
		return err
	}
	listing, err := storage.Find(ctx, store, opts.place.query)
	if err != nil {
		return err
	}
	failures := []error{checkAge(listing, env.now(), opts.maxAge)}
	chosen := listing.Snapshots
	if !opts.all && len(chosen) > 1 {
		chosen = chosen[len(chosen)-1:]
	}
	for i, s := range chosen {
		one := opts
		one.snapshot, one.drill = at(opts.snapshot, s.Name), opts.drill && i == len(chosen)-1
		env.out.progress("verifying", i, len(chosen))
		if err := runVerify(ctx, env, one); err != nil {
			if ctx.Err() != nil {
				return err
			}
			failures = append(failures, err)
		}
	}
	return worst(failures)
}

func checkAge(listing storage.Listing, now time.Time, limit time.Duration) error {
	last := listing.LastRun()
	switch {
	case limit == 0 && len(listing.Snapshots) > 0:
		return nil
	case last.IsZero():
		return &exitError{code: codeError, err: errors.New("there is no complete snapshot"), hint: "did the backup job run, and does it write here?"}
	case limit > 0 && now.Sub(last) > limit:
		return &exitError{code: codeError, err: fmt.Errorf("the newest successful run is %s old, more than %s", now.Sub(last).Round(time.Minute), limit),
			hint: "look at the backup job's own output"}
	}
	return nil
}

// worst joins failures under the exit code that says most: integrity before everything else.
func worst(failures []error) error {
	err := errors.Join(failures...)
	if err == nil {
		return nil
	}
	code := codeError
	for _, f := range failures {
		if f != nil && (code == codeError || exitCode(f) == codeIntegrity) {
			code = exitCode(f)
		}
	}
	return &exitError{code: code, err: err, hint: hintOf(err)}
}

func (env *environment) reportFindings(report *snapshot.Report) {
	if !report.Header.Complete {
		for _, u := range report.Header.Unreadable {
			env.out.warn("not in the snapshot: %s", unreadableText(u))
		}
	}
	for _, d := range report.Dangling {
		env.out.warn("%s %s: %s refers to %s %q, which is not in the snapshot", d.Kind, d.ID, d.Path, d.To, d.Target)
	}
	for _, d := range report.Duplicates {
		env.out.warn("%s: the id %s stands twice", d.Kind, d.ID)
	}
	for _, path := range sortedKeys(report.Unknown) {
		env.out.say("%s is unknown to this version: kept, but a restore cannot write it (%d times)", path, report.Unknown[path])
	}
	for _, path := range sortedKeys(report.Unusual) {
		env.out.say("%s has a type that no known server gives it (%d times)", path, report.Unusual[path])
	}
	if report.Redacted > 0 {
		env.out.say("%d secrets are redacted: this snapshot can be compared, but not restored", report.Redacted)
	}
}

// openTwice gives a function that opens a snapshot from its beginning as often as needed. What can be read only once
// is held in memory for it.
func (env *environment) openTwice(ctx context.Context, place string, opts placeOptions) (func() (*storage.Reader, error), error) {
	var stream io.Reader
	switch {
	case place == "-":
		stream = env.stdio.In
	case isPipe(place):
		pipe, err := os.Open(place)
		if err != nil {
			return nil, usageError(fmt.Sprintf("read the snapshot: %v", err), "")
		}
		stream = &input{ctx, pipe}
	default:
		return func() (*storage.Reader, error) { return env.openSnapshot(ctx, place, opts) }, nil
	}
	held := &replayed{src: stream}
	return func() (*storage.Reader, error) {
		return storage.NewReader(io.NopCloser(held.again()), "", opts.keys)
	}, nil
}

// ofSnapshot names the snapshot that an error is about, unless the error does so itself.
func ofSnapshot(place string, err error) error {
	var stored *storage.Error
	var exit *exitError
	switch {
	case err == nil, errors.As(err, &exit):
		return err
	case errors.Is(err, storage.ErrNotFound):
		return withHint(err, "check the path; 'pritunl-backup list LOCATION' shows what is there")
	case errors.As(err, &stored):
		return err
	}
	if place == "-" {
		place = "standard input"
	}
	return fmt.Errorf("%s: %w", place, err)
}

func (env *environment) verifyFrom(source func() (*storage.Reader, error)) (*snapshot.Report, error) {
	document, err := source()
	if err != nil {
		return nil, err
	}
	defer func() { _ = document.Close() }()
	report, err := snapshot.Verify(document)
	if err != nil {
		return nil, err
	}
	for _, w := range document.Warnings() {
		env.out.warn("%s", w)
	}
	return report, nil
}
