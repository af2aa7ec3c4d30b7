package derive

import (
	"encoding/hex"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"

	"pritunl-backup/mongo/internal/lenient"
)

const (
	everywhere  = "0.0.0.0/0"
	everywhere6 = "::/0"
	// virtualRoute is the stored name of the row that stands for the server's own networks.
	virtualRoute = "virtual"
)

// routes is GET /server/<id>/route: what is stored, and what the server makes of its networks, of the network links of
// its users and of the routes of servers linked to it.
func (i *Instance) routes(server bson.Raw) []object {
	var linked []object
	overrides := map[string]bson.Raw{}
	for _, stored := range documents(server, "routes") {
		if lenient.Flag(stored, "server_link") {
			overrides[lenient.Text(stored, "network")] = stored
		}
	}
	for _, link := range documents(server, "links") {
		other, ok := i.byID[id(lenient.Value(link, "server_id"))]
		if !ok {
			continue
		}
		for _, row := range i.ownRoutes(other) {
			if network := row["network"]; network == everywhere || network == everywhere6 {
				continue
			}
			linked = append(linked, linkedRow(server, row, overrides))
		}
	}
	return append(i.ownRoutes(server), byNetwork(linked)...)
}

func byNetwork(rows []object) []object {
	slices.SortStableFunc(rows, func(a, b object) int { return compareText(a["network"], b["network"]) })
	return rows
}

// linkedRow shows a route of a linked server on this one.
func linkedRow(server bson.Raw, row object, overrides map[string]bson.Raw) object {
	network, _ := row["network"].(string)
	linked := maps.Clone(row)
	linked["server"] = idOf(server)
	linked["link_virtual_network"] = row["virtual_network"]
	delete(linked, "wg_network")
	linked["advertise"], linked["advertise_resource"] = nil, nil
	if own, ok := overrides[network]; ok {
		linked = storedRow(server, own, network)
		linked["link_virtual_network"] = row["virtual_network"]
	}
	linked["virtual_network"], linked["network_link"], linked["server_link"] = false, false, true
	return linked
}

// ownRoutes are all but those that come from linked servers.
func (i *Instance) ownRoutes(server bson.Raw) []object {
	var defaults, others []object
	var virtual bson.Raw
	stored := map[string]bool{}
	links := i.userNetworks(server)
	for _, route := range documents(server, "routes") {
		network := lenient.Text(route, "network")
		switch {
		case lenient.Flag(route, "server_link"), network == lenient.Text(server, "network_wg") && network != "":
			continue // an override of a linked route, or an entry that the server never shows
		case network == virtualRoute:
			virtual = route
		case network == everywhere:
			defaults = append(defaults, storedRow(server, route, network))
			if lenient.Flag(server, "ipv6") {
				defaults = append(defaults, storedRow(server, route, everywhere6))
			}
		default:
			row := storedRow(server, route, network)
			row["network_link"] = slices.Contains(links, network)
			stored[network] = true
			others = append(others, row)
		}
	}
	for _, network := range links {
		if !stored[network] {
			row := storedRow(server, nil, network)
			row["metric"], row["network_link"] = whole(0), true
			others = append(others, row)
		}
	}
	return slices.Concat(defaults, i.virtualRows(server, virtual), byNetwork(others))
}

// storedRow shows a stored route under a network; fields that were never stored are null.
func storedRow(server, route bson.Raw, network string) object {
	o := object{"id": hex.EncodeToString([]byte(network)), "server": idOf(server), "network": network,
		"virtual_network": false, "network_link": false, "server_link": false, "link_virtual_network": false}
	take(o, route, absentAs(nil, "comment", "metric", "nat_interface", "nat_netmap", "advertise", "advertise_resource", "vpc_region", "vpc_id")...)
	take(o, route, defaulted{"nat", false}, defaulted{"net_gateway", false})
	return o
}

// virtualRows are the rows of the server's own networks; one stored entry describes them all.
func (i *Instance) virtualRows(server, described bson.Raw) []object {
	var out []object
	add := func(network string, wg bool) {
		if network == "" {
			return
		}
		row := storedRow(server, nil, network)
		take(row, described, absentAs(nil, "comment", "metric", "advertise")...)
		row["virtual_network"] = true
		if wg {
			row["wg_network"] = true
		}
		out = append(out, row)
	}
	wg := ""
	if lenient.Flag(server, "wg") {
		wg = lenient.Text(server, "network_wg")
	}
	network := lenient.Text(server, "network")
	add(network, false)
	add(wg, true)
	if lenient.Flag(server, "ipv6") {
		add(i.network6(network, "ipv6_prefix", "fd00"), false)
		if wg != "" {
			add(i.network6(network, "ipv6_prefix_wg", "fd01"), true) // made of the same network, with another prefix
		}
	}
	return out
}

// network6 is the IPv6 network that the server makes of an IPv4 one.
func (i *Instance) network6(network, prefixKey, prefix string) string {
	six, err := netip.ParseAddr(i.base6(network, prefixKey, prefix) + "::")
	if err != nil {
		return ""
	}
	return six.String() + "/64"
}

// base6 joins the prefix with the network's number in hex, four digits at a time from the left. The number has no leading
// zero: 10.10.0.0 becomes a0a0:000. What is no IPv4 network gives a text that is no address either.
func (i *Instance) base6(network, prefixKey, prefix string) string {
	address, _, _ := strings.Cut(network, "/") // a network may be stored without its length
	parsed, err := netip.ParseAddr(address)
	if err != nil || !parsed.Is4() {
		return "none"
	}
	if own, ok := i.setting("vpn", prefixKey, prefix).(string); ok {
		prefix = own
	}
	four := parsed.As4()
	digits := strconv.FormatUint(uint64(four[0])<<24|uint64(four[1])<<16|uint64(four[2])<<8|uint64(four[3]), 16)
	first := min(4, len(digits))
	if first == len(digits) {
		return prefix + ":" + digits
	}
	return fmt.Sprintf("%s:%s:%s", prefix, digits[:first], digits[first:])
}

// userNetworks are the networks behind users of the server's organizations.
func (i *Instance) userNetworks(server bson.Raw) []string {
	var out []string
	for _, org := range ids(server, "organizations") {
		out = append(out, i.networks[org]...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}
