package snapshot

import (
	"slices"
	"strings"
)

// redactedMember is the one member of the object that stands in place of a
// secret, so that nothing can take it for a value and write it back.
const redactedMember = "$redacted"

// IsRedacted tells whether a value stands in place of a secret.
func IsRedacted(v any) bool {
	m, ok := asMap(v)
	if !ok || len(m) != 1 {
		return false
	}
	_, ok = m[redactedMember].(string)
	return ok
}

// ContainsRedacted gives the paths of all redacted values of an object, in the
// spelling of the catalogue, each once and sorted.
func ContainsRedacted(o Object) []string {
	var paths []string
	var walk func(path string, v any)
	walk = func(path string, v any) {
		if IsRedacted(v) {
			paths = append(paths, path)
			return
		}
		if list, ok := v.([]any); ok {
			for _, e := range list {
				walk(path+"[]", e)
			}
		}
		if m, ok := asMap(v); ok {
			for name, e := range m {
				walk(strings.TrimPrefix(path+"."+name, "."), e)
			}
		}
	}
	walk("", o)
	slices.Sort(paths)
	return slices.Compact(paths)
}

// Redact gives a copy of an object without its secrets.
func Redact(kind Kind, o Object) Object { return normalise(kind, o, true) }

// redacted gives the mark for a secret. Values that hold none (null, "", [], {},
// true and false) stay, so that "not set" can still be seen.
func redacted(kind Kind, path string, v any) any {
	switch t := v.(type) {
	case nil, bool:
		return v
	case string:
		if t == "" {
			return v
		}
	case []any:
		if len(t) == 0 {
			return v
		}
	}
	if m, ok := asMap(v); ok && len(m) == 0 || IsRedacted(v) {
		return v
	}
	return map[string]any{redactedMember: string(kind) + "." + path}
}

// redactUnknown takes out what has the name of a secret, at any depth.
func redactUnknown(kind Kind, name, path string, v any) any {
	if soundsSecret(name) {
		return redacted(kind, path, v)
	}
	if IsRedacted(v) {
		return v
	}
	if list, ok := v.([]any); ok {
		out := make([]any, len(list))
		for i, e := range list {
			out[i] = redactUnknown(kind, "", path+"[]", e)
		}
		return out
	}
	if m, ok := asMap(v); ok {
		out := make(map[string]any, len(m))
		for k, e := range m {
			out[k] = redactUnknown(kind, k, path+"."+k, e)
		}
		return out
	}
	return v
}

// soundsSecret judges a field that a newer server has added. It errs on the
// side of taking out too much.
func soundsSecret(name string) bool {
	name = strings.ToLower(name)
	return slices.ContainsFunc([]string{
		"secret", "token", "passw", "passphrase", "key", "private", "credential", "psk", "otp", "license", "licence", "cookie", "session",
	}, func(part string) bool { return strings.Contains(name, part) })
}
