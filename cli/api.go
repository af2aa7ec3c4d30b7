package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"os"
	"strings"

	"github.com/urfave/cli/v2"

	"pritunl-backup/api"
)

type apiOptions struct {
	connection connection
	method     string
	path       string
	query      url.Values
	body       string // path of the file with the body, "-" for standard input, "" for none
}

func apiCommand(env *environment) *cli.Command {
	return &cli.Command{
		Name:      "api",
		Usage:     "send one signed request to the admin API",
		ArgsUsage: "METHOD PATH",
		Description: `The answer goes to standard output as the server sent it.

   pritunl-backup api GET /status
   pritunl-backup api GET '/user/5f0000000000000000000001?page=0'
   echo '{"name":"staff"}' | pritunl-backup api POST /organization --body -

A field that a body leaves out is set to its zero value by Pritunl's front end: read the object
first, change it, and send the whole of it.`,
		Flags: append([]cli.Flag{
			&cli.StringFlag{Name: "body", Usage: "file with the JSON body, - for standard input"},
			quietFlag(), showConfigFlag(),
		}, flagsOf(connectionVariables())...),
		Action: func(c *cli.Context) error {
			s := env.settings(c)
			opts, err := parseAPI(c, s)
			if err != nil {
				return err
			}
			if c.Bool("show-config") {
				return s.show(env.stdio.Out)
			}
			return runAPI(c.Context, env, opts)
		},
	}
}

func parseAPI(c *cli.Context, s *settings) (apiOptions, error) {
	conn, err := parseConnection(s)
	if err != nil || c.Bool("show-config") {
		return apiOptions{connection: conn}, err
	}
	if c.NArg() != 2 {
		return apiOptions{}, usageError("api takes a method and a path", "for example: pritunl-backup api GET /status")
	}
	opts := apiOptions{connection: conn, method: strings.ToUpper(c.Args().Get(0)), body: c.String("body")}
	switch opts.method {
	case "GET", "HEAD", "POST", "PUT", "DELETE":
	default:
		return apiOptions{}, usageError(fmt.Sprintf("%q is no method of the API", c.Args().Get(0)), "use GET, POST, PUT or DELETE")
	}
	path, query, _ := strings.Cut(c.Args().Get(1), "?")
	if !strings.HasPrefix(path, "/") {
		return apiOptions{}, usageError(fmt.Sprintf("the path %q does not begin with /", path), "for example /organization")
	}
	opts.path = path
	if opts.query, err = url.ParseQuery(query); err != nil {
		return apiOptions{}, usageError(fmt.Sprintf("read the query of the path: %v", err), "")
	}
	return opts, nil
}

func runAPI(ctx context.Context, env *environment, opts apiOptions) error {
	var body any
	if opts.body != "" {
		raw, err := readBody(env, opts.body)
		if err != nil {
			return err
		}
		body = raw
	}
	client, err := env.connect(opts.connection)
	if err != nil {
		return err
	}
	response, err := client.Send(ctx, api.Request{Method: opts.method, Path: opts.path, Query: opts.query, Body: body, Text: true})
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(env.stdio.Out, "%s\n", strings.TrimSuffix(string(response.Body), "\n"))
	return err
}

func readBody(env *environment, from string) (json.RawMessage, error) {
	var raw []byte
	var err error
	if from == "-" {
		raw, err = io.ReadAll(env.stdio.In)
	} else {
		raw, err = os.ReadFile(from)
	}
	if err != nil {
		return nil, usageError(fmt.Sprintf("read the body: %v", err), "")
	}
	if !json.Valid(raw) {
		return nil, usageError("the body is not JSON", "the API takes JSON only")
	}
	return raw, nil
}
