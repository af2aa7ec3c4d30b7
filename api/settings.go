package api

import (
	"context"
	"encoding/json"
	"net/http"
)

// Settings returns the settings of the server together with the record of the
// calling administrator, whose token and secret it contains. Reading it makes the
// server fill in an empty server_sso_url when single sign-on is configured.
//
// GET /settings
func (c *Client) Settings(ctx context.Context) (json.RawMessage, error) {
	return c.object(ctx, "/settings")
}

// PutSettings replaces the settings: a field that body does not have is reset. A
// change of port, certificate, domain or reverse proxy restarts the web server
// after the answer. After an error some of the new values may be in effect until
// settings are read from the database again.
//
// PUT /settings
func (c *Client) PutSettings(ctx context.Context, body any) (json.RawMessage, error) {
	return c.do(ctx, call{method: http.MethodPut, format: "/settings", body: body})
}

// Subscription returns the state of the licence; its key is never shown. With a
// licence the server asks the vendor first, which takes ten seconds or more when
// it is offline.
//
// GET /subscription
func (c *Client) Subscription(ctx context.Context) (json.RawMessage, error) {
	return c.object(ctx, "/subscription")
}

// SetLicence installs a licence key, which the server checks with the vendor.
//
// POST /subscription
func (c *Client) SetLicence(ctx context.Context, licence Secret) (json.RawMessage, error) {
	body := map[string]string{"license": licence.Reveal()}
	return c.do(ctx, call{method: http.MethodPost, format: "/subscription", body: body})
}

// DeleteSubscription removes the licence key.
//
// DELETE /subscription
func (c *Client) DeleteSubscription(ctx context.Context) error {
	return discard(c.do(ctx, call{method: http.MethodDelete, format: "/subscription"}))
}
