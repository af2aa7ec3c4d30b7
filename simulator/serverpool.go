package simulator

import (
	"net/netip"
	"slices"
)

// assign gives a user an address: one that was given back, else the next one
// after the highest. The first address of a network is the server's.
func (v *server) assign(u *user) {
	if _, has := v.poolOf[u.id]; !has {
		v.give(u)
	}
}

// give does so too for a user who has an address already.
func (v *server) give(u *user) {
	if i := slices.IndexFunc(v.pool, func(s slot) bool { return s.uid == "" }); i >= 0 {
		v.take(i, u)
		return
	}
	if ip, found := v.nextAddress(); found {
		v.pool = append(v.pool, slot{ip: ip})
		v.take(len(v.pool)-1, u)
	}
}

func (v *server) take(i int, u *user) {
	v.pool[i].uid, v.pool[i].org = u.id, u.org.id
	if old, has := v.poolOf[u.id]; !has || i < old {
		v.poolOf[u.id] = i
	}
}

func (v *server) nextAddress() (netip.Addr, bool) {
	network, err := parseLoose(v.conf.str("network"))
	if err != nil || !network.Addr().Is4() || network.Bits() == 32 {
		return netip.Addr{}, false
	}
	first := number4(network.Masked().Addr())
	last := first | ^uint32(0)>>network.Bits() - 1
	next := first + 2
	if network.Bits() == 31 { // neither a network address nor one for broadcasts
		next, last = first+1, first+1
	}
	if start := v.conf.str("network_start"); start != "" && mustAddr(start).Is4() {
		next = number4(mustAddr(start))
	}
	if end := v.conf.str("network_end"); end != "" && mustAddr(end).Is4() {
		last = min(last, number4(mustAddr(end)))
	}
	if n := len(v.pool); n > 0 {
		next = number4(v.pool[n-1].ip) + 1
	}
	return addr4(next), next <= last
}

// release gives the address of a user back, the first one of several.
func (v *server) release(u *user) {
	if i, has := v.poolOf[u.id]; has {
		v.free(i)
	}
}

func (v *server) free(i int) {
	uid := v.pool[i].uid
	v.pool[i].uid, v.pool[i].org = "", ""
	delete(v.poolOf, uid)
	if next := slices.IndexFunc(v.pool, func(s slot) bool { return s.uid == uid }); next >= 0 {
		v.poolOf[uid] = next
	}
}

// releaseOrg gives back one address of an organization. The others stay taken:
// the server stops after the first.
func (v *server) releaseOrg(org string) {
	if i := slices.IndexFunc(v.pool, func(s slot) bool { return s.org == org && s.uid != "" }); i >= 0 {
		v.free(i)
	}
}

// single says that the network of a server is one address: the server cannot look
// for those of users then.
func (v *server) single() bool {
	network, err := parseLoose(v.conf.str("network"))
	return err == nil && network.IsSingleIP()
}

// assignOrg gives every user of an organization an address, also those who have one
// because the organization was attached before. The first one is shown.
func (v *server) assignOrg(o *org) {
	for _, u := range o.byName() {
		v.give(u)
	}
}

func (v *server) addressOf(u *user) (netip.Addr, bool) {
	if i, has := v.poolOf[u.id]; has {
		return v.pool[i].ip, true
	}
	return netip.Addr{}, false
}

// reassign gives out all addresses anew after a change of the network.
func (db *database) reassign(v *server) {
	v.pool, v.poolOf = nil, map[string]int{}
	for _, id := range v.orgs {
		if o := db.org(id); o != nil {
			v.assignOrg(o)
		}
	}
}
