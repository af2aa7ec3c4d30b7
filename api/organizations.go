package api

import (
	"context"
	"encoding/json"
	"net/http"
)

// Organizations returns all organizations sorted by name.
//
// GET /organization
func (c *Client) Organizations(ctx context.Context) ([]json.RawMessage, error) {
	return c.list(ctx, "/organization")
}

// Organization returns one organization. An unknown id is ErrServer.
//
// GET /organization/<id>
func (c *Client) Organization(ctx context.Context, id string) (json.RawMessage, error) {
	return c.object(ctx, "/organization/%s", id)
}

// CreateOrganization creates an organization, which takes seconds: the server
// makes a certificate authority first.
//
// POST /organization
func (c *Client) CreateOrganization(ctx context.Context, body any) (json.RawMessage, error) {
	return c.create(ctx, call{format: "/organization", body: body})
}

// PutOrganization replaces name and auth_api. With auth_token or auth_secret true
// it makes new ones.
//
// PUT /organization/<id>
func (c *Client) PutOrganization(ctx context.Context, id string, body any) (json.RawMessage, error) {
	return c.do(ctx, call{method: http.MethodPut, format: "/organization/%s", ids: []string{id}, body: body})
}

// DeleteOrganization deletes an organization and its users, and stops the servers
// that use it.
//
// DELETE /organization/<id>
func (c *Client) DeleteOrganization(ctx context.Context, id string) error {
	return discard(c.do(ctx, call{method: http.MethodDelete, format: "/organization/%s", ids: []string{id}}))
}
