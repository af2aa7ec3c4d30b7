package api

import (
	"context"
	"encoding/json"
	"net/http"
)

// Place names a location within a link.
type Place struct {
	Link, Location string
}

func (p Place) ids(more ...string) []string { return append([]string{p.Link, p.Location}, more...) }

// AddLocationRoute adds a network to a location; one that exists stays the same.
// The answer holds only the id, the MD5 sum of the network.
//
// POST /link/<id>/location/<location>/route
func (c *Client) AddLocationRoute(ctx context.Context, p Place, body any) (json.RawMessage, error) {
	return c.create(ctx, call{format: "/link/%s/location/%s/route", ids: p.ids(), body: body, repeat: RepeatAlways})
}

// DeleteLocationRoute deletes a network of a location; an unknown one is ErrServer.
//
// DELETE /link/<id>/location/<location>/route/<route>
func (c *Client) DeleteLocationRoute(ctx context.Context, p Place, route string) error {
	return discard(c.do(ctx, call{method: http.MethodDelete, format: "/link/%s/location/%s/route/%s", ids: p.ids(route)}))
}

// CreateLocationHost creates a host of a location with a new secret.
//
// POST /link/<id>/location/<location>/host
func (c *Client) CreateLocationHost(ctx context.Context, p Place, body any) (json.RawMessage, error) {
	return c.create(ctx, call{format: "/link/%s/location/%s/host", ids: p.ids(), body: body})
}

// PutLocationHost replaces a host of a location.
//
// PUT /link/<id>/location/<location>/host/<host>
func (c *Client) PutLocationHost(ctx context.Context, p Place, host string, body any) (json.RawMessage, error) {
	return c.do(ctx, call{method: http.MethodPut, format: "/link/%s/location/%s/host/%s", ids: p.ids(host), body: body})
}

// DeleteLocationHost deletes a host of a location.
//
// DELETE /link/<id>/location/<location>/host/<host>
func (c *Client) DeleteLocationHost(ctx context.Context, p Place, host string) error {
	return discard(c.do(ctx, call{method: http.MethodDelete, format: "/link/%s/location/%s/host/%s", ids: p.ids(host)}))
}

// LocationHostURI returns a host of a location with the field uri, which contains
// the secret that the host logs in with.
//
// GET /link/<id>/location/<location>/host/<host>/uri
func (c *Client) LocationHostURI(ctx context.Context, p Place, host string) (json.RawMessage, error) {
	return c.object(ctx, "/link/%s/location/%s/host/%s/uri", p.ids(host)...)
}

// IncludePeer lets two locations connect again after ExcludePeer.
//
// POST /link/<id>/location/<location>/peer
func (c *Client) IncludePeer(ctx context.Context, p Place, peer string) error {
	return c.peer(ctx, p, "peer", peer)
}

// ExcludePeer keeps two locations from connecting. It is done once for a pair: a
// second time, from either side, excludes the transit as well. It is therefore
// never repeated; after an error look at the peers of the location.
//
// DELETE /link/<id>/location/<location>/peer/<peer>
func (c *Client) ExcludePeer(ctx context.Context, p Place, peer string) error {
	return discard(c.do(ctx, call{method: http.MethodDelete, format: "/link/%s/location/%s/peer/%s", ids: p.ids(peer), repeat: RepeatNever}))
}

// AddTransit lets a location reach others through transit.
//
// POST /link/<id>/location/<location>/transit
func (c *Client) AddTransit(ctx context.Context, p Place, transit string) error {
	return c.peer(ctx, p, "transit", transit)
}

// RemoveTransit undoes AddTransit.
//
// DELETE /link/<id>/location/<location>/transit/<transit>
func (c *Client) RemoveTransit(ctx context.Context, p Place, transit string) error {
	return discard(c.do(ctx, call{method: http.MethodDelete, format: "/link/%s/location/%s/transit/%s", ids: p.ids(transit)}))
}

// peer posts the id of another location, which the server does not check itself.
func (c *Client) peer(ctx context.Context, p Place, kind, other string) error {
	if !ValidID(other) {
		return c.hide.error(configError(kind+" is not the id of a location", ""))
	}
	body := map[string]string{kind + "_id": other}
	return discard(c.do(ctx, call{method: http.MethodPost, format: "/link/%s/location/%s/" + kind, ids: p.ids(), body: body, repeat: RepeatAlways}))
}
