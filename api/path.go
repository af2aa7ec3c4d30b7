package api

import (
	"fmt"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"
)

// ValidID reports whether id can be an id of Pritunl: 24 hex digits, 32 letters,
// digits, - or _ (hosts), or a short name of at most ten of these (a host named
// by its operator). Pritunl takes other ids for "no id" and acts on the whole
// collection, so this package never sends them.
func ValidID(id string) bool {
	switch {
	case len(id) == 24:
		return allOf(id, isHex)
	case len(id) == 32 || len(id) >= 1 && len(id) <= 10:
		return allOf(id, isWord)
	}
	return false
}

// validRouteID reports whether id is the hex form of a network, which is what
// server routes are named by; "7669727475616c" stands for the virtual network.
func validRouteID(id string) bool {
	return len(id) >= 2 && len(id) <= 128 && len(id)%2 == 0 && allOf(id, isHex)
}

func allOf(s string, ok func(byte) bool) bool {
	for i := 0; i < len(s); i++ {
		if !ok(s[i]) {
			return false
		}
	}
	return true
}

func isHex(b byte) bool { return b >= '0' && b <= '9' || b >= 'a' && b <= 'f' || b >= 'A' && b <= 'F' }

func isWord(b byte) bool {
	return b >= '0' && b <= '9' || b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b == '-' || b == '_'
}

// join fills the %s of format with ids, each of which must be valid.
func join(format string, ids ...string) (string, error) {
	values := make([]any, len(ids))
	for i, id := range ids {
		if !ValidID(id) {
			return "", configError(fmt.Sprintf("build path %s: %q is not an id", strings.ReplaceAll(format, "%s", "<id>"), id), "")
		}
		values[i] = id
	}
	return fmt.Sprintf(format, values...), nil
}

// checkPath refuses paths that would not arrive as they were signed.
func checkPath(path string) error {
	switch {
	case !strings.HasPrefix(path, "/"):
		return configError(fmt.Sprintf("path %q does not begin with /", path), "paths look like /organization")
	case strings.Contains(path, "?"):
		return configError(fmt.Sprintf("path %q contains a query", path), "give the query apart from the path: it is not signed")
	case !utf8.ValidString(path) || strings.ContainsFunc(path, unicode.IsControl):
		return configError(fmt.Sprintf("path %q contains control characters", path), "")
	case strings.Contains(path, "//") || hasDotSegment(path):
		return configError(fmt.Sprintf("path %q contains an empty, . or .. segment", path), "write the path in full")
	}
	return nil
}

func hasDotSegment(path string) bool {
	for _, segment := range strings.Split(path, "/") {
		if segment == "." || segment == ".." {
			return true
		}
	}
	return false
}

// locate returns the address of a path on the server behind base.
func locate(base *url.URL, path string, query url.Values) *url.URL {
	u := *base
	relative := url.URL{Path: path}
	u.Path = base.Path + path
	u.RawPath = base.EscapedPath() + relative.EscapedPath()
	u.RawQuery = query.Encode()
	return &u
}
