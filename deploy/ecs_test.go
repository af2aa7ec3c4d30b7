package deploy_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclparse"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/hcl/v2/hclwrite"
)

func TestECS(t *testing.T) {
	parser := hclparse.NewParser()
	declared, used := map[string]bool{}, map[string]bool{}
	var calls [][]string
	for _, path := range []string{"ecs/main.tf", "ecs/iam.tf", "ecs/variables.tf"} {
		src := []byte(read(t, path))
		if !bytes.Equal(hclwrite.Format(src), src) {
			t.Errorf("%s is not formatted", path)
		}
		f, diags := parser.ParseHCL(src, path)
		if diags.HasErrors() {
			t.Fatal(diags)
		}
		body := f.Body.(*hclsyntax.Body)
		for _, b := range body.Blocks {
			declare(declared, b)
		}
		_ = hclsyntax.VisitAll(body, func(n hclsyntax.Node) hcl.Diagnostics {
			switch n := n.(type) {
			case *hclsyntax.ScopeTraversalExpr:
				used[address(n.Traversal)] = true
			case *hclsyntax.TupleConsExpr:
				if words := literals(n); len(words) > 0 && flags[words[0]] != nil {
					calls = append(calls, words)
				}
			}
			return nil
		})
	}
	for _, loop := range []string{"name", "command", "statement.value", "string", "bool"} {
		delete(used, loop)
	}
	for name := range used {
		if !declared[name] {
			t.Errorf("%s is not declared", name)
		}
	}
	for name := range declared {
		if strings.HasPrefix(name, "var.") && !used[name] {
			t.Errorf("%s is not used", name)
		}
	}
	checkJob(t, calls)
}

func declare(into map[string]bool, b *hclsyntax.Block) {
	switch b.Type {
	case "resource":
		into[strings.Join(b.Labels, ".")] = true
	case "data":
		into["data."+strings.Join(b.Labels, ".")] = true
	case "variable":
		into["var."+b.Labels[0]] = true
	case "locals":
		for name := range b.Body.Attributes {
			into["local."+name] = true
		}
	}
}

// address gives the part of a reference that is declared somewhere.
func address(t hcl.Traversal) string {
	parts := []string{t.RootName()}
	for _, step := range t[1:] {
		if a, ok := step.(hcl.TraverseAttr); ok {
			parts = append(parts, a.Name)
		}
	}
	n := 2
	if parts[0] == "data" {
		n = 3
	}
	return strings.Join(parts[:min(n, len(parts))], ".")
}

// literals gives the words of a command; what is a reference stands as an example
// of its value.
func literals(list *hclsyntax.TupleConsExpr) []string {
	examples := map[string]string{"local.location": "s3://example-bucket/pritunl/"}
	var out []string
	for _, e := range list.Exprs {
		if v, diags := e.Value(nil); !diags.HasErrors() && v.Type().FriendlyName() == "string" {
			out = append(out, v.AsString())
		} else if ref, ok := e.(*hclsyntax.ScopeTraversalExpr); ok {
			name := address(ref.Traversal)
			if example, ok := examples[name]; ok {
				name = example
			}
			out = append(out, name)
		} else {
			return nil
		}
	}
	return out
}
