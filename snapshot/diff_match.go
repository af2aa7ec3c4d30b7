package snapshot

import (
	"cmp"
	"slices"
)

// keyed is an object with its natural key.
type keyed struct {
	key Key
	o   Object
}

func (s *side) keyed(kind Kind) []keyed {
	rows := make([]keyed, len(s.small[kind]))
	for i, o := range s.small[kind] {
		rows[i] = keyed{s.naturalKey(kind, o), o}
	}
	slices.SortStableFunc(rows, func(a, b keyed) int {
		return cmp.Or(a.key.Compare(b.key), cmp.Compare(a.o.String("id"), b.o.String("id")))
	})
	return rows
}

// pair is what belongs together; one of them may be nil.
type pair struct{ a, b Object }

// matched is a pair with the key that it has in the output: a natural key that
// ends in a label.
type matched struct {
	key Key
	pair
}

// match pairs the objects of a kind that have ids of their own, and labels them
// on both sides, so that what refers to them can be compared: by id, then by
// natural key. A host that the caller says was replaced is not matched by id.
func (c *comparison) match(kind Kind) {
	pairs, a, b := pairIDs(c.a.keyed(kind), c.b.keyed(kind), func(o Object) bool { return kind == Hosts && c.renamed[o.String("id")] })
	if kind != Hosts && len(pairs) > 0 {
		c.sameInstance = true // a host brings its id along
	}
	each(a, b, func(key Key, a, b []Object) {
		more, guessed := align(a, b)
		c.guessed[kind] += guessed
		for _, p := range more {
			pairs = append(pairs, matched{key, p})
		}
	})
	slices.SortStableFunc(pairs, func(x, y matched) int {
		return cmp.Or(x.key.Compare(y.key), cmp.Compare(x.order(), y.order()), cmp.Compare(x.id(), y.id()))
	})
	nth, last := 0, Key(nil)
	for i, m := range pairs {
		if nth++; last == nil || last.Compare(m.key) != 0 {
			nth, last = 1, m.key
		}
		name := last[len(last)-1]
		label := makeLabel(name, nth)
		pairs[i].key = append(slices.Clone(last[:len(last)-1]), label)
		c.label(kind, m.pair, label)
		if kind == Organizations {
			c.countOrganization(m.pair, name, nth)
		}
	}
	c.matches[kind] = pairs
}

func (c *comparison) label(kind Kind, p pair, label string) {
	if kind == Administrators {
		return // nothing refers to them
	}
	for s, o := range map[*side]Object{c.a: p.a, c.b: p.b} {
		if o != nil {
			s.labels[o.String("id")] = label
		}
	}
}

func (c *comparison) countOrganization(p pair, name string, nth int) {
	for s, o := range map[*side]Object{c.a: p.a, c.b: p.b} {
		if o != nil {
			s.orgs[name] = nth
		}
	}
}

// order puts the objects of the first document before those that came.
func (p pair) order() int {
	if p.a == nil {
		return 1
	}
	return 0
}

func (p pair) id() string {
	if p.a == nil {
		return p.b.String("id")
	}
	return p.a.String("id")
}

// pairIDs pairs objects of the same id, and gives the others.
func pairIDs(a, b []keyed, except func(Object) bool) (pairs []matched, restA, restB []keyed) {
	byID := map[string][]int{} // places in b
	for i, row := range b {
		if id := row.o.String("id"); id != "" {
			byID[id] = append(byID[id], i)
		}
	}
	taken := map[int]bool{}
	for _, row := range a {
		places := byID[row.o.String("id")]
		if len(places) == 0 || except(row.o) {
			restA = append(restA, row)
			continue
		}
		byID[row.o.String("id")], taken[places[0]] = places[1:], true
		pairs = append(pairs, matched{row.key, pair{row.o, b[places[0]].o}})
	}
	for i, row := range b {
		if !taken[i] {
			restB = append(restB, row)
		}
	}
	return pairs, restA, restB
}

// align pairs objects of the same key: by id if they share one, else by address
// and by order. guessed counts pairs made by order among several.
func align(a, b []Object) (pairs []pair, guessed int) {
	byID := func(x, y Object) int { return cmp.Compare(x.String("id"), y.String("id")) }
	a, b = slices.Clone(a), slices.Clone(b)
	slices.SortStableFunc(a, byID)
	slices.SortStableFunc(b, byID)
	if sharesID(a, b) {
		return alignIDs(a, b), 0
	}
	a, b, pairs = alignEmails(a, b)
	n := min(len(a), len(b))
	if n > 1 || n == 1 && len(a)+len(b) > 2 {
		guessed = n
	}
	for i := range n {
		pairs = append(pairs, pair{a[i], b[i]})
	}
	return append(pairs, alignIDs(a[n:], b[n:])...), guessed
}

// alignIDs merges two lists sorted by id.
func alignIDs(a, b []Object) (pairs []pair) {
	for len(a) > 0 && len(b) > 0 {
		switch c := cmp.Compare(a[0].String("id"), b[0].String("id")); {
		case c < 0:
			pairs, a = append(pairs, pair{a: a[0]}), a[1:]
		case c > 0:
			pairs, b = append(pairs, pair{b: b[0]}), b[1:]
		default:
			pairs, a, b = append(pairs, pair{a[0], b[0]}), a[1:], b[1:]
		}
	}
	for _, o := range a {
		pairs = append(pairs, pair{a: o})
	}
	for _, o := range b {
		pairs = append(pairs, pair{b: o})
	}
	return pairs
}

func sharesID(a, b []Object) bool {
	return slices.ContainsFunc(a, func(x Object) bool {
		id := x.String("id")
		return id != "" && slices.ContainsFunc(b, func(y Object) bool { return y.String("id") == id })
	})
}

// alignEmails pairs users whose address is the same, and gives the rest.
func alignEmails(a, b []Object) (restA, restB []Object, pairs []pair) {
	for _, x := range a {
		email := x.String("email")
		i := slices.IndexFunc(b, func(y Object) bool { return email != "" && y.String("email") == email })
		if i < 0 {
			restA = append(restA, x)
			continue
		}
		pairs = append(pairs, pair{x, b[i]})
		b = slices.Delete(b, i, i+1)
	}
	return restA, b, pairs
}
