package restore

import (
	"slices"
	"strings"

	"pritunl-backup/snapshot"
)

// decide says for every object what has to happen, in the order of execution.
func (b *builder) decide() {
	forward := b.decideOrphans()
	var backward []*Action
	for _, level := range levels() {
		switch level.kind {
		case LinkStates:
			forward = append(forward, b.linkStates()...)
		case ServerStates:
			forward = append(forward, b.serverStates()...)
		case ConnectionSettings:
			forward = append(forward, b.connectionSettings()...)
		default:
			for _, n := range b.want.kinds[level.kind] {
				if a := b.decideWanted(n); a != nil {
					b.actions[n] = a
					forward = append(forward, a)
				}
			}
			var extra []*Action
			for _, n := range b.live.kinds[level.kind] {
				if n.twin == nil {
					if a := b.decideExtra(n); a != nil {
						extra = append(extra, a)
					}
				}
			}
			for _, a := range extra {
				if a.Verb == Delete {
					b.gone[a.live] = true
					backward = append(backward, a)
				} else {
					forward = append(forward, a)
				}
			}
		}
	}
	slices.Reverse(backward)
	b.plan.Actions = b.ordered(backward, forward)
	b.plan.refused = b.refuse()
}

func newAction(n *node, kind snapshot.Kind, verb Verb, reason string) *Action {
	a := &Action{Kind: kind, Path: n.path(), Verb: verb, OldID: n.id, Reason: reason, want: n, live: n.twin, Rules: n.rules, Rewrote: n.changed}
	if n.twin != nil {
		a.NewID = n.twin.id
	}
	return a
}

// decideWanted says what happens to an object of the snapshot; nil when there is
// nothing to say.
func (b *builder) decideWanted(n *node) *Action {
	if n.borrowed {
		return nil // the snapshot says nothing of it
	}
	verb, reason := b.obstacle(n)
	if verb != "" {
		return newAction(n, n.kind, verb, reason)
	}
	if n.twin == nil {
		if n.virtual() && n.plain() {
			return nil // every server has the row; it says nothing here
		}
		a := newAction(n, n.kind, Create, "")
		a.Altered = n.alterations()
		return a
	}
	a := newAction(n, n.kind, Leave, "")
	if b.opts.Mode == ModeSkip {
		a.Reason = "exists already"
		return a
	}
	if changes := n.changes(n.twin); len(changes) > 0 {
		a.Verb, a.Fields = Changing, n.display(changes)
		a.Altered = n.alterations()
		if n.kind == snapshot.Users && n.object.String("name") == "" {
			a.Verb, a.Reason = Cannot, "a user without a name can be created, but any change would rename it to undefined"
		}
	}
	return a
}

// decideExtra says what happens to an object that the snapshot does not have.
func (b *builder) decideExtra(n *node) *Action {
	a := &Action{Kind: n.kind, Path: n.path(), NewID: n.id, live: n}
	switch {
	case n.kind == snapshot.Hosts, n.kind == snapshot.Settings, n.kind == snapshot.Subscription, n.virtual():
		return nil
	case n.owner != nil && n.owner.twin == nil, n.other != nil && n.other.twin == nil && n.kind != snapshot.ServerHosts:
		return nil // goes, or stays, with what it belongs to
	}
	if n.kind == snapshot.ServerHosts && b.want.homeless(n.owner.twin) {
		a.Verb, a.Reason = Leave, "none of the server's hosts in the snapshot is on the target, so it stays here"
		return a
	}
	if !b.want.has(section(n.kind)) {
		a.Verb, a.Reason = Leave, "the snapshot does not know about "+string(section(n.kind))
		return a
	}
	a.Verb, a.Reason = Leave, "not in the snapshot"
	original := b.duplicateOf(n)
	switch {
	case !b.opts.selects(n):
		a.Verb, a.Reason = Skip, whyFiltered
	case original != nil:
		a.Verb, a.Duplicate, a.Reason = Delete, true, "duplicate of "+original.path()+", left by an interrupted restore"
		b.duplicates[n] = true
	case n.kind == snapshot.Administrators && n.id == b.plan.caller:
		a.Reason = "not in the snapshot, but it is the administrator in use"
	case b.opts.Prune:
		a.Verb = Delete
	case b.exact() && isPart(n.kind):
		a.Verb, a.Born = Delete, true
	case b.opts.Mode == ModeUpdate:
		a.Reason = "not in the snapshot; --prune deletes it"
	}
	return a
}

// exact tells whether parts of objects that the snapshot does not have are taken
// away without asking: a server is born with routes and a host.
func (b *builder) exact() bool { return b.opts.Mode == ModeFresh || b.opts.Mode == ModeResume }

// isPart tells kinds that only say something about other objects.
func isPart(kind snapshot.Kind) bool {
	switch kind {
	case snapshot.ServerHosts, snapshot.ServerRoutes, snapshot.ServerOrganizations, snapshot.ServerLinks, RouteOverrides,
		LocationRoutes, LocationExclusions, LocationTransits, LocationTransitStops:
		return true
	}
	return false
}

// plain tells whether a row of the virtual network holds nothing of its own.
func (n *node) plain() bool {
	for _, f := range n.sends() {
		if v, ok := n.object[f.Path]; ok && f.Path != "network" && !isZero(f, v) {
			return false
		}
	}
	return true
}

// alterations gives the fields that the server will not store as they are sent.
func (n *node) alterations() []Change {
	var out []Change
	for _, f := range n.sends() {
		sent, ok := n.sent[f.Path]
		if ok && f.Ref == "" && !equal(f, sent, n.object[f.Path]) {
			out = append(out, newChange(f, sent, n.object[f.Path]))
		}
	}
	return out
}

// display shows references by name.
func (n *node) display(changes []Change) []Change {
	for i, c := range changes {
		if c.Path == "sso_org" {
			changes[i].Old, changes[i].New = nameOr(n.twin.other, c.Old), nameOr(n.other, c.New)
		}
	}
	return changes
}

func nameOr(n *node, otherwise any) any {
	if n == nil {
		return otherwise
	}
	return n.path()
}

func fieldNames(changes []Change) string {
	var names []string
	for _, c := range changes {
		names = append(names, c.Path)
	}
	return strings.Join(names, ", ")
}
