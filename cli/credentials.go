package cli

import (
	"context"
	"crypto/rand"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/urfave/cli/v2"

	"pritunl-backup/mongo"
	"pritunl-backup/secrets"
)

func credentialsCommand(env *environment) *cli.Command {
	database := flagsOf(databaseVariables())
	return &cli.Command{
		Name:  "credentials",
		Usage: "read administrators' API credentials from the database",
		Description: `For an administrator who is locked out of the API, or whose console hides the credentials. Reading
needs a database user that may find in the collections administrators and settings; docs/mongodb.md has
the role. Without a command it lists all administrators and says whose credentials would be accepted.`,
		Flags: slices.Concat(database, []cli.Flag{jsonFlag(), quietFlag()}),
		Action: func(c *cli.Context) error {
			opts, err := parseDatabase(env.settings(c))
			if err != nil {
				return err
			}
			return runCredentials(c.Context, env, opts, c.Bool("json"))
		},
		Subcommands: []*cli.Command{credentialsShow(env, database), credentialsEnable(env, database)},
	}
}

// administratorRow is what --json lists; values of credentials are never part of it.
type administratorRow struct {
	Username  string `json:"username"`
	SuperUser bool   `json:"super_user"`
	Disabled  bool   `json:"disabled"`
	AuthAPI   bool   `json:"auth_api"`
	Token     string `json:"token"` // masked
	Accepted  bool   `json:"accepted"`
	Why       string `json:"why,omitempty"`
}

func runCredentials(ctx context.Context, env *environment, opts mongo.Options, asJSON bool) error {
	db, administrators, err := env.openAdministrators(ctx, opts)
	if err != nil {
		return err
	}
	defer closeDatabase(db)
	env.out.endProgress()
	rows := []administratorRow{}
	for _, a := range administrators.List {
		rows = append(rows, administratorRow{a.Username, a.SuperUser, a.Disabled, a.AuthAPI, a.Token.Masked(), a.Accepted, a.Why})
	}
	if asJSON {
		return writeJSON(env.stdio.Out, struct {
			Strict         bool               `json:"strict_mode"`
			Administrators []administratorRow `json:"administrators"`
		}{administrators.Strict, rows})
	}
	table := tabwriter.NewWriter(env.stdio.Out, 0, 4, 2, ' ', 0)
	_, _ = fmt.Fprintln(table, "administrator\tsuper user\tdisabled\tapi\ttoken\taccepted")
	for _, r := range rows {
		accepted := "yes"
		if !r.Accepted {
			accepted = "no: " + r.Why
		}
		_, _ = fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\n", visible(r.Username), yesNo(r.SuperUser), yesNo(r.Disabled), yesNo(r.AuthAPI), r.Token, accepted)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	if administrators.Strict {
		env.out.say("nobody has the API enabled: the web console's front end refuses every signed request until up to 65 seconds after the first one has")
	}
	return env.licenceNote(ctx, db)
}

// licenceNote tells of a panel that the console keeps hidden: the vendor shows it with an enterprise subscription.
func (env *environment) licenceNote(ctx context.Context, db *mongo.DB) error {
	license, err := db.License(ctx)
	if err != nil {
		return err
	}
	if license.Present {
		env.out.say("the licence was added: if the console still hides the API panel, restart the pritunl service and reload the page")
	}
	return nil
}

type credentialsShowOptions struct {
	database   mongo.Options
	connection connection
	name       string
	format     string
	reveal     bool
	out        string
	awsSecret  string // where the values are stored in AWS
	aws        secrets.Options
	yes        bool
}

func credentialsShow(env *environment, database []cli.Flag) *cli.Command {
	return &cli.Command{
		Name:      "show",
		Usage:     "print one administrator's token and secret",
		ArgsUsage: "NAME",
		Description: `The values go to a new file for its owner alone (--out), to AWS Secrets Manager (--to-aws-secret, from
where --aws-secret takes them), or to standard output after --reveal. With PRITUNL_URL set, the pair
is proved with one signed request.`,
		Flags: slices.Concat(database, []cli.Flag{
			&cli.StringFlag{Name: "format", Value: "env", Usage: "env, json or terraform"},
			&cli.BoolFlag{Name: "reveal", Usage: "print the values on standard output"},
			&cli.StringFlag{Name: "out", Usage: "write the values to this new file (0600)"},
			&cli.StringFlag{Name: "to-aws-secret", Usage: "store the values in the secret `ID` of AWS Secrets Manager; its other members stay"},
			&cli.BoolFlag{Name: "yes", Usage: "store them without asking"},
			quietFlag(),
		}, flagsOf(provingVariables())),
		Action: func(c *cli.Context) error {
			opts, err := parseCredentialsShow(c, env.settings(c))
			if err != nil {
				return err
			}
			return runCredentialsShow(c.Context, env, opts)
		},
	}
}

// provingVariables are those of a connection whose credentials come from elsewhere.
func provingVariables() []variable {
	return slices.DeleteFunc(connectionVariables(), func(v variable) bool { return v.flag == "token" || v.flag == "secret" })
}

func parseCredentialsShow(c *cli.Context, s *settings) (credentialsShowOptions, error) {
	opts := credentialsShowOptions{format: c.String("format"), reveal: c.Bool("reveal"), out: c.String("out"), name: c.Args().First(),
		awsSecret: c.String("to-aws-secret"), yes: c.Bool("yes")}
	if c.NArg() != 1 {
		return opts, usageError("credentials show takes the name of one administrator", "'pritunl-backup credentials' lists them")
	}
	if !slices.Contains([]string{"env", "json", "terraform"}, opts.format) {
		return opts, usageError(fmt.Sprintf("--format %q is not env, json or terraform", opts.format), "")
	}
	places := 0
	for _, named := range []bool{opts.reveal, opts.out != "", opts.awsSecret != ""} {
		if named {
			places++
		}
	}
	if places != 1 {
		return opts, usageError("say where the values may go", "--reveal prints them, --out FILE writes them to a new file for its owner alone, --to-aws-secret ID stores them; one of these")
	}
	var err error
	if opts.aws, err = parseAWS(s); err != nil {
		return opts, err
	}
	if opts.database, err = parseDatabase(s); err != nil {
		return opts, err
	}
	opts.connection, err = parseProving(s)
	return opts, err
}

