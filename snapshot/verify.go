package snapshot

import (
	"encoding/json"
	"io"
	"slices"
	"strings"
)

// maxFindings bounds the lists of a Report, and so its memory; the counts go on.
const maxFindings = 1000

// Report is what Verify found in a document that is intact.
type Report struct {
	Header  Header  `json:"header"`
	Summary Summary `json:"summary"`
	// Unknown counts, by "kind.path", the objects with a field that is not in
	// the catalogue: a newer server, or one this version does not know.
	Unknown map[string]int `json:"unknown,omitempty"`
	// Unusual counts, by "kind.path", values of a JSON type never seen there.
	Unusual map[string]int `json:"unusual,omitempty"`
	// Redacted counts the values taken out.
	Redacted int `json:"redacted"`
	// Dangling holds references to what is not in the document, at most 1000.
	Dangling      []Dangling `json:"dangling,omitempty"`
	DanglingCount int        `json:"dangling_count"`
	// Duplicates holds objects whose id stands twice in their kind, at most 1000.
	Duplicates     []Duplicate `json:"duplicates,omitempty"`
	DuplicateCount int         `json:"duplicate_count"`
}

// Dangling is a reference that leads nowhere.
type Dangling struct {
	Kind   Kind   `json:"kind"`
	ID     string `json:"id"` // of the object that refers
	Path   string `json:"path"`
	To     Kind   `json:"to"`
	Target string `json:"target"` // the id that is not there, "" when there is none at all
}

// Duplicate is an id that stands twice.
type Duplicate struct {
	Kind Kind   `json:"kind"`
	ID   string `json:"id"`
}

// Consistent tells whether all references lead somewhere and ids are unique.
func (r *Report) Consistent() bool { return r.DanglingCount == 0 && r.DuplicateCount == 0 }

// Verify reads a document to its end: sums, frame, order, fields, references.
// Its memory grows with the objects that are not users. A document that is not
// intact is an error (see ErrIntegrity), everything else is a finding.
func Verify(r io.Reader) (*Report, error) {
	d, err := NewReader(r)
	if err != nil {
		return nil, err
	}
	v := verifier{
		report: &Report{Header: d.Header(), Unknown: map[string]int{}, Unusual: map[string]int{}},
		ids:    map[Kind]map[string]bool{},
	}
	for e, err := range d.Elements() {
		if err != nil {
			return nil, err
		}
		if e.Collection == "" {
			v.element(e, d.Names())
		}
	}
	for _, p := range v.pending {
		v.resolve(p)
	}
	v.report.Summary = d.Summary()
	return v.report, nil
}

type verifier struct {
	report  *Report
	ids     map[Kind]map[string]bool // not of users
	pending []Dangling               // references to what comes later
	kind    Kind
	last    Key
	seen    map[string]bool // unknown and unusual paths of one element
	refs    []Dangling      // what one element refers to
}

func (v *verifier) element(e Element, names Names) {
	v.identity(e, names)
	v.seen = map[string]bool{}
	v.refs = nil
	v.walk(e, trees[e.Kind], e.Object, "")
	for name, n := range trees[e.Kind].children {
		if _, there := e.Object[name]; n.field.Key && n.field.Ref != "" && !there {
			v.reference(e, n.field, nil)
		}
	}
	slices.SortStableFunc(v.refs, func(a, b Dangling) int { return strings.Compare(a.Path, b.Path) })
	for _, ref := range v.refs {
		if ref.To.position() >= e.Kind.position() {
			v.pending = append(v.pending, ref)
		} else {
			v.resolve(ref)
		}
	}
}

// identity notes the element's id. Ids of users are too many to keep; as users
// are sorted, the same user twice stands side by side.
func (v *verifier) identity(e Element, names Names) {
	key, id := SortKey(e.Kind, e.Object, names), e.Object.String("id")
	twice := e.Kind == v.kind && key.Compare(v.last) == 0
	v.kind, v.last = e.Kind, key
	if f, _ := Lookup(e.Kind, "id"); f.Class == Identity && e.Kind != Users && e.Kind != ServerRoutes {
		if v.ids[e.Kind] == nil {
			v.ids[e.Kind] = map[string]bool{}
		}
		twice = v.ids[e.Kind][id]
		v.ids[e.Kind][id] = true
	}
	if e.Kind == ServerRoutes && DerivedRoute(e.Object) {
		twice = false
	}
	if !twice || e.Kind.Single() {
		return
	}
	if v.report.DuplicateCount++; len(v.report.Duplicates) < maxFindings {
		v.report.Duplicates = append(v.report.Duplicates, Duplicate{e.Kind, id})
	}
}

func (v *verifier) walk(e Element, at *node, o Object, prefix string) {
	for name, value := range o {
		path := prefix + name
		field := at.child(name)
		if IsRedacted(value) {
			v.report.Redacted++
			continue
		}
		if field == nil {
			v.once(v.report.Unknown, string(e.Kind)+"."+path)
			v.report.Redacted += len(ContainsRedacted(Object{"": value}))
			continue
		}
		if shape := shapeOf(value); shape&^field.field.Shape != 0 {
			v.once(v.report.Unusual, string(e.Kind)+"."+path)
		}
		if field.field.Ref != "" {
			v.reference(e, field.field, value)
		}
		items, _ := value.([]any)
		for _, item := range items {
			if m, ok := asMap(item); ok && len(field.children) > 0 {
				v.walk(e, field, m, path+"[].")
			}
		}
	}
}

func (v *verifier) once(counts map[string]int, path string) {
	if !v.seen[path] {
		v.seen[path] = true
		counts[path]++
	}
}

func (v *verifier) reference(e Element, f Field, value any) {
	target, ok := value.(string)
	if !v.report.Header.Has(f.Ref) || (!ok || target == "") && !f.Key {
		return
	}
	v.refs = append(v.refs, Dangling{Kind: e.Kind, ID: e.Object.String("id"), Path: f.Path, To: f.Ref, Target: target})
}

func (v *verifier) resolve(ref Dangling) {
	if v.ids[ref.To][ref.Target] {
		return
	}
	if v.report.DanglingCount++; len(v.report.Dangling) < maxFindings {
		v.report.Dangling = append(v.report.Dangling, ref)
	}
}

// shapeOf gives 0 for null, which fits everywhere.
func shapeOf(v any) Shape {
	switch v.(type) {
	case string:
		return Text
	case json.Number:
		return Number
	case bool:
		return Truth
	case []any:
		return List
	case map[string]any:
		return Map
	}
	return 0
}
