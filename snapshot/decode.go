package snapshot

import (
	"bytes"
	"fmt"
)

// SyntaxError tells where a text stops being JSON that a document can carry.
type SyntaxError struct {
	Offset int // bytes from the start of the text
	Reason string
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("parse json: %s at byte %d", e.Reason, e.Offset)
}

// DecodeObject reads exactly one JSON object, with white space around it. It
// keeps what encoding/json would lose: the digits of numbers and lone
// surrogates. It refuses what cannot be kept: a member that stands twice, bytes
// that are no UTF-8, and nesting deeper than 200. Errors are *SyntaxError.
func DecodeObject(raw []byte) (Object, error) {
	d := decoder{in: raw}
	d.space()
	if d.peek() != '{' {
		return nil, d.fail("not an object")
	}
	o, err := d.object()
	if err != nil {
		return nil, err
	}
	d.space()
	if d.at != len(d.in) {
		return nil, d.fail("text after the object")
	}
	return o, nil
}

type decoder struct {
	in    []byte
	at    int
	depth int
}

func (d *decoder) fail(reason string) error { return &SyntaxError{Offset: d.at, Reason: reason} }

// peek gives 0 at the end; a 0 in the text is no JSON, so both fail alike.
func (d *decoder) peek() byte {
	if d.at < len(d.in) {
		return d.in[d.at]
	}
	return 0
}

func (d *decoder) space() {
	for d.at < len(d.in) {
		switch d.in[d.at] {
		case ' ', '\t', '\n', '\r':
			d.at++
		default:
			return
		}
	}
}

func (d *decoder) take(c byte) bool {
	d.space()
	if d.peek() != c {
		return false
	}
	d.at++
	return true
}

func (d *decoder) value() (any, error) {
	d.space()
	switch c := d.peek(); {
	case c == '{':
		o, err := d.object()
		return map[string]any(o), err
	case c == '[':
		return d.list()
	case c == '"':
		return d.text()
	case c == '-' || c >= '0' && c <= '9':
		return d.number()
	case d.word("null"):
		return nil, nil
	case d.word("true"):
		return true, nil
	case d.word("false"):
		return false, nil
	case d.at == len(d.in):
		return nil, d.fail("ends within a value")
	}
	return nil, d.fail("not a value")
}

func (d *decoder) word(w string) bool {
	if len(d.in)-d.at < len(w) || string(d.in[d.at:d.at+len(w)]) != w {
		return false
	}
	d.at += len(w)
	return true
}

func (d *decoder) object() (Object, error) {
	if err := d.enter(); err != nil {
		return nil, err
	}
	o := make(Object, d.members())
	if d.take('}') {
		return o, nil
	}
	for {
		d.space()
		start := d.at
		key, err := d.name()
		if err != nil {
			return nil, err
		}
		if _, twice := o[key]; twice {
			d.at = start
			return nil, d.fail("the same member twice")
		}
		if !d.take(':') {
			return nil, d.fail("colon expected")
		}
		if o[key], err = d.value(); err != nil {
			return nil, err
		}
		if d.take(',') {
			continue
		}
		if !d.take('}') {
			return nil, d.fail("comma or brace expected")
		}
		d.depth--
		return o, nil
	}
}

// members guesses how many members an object has, so that its map need not grow:
// an element of a document has some 30 bytes for each.
func (d *decoder) members() int {
	if d.depth == 1 {
		return min(len(d.in)/30, 64)
	}
	return 0
}

// name is text for the name of a member. Those of the catalogue are shared by
// all objects.
func (d *decoder) name() (string, error) {
	if d.peek() == '"' {
		if end := bytes.IndexByte(d.in[d.at+1:], '"'); end >= 0 {
			if known, ok := fieldNames[string(d.in[d.at+1:d.at+1+end])]; ok {
				d.at += end + 2
				return known, nil
			}
		}
	}
	return d.text()
}

func (d *decoder) list() (any, error) {
	if err := d.enter(); err != nil {
		return nil, err
	}
	list := []any{}
	if d.take(']') {
		return list, nil
	}
	for {
		v, err := d.value()
		if err != nil {
			return nil, err
		}
		list = append(list, v)
		if d.take(',') {
			continue
		}
		if !d.take(']') {
			return nil, d.fail("comma or bracket expected")
		}
		d.depth--
		return list, nil
	}
}

// enter steps over an opening brace or bracket.
func (d *decoder) enter() error {
	if d.depth++; d.depth > maxDepth {
		return d.fail("nested too deep")
	}
	d.at++
	return nil
}
