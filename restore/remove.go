package restore

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"pritunl-backup/snapshot"
)

// Deletions. Where the server would refuse to do it twice, a lost answer makes the
// runner look before it asks again.

func (r *runner) removeOrganization(ctx context.Context, a *Action) error {
	return r.perform(ctx, a, func() error { return r.client.DeleteOrganization(ctx, a.live.id) }, gone(a.live.id, r.client.Organizations))
}

func (r *runner) removeServer(ctx context.Context, a *Action) error {
	return r.perform(ctx, a, func() error { return r.client.DeleteServer(ctx, a.live.id) }, gone(a.live.id, r.client.Servers))
}

func (r *runner) removeLink(ctx context.Context, a *Action) error {
	return r.perform(ctx, a, func() error { return r.client.DeleteLink(ctx, a.live.id) }, gone(a.live.id, r.client.Links))
}

func (r *runner) removeAdministrator(ctx context.Context, a *Action) error {
	return r.perform(ctx, a, func() error { return r.client.DeleteAdministrator(ctx, a.live.id) }, gone(a.live.id, r.client.Administrators))
}

func (r *runner) removeUser(ctx context.Context, a *Action) error {
	organization := a.live.owner.id
	return r.perform(ctx, a, func() error { return r.client.DeleteUser(ctx, organization, a.live.id) }, gone(a.live.id, usersOf(r.client, organization)))
}

func (r *runner) removeServerHost(ctx context.Context, a *Action) error {
	if r.linked[a.live.owner.id] {
		return fmt.Errorf("stays, or the server could be left without a host: %w", errLinked)
	}
	return r.client.DetachHost(ctx, a.live.owner.id, a.live.other.id)
}

func (r *runner) removeServerOrganization(ctx context.Context, a *Action) error {
	return r.perform(ctx, a, func() error { return r.client.DetachOrganization(ctx, a.live.owner.id, a.live.other.id) },
		gone(a.live.other.id, func(ctx context.Context) ([]json.RawMessage, error) {
			return r.client.ServerOrganizations(ctx, a.live.owner.id)
		}))
}

// removeServerRoute deletes a route. The server may have moved others on top of one,
// and shows and deletes one of them at a time.
func (r *runner) removeServerRoute(ctx context.Context, a *Action) error {
	server, network := a.live.owner, a.live.object.String("network")
	for range maxMoved {
		err := r.client.DeleteServerRoute(ctx, server.id, a.live.id)
		if err != nil || a.live.object.String("comment") != dnsComment || a.Kind != snapshot.ServerRoutes {
			return err
		}
		rows, err := r.routes(ctx, server)
		if err != nil || rows[network] == nil || rows[network].kind != snapshot.ServerRoutes {
			return err
		}
	}
	return nil
}

func (r *runner) removeServerLink(ctx context.Context, a *Action) error {
	return r.unlink(ctx, a.live.owner.id, a.live.other.id)
}

// errLinked is a link between servers that is still there after the answer that it was removed.
var errLinked = errors.New("the server answers that it has removed the link between the servers, and keeps it")

// unlink removes the link between two servers and looks whether it is gone: the recorded 1.32.4278 keeps it. What was to
// follow from the removal is left out then: linked servers must not have a host in common.
func (r *runner) unlink(ctx context.Context, server, other string) error {
	if err := r.client.UnlinkServers(ctx, server, other); err != nil {
		return err
	}
	left, err := r.attached(ctx, server, r.client.ServerLinks)
	if err != nil {
		return err
	}
	if slices.Contains(left, other) {
		r.linked[server], r.linked[other] = true, true
		return errLinked
	}
	return nil
}

func (r *runner) removeLocation(ctx context.Context, a *Action) error {
	link := a.live.owner
	return r.perform(ctx, a, func() error { return r.client.DeleteLocation(ctx, link.id, a.live.id) }, gone(a.live.id, r.locations(link)))
}

func (r *runner) removeLocationRoute(ctx context.Context, a *Action) error {
	location := a.live.owner
	return r.perform(ctx, a, func() error { return r.client.DeleteLocationRoute(ctx, place(location), a.live.id) },
		gone(a.live.id, r.parts(location, "routes")))
}

func (r *runner) removeLocationHost(ctx context.Context, a *Action) error {
	location := a.live.owner
	return r.perform(ctx, a, func() error { return r.client.DeleteLocationHost(ctx, place(location), a.live.id) },
		gone(a.live.id, r.parts(location, "hosts")))
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
