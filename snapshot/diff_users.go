package snapshot

import (
	"cmp"
	"fmt"
	"slices"
)

// userMerge compares the users of two documents as they go by. It holds users of
// one name in one organization, and those that found nobody of their id or name
// at their place: they were renamed, moved, removed or added.
type userMerge struct {
	*comparison
	sides  [2]*side
	rows   [2][]userRow       // read, up to the first of another key
	places map[string]string  // organizations by label; nil: labels are in order in both
	held   [2]map[string]held // by id
	rest   [2][]held          // without an id of their own
	found  []foundChange
}

// userRow is a user with its place in the order of both documents. That of an
// organization that stands elsewhere in the other document is "": it has none.
type userRow struct {
	place string
	key   Key
	o     Object
	raw   []byte
}

func (r userRow) compare(other userRow) int {
	return cmp.Or(cmp.Compare(r.place, other.place), r.key.Compare(other.key))
}

// held is a user without a counterpart up to now.
type held struct {
	id  string
	key Key // numbered among those of its name
	raw []byte
	o   Object // if there is no raw
}

// object gives the user; a Reader has decoded its text before.
func (h held) object() Object {
	if h.o != nil {
		return h.o
	}
	o, _ := DecodeObject(h.raw)
	return o
}

type foundChange struct {
	key    Key
	change Change
}

func (c *comparison) users() error {
	m := &userMerge{comparison: c, sides: [2]*side{c.a, c.b}, places: c.organizationPlaces(), held: [2]map[string]held{{}, {}}}
	if !slices.Contains(c.opts.IgnoreKinds, Users) && c.missing(Users) == "" {
		if err := m.merge(); err != nil {
			return err
		}
		m.resolve()
	}
	for i, s := range m.sides {
		if err := s.drain(); err != nil {
			return readError(i, err)
		}
	}
	return nil
}

func readError(side int, err error) error {
	return fmt.Errorf("read %s document: %w", [...]string{"first", "second"}[side], err)
}

func (m *userMerge) merge() error {
	for {
		for i := range m.rows {
			if err := m.fill(i); err != nil {
				return err
			}
		}
		a, b := m.rows[0], m.rows[1]
		if len(a)+len(b) == 0 {
			return nil
		}
		first, both := 0, false
		switch {
		case len(a) == 0:
			first = 1
		case len(b) > 0 && a[0].place != "" && b[0].place == "":
			first = 1
		case len(b) > 0 && a[0].place != "":
			order := a[0].compare(b[0])
			both = order == 0
			if order > 0 {
				first = 1
			}
		}
		var groups [2][]userRow
		groups[first] = m.take(first)
		if both {
			groups[1-first] = m.take(1 - first)
		}
		m.group(groups[0], groups[1])
	}
}

// fill reads until the users of one key are complete.
func (m *userMerge) fill(i int) error {
	s := m.sides[i]
	for n := len(m.rows[i]); n == 0 || m.rows[i][0].compare(m.rows[i][n-1]) == 0; n = len(m.rows[i]) {
		e, err := s.nextUser()
		if err != nil {
			return readError(i, err)
		}
		if e == nil {
			return nil
		}
		row := userRow{key: s.naturalKey(Users, e.Object), o: e.Object, raw: e.Raw}
		if row.place = row.key[0]; m.places != nil {
			row.place = m.places[row.key[0]]
		} else {
			row.place = "-" + row.place // never ""
		}
		m.rows[i] = append(m.rows[i], row)
	}
	return nil
}

// take gives the users of the first key.
func (m *userMerge) take(i int) []userRow {
	rows := m.rows[i]
	n := slices.IndexFunc(rows, func(r userRow) bool { return r.compare(rows[0]) != 0 })
	if n < 0 {
		n = len(rows)
	}
	m.rows[i] = slices.Clone(rows[n:])
	return rows[:n]
}

// group compares the users of one name in one organization. On one instance a
// user of another id is another one, unless the id turns up nowhere.
func (m *userMerge) group(a, b []userRow) {
	objects := func(rows []userRow) (out []Object) {
		for _, r := range rows {
			out = append(out, r.o)
		}
		return out
	}
	x, y := objects(a), objects(b)
	var pairs []pair
	if len(x) > 0 && len(y) > 0 && !m.comparesIDs(x[0], y[0]) {
		var guessed int
		pairs, guessed = align(x, y)
		m.out.PairedByOrder += guessed
	} else {
		byID := func(x, y Object) int { return cmp.Compare(x.String("id"), y.String("id")) }
		slices.SortStableFunc(x, byID)
		slices.SortStableFunc(y, byID)
		pairs = alignIDs(x, y)
		slices.SortStableFunc(pairs, func(x, y pair) int { return cmp.Compare(x.order(), y.order()) })
	}
	for i, p := range pairs {
		switch {
		case p.a != nil && p.b != nil:
			m.emit(numbered(keyOf(a, b), i+1), p)
		case p.a != nil:
			m.hold(0, numbered(a[0].key, i+1), p.a, a)
		default:
			m.hold(1, numbered(b[0].key, i+1), p.b, b)
		}
	}
}

func keyOf(a, b []userRow) Key {
	if len(a) > 0 {
		return a[0].key
	}
	return b[0].key
}

// comparesIDs tells whether ids mean something for the users of an organization.
func (m *userMerge) comparesIDs(a, b Object) bool {
	known := len(m.a.small[Organizations]) > 0 && len(m.b.small[Organizations]) > 0
	return m.sameInstance || !known && a.String("organization") == b.String("organization")
}

// hold keeps a user until its id turns up in the other document.
func (m *userMerge) hold(i int, key Key, o Object, rows []userRow) {
	id := o.String("id")
	if other, ok := m.held[1-i][id]; ok {
		delete(m.held[1-i], id)
		p := pair{o, other.object()}
		if i == 1 {
			key, p = other.key, pair{p.b, p.a}
		}
		m.emit(key, p)
		return
	}
	h := held{id: id, key: key, o: o}
	for _, r := range rows {
		if r.raw != nil && r.o.String("id") == id {
			h.o, h.raw = nil, r.raw
		}
	}
	if _, twice := m.held[i][id]; twice || id == "" {
		m.rest[i] = append(m.rest[i], h)
		return
	}
	m.held[i][id] = h
}

func (m *userMerge) emit(key Key, p pair) {
	if change, ok := m.changeOf(Users, key, p); ok {
		m.found = append(m.found, foundChange{key, change})
	}
}
