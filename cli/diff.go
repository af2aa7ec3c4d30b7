package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"pritunl-backup/snapshot"
)

type diffOptions struct {
	connection connection
	place      placeOptions
	a, b       string // b is "" for the live instance
	compare    snapshot.DiffOptions
	limit      int
	exitZero   bool
	json       bool
}

func diffCommand(env *environment) *cli.Command {
	return &cli.Command{
		Name:      "diff",
		Usage:     "tell what differs between two snapshots, or a snapshot and the live instance",
		ArgsUsage: "A [B]",
		Description: `Objects of one instance are matched by their ids, those of two by their names, and what changes by
itself is left out. "+" is in B only, "-" in A only, "~" in both and different, a new name too; B is
the live instance when it is not given. What a restore of A through the API cannot undo is marked "not
restorable". Exit code 2 says that they differ.`,
		Flags: slices.Concat([]cli.Flag{
			&cli.StringSliceFlag{Name: "ignore", Usage: "leave out a `KIND` or a field: users, servers.port, locations.hosts[].priority; repeatable"},
			&cli.StringSliceFlag{Name: "map-host", Usage: "`OLD=NEW`: a host of A stands in B under another name; repeatable"},
			&cli.BoolFlag{Name: "restorable", Usage: "leave out what a restore of A through the API cannot undo, such as PINs"},
			&cli.IntFlag{Name: "limit", Value: 20, Usage: "objects listed of each kind and action; 0 lists all"},
			&cli.BoolFlag{Name: "exit-zero", Usage: "exit code 0 also when they differ"},
			jsonFlag(), quietFlag(), showConfigFlag(),
		}, placeFlags(), flagsOf(connectionVariables())),
		Action: func(c *cli.Context) error {
			s := env.settings(c)
			opts, err := parseDiff(c, s)
			if err != nil {
				return err
			}
			if c.Bool("show-config") {
				return s.show(env.stdio.Out)
			}
			return runDiff(c.Context, env, opts)
		},
	}
}

func parseDiff(c *cli.Context, s *settings) (diffOptions, error) {
	opts := diffOptions{
		a: c.Args().Get(0), b: c.Args().Get(1), limit: c.Int("limit"), exitZero: c.Bool("exit-zero"), json: c.Bool("json"),
		compare: snapshot.DiffOptions{Hosts: map[string]string{}, Restorable: c.Bool("restorable")},
	}
	if !c.Bool("show-config") && (c.NArg() < 1 || c.NArg() > 2 || opts.a == "-" && opts.b == "-") {
		return opts, usageError("diff takes one or two snapshots", "with one, the other is the live instance")
	}
	for _, what := range c.StringSlice("ignore") {
		name, path, isField := strings.Cut(what, ".")
		kind, ok := snapshot.ParseKind(name)
		if !ok {
			return opts, usageError(fmt.Sprintf("--ignore: %q is no kind", name), "the kinds are "+kindNames())
		}
		if isField {
			if _, known := snapshot.Lookup(kind, path); !known {
				return opts, usageError(fmt.Sprintf("--ignore: %s have no field %q", kind, path), "")
			}
			opts.compare.IgnoreFields = append(opts.compare.IgnoreFields, what)
		} else {
			opts.compare.IgnoreKinds = append(opts.compare.IgnoreKinds, kind)
		}
	}
	for _, pair := range c.StringSlice("map-host") {
		old, replacement, ok := strings.Cut(pair, "=")
		if !ok || old == "" || replacement == "" {
			return opts, usageError(fmt.Sprintf("--map-host %q is not OLD=NEW", pair), "")
		}
		opts.compare.Hosts[old] = replacement
	}
	var err error
	if opts.place, err = parsePlace(c, s); err != nil {
		return opts, err
	}
	opts.connection, err = parseConnection(s)
	return opts, err
}

func runDiff(ctx context.Context, env *environment, opts diffOptions) error {
	difference, err := env.difference(ctx, opts)
	if err != nil {
		return err
	}
	env.out.endProgress()
	if opts.json {
		err = writeJSON(env.stdio.Out, difference)
	} else {
		err = difference.WriteText(env.stdio.Out, opts.limit)
	}
	if err == nil && !difference.Empty() && !opts.exitZero {
		return reportedError(codeDiffers, "they differ")
	}
	return err
}

// difference compares two documents as streams. The live instance is read into a file that lives as long as this.
func (env *environment) difference(ctx context.Context, opts diffOptions) (*snapshot.Difference, error) {
	a, closeA, err := env.readerOf(ctx, opts.a, opts.place)
	if err != nil {
		return nil, err
	}
	defer closeA()
	var b *snapshot.Reader
	var closeB func()
	if opts.b == "" {
		b, closeB, err = env.liveReader(ctx, opts.connection, a.Header())
	} else {
		b, closeB, err = env.readerOf(ctx, opts.b, opts.place)
	}
	if err != nil {
		return nil, err
	}
	defer closeB()
	return snapshot.DiffReaders(a, b, opts.compare)
}

func (env *environment) readerOf(ctx context.Context, place string, opts placeOptions) (*snapshot.Reader, func(), error) {
	document, err := env.openSnapshot(ctx, place, opts)
	if err != nil {
		return nil, nil, err
	}
	reader, err := snapshot.NewReader(document)
	if err != nil {
		_ = document.Close()
		return nil, nil, fmt.Errorf("read %s: %w", place, err)
	}
	return reader, func() { _ = document.Close() }, nil
}
