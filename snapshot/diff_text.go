package snapshot

import (
	"fmt"
	"io"
	"strings"
)

// maxCell bounds a value in a text: certificates and lists are longer.
const maxCell = 80

// WriteText writes the difference for people: a line for each object, grouped
// by kind, with "+" for added, "-" for removed and "~" for changed, then what
// could not be compared, what no restore can undo, and the numbers. Of each kind
// and action at most limit objects are listed, 0 lists all.
func (d *Difference) WriteText(w io.Writer, limit int) error {
	out := &strings.Builder{}
	counts := map[Action]int{}
	shown, left := map[Action]int{}, map[Action]int{}
	var kind Kind
	flush := func() {
		for _, a := range []Action{Changed, Added, Removed} {
			if left[a] > 0 {
				fmt.Fprintf(out, "  ... and %d more %s\n", left[a], a)
			}
		}
		clear(shown)
		clear(left)
	}
	for _, c := range d.Changes {
		counts[c.Action]++
		if c.Kind != kind {
			flush()
			kind = c.Kind
			fmt.Fprintln(out, strings.ReplaceAll(string(kind), "_", " "))
		}
		if shown[c.Action]++; limit > 0 && shown[c.Action] > limit {
			left[c.Action]++
			continue
		}
		c.write(out)
	}
	flush()
	d.writeLimits(out)
	fmt.Fprintf(out, "%d changed, %d added, %d removed, %d the same\n", counts[Changed], counts[Added], counts[Removed], d.same())
	_, err := io.WriteString(w, out.String())
	return err
}

func (d *Difference) same() int {
	n := 0
	for _, same := range d.Same {
		n += same
	}
	return n
}

func (c Change) write(out *strings.Builder) {
	mark := map[Action]string{Added: "+", Removed: "-", Changed: "~"}[c.Action]
	fmt.Fprintf(out, "  %s %s%s\n", mark, c.name(), noted(c.Restorable || c.Action == Changed))
	for _, f := range c.Fields {
		if f.Secret {
			fmt.Fprintf(out, "      %s: (secret, changed)%s\n", printable(f.Path), noted(f.Restorable))
			continue
		}
		fmt.Fprintf(out, "      %s: %s -> %s%s\n", printable(f.Path), short(f.Old), short(f.New), noted(f.Restorable))
	}
}

func noted(restorable bool) string {
	if restorable {
		return ""
	}
	return " (not restorable)"
}

// name joins the key; what has no name shows as "".
func (c Change) name() string {
	parts := make([]string, len(c.Key))
	for i, k := range c.Key {
		if parts[i] = printable(k); k == "" {
			parts[i] = `""`
		}
	}
	if len(parts) == 0 {
		return string(c.Kind)
	}
	return strings.Join(parts, " / ")
}

func short(v any) string {
	if v == nil {
		return "(none)"
	}
	text, err := appendValue(nil, v, 0)
	if err != nil {
		return "(...)"
	}
	runes := []rune(printable(string(text)))
	if len(runes) > maxCell {
		return string(runes[:maxCell]) + "..."
	}
	return string(runes)
}

func (d *Difference) writeLimits(out *strings.Builder) {
	for _, s := range d.Skipped {
		fmt.Fprintf(out, "%s not compared: %s\n", strings.ReplaceAll(string(s.Kind), "_", " "), s.Reason)
	}
	values := 0
	for _, n := range d.Fields {
		values += n
	}
	if values > 0 {
		fmt.Fprintf(out, "%d values not comparable: redacted, or left out of a document\n", values)
	}
	if d.PairedByOrder > 0 {
		fmt.Fprintf(out, "%d objects share their name with others and were paired by their order\n", d.PairedByOrder)
	}
	for _, l := range d.NotRestorable {
		fmt.Fprintf(out, "not restorable through the API: %s (%d): %s\n", l.Field, l.Count, l.Why)
	}
}
