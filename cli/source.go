package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/urfave/cli/v2"

	"pritunl-backup/api"
	"pritunl-backup/export"
	"pritunl-backup/mongo"
	"pritunl-backup/snapshot"
)

// The values of --source.
const (
	sourceAuto  = "auto"
	sourceAPI   = snapshot.SourceAPI
	sourceMongo = snapshot.SourceMongo
)

// sourceOptions say what an instance is read from: its API, its database, or whichever can be had.
type sourceOptions struct {
	kind       string
	connection connection
	database   mongo.Options
	selection  mongo.Selection
}

func sourceFlags() []cli.Flag {
	return slices.Concat([]cli.Flag{
		&cli.StringFlag{Name: "source", Value: sourceAuto, Usage: "api, mongo, or auto: the API when it can be had, else the database"},
		&cli.BoolFlag{Name: "with-audit", Usage: "from the database: also the audit events of users"},
		&cli.BoolFlag{Name: "with-pools", Usage: "from the database: also what the server makes again by itself (dh_params, vxlans)"},
	}, flagsOf(connectionVariables()), flagsOf(databaseVariables()))
}

func parseSource(c *cli.Context, s *settings) (sourceOptions, error) {
	opts := sourceOptions{kind: c.String("source"), selection: mongo.Selection{Audit: c.Bool("with-audit"), Pools: c.Bool("with-pools")}}
	if !slices.Contains([]string{sourceAuto, sourceAPI, sourceMongo}, opts.kind) {
		return opts, usageError(fmt.Sprintf("--source %q is not auto, api or mongo", opts.kind), "")
	}
	var err error
	if opts.connection, err = parseConnection(s); err != nil {
		return opts, err
	}
	opts.database, err = parseDatabase(s)
	return opts, err
}

func (o sourceOptions) hasDatabase() bool { return o.database.URI != "" }

func (o sourceOptions) hasCredentials() bool {
	return o.connection.options.Token != "" && o.connection.options.Secret != ""
}

// origin is an instance that is about to be read.
type origin struct {
	env    *environment
	opts   sourceOptions
	client *api.Client // nil: the database
	db     *mongo.DB   // nil: the API, and no database at hand
	reason string
}

// openSource decides where to read from, without reading yet. The steps of the ladder: the API with the credentials
// given; the API with credentials of an administrator found in the database; the database itself.
func (env *environment) openSource(ctx context.Context, opts sourceOptions) (*origin, error) {
	o := &origin{env: env, opts: opts}
	url := opts.connection.options.URL
	switch {
	case opts.kind == sourceMongo, opts.kind == sourceAuto && url == "" && opts.hasDatabase():
		return o, o.openDatabase(ctx, map[bool]string{true: "no address of the API is given"}[opts.kind == sourceAuto])
	case opts.hasCredentials() || !opts.hasDatabase():
		client, err := env.connect(opts.connection)
		o.client = client
		return o, err
	}
	if err := o.openDatabase(ctx, ""); err != nil {
		return o, err
	}
	return o, o.credentialsFromDatabase(ctx)
}

func (o *origin) openDatabase(ctx context.Context, reason string) error {
	db, err := o.env.openDatabase(ctx, o.opts.database)
	o.db, o.reason = db, reason
	return err
}

// credentialsFromDatabase takes those of an enabled administrator, super users first.
func (o *origin) credentialsFromDatabase(ctx context.Context) error {
	administrators, err := o.db.Administrators(ctx)
	if err != nil {
		return err
	}
	usable, ok := administrators.Usable()
	if !ok {
		o.reason = "no administrator may use the API"
		if o.opts.kind == sourceAPI {
			return &exitError{code: codeAuth, err: errors.New("no token is given, and the database has no administrator who may use the API"),
				hint: "pritunl-backup credentials enable NAME"}
		}
		return nil
	}
	if !usable.SuperUser && o.opts.kind == sourceAuto {
		// The API shows others less than the database holds.
		o.reason = "no super user may use the API"
		return nil
	}
	o.env.out.say("no token is given: using the API credentials of %s from the database", usable.Username)
	o.reason = "with the credentials of " + usable.Username + " from the database"
	o.client, err = o.env.connect(o.opts.connection.with(usable.Token.Reveal(), usable.Secret.Reveal()))
	return err
}

func (o *origin) close() {
	if o.db != nil {
		closeDatabase(o.db)
	}
}

// read exports from the API, or from the database when the API turns out not to be there.
func (o *origin) read(ctx context.Context, open export.Sink, opts export.Options) (*export.Result, error) {
	if o.client != nil {
		opts.Header.Source = snapshot.Source{Kind: snapshot.SourceAPI, Address: o.client.Address(), Reason: o.reason}
		opts.Parallel = o.opts.connection.options.Parallel
		result, err := export.FromAPI(ctx, o.client, open, opts)
		if err == nil || !o.mayFallBack(ctx, err) {
			return result, err
		}
		o.env.out.warn("the API cannot be had: %v", err)
		if o.db == nil {
			if err := o.openDatabase(ctx, ""); err != nil {
				return nil, err
			}
		}
		o.reason = "the API could not be had: " + brief(err)
	}
	if o.opts.kind == sourceAuto {
		o.env.out.say("reading the database instead of the API: %s", o.reason)
	}
	opts.Header.Source = snapshot.Source{Kind: snapshot.SourceMongo, Address: o.db.Address(), Reason: o.reason}
	return export.FromMongo(ctx, o.db, open, export.MongoOptions{Options: opts, Selection: o.opts.selection})
}

func (o *origin) mayFallBack(ctx context.Context, err error) bool {
	if o.opts.kind != sourceAuto || !o.opts.hasDatabase() || ctx.Err() != nil {
		return false
	}
	for _, gone := range []error{api.ErrUnauthorized, api.ErrConnection, api.ErrTimeout, api.ErrServer, api.ErrNotPritunl, api.ErrCertificate, api.ErrTruncated, api.ErrRedirect} {
		if errors.Is(err, gone) {
			return true
		}
	}
	return false
}

// brief is an error without its list of causes, for a header.
func brief(err error) string {
	var e *api.Error
	if errors.As(err, &e) {
		return e.Summary()
	}
	return err.Error()
}

func (o *origin) requests() int64 {
	if o.client == nil {
		return 0
	}
	return o.client.Requests()
}
