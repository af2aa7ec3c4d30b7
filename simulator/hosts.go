package simulator

import (
	"slices"
	"strconv"
	"time"
)

const hostPage = 10

// host is a machine of the cluster. Hosts register themselves; the API can only
// change and delete them.
type host struct {
	id, name, hostname, status, version string
	publicAddress, publicAddress6       *string
	localAddress, localAddress6         *string
	linkAddress, syncAddress            *string
	autoPublic, autoPublic6             *string
	autoPublicHost, autoPublicHost6     *string
	autoLocal, autoLocal6               *string
	routed6, routed6WG                  *string
	proxyNDP                            *bool
	group                               string
	priority                            *int
	localNetworks                       []string
	started                             time.Time
}

// newHost makes the n-th host of the seed. Only the first one is online.
func (db *database) newHost(n int) *host {
	number := strconv.Itoa(n + 1)
	h := &host{
		id: db.hexText(32), name: "vpn-" + number, hostname: "vpn-" + number + ".example.com", status: offline,
		version: db.is.version, autoPublic: orNil("203.0.113." + strconv.Itoa(10+n%200)),
		autoLocal: orNil("192.0.2." + strconv.Itoa(2+n%200)), group: "default",
		localNetworks: []string{"192.0.2.0/24"},
	}
	if n == 0 {
		h.status, h.started, h.autoLocal6 = online, db.now(), orNil("fd00::2")
	}
	return h
}

func firstOf(values ...*string) *string {
	for _, v := range values {
		if text(v) != "" {
			return v
		}
	}
	return values[len(values)-1]
}

func (h *host) publicAddr() *string { return firstOf(h.autoPublicHost, h.publicAddress, h.autoPublic) }
func (h *host) publicAddr6() *string {
	return firstOf(h.autoPublicHost6, h.publicAddress6, h.autoPublic6)
}

// view is a host on the wire. The counts are null unless it is part of a list.
func (db *database) hostView(h *host, counts bool) map[string]any {
	var uptime, users, connected *int
	if h.status == online {
		n := max(1, int(db.now().Sub(h.started)/time.Second))
		uptime = &n
	}
	if counts {
		n, zero := db.usersOn(h), 0
		users, connected = &n, &zero
	}
	return map[string]any{
		"id": h.id, "name": h.name, "hostname": h.hostname, "instance_id": nil, "status": h.status, "uptime": uptime,
		"version": h.version, "user_count": users, "users_online": connected, "local_networks": h.localNetworks,
		"public_addr": h.publicAddr(), "public_address": h.publicAddress,
		"public_addr6": h.publicAddr6(), "public_address6": h.publicAddress6,
		"routed_subnet6": h.routed6, "routed_subnet6_wg": h.routed6WG, "proxy_ndp": h.proxyNDP,
		"link_addr":    firstOf(h.linkAddress, h.autoPublicHost, h.publicAddress, h.autoPublic),
		"link_address": h.linkAddress, "sync_address": h.syncAddress,
		"local_address": h.localAddress, "local_addr": firstOf(h.localAddress, h.autoLocal),
		"local_address6": h.localAddress6, "local_addr6": firstOf(h.localAddress6, h.autoLocal6),
		"availability_group": h.group, "priority": h.priority,
	}
}

// usersOn counts the users of all organizations on the servers of a host, each
// organization once.
func (db *database) usersOn(h *host) int {
	var orgs []string
	for _, v := range db.servers {
		if slices.Contains(v.hosts, h.id) {
			orgs = append(orgs, v.orgs...)
		}
	}
	return db.usersIn(unique(orgs))
}

func listHosts(s *Simulator, c *call) reply {
	p, good := c.pageOf()
	if !good {
		return crash()
	}
	views := []map[string]any{}
	for _, h := range slicePage(byName(s.db.hosts, func(h *host) string { return h.name }), p, hostPage) {
		views = append(views, s.db.hostView(h, true))
	}
	if !p.wanted {
		return ok(views)
	}
	return ok(map[string]any{
		"page": p.page, "page_total": pageTotal(len(s.db.hosts), hostPage), "hosts": views,
	})
}

func getHost(s *Simulator, c *call) reply {
	h := s.db.host(c.params["host"])
	if h == nil {
		return crash()
	}
	return ok(s.db.hostView(h, false))
}

// putHost replaces everything. A refused change leaves no trace.
func putHost(s *Simulator, c *call) reply {
	h := s.db.host(c.params["host"])
	if h == nil {
		return crash()
	}
	b, changed := c.body(), *h
	changed.name = b.filtered("name")
	if changed.name == "" {
		changed.name = s.db.randomName()
	}
	changed.publicAddress, changed.publicAddress6 = s.release.hostAddress(b.str("public_address")), s.release.hostAddress(b.str("public_address6"))
	for _, wg := range []bool{false, true} {
		if code := s.db.changeSubnet(&changed, b, wg); code != "" {
			return refuse(code)
		}
	}
	changed.proxyNDP = yes(b.flag("proxy_ndp"))
	changed.localAddress, changed.localAddress6 = s.release.hostAddress(b.str("local_address")), s.release.hostAddress(b.str("local_address6"))
	changed.linkAddress, changed.syncAddress = s.release.hostAddress(b.str("link_address")), s.release.hostAddress(b.str("sync_address"))
	changed.group = b.filtered("availability_group")
	if changed.group == "" {
		changed.group = "default"
	}
	priority := b.num("priority")
	changed.priority = &priority
	*h = changed
	return ok(s.db.hostView(h, false))
}

// changeSubnet sets the routed IPv6 subnet of a host, or the one for WireGuard.
// It may not change while an IPv6 server runs anywhere.
func (db *database) changeSubnet(h *host, b fields, wg bool) (refused string) {
	key, code, target := "routed_subnet6", "ipv6_subnet", &h.routed6
	if wg {
		key, code, target = "routed_subnet6_wg", "ipv6_subnet_wg", &h.routed6WG
	}
	var wanted *string
	if value := b.str(key); value != "" {
		p, err := parseSubnet6(value)
		switch {
		case err != nil:
			return code + "_invalid"
		case p.Bits() > 64:
			return code + "_size_invalid"
		}
		wanted = orNil(networkText(p))
	}
	if text(wanted) == text(*target) {
		return ""
	}
	for _, v := range db.servers {
		if v.status == online && v.conf.flag("ipv6") {
			return code + "_online"
		}
	}
	*target = wanted
	return ""
}

func deleteHost(s *Simulator, c *call) reply {
	db := s.db
	h := db.host(c.params["host"])
	if h == nil || h.status == online {
		return crash()
	}
	for _, v := range db.servers {
		db.dropHost(v, h.id)
	}
	db.hosts = slices.DeleteFunc(db.hosts, func(x *host) bool { return x == h })
	db.note("Deleted host \"" + h.name + "\".")
	return empty()
}

// getUsage is a chart of zeros.
func getUsage(s *Simulator, c *call) reply {
	if s.db.host(c.params["host"]) == nil {
		return crash()
	}
	span, step := periodOf(c.params["period"])
	if step == 0 {
		return crash()
	}
	end := s.db.now().Truncate(step)
	zeros := [][2]int64{}
	for t := end.Add(-span); !t.After(end); t = t.Add(step) {
		zeros = append(zeros, [2]int64{t.Unix(), 0})
	}
	return ok(map[string]any{"cpu": zeros, "mem": zeros})
}
