package snapshot

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// side is one of the two documents of a comparison.
type side struct {
	header Header
	next   func() (Element, error)
	peeked *Element
	small  map[Kind][]Object // everything but users
	labels Names             // by id: what the object is called in both documents
	orgs   map[string]int    // how many organizations have a name
}

func documentSide(d *Document) *side {
	var all []Element
	names := d.Names()
	for _, kind := range Kinds() {
		objects := slices.Clone(d.Resources[kind])
		Sort(kind, objects, names)
		for _, o := range objects {
			all = append(all, Element{Kind: kind, Object: o})
		}
	}
	return &side{header: d.Header, next: func() (Element, error) {
		if len(all) == 0 {
			return Element{}, io.EOF
		}
		e := all[0]
		all = all[1:]
		return e, nil
	}}
}

func (s *side) peek() (*Element, error) {
	if s.peeked == nil {
		e, err := s.next()
		if err != nil {
			return nil, err
		}
		s.peeked = &e
	}
	return s.peeked, nil
}

func (s *side) loadSmall() error {
	s.small, s.labels, s.orgs = map[Kind][]Object{}, Names{}, map[string]int{}
	for {
		e, err := s.peek()
		if errors.Is(err, io.EOF) || err == nil && (e.Kind == Users || e.Collection != "") {
			return nil
		}
		if err != nil {
			return err
		}
		if !Internal(e.Kind, e.Object) {
			s.small[e.Kind] = append(s.small[e.Kind], e.Object)
		}
		s.peeked = nil
	}
}

// rename gives hosts the names of those that took their place, and tells their ids.
func (s *side) rename(hosts map[string]string) map[string]bool {
	renamed := map[string]bool{}
	for i, h := range s.small[Hosts] {
		name, ok := hosts[h.String("id")]
		if !ok {
			name, ok = hosts[h.String("name")]
		}
		if ok {
			h = h.Clone()
			h["name"] = name
			s.small[Hosts][i] = h
			renamed[h.String("id")] = true
		}
	}
	return renamed
}

// nextUser gives the next user that an administrator made, nil at the end.
func (s *side) nextUser() (*Element, error) {
	for {
		e, err := s.peek()
		if errors.Is(err, io.EOF) || err == nil && e.Kind != Users {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		s.peeked = nil
		if !Internal(Users, e.Object) {
			return e, nil
		}
	}
}

// A label is an object's name; the second of that name has a number behind it,
// divided by what no name contains.
const labelMark = "\x00"

func makeLabel(name string, nth int) string {
	if nth == 1 {
		return name
	}
	return fmt.Sprintf("%s%s%08d", name, labelMark, nth)
}

// unnumbered is a label without its number.
func unnumbered(label string) string {
	name, _, _ := strings.Cut(label, labelMark)
	return name
}

// readable is a label as people see it.
func readable(label string) string {
	name, nth, ok := strings.Cut(label, labelMark)
	if !ok {
		return label
	}
	return name + " #" + strings.TrimLeft(nth, "0")
}

func (s *side) labelOf(id string) string { return s.labels.or(id, id) }

// userOrg gives the label of a user's organization. Where the document leaves
// organizations out, users still bear the name; they come ordered by name and
// id, so the first id of a name is the first organization of it.
func (s *side) userOrg(u Object) string {
	id := u.String("organization")
	if label, ok := s.labels[id]; ok {
		return label
	}
	name := u.String("organization_name")
	s.orgs[name]++
	s.labels[id] = makeLabel(name, s.orgs[name])
	return s.labels[id]
}

// naturalKey is what an object is matched by: SortKey without ids.
func (s *side) naturalKey(kind Kind, o Object) Key {
	switch kind {
	case Subscription, Settings:
		return Key{}
	case Administrators:
		return Key{o.String("username")}
	case ServerOrganizations, ServerHosts, ServerLinks:
		return Key{s.labelOf(o.String("server")), s.labelOf(o.String("id"))}
	case ServerRoutes:
		if o.Bool("virtual_network") {
			return Key{s.labelOf(o.String("server")), "virtual network"}
		}
		return Key{s.labelOf(o.String("server")), o.String("network")}
	case Locations:
		return Key{s.labelOf(o.String("link_id")), o.String("name")}
	case Users:
		return Key{s.userOrg(o), o.String("name")}
	}
	return Key{o.String("name")}
}
