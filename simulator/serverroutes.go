package simulator

import "slices"

const (
	dnsComment   = "DNS Server"
	stockDNS     = "8.8.8.8/32"
	virtualRoute = "virtual" // stored network of the settings of the virtual network
)

// routeFields is what a stored route and a shown one have in common.
type routeFields struct {
	Comment           *string  `json:"comment"`
	Metric            *int     `json:"metric"`
	Nat               bool     `json:"nat"`
	NatInterface      *string  `json:"nat_interface"`
	NatNetmap         *string  `json:"nat_netmap"`
	Advertise         *bool    `json:"advertise"`
	AdvertiseResource []string `json:"advertise_resource"`
	VpcRegion         *string  `json:"vpc_region"`
	VpcID             *string  `json:"vpc_id"`
	NetGateway        bool     `json:"net_gateway"`
}

// storedRoute is a route of a server as it is kept.
type storedRoute struct {
	network    string
	serverLink bool // overrides a row that a linked server brings
	routeFields
}

// routeAnswer is what POST and PUT answer.
type routeAnswer struct {
	ID      string `json:"id"`
	Server  string `json:"server"`
	Network string `json:"network"`
	routeFields
}

// routeRow is a route as GET shows it.
type routeRow struct {
	routeAnswer
	Virtual     bool `json:"virtual_network"`
	WG          bool `json:"wg_network,omitempty"`
	NetworkLink bool `json:"network_link"`
	ServerLink  bool `json:"server_link"`
	LinkVirtual bool `json:"link_virtual_network"`
}

func stockRoute(network, comment string) storedRoute {
	return storedRoute{network: network, routeFields: routeFields{Nat: true, Comment: orNil(comment)}}
}

// bornRoutes are the routes of a new server; dns is the network of the second
// one, in releases that make it.
func (db *database) bornRoutes(dns string) []storedRoute {
	out := []storedRoute{stockRoute("0.0.0.0/0", "")}
	if db.is.does(dnsServerRoute) {
		out = append(out, stockRoute(dns, dnsComment))
	}
	return out
}

func (v *server) row(network string, f routeFields) routeRow {
	return routeRow{routeAnswer: routeAnswer{ID: hexText(network), Server: v.id, Network: network, routeFields: f}}
}

// moveDNSRoute rewrites every route with the stock comment to the first DNS
// server. It returns the new network when one was rewritten.
func (db *database) moveDNSRoute(v *server) (network string) {
	dns, _ := v.conf["dns_servers"].([]string)
	if len(dns) == 0 || !db.is.does(dnsServerRoute) {
		return ""
	}
	p, err := parseLoose(dns[0])
	if err != nil {
		return ""
	}
	first := networkText(p)
	for i := range v.routes {
		if r := &v.routes[i]; text(r.Comment) == dnsComment && r.network != first {
			r.network, network = first, first
		}
	}
	return network
}

// virtualNetworks are the networks of the tunnel: IPv4, WireGuard and both in
// IPv6, as far as the server has them.
func (db *database) virtualNetworks(v *server) (network, wg, six, sixWG string) {
	network, wg = v.conf.str("network"), v.conf.str("network_wg")
	return network, wg, network6(network, ipv6Prefix, db.here.routed6), network6(network, ipv6Prefix2, db.here.routed6WG)
}

// virtualRows shows the networks of the tunnel, all with the same settings.
func (db *database) virtualRows(v *server) []routeRow {
	var f routeFields
	for _, r := range v.routes {
		if r.network == virtualRoute {
			f = routeFields{Comment: r.Comment, Metric: r.Metric, Advertise: r.Advertise, AdvertiseResource: r.AdvertiseResource}
		}
	}
	network, wg, six, sixWG := db.virtualNetworks(v)
	var rows []routeRow
	add := func(network string, wg bool) {
		row := v.row(network, f)
		row.Virtual, row.WG = true, wg
		rows = append(rows, row)
	}
	add(network, false)
	if v.conf.flag("wg") {
		add(wg, true)
	}
	if v.conf.flag("ipv6") {
		add(six, false)
		if v.conf.flag("wg") {
			add(sixWG, true)
		}
	}
	return rows
}

// rowsOf is the list of routes: default, virtual, others by network, those of
// linked servers by network. Without links it is what a linked server sees.
func (db *database) rowsOf(v *server, links bool) []routeRow {
	var defaults []routeRow
	others := map[string]*routeRow{}
	for _, network := range db.netLinks(v) {
		zero := 0
		row := v.row(network, routeFields{Metric: &zero})
		row.NetworkLink = true
		others[network] = &row
	}
	if links {
		db.addLinked(v, others)
	}
	network, wg, six, sixWG := db.virtualNetworks(v)
	for _, r := range v.routes {
		switch r.network {
		case "0.0.0.0/0":
			defaults = append(defaults, v.row(r.network, r.routeFields))
			if links && v.conf.flag("ipv6") {
				defaults = append(defaults, v.row("::/0", r.routeFields))
			}
		case virtualRoute, network, wg, six, sixWG:
		default:
			overlay(v, others, r)
		}
	}
	rows := slices.Concat(defaults, db.virtualRows(v))
	keys := make([]string, 0, len(others))
	for key := range others {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	for _, last := range []bool{false, true} {
		for _, key := range keys {
			if others[key].ServerLink == last {
				rows = append(rows, *others[key])
			}
		}
	}
	return rows
}

// addLinked adds the routes of linked servers, without their default routes.
func (db *database) addLinked(v *server, rows map[string]*routeRow) {
	for _, other := range db.linked(v) {
		for _, r := range db.rowsOf(other, false) {
			if r.Network == "0.0.0.0/0" {
				continue
			}
			row := v.row(r.Network, r.routeFields)
			row.Advertise, row.AdvertiseResource = nil, nil
			row.ServerLink, row.LinkVirtual = true, r.Virtual
			rows[r.Network] = &row
		}
	}
}

// overlay puts a stored route over a derived row or adds it as one of the
// server's own. An override of a row that is gone is not shown.
func overlay(v *server, rows map[string]*routeRow, r storedRoute) {
	row := rows[r.network]
	if row == nil {
		if !r.serverLink {
			own := v.row(r.network, r.routeFields)
			rows[r.network] = &own
		}
		return
	}
	if !r.serverLink {
		row.Nat, row.NatInterface, row.NatNetmap = r.Nat, r.NatInterface, r.NatNetmap
	}
	row.Comment, row.Metric = r.Comment, r.Metric
	row.Advertise, row.AdvertiseResource = r.Advertise, r.AdvertiseResource
}

// routeNetworks are the networks that linked servers may not have in common.
func (db *database) routeNetworks(v *server) []string {
	var out []string
	for _, r := range db.rowsOf(v, false) {
		if r.Network != "0.0.0.0/0" {
			out = append(out, r.Network)
		}
	}
	return out
}
