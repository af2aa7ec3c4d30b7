package cli

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"syscall"
	"time"

	"pritunl-backup/api"
)

const (
	// lookWait bounds a lookup and an attempt to connect.
	lookWait = 10 * time.Second
	// renewalDays is how long before its end a certificate should have been renewed.
	renewalDays = 14
)

// endpoint is where the first connection goes: the server, or the proxy that this machine is told to use.
func endpoint(target *url.URL) (host, port, via string) {
	if proxy, err := http.ProxyFromEnvironment(&http.Request{URL: target}); err == nil && proxy != nil {
		target, via = proxy, " (the proxy that HTTPS_PROXY or HTTP_PROXY names)"
	}
	port = target.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443", "socks5": "1080"}[target.Scheme]
	}
	return target.Hostname(), port, via
}

func checkName(ctx context.Context, p *patient) finding {
	if p.url == nil {
		if p.opts.database.URI != "" {
			return skip("no address of the API is given")
		}
		return fail("no address of a Pritunl server is given", "set PRITUNL_URL (https://vpn.example.com)")
	}
	host, _, via := endpoint(p.url)
	if _, err := netip.ParseAddr(host); err == nil {
		return holds("%s%s is an address, no name has to be found", host, via)
	}
	ctx, cancel := context.WithTimeout(ctx, lookWait)
	defer cancel()
	addresses, err := net.DefaultResolver.LookupHost(ctx, host)
	if err != nil {
		reason := err.Error()
		var dns *net.DNSError
		if errors.As(err, &dns) {
			reason = dns.Err
		}
		return fail(fmt.Sprintf("%s%s cannot be found: %s", host, via, reason), "check the name in PRITUNL_URL, and the name servers of this machine")
	}
	return holds("%s%s is %s", host, via, strings.Join(addresses, ", "))
}

func checkConnection(ctx context.Context, p *patient) finding {
	host, port, via := endpoint(p.url)
	address := net.JoinHostPort(host, port)
	dialer := net.Dialer{Timeout: lookWait}
	conn, err := dialer.DialContext(ctx, "tcp", address)
	if err == nil {
		_ = conn.Close()
		return holds("%s%s answers", address, via)
	}
	var network net.Error
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return fail("nothing listens on "+address+via, "is pritunl running (systemctl status pritunl), and is this the port of its web console")
	case errors.As(err, &network) && network.Timeout():
		return fail("no answer from "+address+via, "a firewall or security group in between drops the connection, or the server is down")
	}
	return fail(fmt.Sprintf("%s%s cannot be reached: %v", address, via, errors.Unwrap(err)), "check routes and firewalls between here and there")
}

// checkTLS judges by the very connection a backup would use.
func checkTLS(ctx context.Context, p *patient) finding {
	if p.url.Scheme == "http" {
		if address, err := netip.ParseAddr(p.url.Hostname()); p.url.Hostname() == "localhost" || err == nil && address.IsLoopback() {
			return holds("plain http, which does not leave this machine")
		}
		return note("plain http: everything read and written, secrets included, can be seen on the way", "use https:// in PRITUNL_URL")
	}
	err := p.ping(ctx)
	state, _, _ := p.seen.last()
	if state == nil {
		if err == nil {
			return fail("the connection does not say how it is encrypted", "")
		}
		return failure(err, "check that the port speaks https")
	}
	return judgeCertificates(state, p.opts.connection.options, p.env.now())
}

// judgeCertificates says what protects the connection and how long it will.
func judgeCertificates(state *tls.ConnectionState, o api.Options, now time.Time) finding {
	if len(state.PeerCertificates) == 0 {
		return fail("the server presented no certificate", "")
	}
	chain := state.PeerCertificates
	if len(state.VerifiedChains) > 0 {
		chain = state.VerifiedChains[0]
	}
	trust := "issued by " + issuer(chain[0])
	switch {
	case o.Pin != "":
		trust, chain = "pinned", chain[:1]
	case o.Insecure:
		trust, chain = "not checked", chain[:1]
	}
	first := chain[0]
	for _, c := range chain[1:] {
		if c.NotAfter.Before(first.NotAfter) {
			first = c
		}
	}
	days := int(first.NotAfter.Sub(now).Hours() / 24)
	says := fmt.Sprintf("%s, certificate %s, valid until %s (%d days)", tls.VersionName(state.Version), trust, first.NotAfter.UTC().Format(time.DateOnly), days)
	switch {
	case o.Insecure && o.Pin == "":
		return note(says, "anybody in between can read and change everything: use --tls-pin "+api.Fingerprint(chain[0].Raw))
	case now.After(first.NotAfter):
		return note(fmt.Sprintf("%s, certificate %s, which ended on %s", tls.VersionName(state.Version), trust, first.NotAfter.UTC().Format(time.DateOnly)),
			"the pin does not mind, but browsers and clients do: renew it on the server, and pin the new one")
	case days < renewalDays:
		return note(says, "renew it on the server before it ends; a new certificate may need a new --tls-pin")
	}
	return holds("%s", says)
}

func issuer(c *x509.Certificate) string {
	if c.Issuer.CommonName != "" {
		return c.Issuer.CommonName
	}
	return c.Issuer.String()
}
