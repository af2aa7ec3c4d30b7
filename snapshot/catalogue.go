package snapshot

import (
	"slices"
	"strings"
)

// Class says what a field is to a backup.
type Class int

// The classes. What each means for the document, for a comparison and for a
// restore:
const (
	Identity  Class = iota + 1 // kept, not compared, not restored: the server gives a new one
	Reference                  // kept, compared by the name of what it refers to, restored where Wire says how
	Writable                   // kept, compared, restored
	ReadOnly                   // kept, compared, cannot be restored (Note says why)
	WriteOnly                  // taken by the server, never shown, never in a document
	Volatile                   // telemetry that changes by itself: not kept
	Computed                   // kept, not compared: follows from other fields
	Info                       // kept for people, not compared, not restored
)

func (c Class) String() string {
	names := [...]string{"unknown", "identity", "reference", "writable", "read-only", "write-only", "volatile", "computed", "info"}
	if c < 0 || int(c) >= len(names) {
		c = 0
	}
	return names[c]
}

// WireType is the JSON type that a body takes for a field; the wrong one is
// answered with an empty 400.
type WireType int

// The wire types. None means that no body carries the field.
const (
	None    WireType = iota
	String           // null counts as ""
	Int              // null counts as 0
	Bool             // null counts as false
	Strings          // list of strings
	Objects          // list of objects
	Any              // number or numeric string
	InPath           // in no body: what it refers to stands in the path of a request
)

// Shape is the set of JSON types in which a field is shown. Null is part of
// every shape: old databases may lack any value.
type Shape uint8

// The members of a Shape.
const (
	Text Shape = 1 << iota
	Number
	Truth
	List
	Map
)

// Field is what is known of one field of a kind.
type Field struct {
	Path    string // "name"; inside lists of objects "hosts[].name"
	Class   Class
	Ref     Kind // of what the value is the id, else ""
	Wire    WireType
	Shape   Shape
	Key     bool   // part of the natural key
	Secret  bool   // masked everywhere, and taken out by redaction
	Set     bool   // a list whose order means nothing and may change
	Zero    []any  // values that mean the same as an absent field; null always does
	Altered string // what the server does to a value on its way in
	Since   string // release of Pritunl that first has it, "1.32.4465"; "" for all; see KnownTo
	Note    string // why it is not restored, or what to mind when it is
}

// Compared tells whether two instances that differ in the field differ.
func (f Field) Compared() bool {
	return f.Class == Writable || f.Class == ReadOnly || f.Class == Reference
}

// Restorable tells whether a request can bring the field's value back.
func (f Field) Restorable() bool {
	return f.Class == Writable || f.Class == Reference && f.Wire != None
}

// Unknown is what is said of a field that is not in the catalogue.
const Unknown = "unknown to this version"

// Fields gives the catalogue of a kind: containers before what they contain.
func Fields(kind Kind) []Field { return slices.Clone(catalogue[kind]) }

// Lookup gives the field of that path.
func Lookup(kind Kind, path string) (Field, bool) {
	n := trees[kind]
	for _, name := range strings.Split(path, ".") {
		if n = n.child(strings.TrimSuffix(name, "[]")); n == nil {
			return Field{}, false
		}
	}
	return n.field, n.field.Path == path
}

// catalogue, trees and fieldNames are tables: nothing changes them.
var (
	catalogue = map[Kind][]Field{
		Subscription:        subscriptionFields(),
		Settings:            settingsFields(),
		Administrators:      administratorFields(),
		Organizations:       organizationFields(),
		Hosts:               hostFields(),
		Servers:             serverFields(),
		ServerOrganizations: serverOrganizationFields(),
		ServerRoutes:        serverRouteFields(),
		ServerHosts:         serverHostFields(),
		ServerLinks:         serverLinkFields(),
		Links:               linkFields(),
		Locations:           locationFields(),
		Users:               userFields(),
	}
	trees      = buildTrees(catalogue)
	fieldNames = buildNames(catalogue)
)

// node is a field with the fields of the objects in its list.
type node struct {
	field    Field
	children map[string]*node
}

func (n *node) child(name string) *node {
	if n == nil {
		return nil
	}
	return n.children[name]
}

func buildTrees(all map[Kind][]Field) map[Kind]*node {
	trees := map[Kind]*node{}
	for kind, fields := range all {
		root := &node{children: map[string]*node{}}
		trees[kind] = root
		for _, f := range fields {
			n := root
			parts := strings.Split(f.Path, ".")
			for _, name := range parts[:len(parts)-1] {
				n = n.children[strings.TrimSuffix(name, "[]")]
			}
			n.children[parts[len(parts)-1]] = &node{field: f, children: map[string]*node{}}
		}
	}
	return trees
}

// buildNames gives the last part of every path.
func buildNames(all map[Kind][]Field) map[string]string {
	names := map[string]string{}
	for _, fields := range all {
		for _, f := range fields {
			name := f.Path[strings.LastIndexByte(f.Path, '.')+1:]
			names[name] = name
		}
	}
	return names
}

// The constructors below are the vocabulary of the tables.

func str(path string) Field {
	return Field{Path: path, Class: Writable, Wire: String, Shape: Text, Zero: []any{""}}
}

func boolean(path string) Field {
	return Field{Path: path, Class: Writable, Wire: Bool, Shape: Truth, Zero: []any{false}}
}

func integer(path string) Field {
	return Field{Path: path, Class: Writable, Wire: Int, Shape: Number, Zero: []any{zeroNumber}}
}

func list(path string) Field {
	return Field{Path: path, Class: Writable, Wire: Strings, Shape: List, Zero: []any{[]any{}}}
}

func objects(path string) Field {
	return Field{Path: path, Class: Writable, Wire: Objects, Shape: List, Zero: []any{[]any{}}}
}

func id() Field { return Field{Path: "id", Class: Identity, Shape: Text} }

func reference(path string, to Kind) Field {
	return Field{Path: path, Class: Reference, Ref: to, Shape: Text, Key: true}
}

func (f Field) class(c Class, note string) Field {
	f.Class, f.Note = c, note
	if c != Writable && c != WriteOnly {
		f.Wire = None
	}
	return f
}

func info(path string, s Shape, note string) Field {
	return Field{Path: path, Class: Info, Shape: s, Note: note}
}

func computed(path string, s Shape, note string) Field {
	return Field{Path: path, Class: Computed, Shape: s, Note: note}
}

func volatile(path string, s Shape) Field { return Field{Path: path, Class: Volatile, Shape: s} }

func (f Field) key() Field                   { f.Key = true; return f }
func (f Field) set() Field                   { f.Set = true; return f }
func (f Field) secret() Field                { f.Secret = true; return f }
func (f Field) shape(s Shape) Field          { f.Shape = s; return f }
func (f Field) zero(values ...any) Field     { f.Zero = values; return f }
func (f Field) altered(how string) Field     { f.Altered = how; return f }
func (f Field) since(version string) Field   { f.Since = version; return f }
func (f Field) note(text string) Field       { f.Note = text; return f }
func (f Field) inPath(text string) Field     { f.Wire, f.Note = InPath, text; return f }
func (f Field) under(container string) Field { f.Path = container + "[]." + f.Path; return f }

func under(container string, fields ...Field) []Field {
	out := make([]Field, len(fields))
	for i, f := range fields {
		out[i] = f.under(container)
	}
	return out
}
