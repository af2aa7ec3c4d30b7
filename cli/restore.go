package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"pritunl-backup/api"
	"pritunl-backup/restore"
	"pritunl-backup/snapshot"
)

type restoreOptions struct {
	connection connection
	snapshot   string
	place      placeOptions
	plan       restore.PlanOptions
	verbose    bool // list every object
	planOnly   bool // print the plan and stop
	yes        bool
	deleteOn   string // the host that --yes-delete-on names
	passwords  string
	report     string
	json       bool
}

func restoreCommand(env *environment) *cli.Command {
	return &cli.Command{
		Name:      "restore",
		Usage:     "rebuild the configuration of a snapshot on an instance",
		ArgsUsage: "SNAPSHOT",
		Description: `Reads the instance, says for every object what would happen to it, asks, does it, reads the instance
again and proves the result. The instance must be fresh; --resume goes on after an interruption, and
--on-existing update changes a living one. Users have to import new VPN profiles afterwards: no API
can bring keys and certificates back (a database restore can). The list of who has to do what
is printed at the end.

   pritunl-backup restore vpn.json --dry-run
   pritunl-backup restore vpn.json --yes --report restored.json
   pritunl-backup restore vpn.json --map-host vpn-1=new-a --skip users --rules staging.json`,
		Flags: slices.Concat(restoreFlags(), databaseRestoreFlags(), []cli.Flag{jsonFlag(), quietFlag(), showConfigFlag()}, placeFlags(), flagsOf(connectionVariables())),
		Action: func(c *cli.Context) error {
			s := env.settings(c)
			switch target := c.String("target"); target {
			case snapshot.SourceAPI:
			case snapshot.SourceMongo:
				opts, err := parseDatabaseRestore(c, s)
				if err != nil {
					return err
				}
				return runDatabaseRestore(c.Context, env, opts)
			default:
				return usageError(fmt.Sprintf("--target %q is neither api nor mongo", target), "")
			}
			opts, err := parseRestore(c, s)
			if err != nil {
				return err
			}
			if c.Bool("show-config") {
				return s.show(env.stdio.Out)
			}
			return runRestore(c.Context, env, opts)
		},
	}
}

func restoreFlags() []cli.Flag {
	return []cli.Flag{
		&cli.BoolFlag{Name: "dry-run", Usage: "print the plan and stop; nothing that writes can be sent"},
		&cli.BoolFlag{Name: "yes", Usage: "do it without asking; needed where there is no terminal"},
		&cli.BoolFlag{Name: "resume", Usage: "go on after an interruption: the target may hold parts of the snapshot, and nothing else"},
		&cli.StringFlag{Name: "on-existing", Usage: "for a living target: skip leaves what exists, update changes it"},
		&cli.BoolFlag{Name: "prune", Usage: "with --on-existing update: delete what the snapshot does not have"},
		&cli.StringFlag{Name: "yes-delete-on", Usage: "confirm the deletions of --prune, and of duplicates with --resume, by the name of the target's `HOST`"},
		&cli.StringSliceFlag{Name: "map-host", Usage: "`OLD=NEW`: which host of the target stands for one of the snapshot; OLD= leaves it out; repeatable"},
		&cli.StringSliceFlag{Name: "only", Usage: "only these objects: `KIND` or KIND=PATTERN, such as users or servers=office-*; what belongs to a server, link or organization comes with it; repeatable"},
		&cli.StringSliceFlag{Name: "skip", Usage: "all but these objects: `KIND` or KIND=PATTERN, as for --only, which it outweighs; repeatable"},
		&cli.StringFlag{Name: "rules", Usage: "`FILE` with rewrite rules (JSON) for ports, networks, addresses, names and settings"},
		&cli.StringSliceFlag{Name: "drop", Usage: "leave these settings to the target: `NAME` or one of the groups sso, mail, cloud, influxdb, acme, and external, which is all of them; repeatable"},
		&cli.BoolFlag{Name: "with-connection-settings", Usage: "also port, certificate, reverse proxy, acme domain and auditing, which cut the connection in use"},
		&cli.BoolFlag{Name: "start", Usage: "start the servers that were online in the snapshot"},
		&cli.BoolFlag{Name: "verbose", Usage: "list every object, not only the first twenty of each kind"},
		&cli.StringFlag{Name: "passwords", Usage: "new `FILE` (0600) for the passwords of created administrators (default: pritunl-passwords-TIME.txt)"},
		&cli.StringFlag{Name: "report", Usage: "write what was done to each object as JSON to `FILE`"},
	}
}

