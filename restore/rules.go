package restore

import (
	_ "embed" // the schema
	"path"
	"slices"
	"strings"

	"pritunl-backup/snapshot"
)

//go:embed schema/rules-v1.schema.json
var rulesSchema string

// RulesSchema gives the JSON Schema of a rules file.
func RulesSchema() string { return rulesSchema }

// Rules rewrite a snapshot on its way into a target, for a migration.
type Rules struct {
	offline bool
	rules   []rule
}

type rule struct {
	where   string // "rules[0]"
	name    string
	kind    snapshot.Kind
	match   string
	server  string
	set     map[string]any
	replace map[string]replacement
	drop    []string
	always  bool // no error when the snapshot has nothing that it could change
}

type replacement struct{ from, to string }

// title is how a plan calls the rule.
func (r rule) title() string {
	if r.name != "" {
		return r.name
	}
	return r.where
}

// rewrite is what rules did to one object.
type rewrite struct {
	rules   []string
	changes []Change
	dropped []string
}

// apply gives a copy of the document with the rules applied, and what they did
// to which object of the copy. A rule that finds nothing is an error.
func (r *Rules) apply(doc *snapshot.Document) (*snapshot.Document, map[string]*rewrite, error) {
	if r == nil {
		return doc, nil, nil
	}
	out := &snapshot.Document{Header: doc.Header, Summary: doc.Summary, Resources: map[snapshot.Kind][]snapshot.Object{}}
	for kind, objects := range doc.Resources {
		out.Resources[kind] = slices.Clone(objects)
	}
	done := map[string]*rewrite{}
	names := doc.Names()
	for _, rule := range r.rules {
		found := false
		for i, o := range out.Resources[rule.kind] {
			if !rule.matches(doc.Resources[rule.kind][i], names) {
				continue
			}
			changed, rw := rule.rewrite(o)
			if rw == nil {
				continue
			}
			found = true
			out.Resources[rule.kind][i] = changed
			key := objectKey(rule.kind, o)
			if done[key] == nil {
				done[key] = &rewrite{}
			}
			done[key].add(rw)
		}
		if !found && !rule.always {
			return nil, nil, &RulesError{Where: rule.where, Text: "matches nothing in the snapshot", Next: rule.hint(doc, names)}
		}
	}
	return out, done, nil
}

// hint gives the name that a rule which matches nothing may have meant.
func (r rule) hint(doc *snapshot.Document, names snapshot.Names) string {
	const otherwise = "check the pattern, or take the rule out"
	var known []string
	for _, o := range doc.Resources[r.kind] {
		known = append(known, r.nameOf(o))
	}
	if r.server != "" && !slices.ContainsFunc(doc.Resources[r.kind], func(o snapshot.Object) bool { return glob(r.server, names[o.String("server")]) }) {
		var servers []string
		for _, o := range doc.Resources[snapshot.Servers] {
			servers = append(servers, o.String("name"))
		}
		if near := nearest(r.server, servers); near != "" {
			return "did you mean the server " + quote(near) + "?"
		}
		return otherwise
	}
	if near := nearest(r.match, known); near != "" && !glob(r.match, near) {
		return "did you mean " + quote(near) + "?"
	}
	return otherwise
}

// nameOf gives what match is compared with.
func (r rule) nameOf(o snapshot.Object) string {
	switch r.kind {
	case snapshot.Administrators:
		return o.String("username")
	case snapshot.ServerRoutes:
		return o.String("network")
	}
	return o.String("name")
}

func (w *rewrite) add(other *rewrite) {
	w.rules = append(w.rules, other.rules...)
	w.changes = append(w.changes, other.changes...)
	w.dropped = append(w.dropped, other.dropped...)
}

// objectKey tells the objects of one document apart.
func objectKey(kind snapshot.Kind, o snapshot.Object) string {
	return string(kind) + " " + o.String("server") + " " + o.String("id")
}

// matches looks at names as the snapshot has them, so that the order of rules
// does not matter to what they find.
func (r rule) matches(o snapshot.Object, names snapshot.Names) bool {
	switch r.kind {
	case snapshot.Settings:
		return true
	case snapshot.ServerRoutes:
		if r.server != "" && !glob(r.server, names[o.String("server")]) {
			return false
		}
	case snapshot.Users:
		if o.String("type") != "client" {
			return false
		}
	}
	return r.match == "" || glob(r.match, r.nameOf(o))
}

// glob is path.Match where * stands for slashes too: networks have them.
func glob(pattern, name string) bool {
	const slash = "\x00"
	ok, _ := path.Match(strings.ReplaceAll(pattern, "/", slash), strings.ReplaceAll(name, "/", slash)) // checked when read
	return ok
}

// rewrite gives the changed object, or no rewrite when a replacement finds
// nothing to replace.
func (r rule) rewrite(o snapshot.Object) (snapshot.Object, *rewrite) {
	out := o.Clone()
	rw := &rewrite{rules: []string{r.title()}, dropped: r.drop}
	found := len(r.set) > 0 || len(r.drop) > 0
	for _, f := range fieldsOf(r.kind) {
		was := out[f.Path]
		if v, ok := r.set[f.Path]; ok {
			out[f.Path] = v
		}
		if rep, ok := r.replace[f.Path]; ok {
			if s, isText := out[f.Path].(string); isText && strings.Contains(s, rep.from) {
				out[f.Path] = strings.ReplaceAll(s, rep.from, rep.to)
				found = true
			}
		}
		if text(was) != text(out[f.Path]) {
			rw.changes = append(rw.changes, newChange(f, was, out[f.Path]))
		}
	}
	if !found {
		return o, nil
	}
	return out, rw
}
