package snapshot

import (
	"errors"
	"fmt"
	"io"
	"slices"
)

// DiffOptions says what a comparison leaves out and what it takes for the same.
type DiffOptions struct {
	IgnoreKinds  []Kind
	IgnoreFields []string // "servers.port"; inside lists "locations.hosts[].priority"
	// Hosts gives, by name or id of a host in the first document, the name of
	// the host in the second that took its place.
	Hosts map[string]string
	// Restorable leaves out the differences that a restore of the first document
	// through the API of the second's instance cannot undo.
	Restorable bool
}

// Action is what became of an object from the first document to the second.
type Action string

// The actions.
const (
	Added   Action = "added"
	Removed Action = "removed"
	Changed Action = "changed"
)

// Difference is what tells two documents apart, but for the subscription, which
// is no configuration, and what Pritunl makes by itself (Internal). Objects with
// the same id in both documents belong together, whatever they are called now;
// the others are matched by their natural keys, and among several of one key by
// their place in the order of ids.
type Difference struct {
	Changes []Change       `json:"changes"` // in the order of the documents
	Same    map[Kind]int   `json:"same"`    // how many objects are equal
	Skipped []NotCompared  `json:"not_compared,omitempty"`
	Fields  map[string]int `json:"not_comparable,omitempty"` // by "kind.path": values that are redacted, or refer to what was left out
	// PairedByOrder counts objects whose key is not unique and whose ids told
	// nothing: which of them belong together is a guess.
	PairedByOrder int `json:"paired_by_order"`
	// NotRestorable is what no restore through the API can undo: those of Changes
	// that say so, or what DiffOptions.Restorable left out.
	NotRestorable []Limit `json:"not_restorable,omitempty"`
}

// Limit is a kind of differences that a restore cannot undo.
type Limit struct {
	Field string `json:"field"` // "users.pin"; for whole objects the kind
	Count int    `json:"count"`
	Why   string `json:"why"`
}

// Change is one object that is not the same in both documents.
type Change struct {
	Kind Kind `json:"kind"`
	// Key gives the names from the outermost object inwards, those of the first
	// document if it has the objects; "name #2" for the second of that name.
	Key        []string      `json:"key"`
	Action     Action        `json:"action"`
	OldID      string        `json:"old_id,omitempty"`
	NewID      string        `json:"new_id,omitempty"`
	Fields     []FieldChange `json:"fields,omitempty"`
	Restorable bool          `json:"restorable"` // a restore through the API undoes all of it
}

// FieldChange is one field that differs; nil stands for an absent value and
// those that mean the same. For a secret both are nil.
type FieldChange struct {
	Path       string `json:"path"`  // "port", "hosts[gw1].priority"
	Field      string `json:"field"` // the same for Lookup: "hosts[].priority"
	Old        any    `json:"old"`
	New        any    `json:"new"`
	Secret     bool   `json:"secret,omitempty"`
	Restorable bool   `json:"restorable"`
}

// NotCompared is a kind of which one document does not hold everything.
type NotCompared struct {
	Kind   Kind   `json:"kind"`
	Reason string `json:"reason"`
}

// Empty tells whether nothing differs.
func (d *Difference) Empty() bool { return len(d.Changes) == 0 }

// Diff compares two documents in memory, in whatever order their objects are.
func Diff(a, b *Document, opts DiffOptions) *Difference {
	// Reading from memory gives no errors.
	d, _ := diff(documentSide(a), documentSide(b), opts)
	return d
}

// DiffReaders compares two documents while reading them; neither may have been
// read from. Memory grows with the objects that are not users, with the number
// of differences, and with the users of one instance that do not stand at the
// same place in both documents because they or their organization were renamed,
// moved or made anew. It reads both to their ends, so a document that is not
// intact is an error.
func DiffReaders(a, b *Reader, opts DiffOptions) (*Difference, error) {
	return diff(&side{header: a.Header(), next: a.next}, &side{header: b.Header(), next: b.next}, opts)
}

func diff(a, b *side, opts DiffOptions) (*Difference, error) {
	c := newComparison(a, b, opts)
	for i, s := range []*side{a, b} {
		if err := s.loadSmall(); err != nil {
			return nil, readError(i, err)
		}
	}
	c.renamed = a.rename(opts.Hosts)
	for _, kind := range []Kind{Administrators, Organizations, Hosts, Servers, Links, Locations} {
		c.match(kind)
	}
	for _, kind := range Kinds() {
		if reason := c.missing(kind); reason != "" {
			c.out.Skipped = append(c.out.Skipped, NotCompared{kind, reason})
		} else if !slices.Contains(opts.IgnoreKinds, kind) && kind != Subscription && kind != Users {
			c.small(kind)
		}
	}
	if err := c.users(); err != nil {
		return nil, err
	}
	c.out.NotRestorable = c.limits.list()
	return c.out, nil
}

// missing says why a kind cannot be compared, "" when it can.
func (c *comparison) missing(kind Kind) string {
	if slices.Contains(c.opts.IgnoreKinds, kind) || kind == Subscription {
		return ""
	}
	for i, s := range []*side{c.a, c.b} {
		which := [...]string{"first", "second"}[i]
		if !s.header.Has(kind) {
			return fmt.Sprintf("the %s document does not hold all of them", which)
		}
		for _, f := range catalogue[kind] {
			if f.Key && f.Ref != "" && kind != Users && !s.header.Has(f.Ref) {
				return fmt.Sprintf("the %s document does not hold the %s they belong to", which, f.Ref)
			}
		}
	}
	return ""
}

// drain reads what is left, for its errors.
func (s *side) drain() error {
	for {
		if _, err := s.peek(); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		s.peeked = nil
	}
}
