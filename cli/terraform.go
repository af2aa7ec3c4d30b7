package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/urfave/cli/v2"

	"pritunl-backup/snapshot"
	"pritunl-backup/terraform"
)

type terraformOptions struct {
	snapshot  string
	place     placeOptions
	out       string // directory, "" for standard output
	overwrite bool
	generate  terraform.Options
}

func terraformCommand(env *environment) *cli.Command {
	return &cli.Command{
		Name:      "terraform",
		Usage:     "write a snapshot as configuration for the Terraform provider disc/pritunl",
		ArgsUsage: "SNAPSHOT",
		Description: `Organizations, servers with their routes, users, hosts as data sources, and import blocks that take over
what is there: 'terraform plan' then shows what the provider would change. What the provider cannot
express is a comment in place, and listed on standard error. No secret is written; the provider's
credentials are variables.

   pritunl-backup terraform vpn.json --out vpn/
   pritunl-backup terraform /var/backups/pritunl/ --latest --skip-users > vpn.tf`,
		Flags: append([]cli.Flag{
			&cli.StringFlag{Name: "out", Usage: "write files into this `DIR`; without it everything goes to standard output"},
			&cli.BoolFlag{Name: "skip-users", Usage: "leave users out"},
			&cli.BoolFlag{Name: "overwrite", Usage: "replace existing files"},
			quietFlag(),
		}, placeFlags()...),
		Action: func(c *cli.Context) error {
			opts := terraformOptions{out: c.String("out"), overwrite: c.Bool("overwrite"), generate: terraform.Options{SkipUsers: c.Bool("skip-users")}}
			s := env.settings(c)
			var err error
			if opts.snapshot, err = oneSnapshot(c); err != nil {
				return err
			}
			if opts.overwrite && opts.out == "" {
				return usageError("--overwrite needs --out", "without --out everything goes to standard output")
			}
			if opts.place, err = parsePlace(c, s); err != nil {
				return err
			}
			return runTerraform(c.Context, env, opts)
		},
	}
}

// terraformFiles is the order in which files go to standard output.
func terraformFiles() []string {
	return []string{terraform.ProvidersFile, terraform.OrganizationsFile, terraform.HostsFile, terraform.ServersFile, terraform.UsersFile, terraform.ImportsFile}
}

func runTerraform(ctx context.Context, env *environment, opts terraformOptions) error {
	reader, err := env.openSnapshot(ctx, opts.snapshot, opts.place)
	if err != nil {
		return err
	}
	defer func() { _ = reader.Close() }()
	document, err := snapshot.Load(reader)
	if err != nil {
		return err
	}
	files, limits, err := terraform.Generate(document, opts.generate)
	if err != nil {
		return err
	}
	if opts.out == "" {
		for _, name := range terraformFiles() {
			if _, err := fmt.Fprintf(env.stdio.Out, "# %s\n\n%s\n", name, files[name]); err != nil {
				return err
			}
		}
	} else if err := writeConfiguration(opts.out, files, opts.overwrite); err != nil {
		return err
	}
	for _, limit := range limits {
		env.out.say("not expressed: %s", limit)
	}
	if opts.out != "" {
		env.out.say("written: %d files in %s; next: terraform init, terraform plan", len(files), opts.out)
	}
	return nil
}

// writeConfiguration writes all files, or none when one of them is there already.
func writeConfiguration(dir string, files map[string][]byte, overwrite bool) error {
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return usageError(fmt.Sprintf("make the directory: %v", err), "")
	}
	for _, name := range sortedKeys(files) {
		switch _, err := os.Lstat(filepath.Join(dir, name)); {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return err
		case !overwrite:
			return existsError(filepath.Join(dir, name))
		}
	}
	for _, name := range sortedKeys(files) {
		if err := replaceFile(filepath.Join(dir, name), files[name]); err != nil {
			return err
		}
	}
	return nil
}

// replaceFile gives the name to a whole file or leaves it alone.
func replaceFile(path string, content []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	_, err = f.Write(content)
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		_ = os.Remove(f.Name())
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}
