package export

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"

	"golang.org/x/sync/errgroup"

	"pritunl-backup/api"
	"pritunl-backup/snapshot"
)

// list is a whole kind that one request answers.
type list struct {
	kind  snapshot.Kind
	read  func(context.Context) ([]json.RawMessage, error)
	needs []snapshot.Kind // read when any of these is wanted
}

func (e *exporter) baseLists() []list {
	ofServers := []snapshot.Kind{snapshot.Servers, snapshot.ServerOrganizations, snapshot.ServerRoutes, snapshot.ServerHosts, snapshot.ServerLinks}
	return []list{
		{snapshot.Settings, single(e.client.Settings), []snapshot.Kind{snapshot.Settings}},
		{snapshot.Administrators, e.client.Administrators, []snapshot.Kind{snapshot.Administrators}},
		{snapshot.Organizations, e.client.Organizations, snapshot.Kinds()},
		{snapshot.Hosts, e.client.Hosts, snapshot.Kinds()},
		{snapshot.Servers, e.client.Servers, ofServers},
		{snapshot.Links, e.client.Links, []snapshot.Kind{snapshot.Links, snapshot.Locations}},
		{snapshot.Subscription, single(e.client.Subscription), []snapshot.Kind{snapshot.Subscription}},
	}
}

// single makes a list of the one object that a request answers.
func single(read func(context.Context) (json.RawMessage, error)) func(context.Context) ([]json.RawMessage, error) {
	return func(ctx context.Context) ([]json.RawMessage, error) {
		raw, err := read(ctx)
		return []json.RawMessage{raw}, err
	}
}

// part is a sub-resource that takes one request for each server or link.
type part struct {
	kind  snapshot.Kind
	owner snapshot.Kind
	read  func(ctx context.Context, owner string) ([]json.RawMessage, error)
}

func (e *exporter) parts() []part {
	return []part{
		{snapshot.ServerOrganizations, snapshot.Servers, e.client.ServerOrganizations},
		{snapshot.ServerRoutes, snapshot.Servers, e.client.ServerRoutes},
		{snapshot.ServerHosts, snapshot.Servers, e.client.ServerHosts},
		{snapshot.ServerLinks, snapshot.Servers, e.client.ServerLinks},
		{snapshot.Locations, snapshot.Links, e.client.Locations},
	}
}

// readBase reads /status alone first, so that a wrong address or secret costs one request, then all lists.
func (e *exporter) readBase(ctx context.Context) error {
	e.opts.Progress("reading lists", 0, 0)
	raw, err := e.client.Status(ctx)
	if err != nil {
		return err
	}
	if e.status, err = snapshot.DecodeObject(raw); err != nil {
		return fmt.Errorf("read /status: %w", err)
	}
	e.base = map[snapshot.Kind][]snapshot.Object{}
	e.details = map[snapshot.Kind]map[string][]snapshot.Object{}
	return e.readLists(ctx, e.baseLists())
}

func (e *exporter) readLists(ctx context.Context, lists []list) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(e.opts.Parallel)
	for _, l := range lists {
		if !e.wantsAny(l.needs...) {
			continue
		}
		group.Go(func() error {
			objects, err := decoded(l.read(ctx))
			if err == nil {
				err = addressable(l.kind, objects)
			}
			if err != nil {
				return e.note(ctx, place{kind: l.kind}, err)
			}
			e.mu.Lock()
			defer e.mu.Unlock()
			delete(e.failed, place{kind: l.kind})
			e.base[l.kind] = objects
			return nil
		})
	}
	return group.Wait()
}

