package deploy_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
)

// node is a value in the part of YAML that the examples use: block maps and lists,
// plain and double-quoted texts; lists in brackets stay texts.
type node struct {
	text   string
	list   []*node
	fields map[string]*node
}

func (n *node) at(path ...string) *node {
	for _, p := range path {
		next, ok := n.fields[p]
		if !ok {
			return &node{}
		}
		n = next
	}
	return n
}

func (n *node) str(key string) string { return n.at(key).text }

func (n *node) strings() []string {
	var out []string
	for _, e := range n.list {
		out = append(out, e.text)
	}
	return out
}

type yamlLine struct {
	number, indent int
	text           string
}

func yaml(t *testing.T, path string) []*node {
	t.Helper()
	var docs []*node
	var lines []yamlLine
	finish := func() {
		n, rest, err := parseYAML(lines)
		if err == nil && len(rest) > 0 {
			err = fmt.Errorf("line %d: indentation", rest[0].number)
		}
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		docs, lines = append(docs, n), nil
	}
	for i, line := range strings.Split(read(t, path), "\n") {
		text := strings.TrimLeft(line, " ")
		switch {
		case text == "" || strings.HasPrefix(text, "#"):
		case line == "---":
			finish()
		default:
			lines = append(lines, yamlLine{i + 1, len(line) - len(text), text})
		}
	}
	finish()
	return docs
}

var yamlKey = regexp.MustCompile(`^([A-Za-z0-9_./<-]+):(?: (.*))?$`)

// parseYAML takes the lines of one block and gives those after it.
func parseYAML(lines []yamlLine) (*node, []yamlLine, error) {
	if len(lines) == 0 {
		return nil, nil, fmt.Errorf("nothing there")
	}
	indent, n := lines[0].indent, &node{fields: map[string]*node{}}
	for len(lines) > 0 && lines[0].indent == indent {
		l := lines[0]
		if item, ok := strings.CutPrefix(l.text, "- "); ok {
			// "- key: value" begins a map that is indented by two.
			if yamlKey.MatchString(item) {
				lines[0] = yamlLine{l.number, indent + 2, item}
				e, rest, err := parseYAML(lines)
				if err != nil {
					return nil, nil, err
				}
				n.list, lines = append(n.list, e), rest
				continue
			}
			n.list, lines = append(n.list, scalar(item)), lines[1:]
			continue
		}
		m := yamlKey.FindStringSubmatch(l.text)
		if m == nil || n.list != nil {
			return nil, nil, fmt.Errorf("line %d: %q is neither a field nor an item", l.number, l.text)
		}
		if _, twice := n.fields[m[1]]; twice {
			return nil, nil, fmt.Errorf("line %d: %s twice", l.number, m[1])
		}
		lines = lines[1:]
		n.fields[m[1]] = scalar(m[2])
		if (m[2] == "" || strings.HasPrefix(m[2], "&")) && len(lines) > 0 && lines[0].indent > indent {
			child, rest, err := parseYAML(lines)
			if err != nil {
				return nil, nil, err
			}
			n.fields[m[1]], lines = child, rest
		}
	}
	if len(lines) > 0 && lines[0].indent > indent {
		return nil, nil, fmt.Errorf("line %d: indentation", lines[0].number)
	}
	return n, lines, nil
}

func scalar(s string) *node {
	if len(s) > 1 && s[0] == '"' && s[len(s)-1] == '"' {
		s = s[1 : len(s)-1]
	}
	return &node{text: s}
}
