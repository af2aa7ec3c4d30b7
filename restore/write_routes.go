package restore

import (
	"context"
	"encoding/json"
	"fmt"

	"pritunl-backup/snapshot"
)

// writeServerRoutes writes routes, rows of virtual networks and overrides, many in
// one request. Rows that are as they should be are not sent: a new server is born
// with some.
func (r *runner) writeServerRoutes(ctx context.Context, actions []*Action) error {
	for len(actions) > 0 {
		server, n := actions[0].want.owner, 1
		for n < len(actions) && actions[n].want.owner == server {
			n++
		}
		if err := r.writeRoutesOf(ctx, server, actions[:n]); err != nil {
			return err
		}
		actions = actions[n:]
	}
	return nil
}

func (r *runner) writeRoutesOf(ctx context.Context, server *node, actions []*Action) error {
	if server.target == "" {
		return r.each(ctx, actions, func(context.Context, *Action) error { return nil }) // each says what is missing
	}
	rows, err := r.routes(ctx, server)
	if err != nil {
		return r.finish(ctx, actions[0], Changed, err)
	}
	var send []*Action
	for _, a := range actions {
		row, there := rows[a.want.object.String("network")]
		if a.want.virtual() {
			row, there = rows["virtual"]
		}
		switch {
		case a.Kind == RouteOverrides && !there:
			if err := r.finish(ctx, a, Failed, errDerived); err != nil {
				return err
			}
		case there && a.Kind != RouteOverrides && len(a.want.changes(row)) == 0:
			if err := r.finish(ctx, a, resultOf(a), nil); err != nil {
				return err
			}
		default:
			if err := r.clearMoved(ctx, a, row); err != nil {
				return r.finish(ctx, a, Changed, err)
			}
			send = append(send, a)
		}
	}
	for len(send) > 0 {
		n := routeBatch(send)
		if err := r.postRoutes(ctx, server, send[:n]); err != nil {
			return err
		}
		send = send[n:]
	}
	return nil
}

// errDerived keeps an override from becoming a route of its own.
var errDerived = fmt.Errorf("the row to override %w", errMissing)

func resultOf(a *Action) Result {
	if a.Verb == Create {
		return Created
	}
	return Changed
}

// routes reads the rows of a server by network, the virtual one by its name.
func (r *runner) routes(ctx context.Context, server *node) (map[string]*node, error) {
	raw, err := r.client.ServerRoutes(ctx, server.target)
	if err != nil {
		return nil, err
	}
	objects, err := decodeAll(raw)
	if err != nil {
		return nil, err
	}
	rows := map[string]*node{}
	for _, o := range objects {
		key := o.String("network")
		if o.Bool("virtual_network") {
			if snapshot.DerivedRoute(o) {
				continue
			}
			key = "virtual"
		}
		kind := snapshot.ServerRoutes
		if o.Bool("network_link") || o.Bool("server_link") {
			kind = RouteOverrides
		}
		rows[key] = &node{kind: kind, id: o.String("id"), object: o, sent: o, owner: server}
	}
	return rows, nil
}

func routeBatch(actions []*Action) int {
	size := 2
	for i, a := range actions {
		if size += len(encode(a.want.body(nil))) + 1; size > maxBody && i > 0 {
			return i
		}
	}
	return len(actions)
}

// postRoutes sends routes in one request, which the server takes or refuses as a
// whole; refused ones are sent again one by one to find the culprit.
func (r *runner) postRoutes(ctx context.Context, server *node, actions []*Action) error {
	bodies := make([]json.RawMessage, len(actions))
	for i, a := range actions {
		bodies[i] = encode(a.want.body(nil))
	}
	r.announce(actions[0])
	_, err := r.client.AddServerRoutes(ctx, server.target, bodies)
	if err != nil && refused(err) && len(actions) > 1 {
		for _, a := range actions {
			if err := r.postRoutes(ctx, server, []*Action{a}); err != nil {
				return err
			}
		}
		return nil
	}
	errs := map[*Action]error{}
	for _, a := range actions {
		errs[a] = err
	}
	return r.finishBatch(ctx, actions, errs)
}

// dropBornRoutes deletes the routes of a new server that the snapshot does not
// have. The server may give a new one the dns route of another.
func (r *runner) dropBornRoutes(ctx context.Context, server *node) error {
	if !r.plan.restoresParts(server, snapshot.ServerRoutes) {
		return nil
	}
	rows, err := r.routes(ctx, server)
	if err != nil {
		return err
	}
	wanted := map[string]bool{"virtual": true}
	for _, n := range r.plan.want.of(server, snapshot.ServerRoutes) {
		wanted[n.object.String("network")] = true
	}
	for _, network := range sortedKeys(rows) {
		row := rows[network]
		if wanted[network] || snapshot.DerivedRoute(row.object) || row.object.Bool("network_link") || row.object.Bool("server_link") {
			continue
		}
		if err := r.client.DeleteServerRoute(ctx, server.target, row.id); err != nil {
			return err
		}
	}
	return nil
}
