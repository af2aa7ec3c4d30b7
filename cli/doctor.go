package cli

import (
	"context"
	"fmt"
	"slices"

	"github.com/urfave/cli/v2"

	"pritunl-backup/mongo"
)

type doctorOptions struct {
	connection connection
	database   mongo.Options
	target     targetOptions
	targetErr  error // why the place of snapshots cannot be used; one of the checks says so
	located    bool  // a place was named
	json       bool
}

func doctorCommand(env *environment) *cli.Command {
	return &cli.Command{
		Name:      "doctor",
		Usage:     "check everything a backup needs, and say how to mend what is wrong",
		ArgsUsage: "[LOCATION]",
		Description: `One line for each check: name, connection, certificate, whether it is Pritunl, clock, signature, why it
is refused, super user, licence, database, storage (a small object is put, read and deleted), KMS,
age keys, room on disk. Exit code 0 says that all hold. It takes what export takes to reach the instance,
its database and the target; with MONGODB_URI it also tells the reasons of a 401 apart.

   pritunl-backup doctor s3://bucket/prefix/
   pritunl-backup doctor --mongodb-uri mongodb://127.0.0.1/pritunl --json

` + sessionRoad,
		Flags: slices.Concat([]cli.Flag{jsonFlag(), quietFlag(), showConfigFlag()}, flagsOf(connectionVariables()), flagsOf(databaseVariables()), targetFlags()),
		Action: func(c *cli.Context) error {
			s := env.settings(c)
			opts, err := parseDoctor(c, s)
			if err != nil {
				return err
			}
			if c.Bool("show-config") {
				return s.show(env.stdio.Out)
			}
			return runDoctor(c.Context, env, opts)
		},
	}
}

// sessionRoad tells those who script the console's own login why it fails them.
const sessionRoad = `Logging in at POST /auth/session, as the console does, is no way for scripts: it gives two cookies that
are only sent back over https, and every later request needs both of them and a Csrf-Token header
from GET /state; with any of the three missing the answer is the same 401. Cookies even spoil signed
requests: a stale one named token is refused before the signature is looked at.`

func parseDoctor(c *cli.Context, s *settings) (doctorOptions, error) {
	opts := doctorOptions{json: c.Bool("json")}
	if c.NArg() > 1 {
		return opts, usageError("doctor takes one location", "a directory, or s3://bucket/prefix/")
	}
	var err error
	if opts.connection, err = parseConnection(s); err != nil {
		return opts, err
	}
	if opts.database, err = parseDatabase(s); err != nil {
		return opts, err
	}
	to, err := s.get(toVariable())
	if err != nil {
		return opts, err
	}
	opts.target, opts.targetErr = parseTarget(c, s)
	opts.located = to.origin != "default"
	if c.NArg() == 1 {
		opts.target.to, opts.located = c.Args().First(), true
	}
	return opts, nil
}

// verdict is how a check came out.
type verdict string

const (
	held    verdict = "ok"
	noted   verdict = "note" // holds, but worth knowing
	failed  verdict = "failed"
	skipped verdict = "skipped"
)

// finding is the outcome of one check.
type finding struct {
	Check   string  `json:"check"`
	Verdict verdict `json:"verdict"`
	Says    string  `json:"says"`
	Fix     string  `json:"fix,omitempty"`
}

func holds(format string, args ...any) finding {
	return finding{Verdict: held, Says: fmt.Sprintf(format, args...)}
}

func skip(format string, args ...any) finding {
	return finding{Verdict: skipped, Says: fmt.Sprintf(format, args...)}
}

func fail(says, fix string) finding { return finding{Verdict: failed, Says: says, Fix: fix} }
func note(says, fix string) finding { return finding{Verdict: noted, Says: says, Fix: fix} }

// failure is what an error of a layer below says, with its own advice, or else with the given one.
func failure(err error, fix string) finding {
	if hint := hintOf(err); hint != "" {
		fix = hint
	}
	return fail(brief(err), fix)
}

// check is one step of the examination; it is skipped unless those it needs held.
type check struct {
	name  string
	needs []string
	run   func(context.Context, *patient) finding
}

// checks are in the order in which a backup would stumble.
func checks() []check {
	return []check{
		{"name", nil, checkName},
		{"connection", []string{"name"}, checkConnection},
		{"tls", []string{"connection"}, checkTLS},
		{"pritunl", []string{"tls"}, checkPritunl},
		{"clock", []string{"pritunl"}, checkClock},
		{"signature", []string{"pritunl"}, checkSignature},
		{"refusal", []string{"pritunl"}, checkRefusal},
		{"super user", []string{"signature"}, checkSuperUser},
		{"licence", []string{"signature"}, checkLicence},
		{"database", nil, checkDatabase},
		{"storage", nil, checkStorage},
		{"kms", []string{"storage"}, checkKMS},
		{"age", nil, checkAgeKeys},
		{"room", nil, checkRoom},
	}
}

// examine runs all checks and gives each finding to tell as it comes.
func examine(ctx context.Context, p *patient, tell func(finding) error) ([]finding, error) {
	good := map[string]bool{}
	all := []finding{}
	for _, c := range checks() {
		var f finding
		missing := slices.IndexFunc(c.needs, func(name string) bool { return !good[name] })
		if missing >= 0 {
			f = skip("needs %s", c.needs[missing])
		} else {
			f = c.run(ctx, p)
		}
		if ctx.Err() != nil {
			return all, ctx.Err()
		}
		f.Check = c.name
		good[c.name] = f.Verdict == held || f.Verdict == noted
		all = append(all, f)
		if err := tell(f); err != nil {
			return all, err
		}
	}
	return all, nil
}

func runDoctor(ctx context.Context, env *environment, opts doctorOptions) error {
	p, err := newPatient(env, opts)
	if err != nil {
		return err
	}
	defer p.close()
	all, err := examine(ctx, p, func(f finding) error {
		if opts.json {
			return nil
		}
		return env.tellFinding(f)
	})
	if err != nil {
		return err
	}
	if opts.json {
		if err := writeJSON(env.stdio.Out, all); err != nil {
			return err
		}
	}
	bad := 0
	for _, f := range all {
		if f.Verdict == failed {
			bad++
		}
	}
	env.out.endProgress()
	if p.refused != nil {
		env.out.say("\n%s", sessionRoad)
	}
	if bad > 0 {
		return &exitError{code: codeError, err: fmt.Errorf("%d of %d checks failed", bad, len(all))}
	}
	return nil
}

func (env *environment) tellFinding(f finding) error {
	env.out.endProgress()
	_, err := fmt.Fprintf(env.stdio.Out, "%-8s %-11s %s\n", f.Verdict, f.Check, visible(f.Says))
	if err == nil && f.Fix != "" {
		_, err = fmt.Fprintf(env.stdio.Out, "%-20s fix: %s\n", "", visible(f.Fix))
	}
	return err
}
