package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
)

func completionCommand(env *environment) *cli.Command {
	writers := map[string]func(branch) string{"bash": bashCompletion, "zsh": zshCompletion, "fish": fishCompletion}
	return &cli.Command{
		Name:      "completion",
		Usage:     "print completions for a shell",
		ArgsUsage: "bash|zsh|fish",
		Description: `   pritunl-backup completion bash > /etc/bash_completion.d/pritunl-backup
   pritunl-backup completion zsh > "${fpath[1]}/_pritunl-backup"
   pritunl-backup completion fish > ~/.config/fish/completions/pritunl-backup.fish`,
		Action: func(c *cli.Context) error {
			write := writers[c.Args().First()]
			if c.NArg() != 1 || write == nil {
				return usageError("completion takes the name of a shell", "bash, zsh or fish")
			}
			_, err := fmt.Fprint(env.stdio.Out, write(tree(env)))
			return err
		},
	}
}

// spell is the path below the program's name, "routes import".
func (b branch) spell() string { return strings.Join(b.path[1:], " ") }

// arrivals are the words that lead from one command to another: an alias ends where the name does.
func arrivals(root branch, visit func(from, word, to string)) {
	root.walk(func(b branch) {
		for _, c := range b.commands {
			for _, word := range append([]string{c.name()}, c.aliases...) {
				visit(b.spell(), word, c.spell())
			}
		}
	})
}

func (b branch) flagNames(valuesOnly bool) []string {
	var names []string
	for _, f := range b.flags {
		if f.value || !valuesOnly {
			names = append(names, f.names...)
		}
	}
	return names
}

func bashCompletion(root branch) string {
	var s strings.Builder
	s.WriteString(`# bash completion of pritunl-backup, printed by 'pritunl-backup completion bash'
_pritunl_backup() {
  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]}
  local at= i commands= flags= valued=
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "$at:${COMP_WORDS[i]}" in
`)
	arrivals(root, func(from, word, to string) { fmt.Fprintf(&s, "      %q) at=%q ;;\n", from+":"+word, to) })
	s.WriteString("    esac\n  done\n  case \"$at\" in\n")
	root.walk(func(b branch) {
		var names []string
		for _, c := range b.commands {
			names = append(names, c.name())
		}
		fmt.Fprintf(&s, "    %q)\n      commands=%q\n      flags=%q\n      valued=%q ;;\n", b.spell(),
			strings.Join(names, " "), strings.Join(b.flagNames(false), " "), " "+strings.Join(b.flagNames(true), " ")+" ")
	})
	s.WriteString(`  esac
  COMPREPLY=()
  if [[ $valued == *" $previous "* ]]; then
    return
  elif [[ $current == -* ]]; then
    COMPREPLY=($(compgen -W "$flags" -- "$current"))
  elif [[ -n $commands ]]; then
    COMPREPLY=($(compgen -W "$commands" -- "$current"))
  fi
}
complete -o default -F _pritunl_backup pritunl-backup
`)
	return s.String()
}

// quote is a word in single quotes, for zsh.
func quote(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }

func zshCompletion(root branch) string {
	var s strings.Builder
	s.WriteString(`#compdef pritunl-backup
# zsh completion of pritunl-backup, printed by 'pritunl-backup completion zsh'
_pritunl_backup() {
  local at="" word
  local -a commands flags valued
  for word in "${(@)words[2,CURRENT-1]}"; do
    case "$at:$word" in
`)
	arrivals(root, func(from, word, to string) { fmt.Fprintf(&s, "      %s) at=%s ;;\n", quote(from+":"+word), quote(to)) })
	s.WriteString("    esac\n  done\n  case \"$at\" in\n")
	root.walk(func(b branch) {
		fmt.Fprintf(&s, "    %s)\n", quote(b.spell()))
		s.WriteString("      commands=(")
		for _, c := range b.commands {
			s.WriteString(" " + quote(c.name()+":"+c.usage))
		}
		s.WriteString(" )\n      flags=(")
		for _, f := range b.flags {
			for _, name := range f.names {
				s.WriteString("\n        " + quote(name+":"+f.usage))
			}
		}
		fmt.Fprintf(&s, "\n      )\n      valued=( %s ) ;;\n", strings.Join(b.flagNames(true), " "))
	})
	s.WriteString(`  esac
  if (( ${valued[(Ie)${words[CURRENT-1]}]} )); then
    _files
  elif [[ ${words[CURRENT]} == -* ]]; then
    _describe -o flag flags
  elif (( $#commands )); then
    _describe command commands
  else
    _files
  fi
}
if [[ ${funcstack[1]} == _pritunl_backup ]]; then
  _pritunl_backup "$@"
else
  compdef _pritunl_backup pritunl-backup
fi
`)
	return s.String()
}

func fishCompletion(root branch) string {
	var s strings.Builder
	s.WriteString("# fish completion of pritunl-backup, printed by 'pritunl-backup completion fish'\n")
	text := func(usage string) string {
		return "'" + strings.NewReplacer(`\`, `\\`, "'", `\'`).Replace(usage) + "'"
	}
	root.walk(func(b branch) {
		at := fishCondition(root, b)
		if len(b.commands) > 0 {
			choose := at
			if len(b.path) > 1 {
				choose += "; and not __fish_seen_subcommand_from " + strings.Join(namesOf(b.commands), " ")
			}
			for _, c := range b.commands {
				fmt.Fprintf(&s, "complete -c %s -n '%s' -f -a %s -d %s\n", toolName, choose, c.name(), text(c.usage))
			}
		}
		for _, f := range b.flags {
			fmt.Fprintf(&s, "complete -c %s -n '%s'", toolName, at)
			for _, name := range f.names {
				if long, isLong := strings.CutPrefix(name, "--"); isLong {
					s.WriteString(" -l " + long)
				} else {
					s.WriteString(" -s " + strings.TrimPrefix(name, "-"))
				}
			}
			if f.value {
				s.WriteString(" -r")
			}
			s.WriteString(" -d " + text(f.usage) + "\n")
		}
	})
	return s.String()
}

func namesOf(commands []branch) []string {
	var names []string
	for _, c := range commands {
		names = append(append(names, c.name()), c.aliases...)
	}
	return names
}

// fishCondition is true while a command's words are on the line. Fish does not know their order, so that a command
// must exclude those that have one of the same name below them.
func fishCondition(root, b branch) string {
	if len(b.path) == 1 {
		return "__fish_use_subcommand"
	}
	condition := "__fish_seen_subcommand_from " + strings.Join(append([]string{b.path[1]}, b.aliases...), " ")
	if len(b.path) > 2 {
		return "__fish_seen_subcommand_from " + b.path[1] + "; and __fish_seen_subcommand_from " + strings.Join(append([]string{b.name()}, b.aliases...), " ")
	}
	for _, other := range root.commands {
		if slices.Contains(namesOf(other.commands), b.name()) {
			condition += "; and not __fish_seen_subcommand_from " + other.name()
		}
	}
	return condition
}
