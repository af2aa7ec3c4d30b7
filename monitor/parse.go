package monitor

import (
	"strconv"
	"strings"
)

// parse reads back what Render wrote. Lines that are not of that form, because
// somebody else wrote the file, are passed over.
func parse(text []byte) []sample {
	var out []sample
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSuffix(line, "\n")
		at := strings.LastIndexByte(line, ' ')
		if at < 0 || strings.HasPrefix(line, "#") {
			continue
		}
		s := sample{name: line[:at], value: line[at+1:]}
		if open := strings.IndexByte(s.name, '{'); open >= 0 {
			s.name, s.labels = s.name[:open], s.name[open:]
		}
		if validName(s.name, true) && validLabels(s.labels) && validNumber(s.value) {
			out = append(out, s)
		}
	}
	return out
}

func validNumber(s string) bool {
	_, err := strconv.ParseFloat(s, 64)
	return err == nil && strings.Trim(s, "0123456789+-.eE") == ""
}

// validLabels checks what with writes: {a="x",b="y"} with escapes, or nothing.
func validLabels(s string) bool {
	if s == "" {
		return true
	}
	s, ok := strings.CutPrefix(s, "{")
	for seen := map[string]bool{}; ok; {
		name, rest, found := strings.Cut(s, `="`)
		end := closing(rest)
		if !found || !validName(name, false) || seen[name] || end < 0 {
			return false
		}
		seen[name] = true
		s = rest[end+1:]
		if s == "}" {
			return true
		}
		s, ok = strings.CutPrefix(s, ",")
	}
	return false
}

// closing gives the place of the quote that ends a label's value, -1 for none.
func closing(s string) int {
	if !isText(s) {
		return -1
	}
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '"':
			return i
		case '\\':
			i++
			if i == len(s) || !strings.ContainsRune(`\"n`, rune(s[i])) {
				return -1
			}
		}
	}
	return -1
}
