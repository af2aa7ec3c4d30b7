package snapshot

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// maxSniff bounds how much is read only to find better words for an error.
const maxSniff = 256 << 20

// mismatch explains a line that is not what was expected: an edit when the
// document is still good JSON from here to its end, else damage.
func (d *Reader) mismatch(line []byte, reason string, inLine ...int) error {
	offset := 0
	if len(inLine) > 0 {
		offset = inLine[0]
	}
	err := &DamagedError{Where: d.where(offset), Reason: reason}
	rest := io.MultiReader(strings.NewReader(d.nesting()), bytes.NewReader(bytes.Clone(line)), io.LimitReader(d.in.in, maxSniff))
	if _, valid := scanJSON(rest); valid {
		err.Edited = true
		err.Reason += "; the text is good json all the same: it was edited or re-formatted"
	}
	return err
}

// nesting gives the shortest JSON that leads to the same place as the document
// up to the line read last.
func (d *Reader) nesting() string {
	switch d.at {
	case atMember:
		return `{"":{"":0,`
	case atSection:
		if len(d.sums.groups[d.group]) == 0 {
			return `{"":{`
		}
		return `{"":{"":0,`
	case atFirst:
		return `{"":{"":[`
	case atElement:
		return `{"":{"":[0,`
	case atSectionEnd:
		return `{"":{"":[0`
	case atHeaderEnd, atGroupEnd:
		return `{"":{"":0`
	}
	return `{"":0,`
}

// sniff explains why the document does not start as a snapshot does. n is the
// number of lines that did.
func (d *Reader) sniff(n int, line []byte, want string) error {
	start := strings.Join(strings.SplitAfter(frameStart, "\n")[:n], "")
	if len(line) == 0 && n == 0 {
		return &NotSnapshotError{Reason: "the file is empty", Advice: "nothing was ever written to it: take an older snapshot"}
	}
	if strings.HasPrefix(want, string(line)) {
		return &CutError{Where{Offset: d.in.start + int64(len(line))}}
	}
	if n == 2 { // the version's line
		digits := strings.TrimSuffix(strings.TrimPrefix(string(line), `  "version": `), ",\n")
		if v := parseVersion(digits); v > Version {
			return &NewerError{v}
		}
	}
	if e := otherFormat(line); n == 0 && e != nil {
		return e
	}
	top, valid := scanJSON(io.MultiReader(strings.NewReader(start), bytes.NewReader(bytes.Clone(line)), io.LimitReader(d.in.in, maxSniff)))
	damaged := &DamagedError{Where: Where{Offset: d.in.start}, Reason: fmt.Sprintf("%q expected", strings.TrimSpace(want)), Edited: valid}
	switch version := parseVersion(string(top.version)); {
	case top.format == formatName && version > Version:
		return &NewerError{version}
	case top.format == formatName && valid:
		damaged.Reason = "it is good json, but not laid out as it was written: it was edited or re-formatted"
		return damaged
	case top.format == formatName || n > 1:
		return damaged
	case valid:
		return &NotSnapshotError{Reason: "it is json of another kind"}
	}
	return &NotSnapshotError{Reason: "it is no json"}
}

// otherFormat recognises what a snapshot is commonly wrapped in.
func otherFormat(line []byte) error {
	for _, f := range []struct{ magic, name, advice string }{
		{"\x1f\x8b", "it is gzip-compressed", "let the name end in .gz, or decompress it first"},
		{"age-encryption.org/", "it is encrypted with age", "give the identity that can decrypt it"},
		{"-----BEGIN AGE ", "it is encrypted with age", "give the identity that can decrypt it"},
		{"PK\x03\x04", "it is a zip archive", "unpack it first"},
		{"(\xb5/\xfd", "it is zstd-compressed", "decompress it first"},
	} {
		if bytes.HasPrefix(line, []byte(f.magic)) {
			return &NotSnapshotError{Reason: f.name, Advice: f.advice}
		}
	}
	return nil
}

// topLevel is what scanJSON looks for.
type topLevel struct {
	format  string
	version json.Number
}

// scanJSON tells whether a text is one good JSON value, in constant memory but
// for the longest string, and what its members format and version are.
func scanJSON(r io.Reader) (top topLevel, valid bool) {
	dec := json.NewDecoder(r)
	dec.UseNumber()
	depth, key, wantKey := 0, "", false
	for first := true; ; first = false {
		token, err := dec.Token()
		if err != nil {
			return top, errors.Is(err, io.EOF) && depth == 0 && !first
		}
		if depth == 0 && !first {
			return top, false
		}
		switch t := token.(type) {
		case json.Delim:
			if t == '{' || t == '[' {
				depth++
			} else {
				depth--
			}
			wantKey = depth == 1
			continue
		case string:
			if depth == 1 && wantKey {
				key, wantKey = t, false
				continue
			}
			if depth == 1 && key == "format" {
				top.format = t
			}
		case json.Number:
			if depth == 1 && key == "version" {
				top.version = t
			}
		}
		wantKey = depth == 1
	}
}

// parseVersion reads the digits of a version, 0 when they are none.
func parseVersion(digits string) int {
	n, err := strconv.ParseUint(digits, 10, 31)
	if err != nil || digits[0] == '0' {
		return 0
	}
	return int(n)
}
