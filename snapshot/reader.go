package snapshot

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
)

// Reader reads one document and checks every byte of it, holding one element
// at a time and the names of what is not a user.
type Reader struct {
	in     *lines
	sums   *tally
	header Header
	names  Names
	group  int // resources or collections
	at     position
	kind   Kind
	last   Key
	sum    Summary
	err    error // io.EOF once everything was read and found good
}

// position is what the next line has to be.
type position int

const (
	atHeader     position = iota // the line that opens the header
	atMember                     // a member of the header
	atHeaderEnd                  // the line that closes it
	atResources                  // the line that opens the resources
	atSection                    // the line that opens a section
	atFirst                      // its first element
	atElement                    // a further element
	atSectionEnd                 // the line that closes it
	atGroupEnd                   // the line that closes resources or collections
	atTrailer                    // collections, or the trailer
)

// Element is one object of the document: a resource (Kind and Object) or a
// database document (Collection). Raw is its JSON as it stands in the file.
type Element struct {
	Kind       Kind
	Collection string
	Object     Object
	Raw        []byte
}

// NewReader reads up to the resources. Its error is the same for all input that
// is no snapshot, one of a newer version, or not intact: see ErrIntegrity.
func NewReader(r io.Reader) (*Reader, error) {
	d := &Reader{in: newLines(r), sums: newTally(), names: Names{}}
	if err := d.readHead(); err != nil {
		return nil, err
	}
	return d, nil
}

// Header gives the document's header.
func (d *Reader) Header() Header { return d.header }

// Names gives the objects read so far that others refer to.
func (d *Reader) Names() Names { return d.names }

// Summary gives the trailer, once Elements came to its end without an error;
// before that it is empty.
func (d *Reader) Summary() Summary { return d.sum.Clone() }

// Elements gives every element in the order of the document, once. That the
// document is intact is known only at the end: an error is the last thing that
// comes, and what came before it may not be trusted.
func (d *Reader) Elements() iter.Seq2[Element, error] {
	return func(yield func(Element, error) bool) {
		for {
			e, err := d.next()
			if errors.Is(err, io.EOF) {
				return
			}
			if !yield(e, err) || err != nil {
				return
			}
		}
	}
}

// next gives the next element, io.EOF after the last one of an intact document.
func (d *Reader) next() (Element, error) {
	for d.err == nil {
		var e Element
		switch d.at {
		case atSection:
			d.err = d.openSection()
		case atFirst, atElement:
			if e, d.err = d.element(); d.err == nil {
				return e, nil
			}
		case atSectionEnd:
			d.err = d.closeSection()
		case atGroupEnd:
			if d.err = d.expect("  },\n"); d.err == nil {
				d.at = atTrailer
			}
		case atTrailer:
			d.err = d.afterGroup()
		}
	}
	return Element{}, d.err
}

// line reads the next line and refuses one that has no end.
func (d *Reader) line() ([]byte, error) {
	line, err := d.in.next()
	switch {
	case errors.Is(err, io.EOF):
		return nil, &CutError{d.where(0)}
	case errors.Is(err, errLongLine):
		return nil, &DamagedError{Where: d.where(0), Reason: fmt.Sprintf("line is longer than %d MiB", maxLine>>20)}
	case err != nil:
		return nil, fmt.Errorf("read snapshot: %w", err)
	case line[len(line)-1] != '\n':
		return nil, &CutError{d.where(len(line))}
	}
	return line, nil
}

// expect reads one line of the frame.
func (d *Reader) expect(want string) error {
	line, err := d.line()
	if err != nil {
		return err
	}
	if string(line) != want {
		return d.mismatch(line, fmt.Sprintf("%q expected", strings.TrimSpace(want)))
	}
	d.sums.add(line)
	return nil
}

func (d *Reader) element() (Element, error) {
	line, err := d.line()
	if err != nil {
		return Element{}, err
	}
	text, ok := bytes.CutPrefix(line[:len(line)-1], []byte("      "))
	text, more := bytes.CutSuffix(text, []byte(","))
	if !ok || len(text) == 0 {
		return Element{}, d.mismatch(line, "an element expected")
	}
	o, err := DecodeObject(text)
	if err != nil {
		var syntax *SyntaxError
		errors.As(err, &syntax)
		return Element{}, d.mismatch(line, "not the json of an element: "+syntax.Reason, 6+syntax.Offset)
	}
	e := Element{Raw: slices.Clone(text)}
	if d.group == collections {
		e.Collection = string(d.kind)
	} else {
		e.Kind, e.Object = d.kind, o
		if err := d.checkOrder(e); err != nil {
			return Element{}, err
		}
	}
	d.sums.add(line)
	d.sums.element(d.group, text)
	if d.at = atElement; !more {
		d.at = atSectionEnd
	}
	return e, nil
}

// checkOrder refuses what no Writer has written, whatever its sums: everything
// that merges two documents relies on it.
func (d *Reader) checkOrder(e Element) error {
	key := SortKey(e.Kind, e.Object, d.names)
	switch {
	case d.at == atFirst:
	case e.Kind.Single():
		return d.damaged("there is only one", true)
	case key.Compare(d.last) < 0:
		return d.damaged("comes after an element it belongs before", true)
	}
	d.last = key
	d.names.Learn(e.Kind, e.Object)
	return nil
}

// where gives the place of a byte of the line read last.
func (d *Reader) where(inLine int) Where {
	w := Where{Offset: d.in.start + int64(inLine)}
	groups := d.sums.groups[d.group]
	switch {
	case d.at <= atHeaderEnd:
		w.Section = "header"
	case d.at == atTrailer:
		w.Section = "trailer"
	case len(groups) > 0:
		w.Section = groups[len(groups)-1].name
		w.Element = groups[len(groups)-1].count + 1
		if d.at != atFirst && d.at != atElement {
			w.Element = 0
		}
		if d.group == collections {
			w.Section = "collections." + w.Section
		}
	}
	return w
}

func (d *Reader) damaged(reason string, edited bool) error {
	return &DamagedError{Where: d.where(0), Reason: reason, Edited: edited}
}
