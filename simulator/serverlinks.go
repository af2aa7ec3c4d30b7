package simulator

import (
	"net/http"
	"slices"
)

// serverLinkView is a linked server in the list of links.
type serverLinkView struct {
	ID       string  `json:"id"`
	Server   string  `json:"server"`
	Status   *string `json:"status"`
	Name     string  `json:"name"`
	Address  *string `json:"address"`
	UseLocal bool    `json:"use_local_address"`
}

func (v *server) linkTo(id string) *serverLink {
	if i := slices.IndexFunc(v.links, func(l serverLink) bool { return l.server == id }); i >= 0 {
		return &v.links[i]
	}
	return nil
}

func (v *server) unlink(id string) {
	v.links = slices.DeleteFunc(v.links, func(l serverLink) bool { return l.server == id })
}

func (v *server) shortOfHosts() bool { return v.conf.int("replica_count") > len(v.instances) }

func listServerLinks(s *Simulator, c *call) reply {
	v := s.parentServer(c)
	if v == nil {
		return abort(http.StatusNotFound)
	}
	out := []serverLinkView{}
	for _, other := range s.db.linked(v) {
		view := serverLinkView{ID: other.id, Server: v.id, Name: other.name(), UseLocal: v.linkTo(other.id).useLocal}
		if v.status == online {
			state := online
			if v.shortOfHosts() || other.shortOfHosts() || other.status != online {
				state = offline
			}
			view.Status = &state
		}
		out = append(out, view)
	}
	return ok(out)
}

// linkServers writes both directions at once. A link that is there already is
// checked again but not changed.
func linkServers(s *Simulator, c *call) reply {
	db := s.db
	first, second := c.key("server_id"), c.key("link_id")
	if first == second {
		return crash()
	}
	use := c.body().flag("use_local_address")
	hosts, networks := map[string]bool{}, map[string]bool{}
	for _, pair := range [][2]string{{first, second}, {second, first}} {
		stored := db.server(pair[0])
		if stored == nil {
			return crash()
		}
		v := *stored
		v.links = slices.Clone(stored.links)
		if v.linkTo(pair[1]) == nil {
			v.links = append(v.links, serverLink{server: pair[1], useLocal: use})
		}
		if answer := db.checkServer(&v, stored, false); answer != nil {
			return *answer
		}
		for _, id := range v.hosts {
			if hosts[id] {
				return refuse("server_link_common_host")
			}
			hosts[id] = true
		}
		own := db.routeNetworks(&v)
		if slices.ContainsFunc(own, func(n string) bool { return networks[n] }) {
			return refuse("server_link_common_route")
		}
		for _, n := range own {
			networks[n] = true
		}
	}
	for _, pair := range [][2]string{{first, second}, {second, first}} {
		if v := db.server(pair[0]); v.linkTo(pair[1]) == nil {
			v.links = append(v.links, serverLink{server: pair[1], useLocal: use})
		}
	}
	return empty()
}

// unlinkServers does not mind servers that do not exist. In older releases it
// answers the same and leaves the link.
func unlinkServers(s *Simulator, c *call) reply {
	first, second := s.db.server(c.key("server_id")), s.db.server(c.key("link_id"))
	for _, v := range []*server{first, second} {
		if v != nil && v.status == online {
			return notOffline("unlink a server")
		}
	}
	if !s.release.does(unlinksServers) {
		return empty()
	}
	if first != nil {
		first.unlink(c.key("link_id"))
	}
	if second != nil {
		second.unlink(c.key("server_id"))
	}
	return empty()
}
