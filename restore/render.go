package restore

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode"

	"pritunl-backup/snapshot"
)

// WriteJSON writes the plan for machines: the same plan gives the same bytes.
func (p *Plan) WriteJSON(w io.Writer) error { return writeJSON(w, p) }

// WriteJSON writes the report for machines.
func (r *Report) WriteJSON(w io.Writer) error { return writeJSON(w, r) }

// WriteJSON writes the outcome for machines.
func (o *Outcome) WriteJSON(w io.Writer) error { return writeJSON(w, o) }

func writeJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

// printer keeps the first error, so that not every line has to ask for it.
type printer struct {
	w   *bufio.Writer
	err error
}

func (p *printer) printf(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.w, format, args...)
	}
}

func (p *printer) end() error {
	if p.err != nil {
		return p.err
	}
	return p.w.Flush()
}

// WriteText writes the plan for people: what happens to what, grouped by kind;
// what stays as it is is counted only.
func (p *Plan) WriteText(w io.Writer) error {
	out := &printer{w: bufio.NewWriter(w)}
	for _, m := range p.Hosts {
		if m.New != m.Old {
			out.printf("host %s of the snapshot is %s on the target\n", printable(named(m.Old)), printable(orNone(m.New)))
		}
	}
	var kind snapshot.Kind
	for _, a := range p.Actions {
		if a.Verb == Leave && a.Reason == "" || a.Verb == Skip && len(p.Actions) > 1000 {
			continue
		}
		if a.Kind != kind {
			kind = a.Kind
			out.printf("%s\n", strings.ReplaceAll(string(kind), "_", " "))
		}
		a.write(out)
	}
	p.writeStops(out)
	p.writeTasks(out)
	for _, warning := range p.Warnings {
		out.printf("warning: %s\n", printable(warning))
	}
	out.printf("%s\n", p.Summary())
	return out.end()
}

// Summary counts the verbs in one line.
func (p *Plan) Summary() string {
	var parts []string
	for _, v := range []Verb{Create, Changing, Delete, Leave, HeldBack, Cannot, Skip} {
		if n := p.Count(v); n > 0 {
			parts = append(parts, fmt.Sprintf("%s %d", v, n))
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

func (a *Action) write(out *printer) {
	out.printf("  %s %s\n", mark(a.Verb), printable(a.Path))
	if a.Reason != "" {
		out.printf("      %s: %s\n", a.Verb, printable(a.Reason))
	}
	for _, c := range a.Fields {
		out.printf("      %s: %s -> %s\n", c.Path, show(c.Old), show(c.New))
	}
	for _, c := range a.Rewrote {
		out.printf("      by rule %s: %s: %s -> %s\n", printable(strings.Join(a.Rules, ", ")), c.Path, show(c.Old), show(c.New))
	}
	for _, c := range a.Altered {
		out.printf("      will be altered: %s: %s is stored as %s\n", c.Path, show(c.Old), show(c.New))
	}
	if len(a.Stops) > 0 {
		out.printf("      needs offline: %s\n", printable(strings.Join(a.Stops, ", ")))
	}
}

func mark(v Verb) string {
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

// show gives a value on one line, not longer than a reader likes.
func show(v any) string {
	var s string
	switch v := v.(type) {
	case nil:
		return "none"
	case string:
		s = strconv.QuoteToGraphic(v)
	default:
		raw, err := json.Marshal(v)
		if err != nil {
			return "?"
		}
		s = string(raw)
	}
	if r := []rune(s); len(r) > 80 {
		return string(r[:77]) + "..."
	}
	return printable(s)
}

// printable keeps names from steering a terminal.
func printable(s string) string {
	if strings.IndexFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) < 0 {
		return s
	}
	quoted := strconv.QuoteToGraphic(s)
	return quoted[1 : len(quoted)-1]
}

func (p *Plan) writeStops(out *printer) {
	for _, s := range p.Stops {
		out.printf("server %s is stopped during %d action(s) and started again: %s\n", printable(s.Server), s.Changes, strings.Join(s.Reasons, ", "))
	}
}

// writeTasks counts what users have to do, and names the few others.
func (p *Plan) writeTasks(out *printer) {
	counts := map[string]int{}
	for _, t := range p.HandOver {
		for _, what := range t.What {
			if t.Kind == snapshot.Users {
				counts[what]++
				continue
			}
			out.printf("afterwards %s %s: %s\n", singular(t.Kind), printable(t.Path), what)
		}
	}
	for _, what := range sortedKeys(counts) {
		out.printf("afterwards %d user(s): %s\n", counts[what], what)
	}
}

// alike is how many differences of one class, kind and field are told one by one.
const alike = 10

// WriteText writes the differences that remain, for people: of many alike the first ones, and how many more there are.
func (o *Outcome) WriteText(w io.Writer) error {
	out := &printer{w: bufio.NewWriter(w)}
	type sort struct {
		class Class
		kind  snapshot.Kind
		field string
	}
	count, written := map[sort]int{}, map[sort]int{}
	for _, r := range o.Remaining {
		count[sort{r.Class, r.Kind, r.Field}]++
	}
	for _, r := range o.Remaining {
		of := sort{r.Class, r.Kind, r.Field}
		if written[of]++; written[of] > alike && count[of] > alike+1 && r.Class != Real {
			if written[of] == count[of] {
				out.printf("%s: %d more of kind %s", r.Class, count[of]-alike, strings.ReplaceAll(string(r.Kind), "_", " "))
				if r.Field != "" {
					out.printf(": %s", printable(r.Field))
				}
				out.printf("\n")
			}
			continue
		}
		out.printf("%s: %s %s", r.Class, singular(r.Kind), printable(r.Path))
		switch {
		case r.Field != "" && r.Wanted == nil && r.Found == nil:
			out.printf(": %s", printable(r.Field))
		case r.Field != "":
			out.printf(": %s: wanted %s, found %s", printable(r.Field), show(r.Wanted), show(r.Found))
		}
		if r.Why != "" {
			out.printf(" (%s)", printable(r.Why))
		}
		out.printf("\n")
	}
	return out.end()
}
