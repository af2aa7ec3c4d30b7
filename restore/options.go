package restore

import (
	"path"
	"strings"

	"pritunl-backup/snapshot"
)

// Mode says what may be done to a target that is not empty.
type Mode string

// The modes. The zero value is ModeFresh.
const (
	ModeFresh  Mode = ""       // the target must be empty, or equal already
	ModeResume Mode = "resume" // the target may hold parts of the snapshot and nothing else; parts are completed
	ModeSkip   Mode = "skip"   // what exists is left as it is, the rest is created
	ModeUpdate Mode = "update" // what exists is changed to what the snapshot says, the rest is created
)

// PlanOptions say how a plan is made.
type PlanOptions struct {
	Mode  Mode
	Prune bool // delete what the snapshot does not have; with ModeUpdate only
	// Only and Skip choose objects. What belongs to a server, a link or an
	// organization is chosen with it. Skip outweighs Only.
	Only, Skip []Filter
	// MapHosts maps hosts of the snapshot to hosts of the target, both by name or
	// id. An empty target leaves the host out.
	MapHosts map[string]string
	Rules    *Rules
	// WithConnectionSettings changes the settings that cut the connection in use:
	// port, certificate, acme domain, reverse proxy, auditing.
	WithConnectionSettings bool
	// Start starts the servers that were online in the snapshot.
	Start bool
}

// Filter chooses objects of one kind by name.
type Filter struct {
	Kind snapshot.Kind
	Name string // a pattern in which * stands for any text and ? for one character; "" is every name
}

// ParseFilter reads "kind" or "kind=pattern", for example "users" or
// "servers=office-*". Errors are *UsageError.
func ParseFilter(text string) (Filter, error) {
	name, pattern, named := strings.Cut(text, "=")
	kind, ok := snapshot.ParseKind(strings.TrimSpace(name))
	if !ok {
		return Filter{}, &UsageError{Text: "unknown kind " + quote(name), Next: "the kinds are " + kindList()}
	}
	if named && pattern == "" {
		return Filter{}, &UsageError{Text: "no pattern after " + quote(text), Next: "without = it means all " + strings.ReplaceAll(string(kind), "_", " ")}
	}
	if _, err := path.Match(pattern, ""); err != nil {
		return Filter{}, &UsageError{Text: "bad pattern " + quote(pattern), Next: "* stands for any text, ? for one character, [ab] for one of some"}
	}
	return Filter{Kind: kind, Name: pattern}, nil
}

func kindList() string {
	var names []string
	for _, k := range snapshot.Kinds() {
		names = append(names, string(k))
	}
	return strings.Join(names, ", ")
}

func (o PlanOptions) check() error {
	switch o.Mode {
	case ModeFresh, ModeResume, ModeSkip, ModeUpdate:
	default:
		return &UsageError{Text: "unknown mode " + quote(string(o.Mode)), Next: "existing objects are skipped or updated: skip, update"}
	}
	if o.Prune && o.Mode != ModeUpdate {
		return &UsageError{Text: "pruning needs a target that is updated", Next: "add --on-existing update"}
	}
	return nil
}

// selects tells whether n is among the chosen objects.
func (o PlanOptions) selects(n *node) bool {
	if matchesAny(o.Skip, n) {
		return false
	}
	return len(o.Only) == 0 || matchesAny(o.Only, n)
}

// matchesAny looks at a node and at what it belongs to.
func matchesAny(filters []Filter, n *node) bool {
	for at := n; at != nil; at = at.owner {
		for _, f := range filters {
			if f.Kind == section(at.kind) && f.matchesName(at) {
				return true
			}
		}
	}
	// A link of two servers belongs to both.
	return n.kind == snapshot.ServerLinks && n.other != nil && matchesAny(filters, n.other)
}

func (f Filter) matchesName(n *node) bool {
	if f.Name == "" {
		return true
	}
	for _, name := range n.names() {
		if glob(f.Name, name) {
			return true
		}
	}
	return false
}
