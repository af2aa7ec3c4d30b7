package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"pritunl-backup/api"
	"pritunl-backup/routes"
)

func routesCommand(env *environment) *cli.Command {
	return &cli.Command{
		Name:  "routes",
		Usage: "bring lists of networks into a server's routes, and out of them",
		Description: `Only routes that are stored with the server are touched, never those that Pritunl derives from its
virtual network, a user's network link or a linked server.`,
		Action: func(c *cli.Context) error {
			if c.NArg() == 0 {
				return cli.ShowSubcommandHelp(c)
			}
			return unknownCommand(c.Command.Subcommands, c.Args().First())
		},
		Subcommands: []*cli.Command{routesImportCommand(env), routesExportCommand(env)},
	}
}

// serverChoice names one server of an instance; its name need not be unique, its id is.
type serverChoice struct{ name, id string }

func serverFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "server", Usage: "`NAME` of the server"},
		&cli.StringFlag{Name: "server-id", Usage: "`ID` of the server, where several have the name"},
	}
}

func parseServerChoice(c *cli.Context) (serverChoice, error) {
	choice := serverChoice{name: c.String("server"), id: c.String("server-id")}
	switch {
	case choice.name == "" && choice.id == "":
		return choice, usageError("no server is named", "--server NAME says whose routes are meant")
	case choice.name != "" && choice.id != "":
		return choice, usageError("--server and --server-id exclude each other", "")
	case choice.id != "" && !api.ValidID(choice.id):
		return choice, usageError(fmt.Sprintf("--server-id %q is no id", choice.id), "")
	}
	return choice, nil
}

// listedServer is what choosing a server needs of it.
type listedServer struct {
	ID     string `json:"id"`
	Name   string `json:"name"`
	Status string `json:"status"`
	Users  int    `json:"users_online"`
}

// find looks the server up.
func (choice serverChoice) find(ctx context.Context, client *api.Client) (listedServer, error) {
	raw, err := client.Servers(ctx)
	if err != nil {
		return listedServer{}, err
	}
	all := make([]listedServer, len(raw))
	for i := range raw {
		if err := json.Unmarshal(raw[i], &all[i]); err != nil {
			return listedServer{}, fmt.Errorf("read the list of servers: %w", err)
		}
	}
	return choice.among(all)
}

func (choice serverChoice) among(all []listedServer) (listedServer, error) {
	var found []listedServer
	names := make([]string, 0, len(all))
	for _, s := range all {
		if s.ID == choice.id || choice.id == "" && s.Name == choice.name {
			found = append(found, s)
		}
		names = append(names, s.Name)
	}
	switch {
	case len(found) == 1:
		return found[0], nil
	case len(found) > 1:
		ids := make([]string, len(found))
		for i, s := range found {
			ids[i] = s.ID
		}
		slices.Sort(ids)
		return listedServer{}, &exitError{code: codeRefused, err: fmt.Errorf("%d servers are called %s", len(found), choice.name),
			hint: "say which with --server-id: " + strings.Join(ids, ", ")}
	case choice.id != "":
		return listedServer{}, usageError("there is no server with the id "+choice.id, "")
	}
	slices.Sort(names)
	return listedServer{}, usageError(fmt.Sprintf("there is no server called %q", choice.name), "the servers are "+strings.Join(slices.Compact(names), ", "))
}

type routesExportOptions struct {
	connection connection
	server     serverChoice
	format     routes.Format
}

func routesExportCommand(env *environment) *cli.Command {
	return &cli.Command{
		Name:      "export",
		Usage:     "print the routes stored with a server",
		ArgsUsage: " ",
		Description: `What is printed can be imported again: csv and json without loss, text with networks and comments.

   pritunl-backup routes export --server office > routes.csv`,
		Flags: slices.Concat(serverFlags(), []cli.Flag{
			&cli.StringFlag{Name: "format", Value: string(routes.CSV), Usage: "csv, json or text"},
			quietFlag(), showConfigFlag(),
		}, flagsOf(connectionVariables())),
		Action: func(c *cli.Context) error {
			s := env.settings(c)
			conn, err := parseConnection(s)
			if err != nil {
				return err
			}
			if c.Bool("show-config") {
				return s.show(env.stdio.Out)
			}
			opts := routesExportOptions{connection: conn, format: routes.Format(c.String("format"))}
			if opts.format == routes.AWS || !slices.Contains(routes.Formats(), opts.format) {
				return usageError(fmt.Sprintf("--format %q is not csv, json or text", opts.format), "")
			}
			if opts.server, err = parseServerChoice(c); err != nil {
				return err
			}
			return runRoutesExport(c.Context, env, opts)
		},
	}
}

func runRoutesExport(ctx context.Context, env *environment, opts routesExportOptions) error {
	client, err := env.connect(opts.connection)
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
	text, err := routes.Export(existing, opts.format)
	if err != nil {
		return err
	}
	_, err = env.stdio.Out.Write(text)
	return err
}
