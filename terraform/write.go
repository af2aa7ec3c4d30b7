package terraform

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/zclconf/go-cty/cty"

	"pritunl-backup/snapshot"
)

// comment adds lines, each behind "# ".
func comment(b *hclwrite.Body, lines ...string) {
	for _, l := range lines {
		b.AppendUnstructuredTokens(hclwrite.Tokens{{Type: hclsyntax.TokenComment, Bytes: []byte("# " + oneLine(l) + "\n")}})
	}
}

// note says in place what is not expressed.
func note(b *hclwrite.Body, l Limit) {
	what := l.Field
	if what == "" {
		what = singular(l.Kind)
	}
	comment(b, what+": "+l.Reason)
}

// set writes an attribute of a Go value: string, bool, int64, []string,
// map[string]string or []map[string]string.
func set(b *hclwrite.Body, name string, v any) { b.SetAttributeValue(name, value(v)) }

func setTokens(b *hclwrite.Body, name string, t hclwrite.Tokens) { b.SetAttributeRaw(name, t) }

func reference(b *hclwrite.Body, name, root, attr string, more ...string) {
	setTokens(b, name, traversal(root, append([]string{attr}, more...)...))
}

func traversal(root string, attrs ...string) hclwrite.Tokens {
	t := hcl.Traversal{hcl.TraverseRoot{Name: root}}
	for _, a := range attrs {
		t = append(t, hcl.TraverseAttr{Name: a})
	}
	return hclwrite.TokensForTraversal(t)
}

func value(v any) cty.Value {
	switch v := v.(type) {
	case string:
		return cty.StringVal(strings.ToValidUTF8(v, "\ufffd"))
	case bool:
		return cty.BoolVal(v)
	case int64:
		return cty.NumberIntVal(v)
	case []string:
		var list []cty.Value
		for _, s := range v {
			list = append(list, value(s))
		}
		return cty.TupleVal(list)
	case map[string]string:
		m := make(map[string]cty.Value)
		for k, s := range v {
			m[k] = value(s)
		}
		return cty.ObjectVal(m)
	case []map[string]string:
		var list []cty.Value
		for _, m := range v {
			list = append(list, value(m))
		}
		return cty.TupleVal(list)
	}
	return cty.NullVal(cty.DynamicPseudoType)
}

func text(s string) hclwrite.Tokens { return hclwrite.TokensForValue(value(s)) }

// taken holds the resource names of one resource type that are in use, each with
// the last number that was put behind it.
type taken map[string]int

// name makes a resource name of the words: lower case letters, digits and single
// underscores, unique by a number at its end. The fallback serves when nothing is
// left of the words.
func (t taken) name(fallback string, words ...string) string {
	clean := func(s string) string {
		return strings.Join(strings.FieldsFunc(strings.ToLower(s), func(r rune) bool {
			return (r < 'a' || r > 'z') && (r < '0' || r > '9')
		}), "_")
	}
	base := clean(strings.Join(words, " "))
	if base == "" {
		base = fallback
	}
	if base[0] >= '0' && base[0] <= '9' {
		base = fallback + "_" + base
	}
	name := base
	for t[name] > 0 {
		t[base]++
		name = base + "_" + strconv.Itoa(t[base])
	}
	t[name] = 1
	return name
}

// oneLine keeps a comment a comment, whatever a name holds.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "\ufffd"))
}

func quoteName(name, otherwise string) string {
	if name == "" {
		return otherwise
	}
	return strconv.Quote(name)
}

func plainID(s string) bool {
	for _, c := range s {
		if (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && c != '_' {
			return false
		}
	}
	return s != ""
}

func sortedKeys(o snapshot.Object) []string { return slices.Sorted(maps.Keys(o)) }

// zero tells that a value means the same as none.
func zero(v any) bool {
	switch v := v.(type) {
	case nil:
		return true
	case bool:
		return !v
	case string:
		return v == ""
	case json.Number:
		f, err := v.Float64()
		return err == nil && f == 0
	case []any:
		return len(v) == 0
	case map[string]any:
		return len(v) == 0
	}
	return false
}

// show writes a value into a comment.
func show(v any) string {
	if snapshot.IsRedacted(v) {
		return "redacted"
	}
	switch v := v.(type) {
	case string:
		return strconv.Quote(v)
	case []any, map[string]any:
		if raw, err := json.Marshal(v); err == nil {
			return string(raw)
		}
	}
	return fmt.Sprint(v)
}

func singular(k snapshot.Kind) string {
	return strings.ReplaceAll(strings.TrimSuffix(string(k), "s"), "_", " ")
}

// forExpression gives [for h in data.pritunl_hosts.all.hosts : h.id if h.name == NAME].
func forExpression(name hclwrite.Tokens) hclwrite.Tokens {
	tok := func(t hclsyntax.TokenType, s string) hclwrite.Tokens {
		return hclwrite.Tokens{{Type: t, Bytes: []byte(s)}}
	}
	return slices.Concat(
		tok(hclsyntax.TokenOBrack, "["), hclwrite.TokensForIdentifier("for"), hclwrite.TokensForIdentifier("h"),
		hclwrite.TokensForIdentifier("in"), traversal("data", "pritunl_hosts", "all", "hosts"), tok(hclsyntax.TokenColon, ":"),
		traversal("h", "id"), hclwrite.TokensForIdentifier("if"), traversal("h", "name"), tok(hclsyntax.TokenEqualOp, "=="),
		name, tok(hclsyntax.TokenCBrack, "]"),
	)
}
