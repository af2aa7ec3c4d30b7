package restore

import (
	"encoding/json"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"pritunl-backup/snapshot"
)

const rulesFormat = "pritunl-backup-rules"

// ReadRules reads a rules file, see RulesSchema. Errors are *RulesError and name
// the place.
func ReadRules(text []byte) (*Rules, error) {
	o, err := snapshot.DecodeObject(text)
	if err != nil {
		return nil, &RulesError{Text: err.Error(), Next: "a rules file is one JSON object"}
	}
	if err := onlyKeys("", o, "format", "version", "offline", "rules"); err != nil {
		return nil, err
	}
	if o["format"] != rulesFormat {
		return nil, &RulesError{Where: "format", Text: "is not " + quote(rulesFormat), Next: `begin with {"format": "` + rulesFormat + `", "version": 1, ...`}
	}
	if o["version"] != json.Number("1") {
		return nil, &RulesError{Where: "version", Text: "is not 1", Next: "this program knows version 1 of rules"}
	}
	rules := &Rules{}
	if v, ok := o["offline"]; ok {
		if rules.offline, ok = v.(bool); !ok {
			return nil, &RulesError{Where: "offline", Text: "is not true or false"}
		}
	}
	list, isList := o["rules"].([]any)
	if _, ok := o["rules"]; ok && !isList {
		return nil, &RulesError{Where: "rules", Text: "is not a list"}
	}
	for i, v := range list {
		r, err := readRule(fmt.Sprintf("rules[%d]", i), v)
		if err != nil {
			return nil, err
		}
		rules.rules = append(rules.rules, r)
	}
	return rules, nil
}

func onlyKeys(where string, o snapshot.Object, allowed ...string) error {
	for _, key := range slices.Sorted(maps.Keys(o)) {
		if !slices.Contains(allowed, key) {
			return &RulesError{Where: strings.TrimPrefix(where+"."+key, "."), Text: "is unknown", Next: "known here: " + strings.Join(allowed, ", ")}
		}
	}
	return nil
}

func readRule(where string, v any) (rule, error) {
	r := rule{where: where}
	m, ok := v.(map[string]any)
	if !ok {
		return r, &RulesError{Where: where, Text: "is not an object"}
	}
	o := snapshot.Object(m)
	if err := onlyKeys(where, o, "name", "kind", "match", "server", "set", "replace", "drop"); err != nil {
		return r, err
	}
	for key, to := range map[string]*string{"name": &r.name, "match": &r.match, "server": &r.server} {
		if v, ok := o[key]; ok {
			if *to, ok = v.(string); !ok {
				return r, &RulesError{Where: where + "." + key, Text: "is not text"}
			}
		}
	}
	kinds := []snapshot.Kind{
		snapshot.Settings, snapshot.Administrators, snapshot.Organizations, snapshot.Hosts,
		snapshot.Servers, snapshot.ServerRoutes, snapshot.Links, snapshot.Users,
	}
	if r.kind = snapshot.Kind(o.String("kind")); !slices.Contains(kinds, r.kind) {
		return r, &RulesError{Where: where + ".kind", Text: quote(string(r.kind)) + " is no kind that rules can change", Next: fmt.Sprintf("one of %v", kinds)}
	}
	return r, r.readParts(o)
}

func (r *rule) readParts(o snapshot.Object) error {
	for key, pattern := range map[string]string{"match": r.match, "server": r.server} {
		if _, err := path.Match(pattern, ""); err != nil {
			return &RulesError{Where: r.where + "." + key, Text: "is no pattern", Next: "* stands for any text, ? for one character, [ab] for one of some"}
		}
	}
	if _, ok := o["server"]; ok && r.kind != snapshot.ServerRoutes {
		return &RulesError{Where: r.where + ".server", Text: "is for the kind server_routes"}
	}
	if err := r.readSet(o); err != nil {
		return err
	}
	if err := r.readReplace(o); err != nil {
		return err
	}
	if err := r.readDrop(o); err != nil {
		return err
	}
	if len(r.set)+len(r.replace)+len(r.drop) == 0 {
		return &RulesError{Where: r.where, Text: "does nothing", Next: "say what to do: set, replace or drop"}
	}
	return nil
}

