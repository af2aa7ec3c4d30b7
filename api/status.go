package api

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
)

// Status returns counts, server_version, current_host and addresses. An answer
// without a version is that of another program: ErrNotPritunl.
//
// GET /status
func (c *Client) Status(ctx context.Context) (json.RawMessage, error) {
	raw, err := c.do(ctx, call{method: http.MethodGet, format: "/status"})
	if err != nil {
		return nil, err
	}
	var parsed struct {
		Version *string `json:"server_version"`
	}
	if !startsWith(raw, '{') || json.Unmarshal(raw, &parsed) != nil || parsed.Version == nil {
		return nil, c.shapeError(http.MethodGet, "/status", "the status of a Pritunl server")
	}
	return raw, nil
}

// State returns who the caller is: super_user, user, plan, version, theme, sso.
// Every call makes the server store a CSRF token for seven days.
//
// GET /state
func (c *Client) State(ctx context.Context) (json.RawMessage, error) {
	return c.object(ctx, "/state")
}

// Ping asks, without a signature, whether a Pritunl server answers. An error that
// is ErrNotPritunl means that something else does.
//
// GET /ping
func (c *Client) Ping(ctx context.Context) error {
	r := Request{Method: http.MethodGet, Path: "/ping", unsigned: true}
	return c.exchange(ctx, r, func(a *answer) error {
		body, err := a.readAll(maxErrorBody)
		if err != nil {
			return err
		}
		if strings.TrimSpace(string(body)) != "OK" {
			return a.notPritunl(body)
		}
		return nil
	})
}
