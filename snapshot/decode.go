package snapshot

import (
	"encoding/json"
	"fmt"
	"unicode/utf8"
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
	o := Object{}
	if d.take('}') {
		return o, nil
	}
	for {
		d.space()
		start := d.at
		key, err := d.text()
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

func (d *decoder) number() (any, error) {
	end := scanNumber(d.in, d.at)
	if end < 0 {
		return nil, d.fail("not a number")
	}
	n := json.Number(d.in[d.at:end])
	d.at = end
	return n, nil
}

// scanNumber gives the end of the number that starts at i, -1 when none does.
func scanNumber(in []byte, i int) int {
	digits := func() bool {
		start := i
		for i < len(in) && in[i] >= '0' && in[i] <= '9' {
			i++
		}
		return i > start
	}
	if i < len(in) && in[i] == '-' {
		i++
	}
	if i < len(in) && in[i] == '0' {
		i++
	} else if !digits() {
		return -1
	}
	if i < len(in) && in[i] == '.' {
		if i++; !digits() {
			return -1
		}
	}
	if i < len(in) && (in[i] == 'e' || in[i] == 'E') {
		if i++; i < len(in) && (in[i] == '+' || in[i] == '-') {
			i++
		}
		if !digits() {
			return -1
		}
	}
	return i
}

// text reads a string; without escapes, which is the rule, in one copy.
func (d *decoder) text() (string, error) {
	if d.peek() != '"' {
		return "", d.fail("string expected")
	}
	d.at++
	start := d.at
	for d.at < len(d.in) {
		switch c := d.in[d.at]; {
		case c == '"':
			s := d.in[start:d.at]
			if !utf8.Valid(s) {
				return "", d.fail("not utf-8")
			}
			d.at++
			return string(s), nil
		case c == '\\':
			return d.escaped(start)
		case c < ' ':
			return "", d.fail("control character in a string")
		}
		d.at++
	}
	return "", d.fail("ends within a string")
}

func (d *decoder) escaped(start int) (string, error) {
	if !utf8.Valid(d.in[start:d.at]) {
		return "", d.fail("not utf-8")
	}
	out := append([]byte(nil), d.in[start:d.at]...)
	for d.at < len(d.in) {
		switch c := d.in[d.at]; {
		case c == '"':
			d.at++
			return string(out), nil
		case c == '\\':
			var err error
			if out, err = d.escape(out); err != nil {
				return "", err
			}
		case c < ' ':
			return "", d.fail("control character in a string")
		default:
			r, size := utf8.DecodeRune(d.in[d.at:])
			if r == utf8.RuneError && size == 1 {
				return "", d.fail("not utf-8")
			}
			out = append(out, d.in[d.at:d.at+size]...)
			d.at += size
		}
	}
	return "", d.fail("ends within a string")
}

func (d *decoder) escape(out []byte) ([]byte, error) {
	if d.at+1 >= len(d.in) {
		return nil, d.fail("ends within a string")
	}
	if d.in[d.at+1] == 'u' {
		return d.unicode(out)
	}
	const names, values = `"\/bfnrt`, "\"\\/\b\f\n\r\t"
	for i := range len(names) {
		if names[i] == d.in[d.at+1] {
			d.at += 2
			return append(out, values[i]), nil
		}
	}
	return nil, d.fail("unknown escape")
}

func (d *decoder) unicode(out []byte) ([]byte, error) {
	r, ok := d.hex4(d.at)
	if !ok {
		return nil, d.fail("unknown escape")
	}
	d.at += 6
	if !isSurrogate(r) {
		return utf8.AppendRune(out, r), nil
	}
	if low, ok := d.hex4(d.at); ok && r < 0xdc00 && low >= 0xdc00 && low <= 0xdfff {
		d.at += 6
		return utf8.AppendRune(out, (r-0xd800)<<10|(low-0xdc00)+0x10000), nil
	}
	return appendSurrogate(out, r), nil
}

func (d *decoder) hex4(i int) (rune, bool) {
	if i+6 > len(d.in) || d.in[i] != '\\' || d.in[i+1] != 'u' {
		return 0, false
	}
	var r rune
	for _, c := range d.in[i+2 : i+6] {
		switch {
		case c >= '0' && c <= '9':
			r = r<<4 | rune(c-'0')
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			r = r<<4 | rune(c|0x20-'a'+10)
		default:
			return 0, false
		}
	}
	return r, true
}
