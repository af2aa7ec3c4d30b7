package routes

import (
	"net/netip"
	"slices"
)

// Collapse gives the fewest networks that cover exactly the addresses of the
// given ones, sorted. It works in n log n time and changes nothing it is given.
func Collapse(in []netip.Prefix) []netip.Prefix {
	sorted := make([]netip.Prefix, 0, len(in))
	for _, p := range in {
		if p.IsValid() {
			sorted = append(sorted, p.Masked())
		}
	}
	slices.SortFunc(sorted, compare)
	var out []netip.Prefix
	for _, p := range sorted {
		if n := len(out); n > 0 && out[n-1].Overlaps(p) {
			continue // sorted: the earlier one is the wider one
		}
		out = append(out, p)
		// Two halves of one network become that network, which may in turn be
		// half of the next.
		for n := len(out); n > 1; n = len(out) {
			wider, ok := union(out[n-2], out[n-1])
			if !ok {
				break
			}
			out = append(out[:n-2], wider)
		}
	}
	return out
}

// union gives the network whose halves are a and b, a below b.
func union(a, b netip.Prefix) (netip.Prefix, bool) {
	if a.Bits() != b.Bits() || a.Bits() == 0 || a.Addr().BitLen() != b.Addr().BitLen() {
		return netip.Prefix{}, false
	}
	wider := netip.PrefixFrom(a.Addr(), a.Bits()-1).Masked()
	return wider, wider.Addr() == a.Addr() && wider.Contains(b.Addr())
}

// CollapseRoutes collapses routes that say the same besides their network, and
// leaves the others apart. When two of them still have the same network, the
// first given one wins.
func CollapseRoutes(in []Route) []Route {
	groups := make(map[string][]netip.Prefix)
	first := make(map[string]Route)
	var order []string
	for _, r := range in {
		k := r.traits()
		if _, ok := first[k]; !ok {
			first[k] = r
			order = append(order, k)
		}
		groups[k] = append(groups[k], r.Network)
	}
	var out []Route
	seen := make(map[netip.Prefix]bool)
	for _, k := range order {
		for _, p := range Collapse(groups[k]) {
			if seen[p] {
				continue
			}
			seen[p] = true
			r := first[k]
			r.Network = p
			out = append(out, r)
		}
	}
	sortRoutes(out)
	return out
}
