package restore

import (
	"cmp"
	"slices"

	"pritunl-backup/snapshot"
)

// node is one object, or one relation between objects, of a document.
type node struct {
	kind     snapshot.Kind
	id       string          // in its own document; "" for relations
	object   snapshot.Object // live: as read; wanted: as the server will show it
	sent     snapshot.Object // wanted: as it is sent, before the server's filters
	owner    *node           // the organization of a user, the server of a route
	other    *node           // the other end of a relation
	twin     *node           // the same thing in the other document
	group    int             // shared by twins, unique otherwise
	target   string          // id in the instance; "" until it is known
	position int             // among those of its kind, in document order
	number   int             // counts objects with the same natural key, from 1; 0 when there is one

	borrowed bool              // wanted: the snapshot lacks the kind, and it is as the target has it
	unsent   map[string]string // fields that cannot be sent to this target, and why

	rules   []string // rewrite rules that changed it
	changed []Change // what they changed
	dropped []string // settings that a rule leaves to the target
}

// tree holds the nodes of a document by kind, in document order.
type tree struct {
	header snapshot.Header
	kinds  map[snapshot.Kind][]*node
	byID   map[string]*node
	parts  map[belongs][]*node // by owner
	ends   map[belongs][]*node // by other

	orphans []*node // without an owner, because the document lacks its kind
}

// belongs is the key of the nodes of a kind that have one node at an end.
type belongs struct {
	to   *node
	kind snapshot.Kind
}

// form gives an object as it will be shown once it is stored.
type form func(snapshot.Kind, snapshot.Object) snapshot.Object

// wantedTree takes apart what shall be stored on a server of a version.
func wantedTree(doc *snapshot.Document, version string) *tree {
	cleans := !olderThan(version, sinceCleanAddresses)
	return newTree(doc, func(kind snapshot.Kind, o snapshot.Object) snapshot.Object { return storedObject(kind, o, cleans) })
}

// liveTree takes apart what is stored.
func liveTree(doc *snapshot.Document) *tree { return newTree(doc, nil) }

func newTree(doc *snapshot.Document, as form) *tree {
	t := &tree{
		header: doc.Header, kinds: map[snapshot.Kind][]*node{}, byID: map[string]*node{},
		parts: map[belongs][]*node{}, ends: map[belongs][]*node{},
	}
	for _, kind := range []snapshot.Kind{
		snapshot.Subscription, snapshot.Hosts, snapshot.Organizations, snapshot.Servers, snapshot.Links,
		snapshot.Administrators, snapshot.Settings, snapshot.Users, snapshot.Locations,
	} {
		objects := doc.Resources[kind]
		if kind == snapshot.Locations {
			// Which of several ways through others a location takes depends on the
			// order in which those were made: ids tell it.
			objects = slices.SortedStableFunc(slices.Values(objects), func(a, b snapshot.Object) int {
				return cmp.Compare(a.String("id"), b.String("id"))
			})
		}
		for _, o := range objects {
			t.addObject(kind, o, as)
		}
	}
	for _, o := range doc.Resources[snapshot.ServerHosts] {
		t.addAttachment(snapshot.ServerHosts, o)
	}
	for _, o := range doc.Resources[snapshot.ServerOrganizations] {
		t.addAttachment(snapshot.ServerOrganizations, o)
	}
	t.addServerLinks(doc.Resources[snapshot.ServerLinks])
	for _, o := range doc.Resources[snapshot.ServerRoutes] {
		server := t.byID[o.String("server")]
		if server == nil {
			t.orphan(snapshot.ServerRoutes, o)
			continue
		}
		if n := routeNode(server, o, as); n != nil {
			t.add(n)
		}
	}
	for _, location := range t.kinds[snapshot.Locations] {
		t.addLocationParts(location, as)
	}
	for _, link := range t.kinds[snapshot.Links] {
		t.addPeers(link)
	}
	return t
}

func (t *tree) add(n *node) {
	n.position = len(t.kinds[n.kind])
	t.kinds[n.kind] = append(t.kinds[n.kind], n)
	if n.owner != nil {
		at := belongs{n.owner, n.kind}
		t.parts[at] = append(t.parts[at], n)
	}
	if n.other != nil {
		at := belongs{n.other, n.kind}
		t.ends[at] = append(t.ends[at], n)
	}
}

