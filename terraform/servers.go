package terraform

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/netip"
	"reflect"
	"slices"

	"github.com/hashicorp/hcl/v2/hclwrite"

	"pritunl-backup/snapshot"
)

// keptByUpdates are fields of a server that are no argument; the provider reads
// them and sends them back. The value is what a new server has.
func keptByUpdates() map[string]any {
	return map[string]any{"ipv6_firewall": true, "lzo_compression": false, "jumbo_frames": false}
}

// resetByUpdates are fields of a server that the provider does not know at all:
// its requests lack them, and Pritunl takes that for their zero value.
func resetByUpdates() map[string]any {
	return map[string]any{
		"route_dns": false, "bypass_sso_auth": false, "hide_ovpn": false, "force_connect": false, "ovpn_dco": false,
		"multihome": false, "ping_interval_wg": json.Number("30"), "ping_timeout_wg": json.Number("120"),
		"tun_mtu": nil, "fragment": nil,
	}
}

func (g *generator) servers(b *hclwrite.Body) {
	const kind = snapshot.Servers
	names := make(taken)
	orgs := byServer(g.doc.Resources[snapshot.ServerOrganizations])
	hosts := byServer(g.doc.Resources[snapshot.ServerHosts])
	routes := byServer(g.doc.Resources[snapshot.ServerRoutes])
	for _, o := range g.doc.Resources[kind] {
		id, name := o.String("id"), o.String("name")
		label := names.name("server", name)
		b.AppendNewline()
		body := b.AppendNewBlock("resource", []string{"pritunl_server", label}).Body()
		ignore := g.arguments(body, serverArguments(), kind, consistent(o))
		g.beyond(body, o, name)
		g.unknown(body, kind, o, name)
		g.attached(body, "organization_ids", orgs[id], func(org snapshot.Object) hclwrite.Tokens {
			if label, ok := g.orgs[org.String("id")]; ok {
				return traversal("pritunl_organization", label, "id")
			}
			return nil
		})
		g.attached(body, "host_ids", hosts[id], func(h snapshot.Object) hclwrite.Tokens { return g.host[h.String("id")] })
		for _, r := range inServerOrder(routes[id]) {
			g.route(body, name, r)
		}
		ignoring(body, ignore)
		g.take("pritunl_server", label, kind, name, id)
	}
}

func byServer(rows []snapshot.Object) map[string][]snapshot.Object {
	out := make(map[string][]snapshot.Object)
	for _, r := range rows {
		out[r.String("server")] = append(out[r.String("server")], r)
	}
	return out
}

// consistent leaves out what means nothing without another field, because the
// provider asks for both.
func consistent(o snapshot.Object) snapshot.Object {
	out := o.Clone()
	drop := func(names ...string) {
		for _, n := range names {
			delete(out, n)
		}
	}
	if !o.Bool("wg") || zero(o["network_wg"]) || zero(o["port_wg"]) {
		drop("network_wg", "port_wg")
	}
	if o.String("network_mode") != "bridge" || zero(o["network_start"]) || zero(o["network_end"]) {
		drop("network_start", "network_end")
	}
	return out
}

// beyond notes the fields of a server that no argument sets.
func (g *generator) beyond(body *hclwrite.Body, o snapshot.Object, name string) {
	const kind = snapshot.Servers
	for _, group := range []struct {
		fields map[string]any
		effect string
	}{
		{keptByUpdates(), "not an argument of the provider; updates through it keep it"},
		{resetByUpdates(), "not known to the provider; any update of the server through it resets it"},
	} {
		for _, field := range sortedKeys(group.fields) {
			usual := group.fields[field]
			v, ok := o[field]
			if !ok || reflect.DeepEqual(v, usual) || zero(v) && zero(usual) {
				continue
			}
			note(body, g.limit(kind, name, field, fmt.Sprintf("%s, %s", show(v), group.effect)))
		}
	}
}

// attached writes a list of references; what they refer to and is not there
// stands as the id it has.
func (g *generator) attached(body *hclwrite.Body, name string, rows []snapshot.Object, find func(snapshot.Object) hclwrite.Tokens) {
	if len(rows) == 0 {
		return
	}
	var list []hclwrite.Tokens
	for _, r := range rows {
		t := find(r)
		if t == nil {
			t = text(r.String("id"))
		}
		list = append(list, t)
	}
	setTokens(body, name, hclwrite.TokensForTuple(list))
}

// inServerOrder puts routes into the order in which the API shows them, which is
// the order the provider compares them in: default routes, those stored with the
// server and of users by the text of their network, those of linked servers.
func inServerOrder(rows []snapshot.Object) []snapshot.Object {
	rank := func(r snapshot.Object) int {
		switch {
		case r.String("network") == "0.0.0.0/0":
			return 0
		case r.String("network") == "::/0":
			return 1
		case r.Bool("server_link"):
			return 3
		}
		return 2
	}
	out := slices.Clone(rows)
	slices.SortStableFunc(out, func(a, b snapshot.Object) int {
		return cmp.Or(rank(a)-rank(b), cmp.Compare(a.String("network"), b.String("network")))
	})
	return out
}

// source says what a route comes from that is not stored by itself.
func source(r snapshot.Object) string {
	switch {
	case r.String("network") == "::/0":
		return "the route 0.0.0.0/0"
	case r.Bool("server_link"):
		return "a linked server"
	case r.Bool("network_link"):
		return "the network link of a user"
	}
	return ""
}

func (g *generator) route(body *hclwrite.Body, server string, r snapshot.Object) {
	const kind = snapshot.ServerRoutes
	network := r.String("network")
	object := server + " " + network
	if r.Bool("virtual_network") {
		// The provider passes over these rows; only what was set on one is lost.
		for _, field := range []string{"comment", "metric", "advertise"} {
			if !zero(r[field]) && !snapshot.DerivedRoute(r) {
				note(body, g.limit(kind, object, field, show(r[field])+" of the virtual network, which the provider passes over"))
			}
		}
		return
	}
	body.AppendNewline()
	if _, err := netip.ParsePrefix(network); err != nil {
		note(body, g.limit(kind, object, "network", show(network)+", the provider takes CIDR notation"))
		return
	}
	if from := source(r); from != "" {
		comment(body, "Pritunl derives this route from "+from+"; it stands here because the provider",
			"reads it back. Leave it out when you build a new instance.")
		g.limit(kind, object, "", "derived from "+from+", expressed only for an import")
	}
	b := body.AppendNewBlock("route", nil).Body()
	set(b, "network", network)
	if c := r.String("comment"); c != "" {
		set(b, "comment", c)
	}
	set(b, "nat", r.Bool("nat"))
	if r.Bool("net_gateway") {
		set(b, "net_gateway", true)
	}
	for _, field := range []string{"metric", "nat_interface", "nat_netmap", "advertise", "advertise_resource"} {
		if !zero(r[field]) {
			note(b, g.limit(kind, object, field, show(r[field])+", not known to the provider; an update of the route through it resets it"))
		}
	}
	g.unknown(b, kind, r, object)
}
