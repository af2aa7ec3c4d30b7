package api

import (
	"context"
	"encoding/json"
	"net/http"
)

// Links returns all site-to-site links sorted by name. Without an enterprise plan
// it is ErrNotLicensed.
//
// GET /link
func (c *Client) Links(ctx context.Context) ([]json.RawMessage, error) {
	raw, err := c.object(ctx, "/link")
	if err != nil {
		return nil, err
	}
	var parsed struct {
		Links json.RawMessage `json:"links"`
	}
	if json.Unmarshal(raw, &parsed) != nil {
		return nil, c.shapeError(http.MethodGet, "/link", "a list of links")
	}
	links, ok := objects(parsed.Links)
	if !ok {
		return nil, c.shapeError(http.MethodGet, "/link", "a list of links")
	}
	return links, nil
}

// CreateLink creates a link, always online. One of type "direct" comes with its
// two locations.
//
// POST /link
func (c *Client) CreateLink(ctx context.Context, body any) (json.RawMessage, error) {
	return c.create(ctx, call{format: "/link", body: body})
}

// PutLink replaces a link; without a wg_port it gets a random one. With key true
// it makes a new key.
//
// PUT /link/<id>
func (c *Client) PutLink(ctx context.Context, id string, body any) (json.RawMessage, error) {
	return c.do(ctx, call{method: http.MethodPut, format: "/link/%s", ids: []string{id}, body: body})
}

// DeleteLink deletes a link with everything in it.
//
// DELETE /link/<id>
func (c *Client) DeleteLink(ctx context.Context, id string) error {
	return discard(c.do(ctx, call{method: http.MethodDelete, format: "/link/%s", ids: []string{id}}))
}

// Locations returns the locations of a link with their routes, hosts and peers.
//
// GET /link/<id>/location
func (c *Client) Locations(ctx context.Context, link string) ([]json.RawMessage, error) {
	return c.list(ctx, "/link/%s/location", link)
}

// CreateLocation creates a location of a link. Locations of direct links cannot be
// created, changed or deleted (ErrNotFound).
//
// POST /link/<id>/location
func (c *Client) CreateLocation(ctx context.Context, link string, body any) (json.RawMessage, error) {
	return c.create(ctx, call{format: "/link/%s/location", ids: []string{link}, body: body})
}

// PutLocation replaces a location, which means its name.
//
// PUT /link/<id>/location/<location>
func (c *Client) PutLocation(ctx context.Context, link, location string, body any) (json.RawMessage, error) {
	return c.do(ctx, call{method: http.MethodPut, format: "/link/%s/location/%s", ids: []string{link, location}, body: body})
}

// DeleteLocation deletes a location. The server finds it whatever link is named.
//
// DELETE /link/<id>/location/<location>
func (c *Client) DeleteLocation(ctx context.Context, link, location string) error {
	return discard(c.do(ctx, call{method: http.MethodDelete, format: "/link/%s/location/%s", ids: []string{link, location}}))
}
