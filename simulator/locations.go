package simulator

import (
	"crypto/md5" //nolint:gosec // ids of routes are defined by it
	"encoding/hex"
	"slices"
	"strings"
)

// location is an end of a site link.
type location struct {
	id, name string
	link     *link
	kind     *string
	routes   []string
	gateways []*gateway
	transits []string // "" stands for null, which the server stores too
	bypassed []string // locations not to be reached through others
}

// locationView is a location on the wire. link is the one from the path, which
// need not be the one the location belongs to.
type locationView struct {
	ID       string              `json:"id"`
	Name     string              `json:"name"`
	Type     *string             `json:"type"`
	Protocol string              `json:"protocol"`
	WGPort   int                 `json:"wg_port"`
	IPv6     bool                `json:"ipv6"`
	LinkID   string              `json:"link_id"`
	LinkType string              `json:"link_type"`
	Hosts    []gatewayView       `json:"hosts"`
	Routes   []map[string]string `json:"routes"`
	Peers    []peerView          `json:"peers"`
}

func (loc *location) view(l *link) locationView {
	v := locationView{
		ID: loc.id, Name: loc.name, Type: loc.kind, Protocol: l.protocol, WGPort: l.port, IPv6: l.ipv6,
		LinkID: loc.link.id, LinkType: l.kind, Hosts: []gatewayView{}, Routes: []map[string]string{}, Peers: []peerView{},
	}
	for _, g := range byName(loc.gateways, func(g *gateway) string { return g.name }) {
		v.Hosts = append(v.Hosts, g.view())
	}
	for _, network := range loc.routes {
		v.Routes = append(v.Routes, map[string]string{
			"id": md5Text(network), "network": network, "link_id": loc.link.id, "location_id": loc.id,
		})
	}
	return v
}

func md5Text(s string) string {
	sum := md5.Sum([]byte(s)) //nolint:gosec // see the import
	return hex.EncodeToString(sum[:])
}

func listLocations(s *Simulator, c *call) reply {
	id, null := c.id("link_id")
	l := s.db.link(id)
	switch {
	case null:
		return ok([]locationView{})
	case l == nil:
		return abort(404)
	}
	views := []locationView{}
	for _, loc := range byName(l.locations, func(loc *location) string { return loc.name }) {
		v := loc.view(l)
		v.Peers = l.peers(loc)
		views = append(views, v)
	}
	return ok(views)
}

// findLink is the link in the path, nil when it does not exist or is a direct
// one, whose locations are fixed.
func (s *Simulator) findLink(c *call) *link {
	l := s.db.link(c.key("link_id"))
	if l == nil || l.kind == direct {
		return nil
	}
	return l
}

// findLocation looks among the locations of all links.
func (s *Simulator) findLocation(c *call) *location {
	id := c.key("location_id")
	for _, l := range s.db.links {
		if loc := byID(l.locations, func(loc *location) string { return loc.id }, id); loc != nil {
			return loc
		}
	}
	return nil
}

func (s *Simulator) findBoth(c *call) (*link, *location) {
	l, loc := s.findLink(c), s.findLocation(c)
	if l == nil || loc == nil {
		return nil, nil
	}
	return l, loc
}

func postLocation(s *Simulator, c *call) reply {
	l := s.findLink(c)
	if l == nil {
		return abort(404)
	}
	loc := &location{id: s.db.newID(), link: l, name: nameOr(c.body(), unnamed)}
	l.locations = append(l.locations, loc)
	return ok(loc.view(l))
}

func putLocation(s *Simulator, c *call) reply {
	l, loc := s.findBoth(c)
	if loc == nil {
		return abort(404)
	}
	loc.name = nameOr(c.body(), unnamed)
	return ok(loc.view(l))
}

func deleteLocation(s *Simulator, c *call) reply {
	_, loc := s.findBoth(c)
	if loc == nil {
		return abort(404)
	}
	loc.link.locations = slices.DeleteFunc(loc.link.locations, func(x *location) bool { return x == loc })
	return empty()
}

func postLinkRoute(s *Simulator, c *call) reply {
	_, loc := s.findBoth(c)
	if loc == nil {
		return abort(404)
	}
	p, err := parseNetwork(c.body().str("network"))
	if err != nil {
		return refuse("link_network_invalid")
	}
	if !slices.Contains(loc.routes, p.String()) {
		loc.routes = append(loc.routes, p.String())
	}
	return ok(map[string]string{"id": md5Text(p.String())})
}

func deleteLinkRoute(s *Simulator, c *call) reply {
	_, loc := s.findBoth(c)
	if loc == nil {
		return abort(404)
	}
	// The id need not look like one: a long one that does not is no route either.
	i := slices.IndexFunc(loc.routes, func(n string) bool { return md5Text(n) == c.params["route_id"] })
	if i < 0 {
		return crash()
	}
	loc.routes = slices.Delete(loc.routes, i, i+1)
	return empty()
}

// gateway is a host of a location, called host on the wire.
type gateway struct {
	id, name                 string
	loc                      *location
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
		ID: g.id, Name: g.name, LinkID: g.loc.link.id, LocationID: g.loc.id, Status: "unavailable",
		Timeout: g.timeout, Priority: g.priority, Backoff: g.backoff, Static: g.static, Public: g.public, Local: g.local,
	}
}

func (g *gateway) apply(b fields) {
	g.name = nameOr(b, unnamed)
	g.timeout, g.backoff = numOrNil(b.num("timeout")), numOrNil(b.num("backoff"))
	if g.priority = max(b.num("priority"), -b.num("priority")); g.priority == 0 {
		g.priority = 1
	}
	g.static, g.public, g.local = b.flag("static"), b.filtered("public_address"), b.filtered("local_address")
}

func postGateway(s *Simulator, c *call) reply {
	l, loc := s.db.link(c.key("link_id")), s.findLocation(c)
	if l == nil || loc == nil {
		return abort(404)
	}
	g := &gateway{
		id: s.db.newID(), loc: loc, secret: s.db.secretText(32), publicKey: filterBase64(c.body().str("wg_public_key")),
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
		return abort(404)
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
		return abort(404)
	}
	g.loc.gateways = slices.DeleteFunc(g.loc.gateways, func(x *gateway) bool { return x == g })
	return empty()
}

// getGatewayURI is the one route that minds whether the path fits together.
func getGatewayURI(s *Simulator, c *call) reply {
	g := s.findGateway(c)
	if g == nil || g.loc.id != c.key("location_id") || g.loc.link.id != c.key("link_id") {
		return abort(404)
	}
	v := g.view()
	v.URI = "pritunl://" + g.id + ":" + g.secret + "@"
	return ok(v)
}

// getGatewayConf would be the configuration of a static router.
func getGatewayConf(s *Simulator, c *call) reply {
	g := s.findGateway(c)
	if g == nil {
		return abort(404)
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
	return abort(404)
}