// of gives the nodes of a kind that an owner has, in document order.
func (t *tree) of(owner *node, kind snapshot.Kind) []*node { return t.parts[belongs{owner, kind}] }

// to gives the nodes of a kind whose other end is a node, in document order.
func (t *tree) to(other *node, kind snapshot.Kind) []*node { return t.ends[belongs{other, kind}] }

func (t *tree) addObject(kind snapshot.Kind, o snapshot.Object, as form) {
	n := newNode(kind, o, as)
	switch kind {
	case snapshot.Users:
		if o.String("type") != "client" {
			return // internal, made by the server
		}
		if n.owner = t.byID[o.String("organization")]; n.owner == nil {
			t.orphan(kind, o)
			return
		}
	case snapshot.Locations:
		if n.owner = t.byID[o.String("link_id")]; n.owner == nil {
			t.orphan(kind, o)
			return
		}
	}
	if n.id != "" && kind != snapshot.Settings {
		t.byID[n.id] = n
	}
	t.add(n)
}

func newNode(kind snapshot.Kind, o snapshot.Object, as form) *node {
	n := &node{kind: kind, id: o.String("id"), object: o, sent: o}
	if as != nil {
		n.object = as(kind, o)
	} else {
		n.target = n.id
	}
	return n
}

func (t *tree) addAttachment(kind snapshot.Kind, o snapshot.Object) {
	server, other := t.byID[o.String("server")], t.byID[o.String("id")]
	if server == nil || other == nil {
		t.orphan(kind, o)
		return
	}
	t.add(&node{kind: kind, object: o, sent: o, owner: server, other: other})
}

// addServerLinks keeps each unordered pair once, from the side that comes first.
func (t *tree) addServerLinks(rows []snapshot.Object) {
	seen := map[[2]*node]bool{}
	for _, o := range rows {
		a, b := t.byID[o.String("server")], t.byID[o.String("id")]
		if a == nil || b == nil {
			t.orphan(snapshot.ServerLinks, o)
			continue
		}
		if a == b || seen[[2]*node{a, b}] {
			continue
		}
		seen[[2]*node{a, b}], seen[[2]*node{b, a}] = true, true
		t.add(&node{kind: snapshot.ServerLinks, object: o, sent: o, owner: a, other: b})
	}
}

// routeNode gives the node of a route row, nil when the row is derived from
// other things and holds nothing of its own.
func routeNode(server *node, o snapshot.Object, as form) *node {
	if snapshot.DerivedRoute(o) {
		return nil
	}
	kind := snapshot.ServerRoutes
	if o.Bool("network_link") || o.Bool("server_link") {
		kind = RouteOverrides
	}
	n := newNode(kind, o, as)
	n.owner = server
	return n
}

func (n *node) virtual() bool { return n.object.Bool("virtual_network") }

// addLocationParts adds hosts and routes of a location.
func (t *tree) addLocationParts(location *node, as form) {
	for _, o := range location.object.Objects("hosts") {
		n := newNode(LocationHosts, o, as)
		n.owner = location
		if n.id != "" {
			t.byID[n.id] = n
		}
		t.add(n)
	}
	if location.owner.object.String("type") == "direct" {
		return
	}
	for _, o := range location.object.Objects("routes") {
		n := newNode(LocationRoutes, o, as)
		n.owner = location
		t.add(n)
	}
}

// resolve gives the id in the target of what a reference means; the reference
// itself when nothing is known of it.
func (n *node) resolve(f snapshot.Field, v any) any {
	id, _ := v.(string)
	if id == "" || n.other == nil || n.other.kind != f.Ref {
		return v
	}
	return n.other.target
}

// names are the names by which a filter may choose the object: as the server will show them, and as the snapshot does.
func (n *node) names() []string {
	switch n.kind {
	case snapshot.ServerHosts, snapshot.ServerOrganizations, snapshot.ServerLinks:
		return n.other.names()
	case snapshot.Users:
		return n.both("name", "email")
	case snapshot.Administrators:
		return n.both("username")
	case snapshot.ServerRoutes, RouteOverrides, LocationRoutes:
		return n.both("network")
	}
	return n.both("name")
}

func (n *node) both(fields ...string) []string {
	var out []string
	for _, f := range fields {
		out = append(out, n.object.String(f))
		if sent := n.sent.String(f); sent != n.object.String(f) {
			out = append(out, sent)
		}
	}
	return out
}