// readDetails reads the sub-resources of servers and links.
func (e *exporter) readDetails(ctx context.Context, servers, links []snapshot.Object) error {
	owners := map[snapshot.Kind][]snapshot.Object{snapshot.Servers: servers, snapshot.Links: links}
	total, done := 0, 0
	for _, p := range e.parts() {
		if e.wanted[p.kind] {
			total += len(owners[p.owner])
			if e.details[p.kind] == nil {
				e.details[p.kind] = map[string][]snapshot.Object{}
			}
		}
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(e.opts.Parallel)
	for _, p := range e.parts() {
		if !e.wanted[p.kind] {
			continue
		}
		for _, owner := range owners[p.owner] {
			id := owner.String("id")
			group.Go(func() error {
				objects, err := decoded(p.read(ctx, id))
				if err != nil {
					return e.note(ctx, place{p.kind, id}, err)
				}
				e.mu.Lock()
				defer e.mu.Unlock()
				e.details[p.kind][id] = objects
				delete(e.failed, place{p.kind, id})
				done++
				e.opts.Progress("reading servers and links", done, total)
				return nil
			})
		}
	}
	return group.Wait()
}

func decoded(elements []json.RawMessage, err error) ([]snapshot.Object, error) {
	if err != nil {
		return nil, err
	}
	objects := make([]snapshot.Object, 0, len(elements))
	for _, element := range elements {
		o, err := snapshot.DecodeObject(element)
		if err != nil {
			return nil, err
		}
		objects = append(objects, o)
	}
	return objects, nil
}

// addressable demands ids of the objects whose parts are asked for by id. Pritunl answers a malformed id with
// something else than an error.
func addressable(kind snapshot.Kind, objects []snapshot.Object) error {
	switch kind {
	case snapshot.Organizations, snapshot.Servers, snapshot.Links:
		for _, o := range objects {
			if id := o.String("id"); !api.ValidID(id) {
				return fmt.Errorf("%q has the id %q, which cannot be asked for", o.String("name"), id)
			}
		}
	}
	return nil
}

// reread lists organizations, servers and links once more and reads again what differs from before. It tells
// whether anything did.
func (e *exporter) reread(ctx context.Context) (bool, error) {
	before := map[snapshot.Kind][]snapshot.Object{}
	var lists []list
	for _, l := range e.baseLists() {
		hidden := l.kind == snapshot.Links && e.base[l.kind] == nil
		switch l.kind {
		case snapshot.Organizations, snapshot.Servers, snapshot.Links:
			if !hidden {
				before[l.kind] = e.base[l.kind]
				lists = append(lists, l)
			}
		}
	}
	e.opts.Progress("looking for changes", 0, 0)
	if err := e.readLists(ctx, lists); err != nil {
		return false, err
	}
	goneOrganizations, organizations := difference(snapshot.Organizations, before[snapshot.Organizations], e.base[snapshot.Organizations])
	goneServers, servers := difference(snapshot.Servers, before[snapshot.Servers], e.base[snapshot.Servers])
	goneLinks, links := difference(snapshot.Links, before[snapshot.Links], e.base[snapshot.Links])
	gone := slices.Concat(goneOrganizations, goneServers, goneLinks)
	for _, id := range gone {
		e.forget(id)
	}
	if err := e.readDetails(ctx, servers, links); err != nil {
		return false, err
	}
	return len(organizations)+len(gone)+len(servers)+len(links) > 0, nil
}

// forget drops what is known of an organization, server or link that no longer exists.
func (e *exporter) forget(id string) {
	for _, part := range e.details {
		delete(part, id)
	}
	for at := range e.failed {
		if at.object == id {
			delete(e.failed, at)
		}
	}
}

// difference gives the ids that are gone and the objects that are new or changed. User counts are telemetry in a
// snapshot, but here they betray that users came or went.
func difference(kind snapshot.Kind, before, after []snapshot.Object) (gone []string, changed []snapshot.Object) {
	earlier := map[string]snapshot.Object{}
	for _, o := range before {
		earlier[o.String("id")] = o
	}
	for _, o := range after {
		id := o.String("id")
		was, known := earlier[id]
		delete(earlier, id)
		same := known && reflect.DeepEqual(snapshot.Canonical(kind, was), snapshot.Canonical(kind, o)) &&
			(kind != snapshot.Organizations || reflect.DeepEqual(was["user_count"], o["user_count"]))
		if !same {
			changed = append(changed, o)
		}
	}
	for id := range earlier {
		gone = append(gone, id)
	}
	return gone, changed
}
