package simulator

import (
	"net/http"
	"slices"
	"strings"
)

// gateway is a host of a location, called host on the wire.
type gateway struct {
	id, name                 string
	loc                      *location
	linkID                   string // the link in whose path it was added
	timeout, backoff         *int
	priority                 int
	static                   bool
	public, local, publicKey string
	secret                   string
}

// gatewayView is a host of a location on the wire. No client ever reports here.
type gatewayView struct {
	ID             string         `json:"id"`
	Name           string         `json:"name"`
	LinkID         string         `json:"link_id"`
	LocationID     string         `json:"location_id"`
	Status         string         `json:"status"`
	Hosts          map[string]any `json:"hosts"`
	HostsAvailable int            `json:"hosts_state_available"`
	HostsTotal     int            `json:"hosts_state_total"`
	Timeout        *int           `json:"timeout"`
	Priority       int            `json:"priority"`
	Backoff        *int           `json:"backoff"`
	PingTTL        *string        `json:"ping_timestamp_ttl"`
	Static         bool           `json:"static"`
	Public         string         `json:"public_address"`
	Local          string         `json:"local_address"`
	Address6       *string        `json:"address6"`
	Version        *string        `json:"version"`
	URI            string         `json:"uri,omitempty"`
	Conf           *string        `json:"conf,omitempty"`
	UbntConf       *string        `json:"ubnt_conf,omitempty"`
}

func (g *gateway) view() gatewayView {
	return gatewayView{
		ID: g.id, Name: g.name, LinkID: g.linkID, LocationID: g.loc.id, Status: "unavailable",
		Timeout: g.timeout, Priority: g.priority, Backoff: g.backoff, Static: g.static, Public: g.public, Local: g.local,
	}
}

func (g *gateway) apply(b fields) {
	g.name = nameOf(b)
	g.timeout, g.backoff = numOrNil(b.num("timeout")), numOrNil(b.num("backoff"))
	if g.priority = max(b.num("priority"), -b.num("priority")); g.priority == 0 {
		g.priority = 1
	}
	g.static, g.public, g.local = b.flag("static"), b.filtered("public_address"), b.filtered("local_address")
}

func postGateway(s *Simulator, c *call) reply {
	l, loc := s.db.link(c.key("link_id")), s.findLocation(c)
	if l == nil || loc == nil {
		return abort(http.StatusNotFound)
	}
	g := &gateway{
		id: s.db.newID(), loc: loc, linkID: l.id, secret: s.db.secretText(32), publicKey: filterBase64(c.body().str("wg_public_key")),
	}
	g.apply(c.body())
	loc.gateways = append(loc.gateways, g)
	return ok(g.view())
}

// findGateway looks among the hosts of all locations.
func (s *Simulator) findGateway(c *call) *gateway {
	if s.db.link(c.key("link_id")) == nil || s.findLocation(c) == nil {
		return nil
	}
	id := c.key("host_id")
	for _, l := range s.db.links {
		for _, loc := range l.locations {
			if g := byID(loc.gateways, func(g *gateway) string { return g.id }, id); g != nil {
				return g
			}
		}
	}
	return nil
}

func putGateway(s *Simulator, c *call) reply {
	g := s.findGateway(c)
	if g == nil {
		return abort(http.StatusNotFound)
	}
	g.apply(c.body())
	for _, p := range []*int{g.timeout, g.backoff} {
		if p != nil && *p < 0 {
			*p = -*p
		}
	}
	return ok(g.view())
}

func deleteGateway(s *Simulator, c *call) reply {
	g := s.findGateway(c)
	if g == nil {
		return abort(http.StatusNotFound)
	}
	g.loc.gateways = slices.DeleteFunc(g.loc.gateways, func(x *gateway) bool { return x == g })
	return empty()
}

// getGatewayURI is the one route that minds whether the path fits together.
func getGatewayURI(s *Simulator, c *call) reply {
	g := s.findGateway(c)
	if g == nil || g.loc.id != c.key("location_id") || g.loc.link.id != c.key("link_id") {
		return abort(http.StatusNotFound)
	}
	v := g.view()
	v.URI = "pritunl://" + g.id + ":" + g.secret + "@"
	return ok(v)
}

// getGatewayConf would be the configuration of a static router.
func getGatewayConf(s *Simulator, c *call) reply {
	g := s.findGateway(c)
	if g == nil {
		return abort(http.StatusNotFound)
	}
	v := g.view()
	conf, ubnt := strings.TrimSpace("# FAKE ipsec configuration of "+g.name), "# FAKE configuration"
	v.Conf, v.UbntConf = &conf, &ubnt
	return ok(v)
}

// linkStateWords is what a link client reports.
const linkStateWords = "version:s public_address:s local_address:s address6:s provider:s wg_public_key:s status:a hosts:a errors:l"

// linkState is where link clients report. None exists here, so none is known.
func linkState(_ *Simulator, c *call) reply {
	for _, key := range []string{"Auth-Token", "Auth-Timestamp", "Auth-Nonce", "Auth-Signature"} {
		if c.req.Header.Get(key) == "" {
			return abort(406)
		}
	}
	return abort(http.StatusNotFound)
}
