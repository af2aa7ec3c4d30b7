package snapshot

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// comparison walks two documents side by side.
type comparison struct {
	a, b *side
	opts DiffOptions
	out  *Difference
}

// label names the objects of a kind on both sides, so that references to them
// can be compared.
func (c *comparison) label(kind Kind) {
	each(c.a.keyed(kind), c.b.keyed(kind), func(key Key, a, b []Object) {
		pairs, _ := align(a, b)
		for i, p := range pairs {
			label := makeLabel(key[len(key)-1], i+1)
			for s, o := range map[*side]Object{c.a: p.a, c.b: p.b} {
				if o != nil {
					s.labels[o.String("id")] = label
				}
				if kind == Organizations && o != nil {
					s.orgs[key[0]] = i + 1
				}
			}
		}
	})
}

// each gives the groups of equal keys of two sorted lists.
func each(a, b []keyed, yield func(key Key, a, b []Object)) {
	take := func(rows []keyed, key Key) (group []Object, rest []keyed) {
		for len(rows) > 0 && rows[0].key.Compare(key) == 0 {
			group, rows = append(group, rows[0].o), rows[1:]
		}
		return group, rows
	}
	for len(a) > 0 || len(b) > 0 {
		key := lesser(a, b)
		var ga, gb []Object
		ga, a = take(a, key)
		gb, b = take(b, key)
		yield(key, ga, gb)
	}
}

func lesser(a, b []keyed) Key {
	if len(b) == 0 || len(a) > 0 && a[0].key.Compare(b[0].key) <= 0 {
		return a[0].key
	}
	return b[0].key
}

func (c *comparison) small(kind Kind) {
	each(c.a.keyed(kind), c.b.keyed(kind), func(key Key, a, b []Object) { c.group(kind, key, a, b) })
}

// users merges the two streams, holding only users of one name in one
// organization.
func (c *comparison) users() error {
	compare := !slices.Contains(c.opts.IgnoreKinds, Users) && c.missing(Users) == ""
	var rows [2][]keyed
	fill := func(i int) error { // until a key is complete: its group and one more
		s := []*side{c.a, c.b}[i]
		for n := len(rows[i]); n == 0 || rows[i][0].key.Compare(rows[i][n-1].key) == 0; n = len(rows[i]) {
			u, err := s.nextUser()
			if err != nil {
				return fmt.Errorf("read %s document: %w", [...]string{"first", "second"}[i], err)
			}
			if u == nil {
				return nil
			}
			rows[i] = append(rows[i], keyed{s.naturalKey(Users, u), u})
		}
		return nil
	}
	for compare {
		for i := range rows {
			if err := fill(i); err != nil {
				return err
			}
		}
		if len(rows[0])+len(rows[1]) == 0 {
			break
		}
		key := lesser(rows[0], rows[1])
		var groups [2][]Object
		for i := range rows {
			for len(rows[i]) > 0 && rows[i][0].key.Compare(key) == 0 {
				groups[i], rows[i] = append(groups[i], rows[i][0].o), rows[i][1:]
			}
		}
		c.group(Users, key, groups[0], groups[1])
	}
	for i, s := range []*side{c.a, c.b} {
		if err := s.drain(); err != nil {
			return fmt.Errorf("read %s document: %w", [...]string{"first", "second"}[i], err)
		}
	}
	return nil
}

// group compares the objects of one natural key.
func (c *comparison) group(kind Kind, key Key, a, b []Object) {
	pairs, guessed := align(a, b)
	c.out.PairedByOrder += guessed
	for i, p := range pairs {
		change := Change{Kind: kind, OldID: p.a.String("id"), NewID: p.b.String("id")}
		for j, part := range key {
			if j == len(key)-1 {
				part = makeLabel(part, i+1)
			}
			change.Key = append(change.Key, readable(part))
		}
		switch {
		case p.b == nil:
			change.Action = Removed
		case p.a == nil:
			change.Action = Added
		default:
			change.Action = Changed
			change.Fields = c.fields(kind, p)
		}
		if change.Action == Changed && len(change.Fields) == 0 {
			c.out.Same[kind]++
			continue
		}
		c.out.Changes = append(c.out.Changes, change)
	}
}

