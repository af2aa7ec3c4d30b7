package restore

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"pritunl-backup/snapshot"
)

// HostMapping says which host of the target stands for one of the snapshot.
type HostMapping struct {
	Old   string `json:"old"`
	New   string `json:"new"` // "" leaves the host out
	OldID string `json:"old_id"`
	NewID string `json:"new_id,omitempty"`
}

// hostMap pairs the hosts of a snapshot with those of a target.
type hostMap struct {
	want, live []*node
	pairs      map[*node]*node
	taken      map[*node]bool // hosts of the target that have a partner
	left       map[*node]bool // hosts of the snapshot that are left out on purpose
}

// mapHosts pairs hosts: as told, else by id, by names that are one of a kind on
// both sides, and the one with the one. It never guesses.
// begun says that an earlier run may have given hosts their old names already.
func mapHosts(want, live, used []*node, told map[string]string, begun bool) (map[*node]*node, error) {
	m := &hostMap{want: want, live: live, pairs: map[*node]*node{}, taken: map[*node]bool{}, left: map[*node]bool{}}
	for _, old := range slices.Sorted(maps.Keys(told)) {
		if err := m.pairAsTold(old, told[old], begun); err != nil {
			return nil, err
		}
	}
	if len(want) == 1 && len(live) == 1 && len(told) == 0 {
		return map[*node]*node{want[0]: live[0]}, nil
	}
	m.pairBy(func(n *node) string { return n.id })
	m.pairBy(func(n *node) string { return n.sent.String("name") })
	m.pairBy(func(n *node) string { return n.object.String("name") })
	return m.pairs, unmapped(slices.DeleteFunc(slices.Clone(used), func(n *node) bool { return !m.free(n) }), live, m.taken)
}

func (m *hostMap) pairAsTold(old, replacement string, begun bool) error {
	want, err := oneHost(m.want, old, "snapshot")
	if err != nil {
		return err
	}
	if replacement == "" {
		m.left[want] = true
		return nil
	}
	live, err := oneHost(m.live, replacement, "target")
	if err != nil {
		var renamed error
		if live, renamed = oneHost(m.live, want.object.String("name"), "target"); renamed != nil || !begun {
			return err
		}
	}
	if m.pairs[want] != nil || m.taken[live] {
		return &UsageError{Text: fmt.Sprintf("host %s is mapped twice", quote(old+"="+replacement)), Next: "give each host once in --map-host"}
	}
	m.pairs[want], m.taken[live] = live, true
	return nil
}

func (m *hostMap) free(n *node) bool { return m.pairs[n] == nil && !m.left[n] && !m.taken[n] }

// pairBy pairs free hosts whose key is one of a kind on both sides.
func (m *hostMap) pairBy(key func(*node) string) {
	want, live := countBy(m.want, key), countBy(m.live, key)
	for _, n := range m.want {
		k := key(n)
		if k != "" && len(want[k]) == 1 && len(live[k]) == 1 && m.free(n) && m.free(live[k][0]) {
			m.pairs[n], m.taken[live[k][0]] = live[k][0], true
		}
	}
}

func countBy(nodes []*node, key func(*node) string) map[string][]*node {
	out := map[string][]*node{}
	for _, n := range nodes {
		out[key(n)] = append(out[key(n)], n)
	}
	return out
}

func oneHost(nodes []*node, nameOrID, side string) (*node, error) {
	var found []*node
	var names []string
	for _, n := range nodes {
		names = append(names, named(n.sent.String("name")))
		if n.id == nameOrID {
			return n, nil
		}
		if n.sent.String("name") == nameOrID {
			found = append(found, n)
		}
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return nil, &UsageError{Text: fmt.Sprintf("the %s has no host %s", side, quote(nameOrID)), Next: hostHint(nameOrID, names)}
	}
	return nil, &UsageError{Text: fmt.Sprintf("the %s has %d hosts %s", side, len(found), quote(nameOrID)), Next: "give the id of the host instead of its name"}
}

func hostHint(written string, names []string) string {
	hint := "its hosts are " + strings.Join(names, ", ")
	if near := nearest(written, names); near != "" {
		hint = "did you mean " + quote(near) + "? " + hint
	}
	return hint
}

func unmapped(want, live []*node, taken map[*node]bool) error {
	if len(want) == 0 {
		return nil
	}
	var open, offers []string
	for _, n := range want {
		open = append(open, named(n.sent.String("name")))
	}
	for _, n := range live {
		if !taken[n] {
			offers = append(offers, named(n.object.String("name")))
		}
	}
	next := "the target has no other host; --map-host " + quote(open[0]+"=") + " leaves it out"
	if len(offers) > 0 {
		next = fmt.Sprintf("say --map-host OLD=NEW for each; left on the target: %s; OLD= leaves a host out", strings.Join(offers, ", "))
	}
	return &AmbiguousError{Text: "it is not clear which host of the target stands for " + strings.Join(open, ", "), Next: next}
}

func hostMappings(want []*node) []HostMapping {
	var out []HostMapping
	for _, n := range want {
		if n.borrowed {
			continue
		}
		m := HostMapping{Old: n.sent.String("name"), OldID: n.id}
		if n.twin != nil {
			m.New, m.NewID = n.twin.object.String("name"), n.twin.id
		}
		out = append(out, m)
	}
	return out
}

// usedHosts are the hosts whose mapping matters: all of them, unless hosts and
// everything on them is left out.
func usedHosts(t *tree, opts PlanOptions) []*node {
	var used []*node
	for _, h := range t.kinds[snapshot.Hosts] {
		if opts.selects(h) {
			used = append(used, h)
			continue
		}
		if slices.ContainsFunc(t.to(h, snapshot.ServerHosts), opts.selects) {
			used = append(used, h)
		}
	}
	return used
}
