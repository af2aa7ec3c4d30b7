package snapshot_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"pritunl-backup/snapshot"
)

// anyText is what a server might call something, and worse.
func anyText() *rapid.Generator[string] {
	return rapid.OneOf(
		rapid.String(),
		rapid.SampledFrom([]string{"", " ", "a", "a\"b", "a\nb", "\\", "</script>", "\u2028", "\x7f\x00", "日本", "😀", "\xed\xa0\x80", "x\xed\xb0\x80y", "$redacted", "#2"}),
	)
}

func anyNumber() *rapid.Generator[json.Number] {
	return rapid.Custom(func(t *rapid.T) json.Number {
		return json.Number(rapid.StringMatching(`-?(0|[1-9][0-9]{0,30})(\.[0-9]{1,9})?([eE][+-]?[0-9]{1,4})?`).Draw(t, "number"))
	})
}

func anyValue(depth int) *rapid.Generator[any] {
	return rapid.Custom(func(t *rapid.T) any {
		switch rapid.IntRange(0, 4+2*min(depth, 1)).Draw(t, "type") {
		case 0:
			return nil
		case 1:
			return rapid.Bool().Draw(t, "bool")
		case 2:
			return anyNumber().Draw(t, "number")
		case 3, 4:
			return anyText().Draw(t, "text")
		case 5:
			return rapid.SliceOfN(anyValue(depth-1), 0, 3).Draw(t, "list")
		}
		return rapid.MapOfN(anyText(), anyValue(depth-1), 0, 3).Draw(t, "map")
	})
}

// anyObject has known fields with values of every type, and unknown ones.
func anyObject(kind snapshot.Kind) *rapid.Generator[snapshot.Object] {
	names := []string{}
	for _, f := range snapshot.Fields(kind) {
		if !strings.Contains(f.Path, ".") {
			names = append(names, f.Path)
		}
	}
	return rapid.Custom(func(t *rapid.T) snapshot.Object {
		name := rapid.OneOf(rapid.SampledFrom(names), anyText())
		o := snapshot.Object(rapid.MapOfN(name, anyValue(3), 0, 8).Draw(t, "members"))
		for _, f := range []string{"id", "name", "server", "organization", "link_id", "type", "network"} {
			if rapid.Bool().Draw(t, "has") {
				o[f] = rapid.SampledFrom([]string{"", "1", "2", "10", "client", "server"}).Draw(t, f)
			}
		}
		return o
	})
}

func anyResources() *rapid.Generator[resources] {
	return rapid.Custom(func(t *rapid.T) resources {
		all := resources{}
		for _, kind := range snapshot.Kinds() {
			n := 4
			if kind.Single() {
				n = 1
			}
			all[kind] = rapid.SliceOfN(anyObject(kind), 0, n).Draw(t, string(kind))
		}
		return all
	})
}

func anyHeader() *rapid.Generator[snapshot.Header] {
	return rapid.Custom(func(t *rapid.T) snapshot.Header {
		h := testHeader()
		h.Host = rapid.String().Draw(t, "host")
		h.Tags = rapid.SliceOfN(rapid.String(), 0, 2).Draw(t, "tags")
		h.Secrets = rapid.SampledFrom([]string{snapshot.SecretsKeep, snapshot.SecretsRedact}).Draw(t, "secrets")
		return h
	})
}

func TestObjectsSurviveEncoding(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o := anyObject(snapshot.Servers).Draw(t, "object")
		text, err := o.Encode()
		if err != nil {
			t.Fatal(err)
		}
		if !json.Valid(text) || bytes.ContainsRune(text, '\n') {
			t.Fatalf("not json on one line: %s", text)
		}
		back, err := snapshot.DecodeObject(text)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(o, back); diff != "" {
			t.Fatal(diff)
		}
	})
}

func TestDocumentsSurviveRewriting(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var out, again bytes.Buffer
		h := anyHeader().Draw(t, "header")
		sum, err := snapshot.WriteAll(&out, h, anyResources().Draw(t, "resources"))
		if err != nil {
			t.Fatal(err)
		}
		doc, err := snapshot.Load(bytes.NewReader(out.Bytes()))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(sum, doc.Summary); diff != "" {
			t.Fatal(diff)
		}
		// What was read may be given in any order.
		for _, objects := range doc.Resources {
			for i := range objects {
				j := rapid.IntRange(0, i).Draw(t, "swap")
				objects[i], objects[j] = objects[j], objects[i]
			}
		}
		if _, err := snapshot.WriteAll(&again, doc.Header, doc.Resources); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(out.Bytes(), again.Bytes()) {
			t.Fatal(cmp.Diff(out.String(), again.String()))
		}
	})
}

func TestEveryMutationIsFound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var out bytes.Buffer
		if _, err := snapshot.WriteAll(&out, anyHeader().Draw(t, "header"), anyResources().Draw(t, "resources")); err != nil {
			t.Fatal(err)
		}
		text := out.Bytes()
		i := rapid.IntRange(0, len(text)).Draw(t, "from")
		j := rapid.IntRange(i, min(len(text), i+40)).Draw(t, "to")
		insert := rapid.OneOf(rapid.SliceOfN(rapid.Byte(), 0, 5), rapid.Just(text[i:j]), rapid.Just([]byte("\n      {},"))).Draw(t, "insert")
		changed := append(append(bytes.Clone(text[:i]), insert...), text[j:]...)
		_, err := snapshot.Load(bytes.NewReader(changed))
		if same := bytes.Equal(text, changed); same != (err == nil) {
			t.Fatalf("same: %v, error: %v", same, err)
		}
		if err != nil && (!errors.Is(err, snapshot.ErrIntegrity) || snapshot.Hint(err) == "") {
			t.Fatalf("no integrity error with a hint: %v", err)
		}
	})
}

func TestCanonicalIsStable(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		kind := rapid.SampledFrom(snapshot.Kinds()).Draw(t, "kind")
		o := anyObject(kind).Draw(t, "object")
		before := o.Clone()
		once := snapshot.Canonical(kind, o)
		if diff := cmp.Diff(before, o); diff != "" {
			t.Fatalf("the argument was changed: %s", diff)
		}
		if diff := cmp.Diff(once, snapshot.Canonical(kind, once)); diff != "" {
			t.Fatal(diff)
		}
	})
}

func TestDiffOfTheSameIsEmpty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all := anyResources().Draw(t, "resources")
		doc := &snapshot.Document{Header: testHeader(), Resources: all}
		if d := snapshot.Diff(doc, doc, snapshot.DiffOptions{}); !d.Empty() {
			var text strings.Builder
			_ = d.WriteText(&text, 0)
			t.Fatal(text.String())
		}
	})
}
