package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"text/tabwriter"

	"github.com/urfave/cli/v2"

	"pritunl-backup/mongo"
	"pritunl-backup/snapshot"
	"pritunl-backup/storage"
)

// databaseRestore is a restore that puts documents back as they were, ids and certificates included.
type databaseRestore struct {
	snapshot string
	place    placeOptions
	database mongo.Options
	restore  mongo.RestoreOptions
	planOnly bool
	yes      bool
	json     bool
}

func databaseRestoreFlags() []cli.Flag {
	return slices.Concat([]cli.Flag{
		&cli.StringFlag{Name: "target", Value: snapshot.SourceAPI, Usage: "api, or mongo: put a database snapshot back into a database, while no Pritunl runs on it"},
		&cli.BoolFlag{Name: "replace", Usage: "mongo: the database may hold data; what the snapshot lacks is deleted"},
		&cli.StringFlag{Name: "hosts", Value: "take-over", Usage: "mongo: take-over keeps the ids of hosts, new replaces them as --map-host OLD=NEW says"},
		&cli.BoolFlag{Name: "clone", Usage: "mongo: a copy beside a living production; everything that could act on it is left out"},
		&cli.BoolFlag{Name: "keep-licence", Usage: "mongo: with --clone, the licence travels all the same"},
		&cli.BoolFlag{Name: "keep-online", Usage: "mongo: servers that were online start by themselves"},
		&cli.StringFlag{Name: "target-version", Usage: "mongo: version of the Pritunl that will start on it; by itself the one that used the database last"},
	}, flagsOf(databaseVariables()))
}

func parseDatabaseRestore(c *cli.Context, s *settings) (databaseRestore, error) {
	opts := databaseRestore{planOnly: c.Bool("dry-run"), yes: c.Bool("yes"), json: c.Bool("json")}
	opts.restore = mongo.RestoreOptions{
		Replace: c.Bool("replace"), Clone: c.Bool("clone"), KeepLicence: c.Bool("keep-licence"), KeepOnline: c.Bool("keep-online"),
		TargetVersion: c.String("target-version"), HostMap: map[string]string{},
	}
	for _, flag := range []string{"resume", "on-existing", "prune", "only", "skip", "rules", "with-connection-settings", "start", "passwords", "report"} {
		if c.IsSet(flag) {
			return opts, usageError("--"+flag+" is for a restore through the API", "a database restore puts everything back; what is unfinished goes on by itself")
		}
	}
	switch hosts := c.String("hosts"); hosts {
	case "take-over":
		opts.restore.Hosts = mongo.HostsTakeOver
	case "new":
		opts.restore.Hosts = mongo.HostsNew
	default:
		return opts, usageError(fmt.Sprintf("--hosts %q is neither take-over nor new", hosts), "")
	}
	if said := opts.restore.TargetVersion; said != "" {
		if _, ok := mongo.CompareVersions(said, said); !ok {
			return opts, usageError(fmt.Sprintf("--target-version %q is no version", said), "it looks like 1.34.4681.89; pritunl version prints it")
		}
	}
	pairs, err := hostPairs(c.StringSlice("map-host"))
	if err != nil {
		return opts, err
	}
	for old, replacement := range pairs {
		if old == "*" {
			old = ""
		}
		opts.restore.HostMap[old] = replacement
	}
	if opts.snapshot, err = oneSnapshot(c); err != nil {
		return opts, err
	}
	if opts.place, err = parsePlace(c, s); err != nil {
		return opts, err
	}
	opts.database, err = parseDatabase(s)
	return opts, err
}

func runDatabaseRestore(ctx context.Context, env *environment, opts databaseRestore) error {
	if opts.database.URI == "" {
		return usageError("no database is given", "set MONGODB_URI to the database that the new Pritunl will use")
	}
	open, err := env.openTwice(ctx, opts.snapshot, opts.place)
	if err != nil {
		return err
	}
	report, err := env.verifyFrom(open)
	if err != nil {
		return err
	}
	if len(report.Summary.Collections) == 0 {
		return &exitError{code: codeRefused, err: fmt.Errorf("%s holds no database documents", opts.snapshot),
			hint: "it was taken through the API: restore it without --target mongo, or take one with --source mongo"}
	}
	if report.Header.Secrets == snapshot.SecretsRedact {
		return &exitError{code: codeRefused, err: fmt.Errorf("the secrets in %s are redacted: a database without them is none", opts.snapshot),
			hint: "take a snapshot with --secrets keep, and encrypt it"}
	}
	source, err := mongo.ScanSource(ctx, func(context.Context) iter.Seq2[mongo.Document, error] { return documentsOf(open) })
	if err != nil {
		return err
	}
	db, err := mongo.Open(ctx, opts.database)
	if err != nil {
		return err
	}
	defer closeDatabase(db)
	opts.restore.Fingerprint = report.Summary.ContentSHA256
	doing := "comparing "
	opts.restore.Progress = func(collection string, done int) {
		env.out.progress(doing+collection, done, report.Summary.Collections[collection])
	}
	plan, err := db.PlanRestore(ctx, source, opts.restore)
	if err != nil {
		return err
	}
	env.out.endProgress()
	if err := env.showDatabasePlan(plan, opts.json); err != nil || opts.planOnly {
		return err
	}
	if plan.Empty() {
		env.out.say("nothing to do: the database already is what the snapshot says")
		return nil
	}
	if err := env.confirm(fmt.Sprintf("write this to the database %s at %s", visible(db.Name()), db.Address()), opts.yes); err != nil {
		return err
	}
	doing = "restoring "
	result, err := db.Restore(ctx, source, plan)
	env.out.endProgress()
	if err != nil {
		return withHint(err, "the database is marked unfinished; run the same command again and it goes on")
	}
	for _, w := range result.Warnings {
		env.out.warn("%s", w)
	}
	_, err = fmt.Fprint(env.stdio.Out, afterDatabaseRestore)
	return err
}

