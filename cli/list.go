package cli

import (
	"context"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/urfave/cli/v2"

	"pritunl-backup/storage"
)

type listOptions struct {
	location string
	place    placeOptions
	check    bool
	json     bool
}

func listCommand(env *environment) *cli.Command {
	return &cli.Command{
		Name:      "list",
		Usage:     "list the snapshots in a directory or bucket",
		ArgsUsage: "LOCATION",
		Description: `Needs no key: what is listed is in names and metadata. "verified" says that the stored bytes are
those that were verified when they were written; --fast leaves that column out.`,
		Flags: append([]cli.Flag{
			&cli.BoolFlag{Name: "fast", Usage: "do not look at each snapshot's bytes or metadata"},
			jsonFlag(),
		}, locationFlags()...),
		Action: func(c *cli.Context) error {
			opts := listOptions{check: !c.Bool("fast"), json: c.Bool("json")}
			var err error
			if opts.location, err = oneLocation(c); err != nil {
				return err
			}
			if opts.place, err = parsePlace(c, env.settings(c)); err != nil {
				return err
			}
			return runList(c.Context, env, opts)
		},
	}
}

// listed is one row of a listing, and what --json prints of it.
type listed struct {
	storage.Snapshot
	Unchanged bool  `json:"unchanged,omitempty"` // a run that found nothing new, not a snapshot
	Verified  *bool `json:"verified,omitempty"`  // null when nothing tells
}

func runList(ctx context.Context, env *environment, opts listOptions) error {
	store, err := openLocation(ctx, opts.location, opts.place)
	if err != nil {
		return err
	}
	listing, err := storage.Find(ctx, store, opts.place.query)
	if err != nil {
		return err
	}
	rows := []listed{}
	for i, s := range listing.Snapshots {
		row := listed{Snapshot: s}
		if opts.check {
			env.out.progress("looking at snapshots", i, len(listing.Snapshots))
			if row.Info, err = store.Stat(ctx, s.Name); err != nil {
				return err
			}
			if row.Metadata != nil {
				verified := row.Metadata[storage.MetaPlain] != ""
				row.Verified = &verified
			}
		}
		rows = append(rows, row)
	}
	for _, m := range listing.Markers {
		rows = append(rows, listed{Snapshot: m, Unchanged: true})
	}
	env.out.endProgress()
	if opts.json {
		return writeJSON(env.stdio.Out, rows)
	}
	return listTable(env, rows, len(listing.Others))
}

func listTable(env *environment, rows []listed, others int) error {
	table := tabwriter.NewWriter(env.stdio.Out, 0, 4, 2, ' ', 0)
	_, _ = fmt.Fprintln(table, "time\tsize\tsource\thost\tencrypted\tcomplete\tverified\ttags\tname")
	for _, r := range rows {
		size, verified := sizeText(r.Size), "-"
		if r.Verified != nil {
			verified = yesNo(*r.Verified)
		}
		if r.Unchanged {
			size = "unchanged"
		}
		_, _ = fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", r.Time.UTC().Format(time.DateTime), size, r.Kind, visible(r.Host),
			yesNo(r.Encrypted), yesNo(r.Complete), verified, strings.Join(r.Tags, ","), visible(r.Name))
	}
	if err := table.Flush(); err != nil {
		return err
	}
	if others > 0 {
		env.out.say("%d other objects are there, under names that are no snapshot's", others)
	}
	return nil
}
