package snapshot

import (
	"bytes"
	"fmt"
	"strings"
)

// openSection reads the line that opens a kind's or a collection's section.
func (d *Reader) openSection() error {
	line, err := d.line()
	if err != nil {
		return err
	}
	name, rest, ok := cutName(line)
	if !ok {
		return d.mismatch(line, "a section expected")
	}
	done := d.sums.groups[d.group]
	if reason := d.wrongSection(name, done); reason != "" {
		return d.mismatch(line, reason)
	}
	switch rest {
	case "[\n":
		d.at = atFirst
	case "[],\n", "[]\n":
		d.at = atSection
	default:
		return d.mismatch(line, "a section expected")
	}
	d.sums.add(line)
	d.sums.open(d.group, name)
	d.kind, d.last = Kind(name), nil
	if d.at == atSection {
		return d.endSection(line, strings.HasSuffix(rest, ",\n"))
	}
	return nil
}

// wrongSection says why a section of that name cannot stand here.
func (d *Reader) wrongSection(name string, done []section) string {
	if d.group == collections {
		if len(done) > 0 && done[len(done)-1].name >= name {
			return fmt.Sprintf("collection %q is out of order", name)
		}
		return ""
	}
	if _, known := ParseKind(name); !known {
		return fmt.Sprintf("unknown section %q", name)
	}
	if want := kinds[len(done)]; Kind(name) != want {
		return fmt.Sprintf("section %s expected, found %s", want, name)
	}
	return ""
}

// cutName splits a section's first line into its name and what follows.
func cutName(line []byte) (name, rest string, ok bool) {
	d := decoder{in: line}
	if !d.word("    ") {
		return "", "", false
	}
	name, err := d.text()
	if err != nil || !d.word(": ") || !bytes.HasPrefix(line[4:], appendString(nil, name)) {
		return "", "", false
	}
	return name, string(line[d.at:]), true
}

func (d *Reader) closeSection() error {
	line, err := d.line()
	if err != nil {
		return err
	}
	if s := string(line); s != "    ],\n" && s != "    ]\n" {
		return d.mismatch(line, "the end of the section expected")
	}
	d.sums.add(line)
	return d.endSection(line, line[len(line)-2] == ',')
}

// endSection follows a section that is over; more says whether its last line
// announces another one.
func (d *Reader) endSection(line []byte, more bool) error {
	last := d.group == resources && len(d.sums.groups[resources]) == len(kinds)
	if d.group == resources && more == last {
		missing := "a comma too much after the last section"
		if !last {
			missing = fmt.Sprintf("section %s is missing", kinds[len(d.sums.groups[resources])])
		}
		return d.mismatch(line, missing)
	}
	d.sums.close(d.group)
	if d.at = atSection; !more {
		d.at = atGroupEnd
	}
	return nil
}
