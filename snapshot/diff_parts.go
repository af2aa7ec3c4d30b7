package snapshot

import (
	"slices"
	"strings"
)

// partLabel is the member under which a part of an object bears, while two
// objects are compared, its id and what it is called in both. No server has a
// field of such a name.
const partLabel = "\x00label"

// labelParts gives parts of the same id the name that they have in the first
// object, so that they are matched by it. The parts are changed.
func labelParts(a, b []Object) {
	labels := map[string]string{}
	for _, o := range a {
		if id := o.String("id"); id != "" {
			labels[id] = id + labelMark + o.String("name")
		}
	}
	shared := map[string]bool{}
	for _, o := range b {
		if label, ok := labels[o.String("id")]; ok {
			o[partLabel], shared[o.String("id")] = label, true
		}
	}
	for _, o := range a {
		if id := o.String("id"); shared[id] {
			o[partLabel] = labels[id]
		}
	}
}

// partKey is what a part of an object is matched by; it takes the label away.
func partKey(o Object) Key {
	through := o.String("transited_id")
	id, name, ok := strings.Cut(o.String(partLabel), labelMark)
	if !ok {
		return Key{o.String("name") + o.String("network") + o.String("id"), through, "b"}
	}
	delete(o, partLabel)
	return Key{name, through, "a" + id}
}

// list compares objects inside an object, matched by what they are called.
func (c *comparison) list(p place, a, b []Object) []FieldChange {
	rows := func(objects []Object) []keyed {
		var out []keyed
		for _, o := range objects {
			out = append(out, keyed{partKey(o), o})
		}
		slices.SortStableFunc(out, func(a, b keyed) int { return a.key.Compare(b.key) })
		return out
	}
	var changes []FieldChange
	nth := map[string]int{}
	each(rows(a), rows(b), func(key Key, a, b []Object) {
		for i := range max(len(a), len(b)) {
			called := strings.TrimSuffix(key[0]+" through "+readable(key[1]), " through ")
			nth[called]++
			inner := p
			inner.path += "[" + readable(makeLabel(readable(called), nth[called])) + "]"
			switch {
			case i >= len(a):
				changes = append(changes, inner.whole(nil, b[i]))
			case i >= len(b):
				changes = append(changes, inner.whole(a[i], nil))
			default:
				inner.path += "."
				changes = append(changes, c.object(inner, a[i], b[i])...)
			}
		}
	})
	return changes
}

// whole is the change of an object inside an object that one side lacks.
func (p place) whole(a, b Object) FieldChange {
	list := func(o Object) any {
		if o == nil {
			return nil
		}
		return []any{map[string]any(o)}
	}
	out := p.change(p.at, "", list(a), list(b))
	for _, v := range []*any{&out.Old, &out.New} {
		if items, ok := (*v).([]any); ok {
			*v = items[0]
		}
	}
	return out
}
