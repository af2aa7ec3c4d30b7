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

// mapHosts pairs hosts: as told, else by id, by names that are one of a kind on
// both sides, and the one with the one. It never guesses.
// begun says that an earlier run may have given hosts their old names already.
func mapHosts(want, live, used []*node, told map[string]string, begun bool) (map[*node]*node, error) {
	pairs := map[*node]*node{}
	taken := map[*node]bool{}
	left := map[*node]bool{} // hosts of the snapshot that are left out on purpose
	for _, old := range slices.Sorted(maps.Keys(told)) {
		w, err := oneHost(want, old, "snapshot")
		if err != nil {
			return nil, err
		}
		if told[old] == "" {
			left[w] = true
			continue
		}
		l, err := oneHost(live, told[old], "target")
		if err != nil {
			var renamed error
			if l, renamed = oneHost(live, w.object.String("name"), "target"); renamed != nil || !begun {
				return nil, err
			}
		}
		if pairs[w] != nil || taken[l] {
			return nil, &UsageError{Text: fmt.Sprintf("host %s is mapped twice", quote(old+"="+told[old])), Next: "give each host once in --map-host"}
		}
		pairs[w], taken[l] = l, true
	}
	if len(want) == 1 && len(live) == 1 && len(told) == 0 {
		return map[*node]*node{want[0]: live[0]}, nil
	}
	free := func(n *node) bool { return pairs[n] == nil && !left[n] && !taken[n] }
	pairBy := func(key func(*node) string) {
		w, l := countBy(want, key), countBy(live, key)
		for _, n := range want {
			k := key(n)
			if k != "" && len(w[k]) == 1 && len(l[k]) == 1 && free(n) && free(l[k][0]) {
				pairs[n], taken[l[k][0]] = l[k][0], true
			}
		}
	}
	pairBy(func(n *node) string { return n.id })
	pairBy(func(n *node) string { return n.sent.String("name") })
	pairBy(func(n *node) string { return n.object.String("name") })
	return pairs, unmapped(slices.DeleteFunc(slices.Clone(used), func(n *node) bool { return !free(n) }), live, taken)
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
