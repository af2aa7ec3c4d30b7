package simulator

import (
	"net/http"
	"slices"
)

const (
	linkPage   = 10
	direct     = "direct"
	siteToSite = "site_to_site"
	unnamed    = "undefined"
)

// link is a site link. Its pre-shared key is never shown.
type link struct {
	id, name, kind, status, protocol, action string
	ipv6, hostCheck, forcePreferred          bool
	port                                     int
	ike, esp                                 *string
	key                                      string
	excludes                                 [][2]string // sorted pairs of locations
	locations                                []*location
}

func (l *link) view() map[string]any {
	return map[string]any{
		"id": l.id, "name": l.name, "type": l.kind, "ipv6": l.ipv6, "protocol": l.protocol, "wg_port": l.port,
		"host_check": l.hostCheck, "action": l.action, "status": l.status, "preferred_ike": l.ike,
		"preferred_esp": l.esp, "force_preferred": l.forcePreferred,
	}
}

func listLinks(s *Simulator, c *call) reply {
	p, good := c.pageOf()
	if !good {
		return crash()
	}
	views := []map[string]any{}
	for _, l := range slicePage(byName(s.db.links, func(l *link) string { return l.name }), p, linkPage) {
		views = append(views, l.view())
	}
	out := map[string]any{"page": nil, "page_total": pageTotal(len(s.db.links), linkPage), "links": views}
	if p.wanted {
		out["page"] = p.page
	}
	return ok(out)
}

// apply reads what a new link and a changed one have in common.
func (l *link) apply(db *database, b fields) {
	l.name = nameOf(b)
	l.ipv6, l.hostCheck, l.forcePreferred = b.flag("ipv6"), b.flag("host_check"), b.flag("force_preferred")
	l.protocol, l.action = "ipsec", "hold"
	if b.str("protocol") == "wg" {
		l.protocol = "wg"
	}
	if b.str("action") == "restart" {
		l.action = "restart"
	}
	if l.port = b.num("wg_port"); l.port < 1 || l.port > 65535 {
		l.port = 30000 + db.rng.IntN(2501)
	}
	l.ike, l.esp = orNil(filterWord(b.str("preferred_ike"))), orNil(filterWord(b.str("preferred_esp")))
}

// nameOf is what becomes of the name that links, locations and their hosts are given.
func nameOf(b fields) string {
	if name := b.filtered("name"); name != "" {
		return name
	}
	return unnamed
}

// postLink makes the two locations of a direct link too. The status in the body
// is not looked at.
func postLink(s *Simulator, c *call) reply {
	db := s.db
	l := &link{id: db.newID(), kind: siteToSite, status: online, key: db.secretText(64)}
	if c.body().str("type") == direct {
		l.kind = direct
	}
	l.apply(db, c.body())
	if l.kind == direct {
		l.locations = []*location{
			{id: db.newID(), link: l, name: "server", kind: orNil("direct_server")},
			{id: db.newID(), link: l, name: "client", kind: orNil("direct_client")},
		}
	}
	db.links = append(db.links, l)
	return ok(l.view())
}

func putLink(s *Simulator, c *call) reply {
	l := s.db.link(c.key("link_id"))
	if l == nil {
		return abort(http.StatusNotFound)
	}
	b := c.body()
	if status := b.str("status"); status == online || status == offline {
		l.status = status
	}
	if b.flag("key") {
		l.key = s.db.secretText(64)
	}
	l.apply(s.db, b)
	return ok(l.view())
}

func deleteLink(s *Simulator, c *call) reply {
	id, null := c.id("link_id")
	l := s.db.link(id)
	switch {
	case null:
		return empty()
	case l == nil:
		return abort(http.StatusNotFound)
	}
	s.db.links = slices.DeleteFunc(s.db.links, func(x *link) bool { return x == l })
	return empty()
}
