package snapshot

import (
	"bytes"
	"cmp"
	"net/netip"
	"slices"
)

// normalise gives what a document holds of an object: without telemetry, with
// unordered lists sorted, and redacted when that is asked for. Fields that are
// not in the catalogue stay as they are.
func normalise(kind Kind, o Object, redact bool) Object {
	n := normaliser{kind: kind, redact: redact}
	return n.object(trees[kind], o, "")
}

type normaliser struct {
	kind   Kind
	redact bool
}

func (n normaliser) object(at *node, o Object, prefix string) Object {
	out := make(Object, len(o))
	for name, v := range o {
		path := prefix + name
		field := at.child(name)
		switch {
		case field == nil:
			out[name] = n.unknown(name, path, v)
		case field.field.Class == Volatile:
		case n.redact && field.field.Secret:
			out[name] = redacted(n.kind, path, v)
		default:
			out[name] = n.value(field, path, v)
		}
	}
	return out
}

func (n normaliser) value(at *node, path string, v any) any {
	items, ok := v.([]any)
	if !ok {
		return n.unknown("", path, v)
	}
	out := make([]any, len(items))
	for i, item := range items {
		if m, ok := asMap(item); ok && len(at.children) > 0 {
			out[i] = map[string]any(n.object(at, m, path+"[]."))
		} else {
			out[i] = n.unknown("", path, item)
		}
	}
	if at.field.Set {
		sortSet(out)
	}
	if n.kind == Users && path == "servers" {
		out = onePerServer(out)
	}
	return out
}

// encode gives the text of the object that normalise gives, without making that
// object unless secrets have to be taken out.
func (n normaliser) encode(o Object) ([]byte, error) {
	if n.redact {
		return n.object(trees[n.kind], o, "").Encode()
	}
	return n.appendObject(make([]byte, 0, 1024), trees[n.kind], o, 0)
}

func (n normaliser) appendObject(dst []byte, at *node, o Object, depth int) ([]byte, error) {
	if depth > maxDepth {
		return nil, errTooDeep()
	}
	names := make([]string, 0, 64)
	for name := range o {
		if field := at.child(name); field == nil || field.field.Class != Volatile {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	dst = append(dst, '{')
	for i, name := range names {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(appendString(dst, name), ':')
		var err error
		if dst, err = n.appendField(dst, at.child(name), o[name], depth+1); err != nil {
			return nil, err
		}
	}
	return append(dst, '}'), nil
}

func (n normaliser) appendField(dst []byte, field *node, v any, depth int) ([]byte, error) {
	items, ok := v.([]any)
	switch {
	case !ok || field == nil:
		return appendValue(dst, v, depth)
	case len(items) > 1 && (field.field.Set || n.kind == Users && field.field.Path == "servers"):
		return appendValue(dst, n.value(field, field.field.Path, items), depth)
	}
	if depth > maxDepth {
		return nil, errTooDeep()
	}
	dst = append(dst, '[')
	for i, item := range items {
		if i > 0 {
			dst = append(dst, ',')
		}
		var err error
		if m, isMap := asMap(item); isMap && len(field.children) > 0 {
			dst, err = n.appendObject(dst, field, m, depth+1)
		} else {
			dst, err = appendValue(dst, item, depth+1)
		}
		if err != nil {
			return nil, err
		}
	}
	return append(dst, ']'), nil
}

// unknown copies what the catalogue does not describe. Redaction then has
// nothing to go by but names.
func (n normaliser) unknown(name, path string, v any) any {
	if n.redact {
		return redactUnknown(n.kind, name, path, v)
	}
	return cloneValue(v)
}

// sortSet gives an unordered list its one order: by name where there are names.
func sortSet(list []any) {
	type keyed struct {
		key  Key
		text []byte
		v    any
	}
	rows := make([]keyed, len(list))
	for i, v := range list {
		rows[i].v = v
		rows[i].text, _ = appendValue(nil, v, 0)
		if s, ok := v.(string); ok {
			rows[i].key = Key{s}
		} else if o, ok := asMap(v); ok {
			rows[i].key = Key{o.String("name"), o.String("network"), o.String("server_id"), o.String("id")}
		}
	}
	slices.SortStableFunc(rows, func(a, b keyed) int {
		return cmp.Or(a.key.Compare(b.key), bytes.Compare(a.text, b.text))
	})
	for i, r := range rows {
		list[i] = r.v
	}
}

// onePerServer keeps one address per server. A user who is connected with
// several devices has a row for each; only the lowest address, given out from
// the start of the pool, is the user's own and the same tomorrow.
func onePerServer(rows []any) []any {
	server := func(v any) string {
		o, _ := asMap(v)
		return o.String("server_id")
	}
	address := func(v any) netip.Addr {
		o, _ := asMap(v)
		a, _ := netip.ParseAddr(o.String("virt_address"))
		return a
	}
	slices.SortStableFunc(rows, func(a, b any) int {
		return cmp.Or(cmp.Compare(server(a), server(b)), address(a).Compare(address(b)))
	})
	return slices.CompactFunc(rows, func(a, b any) bool {
		return server(a) == server(b) && server(a) != ""
	})
}
