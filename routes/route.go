package routes

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// Route is one route, in a list or of a server. A zero member other than Network
// means that the list does not say: the server's own value, or the option of the
// import, stands.
type Route struct {
	Network           netip.Prefix `json:"network"`
	Comment           string       `json:"comment,omitempty"`
	NAT               *bool        `json:"nat,omitempty"`
	NATInterface      string       `json:"nat_interface,omitempty"`
	NATNetmap         string       `json:"nat_netmap,omitempty"`
	NetGateway        bool         `json:"net_gateway,omitempty"`
	Metric            int64        `json:"metric,omitempty"`
	Advertise         bool         `json:"advertise,omitempty"`
	AdvertiseResource []string     `json:"advertise_resource,omitempty"`
	// ID is the server's name of the route, the hex form of its network as it is
	// stored, which an old server may have written in another way.
	ID string `json:"-"`
}

// Existing is a route as GET /server/<id>/route shows it.
type Existing struct {
	Route
	// Derived says where Pritunl takes the route from, and is empty for a route
	// that is stored with the server and may be changed.
	Derived string
}

// row is the answer's shape; members this package does not decide on are left
// out, because Pritunl resets none of them through these requests.
type row struct {
	ID                string          `json:"id"`
	Network           string          `json:"network"`
	Comment           *string         `json:"comment"`
	NAT               bool            `json:"nat"`
	NATInterface      *string         `json:"nat_interface"`
	NATNetmap         *string         `json:"nat_netmap"`
	NetGateway        bool            `json:"net_gateway"`
	Metric            *int64          `json:"metric"`
	Advertise         *bool           `json:"advertise"`
	AdvertiseResource json.RawMessage `json:"advertise_resource"`
	VirtualNetwork    bool            `json:"virtual_network"`
	NetworkLink       bool            `json:"network_link"`
	ServerLink        bool            `json:"server_link"`
}

// ParseServer reads the answer of GET /server/<id>/route. A row whose network is
// not in CIDR notation, which old servers can have, is one that may not be
// changed and whose Network is not valid.
func ParseServer(answer []byte) ([]Existing, error) {
	var rows []row
	if err := json.Unmarshal(answer, &rows); err != nil {
		return nil, fmt.Errorf("read the routes of the server: %w", err)
	}
	out := make([]Existing, 0, len(rows))
	for _, r := range rows {
		p, err := netip.ParsePrefix(r.Network)
		nat := r.NAT
		e := Existing{Derived: r.derived(p), Route: Route{
			ID: r.ID, Network: p, Comment: deref(r.Comment), NAT: &nat,
			NATInterface: deref(r.NATInterface), NATNetmap: deref(r.NATNetmap), NetGateway: r.NetGateway,
			Metric: deref(r.Metric), Advertise: deref(r.Advertise),
		}}
		if err != nil && e.Derived == "" {
			e.Derived = "a network that is not in CIDR notation"
		}
		// Null, a list of texts, or something a later version invents: only a
		// list of texts can be sent back.
		_ = json.Unmarshal(r.AdvertiseResource, &e.AdvertiseResource)
		out = append(out, e)
	}
	return out, nil
}

func (r row) derived(p netip.Prefix) string {
	switch {
	case r.VirtualNetwork:
		return "the virtual network of the server"
	case r.NetworkLink:
		return "the network link of a user"
	case r.ServerLink:
		return "a linked server"
	case p == defaultRoute6:
		return "the route 0.0.0.0/0"
	}
	return ""
}

// defaultRoute6 is never stored: Pritunl shows it when a server with IPv6 has
// 0.0.0.0/0, and takes a request to set it for one to set 0.0.0.0/0.
var defaultRoute6 = netip.PrefixFrom(netip.IPv6Unspecified(), 0)

func deref[T any](p *T) T {
	if p == nil {
		var zero T
		return zero
	}
	return *p
}

// ParseNetwork reads an address or a network without host bits, as Pritunl
// takes them. An IPv4 network inside IPv6 notation comes back as IPv4.
func ParseNetwork(s string) (netip.Prefix, error) {
	s = strings.TrimSpace(s)
	if !strings.Contains(s, "/") {
		a, err := netip.ParseAddr(s)
		if err != nil || a.Zone() != "" {
			return netip.Prefix{}, fmt.Errorf("%q is not an address or network", shorten(s))
		}
		a = a.Unmap()
		return netip.PrefixFrom(a, a.BitLen()), nil
	}
	p, err := netip.ParsePrefix(s)
	if err != nil {
		return netip.Prefix{}, fmt.Errorf("%q is not an address or network", shorten(s))
	}
	if p.Addr().Is4In6() {
		if p.Bits() < 96 {
			return netip.Prefix{}, fmt.Errorf("%q spans more than the IPv4 networks it is written as", shorten(s))
		}
		p = netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-96)
	}
	if p != p.Masked() {
		return netip.Prefix{}, fmt.Errorf("%q has host bits set, the network is %s", shorten(s), p.Masked())
	}
	return p, nil
}

func shorten(s string) string {
	const most = 80
	if len(s) > most {
		return s[:most] + "..."
	}
	return s
}

// compare orders networks: IPv4 before IPv6, then by address, then the wider first.
func compare(a, b netip.Prefix) int {
	if c := a.Addr().Compare(b.Addr()); c != 0 {
		return c
	}
	return a.Bits() - b.Bits()
}

func sortRoutes(rs []Route) {
	slices.SortStableFunc(rs, func(a, b Route) int { return compare(a.Network, b.Network) })
}
