package simulator

import (
	"net/netip"
	"strconv"
)

// inUse are the networks and ports of servers. Looking into it takes the same
// time however many servers there are.
type inUse struct {
	taken map[netip.Prefix]int
	outer map[netip.Prefix]int // networks with a taken one inside, itself included
	ports map[string]int       // as "1194udp"; WireGuard ports are UDP ports
}

func newInUse() inUse {
	return inUse{taken: map[netip.Prefix]int{}, outer: map[netip.Prefix]int{}, ports: map[string]int{}}
}

// count adds what a server uses, or with -1 takes it out again.
func (u inUse) count(conf settings, by int) {
	for _, key := range []string{"network", "network_wg"} {
		p, err := parseLoose(conf.str(key))
		if err != nil {
			continue
		}
		add(u.taken, p.Masked(), by)
		for bits := range p.Bits() + 1 {
			add(u.outer, netip.PrefixFrom(p.Addr(), bits).Masked(), by)
		}
	}
	add(u.ports, portKey(conf.int("port"), conf.str("protocol")), by)
	if port := conf.int("port_wg"); port != 0 {
		add(u.ports, portKey(port, "udp"), by)
	}
}

func add[K comparable](counts map[K]int, key K, by int) {
	if counts[key] += by; counts[key] == 0 {
		delete(counts, key)
	}
}

func portKey(port int, protocol string) string { return strconv.Itoa(port) + protocol }

// overlaps says whether a taken network lies inside of p or around it.
func (u inUse) overlaps(p netip.Prefix) bool {
	if u.outer[p.Masked()] > 0 {
		return true
	}
	for bits := range p.Bits() {
		if u.taken[netip.PrefixFrom(p.Addr(), bits).Masked()] > 0 {
			return true
		}
	}
	return false
}
