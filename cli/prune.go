package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/urfave/cli/v2"

	"pritunl-backup/storage"
)

type pruneOptions struct {
	location string
	place    placeOptions
	rules    storage.Rules
	planOnly bool
	yes      bool
	json     bool
}

func pruneCommand(env *environment) *cli.Command {
	return &cli.Command{
		Name:      "prune",
		Usage:     "delete old snapshots by rules, and say why each is kept",
		ArgsUsage: "LOCATION",
		Description: `The rules mean what restic's mean: a snapshot stays when any of them wants it. Without a rule nothing
is deleted; the newest complete snapshot of a host never is; what an object lock holds is said to
be held until when. Days begin at midnight UTC, or in --time-zone.

   pritunl-backup prune s3://bucket/prefix/ --keep-daily 14 --keep-weekly 8 --keep-monthly 12 --yes`,
		Flags: slices.Concat(keepFlags(), []cli.Flag{
			&cli.StringFlag{Name: "time-zone", Value: "UTC", Usage: "where days begin, for example Europe/Berlin"},
			&cli.BoolFlag{Name: "dry-run", Usage: "say what would be deleted and stop"},
			&cli.BoolFlag{Name: "yes", Usage: "delete without asking; needed where there is no terminal"},
			jsonFlag(), quietFlag(),
		}, locationFlags(), flagsOf(heartbeatVariables())),
		Action: func(c *cli.Context) error {
			s := env.settings(c)
			told, err := parseMonitoring(c, s)
			if err != nil {
				return err
			}
			return env.monitored(c.Context, told, c.Command.Name, func(j *job) error {
				j.Complete = true
				opts, err := parsePrune(c, s)
				if err != nil {
					return err
				}
				return runPrune(c.Context, env, opts)
			})
		},
	}
}

func keepFlags() []cli.Flag {
	var flags []cli.Flag
	for _, period := range []string{"last", "hourly", "daily", "weekly", "monthly", "yearly"} {
		usage := "keep the newest of each of the last `N` periods, or unlimited"
		if period == "last" {
			usage = "keep the newest `N`, or unlimited"
		}
		flags = append(flags, &cli.StringFlag{Name: "keep-" + period, Usage: usage})
	}
	return append(flags,
		&cli.StringFlag{Name: "keep-within", Usage: "keep what is no older than this before the newest: 1y6m14d12h"},
		&cli.StringSliceFlag{Name: "keep-tag", Usage: "keep what has this `TAG`, or all of TAG,TAG; repeatable"},
	)
}

func parsePrune(c *cli.Context, s *settings) (pruneOptions, error) {
	opts := pruneOptions{planOnly: c.Bool("dry-run"), yes: c.Bool("yes"), json: c.Bool("json")}
	var err error
	if opts.location, err = oneLocation(c); err != nil {
		return opts, err
	}
	if opts.rules, err = parseRules(c); err != nil {
		return opts, err
	}
	if opts.rules.Empty() {
		return opts, usageError("no rule is given: nothing would be deleted", "for example --keep-daily 14 --keep-weekly 8 --keep-monthly 12")
	}
	opts.place, err = parsePlace(c, s)
	return opts, err
}

func parseRules(c *cli.Context) (storage.Rules, error) {
	var rules storage.Rules
	counts := map[string]*int{
		"keep-last": &rules.Last, "keep-hourly": &rules.Hourly, "keep-daily": &rules.Daily,
		"keep-weekly": &rules.Weekly, "keep-monthly": &rules.Monthly, "keep-yearly": &rules.Yearly,
	}
	for _, name := range sortedKeys(counts) {
		if !c.IsSet(name) {
			continue
		}
		n, err := storage.ParseCount(c.String(name))
		if err != nil {
			return rules, usageError(fmt.Sprintf("--%s: %v", name, err), storage.Hint(err))
		}
		*counts[name] = n
	}
	var err error
	if within := c.String("keep-within"); within != "" {
		if rules.Within, err = storage.ParsePeriod(within); err != nil {
			return rules, usageError(fmt.Sprintf("--keep-within: %v", err), storage.Hint(err))
		}
	}
	for _, tags := range c.StringSlice("keep-tag") {
		rules.Tags = append(rules.Tags, strings.Split(tags, ","))
	}
	if rules.Zone, err = time.LoadLocation(c.String("time-zone")); err != nil {
		return rules, usageError(fmt.Sprintf("--time-zone %q is not known", c.String("time-zone")), "for example Europe/Berlin")
	}
	return rules, nil
}

func runPrune(ctx context.Context, env *environment, opts pruneOptions) error {
	store, err := openLocation(ctx, opts.location, opts.place)
	if err != nil {
		return err
	}
	listing, err := storage.Find(ctx, store, opts.place.query)
	if err != nil {
		return err
	}
	now := env.now()
	decisions := storage.Decide(listing, opts.rules, now)
	if err := storage.Hold(ctx, store, decisions, now); err != nil {
		return err
	}
	if opts.json {
		err = writeJSON(env.stdio.Out, decisions)
	} else {
		err = pruneTable(env, decisions)
	}
	if err != nil || opts.planOnly {
		return err
	}
	doomed := slices.DeleteFunc(slices.Clone(decisions), func(d storage.Decision) bool { return d.Keep })
	if len(doomed) == 0 {
		env.out.say("nothing to delete")
		return nil
	}
	if err := env.confirm(fmt.Sprintf("delete %d snapshots from %s", len(doomed), visible(opts.location)), opts.yes); err != nil {
		return err
	}
	var failures []error
	deleted := 0
	for d, err := range storage.Prune(ctx, store, decisions) {
		if err != nil {
			failures = append(failures, fmt.Errorf("delete %s: %w", d.Name, err))
			continue
		}
		deleted++
		env.out.progress("deleting", deleted, len(doomed))
	}
	env.out.endProgress()
	env.out.say("deleted %d of %d", deleted, len(decisions))
	if len(failures) > 0 {
		return &exitError{code: codePartial, err: errors.Join(failures...), hint: storage.Hint(failures[0])}
	}
	return nil
}

func pruneTable(env *environment, decisions []storage.Decision) error {
	table := tabwriter.NewWriter(env.stdio.Out, 0, 4, 2, ' ', 0)
	for _, d := range decisions {
		verb := "delete"
		if d.Keep {
			verb = "keep"
		}
		_, _ = fmt.Fprintf(table, "%s\t%s\t%s\n", verb, visible(d.Name), strings.Join(d.Reasons, ", "))
	}
	return table.Flush()
}
