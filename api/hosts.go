package api

import (
	"context"
	"encoding/json"
	"net/http"
)

// Hosts returns all hosts sorted by name. Hosts register themselves; there is no
// way to create one.
//
// GET /host
func (c *Client) Hosts(ctx context.Context) ([]json.RawMessage, error) {
	return c.list(ctx, "/host")
}

// Host returns one host.
//
// GET /host/<id>
func (c *Client) Host(ctx context.Context, id string) (json.RawMessage, error) {
	return c.object(ctx, "/host/%s", id)
}

// PutHost replaces the fields of a host: without a name it gets a random one.
//
// PUT /host/<id>
func (c *Client) PutHost(ctx context.Context, id string, body any) (json.RawMessage, error) {
	return c.do(ctx, call{method: http.MethodPut, format: "/host/%s", ids: []string{id}, body: body})
}

// DeleteHost removes a host that is offline; an online one is ErrServer.
//
// DELETE /host/<id>
func (c *Client) DeleteHost(ctx context.Context, id string) error {
	return discard(c.do(ctx, call{method: http.MethodDelete, format: "/host/%s", ids: []string{id}}))
}
