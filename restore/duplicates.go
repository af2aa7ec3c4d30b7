package restore

import (
	"slices"

	"pritunl-backup/snapshot"
)

// mayDouble are the kinds of which an interrupted run can leave an object twice: its last request is carried out after
// the next run has looked. Other kinds cannot be there twice, or making one again changes nothing.
func mayDouble(kind snapshot.Kind) bool {
	switch kind {
	case snapshot.Organizations, snapshot.Users, snapshot.Links, snapshot.Locations, LocationHosts:
		return true
	}
	return false
}

// duplicateOf gives the wanted object of which an object of the target, which the snapshot does not have, is a second
// one: it is equal but for its id, all that belongs to it is equal to what belongs to the other, nothing else uses it,
// and the other one is there. It is nil for everything else.
func (b *builder) duplicateOf(live *node) *node {
	if !b.exact() || !mayDouble(live.kind) || live.twin != nil {
		return nil
	}
	wanted := b.byKey(live.kind)[live.key()]
	i := slices.IndexFunc(wanted, func(want *node) bool { return want.twin != nil && b.isCopy(want, live) })
	if i < 0 {
		return nil
	}
	return wanted[i]
}

// byKey gives the wanted objects of a kind by both of their keys.
func (b *builder) byKey(kind snapshot.Kind) map[string][]*node {
	if b.keys[kind] == nil {
		keys := map[string][]*node{}
		for _, n := range b.want.kinds[kind] {
			keys[n.key()] = append(keys[n.key()], n)
			if sent := n.sentKey(); sent != n.key() {
				keys[sent] = append(keys[sent], n)
			}
		}
		b.keys[kind] = keys
	}
	return b.keys[kind]
}

// isCopy tells whether a live object is what a run makes of the wanted one, or a beginning of it.
func (b *builder) isCopy(want, live *node) bool {
	if len(want.changes(&node{kind: live.kind, object: live.object})) > 0 {
		return false
	}
	if live.kind == snapshot.Users && (live.object.Bool("pin") || len(live.object.Objects("devices")) > 0) {
		return false // somebody uses it
	}
	if len(b.live.to(live, snapshot.ServerOrganizations)) > 0 {
		return false
	}
	for _, kind := range []snapshot.Kind{snapshot.Users, snapshot.Locations, LocationRoutes, LocationHosts} {
		parts := slices.Clone(b.want.of(want, kind))
		for _, p := range b.live.of(live, kind) {
			i := slices.IndexFunc(parts, func(q *node) bool { return q.ownName() == p.ownName() && b.isCopy(q, p) })
			if i < 0 {
				return false
			}
			parts = slices.Delete(parts, i, i+1)
		}
	}
	return true
}

// inDuplicate tells whether an object is a duplicate, or goes with one.
func (b *builder) inDuplicate(n *node) bool {
	for at := n; at != nil; at = at.owner {
		if b.duplicates[at] {
			return true
		}
	}
	return false
}

// Duplicates gives the deletions of objects that an interrupted restore has left twice.
func (p *Plan) Duplicates() []*Action {
	return slices.DeleteFunc(p.Deletes(), func(a *Action) bool { return !a.Duplicate })
}
