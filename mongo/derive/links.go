package derive

import (
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"

	"pritunl-backup/mongo/internal/lenient"
)

// link is one of GET /link.
func (i *Instance) link(raw bson.Raw) object {
	o := object{"id": idOf(raw)}
	take(o, raw, absentAs(nil, "name", "ipv6", "wg_port", "host_check", "status", "preferred_ike", "preferred_esp", "force_preferred")...)
	take(o, raw, defaulted{"type", "site_to_site"}, defaulted{"protocol", "ipsec"}, defaulted{"action", "restart"})
	return o
}

// locationObjects are GET /link/<id>/location of every link.
func (i *Instance) locationObjects() []object {
	var out []object
	for _, link := range i.links {
		for _, location := range i.locations {
			if id(lenient.Value(location, "link_id")) == idOf(link) {
				out = append(out, i.location(link, location))
			}
		}
	}
	return out
}

func (i *Instance) location(link, raw bson.Raw) object {
	shown := i.link(link)
	o := object{"id": idOf(raw), "name": plain(lenient.Value(raw, "name")), "type": plain(lenient.Value(raw, "type")), "link_id": idOf(link),
		"link_type": shown["type"], "protocol": shown["protocol"], "wg_port": shown["wg_port"], "ipv6": shown["ipv6"]}
	hosts, static := i.locationHosts(raw)
	o["hosts"], o["routes"], o["peers"] = hosts, locationRoutes(link, raw), i.peers(link, raw, static)
	return o
}

// locationHosts also tells whether one of them has fixed addresses.
func (i *Instance) locationHosts(location bson.Raw) (hosts []any, static bool) {
	hosts = []any{}
	for _, raw := range i.linkHosts {
		if id(lenient.Value(raw, "location_id")) != idOf(location) {
			continue
		}
		o := object{"id": idOf(raw), "link_id": id(lenient.Value(raw, "link_id")), "location_id": idOf(location)}
		take(o, raw, absentAs(nil, "name", "timeout", "priority", "backoff", "static", "public_address", "local_address", "address6")...)
		hosts = append(hosts, o)
		static = static || lenient.Flag(raw, "static")
	}
	return hosts, static
}

// locationRoutes are stored under the md5 sum of their network, which is their id.
func locationRoutes(link, location bson.Raw) []any {
	out := []any{}
	routes, ok := lenient.Value(location, "routes").DocumentOK()
	if !ok {
		return out
	}
	elements, err := routes.Elements()
	if err != nil {
		return out
	}
	for _, e := range elements {
		if d, ok := e.Value().DocumentOK(); ok {
			out = append(out, object{"id": e.Key(), "network": plain(lenient.Value(d, "network")), "link_id": idOf(link), "location_id": idOf(location)})
		}
	}
	slices.SortStableFunc(out, func(a, b any) int { return compareText(a.(object)["network"], b.(object)["network"]) })
	return out
}

func compareText(a, b any) int {
	left, _ := a.(string)
	right, _ := b.(string)
	switch {
	case left < right:
		return -1
	case left > right:
		return 1
	}
	return 0
}

// peers are the other locations of the link: all that are not excluded, then those that are reached through one.
func (i *Instance) peers(link, location bson.Raw, static bool) []any {
	excluded := exclusions(link)
	transits, barred := ids(location, "transits"), ids(location, "transit_excludes")
	out, through := []any{}, []any{}
	for _, other := range i.locations {
		if id(lenient.Value(other, "link_id")) != idOf(link) || idOf(other) == idOf(location) {
			continue
		}
		o := object{"id": idOf(other), "name": plain(lenient.Value(other, "name")), "transit": slices.Contains(transits, idOf(other)),
			"transited_id": nil, "transited_name": nil, "static": static}
		if !excluded[pair(idOf(location), idOf(other))] {
			out = append(out, o)
			continue
		}
		between := i.between(link, location, other, excluded)
		if between == nil || slices.Contains(barred, idOf(other)) {
			continue
		}
		o["transited_id"], o["transited_name"] = idOf(between), plain(lenient.Value(between, "name"))
		through = append(through, o)
	}
	return append(out, through...)
}

// between finds the peer through which an excluded location is reached: one that has it among its transits.
func (i *Instance) between(link, location, other bson.Raw, excluded map[[2]string]bool) bson.Raw {
	for _, peer := range i.locations {
		if id(lenient.Value(peer, "link_id")) != idOf(link) || idOf(peer) == idOf(location) || idOf(peer) == idOf(other) {
			continue
		}
		if !excluded[pair(idOf(location), idOf(peer))] && slices.Contains(ids(peer, "transits"), idOf(other)) {
			return peer
		}
	}
	return nil
}

func exclusions(link bson.Raw) map[[2]string]bool {
	out := map[[2]string]bool{}
	for _, v := range lenient.List(lenient.Value(link, "excludes")) {
		both, ok := plain(v).([]any)
		if !ok || len(both) != 2 {
			continue
		}
		a, _ := both[0].(string)
		b, _ := both[1].(string)
		out[pair(a, b)] = true
	}
	return out
}

func pair(a, b string) [2]string {
	if a > b {
		a, b = b, a
	}
	return [2]string{a, b}
}