const afterDatabaseRestore = `
done. Now, in this order:
  1. put the licence back first if the snapshot had none: without an enterprise licence the first start gives every
     server to the starting host alone
  2. on one machine set mongodb_uri to this database, and its host id as you chose (pritunl set-host-id)
  3. start that one Pritunl; look into its log, at hosts and their addresses, at servers, and at one user's profile
  4. start the servers; then the other hosts
  5. point the DNS names of the old hosts at the new ones: profiles follow names
`

// documentsOf reads the database documents of a snapshot from its beginning.
func documentsOf(open func() (*storage.Reader, error)) iter.Seq2[mongo.Document, error] {
	return func(yield func(mongo.Document, error) bool) {
		file, err := open()
		if err != nil {
			yield(mongo.Document{}, err)
			return
		}
		defer func() { _ = file.Close() }()
		reader, err := snapshot.NewReader(file)
		if err != nil {
			yield(mongo.Document{}, err)
			return
		}
		for element, err := range reader.Elements() {
			if err == nil && element.Collection == "" {
				continue
			}
			document := mongo.Document{Collection: element.Collection}
			if err == nil {
				document.Raw, err = mongo.Decode(element.Raw)
			}
			if !yield(document, err) || err != nil {
				return
			}
		}
	}
}

// versionsOf says which server the snapshot is of and which one will start on it.
func versionsOf(plan *mongo.RestorePlan) string {
	says := "the snapshot is of Pritunl " + visible(plan.Version)
	switch plan.Target.From {
	case mongo.OriginDatabase:
		return says + ", the database was last used by " + visible(plan.Target.Version)
	case mongo.OriginOption:
		return says + ", " + visible(plan.Target.Version) + " will start on it, as --target-version says"
	}
	return says + "; which version will start on it is not known, as none has used the database: --target-version says it"
}

func (env *environment) showDatabasePlan(plan *mongo.RestorePlan, asJSON bool) error {
	env.out.say("%s", versionsOf(plan))
	for _, w := range plan.Warnings {
		env.out.warn("%s", w)
	}
	if asJSON {
		return writeJSON(env.stdio.Out, map[string]any{
			"collections": plan.Collections, "blanked": plan.Blanked, "warnings": plan.Warnings,
			"version": plan.Version, "continues": plan.Continues,
			"target_version": plan.Target.Version, "target_version_from": plan.Target.From,
		})
	}
	table := tabwriter.NewWriter(env.stdio.Out, 0, 4, 2, ' ', 0)
	_, _ = fmt.Fprintln(table, "collection\tinsert\tupdate\tdelete\tunchanged\treset")
	for _, c := range plan.Collections {
		_, _ = fmt.Fprintf(table, "%s\t%d\t%d\t%d\t%d\t%d\n", c.Name, c.Insert, c.Update, c.Delete, c.Unchanged, c.Reset)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	for _, b := range plan.Blanked {
		what := b.Field
		if what == "" {
			what = "the whole document"
		}
		if _, err := fmt.Fprintf(env.stdio.Out, "left out: %s %s: %s (%s)\n", b.Collection, visible(b.Document), visible(what), b.Why); err != nil {
			return err
		}
	}
	return nil
}

// checkCertificates checks, without any server, that the certificates in a database snapshot belong together.
func (env *environment) checkCertificates(open func() (*storage.Reader, error)) error {
	report, err := mongo.CheckCertificates(documentsOf(open))
	if err != nil {
		return err
	}
	for _, f := range report.Wrong {
		env.out.warn("%s %s (%s): %s", f.Collection, f.ID, f.Name, f.Problem)
	}
	if report.UncheckedCount > 0 {
		env.out.say("%d certificates could not be checked, for want of a key or a certificate", report.UncheckedCount)
	}
	if _, err := io.WriteString(env.stdio.Out, fmt.Sprintf("certificates: %d organizations, %d users and %d servers are right, %d wrong\n",
		report.Organizations, report.Users, report.Servers, report.WrongCount)); err != nil {
		return err
	}
	if !report.OK() {
		return &exitError{code: codeIntegrity, err: errors.New("certificates in the snapshot do not belong together"),
			hint: "the snapshot is as the database was; look at the objects named above"}
	}
	return nil
}
