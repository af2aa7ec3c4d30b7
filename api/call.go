package api

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
)

// call is a request to a path that contains ids.
type call struct {
	method string
	format string // path with %s for every id
	ids    []string
	body   any
	repeat Repeat
}

// do sends a call and returns the JSON of its answer.
func (c *Client) do(ctx context.Context, r call) (json.RawMessage, error) {
	path, err := join(r.format, r.ids...)
	if err != nil {
		return nil, c.hide.error(asError(err))
	}
	return c.value(ctx, Request{Method: r.method, Path: path, Body: r.body, Repeat: r.repeat})
}

// object sends GET and wants an object.
func (c *Client) object(ctx context.Context, format string, ids ...string) (json.RawMessage, error) {
	raw, err := c.do(ctx, call{method: http.MethodGet, format: format, ids: ids})
	if err != nil {
		return nil, err
	}
	if !startsWith(raw, '{') {
		return nil, c.shapeError(http.MethodGet, fmt.Sprintf(format, toAny(ids)...), "an object")
	}
	return raw, nil
}

// list sends GET and wants a list of objects.
func (c *Client) list(ctx context.Context, format string, ids ...string) ([]json.RawMessage, error) {
	raw, err := c.do(ctx, call{method: http.MethodGet, format: format, ids: ids})
	if err != nil {
		return nil, err
	}
	elements, ok := objects(raw)
	if !ok {
		return nil, c.shapeError(http.MethodGet, fmt.Sprintf(format, toAny(ids)...), "a list of objects")
	}
	return elements, nil
}

// create sends POST and wants the new object with an id that can be used.
func (c *Client) create(ctx context.Context, r call) (json.RawMessage, error) {
	r.method = http.MethodPost
	raw, err := c.do(ctx, r)
	if err != nil {
		return nil, err
	}
	if id, ok := objectID(raw); !ok || !ValidID(id) {
		return nil, c.shapeError(r.method, fmt.Sprintf(r.format, toAny(r.ids)...), "an object with an id")
	}
	return raw, nil
}

// discard drops an answer that says nothing.
func discard(_ json.RawMessage, err error) error { return err }

// shapeError is an answer that is JSON but not what the endpoint gives.
func (c *Client) shapeError(method, path, wanted string) error {
	return c.hide.error(&Error{
		Method: method, Path: path, Status: http.StatusOK, kinds: []error{ErrNotPritunl},
		reason: "answer is not " + wanted,
		Hint:   "check that the url leads to Pritunl and that its version is supported",
	})
}

// objects splits a JSON list of objects; an empty list gives an empty slice.
func objects(raw json.RawMessage) ([]json.RawMessage, bool) {
	elements := []json.RawMessage{}
	if !startsWith(raw, '[') || json.Unmarshal(raw, &elements) != nil {
		return nil, false
	}
	for _, element := range elements {
		if !startsWith(element, '{') {
			return nil, false
		}
	}
	return elements, true
}

// objectID returns the field id of an object.
func objectID(raw json.RawMessage) (string, bool) {
	var parsed struct {
		ID *string `json:"id"`
	}
	if json.Unmarshal(raw, &parsed) != nil || parsed.ID == nil {
		return "", false
	}
	return *parsed.ID, true
}

func startsWith(raw json.RawMessage, first byte) bool {
	trimmed := bytes.TrimLeft(raw, " \t\r\n")
	return len(trimmed) > 0 && trimmed[0] == first
}

func toAny(ids []string) []any {
	values := make([]any, len(ids))
	for i, id := range ids {
		values[i] = id
	}
	return values
}
