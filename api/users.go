package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
)

// BatchSize is the largest number of users that the server creates within a
// request; more would be created in the background, where errors are lost.
const BatchSize = 10

// Users gives the users of an organization one by one as they arrive: clients
// sorted by name, then those of type "server". An error is the last thing it
// gives. The request is repeated only before the first user was given; a list
// that breaks off later cannot be continued.
//
// When the server cannot make the whole list within its time limit (502, 504 or
// no answer), the pages of UsersPaged are read instead.
//
// GET /user/<organization>
func (c *Client) Users(ctx context.Context, organization string) iter.Seq2[json.RawMessage, error] {
	return func(yield func(json.RawMessage, error) bool) {
		path, err := join("/user/%s", organization)
		if err != nil {
			yield(nil, c.hide.error(asError(err)))
			return
		}
		l, err := c.openListing(ctx, Request{Method: http.MethodGet, Path: path, pages: true})
		switch {
		case isOverload(err):
			c.UsersPaged(ctx, organization)(yield)
		case err != nil:
			yield(nil, err)
		case l.first != nil:
			defer l.answer.close()
			c.drain(l, yield)
		}
	}
}

// drain gives the elements of a listing until its end or an error.
func (c *Client) drain(l *listing, yield func(json.RawMessage, error) bool) {
	element, err := l.first, error(nil)
	for err == nil {
		if !startsWith(element, '{') {
			err = c.shapeError(l.answer.request.Method, l.answer.request.Path, "a list of objects")
			break
		}
		if !yield(element, nil) {
			return
		}
		element, err = l.next(c)
	}
	if !errors.Is(err, io.EOF) {
		yield(nil, err)
	}
}

// isOverload reports whether a listing was more than the server could make.
func isOverload(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.overload()
}

// User returns one user. The server finds it whatever organization is named; an
// id that exists nowhere is ErrNotFound.
//
// GET /user/<organization>/<id>
func (c *Client) User(ctx context.Context, organization, id string) (json.RawMessage, error) {
	return c.object(ctx, "/user/%s/%s", organization, id)
}

// CreateUsers creates up to BatchSize users in the order given and returns them
// in that order. The server stops at the first it refuses; those before it stay,
// so that after an error the list has to be read again.
//
// POST /user/<organization>/multi
func (c *Client) CreateUsers(ctx context.Context, organization string, users []json.RawMessage) ([]json.RawMessage, error) {
	if len(users) == 0 {
		return []json.RawMessage{}, nil
	}
	if len(users) > BatchSize {
		return nil, configError(fmt.Sprintf("create users: %d in one request, at most %d are created safely", len(users), BatchSize), "")
	}
	const format = "/user/%s/multi"
	raw, err := c.do(ctx, call{method: http.MethodPost, format: format, ids: []string{organization}, body: users})
	if err != nil {
		return nil, err
	}
	created, ok := objects(raw)
	if !ok || len(created) != len(users) {
		return nil, c.shapeError(http.MethodPost, fmt.Sprintf(format, organization), fmt.Sprintf("a list of %d users", len(users)))
	}
	for _, user := range created {
		if id, ok := objectID(user); !ok || !ValidID(id) {
			return nil, c.shapeError(http.MethodPost, fmt.Sprintf(format, organization), "a list of users with ids")
		}
	}
	return created, nil
}

// PutUser replaces a user. pin must be true to keep the pin: everything else sets
// or clears it. A change may disconnect the user.
//
// PUT /user/<organization>/<id>
func (c *Client) PutUser(ctx context.Context, organization, id string, body any) (json.RawMessage, error) {
	return c.do(ctx, call{method: http.MethodPut, format: "/user/%s/%s", ids: []string{organization, id}, body: body})
}

// DeleteUser deletes a user.
//
// DELETE /user/<organization>/<id>
func (c *Client) DeleteUser(ctx context.Context, organization, id string) error {
	return discard(c.do(ctx, call{method: http.MethodDelete, format: "/user/%s/%s", ids: []string{organization, id}}))
}

// UnregisteredDevices returns the devices that wait for registration. All other
// devices are part of their users.
//
// GET /device/unregistered
func (c *Client) UnregisteredDevices(ctx context.Context) ([]json.RawMessage, error) {
	return c.list(ctx, "/device/unregistered")
}
