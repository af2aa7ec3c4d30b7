package snapshot

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
)

// Prepared is an object in the form in which a document holds it. It is smaller
// than the object, and writing it takes next to no time.
type Prepared struct {
	kind     Kind
	id, name string
	key      Key
	text     []byte
}

// Name gives the object's name.
func (p Prepared) Name() string { return p.name }

// Key gives the object's place in its section.
func (p Prepared) Key() Key { return p.key }

// SortPrepared is Sort for prepared objects of one kind.
func SortPrepared(list []Prepared) {
	slices.SortStableFunc(list, func(a, b Prepared) int {
		return cmp.Or(a.key.Compare(b.key), bytes.Compare(a.text, b.text))
	})
}

// Prepare does the work of WriteElement that does not depend on what was written
// before: several goroutines may prepare objects side by side, as long as nobody
// writes one of the kinds that Names learns from. It leaves the object as it is.
func (d *Writer) Prepare(kind Kind, o Object) (Prepared, error) {
	p := Prepared{kind: kind, id: o.String("id"), name: o.String("name"), key: SortKey(kind, o, d.names)}
	var err error
	if p.text, err = (normaliser{kind, d.redact}).encode(o); err != nil {
		return Prepared{}, fmt.Errorf("write %s %q: %w", kind, p.id, err)
	}
	if len(p.text) > maxElement {
		return Prepared{}, fmt.Errorf("write %s %q: larger than %d bytes", kind, p.id, maxElement)
	}
	return p, nil
}

// WriteElement adds an object to its kind's section, without the fields that
// change by themselves, with unordered lists sorted, and redacted if the header
// says so. Kinds come in the order of Kinds, objects in the order of Sort.
func (d *Writer) WriteElement(kind Kind, o Object) error {
	if err := d.ready(); err != nil {
		return err
	}
	p, err := d.Prepare(kind, o)
	if err != nil {
		return d.fail("%w", err)
	}
	return d.WritePrepared(p)
}

// WritePrepared is WriteElement for an object that this writer has prepared.
func (d *Writer) WritePrepared(p Prepared) error {
	if err := d.ready(); err != nil {
		return err
	}
	at := p.kind.position()
	switch {
	case at < 0:
		return d.fail("write element: no kind %q", p.kind)
	case d.docs || at+1 < d.open:
		return d.fail("write %s: its section is over", p.kind)
	}
	d.openKinds(at + 1)
	first := d.count(resources) == 0
	if !first && p.kind.Single() {
		return d.fail("write %s: there is only one", p.kind)
	}
	if !first && p.key.Compare(d.last) < 0 {
		return d.fail("write %s %q: comes after an object it belongs before", p.kind, p.id)
	}
	d.last = p.key
	d.names.learn(p.kind, p.id, p.name)
	d.element(resources, p.text)
	return d.err
}
