package restore

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"slices"

	"pritunl-backup/snapshot"
)

// dnsComment marks the routes that the server moves, all of them, to its first dns
// server whenever it is changed.
const dnsComment = "DNS Server"

// maxMoved is how many such routes of one network are deleted at most: more than
// anybody has.
const maxMoved = 50

// dnsMove is what a change of a server does to its routes, and what is to be done
// about it.
type dnsMove struct {
	there string  // where the change moves routes to
	count int     // how many are there then, side by side
	back  []*node // routes that it takes away from where they have to stay
	keep  *node   // what has to be there, nil when nothing has
}

// disturbs tells whether something has to be put right after the change.
func (m dnsMove) disturbs() bool { return len(m.back) > 0 || m.count > 1 }

// dnsMoveOf tells what a change to the given dns servers does to rows of a server.
// follows tells which of the routes moved need not be put back.
func dnsMoveOf(rows []*node, dns []string, follows func(row *node, there string) bool) dnsMove {
	if len(dns) == 0 {
		return dnsMove{}
	}
	m := dnsMove{there: singleAddress(dns[0])}
	var followers []*node
	for _, row := range rows {
		there := !row.virtual() && row.object.String("network") == m.there
		switch {
		case snapshot.DerivedRoute(row.object), !there && row.object.String("comment") != dnsComment:
			continue
		case there:
			m.keep = row
		case follows(row, m.there):
			followers = append(followers, row)
		default:
			m.back = append(m.back, row)
		}
		m.count++
	}
	if m.keep == nil && len(followers) > 0 {
		follower := *followers[0]
		follower.sent = follower.sent.Clone()
		follower.sent["network"] = m.there
		m.keep = &follower
	}
	return m
}

func singleAddress(s string) string {
	p, err := strictNetwork(s)
	if err != nil {
		return s
	}
	return p.String()
}

// dnsRouteFollows tells which routes of a server may go with its first dns server:
// the one of the former dns server, when the snapshot has it at the new one.
func (t *tree) dnsRouteFollows(server *node, settles bool) func(row *node, there string) bool {
	former := ""
	if server.twin != nil {
		if dns := server.twin.object.Strings("dns_servers"); len(dns) > 0 {
			former = singleAddress(dns[0])
		}
	}
	wants := func(network string) bool {
		return slices.ContainsFunc(t.of(server, snapshot.ServerRoutes), func(n *node) bool {
			return !n.virtual() && n.object.String("network") == network
		})
	}
	return func(row *node, there string) bool {
		network := row.object.String("network")
		return settles && !row.virtual() && network == former && !wants(network) && wants(there)
	}
}

// disturbsRoutes tells whether changing a server moves routes that then have to be
// put right, which needs the server offline.
func (b *builder) disturbsRoutes(server *node) bool {
	if b.live.lacks(sinceBornDNSRoute) {
		return false
	}
	after := server.object
	if _, said := after["dns_servers"]; !said {
		after = server.twin.object
	}
	rows := slices.Concat(b.live.of(server.twin, snapshot.ServerRoutes), b.live.of(server.twin, RouteOverrides))
	return dnsMoveOf(rows, after.Strings("dns_servers"), b.want.dnsRouteFollows(server, b.plan.restoresParts(server, snapshot.ServerRoutes))).disturbs()
}

// keepRoutes makes a change of a server and puts right what that does to its routes.
// after is the server as it will be then.
func (r *runner) keepRoutes(ctx context.Context, server *node, after snapshot.Object, follows func(row *node, there string) bool, change func() error) error {
	if len(after.Strings("dns_servers")) == 0 || r.plan.live.lacks(sinceBornDNSRoute) {
		return change()
	}
	at := &node{kind: snapshot.Servers, target: server.target, object: after}
	before, err := r.routes(ctx, at)
	if err != nil {
		return err
	}
	var rows []*node
	for _, key := range sortedKeys(before) {
		rows = append(rows, before[key])
	}
	move := dnsMoveOf(rows, after.Strings("dns_servers"), follows)
	if err := change(); err != nil || !move.disturbs() {
		return err
	}
	if err := r.postRows(ctx, at, move.back); err != nil {
		return err
	}
	if err := r.clearRoutes(ctx, server.target, move.there, move.count); err != nil || move.keep == nil {
		return err
	}
	return r.postRows(ctx, at, []*node{move.keep})
}

func (r *runner) postRows(ctx context.Context, server *node, rows []*node) error {
	if len(rows) == 0 {
		return nil
	}
	bodies := make([]json.RawMessage, len(rows))
	for i, row := range rows {
		bodies[i] = encode(row.newBody())
	}
	_, err := r.client.AddServerRoutes(ctx, server.target, bodies)
	return err
}

// clearRoutes deletes all the routes that a server keeps side by side for a network,
// of which it deletes one at a time and shows one only.
func (r *runner) clearRoutes(ctx context.Context, id, network string, count int) error {
	for range count {
		if err := r.client.DeleteServerRoute(ctx, id, hex.EncodeToString([]byte(network))); err != nil {
			return err
		}
	}
	return nil
}

// clearMoved takes a route that is to be changed away first when an interrupted run
// may have left others beside it, which the server has moved there: only one of them
// would be changed.
func (r *runner) clearMoved(ctx context.Context, a *Action, row *node) error {
	if row == nil || row.object.String("comment") != dnsComment || a.want.virtual() || a.Kind != snapshot.ServerRoutes {
		return nil
	}
	others := 0
	wanted := r.plan.want
	for _, n := range slices.Concat(wanted.of(a.want.owner, snapshot.ServerRoutes), wanted.of(a.want.owner, RouteOverrides)) {
		if n.object.String("comment") == dnsComment && n != a.want {
			others++
		}
	}
	if others == 0 {
		return nil
	}
	return r.clearRoutes(ctx, a.want.owner.target, row.object.String("network"), others+1)
}
