package snapshot

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
)

// Names gives the name of an object by its id, for those kinds by whose names
// others are sorted. Nothing changes in it while a section that looks into it
// goes by, so order holds even if ids of two kinds should ever be the same.
type Names map[string]string

// Learn adds an object, when others are sorted by the names of its kind.
func (n Names) Learn(kind Kind, o Object) { n.learn(kind, o.String("id"), o.String("name")) }

func (n Names) learn(kind Kind, id, name string) {
	switch kind {
	case Organizations, Hosts, Servers, Links:
		if id != "" {
			n[id] = name
		}
	}
}

// or gives the name of an id, or what the referring object itself calls it.
func (n Names) or(id, fallback string) string {
	if name, ok := n[id]; ok {
		return name
	}
	return fallback
}

// Key is an object's place within its section. Keys compare member by member,
// by the bytes of their UTF-8.
type Key []string

// Compare gives -1, 0 or 1.
func (k Key) Compare(other Key) int { return slices.Compare(k, other) }

// SortKey gives the key by which a document sorts an object: its natural key,
// with ids after each name because names are not unique. refs holds the objects
// of this same document (Writer.Names); what it does not hold sorts under the
// name that the object itself bears, if it does.
func SortKey(kind Kind, o Object, refs Names) Key {
	id, name := o.String("id"), o.String("name")
	switch kind {
	case Subscription, Settings:
		return Key{}
	case Administrators:
		return Key{o.String("username"), id}
	case ServerOrganizations, ServerHosts, ServerLinks:
		server := o.String("server")
		return Key{refs.or(server, ""), server, refs.or(id, name), id}
	case ServerRoutes:
		server := o.String("server")
		return Key{refs.or(server, ""), server, o.String("network"), id}
	case Locations:
		link := o.String("link_id")
		return Key{refs.or(link, ""), link, name, id}
	case Users:
		org := o.String("organization")
		return Key{refs.or(org, o.String("organization_name")), org, o.userRank(), name, o.String("email"), id}
	}
	return Key{name, id}
}

// userRank puts the users an administrator made before the internal ones.
func (o Object) userRank() string {
	switch o.String("type") {
	case "client", "":
		return "0"
	case "server":
		return "1"
	}
	return "2"
}

// Sort puts the objects of one kind into the order a Writer asks for. Objects
// with the same key (Pritunl makes none) are ordered by their whole content.
func Sort(kind Kind, objects []Object, refs Names) {
	type keyed struct {
		key  Key
		text []byte
		o    Object
	}
	rows := make([]keyed, len(objects))
	for i, o := range objects {
		rows[i] = keyed{key: SortKey(kind, o, refs), o: o}
	}
	content := func(r *keyed) []byte {
		if r.text == nil {
			// An object that cannot be encoded is refused by the writer.
			if r.text, _ = r.o.Encode(); r.text == nil {
				r.text = fmt.Append(nil, r.o)
			}
		}
		return r.text
	}
	slices.SortStableFunc(rows, func(a, b keyed) int {
		if c := a.key.Compare(b.key); c != 0 {
			return c
		}
		return bytes.Compare(content(&a), content(&b))
	})
	for i, r := range rows {
		objects[i] = r.o
	}
}

// compareIDs orders two canonical Extended JSON values of _id where that is
// plain: numbers by value, strings and object ids by their bytes. Others are
// left in the order the database gave.
func compareIDs(a, b any) int {
	na, oka := numberID(a)
	nb, okb := numberID(b)
	if oka && okb {
		return cmp.Or(cmp.Compare(len(na), len(nb)), cmp.Compare(na, nb))
	}
	sa, oka := stringID(a)
	sb, okb := stringID(b)
	if oka && okb && sa[0] == sb[0] {
		return cmp.Compare(sa, sb)
	}
	return -1
}

// numberID gives the digits of a whole number that is not negative, which
// compare first by their count.
func numberID(v any) (string, bool) {
	m, _ := asMap(v)
	for _, t := range []string{"$numberInt", "$numberLong"} {
		if s := m.String(t); s != "" && s[0] != '-' {
			return s, true
		}
	}
	return "", false
}

func stringID(v any) (string, bool) {
	if s, ok := v.(string); ok {
		return "s" + s, true
	}
	m, _ := asMap(v)
	id := m.String("$oid")
	return "o" + id, id != ""
}
