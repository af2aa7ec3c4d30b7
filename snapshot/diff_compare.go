package snapshot

import (
	"maps"
	"slices"
	"strings"
)

// comparison walks two documents side by side.
type comparison struct {
	a, b         *side
	opts         DiffOptions
	out          *Difference
	limits       limits
	renamed      map[string]bool    // ids of hosts in a that stand in b under the name the caller gave
	matches      map[Kind][]matched // of the kinds that have ids of their own, but for users
	guessed      map[Kind]int
	sameInstance bool // the documents share ids
}

func newComparison(a, b *side, opts DiffOptions) *comparison {
	return &comparison{
		a: a, b: b, opts: opts, limits: limits{}, matches: map[Kind][]matched{}, guessed: map[Kind]int{},
		out: &Difference{Changes: []Change{}, Same: map[Kind]int{}, Fields: map[string]int{}},
	}
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
	if pairs, ok := c.matches[kind]; ok {
		for _, m := range pairs {
			c.compare(kind, m.key, m.pair)
		}
		c.out.PairedByOrder += c.guessed[kind]
		return
	}
	each(c.a.keyed(kind), c.b.keyed(kind), func(key Key, a, b []Object) {
		pairs, guessed := align(a, b)
		c.out.PairedByOrder += guessed
		for i, p := range pairs {
			c.compare(kind, numbered(key, i+1), p)
		}
	})
}

// readableKey is a key as people see it.
func readableKey(key Key) []string {
	var out []string
	for _, part := range key {
		out = append(out, readable(part))
	}
	return out
}

// numbered makes a label of the last part of a key.
func numbered(key Key, nth int) Key {
	if len(key) == 0 || nth == 1 {
		return key
	}
	key = slices.Clone(key)
	key[len(key)-1] = makeLabel(key[len(key)-1], nth)
	return key
}

// compare adds what became of one object to the output.
func (c *comparison) compare(kind Kind, key Key, p pair) {
	if change, ok := c.changeOf(kind, key, p); ok {
		c.out.Changes = append(c.out.Changes, change)
	}
}

// changeOf tells what became of one object; ok is false if that is nothing that
// the caller wants to know.
func (c *comparison) changeOf(kind Kind, key Key, p pair) (change Change, ok bool) {
	change = Change{Kind: kind, Key: readableKey(key), OldID: p.a.String("id"), NewID: p.b.String("id")}
	switch {
	case p.b == nil:
		change.Action = Removed
	case p.a == nil:
		change.Action = Added
	default:
		change.Action = Changed
		change.Fields = c.fields(kind, p)
	}
	c.judge(&change, p)
	left := change.Action != Changed && (change.Restorable || !c.opts.Restorable) || len(change.Fields) > 0
	if change.Action == Changed && !left {
		c.out.Same[kind]++
	}
	return change, left
}

func (c *comparison) fields(kind Kind, p pair) []FieldChange {
	a, b := c.a.resolve(trees[kind], p.a, c.b), c.b.resolve(trees[kind], p.b, c.a)
	if kind == Locations {
		labelParts(a.Objects("hosts"), b.Objects("hosts"))
	}
	return c.object(place{kind: kind, at: trees[kind]}, Canonical(kind, a), Canonical(kind, b))
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
