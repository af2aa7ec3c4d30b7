package api

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
)

// ServerOrganizations returns the organizations attached to a server, in no
// particular order.
//
// GET /server/<id>/organization
func (c *Client) ServerOrganizations(ctx context.Context, server string) ([]json.RawMessage, error) {
	return c.list(ctx, "/server/%s/organization", server)
}

// AttachOrganization attaches an organization to an offline server.
//
// PUT /server/<id>/organization/<organization>
func (c *Client) AttachOrganization(ctx context.Context, server, organization string) (json.RawMessage, error) {
	return c.do(ctx, call{method: http.MethodPut, format: "/server/%s/organization/%s", ids: []string{server, organization}})
}

// DetachOrganization detaches an organization from an offline server.
//
// DELETE /server/<id>/organization/<organization>
func (c *Client) DetachOrganization(ctx context.Context, server, organization string) error {
	return discard(c.do(ctx, call{method: http.MethodDelete, format: "/server/%s/organization/%s", ids: []string{server, organization}}))
}

// ServerRoutes returns the routes of a server, derived ones included.
//
// GET /server/<id>/route
func (c *Client) ServerRoutes(ctx context.Context, server string) ([]json.RawMessage, error) {
	return c.list(ctx, "/server/%s/route", server)
}

// AddServerRoutes adds routes to an offline server, or replaces those of the same
// networks; all of them or none. Only the last is returned. The server repeats
// nothing by being asked twice. No routes are no request.
//
// POST /server/<id>/routes
func (c *Client) AddServerRoutes(ctx context.Context, server string, routes []json.RawMessage) (json.RawMessage, error) {
	if len(routes) == 0 {
		return nil, nil
	}
	return c.do(ctx, call{method: http.MethodPost, format: "/server/%s/routes", ids: []string{server}, body: routes, repeat: RepeatAlways})
}

// AddServerRoute is AddServerRoutes for one route.
//
// POST /server/<id>/route
func (c *Client) AddServerRoute(ctx context.Context, server string, body any) (json.RawMessage, error) {
	return c.do(ctx, call{method: http.MethodPost, format: "/server/%s/route", ids: []string{server}, body: body, repeat: RepeatAlways})
}

// PutServerRoute replaces a route. Its id is the hex form of its network.
//
// PUT /server/<id>/route/<hex>
func (c *Client) PutServerRoute(ctx context.Context, server, route string, body any) (json.RawMessage, error) {
	return c.route(ctx, call{method: http.MethodPut, body: body}, server, route)
}

// DeleteServerRoute deletes a route. The server says the same whether it existed
// or not. VirtualRoute names what is stored for the virtual network.
//
// DELETE /server/<id>/route/<hex>
func (c *Client) DeleteServerRoute(ctx context.Context, server, route string) error {
	return discard(c.route(ctx, call{method: http.MethodDelete, repeat: RepeatAlways}, server, route))
}

// VirtualRoute is the id under which DeleteServerRoute finds what is stored for the
// virtual network of a server.
const VirtualRoute = "7669727475616c"

func (c *Client) route(ctx context.Context, r call, server, route string) (json.RawMessage, error) {
	if !validRouteID(route) {
		return nil, c.hide.error(configError(fmt.Sprintf("%q is not the id of a route", route), "it is the hex form of the network"))
	}
	r.format, r.ids = "/server/%s/route/"+route, []string{server}
	return c.do(ctx, r)
}

// ServerHosts returns the hosts attached to a server, sorted by name.
//
// GET /server/<id>/host
func (c *Client) ServerHosts(ctx context.Context, server string) ([]json.RawMessage, error) {
	return c.list(ctx, "/server/%s/host", server)
}

// AttachHost attaches a host to a server.
//
// PUT /server/<id>/host/<host>
func (c *Client) AttachHost(ctx context.Context, server, host string) (json.RawMessage, error) {
	return c.do(ctx, call{method: http.MethodPut, format: "/server/%s/host/%s", ids: []string{server, host}})
}

// DetachHost detaches a host; without its last host a server goes offline. A host
// that is not attached is no error.
//
// DELETE /server/<id>/host/<host>
func (c *Client) DetachHost(ctx context.Context, server, host string) error {
	return discard(c.do(ctx, call{method: http.MethodDelete, format: "/server/%s/host/%s", ids: []string{server, host}, repeat: RepeatAlways}))
}

// ServerLinks returns the servers linked to a server. Each pair is seen from both.
//
// GET /server/<id>/link
func (c *Client) ServerLinks(ctx context.Context, server string) ([]json.RawMessage, error) {
	return c.list(ctx, "/server/%s/link", server)
}

// LinkServers links two offline servers in both directions. A link that exists
// keeps its use_local_address: unlink first to change it.
//
// PUT /server/<id>/link/<other>
func (c *Client) LinkServers(ctx context.Context, server, other string, useLocalAddress bool) error {
	body := map[string]bool{"use_local_address": useLocalAddress}
	return discard(c.do(ctx, call{method: http.MethodPut, format: "/server/%s/link/%s", ids: []string{server, other}, body: body}))
}

// UnlinkServers removes the link of two offline servers in both directions. A link
// that does not exist is no error.
//
// DELETE /server/<id>/link/<other>
func (c *Client) UnlinkServers(ctx context.Context, server, other string) error {
	return discard(c.do(ctx, call{method: http.MethodDelete, format: "/server/%s/link/%s", ids: []string{server, other}, repeat: RepeatAlways}))
}
