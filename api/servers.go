package api

import (
	"context"
	"encoding/json"
	"net/http"
)

// Servers returns all servers sorted by name.
//
// GET /server
func (c *Client) Servers(ctx context.Context) ([]json.RawMessage, error) {
	return c.list(ctx, "/server")
}

// Server returns one server. An unknown id is ErrServer.
//
// GET /server/<id>
func (c *Client) Server(ctx context.Context, id string) (json.RawMessage, error) {
	return c.object(ctx, "/server/%s", id)
}

// CreateServer creates a server, which takes seconds. It comes with the answering
// host and with default routes attached, and may be pending while the server
// computes Diffie-Hellman parameters.
//
// POST /server
func (c *Client) CreateServer(ctx context.Context, body any) (json.RawMessage, error) {
	return c.create(ctx, call{format: "/server", body: body})
}

// PutServer replaces a server: a field that body does not have is reset. Most
// fields can change only while the server is offline (ErrConflict).
//
// PUT /server/<id>
func (c *Client) PutServer(ctx context.Context, id string, body any) (json.RawMessage, error) {
	return c.do(ctx, call{method: http.MethodPut, format: "/server/%s", ids: []string{id}, body: body})
}

// DeleteServer deletes a server.
//
// DELETE /server/<id>
func (c *Client) DeleteServer(ctx context.Context, id string) error {
	return discard(c.do(ctx, call{method: http.MethodDelete, format: "/server/%s", ids: []string{id}}))
}

// Operation is what OperateServer can do.
type Operation string

// The operations of a server.
const (
	Start   Operation = "start"
	Stop    Operation = "stop"
	Restart Operation = "restart"
)

// OperateServer starts, stops or restarts a server and returns it. What cannot be
// done is silently not done: look at the field status of the answer. Starting
// waits up to half a minute for a host.
//
// PUT /server/<id>/operation/<operation>
func (c *Client) OperateServer(ctx context.Context, id string, operation Operation) (json.RawMessage, error) {
	r := call{method: http.MethodPut, format: "/server/%s/operation/%s", ids: []string{id, string(operation)}}
	switch operation {
	case Start, Stop:
	case Restart:
		r.repeat = RepeatNever // it would restart twice
	default:
		return nil, configError("operation is not start, stop or restart", "")
	}
	return c.do(ctx, r)
}
