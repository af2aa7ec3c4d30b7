// Package api speaks to the admin API of a Pritunl server: it signs requests,
// sends them, retries what may be retried, and says in words what went wrong.
//
// It is a client only. It knows where every resource lives and what a request
// to it does; it does not know what the fields of a resource mean. Bodies are
// given and answers are returned as raw JSON, so no field is lost and no number
// is rounded on the way.
//
// # Requests
//
// Every request carries the four Auth-* headers of Pritunl's HMAC scheme. The
// signature covers token, timestamp, nonce, method and path, never the query
// nor the body. When [Options].URL has a base path (https://proxy/vpn), the
// base path is sent but not signed: the proxy that owns it strips it, and
// Pritunl checks the signature against the path that reaches it.
//
// All requests go through one place, [Client.Send]. An attempt is bounded in time
// and in size, follows no redirect, keeps no cookie, and is signed anew every
// time. The number of requests in flight is bounded by [Options].Parallel.
//
// # Errors
//
// What the server or the network refuses is an [*Error]; [errors.Is] tells the
// kinds apart (ErrUnauthorized, ErrNotFound and so on). No error text contains
// the token or the secret, whatever the server answers.
//
// # Idempotency
//
// GET, HEAD and PUT are repeated after connection errors and after 429, 502,
// 503 and 504. POST and DELETE are repeated only when the connection was never
// established, or when the server said 429, which it says before doing anything.
// Methods of this package that know better say so in their comments.
package api