func parseRestore(c *cli.Context, s *settings) (restoreOptions, error) {
	opts := restoreOptions{
		verbose: c.Bool("verbose"), planOnly: c.Bool("dry-run"), yes: c.Bool("yes"), deleteOn: c.String("yes-delete-on"),
		passwords: c.String("passwords"), report: c.String("report"), json: c.Bool("json"),
	}
	var err error
	if !c.Bool("show-config") {
		if opts.snapshot, err = oneSnapshot(c); err != nil {
			return opts, err
		}
	}
	if opts.plan, err = parsePlan(c); err != nil {
		return opts, err
	}
	if opts.place, err = parsePlace(c, s); err != nil {
		return opts, err
	}
	opts.connection, err = parseConnection(s)
	return opts, err
}

func parsePlan(c *cli.Context) (restore.PlanOptions, error) {
	plan := restore.PlanOptions{
		Prune: c.Bool("prune"), WithConnectionSettings: c.Bool("with-connection-settings"), Start: c.Bool("start"),
	}
	switch existing := c.String("on-existing"); {
	case existing != "" && c.Bool("resume"):
		return plan, usageError("--resume and --on-existing exclude each other", "")
	case c.Bool("resume"):
		plan.Mode = restore.ModeResume
	case existing == "skip":
		plan.Mode = restore.ModeSkip
	case existing == "update":
		plan.Mode = restore.ModeUpdate
	case existing != "":
		return plan, usageError(fmt.Sprintf("--on-existing %q is neither skip nor update", existing), "")
	}
	var err error
	if plan.MapHosts, err = hostPairs(c.StringSlice("map-host")); err != nil {
		return plan, err
	}
	if plan.Only, err = parseFilters(c.StringSlice("only")); err != nil {
		return plan, err
	}
	if plan.Skip, err = parseFilters(c.StringSlice("skip")); err != nil {
		return plan, err
	}
	if path := c.String("rules"); path != "" {
		text, err := os.ReadFile(path)
		if err != nil {
			return plan, usageError(fmt.Sprintf("read the rules: %v", err), "")
		}
		if plan.Rules, err = restore.ReadRules(text); err != nil {
			return plan, fmt.Errorf("read the rules in %s: %w", path, err)
		}
	}
	if plan.Rules, err = plan.Rules.Drop(c.StringSlice("drop")...); err != nil {
		return plan, err
	}
	return plan, nil
}

// hostPairs reads OLD=NEW; NEW may be empty.
func hostPairs(texts []string) (map[string]string, error) {
	pairs := map[string]string{}
	for _, text := range texts {
		old, replacement, ok := strings.Cut(text, "=")
		if !ok || old == "" {
			return nil, usageError(fmt.Sprintf("--map-host %q is not OLD=NEW", text), "OLD= leaves the host out")
		}
		pairs[old] = replacement
	}
	return pairs, nil
}

func parseFilters(texts []string) ([]restore.Filter, error) {
	var filters []restore.Filter
	for _, text := range texts {
		for one := range strings.SplitSeq(text, ",") {
			f, err := restore.ParseFilter(one)
			if err != nil {
				return nil, err
			}
			filters = append(filters, f)
		}
	}
	return filters, nil
}

// restoreResult is what --json prints at the end.
type restoreResult struct {
	Plan    *restore.Plan    `json:"plan"`
	Report  *restore.Report  `json:"report,omitempty"`
	Outcome *restore.Outcome `json:"outcome,omitempty"`
}

func runRestore(ctx context.Context, env *environment, opts restoreOptions) error {
	wanted, err := env.loadSnapshot(ctx, opts.snapshot, opts.place)
	if err != nil {
		return err
	}
	if err := restore.CheckSelection(wanted, opts.plan); err != nil {
		return err
	}
	reading := opts.connection
	reading.options.Wrap = api.ReadOnlyTransport
	reader, err := env.connect(reading)
	if err != nil {
		return err
	}
	live, err := env.exportToMemory(ctx, reader, opts.connection, wanted.Header)
	if err != nil {
		return fmt.Errorf("read the target: %w", err)
	}
	plan, err := restore.NewPlan(live, wanted, opts.plan)
	env.out.endProgress()
	if plan != nil && !opts.json {
		write := plan.WriteText
		if opts.verbose {
			write = plan.WriteVerbose
		}
		if printed := write(env.stdio.Out); printed != nil {
			return printed
		}
	}
	if err != nil || opts.planOnly {
		if plan != nil && opts.json {
			return errors.Join(writeJSON(env.stdio.Out, restoreResult{Plan: plan}), err)
		}
		return err
	}
	return env.carryOut(ctx, opts, plan, reader, wanted)
}

