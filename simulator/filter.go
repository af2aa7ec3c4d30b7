package simulator

import (
	"net/netip"
	"strconv"
	"strings"
	"unicode"
)

// keep drops every character that good refuses.
func keep(s string, good func(rune) bool) string {
	return strings.Map(func(r rune) rune {
		if good(r) {
			return r
		}
		return -1
	}, s)
}

func isAlnum(r rune) bool { return unicode.IsLetter(r) || unicode.IsNumber(r) }

// filterText is what most names go through: letters and digits of any script
// and a few signs. Spaces, commas, quotes and brackets are dropped.
func filterText(s string) string {
	return keep(s, func(r rune) bool { return isAlnum(r) || strings.ContainsRune("-=_@.:/!#$&*+?^|~", r) })
}

// filterWord keeps letters, digits, - and _.
func filterWord(s string) string {
	return keep(s, func(r rune) bool { return isAlnum(r) || r == '-' || r == '_' })
}

// filterBase64 keeps the alphabet of base64.
func filterBase64(s string) string {
	return keep(s, func(r rune) bool { return isAlnum(r) || strings.ContainsRune("+/=", r) })
}

// isDigits is true for a non-empty text of digits of any script.
func isDigits(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		return !unicode.IsDigit(r) && !strings.ContainsRune("²³¹⁰⁴⁵⁶⁷⁸⁹₀₁₂₃₄₅₆₇₈₉", r)
	})
}

// orNil is nil for the empty text.
func orNil(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func text(p *string) string {
	if p == nil {
		return ""
	}
	return *p
}

// numOrNil is nil for zero.
func numOrNil(n int) *int {
	if n == 0 {
		return nil
	}
	return &n
}

func isTrue(p *bool) bool { return p != nil && *p }

func yes(v bool) *bool { return &v }

// unique drops repetitions and keeps the order of first appearance.
func unique(in []string) []string {
	out := make([]string, 0, len(in))
	seen := map[string]bool{}
	for _, v := range in {
		if !seen[v] {
			seen[v] = true
			out = append(out, v)
		}
	}
	return out
}

// address is a URL taken apart.
type address struct {
	scheme, host, path, query, fragment string
}

// cleanDomain normalises a host with an optional port and drops everything
// else of a URL. What is no host becomes nil without a word.
func cleanDomain(s string) *string {
	a, good := splitAddress(s, "http")
	if !good {
		return nil
	}
	return &a.host
}

// cleanURL normalises an http or https URL. Path, query and fragment go through
// the filter of names, which takes the percent signs out of escapes.
func cleanURL(s string) *string {
	a, good := splitAddress(s, "https")
	if !good || (a.scheme != "http" && a.scheme != "https") {
		return nil
	}
	out := a.scheme + "://" + a.host
	if path := filterText(a.path); path != "" {
		if !strings.HasPrefix(path, "/") {
			out += "/"
		}
		out += path
	}
	if query := filterText(a.query); query != "" {
		out += "?" + query
	}
	if fragment := filterText(a.fragment); fragment != "" {
		out += "#" + fragment
	}
	return &out
}

func splitAddress(s, scheme string) (a address, good bool) {
	s = strings.TrimSpace(s)
	if s == "" {
		return a, false
	}
	if !strings.Contains(s, "://") {
		if ip, err := netip.ParseAddr(s); err == nil && ip.Is6() {
			s = "[" + s + "]"
		}
		s = scheme + "://" + s
	}
	s = strings.NewReplacer("\t", "", "\r", "", "\n", "").Replace(s)
	before, rest, found := strings.Cut(s, "://")
	if !found || !isScheme(before) {
		return a, false
	}
	a.scheme = strings.ToLower(before)
	authority := rest
	if i := strings.IndexAny(rest, "/?#"); i >= 0 {
		authority, rest = rest[:i], rest[i:]
	} else {
		rest = ""
	}
	rest, a.fragment, _ = strings.Cut(rest, "#")
	a.path, a.query, _ = strings.Cut(rest, "?")
	if i := strings.LastIndexByte(authority, '@'); i >= 0 {
		authority = authority[i+1:]
	}
	a.host, good = cleanHost(authority)
	return a, good
}

func isScheme(s string) bool {
	for i, r := range s {
		letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
		if !letter && (i == 0 || !(r >= '0' && r <= '9' || strings.ContainsRune("+-.", r))) {
			return false
		}
	}
	return s != ""
}

// cleanHost checks "host", "host:port", "[v6]" and "[v6]:port".
func cleanHost(s string) (string, bool) {
	name, port, v6 := s, "", false
	if strings.HasPrefix(s, "[") {
		end := strings.IndexByte(s, ']')
		if end < 0 || (end+1 < len(s) && s[end+1] != ':') {
			return "", false
		}
		name, v6 = s[1:end], true
		port = strings.TrimPrefix(s[end+1:], ":")
	} else if before, after, found := strings.Cut(s, ":"); found {
		name, port = before, after
	}
	name = strings.ToLower(name)
	ip, err := netip.ParseAddr(name)
	isIP := err == nil
	switch {
	case v6 && (!isIP || !ip.Is6()):
		return "", false
	case !isIP && !isDomain(name):
		return "", false
	}
	if v6 {
		name = "[" + name + "]"
	}
	if port == "" {
		return name, true
	}
	n, err := strconv.ParseUint(port, 10, 32)
	if err != nil || n > 65535 {
		return "", false
	}
	return name + ":" + strconv.FormatUint(n, 10), true
}

func isDomain(s string) bool {
	if s == "" || len(s) > 253 {
		return false
	}
	for label := range strings.SplitSeq(s, ".") {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
		for _, r := range label {
			if r != '-' && (r < 'a' || r > 'z') && (r < '0' || r > '9') {
				return false
			}
		}
	}
	return true
}
