package cli

import (
	"bytes"
	"context"
	"fmt"
	"io"

	"github.com/urfave/cli/v2"

	"pritunl-backup/snapshot"
	"pritunl-backup/storage"
)

type verifyOptions struct {
	snapshot string
	json     bool
}

func verifyCommand(env *environment) *cli.Command {
	return &cli.Command{
		Name:      "verify",
		Usage:     "check a snapshot: every byte, structure, references",
		ArgsUsage: "SNAPSHOT",
		Description: `Exit code 6 says that the snapshot is damaged, cut off, from a newer version, or none at all.
References to objects that are not in it are named; they are as the server gave them and no damage.`,
		Flags: []cli.Flag{jsonFlag(), quietFlag()},
		Action: func(c *cli.Context) error {
			env.out.quiet = c.Bool("quiet")
			place, err := oneSnapshot(c)
			if err != nil {
				return err
			}
			return runVerify(c.Context, env, verifyOptions{snapshot: place, json: c.Bool("json")})
		},
	}
}

func runVerify(ctx context.Context, env *environment, opts verifyOptions) error {
	document, err := env.openSnapshot(ctx, opts.snapshot)
	if err != nil {
		return err
	}
	defer func() { _ = document.Close() }()
	report, err := snapshot.Verify(document)
	if err != nil {
		return err
	}
	for _, w := range document.Warnings() {
		env.out.warn("%s", w)
	}
	if opts.json {
		return writeJSON(env.stdio.Out, report)
	}
	env.reportFindings(report)
	_, err = fmt.Fprintf(env.stdio.Out, "%s: intact, %s\n", visible(opts.snapshot), countsText(report.Summary.Counts))
	return err
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

// openTwice gives a function that opens a snapshot from its beginning as often as needed. Standard input is held
// in memory for it.
func (env *environment) openTwice(ctx context.Context, place string) (func() (*storage.Reader, error), error) {
	if place != "-" {
		return func() (*storage.Reader, error) { return env.openSnapshot(ctx, place) }, nil
	}
	raw, err := io.ReadAll(env.stdio.In)
	if err != nil {
		return nil, fmt.Errorf("read standard input: %w", err)
	}
	return func() (*storage.Reader, error) {
		return storage.NewReader(io.NopCloser(bytes.NewReader(raw)), "", storage.Keys{})
	}, nil
}

func (env *environment) verifyFrom(source func() (*storage.Reader, error)) (*snapshot.Report, error) {
	document, err := source()
	if err != nil {
		return nil, err
	}
	defer func() { _ = document.Close() }()
	return snapshot.Verify(document)
}
