package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/urfave/cli/v2"

	"pritunl-backup/api"
	"pritunl-backup/routes"
)

type routesImportOptions struct {
	connection connection
	server     serverChoice
	from       string
	format     routes.Format
	filter     routes.Filter
	plan       routes.Options
	noStop     bool
	planOnly   bool
	yes        bool
	json       bool
}

func routesImportCommand(env *environment) *cli.Command {
	return &cli.Command{
		Name:      "import",
		Usage:     "make a list of networks routes of a server",
		ArgsUsage: " ",
		Description: `The list is filtered, collapsed to the fewest networks and compared with the routes the server has;
only the difference is sent, in few requests. A server that runs, and servers linked to it, are
stopped for that and started again; nothing is stopped when nothing is to change. Run it again as
often as you like.

   pritunl-backup routes import --server office --from https://ip-ranges.amazonaws.com/ip-ranges.json \
     --format aws --region eu-west-1 --service S3 --comment aws-s3 --prune-comment aws-s3 --dry-run
   pritunl-backup routes import --server office --from networks.txt --format text --nat`,
		Flags:  slices.Concat(serverFlags(), routesImportFlags(), flagsOf(connectionVariables())),
		Action: func(c *cli.Context) error { return routesImportAction(c, env) },
	}
}

func routesImportFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "from", Usage: "the list: `FILE`, an http or https address, or - for standard input"},
		&cli.StringFlag{Name: "format", Usage: "aws (ip-ranges.json), json, csv or text"},
		&cli.StringSliceFlag{Name: "region", Usage: "aws: only this `REGION`; repeatable"},
		&cli.StringSliceFlag{Name: "service", Usage: "aws: only this `SERVICE`; repeatable"},
		&cli.BoolFlag{Name: "ipv6", Usage: "also IPv6 networks"},
		&cli.BoolFlag{Name: "nat", Usage: "with NAT, where the list does not say"},
		&cli.StringFlag{Name: "comment", Usage: "comment of routes whose list has none; marks them as this import's"},
		&cli.StringFlag{Name: "prune-comment", Usage: "remove routes that carry exactly this `COMMENT` and left the list"},
		&cli.BoolFlag{Name: "take-over", Usage: "also change routes that carry another comment"},
		&cli.BoolFlag{Name: "no-collapse", Usage: "send the networks as the list has them"},
		&cli.BoolFlag{Name: "no-stop", Usage: "do nothing when a server that runs would have to be stopped"},
		&cli.BoolFlag{Name: "dry-run", Usage: "print the plan and stop; nothing that writes can be sent"},
		&cli.BoolFlag{Name: "yes", Usage: "do it without asking; needed where there is no terminal"},
		jsonFlag(), quietFlag(), showConfigFlag(),
	}
}

func routesImportAction(c *cli.Context, env *environment) error {
	s := env.settings(c)
	conn, err := parseConnection(s)
	if err != nil {
		return err
	}
	if c.Bool("show-config") {
		return s.show(env.stdio.Out)
	}
	opts, err := parseRoutesImport(c)
	if err != nil {
		return err
	}
	opts.connection = conn
	return runRoutesImport(c.Context, env, opts)
}

func parseRoutesImport(c *cli.Context) (routesImportOptions, error) {
	opts := routesImportOptions{
		from: c.String("from"), format: routes.Format(c.String("format")),
		filter: routes.Filter{Regions: c.StringSlice("region"), Services: c.StringSlice("service"), IPv6: c.Bool("ipv6")},
		plan: routes.Options{Comment: c.String("comment"), NAT: c.Bool("nat"), PruneComment: c.String("prune-comment"),
			TakeOver: c.Bool("take-over"), NoCollapse: c.Bool("no-collapse")},
		noStop: c.Bool("no-stop"), planOnly: c.Bool("dry-run"), yes: c.Bool("yes"), json: c.Bool("json"),
	}
	switch {
	case c.NArg() > 0:
		return opts, usageError(fmt.Sprintf("unexpected argument %q", c.Args().First()), "the list is given as --from "+c.Args().First())
	case opts.from == "":
		return opts, usageError("no list is given", "--from FILE, an address, or - for standard input")
	case opts.format == "":
		return opts, usageError("--format is missing", "aws, json, csv or text")
	case !slices.Contains(routes.Formats(), opts.format):
		return opts, usageError(fmt.Sprintf("--format %q is not aws, json, csv or text", opts.format), "")
	case opts.format != routes.AWS && len(opts.filter.Regions)+len(opts.filter.Services) > 0:
		return opts, usageError("--region and --service choose from aws lists only", "")
	}
	if isAddress(opts.from) {
		if err := checkListAddress(opts.from); err != nil {
			return opts, err
		}
	}
	var err error
	opts.server, err = parseServerChoice(c)
	return opts, err
}

