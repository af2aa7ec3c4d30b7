package snapshot_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"pritunl-backup/snapshot"
)

var update = flag.Bool("update", false, "write golden files and the schema anew")

type dict = map[string]any

// TestSchemaFollowsTheCatalogue holds the published file against the catalogue,
// so that neither can be changed without the other.
func TestSchemaFollowsTheCatalogue(t *testing.T) {
	var want bytes.Buffer
	enc := json.NewEncoder(&want)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(documentSchema()); err != nil {
		t.Fatal(err)
	}
	const file = "schema/snapshot-v1.schema.json"
	if *update {
		if err := os.WriteFile(file, want.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if !bytes.Equal(want.Bytes(), snapshot.Schema()) {
		t.Errorf("%s does not follow the catalogue: run go test -update", file)
	}
}

func documentSchema() dict {
	sections, counts, required := dict{}, dict{}, []any{}
	defs := dict{
		"sha256":   dict{"type": "string", "pattern": "^[0-9a-f]{64}$"},
		"redacted": closed(dict{"$redacted": dict{"type": "string"}}, "$redacted"),
		"section":  closed(dict{"count": dict{"type": "integer", "minimum": 0}, "sha256": ref("sha256")}, "count", "sha256"),
		"header":   headerSchema(),
	}
	for _, kind := range snapshot.Kinds() {
		section := dict{"type": "array", "items": ref(string(kind))}
		if kind.Single() {
			section["maxItems"] = 1
		}
		sections[string(kind)], counts[string(kind)] = section, ref("section")
		required = append(required, string(kind))
		defs[string(kind)] = elementSchema(kind)
	}
	closedSections := closed(sections)
	closedSections["required"] = required
	closedCounts := closed(counts)
	closedCounts["required"] = required
	return dict{
		"$schema":     "https://json-schema.org/draft/2020-12/schema",
		"$id":         "urn:pritunl-backup:snapshot:1",
		"title":       "pritunl-backup snapshot, version 1",
		"description": "The configuration of one Pritunl instance. The order of members and the layout of the text are part of the format and are covered by checksums.",
		"type":        "object", "additionalProperties": false,
		"required": []any{"format", "version", "header", "resources", "trailer"},
		"properties": dict{
			"format": dict{"const": "pritunl-backup"}, "version": dict{"const": 1},
			"header": ref("header"), "resources": closedSections,
			"collections": dict{
				"description":          "documents of the database in canonical Extended JSON v2, sorted by _id",
				"type":                 "object",
				"additionalProperties": dict{"type": "array", "items": dict{"type": "object", "required": []any{"_id"}}},
			},
			"trailer": closed(dict{
				"resources":      closedCounts,
				"collections":    dict{"type": "object", "additionalProperties": ref("section")},
				"content_sha256": ref("sha256"), "sha256": ref("sha256"),
			}, "resources", "content_sha256", "sha256"),
		},
		"$defs": defs,
	}
}

func ref(name string) dict { return dict{"$ref": "#/$defs/" + name} }

func closed(properties dict, required ...any) dict {
	return dict{"type": "object", "additionalProperties": false, "properties": properties, "required": append([]any{}, required...)}
}

func headerSchema() dict {
	text := dict{"type": "string"}
	texts := dict{"type": "array", "items": text}
	kinds := []any{}
	for _, k := range snapshot.Kinds() {
		kinds = append(kinds, string(k))
	}
	kind := dict{"enum": kinds}
	return dict{
		"type": "object",
		"properties": dict{
			"created_at": dict{"type": "string", "format": "date-time"}, "tool": text,
			"source":          closed(dict{"kind": dict{"enum": []any{"api", "mongo"}}, "address": text, "reason": text}, "kind", "address"),
			"pritunl_version": text, "host": text, "complete": dict{"type": "boolean"},
			"unreadable": dict{"type": "array", "items": closed(dict{"kind": kind, "object": text, "reason": text}, "kind", "reason")},
			"skipped":    dict{"type": "array", "items": kind},
			"secrets":    dict{"enum": []any{"keep", "redact"}}, "tags": texts, "warnings": texts, "sha256": ref("sha256"),
		},
		"required": []any{"created_at", "tool", "source", "pritunl_version", "host", "complete", "secrets", "sha256"},
	}
}

func elementSchema(kind snapshot.Kind) dict {
	root := dict{"type": "object", "properties": dict{}}
	if !kind.Single() {
		root["required"] = []any{"id"}
	}
	for _, f := range snapshot.Fields(kind) {
		at := root
		parts := strings.Split(f.Path, ".")
		for _, p := range parts[:len(parts)-1] {
			at = at["properties"].(dict)[strings.TrimSuffix(p, "[]")].(dict)["items"].(dict)
		}
		if f.Class != snapshot.WriteOnly {
			at["properties"].(dict)[parts[len(parts)-1]] = fieldSchema(f, kind)
		}
	}
	return root
}

func fieldSchema(f snapshot.Field, kind snapshot.Kind) any {
	if f.Class == snapshot.Volatile {
		return false
	}
	types := []any{}
	for shape, name := range []string{"string", "number", "boolean", "array", "object"} {
		if f.Shape&(1<<shape) != 0 {
			types = append(types, name)
		}
	}
	out := dict{"type": append(types, "null")}
	for _, other := range snapshot.Fields(kind) {
		if strings.HasPrefix(other.Path, f.Path+"[].") {
			out["items"] = dict{"type": "object", "properties": dict{}}
		}
	}
	if f.Secret {
		out = dict{"anyOf": []any{out, ref("redacted")}}
	}
	about := []string{f.Class.String()}
	if f.Ref != "" {
		about = append(about, "id in "+string(f.Ref))
	}
	if f.Set {
		about = append(about, "without order")
	}
	if f.Since != "" {
		about = append(about, "since "+f.Since)
	}
	if f.Note != "" {
		about = append(about, f.Note)
	}
	out["description"] = strings.Join(about, "; ")
	return out
}

// conform holds a document against the published schema.
func conform(t testing.TB, text []byte) {
	t.Helper()
	schema, err := jsonschema.UnmarshalJSON(bytes.NewReader(snapshot.Schema()))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("snapshot.json", schema); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("snapshot.json")
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Validate(doc); err != nil {
		t.Error(err)
	}
}