func (c *comparison) fields(kind Kind, p pair) []FieldChange {
	a := Canonical(kind, c.a.resolve(trees[kind], p.a, c.b))
	b := Canonical(kind, c.b.resolve(trees[kind], p.b, c.a))
	return c.object(place{kind: kind, at: trees[kind]}, a, b)
}

// resolve puts labels in place of ids. An id of what one document leaves out
// cannot be compared and gets the mark of a redacted value.
func (s *side) resolve(at *node, o Object, other *side) Object {
	out := maps.Clone(o)
	for name, v := range o {
		field := at.child(name)
		if field == nil || field.field.Class != Reference && len(field.children) == 0 {
			continue
		}
		if items, ok := v.([]any); ok {
			list := slices.Clone(items)
			for i, item := range list {
				if m, ok := asMap(item); ok {
					list[i] = map[string]any(s.resolve(field, m, other))
				}
			}
			out[name] = list
		} else if id, ok := v.(string); ok && id != "" && field.field.Class == Reference {
			out[name] = s.labelOf(id)
			known := s.header.Has(field.field.Ref) && other.header.Has(field.field.Ref)
			if !field.field.Key && !known {
				out[name] = map[string]any{redactedMember: string(field.field.Ref)}
			}
		}
	}
	return out
}

// place is where in an object a comparison is.
type place struct {
	kind Kind
	at   *node
	path string // "hosts[gw1]." for people
	name string // "hosts[]." for the catalogue
}

func (c *comparison) object(p place, a, b Object) []FieldChange {
	names := slices.Collect(maps.Keys(a))
	for name := range b {
		if _, both := a[name]; !both {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	var changes []FieldChange
	for _, name := range names {
		path := string(p.kind) + "." + p.name + name
		if slices.Contains(c.opts.IgnoreFields, path) {
			continue
		}
		if len(ContainsRedacted(Object{"": a[name]}))+len(ContainsRedacted(Object{"": b[name]})) > 0 {
			c.out.Fields[path]++
			continue
		}
		if equal(a[name], b[name]) {
			continue
		}
		field := p.at.child(name)
		if field != nil && field.field.Set && len(field.children) > 0 {
			inner := place{p.kind, field, p.path + name, p.name + name + "[]."}
			changes = append(changes, c.list(inner, a.Objects(name), b.Objects(name))...)
			continue
		}
		changes = append(changes, p.change(field, name, a[name], b[name]))
	}
	return changes
}

// change masks what is secret, by the catalogue or by its name.
func (p place) change(field *node, name string, a, b any) FieldChange {
	out := FieldChange{Path: p.path + name, Field: strings.TrimSuffix(p.name+name, "[].")}
	n := normaliser{kind: p.kind, redact: true}
	if field == nil {
		out.Secret = soundsSecret(name)
		a, b = n.unknown("", out.Field, a), n.unknown("", out.Field, b)
	} else {
		out.Secret = field.field.Secret
		a, b = n.value(field, out.Field, a), n.value(field, out.Field, b)
	}
	if !out.Secret {
		out.Old, out.New = people(a), people(b)
	}
	return out
}

// people gives a value with labels as people see them.
func people(v any) any {
	switch v := v.(type) {
	case string:
		return readable(v)
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = people(e)
		}
		return out
	case map[string]any:
		out := make(map[string]any, len(v))
		for k, e := range v {
			out[k] = people(e)
		}
		return out
	}
	return v
}

// list compares objects inside an object, matched by what they are called.
func (c *comparison) list(p place, a, b []Object) []FieldChange {
	rows := func(objects []Object) []keyed {
		var out []keyed
		for _, o := range objects {
			out = append(out, keyed{Key{o.String("name") + o.String("network") + o.String("id"), o.String("transited_id")}, o})
		}
		slices.SortStableFunc(out, func(a, b keyed) int { return a.key.Compare(b.key) })
		return out
	}
	var changes []FieldChange
	each(rows(a), rows(b), func(key Key, a, b []Object) {
		for i := range max(len(a), len(b)) {
			called := strings.TrimSuffix(readable(makeLabel(key[0], i+1))+" through "+readable(key[1]), " through ")
			inner := p
			inner.path += "[" + called + "]"
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
