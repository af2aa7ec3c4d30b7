package snapshot

import (
	"cmp"
	"slices"
	"strings"
)

// limits counts differences that a restore cannot undo.
type limits map[Limit]int

func (l limits) list() []Limit {
	var out []Limit
	for limit, n := range l {
		limit.Count = n
		out = append(out, limit)
	}
	slices.SortFunc(out, func(a, b Limit) int { return cmp.Or(cmp.Compare(a.Field, b.Field), cmp.Compare(a.Why, b.Why)) })
	return out
}

// judge says which parts of a change a restore of the first document to the
// instance of the second can undo, and takes out the others where that is asked
// for.
func (c *comparison) judge(change *Change, p pair) {
	change.Restorable = true
	if why := c.objectLimit(change, p); why != "" {
		change.Restorable = false
		c.limits[Limit{Field: string(change.Kind), Why: why}]++
	}
	for i, f := range change.Fields {
		why := c.fieldLimit(change.Kind, f.Field, p)
		if why == "" {
			change.Fields[i].Restorable = true
			continue
		}
		change.Restorable = false
		c.limits[Limit{Field: string(change.Kind) + "." + f.Field, Why: why}]++
	}
	if c.opts.Restorable && change.Action == Changed {
		change.Fields = slices.DeleteFunc(change.Fields, func(f FieldChange) bool { return !f.Restorable })
		change.Restorable = true
	}
}

// objectLimit says why an object cannot be made or removed, "" if it can.
func (c *comparison) objectLimit(change *Change, p pair) string {
	switch {
	case change.Action == Changed:
	case change.Kind == Hosts:
		return "a host registers itself when it starts"
	case change.Kind == ServerHosts && change.Action == Removed && !c.b.holds(Hosts, c.a.labelOf(p.a.String("id"))):
		return "the host is not there; --map-host says which one took its place"
	}
	return ""
}

// fieldLimit says why a field cannot be brought back, "" if it can.
func (c *comparison) fieldLimit(kind Kind, path string, p pair) string {
	f, ok := Lookup(kind, path)
	target := c.b.header.PritunlVersion
	name, _, _ := strings.Cut(path, "[")
	_, given := p.a[name]
	switch sso := p.a.String("sso"); {
	case !ok:
		return Unknown
	case !f.Restorable():
		return f.Note
	case !given:
		return "the first document does not have the field, so a restore leaves it as it is"
	case !f.KnownTo(target):
		return "Pritunl " + target + " does not have it"
	case kind == Settings && path == "sso_okta_mode" && sso != "saml_okta", kind == Settings && path == "sso_onelogin_mode" && sso != "saml_onelogin":
		return f.Note
	}
	return ""
}

// holds tells whether the document has an object of that label.
func (s *side) holds(kind Kind, label string) bool {
	return slices.ContainsFunc(s.small[kind], func(o Object) bool { return s.labels[o.String("id")] == label })
}