func runCredentialsShow(ctx context.Context, env *environment, opts credentialsShowOptions) error {
	db, administrators, err := env.openAdministrators(ctx, opts.database)
	if err != nil {
		return err
	}
	defer closeDatabase(db)
	a, err := administrators.Find(opts.name)
	if err != nil {
		return err
	}
	env.out.endProgress()
	text, err := credentialsText(opts.format, opts.connection.options.URL, a)
	if err != nil {
		return err
	}
	switch {
	case opts.awsSecret != "":
		err = env.storeCredentials(ctx, opts, a)
	case opts.out == "":
		_, err = fmt.Fprint(env.stdio.Out, text)
	default:
		if err = writeNewFile(opts.out, []byte(text)); err == nil {
			env.out.say("written: %s", opts.out)
		}
	}
	if err != nil {
		return err
	}
	if !a.Accepted {
		env.out.warn("the server would not accept this pair: %s", a.Why)
		env.out.say("hint: pritunl-backup credentials enable %s", a.Username)
	}
	return env.prove(ctx, opts.connection, a.Token, a.Secret)
}

func credentialsText(format, url string, a mongo.Administrator) (string, error) {
	token, secret := a.Token.Reveal(), a.Secret.Reveal()
	switch format {
	case "json":
		var b strings.Builder
		err := writeJSON(&b, map[string]string{"url": url, "username": a.Username, "token": token, "secret": secret})
		return b.String(), err
	case "terraform":
		return fmt.Sprintf("provider \"pritunl\" {\n  url    = %q\n  token  = %q\n  secret = %q\n}\n", url, token, secret), nil
	}
	text := fmt.Sprintf("PRITUNL_TOKEN=%s\nPRITUNL_SECRET=%s\n", token, secret)
	if url != "" {
		text = "PRITUNL_URL=" + url + "\n" + text
	}
	return text, nil
}

// prove sends one signed request, when an address is known.
func (env *environment) prove(ctx context.Context, conn connection, token, secret mongo.Secret) error {
	if conn.options.URL == "" {
		return nil
	}
	client, err := env.connect(conn.with(token.Reveal(), secret.Reveal()))
	if err != nil {
		return err
	}
	if _, err := client.Get(ctx, "/status"); err != nil {
		return fmt.Errorf("prove the credentials: %w", err)
	}
	env.out.say("proved: %s accepts them", client.Address())
	return nil
}

type credentialsEnableOptions struct {
	database   mongo.Options
	connection connection
	name       string
	yes        bool
}

func credentialsEnable(env *environment, database []cli.Flag) *cli.Command {
	return &cli.Command{
		Name:      "enable",
		Usage:     "let one administrator use the API, by one change in the database",
		ArgsUsage: "NAME",
		Description: `Sets auth_api on the administrator's document, and makes a token and a secret where there is none.
Nothing else is touched. The vendor offers the API with an enterprise subscription.`,
		Flags: slices.Concat(database, []cli.Flag{
			&cli.BoolFlag{Name: "yes", Usage: "do it without asking"}, quietFlag(),
		}, flagsOf(provingVariables())),
		Action: func(c *cli.Context) error {
			s := env.settings(c)
			opts := credentialsEnableOptions{name: c.Args().First(), yes: c.Bool("yes")}
			if c.NArg() != 1 {
				return usageError("credentials enable takes the name of one administrator", "'pritunl-backup credentials' lists them")
			}
			var err error
			if opts.database, err = parseDatabase(s); err != nil {
				return err
			}
			if opts.connection, err = parseProving(s); err != nil {
				return err
			}
			return runCredentialsEnable(c.Context, env, opts)
		},
	}
}

func runCredentialsEnable(ctx context.Context, env *environment, opts credentialsEnableOptions) error {
	db, administrators, err := env.openAdministrators(ctx, opts.database)
	if err != nil {
		return err
	}
	defer closeDatabase(db)
	plan, err := administrators.PlanEnable(opts.name, rand.Reader)
	if err != nil {
		return err
	}
	env.out.endProgress()
	name := plan.Administrator.Username
	if plan.Empty() {
		env.out.say("%s may use the API already: nothing to change", name)
		return env.waitAccepted(ctx, opts.connection, plan)
	}
	env.out.say("in the administrators collection of %s, on the document of %s:", db.Name(), name)
	for _, change := range plan.Changes() {
		env.out.say("  %s", change)
	}
	env.out.say("the vendor offers the API with an enterprise subscription")
	if err := env.confirm("write this", opts.yes); err != nil {
		return err
	}
	if err := db.Enable(ctx, plan); err != nil {
		return err
	}
	env.out.say("done; 'pritunl-backup credentials show %s --reveal' prints the values", name)
	return env.waitAccepted(ctx, opts.connection, plan)
}

// openAdministrators connects and reads all accounts. The caller closes the database.
func (env *environment) openAdministrators(ctx context.Context, opts mongo.Options) (*mongo.DB, *mongo.Administrators, error) {
	db, err := env.openDatabase(ctx, opts)
	if err != nil {
		return nil, nil, err
	}
	administrators, err := db.Administrators(ctx)
	if err != nil {
		closeDatabase(db)
		return nil, nil, err
	}
	return db, administrators, nil
}
