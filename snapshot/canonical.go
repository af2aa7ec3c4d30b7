package snapshot

import (
	"bytes"
	"encoding/json"
	"slices"
)

// Canonical gives the form of an object in which two objects are equal when
// nothing that counts differs: without ids, telemetry and what is computed;
// without values that mean the same as an absent one; unordered lists sorted.
// Fields that are not in the catalogue stay. References stay ids: compare them
// by what they refer to. The argument is not changed.
func Canonical(kind Kind, o Object) Object {
	return canonicalObject(kind, trees[kind], o, "")
}

func canonicalObject(kind Kind, at *node, o Object, prefix string) Object {
	out := Object{}
	for name, v := range o {
		field := at.child(name)
		if field != nil && !field.field.Compared() || uncounted(kind, prefix+name, o) {
			continue
		}
		if v = canonicalValue(kind, field, v); v != nil {
			out[name] = v
		}
	}
	return out
}

// uncounted tells whether a field counts for nothing beside the others of its object.
func uncounted(kind Kind, path string, o Object) bool {
	switch {
	case kind == Locations && (path == "hosts[].public_address" || path == "hosts[].local_address"):
		return !o.Bool("static") // its link client reports them
	case kind == ServerRoutes && path == "network":
		return o.Bool("virtual_network") // follows the server's network
	}
	return false
}

// canonicalValue gives nil for what means the same as an absent value.
func canonicalValue(kind Kind, at *node, v any) any {
	if at == nil || v == nil {
		return cloneValue(v)
	}
	f := at.field
	if n, ok := v.(json.Number); ok && f.Wire == String {
		v = string(n)
	}
	if items, ok := v.([]any); ok {
		list := make([]any, 0, len(items))
		for _, item := range items {
			if m, ok := asMap(item); ok && len(at.children) > 0 {
				item = map[string]any(canonicalObject(kind, at, m, f.Path+"[]."))
			}
			list = append(list, cloneValue(item))
		}
		if f.Set {
			sortSet(list)
			list = slices.CompactFunc(list, sameText)
		}
		v = list
	}
	if slices.ContainsFunc(f.Zero, func(zero any) bool { return equal(zero, v) }) {
		return nil
	}
	return v
}

// sameText tells equal strings; a set holds each once. Equal objects may be two.
func sameText(a, b any) bool {
	s, ok := a.(string)
	return ok && b == any(s)
}

// equal compares two values by their text.
func equal(a, b any) bool {
	switch a := a.(type) {
	case nil:
		return b == nil
	case string:
		return b == any(a)
	case bool:
		return b == any(a)
	case json.Number:
		return b == any(a)
	}
	ta, err := appendValue(nil, a, 0)
	if err != nil {
		return false
	}
	tb, err := appendValue(nil, b, 0)
	return err == nil && bytes.Equal(ta, tb)
}
