package snapshot

import (
	"bytes"
	_ "embed"
)

//go:embed schema/snapshot-v1.schema.json
var schemaV1 []byte

// Schema gives the JSON Schema (draft 2020-12) of version 1. It describes what
// this package writes; unknown fields are allowed in every object.
func Schema() []byte { return bytes.Clone(schemaV1) }
