// Package cli is the command line of pritunl-backup: it turns flags and environment into option values, runs one
// command, prints every word the user reads and maps errors to exit codes. It holds no knowledge of Pritunl, MongoDB
// or the snapshot format; that lives in the packages it calls.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/urfave/cli/v2"
)

// Version is the tool's version as it appears in --version and in snapshot headers.
const Version = "0.1.0"

const toolName = "pritunl-backup"

// Stdio are the streams of one run. Terminals are recognised by their type (*os.File).
type Stdio struct {
	In  io.Reader
	Out io.Writer
	Err io.Writer
}

// environment is what a command may touch of the process: nothing else in this package reads the clock, the
// environment or the streams.
type environment struct {
	stdio  Stdio
	getenv func(string) string
	now    func() time.Time
	out    *printer
}

// Main runs one command line and returns the exit code of the process; see [exitCodes]. It never panics on
// user input, and prints what went wrong, with a hint, on stdio.Err.
func Main(ctx context.Context, args []string, getenv func(string) string, stdio Stdio) int {
	out := &output{w: stdio.Out}
	stdio.In, stdio.Out = &input{ctx, stdio.In}, out
	env := &environment{stdio: stdio, getenv: getenv, now: time.Now}
	env.out = newPrinter(stdio, getenv)
	err := run(ctx, env, args)
	env.out.endProgress()
	switch {
	case errors.Is(out.err, syscall.EPIPE):
		return codeError // whoever was reading has seen enough, and wants no words
	case err == nil && out.err != nil:
		err = fmt.Errorf("write to standard output: %w", out.err)
	case err == nil:
		return codeOK
	}
	if runCode(ctx, err) == codeInterrupted {
		err = &exitError{code: codeInterrupted, err: errors.New("interrupted")}
	}
	env.out.fail(err)
	return exitCode(err)
}

func run(ctx context.Context, env *environment, args []string) error {
	app := newApp(env)
	ordered, err := orderArgs(app, args)
	if err != nil {
		return err
	}
	return app.RunContext(ctx, append([]string{toolName}, ordered...))
}

func newApp(env *environment) *cli.App {
	app := &cli.App{
		Name:            toolName,
		Usage:           "snapshot, verify and restore the configuration of a Pritunl VPN server",
		Version:         Version,
		Writer:          env.stdio.Out,
		ErrWriter:       env.stdio.Err,
		HideHelpCommand: true,
		ExitErrHandler:  func(*cli.Context, error) {},
		Commands:        commands(env),
		Action: func(c *cli.Context) error {
			if c.NArg() == 0 {
				return cli.ShowAppHelp(c)
			}
			return unknownCommand(c.App.Commands, c.Args().First())
		},
		OnUsageError:          usageFailure,
		CustomAppHelpTemplate: appHelp,
	}
	dress(app.Commands, toolName)
	return app
}

func commands(env *environment) []*cli.Command {
	return []*cli.Command{
		exportCommand(env),
		showCommand(env),
		verifyCommand(env),
		diffCommand(env),
		restoreCommand(env),
		listCommand(env),
		pruneCommand(env),
		rewrapCommand(env),
		routesCommand(env),
		terraformCommand(env),
		doctorCommand(env),
		apiCommand(env),
		credentialsCommand(env),
		licenseCommand(env),
		simulateCommand(env),
		demoCommand(env),
		completionCommand(env),
		manCommand(env),
	}
}

// dress gives every command the same manners: usage errors come back as errors, help ends with the exit codes.
func dress(commands []*cli.Command, parent string) {
	for _, c := range commands {
		c.OnUsageError = usageFailure
		c.HideHelpCommand = true
		if takesStoredValues(c.Flags) {
			c.Flags = append(c.Flags, flagsOf(awsVariables())...)
		}
		c.CustomHelpTemplate = helpOf(c, parent+" "+c.Name)
		dress(c.Subcommands, parent+" "+c.Name)
	}
}

func usageFailure(c *cli.Context, err error, _ bool) error {
	name := strings.TrimSpace(c.Command.HelpName)
	if name == "" {
		name = toolName
	}
	text := strings.ReplaceAll(err.Error(), "flag provided but not defined: -", "unknown flag --")
	return usageError(text, "see '"+name+" --help'")
}

func unknownCommand(commands []*cli.Command, given string) error {
	var names []string
	for _, c := range commands {
		if !c.Hidden {
			names = append(names, c.Name)
		}
	}
	slices.Sort(names)
	return usageError(fmt.Sprintf("unknown command %q", given), "the commands are "+strings.Join(names, ", "))
}
