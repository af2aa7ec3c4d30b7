package snapshot

import (
	"encoding/json"
	"unicode/utf8"
)

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
