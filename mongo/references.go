package mongo

import (
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"

	"pritunl-backup/mongo/internal/lenient"
)

// Reference is a field that names a document elsewhere. Null and absent values refer to nothing.
type Reference struct {
	From     string // collection
	Document string // _id of the one document that has it; "" = every document
	Path     string // field, list[] of values, list[].field, or list[][] of lists of values
	To       string // collection; several, separated by |, when the kind of _id decides
}

// References lists what refers to what in the collections that are kept.
func References() []Reference {
	return []Reference{
		{From: "settings", Document: "app", Path: "sso_org", To: "organizations"},
		{From: "users", Path: "org_id", To: "organizations"},
		{From: "users", Path: "resource_id", To: "servers|hosts"},
		{From: "users", Path: "link_server_id", To: "servers"},
		{From: "users_net_link", Path: "org_id", To: "organizations"},
		{From: "users_net_link", Path: "user_id", To: "users"},
		{From: "servers", Path: "organizations[]", To: "organizations"},
		{From: "servers", Path: "primary_organization", To: "organizations"},
		{From: "servers", Path: "primary_user", To: "users"},
		{From: "servers", Path: "hosts[]", To: "hosts"},
		{From: "servers", Path: "instances[].host_id", To: "hosts"},
		{From: "servers", Path: "links[].server_id", To: "servers"},
		{From: "servers", Path: "links[].user_id", To: "users"},
		{From: "servers_ip_pool", Path: "org_id", To: "organizations"},
		{From: "servers_ip_pool", Path: "user_id", To: "users"},
		{From: "servers_ip_pool", Path: "server_id", To: "servers"},
		{From: "vxlans", Path: "server_id", To: "servers"},
		{From: "links", Path: "excludes[][]", To: "links_locations"},
		{From: "links_locations", Path: "link_id", To: "links"},
		{From: "links_locations", Path: "transits[]", To: "links_locations"},
		{From: "links_locations", Path: "transit_excludes[]", To: "links_locations"},
		{From: "links_hosts", Path: "link_id", To: "links"},
		{From: "links_hosts", Path: "location_id", To: "links_locations"},
	}
}

// Pointer is one value of a reference in one document.
type Pointer struct {
	Path string
	To   string // one collection
	ID   bson.RawValue
}

// PointersOf lists what a document refers to.
func PointersOf(collection string, raw bson.Raw) []Pointer {
	var out []Pointer
	id := idText(lenient.Value(raw, "_id"))
	for _, ref := range References() {
		if ref.From != collection || ref.Document != "" && ref.Document != id {
			continue
		}
		for _, v := range valuesAt(bson.RawValue{Type: bson.TypeEmbeddedDocument, Value: raw}, ref.Path) {
			if !isNull(v) {
				out = append(out, Pointer{Path: ref.Path, To: targetOf(ref.To, v), ID: v})
			}
		}
	}
	return out
}

// targetOf decides where a value points when two collections are possible: hosts have text ids.
func targetOf(to string, v bson.RawValue) string {
	for _, name := range strings.Split(to, "|") {
		known, _ := LookupCollection(name)
		if known.IDs == StringIDs && v.Type == bson.TypeString || known.IDs == ObjectIDs && v.Type == bson.TypeObjectID {
			return name
		}
	}
	first, _, _ := strings.Cut(to, "|")
	return first
}

// valuesAt follows a path of the References table.
func valuesAt(v bson.RawValue, path string) []bson.RawValue {
	if path == "" {
		return []bson.RawValue{v}
	}
	if rest, ok := strings.CutPrefix(path, "[]"); ok {
		var out []bson.RawValue
		for _, element := range lenient.List(v) {
			out = append(out, valuesAt(element, strings.TrimPrefix(rest, "."))...)
		}
		return out
	}
	end := strings.IndexAny(path, ".[")
	if end < 0 {
		end = len(path)
	}
	d, ok := v.DocumentOK()
	if !ok {
		return nil
	}
	return valuesAt(lenient.Value(d, path[:end]), strings.TrimPrefix(path[end:], "."))
}

// projectionOf names the fields a reference check needs of a collection.
func projectionOf(collection string) bson.D {
	out := bson.D{{Key: "_id", Value: 1}}
	seen := map[string]bool{}
	for _, ref := range References() {
		field := ref.Path
		if end := strings.IndexAny(field, ".["); end >= 0 {
			field = field[:end]
		}
		if ref.From == collection && !seen[field] {
			seen[field] = true
			out = append(out, bson.E{Key: field, Value: 1})
		}
	}
	return out
}
