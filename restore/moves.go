package restore

import (
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
