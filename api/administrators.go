package api

import (
	"context"
	"encoding/json"
	"net/http"
)

// Administrators returns all administrators with their tokens and secrets. It
// needs a super user (ErrNotSuperUser), as everything about administrators does.
//
// GET /admin
func (c *Client) Administrators(ctx context.Context) ([]json.RawMessage, error) {
	return c.list(ctx, "/admin")
}

// Administrator returns one administrator, without the field audit.
//
// GET /admin/<id>
func (c *Client) Administrator(ctx context.Context, id string) (json.RawMessage, error) {
	return c.object(ctx, "/admin/%s", id)
}

// CreateAdministrator creates an administrator; username and password are
// required. The answer holds the new token and secret.
//
// POST /admin
func (c *Client) CreateAdministrator(ctx context.Context, body any) (json.RawMessage, error) {
	return c.create(ctx, call{format: "/admin", body: body})
}

// PutAdministrator replaces an administrator. Without auth_api it switches API
// authentication off; a non-empty token or secret makes new ones, which the answer
// holds.
//
// PUT /admin/<id>
func (c *Client) PutAdministrator(ctx context.Context, id string, body any) (json.RawMessage, error) {
	return c.do(ctx, call{method: http.MethodPut, format: "/admin/%s", ids: []string{id}, body: body})
}

// DeleteAdministrator deletes an administrator. The last super user stays.
//
// DELETE /admin/<id>
func (c *Client) DeleteAdministrator(ctx context.Context, id string) error {
	return discard(c.do(ctx, call{method: http.MethodDelete, format: "/admin/%s", ids: []string{id}}))
}
