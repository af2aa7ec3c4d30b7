package cli

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/urfave/cli/v2"
)

const appHelp = `{{.Name}} - {{.Usage}}

usage:
   {{.Name}} COMMAND [flags] [arguments]

commands:{{range .VisibleCommands}}
   {{join .Names ", "}}{{"\t"}}{{.Usage}}{{end}}

   '{{.Name}} COMMAND --help' describes one.

exit codes:
` + exitCodes + `
`

const (
	helpWidth  = 100  // columns
	flagColumn = 30   // where the words about a flag begin
	noBreak    = "\a" // a blank at which no line ends
)

// helpOf writes the help of one command: flags in groups, what they mean beside them, no line wider than a terminal.
// The library would put everything on lines as long as they come.
func helpOf(c *cli.Command, name string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s - %s\n\nusage:\n   %s", name, c.Usage, name)
	if len(c.Subcommands) > 0 {
		b.WriteString(" COMMAND")
	}
	b.WriteString(" [flags]")
	if args := strings.TrimSpace(c.ArgsUsage); args != "" {
		b.WriteString(" " + args)
	}
	b.WriteString("\n")
	if c.Description != "" {
		b.WriteString("\n" + c.Description + "\n")
	}
	if len(c.Subcommands) > 0 {
		b.WriteString("\ncommands:\n")
		for _, sub := range c.Subcommands {
			fmt.Fprintf(&b, "   %-14s %s\n", sub.Name, sub.Usage)
		}
	}
	writeFlags(&b, append(slices.Clone(c.Flags), cli.HelpFlag))
	b.WriteString("\nexit codes:\n" + exitCodes + "\n")
	return strings.ReplaceAll(b.String(), "{{", `{{"{{"}}`) // the library takes it for a template
}

// writeFlags puts the flags that many commands share behind those of the command itself.
func writeFlags(b *strings.Builder, flags []cli.Flag) {
	titles := []string{"flags", "the instance", "its database", "choosing and opening snapshots", "S3", "credentials kept in AWS", "monitoring"}
	groups := make([][]cli.Flag, len(titles))
	for _, f := range flags {
		at := groupOf(f.Names()[0])
		groups[at] = append(groups[at], f)
	}
	for i, title := range titles {
		if len(groups[i]) == 0 {
			continue
		}
		fmt.Fprintf(b, "\n%s:\n", title)
		for _, f := range groups[i] {
			writeFlag(b, f)
		}
	}
}

func groupOf(name string) int {
	for at, variables := range map[int][]variable{1: connectionVariables(), 2: databaseVariables(), 3: append(keyVariables(), nameVariable())} {
		if slices.ContainsFunc(variables, func(v variable) bool { return v.flag == name }) {
			return at
		}
	}
	switch {
	case strings.HasPrefix(name, "s3-"):
		return 4
	case strings.HasPrefix(name, "aws-"):
		return 5
	case strings.HasPrefix(name, "metrics-"), strings.HasPrefix(name, "heartbeat"), name == "pushgateway", name == "log-format":
		return 6
	case slices.Contains([]string{"host", "kind", "latest", "at"}, name):
		return 3
	}
	return 0
}

func writeFlag(b *strings.Builder, f cli.Flag) {
	placeholder, usage, fallback := describe(f)
	var names []string
	for _, name := range f.Names() {
		names = append(names, strings.Repeat("-", min(len(name), 2))+name)
	}
	left := "   " + strings.TrimSpace(strings.Join(names, ", ")+" "+placeholder)
	if fallback != "" {
		usage += " (default:" + noBreak + strings.ReplaceAll(fallback, " ", noBreak) + ")"
	}
	if len(left) > flagColumn-2 {
		b.WriteString(left + "\n")
		left = ""
	}
	for _, line := range wrapped(usage, helpWidth-flagColumn) {
		fmt.Fprintf(b, "%-*s%s\n", flagColumn, left, strings.ReplaceAll(line, noBreak, " "))
		left = ""
	}
}

// describe gives what stands for a flag's value, what the flag means, and its value when it is not given.
func describe(f cli.Flag) (placeholder, usage, fallback string) {
	doc, ok := f.(cli.DocGenerationFlag)
	if !ok {
		return "", "", ""
	}
	usage = doc.GetUsage()
	if before, rest, found := strings.Cut(usage, "`"); found {
		word, after, _ := strings.Cut(rest, "`")
		placeholder, usage = word, before+word+after
	}
	word := "VALUE"
	switch f := f.(type) {
	case *cli.BoolFlag:
		return "", usage, ""
	case *cli.StringFlag:
		fallback = f.Value
		if f.DefaultText != "" {
			fallback = f.DefaultText
		}
	case *cli.IntFlag:
		word = "N"
		if f.Value != 0 {
			fallback = fmt.Sprint(f.Value)
		}
	case *cli.DurationFlag:
		word = "TIME"
		if f.Value != 0 {
			fallback = shortDuration(f.Value)
		}
	}
	if placeholder == "" {
		placeholder = word
	}
	return placeholder, usage, fallback
}

// shortDuration writes 1h, not 1h0m0s.
func shortDuration(d time.Duration) string {
	text := d.String()
	for _, zero := range []string{"m0s", "h0m"} {
		if strings.HasSuffix(text, zero) {
			text = text[:len(text)-2]
		}
	}
	return text
}

// wrapped breaks a text between words.
func wrapped(text string, width int) []string {
	lines := []string{""}
	for word := range strings.FieldsSeq(text) {
		last := &lines[len(lines)-1]
		switch {
		case *last == "":
			*last = word
		case utf8.RuneCountInString(*last)+1+utf8.RuneCountInString(word) <= width:
			*last += " " + word
		default:
			lines = append(lines, word)
		}
	}
	return lines
}
