package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"

	"pritunl-backup/api"
	"pritunl-backup/routes"
)

type routesImportOptions struct {
	connection connection
	server     serverChoice
	from       string
	remove     string // comment of the routes that are taken out; then there is no list
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

--prune-comment also removes what --region and --service no longer choose: give each selection a
comment of its own. IPv6 routes are neither set nor removed without --ipv6.

   pritunl-backup routes import --server office --from https://ip-ranges.amazonaws.com/ip-ranges.json \
     --format aws --region eu-west-1 --service S3 --comment aws-s3 --prune-comment aws-s3 --dry-run
   pritunl-backup routes import --server office --from networks.txt --format text --nat
   pritunl-backup routes import --server office --remove-comment aws-s3      # takes an import out again`,
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
		&cli.BoolFlag{Name: "ipv6", Usage: "also IPv6 networks; without it they are left out, and no IPv6 route is removed"},
		&cli.BoolFlag{Name: "nat", Usage: "with NAT, where the list does not say"},
		&cli.StringFlag{Name: "comment", Usage: "comment of routes whose list has none; marks them as this import's"},
		&cli.StringFlag{Name: "prune-comment", Usage: "remove routes that carry exactly this `COMMENT` and left the list"},
		&cli.StringFlag{Name: "remove-comment", Usage: "instead of a list: remove all routes that carry exactly this `COMMENT`"},
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
		from: c.String("from"), remove: c.String("remove-comment"), format: routes.Format(c.String("format")),
		filter: routes.Filter{Regions: c.StringSlice("region"), Services: c.StringSlice("service"), IPv6: c.Bool("ipv6")},
		plan: routes.Options{Comment: c.String("comment"), NAT: c.Bool("nat"), PruneComment: c.String("prune-comment"),
			TakeOver: c.Bool("take-over"), NoCollapse: c.Bool("no-collapse"), KeepIPv6: !c.Bool("ipv6")},
		noStop: c.Bool("no-stop"), planOnly: c.Bool("dry-run"), yes: c.Bool("yes"), json: c.Bool("json"),
	}
	switch {
	case c.NArg() > 0:
		return opts, usageError(fmt.Sprintf("unexpected argument %q", c.Args().First()), "the list is given as --from "+c.Args().First())
	case c.IsSet("remove-comment"):
		return opts, opts.parseRemoval(c)
	case opts.from == "":
		return opts, usageError("no list is given", "--from FILE, an address, or - for standard input")
	case opts.format == "":
		return opts, usageError("--format is missing", "aws, json, csv or text")
	case !slices.Contains(routes.Formats(), opts.format):
		return opts, usageError(fmt.Sprintf("--format %q is not aws, json, csv or text", opts.format), "")
	case opts.format != routes.AWS && len(opts.filter.Regions)+len(opts.filter.Services) > 0:
		return opts, usageError("--region and --service choose from aws lists only", "")
	case opts.plan.Comment == "DNS Server":
		return opts, usageError(`Pritunl moves every route with the comment "DNS Server" to the server's dns server, whenever the server is changed`, "choose another --comment")
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

// parseRemoval reads the rest of --remove-comment, which goes with no list and with nothing that is said of one.
func (opts *routesImportOptions) parseRemoval(c *cli.Context) error {
	if opts.remove == "" {
		return usageError("--remove-comment is empty", "routes without a comment are removed in the web console")
	}
	for _, flag := range []string{"from", "format", "region", "service", "ipv6", "nat", "comment", "prune-comment", "take-over", "no-collapse"} {
		if c.IsSet(flag) {
			return usageError("--remove-comment and --"+flag+" exclude each other", "--remove-comment takes a whole import out, without looking at a list")
		}
	}
	var err error
	opts.server, err = parseServerChoice(c)
	return err
}

func runRoutesImport(ctx context.Context, env *environment, opts routesImportOptions) error {
	if opts.planOnly {
		opts.connection.options.Wrap = api.ReadOnlyTransport
	}
	client, err := env.connect(opts.connection)
	if err != nil {
		return err
	}
	list, err := env.readList(ctx, opts)
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
	plan, err := opts.planFor(existing, list)
	if err != nil {
		return err
	}
	if opts.remove != "" && plan.Empty() {
		env.out.warn("no route of %s carries exactly the comment %q; there are: %s", visible(server.Name), visible(opts.remove), commentsOf(existing))
	}
	return env.applyRoutes(ctx, opts, client, server, plan, list.LeftOut)
}

func (env *environment) readList(ctx context.Context, opts routesImportOptions) (routes.List, error) {
	if opts.remove != "" {
		return routes.List{}, nil
	}
	reader, err := env.openList(ctx, opts.from)
	if err != nil {
		return routes.List{}, err
	}
	return routes.Parse(reader, opts.format, opts.filter)
}

func (opts routesImportOptions) planFor(existing []routes.Existing, list routes.List) (routes.Plan, error) {
	if opts.remove != "" {
		return routes.NewRemoval(existing, opts.remove), nil
	}
	opts.plan.LeftOut = list.LeftOut
	plan, err := routes.NewPlan(existing, list.Routes, opts.plan)
	if errors.Is(err, routes.ErrEmptyList) {
		hint := "a list that broke must not remove every route; look at the list, or leave --prune-comment out"
		if n := len(list.LeftOut.IPv6); n > 0 {
			hint = fmt.Sprintf("it has nothing but IPv6 networks: --ipv6 takes them (%d); --remove-comment takes a whole import out", n)
		}
		err = withHint(err, hint)
	}
	return plan, err
}

// commentsOf lists the comments of stored routes.
func commentsOf(existing []routes.Existing) string {
	var comments []string
	for _, e := range existing {
		if e.Derived == "" && e.Comment != "" {
			comments = append(comments, strconv.Quote(visible(e.Comment)))
		}
	}
	slices.Sort(comments)
	if comments = slices.Compact(comments); len(comments) == 0 {
		return "none"
	}
	return strings.Join(comments, ", ")
}

// applyRoutes shows the plan, asks, does it, and reports, also when it failed half-way.
func (env *environment) applyRoutes(ctx context.Context, opts routesImportOptions, client *api.Client, server listedServer, plan routes.Plan, left routes.LeftOut) error {
	report := newRoutesReport(server, plan, left)
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
