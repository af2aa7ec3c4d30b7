package restore

import (
	"bufio"
	"io"
	"math"
	"slices"

	"pritunl-backup/snapshot"
)

// WriteText writes the differences that remain, for people: of one class, kind and field the first twenty, and how many
// more there are. What the filters did not choose is counted only.
func (o *Outcome) WriteText(w io.Writer) error { return o.write(w, brief) }

// WriteVerbose is WriteText without leaving anything out.
func (o *Outcome) WriteVerbose(w io.Writer) error { return o.write(w, math.MaxInt) }

// alike is what is counted together.
type alike struct {
	class Class
	kind  snapshot.Kind
	field string
}

func (o *Outcome) write(w io.Writer, limit int) error {
	out := &printer{w: bufio.NewWriter(w), limit: limit}
	total, written := map[alike]int{}, map[alike]int{}
	list := o.Remaining
	if limit == brief {
		list = slices.DeleteFunc(slices.Clone(list), func(r Remaining) bool { return r.Class == LeftOut && r.Why == whyFiltered })
	}
	for _, r := range list {
		total[alike{r.Class, r.Kind, r.Field}]++
	}
	for _, r := range list {
		key := alike{r.Class, r.Kind, r.Field}
		written[key]++
		if written[key] <= limit {
			out.remaining(r)
		}
		if written[key] == total[key] && total[key] > limit {
			out.printf("%s: … and %s more of the kind %s", r.Class.words(), thousands(total[key]-limit), singular(r.Kind))
			if r.Field != "" {
				out.printf(": %s", printable(r.Field))
			}
			out.printf("; --verbose lists all\n")
		}
	}
	if n := len(o.Remaining) - len(list); n > 0 {
		out.printf("%s %s %s; --verbose lists all\n", thousands(n), of(n, "object", "objects"), whyFiltered)
	}
	return out.end()
}

// words says why a difference remains.
func (c Class) words() string {
	switch c {
	case Limit:
		return "cannot be restored"
	case Held:
		return "left for later"
	case LeftOut:
		return "left out"
	case Altered:
		return "stored differently"
	case Extra:
		return "not in the snapshot"
	}
	return string(c)
}

func (p *printer) remaining(r Remaining) {
	p.printf("%s: %s %s", r.Class.words(), singular(r.Kind), printable(r.Path))
	switch {
	case r.Field != "" && r.Wanted == nil && r.Found == nil:
		p.printf(": %s", printable(r.Field))
	case r.Field != "":
		p.printf(": %s: wanted %s, found %s", printable(r.Field), show(r.Wanted), show(r.Found))
	}
	if r.Why != "" {
		p.printf(" (%s)", printable(r.Why))
	}
	p.printf("\n")
}
