package cli

import (
	"context"
	"fmt"
	"slices"

	"github.com/urfave/cli/v2"

	"pritunl-backup/mongo"
)

func licenseCommand(env *environment) *cli.Command {
	return &cli.Command{
		Name:  "license",
		Usage: "read the licence from the database: plan, status and key",
		Description: `No answer of the API holds the licence key; the database does. The key is printed after --reveal
only. On a new instance it is entered in the console under the subscription.`,
		Flags: slices.Concat(flagsOf(databaseVariables()), []cli.Flag{
			&cli.BoolFlag{Name: "reveal", Usage: "print the key"}, jsonFlag(), quietFlag(),
		}),
		Action: func(c *cli.Context) error {
			if c.NArg() > 0 {
				return usageError("license takes no arguments", "")
			}
			opts, err := parseDatabase(env.settings(c))
			if err != nil {
				return err
			}
			return runLicense(c.Context, env, opts, c.Bool("reveal"), c.Bool("json"))
		},
	}
}

func runLicense(ctx context.Context, env *environment, opts mongo.Options, reveal, asJSON bool) error {
	db, err := env.openDatabase(ctx, opts)
	if err != nil {
		return err
	}
	defer closeDatabase(db)
	license, err := db.License(ctx)
	if err != nil {
		return err
	}
	env.out.endProgress()
	key := license.Key.Masked()
	if reveal {
		key = license.Key.Reveal()
	}
	if asJSON {
		return writeJSON(env.stdio.Out, map[string]any{"present": license.Present, "plan": license.Plan, "status": license.Status, "key": key})
	}
	if !license.Present {
		_, err = fmt.Fprintln(env.stdio.Out, "no licence key is stored")
		return err
	}
	_, err = fmt.Fprintf(env.stdio.Out, "plan    %s\nstatus  %s\nkey     %s\n", visible(license.Plan), license.Status, visible(key))
	return err
}
