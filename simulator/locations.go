package simulator

import (
	"crypto/md5"
	"encoding/hex"
	"net/http"
	"slices"
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

// md5Text is how the server makes ids of routes.
func md5Text(s string) string {
	sum := md5.Sum([]byte(s))
	return hex.EncodeToString(sum[:])
}

func listLocations(s *Simulator, c *call) reply {
	id, null := c.id("link_id")
	l := s.db.link(id)
	switch {
	case null:
		return ok([]locationView{})
	case l == nil:
		return abort(http.StatusNotFound)
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
		return abort(http.StatusNotFound)
	}
	loc := &location{id: s.db.newID(), link: l, name: nameOf(c.body())}
	l.locations = append(l.locations, loc)
	return ok(loc.view(l))
}

func putLocation(s *Simulator, c *call) reply {
	l, loc := s.findBoth(c)
	if loc == nil {
		return abort(http.StatusNotFound)
	}
	loc.name = nameOf(c.body())
	return ok(loc.view(l))
}

func deleteLocation(s *Simulator, c *call) reply {
	_, loc := s.findBoth(c)
	if loc == nil {
		return abort(http.StatusNotFound)
	}
	loc.link.locations = slices.DeleteFunc(loc.link.locations, func(x *location) bool { return x == loc })
	return empty()
}

func postLinkRoute(s *Simulator, c *call) reply {
	_, loc := s.findBoth(c)
	if loc == nil {
		return abort(http.StatusNotFound)
	}
	p, err := parseNetwork(c.body().str("network"))
	if err != nil {
		return refuse("link_network_invalid")
	}
	network := networkText(p)
	if !slices.Contains(loc.routes, network) {
		loc.routes = append(loc.routes, network)
	}
	return ok(map[string]string{"id": md5Text(network)})
}

func deleteLinkRoute(s *Simulator, c *call) reply {
	_, loc := s.findBoth(c)
	if loc == nil {
		return abort(http.StatusNotFound)
	}
	// The id need not look like one: a long one that does not is no route either.
	i := slices.IndexFunc(loc.routes, func(n string) bool { return md5Text(n) == c.params["route_id"] })
	if i < 0 {
		return crash()
	}
	loc.routes = slices.Delete(loc.routes, i, i+1)
	return empty()
}
