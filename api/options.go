package api

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const (
	defaultTimeout     = 125 * time.Second // a little more than the two minutes after which Pritunl itself gives up
	defaultRetries     = 4
	defaultParallel    = 4
	defaultMaxResponse = 64 << 20
	defaultMaxElement  = 4 << 20
)

// Options say where the server is, who asks, and how patient to be. URL, Token and
// Secret are required; the zero value of everything else is a usable default.
type Options struct {
	// URL is the address of the web console, https://vpn.example.com, with an
	// optional port and an optional base path of a proxy. Query, fragment and
	// user information are refused. Plain http is allowed and, beyond this machine, reported by
	// Client.Warnings.
	URL string
	// Token and Secret are those of an administrator who has API authentication.
	Token, Secret Secret

	// CA holds PEM certificates trusted besides those of the system.
	CA []byte
	// Pin accepts exactly the certificates with these SHA-256 fingerprints, of the
	// whole certificate or of its public key: "sha256:<64 hex digits>" or
	// "sha256:<base64>", more than one separated by commas. A pin replaces the
	// check against certificate authorities, host name and expiry.
	Pin string
	// Insecure accepts every certificate. A Pin takes precedence.
	Insecure bool

	// Timeout bounds one attempt, until its whole answer has been read; in a
	// listing of users it bounds the wait for each user. Default 125 s.
	Timeout time.Duration
	// Retries is how often a request is repeated at most. Default 4, negative none.
	Retries int
	// Parallel is how many requests are in flight at most. A listing of users
	// counts until its first user has arrived: it then costs the server no more
	// than a connection, and whoever reads it may send other requests. Default 4.
	Parallel int
	// MaxResponse and MaxElement bound, in bytes, one answer held in memory
	// (default 64 MiB) and one element of a streamed listing (default 4 MiB).
	MaxResponse, MaxElement int64
	// UserAgent is sent with every request. Default "pritunl-backup".
	UserAgent string

	// Transport replaces the HTTP transport; CA, Pin and Insecure must then be
	// empty, since nothing would apply them.
	Transport http.RoundTripper
	// Wrap, when set, is put around the transport, for example ReadOnlyTransport.
	Wrap func(http.RoundTripper) http.RoundTripper
	// OnRetry is told of every failed attempt that is going to be repeated after
	// wait. Attempts count from 1. It is called from many goroutines at once.
	OnRetry func(attempt int, err error, wait time.Duration)

	// Now, Nonce, Sleep and Random are the clock, the source of nonces (8 to 32
	// characters), the wait between attempts, and a number in [0,1) to spread
	// retries with. The defaults are the real ones.
	Now    func() time.Time
	Nonce  func() string
	Sleep  func(ctx context.Context, d time.Duration) error
	Random func() float64
}

// New returns a client, or an error that is ErrConfig and names the option. It
// sends nothing.
func New(o Options) (*Client, error) {
	base, err := parseURL(o.URL)
	if err != nil {
		return nil, err
	}
	if err := checkCredential("token", o.Token); err != nil {
		return nil, err
	}
	if err := checkCredential("secret", o.Secret); err != nil {
		return nil, err
	}
	transport, warnings, err := newTransport(o, base)
	if err != nil {
		return nil, err
	}
	fillDefaults(&o)
	return &Client{
		base:        base,
		credentials: credentials{token: o.Token.Reveal(), secret: o.Secret.Reveal()},
		hide:        newHider(o.Token.Reveal(), o.Secret.Reveal()),
		options:     o,
		warnings:    warnings,
		slots:       make(chan struct{}, o.Parallel),
		// Not an http.Client: it would follow redirects with a signature made for
		// another path, and keep cookies that Pritunl prefers to the signature.
		transport: transport,
	}, nil
}

func fillDefaults(o *Options) {
	if o.Timeout <= 0 {
		o.Timeout = defaultTimeout
	}
	switch {
	case o.Retries == 0:
		o.Retries = defaultRetries
	case o.Retries < 0:
		o.Retries = 0
	}
	if o.Parallel <= 0 {
		o.Parallel = defaultParallel
	}
	if o.MaxResponse <= 0 {
		o.MaxResponse = defaultMaxResponse
	}
	if o.MaxElement <= 0 {
		o.MaxElement = defaultMaxElement
	}
	if o.UserAgent == "" {
		o.UserAgent = "pritunl-backup"
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Nonce == nil {
		o.Nonce = newNonce
	}
	if o.Sleep == nil {
		o.Sleep = sleep
	}
	if o.Random == nil {
		o.Random = rand.Float64
	}
	if o.OnRetry == nil {
		o.OnRetry = func(int, error, time.Duration) {}
	}
}

// parseURL checks the address of the server. Its errors never repeat user
// information, which may be a password, nor a text that could not be parsed.
func parseURL(raw string) (*url.URL, error) {
	if raw == "" {
		return nil, configError("no url of the Pritunl server is set", "give the address of the web console, for example https://vpn.example.com")
	}
	u, err := url.Parse(raw)
	if err != nil || !strings.Contains(raw, "://") {
		return nil, configError("url is not an address with http:// or https://", suggestURL(raw))
	}
	switch {
	case u.Scheme != "https" && u.Scheme != "http":
		return nil, configError(fmt.Sprintf("url has the scheme %q", u.Scheme), "use https:// (or http:// on a trusted network)")
	case u.User != nil:
		return nil, configError("url contains a user name or password", "remove everything up to the @: Pritunl takes a token and a secret instead")
	case u.Hostname() == "":
		return nil, configError("url names no host", "write it like https://vpn.example.com")
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "" || strings.Contains(raw, "#"):
		return nil, configError("url has a query or a fragment", "remove everything from the ? or # on")
	}
	if hasDotSegment(u.Path) {
		return nil, configError("url has a . or .. in its path", "write the base path in full")
	}
	base := &url.URL{Scheme: u.Scheme, Host: u.Host}
	if escaped := strings.TrimRight(u.EscapedPath(), "/"); escaped != "" {
		base.Path, base.RawPath = strings.TrimRight(u.Path, "/"), escaped
	}
	return base, nil
}

// suggestURL guesses what was meant by an address without a scheme.
func suggestURL(raw string) string {
	guess, err := url.Parse("https://" + strings.TrimLeft(raw, ":/"))
	if err != nil || guess.User != nil || guess.Hostname() == "" || guess.RawQuery != "" || strings.ContainsAny(raw, "@ ") {
		return "write it like https://vpn.example.com"
	}
	return fmt.Sprintf("did you mean https://%s%s?", guess.Host, guess.EscapedPath())
}

func checkCredential(name string, s Secret) error {
	if s == "" {
		return configError("no "+name+" is set", "API authentication is switched on per administrator in the web console, which then shows token and secret")
	}
	for _, r := range s.Reveal() {
		if r <= ' ' || r > '~' {
			return configError(name+" contains white space or characters outside ASCII", "copy it again: it is 32 letters and digits")
		}
	}
	return nil
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
