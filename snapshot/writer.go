package snapshot

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
)

// Writer writes one document, element by element. It never holds more than one.
// After an error it writes nothing more and gives that error again.
type Writer struct {
	out    *bufio.Writer
	sums   *tally
	redact bool
	names  Names
	open   int // kinds opened so far; the last of them takes elements
	last   Key
	docs   bool // in the collections
	name   string
	lastID any
	done   bool
	err    error
}

// NewWriter starts a document. Its header is written at once, so what could not
// be read must be known by now.
func NewWriter(w io.Writer, h Header) (*Writer, error) {
	h, err := h.checked()
	if err != nil {
		return nil, err
	}
	head, err := h.encode()
	if err != nil {
		return nil, err
	}
	d := &Writer{
		out: bufio.NewWriterSize(w, 64<<10), sums: newTally(),
		redact: h.Secrets == SecretsRedact, names: Names{},
	}
	d.line(frameStart)
	header := newTally()
	header.add(head)
	d.raw(head)
	d.raw([]byte(hexSum(header.total)))
	d.raw([]byte(headerEnd))
	d.line(headerClose)
	d.sums.inContent = true
	d.line("  \"resources\": {\n")
	return d, d.err
}

// The document up to the header's object, the object's end, and what follows.
var frameStart = fmt.Sprintf("{\n  \"format\": %q,\n  \"version\": %d,\n  \"header\": ", formatName, Version)

const (
	headerEnd   = "\"\n  }"
	headerClose = ",\n"
)

// Names gives the objects written so far that others refer to, for Sort.
func (d *Writer) Names() Names { return d.names }

// raw writes bytes that no sum but the header's own covers.
func (d *Writer) raw(b []byte) {
	if d.err == nil {
		_, d.err = d.out.Write(b)
	}
}

func (d *Writer) line(s string) { d.bytes([]byte(s)) }

func (d *Writer) bytes(b []byte) {
	d.sums.add(b)
	d.raw(b)
}

// BeginCollection starts a collection of the database; one without documents is
// recorded as empty. Collections come after all elements, sorted by name. Their
// documents are written as they are: redacting them is the caller's.
func (d *Writer) BeginCollection(name string) error {
	if err := d.ready(); err != nil {
		return err
	}
	if d.docs && name <= d.name {
		return d.fail("write collection %s: comes after %s", name, d.name)
	}
	if !d.docs {
		d.openKinds(len(kinds))
		d.closeSection(resources, false)
		d.line("  },\n  \"collections\": {\n")
		d.docs, d.sums.hasCollections = true, true
	} else {
		d.closeSection(collections, true)
	}
	d.name, d.lastID = name, nil
	d.openSection(collections, name)
	return d.err
}

// WriteDocument adds one document, in canonical Extended JSON, to a collection.
// Its members stay in their order. Documents come sorted by _id.
func (d *Writer) WriteDocument(collection string, extJSON []byte) error {
	if err := d.ready(); err != nil {
		return err
	}
	o, err := DecodeObject(extJSON)
	if err != nil {
		return d.fail("write document of %s: %w", collection, err)
	}
	if !d.docs || collection != d.name {
		if err := d.BeginCollection(collection); err != nil {
			return err
		}
	}
	if d.count(collections) > 0 && compareIDs(d.lastID, o["_id"]) > 0 {
		return d.fail("write document of %s: not sorted by _id", collection)
	}
	d.lastID = o["_id"]
	var text bytes.Buffer
	if err := json.Compact(&text, extJSON); err != nil {
		return d.fail("write document of %s: %w", collection, err)
	}
	if text.Len() > maxElement {
		return d.fail("write document of %s: larger than %d bytes", collection, maxElement)
	}
	d.element(collections, text.Bytes())
	return d.err
}

// Close writes what is missing and the trailer. It does not close the
// underlying writer. Without it the document counts as cut off.
func (d *Writer) Close() (Summary, error) {
	if err := d.ready(); err != nil {
		return Summary{}, err
	}
	if !d.docs {
		d.openKinds(len(kinds))
		d.closeSection(resources, false)
	} else {
		d.closeSection(collections, false)
	}
	d.line("  },\n")
	d.sums.inContent = false
	d.bytes(d.sums.trailer())
	sum := d.sums.summary()
	d.raw([]byte(sum.SHA256 + documentEnd))
	if d.err == nil {
		d.err = d.out.Flush()
	}
	if d.err != nil {
		return Summary{}, d.err
	}
	d.done = true
	return sum, nil
}

func (d *Writer) ready() error {
	if d.done {
		return errors.New("write snapshot: already closed")
	}
	return d.err
}

func (d *Writer) fail(format string, args ...any) error {
	d.err = cmp.Or(d.err, fmt.Errorf(format, args...))
	return d.err
}

// openKinds opens sections up to the n-th; those it passes by stay empty.
func (d *Writer) openKinds(n int) {
	for d.open < n {
		if d.open > 0 {
			d.closeSection(resources, true)
		}
		d.openSection(resources, string(kinds[d.open]))
		d.open++
		d.last = nil
	}
}

func (d *Writer) openSection(group int, name string) {
	d.sums.open(group, name)
	d.line("    " + string(appendString(nil, name)) + ": [")
}

// closeSection ends the open section; more tells whether another one follows.
func (d *Writer) closeSection(group int, more bool) {
	d.sums.close(group)
	end := "]"
	if d.count(group) > 0 {
		end = "\n    ]"
	}
	d.line(end + comma(more))
}

func (d *Writer) element(group int, text []byte) {
	start := ",\n      "
	if d.count(group) == 0 {
		start = "\n      "
	}
	d.line(start)
	d.sums.element(group, text)
	d.bytes(text)
}

// count gives how many elements the open section of the group has.
func (d *Writer) count(group int) int {
	s := d.sums.groups[group]
	return s[len(s)-1].count
}

// WriteAll writes a document that is wholly in memory, sorted on the way.
func WriteAll(w io.Writer, h Header, all map[Kind][]Object) (Summary, error) {
	d, err := NewWriter(w, h)
	if err != nil {
		return Summary{}, err
	}
	for _, kind := range Kinds() {
		objects := slices.Clone(all[kind])
		Sort(kind, objects, d.Names())
		for _, o := range objects {
			if err := d.WriteElement(kind, o); err != nil {
				return Summary{}, err
			}
		}
	}
	return d.Close()
}
