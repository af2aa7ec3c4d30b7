package cli

import (
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"
)

func manCommand(env *environment) *cli.Command {
	return &cli.Command{
		Name:        "man",
		Usage:       "print the manual page",
		ArgsUsage:   " ",
		Description: `   pritunl-backup man | man -l -`,
		Action: func(c *cli.Context) error {
			if c.NArg() > 0 {
				return usageError("man takes no arguments", "")
			}
			_, err := fmt.Fprint(env.stdio.Out, manual(tree(env)))
			return err
		},
	}
}

// manual writes the page in roff. It has no date: the same version prints the same bytes.
func manual(root branch) string {
	var s strings.Builder
	fmt.Fprintf(&s, ".TH %s 1 \"\" %q\n", strings.ToUpper(toolName), toolName+" "+Version)
	fmt.Fprintf(&s, ".SH NAME\n%s \\- %s\n", roff(toolName), roff(root.usage))
	fmt.Fprintf(&s, ".SH SYNOPSIS\n.B %s\n.I COMMAND\n[flags] [arguments]\n", roff(toolName))
	s.WriteString(".SH DESCRIPTION\nData goes to standard output, words and progress to standard error.\n" +
		"A value that a flag sets can also come from the environment variable in brackets behind it, or from a file that the variable with _FILE names.\n")
	s.WriteString(".SH COMMANDS\n")
	root.walk(func(b branch) {
		if len(b.path) > 1 {
			manualCommand(&s, b)
		}
	})
	s.WriteString(".SH EXIT STATUS\n.nf\n")
	for line := range strings.SplitSeq(exitCodes, "\n") {
		s.WriteString(roff(strings.TrimSpace(line)) + "\n")
	}
	s.WriteString(".fi\n")
	return s.String()
}

func manualCommand(s *strings.Builder, b branch) {
	call := append([]string{}, b.path[1:]...)
	if len(b.commands) > 0 {
		call = append(call, "COMMAND")
	}
	if call = append(call, "[flags]"); b.args != "" {
		call = append(call, b.args)
	}
	fmt.Fprintf(s, ".SS \"%s\"\n%s.\n", roff(strings.Join(call, " ")), roff(strings.ToUpper(b.usage[:1])+b.usage[1:]))
	if len(b.aliases) > 0 {
		fmt.Fprintf(s, "Also called %s.\n", roff(strings.Join(b.aliases, ", ")))
	}
	manualText(s, b.about)
	for _, f := range b.flags {
		value := ""
		if f.value {
			value = " VALUE"
		}
		fmt.Fprintf(s, ".TP\n.B %s\n%s\n", roff(strings.Join(f.names, ", ")+value), roff(f.usage))
	}
}

// manualText keeps paragraphs; lines that begin with blanks are examples and keep their shape.
func manualText(s *strings.Builder, text string) {
	example := false
	for line := range strings.SplitSeq(text, "\n") {
		isExample := strings.HasPrefix(line, "  ")
		if isExample != example && line != "" {
			s.WriteString(map[bool]string{true: ".PP\n.nf\n", false: ".fi\n"}[isExample])
			example = isExample
		}
		switch {
		case line == "" && !example:
			s.WriteString(".PP\n")
		default:
			s.WriteString(roff(line) + "\n")
		}
	}
	if example {
		s.WriteString(".fi\n")
	}
}

// roff keeps text from being taken for requests and escapes.
func roff(text string) string {
	text = strings.NewReplacer(`\`, `\e`, "-", `\-`, `"`, `\(dq`, "·", `\(bu`, "…", "...").Replace(text)
	if strings.HasPrefix(text, ".") || strings.HasPrefix(text, "'") {
		text = `\&` + text
	}
	return text
}
