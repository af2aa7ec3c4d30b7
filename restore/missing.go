package restore

import (
	"slices"

	"pritunl-backup/snapshot"
)

// LiveKinds gives what has to be read of a target in order to plan the restore of a snapshot with this header: its own
// kinds, what shows whether the target is in use, who asks, and what the servers of the target are bound to.
func LiveKinds(wanted snapshot.Header) []snapshot.Kind {
	return slices.DeleteFunc(snapshot.Kinds(), func(kind snapshot.Kind) bool {
		switch kind {
		case snapshot.Subscription, snapshot.Administrators, snapshot.Locations, snapshot.Users:
			return !wanted.Has(kind)
		}
		return false
	})
}

// checkLive refuses a live state that lacks something a plan has to know.
func checkLive(live *snapshot.Document, wanted snapshot.Header) error {
	for _, kind := range LiveKinds(wanted) {
		switch kind {
		case snapshot.Administrators, snapshot.Links, snapshot.Locations, snapshot.Subscription:
			continue // may be hidden for want of a privilege or a licence
		}
		if !live.Header.Has(kind) {
			return &UsageError{Text: "the live state lacks " + string(kind), Next: "read the whole target before planning"}
		}
	}
	return nil
}

// needs gives the kinds without which the objects of a kind say nothing.
func needs(kind snapshot.Kind) []snapshot.Kind {
	switch kind {
	case snapshot.Users:
		return []snapshot.Kind{snapshot.Organizations}
	case snapshot.ServerOrganizations:
		return []snapshot.Kind{snapshot.Servers, snapshot.Organizations}
	case snapshot.ServerHosts:
		return []snapshot.Kind{snapshot.Servers, snapshot.Hosts}
	case snapshot.ServerRoutes, snapshot.ServerLinks:
		return []snapshot.Kind{snapshot.Servers}
	case snapshot.Locations:
		return []snapshot.Kind{snapshot.Links}
	}
	return nil
}

// has tells whether the document knows of every object of a kind: one that it does not hold did not exist. What it does
// not know is left alone.
func (t *tree) has(kind snapshot.Kind) bool {
	return t.header.Has(kind) && !slices.ContainsFunc(needs(kind), func(k snapshot.Kind) bool { return !t.header.Has(k) })
}

// borrow gives the wanted document with the kinds that it lacks as the target has them: nothing happens to those, and
// what refers to them finds them where the target is the instance that the snapshot is of.
func borrow(wanted, live *snapshot.Document) *snapshot.Document {
	out := &snapshot.Document{Header: wanted.Header, Summary: wanted.Summary, Resources: map[snapshot.Kind][]snapshot.Object{}}
	for _, kind := range snapshot.Kinds() {
		out.Resources[kind] = wanted.Resources[kind]
		if len(out.Resources[kind]) == 0 && !wanted.Header.Has(kind) {
			out.Resources[kind] = live.Resources[kind]
		}
	}
	return out
}

// markBorrowed tells the nodes that are no objects of the snapshot.
func (t *tree) markBorrowed(wanted *snapshot.Document) {
	for kind, nodes := range t.kinds {
		if wanted.Header.Has(section(kind)) || len(wanted.Resources[section(kind)]) > 0 {
			continue
		}
		for _, n := range nodes {
			n.borrowed = true
		}
	}
}

// orphan is an object whose owner is neither in the snapshot nor on the target.
func (t *tree) orphan(kind snapshot.Kind, o snapshot.Object) {
	if slices.ContainsFunc(needs(kind), func(k snapshot.Kind) bool { return !t.header.Has(k) }) {
		t.orphans = append(t.orphans, &node{kind: kind, id: o.String("id"), object: o, sent: o})
	}
}

// decideOrphans says that they cannot be restored.
func (b *builder) decideOrphans() []*Action {
	var out []*Action
	for _, n := range b.want.orphans {
		name := n.object.String("name")
		if n.kind == snapshot.ServerRoutes {
			name = n.object.String("network")
		}
		reason := "it belongs to an object that is neither in the snapshot nor on the target"
		out = append(out, &Action{Kind: n.kind, Path: named(name), Verb: Cannot, OldID: n.id, Reason: reason, want: n})
	}
	return out
}

// leaveOutSSO leaves single sign-on to the target when the snapshot lacks the organization that it is for.
func (b *builder) leaveOutSSO() {
	if b.want.header.Has(snapshot.Organizations) {
		return
	}
	for _, n := range b.want.kinds[snapshot.Settings] {
		if n.object.String("sso_org") == "" || n.other != nil {
			continue
		}
		n.leaveOut("single sign-on is for an organization, and the snapshot has none", droppedBy(groupSSO)...)
	}
}
