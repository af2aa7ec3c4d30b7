package snapshot

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// readHead reads the lines before the first section.
func (d *Reader) readHead() error {
	for i, want := range strings.SplitAfter(frameStart, "\n")[:3] {
		line, err := d.in.next()
		if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, errLongLine) {
			return fmt.Errorf("read snapshot: %w", err)
		}
		if string(line) == want {
			d.sums.add(line)
			continue
		}
		return d.sniff(i, line, want)
	}
	if err := d.readHeader(); err != nil {
		return err
	}
	d.sums.inContent, d.at = true, atResources
	if err := d.expect("  \"resources\": {\n"); err != nil {
		return err
	}
	d.at = atSection
	return nil
}

// readHeader reads the header's object and holds it against its sum.
func (d *Reader) readHeader() error {
	const opening = "  \"header\": "
	text := []byte{}
	for {
		line, err := d.line()
		if err != nil {
			return err
		}
		if len(text) == 0 {
			if string(line) != opening+"{\n" {
				return d.mismatch(line, "the header expected")
			}
			d.sums.add([]byte(opening))
			line, d.at = line[len(opening):], atMember
		}
		if sum, ok := bytes.CutPrefix(line, []byte(headerSum)); ok {
			text = append(text, headerSum...)
			return d.closeHeader(text, line, string(sum))
		}
		if len(text)+len(line) > maxLine {
			return d.damaged("the header is too long", false)
		}
		text = append(text, line...)
		if !bytes.HasSuffix(line, []byte(",\n")) && string(line) != "{\n" {
			return d.mismatch(line, "a member of the header expected")
		}
	}
}

func (d *Reader) closeHeader(text, line []byte, sum string) error {
	header := newTally()
	header.add(text)
	h, err := decodeHeader(text)
	if sum != hexSum(header.total)+"\"\n" {
		return d.damaged("the header does not match its checksum", err == nil && json.Valid(line[len("    \"sha256\": "):]))
	}
	if err != nil {
		return d.damaged("the header cannot be understood: "+err.Error(), false)
	}
	d.header, d.at = h, atHeaderEnd
	end, err := d.line()
	if err != nil {
		return err
	}
	if string(end) != "  },\n" {
		return d.mismatch(end, "the end of the header expected")
	}
	d.sums.add([]byte(headerClose))
	return nil
}

// afterGroup reads either the line that opens the collections or the trailer.
func (d *Reader) afterGroup() error {
	line, err := d.line()
	if err != nil {
		return err
	}
	if d.group == resources && string(line) == "  \"collections\": {\n" {
		d.sums.add(line)
		d.group, d.at, d.sums.hasCollections = collections, atSection, true
		return nil
	}
	return d.trailer(line)
}

// trailer holds the rest of the document against the only one that fits what
// was read.
func (d *Reader) trailer(line []byte) error {
	d.sums.inContent = false
	want := d.sums.trailer()
	for i, expected := range bytes.SplitAfter(want, []byte("\n")) {
		if i > 0 {
			var err error
			if line, err = d.line(); err != nil {
				return err
			}
		}
		if !bytes.HasSuffix(expected, []byte("\n")) { // the sum over everything
			break
		}
		if !bytes.Equal(line, expected) {
			return d.trailerMismatch(line, expected)
		}
	}
	d.sums.add(want)
	sum := d.sums.summary()
	if string(line) != "    \"sha256\": \""+sum.SHA256+"\"\n" {
		return d.damaged("the file does not match its checksum", json.Valid(bytes.TrimPrefix(line, []byte("    \"sha256\":"))))
	}
	for _, want := range []string{"  }\n", "}\n"} {
		if err := d.expect(want); err != nil {
			return err
		}
	}
	switch extra, err := d.in.next(); {
	case len(extra) > 0:
		return d.damaged("something follows the end of the document", false)
	case errors.Is(err, io.EOF):
		d.sum = sum
		return io.EOF
	default:
		return fmt.Errorf("read snapshot: %w", err)
	}
}

// trailerMismatch says which section is not what the trailer says it was.
func (d *Reader) trailerMismatch(line, expected []byte) error {
	member := func(text []byte) (string, Object) {
		name, rest, ok := cutName(bytes.TrimPrefix(text, []byte("  ")))
		if !ok {
			return "", nil
		}
		o, _ := DecodeObject([]byte(strings.TrimSuffix(strings.TrimSuffix(rest, "\n"), ",")))
		return name, o
	}
	name, was := member(line)
	wanted, is := member(expected)
	switch {
	case was == nil || is == nil || name != wanted:
		return d.mismatch(line, fmt.Sprintf("%q expected", bytes.TrimSpace(expected)))
	case was["count"] != is["count"]:
		return d.damaged(fmt.Sprintf("%s has %v elements, the trailer says %v", name, is["count"], was["count"]), true)
	}
	return d.damaged(name+" does not match its checksum", true)
}
