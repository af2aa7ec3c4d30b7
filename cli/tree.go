package cli

import (
	"strings"

	"github.com/urfave/cli/v2"
)

// branch is one command of the tree with all that completions and the manual say of it.
type branch struct {
	path     []string // names from the top: routes, import
	aliases  []string // other names of the last one
	usage    string
	args     string
	about    string // the description
	commands []branch
	flags    []leaf
}

// leaf is one flag.
type leaf struct {
	names []string // with dashes, longest first
	value bool
	usage string
}

// name is how the command is called.
func (b branch) name() string { return b.path[len(b.path)-1] }

// walk gives the branch and all below it, parents first.
func (b branch) walk(visit func(branch)) {
	visit(b)
	for _, c := range b.commands {
		c.walk(visit)
	}
}

// tree describes the commands as they are; it does not depend on what is being run.
func tree(env *environment) branch {
	app := newApp(env)
	root := branch{path: []string{toolName}, usage: app.Usage, flags: leaves(helpAndVersion())}
	for _, c := range app.Commands {
		root.commands = append(root.commands, branchOf(root.path, c))
	}
	return root
}

func branchOf(above []string, c *cli.Command) branch {
	b := branch{
		path: append(append([]string{}, above...), c.Name), aliases: c.Aliases, usage: c.Usage, args: strings.TrimSpace(c.ArgsUsage), about: c.Description,
		flags: append(leaves(c.Flags), leaves([]cli.Flag{cli.HelpFlag})...),
	}
	for _, sub := range c.Subcommands {
		b.commands = append(b.commands, branchOf(b.path, sub))
	}
	return b
}

func leaves(flags []cli.Flag) []leaf {
	var out []leaf
	for _, f := range flags {
		l := leaf{}
		for _, name := range f.Names() {
			dashes := "--"
			if len(name) == 1 {
				dashes = "-"
			}
			l.names = append(l.names, dashes+name)
		}
		if doc, ok := f.(cli.DocGenerationFlag); ok {
			l.value, l.usage = doc.TakesValue(), strings.ReplaceAll(doc.GetUsage(), "`", "")
		}
		out = append(out, l)
	}
	return out
}
