package api

import (
	"fmt"
	"net"
	"net/http"
	"net/url"
	"time"
)

// newTransport builds the transport and lists what is dangerous about it.
func newTransport(o Options, base *url.URL) (http.RoundTripper, []string, error) {
	rt, err := baseTransport(o, base)
	if err != nil {
		return nil, nil, err
	}
	var warnings []string
	switch {
	case base.Scheme == "http" && isLoopback(base.Hostname()): // never leaves this machine
	case base.Scheme == "http":
		warnings = append(warnings, "connection to "+base.Host+" is not encrypted: everything read and written, secrets included, can be seen on the way")
	case o.Insecure && o.Pin != "":
		warnings = append(warnings, "insecure is ignored: the pinned certificate is required")
	case o.Insecure:
		warnings = append(warnings, "certificate of "+base.Host+" is not checked: anybody in between can read and change everything; a pinned certificate is as easy and safe")
	}
	if o.Wrap != nil {
		rt = o.Wrap(rt)
	}
	return rt, warnings, nil
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

func baseTransport(o Options, base *url.URL) (http.RoundTripper, error) {
	custom := o.Pin != "" || len(o.CA) > 0 || o.Insecure
	if o.Transport != nil {
		if custom {
			return nil, configError("a transport of its own cannot be combined with pin, ca or insecure", "")
		}
		return o.Transport, nil
	}
	if o.Pin != "" && base.Scheme == "http" {
		return nil, configError("a pinned certificate needs https", "use https:// in the url")
	}
	config, err := tlsConfig(o)
	if err != nil {
		return nil, err
	}
	dialer := &net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}
	return &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		DialContext:         dialer.DialContext,
		TLSClientConfig:     config,
		TLSHandshakeTimeout: 10 * time.Second,
		MaxIdleConnsPerHost: max(o.Parallel, defaultParallel),
		// Well below the server's two minutes: a write should not meet a
		// connection that is being closed.
		IdleConnTimeout:        30 * time.Second,
		MaxResponseHeaderBytes: 1 << 20,
	}, nil
}

// ReadOnlyTransport refuses every method but GET and HEAD with ErrReadOnly,
// before anything is sent. It is the guard of dry runs: set it as Options.Wrap.
func ReadOnlyTransport(rt http.RoundTripper) http.RoundTripper { return readOnly{rt} }

type readOnly struct{ next http.RoundTripper }

func (t readOnly) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		if r.Body != nil {
			_ = r.Body.Close() // a RoundTripper must close the body; nothing was read from it
		}
		return nil, fmt.Errorf("send %s %s: %w", r.Method, r.URL.Path, ErrReadOnly)
	}
	return t.next.RoundTrip(r)
}
