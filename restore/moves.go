package restore

import (
	"context"
	"slices"

	"pritunl-backup/snapshot"
)

// moves tells whether an action takes a user to another organization.
func (a *Action) moves() bool {
	return a.Kind == snapshot.Users && a.Verb == Changing && hasField(a.Fields, "organization")
}

// ordered puts deletions before everything else. An organization that users move out of is deleted after they have: its
// users go with it. It stays when one of them cannot move.
func (b *builder) ordered(deletions, others []*Action) []*Action {
	var late []*Action
	before := slices.DeleteFunc(deletions, func(a *Action) bool {
		if a.Kind != snapshot.Organizations {
			return false
		}
		users := slices.DeleteFunc(slices.Clone(b.live.of(a.live, snapshot.Users)), func(n *node) bool { return n.twin == nil })
		for _, n := range users {
			if move := b.actions[n.twin]; move == nil || !move.moves() {
				a.Verb, a.Reason = Leave, "not in the snapshot, but user "+n.path()+" of it is, and does not move out of it"
				delete(b.gone, a.live)
			}
		}
		a.late = a.Verb == Delete && len(users) > 0
		if a.late || a.Verb == Leave {
			late = append(late, a)
			return true
		}
		return false
	})
	i := len(others)
	for i > 0 && others[i-1].Kind != snapshot.Users {
		i--
	}
	return slices.Concat(before, others[:i], late, others[i:])
}

// leaveLinks takes network links that are not wanted off a user who moves, through the organization that the user leaves:
// the server keeps a link with the organization in whose name it was added, and removes it through no other one.
func (r *runner) leaveLinks(ctx context.Context, a *Action) error {
	n, from := a.want, a.live.owner.id
	if _, known := n.object["network_links"]; !known {
		return nil
	}
	base, err := answered(r.client.User(ctx, from, n.target))
	if err != nil {
		return err
	}
	kept := []any{}
	for _, network := range base.Strings("network_links") {
		if slices.Contains(n.object.Strings("network_links"), network) {
			kept = append(kept, network)
		}
	}
	if len(kept) == len(base.Strings("network_links")) {
		return nil
	}
	body := liveBody(snapshot.Users, base)
	body["network_links"], body["pin"] = kept, base.Bool("pin")
	_, err = r.client.PutUser(ctx, from, n.target, encode(body))
	return err
}
