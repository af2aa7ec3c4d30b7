package snapshot

import (
	"cmp"
	"slices"
)

// resolve matches by name those whose id the other document does not have, and
// puts all changes into the order of the first document.
func (m *userMerge) resolve() {
	var rows [2][]held
	for i := range rows {
		rows[i] = m.rest[i]
		for _, h := range m.held[i] {
			rows[i] = append(rows[i], h)
		}
		slices.SortStableFunc(rows[i], func(a, b held) int {
			return cmp.Or(nameOf(a.key).Compare(nameOf(b.key)), a.key.Compare(b.key), cmp.Compare(a.id, b.id))
		})
	}
	for len(rows[0])+len(rows[1]) > 0 {
		a, b := nextNames(&rows)
		m.unmatched(a, b)
	}
	m.numberAdded()
	slices.SortStableFunc(m.found, func(a, b foundChange) int {
		return cmp.Or(a.key.Compare(b.key), cmp.Compare(a.change.OldID, b.change.OldID), cmp.Compare(a.change.NewID, b.change.NewID))
	})
	for _, f := range m.found {
		m.out.Changes = append(m.out.Changes, f.change)
	}
}

// numberAdded gives users that came the next number where somebody else of the
// first document has their name.
func (m *userMerge) numberAdded() {
	taken := map[[2]string]bool{}
	for _, f := range m.found {
		if f.change.Action != Added {
			taken[[2]string(f.key)] = true
		}
	}
	for i := range m.found {
		f := &m.found[i]
		if f.change.Action != Added {
			continue
		}
		name := nameOf(f.key)
		for n := 2; taken[[2]string(f.key)]; n++ {
			f.key = numbered(name, n)
		}
		taken[[2]string(f.key)] = true
		f.change.Key = readableKey(f.key)
	}
}

// nameOf is a key without its number.
func nameOf(key Key) Key { return Key{key[0], unnumbered(key[1])} }

// nextNames takes the users of the lesser name from both.
func nextNames(rows *[2][]held) (a, b []held) {
	name := Key(nil)
	for _, r := range rows {
		if len(r) > 0 && (name == nil || nameOf(r[0].key).Compare(name) < 0) {
			name = nameOf(r[0].key)
		}
	}
	var out [2][]held
	for i, r := range rows {
		n := 0
		for n < len(r) && nameOf(r[n].key).Compare(name) == 0 {
			n++
		}
		out[i], rows[i] = r[:n], r[n:]
	}
	return out[0], out[1]
}

func (m *userMerge) unmatched(a, b []held) {
	if len(a) == 0 || len(b) == 0 {
		for _, h := range a {
			m.emit(h.key, pair{a: Object{"id": h.id}})
		}
		for _, h := range b {
			m.emit(h.key, pair{b: Object{"id": h.id}})
		}
		return
	}
	keys := map[string]Key{}
	objects := func(rows []held) (out []Object) {
		for _, h := range rows {
			keys[h.id] = h.key
			out = append(out, h.object())
		}
		return out
	}
	pairs, guessed := align(objects(a), objects(b))
	m.out.PairedByOrder += guessed
	for _, p := range pairs {
		m.emit(keys[p.id()], p)
	}
}
