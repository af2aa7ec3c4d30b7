package restore

import (
	"encoding/json"
	"strings"
	"testing"

	"pritunl-backup/snapshot"
)

// TestARedactedValueIsNeverPutIntoABody puts the mark of a redacted value into every field of every kind that a body
// carries, alone and inside a list: no body holds it, that of a new object or that of one that exists. A plan with such
// values is refused before; this is the last line.
func TestARedactedValueIsNeverPutIntoABody(t *testing.T) {
	mark := snapshot.Redact(snapshot.Settings, snapshot.Object{"email_password": "FAKE-password"})["email_password"]
	if !snapshot.IsRedacted(mark) {
		t.Fatalf("%v is no mark", mark)
	}
	looked := 0
	for _, level := range levels() {
		for _, f := range sendable(level.kind) {
			for _, v := range []any{mark, []any{mark}, []any{map[string]any{"port": mark}}} {
				object := snapshot.Object{"id": "0123456789abcdef01234567", "wg": true, "sso": "saml_okta", "static": true, f.Path: v}
				n := &node{kind: level.kind, object: object, sent: object, owner: &node{object: snapshot.Object{}}}
				base := snapshot.Object{"id": "0123456789abcdef01234567", f.Path: value(f)}
				out := snapshot.Object{}
				n.put(out, f)
				for what, body := range map[string]snapshot.Object{"new": n.newBody(), "existing": n.body(base), "put": out} {
					raw, err := body.Encode()
					if err != nil {
						t.Fatal(err)
					}
					if strings.Contains(string(raw), "redacted") {
						t.Errorf("%s.%s in the body of a %s object: %s", level.kind, f.Path, what, raw)
					}
				}
				if existing := n.body(base)[f.Path]; existing == nil && level.kind != snapshot.Users && f.Path != "network" {
					t.Errorf("%s.%s: the value of the target is not kept", level.kind, f.Path)
				}
				looked++
			}
		}
	}
	if looked < 500 {
		t.Errorf("looked at %d fields only", looked)
	}
}

// value gives one that the field may have.
func value(f snapshot.Field) any {
	switch f.Wire {
	case snapshot.Bool:
		return true
	case snapshot.Int, snapshot.Any:
		return json.Number("7")
	case snapshot.Strings, snapshot.Objects:
		return []any{"x"}
	}
	return "x"
}

func TestVersionsAreComparedAtEquality(t *testing.T) {
	tests := []struct {
		version, since string
		older          bool
	}{
		{"1.32.4465.96", "1.32.4465.96", false},
		{"1.32.4465.95", "1.32.4465.96", true},
		{"1.32.4465.97", "1.32.4465.96", false},
		{"1.32.4465.96", "1.32.4465", false},
		{"1.32.4465.0", "1.32.4465", false},
		{"1.32.4465", "1.32.4465", false},
		{"1.32.4464.99", "1.32.4465", true},
		{"1.32.4466.1", "1.32.4465", false},
		{"1.32.4278.46", "1.32.4278", false}, // host priority
		{"1.34.4681.89", "1.34.4681", false},
		{"1.34.4681beta2", "1.34.4681.89", true},
		{"1.34.4619.1", "1.32.4465.96", false},
		{"1.9.9999.99", "1.32.4465", true},
		{"", "1.34.4681", false},
		{"unknown", "1.34.4681", false},
		{"1.34.4681.89", "after 1.34.4681", false}, // such fields are in no body
	}
	for _, tt := range tests {
		if got := olderThan(tt.version, tt.since); got != tt.older {
			t.Errorf("%q is older than %q: %v", tt.version, tt.since, got)
		}
	}
}
