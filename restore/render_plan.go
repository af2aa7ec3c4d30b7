package restore

import (
	"bufio"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"pritunl-backup/snapshot"
)

// brief is how many objects of a kind are listed for each verb, unless everything is asked for.
const brief = 20

// WriteText writes the plan for people: what happens to what, by kind, the first twenty for each verb, and how many
// more there are. What stays as it is, and what the filters do not choose, is counted only.
func (p *Plan) WriteText(w io.Writer) error { return p.write(w, brief) }

// WriteVerbose is WriteText without leaving anything out.
func (p *Plan) WriteVerbose(w io.Writer) error { return p.write(w, math.MaxInt) }

func (p *Plan) write(w io.Writer, limit int) error {
	out := &printer{w: bufio.NewWriter(w), limit: limit}
	for _, m := range p.Hosts {
		if m.New != m.Old {
			out.printf("host %s of the snapshot is %s on the target\n", printable(named(m.Old)), printable(orNone(m.New)))
		}
	}
	actions := p.Actions
	if limit == brief {
		actions = slices.DeleteFunc(slices.Clone(actions), func(a *Action) bool { return a.Verb == Skip && a.Reason == whyFiltered })
	}
	for _, kind := range kindsIn(actions) {
		out.printf("%s\n", strings.ReplaceAll(string(kind), "_", " "))
		out.section(actions, kind)
	}
	if n := len(p.Actions) - len(actions); n > 0 {
		out.printf("%s %s %s; --verbose lists all\n", thousands(n), of(n, "object", "objects"), whyFiltered)
	}
	out.stops(p.Stops)
	out.tasks(p.HandOver)
	for _, warning := range p.Warnings {
		out.printf("warning: %s\n", printable(warning))
	}
	out.printf("plan: %s\n", p.Summary())
	return out.end()
}

// Summary counts the verbs in one line: "67 to create, 3 stay as they are".
func (p *Plan) Summary() string {
	var parts []string
	for _, v := range verbs() {
		if n := p.Count(v); n > 0 {
			parts = append(parts, thousands(n)+" "+v.words(n))
		}
	}
	if len(parts) == 0 {
		return "nothing to do"
	}
	return strings.Join(parts, ", ")
}

func orNone(s string) string {
	if s == "" {
		return "nothing, it is left out"
	}
	return s
}

// verbs gives the order in which they are summed up.
func verbs() []Verb { return []Verb{Create, Changing, Delete, Leave, HeldBack, Cannot, Skip} }

// words says what a plan says of so many objects.
func (v Verb) words(n int) string {
	switch v {
	case Leave:
		return of(n, "stays as it is", "stay as they are")
	case HeldBack:
		return "left for later"
	case Cannot:
		return "cannot be restored"
	case Skip:
		return "left out"
	}
	return "to " + string(v)
}

func (v Verb) mark() string {
	switch v {
	case Create:
		return "+"
	case Changing:
		return "~"
	case Delete:
		return "-"
	case Cannot:
		return "!"
	}
	return "."
}

// listed tells whether an action is worth a line.
func (a *Action) listed() bool { return a.Verb != Leave || a.Reason != "" }

// kindsIn gives the kinds with something to list, in the order in which they first come.
func kindsIn(actions []*Action) []snapshot.Kind {
	var kinds []snapshot.Kind
	for _, a := range actions {
		if a.listed() && !slices.Contains(kinds, a.Kind) {
			kinds = append(kinds, a.Kind)
		}
	}
	return kinds
}

// section lists the actions of one kind, at most limit of each verb.
func (p *printer) section(actions []*Action, kind snapshot.Kind) {
	count := map[Verb]int{}
	for _, a := range actions {
		if a.Kind != kind || !a.listed() {
			continue
		}
		if count[a.Verb]++; count[a.Verb] <= p.limit {
			p.action(a)
		}
	}
	for _, v := range verbs() {
		if more := count[v] - p.limit; more > 0 {
			p.printf("  %s … and %s more %s; --verbose lists all\n", v.mark(), thousands(more), v.words(more))
		}
	}
}

func (p *printer) action(a *Action) {
	p.printf("  %s %s%s\n", a.Verb.mark(), printable(a.Path), a.formerly())
	switch {
	case a.Reason == whyFiltered:
		p.printf("      %s\n", a.Reason)
	case a.Reason != "":
		p.printf("      %s: %s\n", a.Verb.words(1), printable(a.Reason))
	}
	for _, c := range a.Fields {
		p.printf("      %s: %s -> %s\n", c.Path, show(c.Old), show(c.New))
	}
	for _, c := range a.Rewrote {
		p.printf("      by rule %s: %s: %s -> %s\n", printable(strings.Join(a.Rules, ", ")), c.Path, show(c.Old), show(c.New))
	}
	for _, c := range a.Altered {
		p.printf("      will be altered: %s: %s is stored as %s\n", c.Path, show(c.Old), show(c.New))
	}
	if len(a.Stops) > 0 {
		p.printf("      stopped meanwhile: %s\n", printable(strings.Join(a.Stops, ", ")))
	}
}

// formerly says what an object that gets its old name or place back is called, and where it is, up to then.
func (a *Action) formerly() string {
	var words []string
	for _, c := range a.Fields {
		switch {
		case a.Verb != Changing:
		case c.Path == "name", c.Path == "username":
			words = append(words, "now called "+show(c.Old))
		case c.Path == "organization" && a.Kind == snapshot.Users:
			words = append(words, "now in "+show(c.Old))
		}
	}
	if len(words) == 0 {
		return ""
	}
	return fmt.Sprintf(" (%s)", strings.Join(words, ", "))
}

func (p *printer) stops(stops []Stop) {
	for i, s := range stops {
		if i == p.limit {
			p.printf("… and %s more servers are stopped for a while; --verbose lists all\n", thousands(len(stops)-i))
			return
		}
		p.printf("server %s is stopped for %d %s and started again: %s\n", printable(s.Server), s.Changes, of(s.Changes, "change", "changes"), strings.Join(s.Reasons, ", "))
	}
}

// tasks counts what users have to do, and names the few others.
func (p *printer) tasks(tasks []Task) {
	if len(tasks) == 0 {
		return
	}
	p.printf("next steps after the restore, which no API can do:\n")
	users := map[string]int{}
	var others []Task
	for _, t := range tasks {
		if t.Kind != snapshot.Users {
			others = append(others, t)
			continue
		}
		for _, what := range t.What {
			users[what]++
		}
	}
	for _, what := range sortedKeys(users) {
		p.printf("  %s %s must %s\n", thousands(users[what]), of(users[what], "user", "users"), what)
	}
	for i, t := range others {
		if i == p.limit {
			p.printf("  … and %s more; --verbose lists all\n", thousands(len(others)-i))
			return
		}
		p.printf("  %s %s: %s\n", singular(t.Kind), printable(t.Path), strings.Join(t.What, "; "))
	}
}