func runRoutesImport(ctx context.Context, env *environment, opts routesImportOptions) error {
	if opts.planOnly {
		opts.connection.options.Wrap = api.ReadOnlyTransport
	}
	client, err := env.connect(opts.connection)
	if err != nil {
		return err
	}
	reader, err := env.openList(ctx, opts.from)
	if err != nil {
		return err
	}
	list, err := routes.Parse(reader, opts.format, opts.filter)
	if err != nil {
		return err
	}
	server, err := opts.server.find(ctx, client)
	if err != nil {
		return err
	}
	existing, err := routes.Fetch(ctx, client, server.ID)
	if err != nil {
		return err
	}
	plan, err := routes.NewPlan(existing, list, opts.plan)
	if errors.Is(err, routes.ErrEmptyList) {
		return withHint(err, "a list that broke must not remove every route; look at the list, or leave --prune-comment out")
	}
	if err != nil {
		return err
	}
	return env.applyRoutes(ctx, opts, client, server, plan)
}

// applyRoutes shows the plan, asks, does it, and reports, also when it failed half-way.
func (env *environment) applyRoutes(ctx context.Context, opts routesImportOptions, client *api.Client, server listedServer, plan routes.Plan) error {
	report := newRoutesReport(server, plan)
	if !opts.json {
		if err := report.write(env.stdio.Out); err != nil {
			return err
		}
	}
	if opts.planOnly || plan.Empty() {
		if !opts.json {
			return nil
		}
		return writeJSON(env.stdio.Out, report)
	}
	if err := env.confirm(routesQuestion(server, plan, opts.noStop), opts.yes); err != nil {
		return err
	}
	result, err := routes.Apply(ctx, client, server.ID, plan, routes.ApplyOptions{
		Stop: !opts.noStop, OnStep: func(step string) { env.out.say("%s", step) },
	})
	if errors.Is(err, routes.ErrOnline) {
		return withHint(err, "leave --no-stop out, or run it when nobody is connected")
	}
	report.Done = &routesDone{result.Added, result.Updated, result.Removed, result.Stopped, result.Started}
	env.out.endProgress()
	if opts.json {
		return errors.Join(err, writeJSON(env.stdio.Out, report))
	}
	env.out.say("added %d, changed %d, removed %d", result.Added, result.Updated, result.Removed)
	return err
}

func routesQuestion(server listedServer, plan routes.Plan, noStop bool) string {
	question := fmt.Sprintf("add %d, change %d and remove %d routes of %s", len(plan.Add), len(plan.Update), len(plan.Remove), visible(server.Name))
	if server.Status == "online" && !noStop {
		question += fmt.Sprintf(", which is stopped for it (%d users are connected) and started again", server.Users)
	}
	return question
}

// routesReport is what --json prints.
type routesReport struct {
	Server  string        `json:"server"`
	ID      string        `json:"server_id"`
	Add     []routeChange `json:"add"`
	Change  []routeChange `json:"change"`
	Remove  []routeChange `json:"remove"`
	Skipped []routeChange `json:"skipped"` // differ from the list and are left alone
	Same    int           `json:"same"`    // are as the list has them
	Done    *routesDone   `json:"done,omitempty"`
}

type routeChange struct {
	routes.Route
	Reason string `json:"reason,omitempty"`
}

type routesDone struct {
	Added   int      `json:"added"`
	Changed int      `json:"changed"`
	Removed int      `json:"removed"`
	Stopped []string `json:"stopped,omitempty"`
	Started []string `json:"started,omitempty"`
}

func newRoutesReport(server listedServer, plan routes.Plan) routesReport {
	r := routesReport{Server: server.Name, ID: server.ID, Add: changes(plan.Add), Change: changes(plan.Update), Remove: changes(plan.Remove),
		Skipped: []routeChange{}, Same: len(plan.Keep) - plan.Skipped}
	for _, c := range changes(plan.Keep) {
		if c.Reason != "" {
			r.Skipped = append(r.Skipped, c)
		}
	}
	return r
}

func changes(list []routes.Change) []routeChange {
	out := make([]routeChange, 0, len(list))
	for _, c := range list {
		out = append(out, routeChange{c.Route, c.Reason})
	}
	return out
}

// write prints the plan, one route a line.
func (r routesReport) write(w io.Writer) error {
	table := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	for _, group := range []struct {
		verb string
		list []routeChange
	}{{"add", r.Add}, {"change", r.Change}, {"remove", r.Remove}, {"leave", r.Skipped}} {
		for _, c := range group.list {
			line := strings.Join([]string{group.verb, c.Network.String(), visible(c.Comment), visible(c.Reason)}, "\t")
			_, _ = fmt.Fprintln(table, strings.TrimRight(line, "\t"))
		}
	}
	if err := table.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(w, "%s: %d to add, %d to change, %d to remove, %d left alone, %d as they should be\n",
		visible(r.Server), len(r.Add), len(r.Change), len(r.Remove), len(r.Skipped), r.Same)
	return err
}
