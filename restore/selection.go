package restore

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"

	"pritunl-backup/snapshot"
)

// CheckSelection makes sure, before anything is read of a target, that all that the options name is in the snapshot:
// hosts, patterns, rules. Errors are [*UsageError] and [*RulesError] and give the nearest name. With Prune a pattern
// may mean objects of the target alone: NewPlan looks at those.
func CheckSelection(wanted *snapshot.Document, opts PlanOptions) error {
	if err := opts.check(); err != nil {
		return err
	}
	ruled, _, err := opts.Rules.apply(wanted)
	if err != nil {
		return err
	}
	want := wantedTree(ruled, "")
	for _, old := range slices.Sorted(maps.Keys(opts.MapHosts)) {
		if _, err := oneHost(want.kinds[snapshot.Hosts], old, "snapshot"); err != nil {
			return err
		}
	}
	if opts.Prune {
		return nil
	}
	return opts.checkFilters(want.own())
}

// own gives the nodes by kind that are objects of the document itself.
func (t *tree) own() map[snapshot.Kind][]*node {
	out := map[snapshot.Kind][]*node{}
	for kind, nodes := range t.kinds {
		for _, n := range nodes {
			if !n.borrowed {
				out[section(kind)] = append(out[section(kind)], n)
			}
		}
	}
	return out
}

// checkSelected looks for what the options name in the snapshot and, where it may be deleted, on the target.
func (b *builder) checkSelected() error {
	nodes := b.want.own()
	if b.opts.Prune {
		for kind, live := range b.live.own() {
			nodes[kind] = append(nodes[kind], live...)
		}
	}
	return b.opts.checkFilters(nodes)
}

// checkFilters refuses a filter that chooses none of the nodes. To leave out a kind of which there is nothing is no
// mistake.
func (o PlanOptions) checkFilters(nodes map[snapshot.Kind][]*node) error {
	for _, of := range []struct {
		flag    string
		filters []Filter
	}{{"--only", o.Only}, {"--skip", o.Skip}} {
		for _, f := range of.filters {
			if of.flag == "--skip" && f.Name == "" || slices.ContainsFunc(nodes[f.Kind], f.matchesName) {
				continue
			}
			where := "in the snapshot"
			if o.Prune {
				where = "in the snapshot or on the target"
			}
			return &UsageError{Text: fmt.Sprintf("%s %s matches nothing %s", of.flag, f, where), Next: suggest(f.Name, f.Kind, namesOf(nodes[f.Kind]))}
		}
	}
	return nil
}

// checkReached refuses an --only all of whose objects belong to something that is neither on the target nor chosen: it
// would restore nothing.
func (b *builder) checkReached() error {
	for _, f := range b.opts.Only {
		var lost, end *node
		reached := b.opts.Prune && slices.ContainsFunc(b.live.own()[f.Kind], f.matchesName)
		for _, n := range b.want.own()[f.Kind] {
			if !f.matchesName(n) || !b.opts.selects(n) {
				continue
			}
			if missing := b.missingEnd(n); missing == nil || missing.kind == snapshot.Hosts {
				reached = true
			} else if lost == nil {
				lost, end = n, missing
				for further := b.missingEnd(end); further != nil; further = b.missingEnd(end) {
					lost, end = end, further
				}
			}
		}
		if lost != nil && !reached {
			too := string(section(end.kind))
			if f.Name != "" {
				too += "=" + quote(end.names()[0])
			}
			return &UsageError{
				Text: fmt.Sprintf("--only %s restores nothing: %s %s, which %s belongs to, is neither on the target nor chosen",
					f, singular(end.kind), end.path(), lost.path()),
				Next: "choose it too: --only " + too,
			}
		}
	}
	return nil
}

func (f Filter) String() string {
	if f.Name == "" {
		return string(f.Kind)
	}
	return string(f.Kind) + "=" + f.Name
}

func namesOf(nodes []*node) []string {
	var names []string
	for _, n := range nodes {
		for _, name := range n.names() {
			if name != "" {
				names = append(names, name)
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// suggest gives the name that is nearest to what was written, or else the names that there are.
func suggest(written string, kind snapshot.Kind, names []string) string {
	kinds := strings.ReplaceAll(string(kind), "_", " ")
	if len(names) == 0 {
		return "there are no " + kinds
	}
	if near := nearest(written, names); near != "" {
		return "did you mean " + quote(near) + "?"
	}
	return "its " + kinds + " are " + strings.Join(atMost(names, 10), ", ")
}

// nearest gives the name that differs least from a name or pattern, "" when none is near.
func nearest(written string, names []string) string {
	bare := []rune(strings.Map(func(r rune) rune {
		if strings.ContainsRune("*?[]\\^", r) {
			return -1
		}
		return unicode.ToLower(r)
	}, written))
	if len(bare) == 0 {
		return ""
	}
	best, found := max(1, len(bare)/3)+1, ""
	for _, name := range names {
		// Where the pattern has a star, the rest of a name does not count.
		part := []rune(strings.ToLower(name))
		switch long := len(part) - len(bare); {
		case long > 0 && strings.HasSuffix(written, "*"):
			part = part[:len(bare)]
		case long > 0 && strings.HasPrefix(written, "*"):
			part = part[long:]
		}
		if d := distance(bare, part); d < best {
			best, found = d, name
		}
	}
	return found
}

// distance counts the characters to add, to take away, to replace or to swap with their neighbour that turn one text
// into another.
func distance(a, b []rune) int {
	rows := [3][]int{make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)}
	for j := range rows[1] {
		rows[1][j] = j
	}
	for i := range a {
		last, above, row := rows[0], rows[1], rows[2]
		row[0] = i + 1
		for j := range b {
			replaced := above[j]
			if a[i] != b[j] {
				replaced++
			}
			row[j+1] = min(replaced, row[j]+1, above[j+1]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], last[j-1]+1)
			}
		}
		rows = [3][]int{above, row, last}
	}
	return rows[1][len(b)]
}
