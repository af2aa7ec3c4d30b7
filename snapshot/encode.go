package snapshot

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"unicode/utf8"
)

// maxDepth bounds how deep values nest, in both directions. Pritunl's own
// answers stay below ten.
const maxDepth = 200

// Encode gives the object's one form in a document: members sorted by the bytes
// of their names, no white space, no HTML escapes, numbers as they came.
func (o Object) Encode() ([]byte, error) {
	return appendValue(nil, map[string]any(o), 0)
}

func errTooDeep() error { return fmt.Errorf("encode value: nested deeper than %d", maxDepth) }

// appendValue refuses floats: a number that went through one may have lost
// digits already.
func appendValue(dst []byte, v any, depth int) ([]byte, error) {
	if depth > maxDepth {
		return nil, errTooDeep()
	}
	switch v := v.(type) {
	case nil:
		return append(dst, "null"...), nil
	case bool:
		return strconv.AppendBool(dst, v), nil
	case string:
		return appendString(dst, v), nil
	case json.Number:
		if end := scanNumber([]byte(v), 0); end <= 0 || end != len(v) {
			return nil, fmt.Errorf("encode value: %q is not a number", string(v))
		}
		return append(dst, v...), nil
	case int:
		return strconv.AppendInt(dst, int64(v), 10), nil
	case int64:
		return strconv.AppendInt(dst, v, 10), nil
	case []any:
		return appendList(dst, v, depth)
	case Object:
		return appendMap(dst, v, depth)
	case map[string]any:
		return appendMap(dst, v, depth)
	}
	return nil, fmt.Errorf("encode value: a %T is not a value of a document", v)
}

func appendList(dst []byte, list []any, depth int) ([]byte, error) {
	dst = append(dst, '[')
	for i, v := range list {
		if i > 0 {
			dst = append(dst, ',')
		}
		var err error
		if dst, err = appendValue(dst, v, depth+1); err != nil {
			return nil, err
		}
	}
	return append(dst, ']'), nil
}

func appendMap(dst []byte, m map[string]any, depth int) ([]byte, error) {
	if m == nil {
		return append(dst, "null"...), nil
	}
	names := make([]string, 0, 64) // on the stack unless there are more
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	dst = append(dst, '{')
	for i, k := range names {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(appendString(dst, k), ':')
		var err error
		if dst, err = appendValue(dst, m[k], depth+1); err != nil {
			return nil, err
		}
	}
	return append(dst, '}'), nil
}

// appendString escapes what JSON demands, and the two separators that editors
// take for line ends. A lone surrogate (which DecodeObject keeps in its three
// byte form) becomes the escape it came from; other bytes that are no UTF-8
// become U+FFFD.
func appendString(dst []byte, s string) []byte {
	const hex = "0123456789abcdef"
	dst = append(dst, '"')
	for i := 0; i < len(s); {
		c := s[i]
		if c < utf8.RuneSelf {
			switch {
			case c == '"' || c == '\\':
				dst = append(dst, '\\', c)
			case c == '\n':
				dst = append(dst, '\\', 'n')
			case c == '\r':
				dst = append(dst, '\\', 'r')
			case c == '\t':
				dst = append(dst, '\\', 't')
			case c < ' ' || c == 0x7f:
				dst = append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
			default:
				dst = append(dst, c)
			}
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		if half, ok := surrogateAt(s, i); ok {
			r, size = half, 3
		}
		if escaped := r == 0x2028 || r == 0x2029 || isSurrogate(r); escaped {
			dst = append(dst, '\\', 'u', hex[r>>12], hex[r>>8&15], hex[r>>4&15], hex[r&15])
		} else {
			dst = utf8.AppendRune(dst, r)
		}
		i += size
	}
	return append(dst, '"')
}

func isSurrogate(r rune) bool { return r >= 0xd800 && r <= 0xdfff }

// surrogateAt reads the three byte form of half a surrogate pair.
func surrogateAt(s string, i int) (rune, bool) {
	if i+2 >= len(s) || s[i] != 0xed || s[i+1] < 0xa0 || s[i+1] > 0xbf || s[i+2]&0xc0 != 0x80 {
		return 0, false
	}
	return 0xd000 | rune(s[i+1]&0x3f)<<6 | rune(s[i+2]&0x3f), true
}

// appendSurrogate is the inverse of surrogateAt.
func appendSurrogate(dst []byte, r rune) []byte {
	return append(dst, 0xed, 0x80|byte(r>>6&0x3f), 0x80|byte(r&0x3f))
}
