package restore

import (
	"context"
	"encoding/json"
	"slices"

	"pritunl-backup/snapshot"
)

func (r *runner) writeServers(ctx context.Context, actions []*Action) error {
	return r.each(ctx, actions, func(ctx context.Context, a *Action) error {
		n := a.want
		if a.Verb == Create {
			o, err := r.create(ctx, n,
				func() (json.RawMessage, error) { return r.client.CreateServer(ctx, encode(n.body(nil))) },
				r.client.Servers)
			if err == nil {
				r.noteStored(a, o)
				r.notePending(n, o)
				err = r.dropBorn(ctx, n)
			}
			return err
		}
		return r.replace(a,
			func() (json.RawMessage, error) { return r.client.Server(ctx, n.target) },
			func(body json.RawMessage) (json.RawMessage, error) { return r.putServer(ctx, n, body) })
	})
}

// putServer changes a server and leaves its routes where they were.
func (r *runner) putServer(ctx context.Context, n *node, body json.RawMessage) (answer json.RawMessage, err error) {
	after, err := snapshot.DecodeObject(body)
	if err != nil {
		return nil, err
	}
	follows := r.plan.want.dnsRouteFollows(n, r.plan.restoresParts(n, snapshot.ServerRoutes))
	err = r.keepRoutes(ctx, n, after, follows, func() (err error) {
		answer, err = r.client.PutServer(ctx, n.target, body)
		return err
	})
	return answer, err
}

// dropBorn takes away what a new server is born with and the snapshot does not
// have: the host that answered, and two routes. Where the snapshot says nothing
// about them they stay.
func (r *runner) dropBorn(ctx context.Context, server *node) error {
	if len(r.plan.want.hostsOf(server)) == 0 {
		if err := r.detachStrangers(ctx, server); err != nil {
			return err
		}
	}
	return r.dropBornRoutes(ctx, server)
}

func (r *runner) attached(ctx context.Context, server string, list func(context.Context, string) ([]json.RawMessage, error)) ([]string, error) {
	raw, err := list(ctx, server)
	if err != nil {
		return nil, err
	}
	objects, err := decodeAll(raw)
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, o := range objects {
		ids = append(ids, o.String("id"))
	}
	return ids, nil
}

// writeServerHosts attaches hosts. Then it detaches the host that a new server was
// born with, if it is not wanted: not before, or the server has none for a while.
func (r *runner) writeServerHosts(ctx context.Context, actions []*Action) error {
	return r.each(ctx, actions, func(ctx context.Context, a *Action) error {
		server := a.want.owner
		if _, err := r.client.AttachHost(ctx, server.target, a.want.other.target); err != nil {
			return err
		}
		if server.twin != nil {
			return nil
		}
		return r.detachStrangers(ctx, server)
	})
}

func (r *runner) detachStrangers(ctx context.Context, server *node) error {
	if !r.plan.restoresParts(server, snapshot.ServerHosts) || r.plan.want.homeless(server) {
		return nil
	}
	hosts, err := r.attached(ctx, server.target, r.client.ServerHosts)
	if err != nil {
		return err
	}
	wanted := r.plan.want.hostsOf(server)
	for _, id := range hosts {
		if slices.ContainsFunc(wanted, func(n *node) bool { return n.other.target == id }) {
			continue
		}
		if err := r.client.DetachHost(ctx, server.target, id); err != nil {
			return err
		}
	}
	return nil
}

// hostsOf gives the attachments of a wanted server.
func (t *tree) hostsOf(server *node) []*node {
	return t.of(server, snapshot.ServerHosts)
}

// homeless tells whether a server has hosts in the snapshot and none of them on
// the target. It then stays on the host it was born on.
func (t *tree) homeless(server *node) bool {
	hosts := t.hostsOf(server)
	return len(hosts) > 0 && !slices.ContainsFunc(hosts, func(n *node) bool { return n.other.twin != nil })
}

func (r *runner) writeServerOrganizations(ctx context.Context, actions []*Action) error {
	return r.each(ctx, actions, func(ctx context.Context, a *Action) error {
		_, err := r.client.AttachOrganization(ctx, a.want.owner.target, a.want.other.target)
		return err
	})
}

// writeServerLinks links each pair once. A link that exists keeps its flag, so a
// changed flag takes two requests.
func (r *runner) writeServerLinks(ctx context.Context, actions []*Action) error {
	return r.each(ctx, actions, func(ctx context.Context, a *Action) error {
		server, other := a.want.owner.target, a.want.other.target
		if a.Verb == Changing {
			if err := r.unlink(ctx, server, other); err != nil {
				return err
			}
		}
		return r.client.LinkServers(ctx, server, other, a.want.object.Bool("use_local_address"))
	})
}
