package restore

import (
	"context"
	"encoding/json"
	"errors"
	"slices"

	"pritunl-backup/api"
	"pritunl-backup/snapshot"
)

func (r *runner) writeLinks(ctx context.Context, actions []*Action) error {
	return r.each(ctx, actions, func(ctx context.Context, a *Action) error {
		n := a.want
		if a.Verb == Create {
			o, err := r.create(ctx, n,
				func() (json.RawMessage, error) { return r.client.CreateLink(ctx, encode(n.body(nil))) },
				r.client.Links)
			if err == nil {
				r.noteStored(a, o)
			}
			return err
		}
		return r.replace(a, r.getLink(ctx, n.target),
			func(body json.RawMessage) (json.RawMessage, error) { return r.client.PutLink(ctx, n.target, body) })
	})
}

// getLink reads one link out of the list: there is no request for one alone.
func (r *runner) getLink(ctx context.Context, id string) func() (json.RawMessage, error) {
	return func() (json.RawMessage, error) {
		raw, err := r.client.Links(ctx)
		if err != nil {
			return nil, err
		}
		return pick(raw, id)
	}
}

func pick(raw []json.RawMessage, id string) (json.RawMessage, error) {
	objects, err := decodeAll(raw)
	if err != nil {
		return nil, err
	}
	if i := slices.IndexFunc(objects, func(o snapshot.Object) bool { return o.String("id") == id }); i >= 0 {
		return raw[i], nil
	}
	return nil, errMissing
}

func (r *runner) locations(link *node) lister { return locationsOf(r.client, link) }

// writeLocations creates locations. Those of a direct link come with it.
func (r *runner) writeLocations(ctx context.Context, actions []*Action) error {
	return r.each(ctx, actions, func(ctx context.Context, a *Action) error {
		n := a.want
		link := n.owner
		switch {
		case n.object.String("type") != "":
			raw, err := r.client.Locations(ctx, link.target)
			if err != nil {
				return err
			}
			objects, err := decodeAll(raw)
			if err != nil {
				return err
			}
			for _, o := range objects {
				if o.String("type") == n.object.String("type") {
					return r.claim(n, o)
				}
			}
			return errMissing
		case a.Verb == Create:
			o, err := r.create(ctx, n,
				func() (json.RawMessage, error) { return r.client.CreateLocation(ctx, link.target, encode(n.body(nil))) },
				r.locations(link))
			if err == nil {
				r.noteStored(a, o)
			}
			return err
		}
		return r.replace(a,
			func() (json.RawMessage, error) {
				raw, err := r.client.Locations(ctx, link.target)
				if err != nil {
					return nil, err
				}
				return pick(raw, n.target)
			},
			func(body json.RawMessage) (json.RawMessage, error) {
				return r.client.PutLocation(ctx, link.target, n.target, body)
			})
	})
}

// place is where the parts of a location live.
func place(location *node) api.Place {
	return api.Place{Link: location.owner.target, Location: location.target}
}

func (r *runner) parts(location *node, member string) lister {
	return partsOf(r.client, location, member)
}

// partsOf lists the hosts or routes of a location.
func partsOf(client *api.Client, location *node, member string) lister {
	return func(ctx context.Context) ([]json.RawMessage, error) {
		raw, err := client.Locations(ctx, location.owner.target)
		if err != nil {
			return nil, err
		}
		one, err := pick(raw, location.target)
		if err != nil {
			return nil, err
		}
		o, err := snapshot.DecodeObject(one)
		if err != nil {
			return nil, err
		}
		var out []json.RawMessage
		for _, part := range o.Objects(member) {
			out = append(out, encode(part))
		}
		return out, nil
	}
}

// writeLocationRoutes adds routes; adding one that exists changes nothing.
func (r *runner) writeLocationRoutes(ctx context.Context, actions []*Action) error {
	return r.each(ctx, actions, func(ctx context.Context, a *Action) error {
		location := a.want.owner
		add := func() error {
			_, err := r.client.AddLocationRoute(ctx, place(location), encode(a.want.body(nil)))
			return err
		}
		return r.perform(ctx, a, add, func(ctx context.Context) (bool, error) {
			raw, err := r.parts(location, "routes")(ctx)
			if err != nil {
				return false, err
			}
			objects, err := decodeAll(raw)
			return err == nil && slices.ContainsFunc(objects, func(o snapshot.Object) bool {
				return o.String("network") == a.want.object.String("network")
			}), err
		})
	})
}

func (r *runner) writeLocationHosts(ctx context.Context, actions []*Action) error {
	return r.each(ctx, actions, func(ctx context.Context, a *Action) error {
		n := a.want
		location := n.owner
		if a.Verb == Create {
			_, err := r.create(ctx, n,
				func() (json.RawMessage, error) {
					return r.client.CreateLocationHost(ctx, place(location), encode(n.body(nil)))
				},
				r.parts(location, "hosts"))
			return err
		}
		return r.replace(a,
			func() (json.RawMessage, error) {
				raw, err := r.parts(location, "hosts")(ctx)
				if err != nil {
					return nil, err
				}
				return pick(raw, n.target)
			},
			func(body json.RawMessage) (json.RawMessage, error) {
				return r.client.PutLocationHost(ctx, place(location), n.target, body)
			})
	})
}

// writeLinkStates sets links offline, or online again: they are born online.
func (r *runner) writeLinkStates(ctx context.Context, actions []*Action) error {
	return r.each(ctx, actions, func(ctx context.Context, a *Action) error {
		raw, err := r.getLink(ctx, a.want.target)()
		if err != nil {
			return err
		}
		base, err := snapshot.DecodeObject(raw)
		if err != nil {
			return err
		}
		body := liveBody(snapshot.Links, base)
		body["status"] = a.Fields[0].New
		_, err = r.client.PutLink(ctx, a.want.target, encode(body))
		return err
	})
}

var errNoPeer = errors.New("the link no longer has both locations")
