package cli

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

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
	waits      restore.ApplyOptions // how patient to be with the server
	again      string               // the command that goes on where this one stopped
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
		&cli.StringFlag{Name: "settle", Value: "90s", Usage: "after a lost answer, and before a run that may follow an interrupted one, wait until nothing new has appeared for this `TIME`: " +
			"the server carries out what it has received, slowly; 0s does not wait"},
		&cli.StringFlag{Name: "cure-after", Value: "2m", Usage: "give a server that has waited this `TIME` for its Diffie-Hellman parameters others, and then the wanted ones again"},
		&cli.StringFlag{Name: "pending-limit", Value: "10m", Usage: "go on without a server that still waits for its parameters after this `TIME`"},
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
	if opts.waits, err = parseWaits(c); err != nil {
		return opts, err
	}
	opts.again = againCommand(c, opts.plan.Mode)
	if opts.place, err = parsePlace(c, s); err != nil {
		return opts, err
	}
	opts.connection, err = parseConnection(s)
	return opts, err
}

// parseWaits reads how patient to be. Zero means not at all.
func parseWaits(c *cli.Context) (restore.ApplyOptions, error) {
	var waits restore.ApplyOptions
	for name, d := range map[string]*time.Duration{"settle": &waits.Settle, "cure-after": &waits.Cure, "pending-limit": &waits.Patience} {
		parsed, err := time.ParseDuration(c.String(name))
		if err != nil || parsed < 0 {
			return waits, usageError(fmt.Sprintf("--%s: %q is not a length of time", name, c.String(name)), "write it as 90s or 2m; 0s does not wait")
		}
		if *d = parsed; parsed == 0 {
			*d = -1 // zero is the default there
		}
	}
	return waits, nil
}

// againCommand gives the command line that goes on where this one stops, without what is secret and without the name
// of a file that must be new.
func againCommand(c *cli.Context, mode restore.Mode) string {
	words := []string{toolName, "restore"}
	for _, arg := range c.Args().Slice() {
		words = append(words, shellWord(arg))
	}
	if mode == restore.ModeFresh || mode == restore.ModeResume {
		words = append(words, "--resume")
	}
	for _, flag := range c.Command.Flags {
		name := flag.Names()[0]
		if !c.IsSet(name) || slices.Contains([]string{"resume", "token", "secret", "passwords", "dry-run", "show-config"}, name) {
			continue
		}
		switch flag.(type) {
		case *cli.BoolFlag:
			if c.Bool(name) {
				words = append(words, "--"+name)
			}
		case *cli.StringSliceFlag:
			for _, value := range c.StringSlice(name) {
				words = append(words, "--"+name, shellWord(value))
			}
		default:
			words = append(words, "--"+name, shellWord(fmt.Sprint(c.Value(name))))
		}
	}
	return strings.Join(words, " ")
}

// shellWord quotes what a shell would take apart.
func shellWord(s string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("_@%+=:,./-", r)
	}
	if s != "" && strings.IndexFunc(s, func(r rune) bool { return !plain(r) }) < 0 {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
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
