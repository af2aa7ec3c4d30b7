package restore

import (
	"encoding/json"
	"slices"
	"strings"

	"pritunl-backup/snapshot"
)

// masked stands for a secret that is set.
const masked = "********"

// Change is one field whose value is not the wanted one. Secrets are masked
// already: neither value ever holds one.
type Change struct {
	Path   string `json:"path"`
	Old    any    `json:"old"`
	New    any    `json:"new"`
	Secret bool   `json:"secret,omitempty"`
}

func newChange(f snapshot.Field, was, will any) Change {
	c := Change{Path: f.Path, Old: was, New: will, Secret: f.Secret}
	if f.Secret {
		c.Old, c.New = mask(f, was), mask(f, will)
	}
	return c
}

// hasField tells whether one of the changes is of one of the fields.
func hasField(changes []Change, names ...string) bool {
	return slices.ContainsFunc(changes, func(c Change) bool { return slices.Contains(names, c.Path) })
}

func mask(f snapshot.Field, v any) any {
	if isZero(f, v) {
		return nil
	}
	return masked
}

// fieldsOf gives the catalogue of a kind, of parts of a location too, with paths
// that are member names of the object.
func fieldsOf(kind snapshot.Kind) []snapshot.Field {
	prefix := ""
	switch kind {
	case LocationHosts:
		prefix = "hosts[]."
	case LocationRoutes:
		prefix = "routes[]."
	}
	var fields []snapshot.Field
	for _, f := range snapshot.Fields(section(kind)) {
		name, ok := strings.CutPrefix(f.Path, prefix)
		if ok && !strings.ContainsAny(name, ".[") {
			f.Path = name
			fields = append(fields, f)
		}
	}
	return fields
}

// sendable gives the fields that a body for the kind carries, without those that
// have steps of their own.
func sendable(kind snapshot.Kind) []snapshot.Field {
	return slices.DeleteFunc(fieldsOf(kind), func(f snapshot.Field) bool {
		switch {
		case !f.Restorable(), f.Wire == snapshot.InPath:
			return true
		case kind == snapshot.Links:
			return f.Path == "status"
		case kind == snapshot.Locations:
			return f.Path != "name"
		case kind == snapshot.ServerRoutes, kind == RouteOverrides:
			return f.Path == "server"
		}
		return false
	})
}

func isZero(f snapshot.Field, v any) bool {
	if v == nil {
		return true
	}
	return slices.ContainsFunc(f.Zero, func(zero any) bool { return text(zero) == text(v) })
}

// equal compares two values of a field the way the server means them.
func equal(f snapshot.Field, a, b any) bool {
	if isZero(f, a) || isZero(f, b) {
		return isZero(f, a) && isZero(f, b)
	}
	if f.Set {
		return slices.Equal(asSet(a), asSet(b))
	}
	return text(a) == text(b)
}

func asSet(v any) []string {
	list, ok := v.([]any)
	if !ok {
		return []string{text(v)}
	}
	texts := make([]string, len(list))
	for i, e := range list {
		texts[i] = text(e)
	}
	slices.Sort(texts)
	return slices.Compact(texts)
}

// text gives a value's one form.
func text(v any) string {
	switch v := v.(type) {
	case string:
		return `"` + v
	case json.Number:
		return v.String()
	}
	raw, err := snapshot.Object{"": v}.Encode()
	if err != nil {
		return err.Error()
	}
	return string(raw)
}

// changes gives the fields of live that are not as wanted. Fields the snapshot
// lacks are left as they are. An older server may store what was sent, a newer
// one what a filter leaves of it: both count as equal.
func (n *node) changes(live *node) []Change {
	var out []Change
	if n.moved(live) {
		out = append(out, Change{Path: "organization", Old: live.owner.path(), New: n.owner.path()})
	}
	for _, f := range n.sends() {
		want, ok := n.object[f.Path]
		if !ok {
			continue
		}
		have := live.object[f.Path]
		if f.Ref != "" {
			want = n.resolve(f, want)
		}
		if f.Ref != "" && want == "" && n.other != nil {
			out = append(out, newChange(f, have, want)) // what it refers to is still to be created
			continue
		}
		if equal(f, want, have) || f.Ref == "" && equal(f, n.sent[f.Path], have) {
			continue
		}
		out = append(out, newChange(f, have, want))
	}
	return out
}

// moved tells whether a user is in another organization than the wanted one.
func (n *node) moved(live *node) bool {
	return n.kind == snapshot.Users && live.owner != nil && n.owner.twin != live.owner
}

// sends gives the fields that are sent for this object; not every object of a
// kind is sent alike.
func (n *node) sends() []snapshot.Field {
	fields := sendable(n.kind)
	drop := func(names ...string) {
		fields = slices.DeleteFunc(fields, func(f snapshot.Field) bool { return slices.Contains(names, f.Path) })
	}
	fields = slices.DeleteFunc(fields, func(f snapshot.Field) bool { return n.unsent[f.Path] != "" })
	switch n.kind {
	case snapshot.Settings:
		drop(connectionFields()...)
		drop(n.dropped...)
		if sso := n.object.String("sso"); sso != "saml_okta" {
			drop("sso_okta_mode")
		}
		if sso := n.object.String("sso"); sso != "saml_onelogin" {
			drop("sso_onelogin_mode")
		}
	case snapshot.ServerRoutes:
		if n.virtual() {
			drop("network") // it is the server's
		}
	case snapshot.Hosts:
		if n.object.String("name") == "" {
			drop("name")
		}
	case snapshot.Locations:
		if n.object.String("type") != "" {
			drop("name")
		}
	case snapshot.Links:
		if p, ok := n.object.Int("wg_port"); !ok || p == 0 {
			drop("wg_port")
		}
	case snapshot.Servers:
		if n.object.Bool("wg") {
			break
		}
		drop("network_wg", "port_wg")
	case RouteOverrides:
		if n.object.Bool("network_link") {
			drop("net_gateway")
		}
	}
	return fields
}

// connectionFields are the settings that cut the connection in use, in the order
// in which they are changed: the ones that move the server last.
func connectionFields() []string {
	return []string{"auditing", "reverse_proxy", "server_cert", "server_key", "acme_domain", "server_port"}
}