// carryOut asks, applies the plan, and proves what came of it.
func (env *environment) carryOut(ctx context.Context, opts restoreOptions, plan *restore.Plan, reader *api.Client, wanted *snapshot.Document) error {
	result := restoreResult{Plan: plan}
	var failure error
	if plan.Writes() > 0 {
		if err := env.confirmPlan(plan, opts); err != nil {
			return err
		}
		if result.Report, failure = env.apply(ctx, opts, plan); result.Report == nil {
			return failure
		}
		if opts.report != "" {
			if err := writeReport(opts.report, result.Report); err != nil {
				return errors.Join(failure, err)
			}
		}
	}
	if ctx.Err() == nil && !movedAway(result.Report) {
		after, err := env.exportToMemory(ctx, reader, opts.connection, wanted.Header)
		if err != nil {
			return errors.Join(failure, fmt.Errorf("read the target again to prove the result: %w", err))
		}
		if result.Outcome, err = restore.Verify(plan, after); err != nil {
			return errors.Join(failure, err)
		}
	}
	env.out.endProgress()
	return env.reportRestore(opts, result, failure)
}

// movedAway tells whether the server listens on another port now, so that it cannot be read again at this address.
func movedAway(r *restore.Report) bool { return r != nil && r.Port != 0 }

func (env *environment) confirmPlan(plan *restore.Plan, opts restoreOptions) error {
	deletes := plan.Deletes()
	if len(deletes) == 0 {
		return env.confirm(fmt.Sprintf("write this to %s", visible(plan.Target)), opts.yes)
	}
	if opts.deleteOn == "" {
		answer, err := env.ask(fmt.Sprintf("%d objects will be deleted. To confirm, type the name of the target's host (%s): ", len(deletes), visible(plan.Target)))
		if err != nil {
			return withHint(err, "--yes-delete-on "+visible(plan.Target)+" --yes goes on without asking")
		}
		opts.deleteOn, opts.yes = answer, true
	}
	if opts.deleteOn != plan.Target {
		return &exitError{code: codeRefused, err: fmt.Errorf("nothing was written: the target is %q, not %q", plan.Target, opts.deleteOn)}
	}
	return env.confirm("write this", opts.yes)
}

func (env *environment) reportRestore(opts restoreOptions, result restoreResult, failure error) error {
	if opts.json {
		if err := writeJSON(env.stdio.Out, result); err != nil {
			return err
		}
	} else if err := env.tellRestore(result, opts.verbose); err != nil {
		return err
	}
	switch {
	case failure != nil:
		var failed *restore.FailedError
		if errors.As(failure, &failed) {
			return &exitError{code: codePartial, err: failure, hint: failed.Hint()}
		}
		return failure
	case result.Outcome != nil && !result.Outcome.Equal:
		return &exitError{code: codeDiffers, err: errors.New("the target is not what the snapshot says"),
			hint: "the differences are listed above; run it again with --resume"}
	}
	return nil
}

// tellRestore prints the outcome and the next steps for people.
func (env *environment) tellRestore(result restoreResult, verbose bool) error {
	w := env.stdio.Out
	if r := result.Report; r != nil {
		_, _ = fmt.Fprintf(w, "\ncreated %d, changed %d, deleted %d, unchanged %d, skipped %d, failed %d, not reached %d\n",
			r.Count(restore.Created), r.Count(restore.Changed), r.Count(restore.Deleted), r.Count(restore.Unchanged),
			r.Count(restore.Skipped), r.Count(restore.Failed), r.Count(restore.NotReached))
		tellFailed(w, r)
		tellHandOver(w, r.HandOver)
	} else {
		_, _ = fmt.Fprintln(w, "\nnothing to do: the target already is what the snapshot says")
	}
	if result.Outcome == nil {
		return nil
	}
	write := result.Outcome.WriteText
	if verbose {
		write = result.Outcome.WriteVerbose
	}
	if err := write(w); err != nil {
		return err
	}
	if result.Outcome.Equal {
		_, _ = fmt.Fprintln(w, "proved: read again, the target is what the snapshot says, apart from the limits above")
	}
	return nil
}
