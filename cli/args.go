package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
)

// orderArgs moves flags before positional arguments, because urfave/cli stops looking for flags at the first
// positional one and would silently take a later --to as a file name.
func orderArgs(app *cli.App, args []string) ([]string, error) {
	if len(args) > 0 && args[0] == "help" {
		args = append(slices.Clone(args[1:]), "--help")
	}
	ordered, flags, level := []string{}, slices.Concat(app.Flags, helpAndVersion()), app.Commands
	depth := 0
	for len(args) > 0 {
		name := args[0]
		if depth == 0 && isFlag(name) {
			if err := misplaced(app, flags, name); err != nil {
				return nil, err
			}
		}
		command := findCommand(level, name)
		if command == nil {
			break
		}
		ordered, flags, level, args = append(ordered, name), command.Flags, command.Subcommands, args[1:]
		depth++
	}
	if len(level) > 0 && len(args) > 0 && !isFlag(args[0]) {
		return nil, unknownCommand(level, args[0])
	}
	given, positional, err := split(flags, args)
	if err != nil {
		return nil, err
	}
	ordered = append(ordered, given...)
	if len(positional) > 0 {
		ordered = append(append(ordered, "--"), positional...)
	}
	return ordered, nil
}

// split parts the arguments of one command into flags (with their values) and the rest.
func split(flags []cli.Flag, args []string) (given, positional []string, err error) {
	for i := 0; i < len(args); i++ {
		arg := args[i]
		switch {
		case arg == "--":
			return given, append(positional, args[i+1:]...), nil
		case !isFlag(arg):
			positional = append(positional, arg)
		default:
			given = append(given, arg)
			if !takesValue(flags, arg) {
				continue
			}
			if i+1 == len(args) {
				return nil, nil, usageError(fmt.Sprintf("flag %s needs a value", arg), "")
			}
			i++
			given = append(given, args[i])
		}
	}
	return given, positional, nil
}

func isFlag(arg string) bool { return len(arg) > 1 && arg[0] == '-' }

func flagName(arg string) (name string, hasValue bool) {
	name, _, hasValue = strings.Cut(strings.TrimLeft(arg, "-"), "=")
	return name, hasValue
}

func takesValue(flags []cli.Flag, arg string) bool {
	name, hasValue := flagName(arg)
	flag := findFlag(flags, name)
	if flag == nil || hasValue {
		return false
	}
	_, isBool := flag.(*cli.BoolFlag)
	return !isBool
}

func findFlag(flags []cli.Flag, name string) cli.Flag {
	for _, f := range flags {
		if slices.Contains(f.Names(), name) {
			return f
		}
	}
	return nil
}

func findCommand(commands []*cli.Command, name string) *cli.Command {
	for _, c := range commands {
		if c.HasName(name) {
			return c
		}
	}
	return nil
}

func helpAndVersion() []cli.Flag { return []cli.Flag{cli.HelpFlag, cli.VersionFlag} }

// misplaced says which command a flag belongs to when it stands before the command's name.
func misplaced(app *cli.App, global []cli.Flag, arg string) error {
	name, _ := flagName(arg)
	if findFlag(global, name) != nil {
		return nil
	}
	for _, c := range app.Commands {
		if findFlag(c.Flags, name) != nil {
			return usageError(fmt.Sprintf("flag --%s stands before the command", name),
				fmt.Sprintf("write it after the command: %s %s --%s …", toolName, c.Name, name))
		}
	}
	return usageError(fmt.Sprintf("unknown flag --%s", name), "see '"+toolName+" --help'")
}
