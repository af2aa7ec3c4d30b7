package restore

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"pritunl-backup/snapshot"
)

// whyUnknown says why a field that a newer server has added is not restored.
const whyUnknown = "unknown to this version, which cannot write it"

// knownFields gives the names that the catalogue has for a kind.
func knownFields(kind snapshot.Kind) map[string]bool {
	known := map[string]bool{}
	for _, f := range fieldsOf(kind) {
		known[f.Path] = true
	}
	return known
}

// unknownTo gives the fields of a document's object that are none of those known, sorted. What the tree itself adds
// to parts of locations is in no object, and peers are relations of their own.
func (n *node) unknownTo(known map[string]bool) []string {
	var out []string
	for name := range n.sent {
		if !known[name] {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}

// warnUnknown names the fields of each kind that cannot be restored because this version does not know them.
func (t *tree) warnUnknown() []string {
	var warnings []string
	for _, level := range levels() {
		nodes, known, found := t.kinds[level.kind], knownFields(level.kind), map[string]bool{}
		if len(known) == 0 {
			continue // a relation, not an object
		}
		for _, n := range nodes {
			if n.borrowed {
				continue
			}
			for _, name := range n.unknownTo(known) {
				found[name] = true
			}
		}
		if len(found) > 0 {
			words := strings.Join(slices.Sorted(maps.Keys(found)), ", ")
			warnings = append(warnings, fmt.Sprintf("%s have fields unknown to this version, which cannot be restored: %s", strings.ReplaceAll(string(level.kind), "_", " "), words))
		}
	}
	return warnings
}

// unknownLimits names the unknown fields of an object that are not on the target as the snapshot has them. Their values
// are not given: nobody knows whether they are secret.
func (b *builder) unknownLimits(n, live *node, base Remaining) []Remaining {
	known := b.known[n.kind]
	if known == nil {
		known = knownFields(n.kind)
		b.known[n.kind] = known
	}
	var out []Remaining
	for _, name := range n.unknownTo(known) {
		if equal(snapshot.Field{Path: name}, n.sent[name], live.object[name]) {
			continue
		}
		r := base
		r.Field, r.Class, r.Why = name, Limit, whyUnknown
		out = append(out, r)
	}
	return out
}
