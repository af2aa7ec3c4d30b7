package restore

import (
	"net/netip"
	"strconv"
	"strings"
	"unicode"

	"pritunl-backup/snapshot"
)

// What the server does to values on their way in, so that a plan can tell what
// will be stored. A prediction is a courtesy: the stored value is read back.

// stored gives what the server makes of a value of the field; cleans says that it
// normalises addresses of other machines.
func stored(f snapshot.Field, v any, cleans bool) any {
	filter := filterOf(f)
	if !cleans {
		filter = filterBefore(f)
	}
	if filter == nil {
		return v
	}
	switch v := v.(type) {
	case string:
		if v == "" {
			return v
		}
		return filter(v)
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = e
			if s, ok := e.(string); ok && s != "" {
				out[i] = filter(s)
			}
		}
		return out
	}
	return v
}

// filterOf reads the catalogue's words for what happens to a value.
func filterOf(f snapshot.Field) func(string) any {
	switch how := f.Altered; {
	case strings.HasPrefix(how, "filter_str:") && strings.HasSuffix(how, "lower case"):
		return func(s string) any { return strings.ToLower(filterStr(s)) }
	case strings.HasPrefix(how, "filter_str:"):
		return func(s string) any { return filterStr(s) }
	case strings.HasPrefix(how, "filter_str2:"):
		return func(s string) any { return keep(s, "-_") }
	case strings.HasPrefix(how, "clean_domain:"):
		return cleanDomain
	case strings.HasPrefix(how, "clean_url:"):
		return cleanURL
	case strings.HasPrefix(how, "white space"):
		return func(s string) any { return strings.TrimSpace(s) }
	case strings.HasPrefix(how, "the first 12"):
		return first12
	case how == "lower case":
		return func(s string) any { return strings.ToLower(s) }
	case strings.HasPrefix(how, "joined with a comma"):
		return joined
	}
	return nil
}

// filterBefore does it for servers that keep names and addresses of other machines almost as they are.
func filterBefore(f snapshot.Field) func(string) any {
	switch how := f.Altered; {
	case strings.HasPrefix(how, "clean_domain:"):
		return func(s string) any { return filterStr(s) }
	case strings.HasPrefix(how, "clean_url:"):
		return func(s string) any { return strings.TrimSpace(s) }
	}
	return filterOf(f)
}

func filterStr(s string) string { return keep(s, "-=_@.:/!#$&*+?^|~") }

// keep drops every character but letters, digits and the given ones.
func keep(s, others string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsNumber(r) || strings.ContainsRune(others, r) {
			return r
		}
		return -1
	}, s)
}

func first12(s string) any {
	r := []rune(filterStr(s))
	return string(r[:min(len(r), 12)])
}

func joined(s string) any {
	var parts []string
	for part := range strings.SplitSeq(s, ",") {
		if p := filterStr(strings.TrimSpace(part)); p != "" {
			parts = append(parts, p)
		}
	}
	return strings.Join(parts, ", ")
}

// cleanDomain gives host[:port] in lower case, or null.
func cleanDomain(s string) any {
	a, ok := splitAddress(s, "http")
	if !ok {
		return nil
	}
	return a.host
}

// cleanURL gives an http or https address whose host is clean, or null. Percent
// escapes lose their percent signs.
func cleanURL(s string) any {
	a, ok := splitAddress(s, "https")
	if !ok || a.scheme != "http" && a.scheme != "https" {
		return nil
	}
	out := a.scheme + "://" + a.host + filterStr(a.path)
	if q := filterStr(a.query); q != "" {
		out += "?" + q
	}
	if f := filterStr(a.fragment); f != "" {
		out += "#" + f
	}
	return out
}

type address struct{ scheme, host, path, query, fragment string }

func splitAddress(s, scheme string) (address, bool) {
	s = strings.TrimSpace(s)
	if !strings.Contains(s, "://") {
		if ip, err := netip.ParseAddr(s); err == nil && ip.Is6() {
			s = "[" + s + "]"
		}
		s = scheme + "://" + s
	}
	before, rest, _ := strings.Cut(s, "://")
	end := strings.IndexAny(rest, "/?#")
	if end < 0 {
		end = len(rest)
	}
	authority, rest := rest[:end], rest[end:]
	a := address{scheme: strings.ToLower(before)}
	rest, a.fragment, _ = strings.Cut(rest, "#")
	a.path, a.query, _ = strings.Cut(rest, "?")
	var ok bool
	a.host, ok = cleanHost(authority[strings.LastIndexByte(authority, '@')+1:])
	return a, ok
}

// cleanHost checks a name or an address with an optional port.
func cleanHost(s string) (string, bool) {
	name, port, _ := strings.Cut(s, ":")
	if inner, ok := strings.CutPrefix(s, "["); ok {
		var after string
		if inner, after, ok = strings.Cut(inner, "]"); !ok {
			return "", false
		}
		ip, err := netip.ParseAddr(strings.ToLower(inner))
		if err != nil || !ip.Is6() {
			return "", false
		}
		name, port = "["+strings.ToLower(inner)+"]", strings.TrimPrefix(after, ":")
	} else if name = strings.ToLower(name); !isDomain(name) {
		return "", false
	}
	if port == "" {
		return name, true
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return "", false
	}
	return name + ":" + strconv.FormatUint(n, 10), true
}

func isDomain(host string) bool {
	for label := range strings.SplitSeq(host, ".") {
		plain := !strings.ContainsFunc(label, func(r rune) bool { return r > unicode.MaxASCII }) && keep(label, "-") == label
		if label == "" || !plain || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
	}
	return true
}