func (r *rule) field(where, name string) (snapshot.Field, error) {
	for _, f := range fieldsOf(r.kind) {
		if f.Path == name && f.Restorable() && f.Ref == "" {
			return f, nil
		}
	}
	return snapshot.Field{}, &RulesError{Where: where, Text: fmt.Sprintf("%s has no field of that name that can be restored", r.kind)}
}

func (r *rule) readSet(o snapshot.Object) error {
	v, ok := o["set"]
	if !ok {
		return nil
	}
	m, ok := v.(map[string]any)
	if !ok {
		return &RulesError{Where: r.where + ".set", Text: "is not an object"}
	}
	r.set = m
	for _, name := range slices.Sorted(maps.Keys(m)) {
		where := r.where + ".set." + name
		f, err := r.field(where, name)
		if err != nil {
			return err
		}
		if !fits(f, m[name]) {
			return &RulesError{Where: where, Text: "has the wrong type", Next: "the server takes " + wireName(f.Wire)}
		}
	}
	return nil
}

// fits tells whether the server takes a value of that JSON type.
func fits(f snapshot.Field, v any) bool {
	switch v := v.(type) {
	case nil:
		return true
	case string:
		return f.Wire == snapshot.String || f.Wire == snapshot.Any
	case bool:
		return f.Wire == snapshot.Bool
	case json.Number:
		return (f.Wire == snapshot.Int || f.Wire == snapshot.Any) && !strings.ContainsAny(v.String(), ".eE")
	case []any:
		return f.Wire == snapshot.Strings && !slices.ContainsFunc(v, func(e any) bool { _, ok := e.(string); return !ok })
	}
	return false
}

func wireName(w snapshot.WireType) string {
	switch w {
	case snapshot.Int:
		return "a whole number"
	case snapshot.Bool:
		return "true or false"
	case snapshot.Strings:
		return "a list of texts"
	case snapshot.Any:
		return "a number"
	}
	return "a text"
}

func (r *rule) readReplace(o snapshot.Object) error {
	v, ok := o["replace"]
	if !ok {
		return nil
	}
	m, ok := v.(map[string]any)
	if !ok {
		return &RulesError{Where: r.where + ".replace", Text: "is not an object"}
	}
	r.replace = map[string]replacement{}
	for _, name := range slices.Sorted(maps.Keys(m)) {
		where := r.where + ".replace." + name
		f, err := r.field(where, name)
		if err != nil {
			return err
		}
		if f.Wire != snapshot.String {
			return &RulesError{Where: where, Text: "is no text that parts could be replaced of", Next: "use set"}
		}
		entry, _ := m[name].(map[string]any)
		from, fromOK := entry["from"].(string)
		to, toOK := entry["to"].(string)
		if !fromOK || !toOK || from == "" || len(entry) != 2 {
			return &RulesError{Where: where, Text: `is not {"from": text, "to": text}`}
		}
		r.replace[name] = replacement{from, to}
	}
	return nil
}

func (r *rule) readDrop(o snapshot.Object) error {
	v, ok := o["drop"]
	if !ok {
		return nil
	}
	if r.kind != snapshot.Settings {
		return &RulesError{Where: r.where + ".drop", Text: "is for the kind settings"}
	}
	list, ok := v.([]any)
	if !ok {
		return &RulesError{Where: r.where + ".drop", Text: "is not a list"}
	}
	for i, e := range list {
		name, _ := e.(string)
		fields := droppedBy(name)
		r.drop = append(r.drop, fields...)
		if len(fields) == 0 {
			return &RulesError{Where: fmt.Sprintf("%s.drop[%d]", r.where, i), Text: quote(name) + " is no setting that can be restored", Next: "groups are " + strings.Join(groupNames(), ", ")}
		}
	}
	return nil
}
