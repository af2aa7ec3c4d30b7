package simulator

import (
	"net/http"
	"slices"
	"time"
)

func listServerOrgs(s *Simulator, c *call) reply {
	v := s.parentServer(c)
	if v == nil {
		return crash()
	}
	out := []map[string]string{}
	for _, o := range s.db.orgs {
		if slices.Contains(v.orgs, o.id) {
			out = append(out, map[string]string{"id": o.id, "server": v.id, "name": o.name})
		}
	}
	return ok(out)
}

// parentServer is the server in the path. A long id that is none stands for a
// new server with nothing in it.
func (s *Simulator) parentServer(c *call) *server {
	id, null := c.id("server_id")
	if null {
		return &server{status: offline}
	}
	return s.db.server(id)
}

func attachOrg(s *Simulator, c *call) reply {
	v, o := s.db.server(c.key("server_id")), s.db.org(c.key("org_id"))
	switch {
	case v == nil:
		return crash()
	case v.status == online:
		return notOffline("attach an organization")
	case o == nil:
		return crash()
	}
	if !slices.Contains(v.orgs, o.id) {
		if v.single() {
			return crash()
		}
		v.orgs = append(v.orgs, o.id)
		v.assignOrg(o)
	}
	return ok(map[string]string{"id": o.id, "server": v.id, "name": o.name})
}

func detachOrg(s *Simulator, c *call) reply {
	v, o := s.db.server(c.key("server_id")), s.db.org(c.key("org_id"))
	switch {
	case v == nil:
		return crash()
	case v.status == online:
		return notOffline("detach an organization")
	case o == nil:
		return crash()
	}
	if slices.Contains(v.orgs, o.id) {
		v.orgs = slices.DeleteFunc(v.orgs, func(id string) bool { return id == o.id })
		v.releaseOrg(o.id)
	}
	return empty()
}

// serverHostView is a host of a server in the list of hosts.
type serverHostView struct {
	ID       string  `json:"id"`
	Server   string  `json:"server"`
	Status   *string `json:"status"`
	Name     string  `json:"name"`
	Address  *string `json:"address"`
	Address6 *string `json:"address6"`
}

func listServerHosts(s *Simulator, c *call) reply {
	v := s.parentServer(c)
	if v == nil {
		return crash()
	}
	out := []serverHostView{}
	for _, h := range byName(s.db.hosts, func(h *host) string { return h.name }) {
		if !slices.Contains(v.hosts, h.id) {
			continue
		}
		view := serverHostView{
			ID: h.id, Server: v.id, Name: h.name, Address: h.publicAddr(), Address6: h.publicAddr6(),
		}
		switch {
		case v.status != online:
		case slices.Contains(v.instances, h.id):
			view.Status = orNil(online)
		case v.shortOfHosts():
			view.Status = orNil(offline)
		}
		out = append(out, view)
	}
	return ok(out)
}

// attachHost may be done while the server runs.
func attachHost(s *Simulator, c *call) reply {
	db := s.db
	v, h := db.server(c.key("server_id")), db.host(c.key("host_id"))
	if v == nil || h == nil {
		return abort(http.StatusNotFound)
	}
	changed := *v
	if !slices.Contains(v.hosts, h.id) {
		changed.hosts = append(slices.Clone(v.hosts), h.id)
		for _, other := range db.linked(v) {
			if slices.ContainsFunc(other.hosts, func(id string) bool { return slices.Contains(changed.hosts, id) }) {
				return refuse("server_link_common_host")
			}
		}
	}
	if answer := db.checkServer(&changed, v, true); answer != nil {
		return *answer
	}
	v.hosts = changed.hosts
	return ok(map[string]any{
		"id": h.id, "server": v.id, "status": offline, "name": h.name, "address": h.publicAddr(),
	})
}

func detachHost(s *Simulator, c *call) reply {
	v, h := s.db.server(c.key("server_id")), s.db.host(c.key("host_id"))
	if v == nil || h == nil {
		return abort(http.StatusNotFound)
	}
	s.db.dropHost(v, h.id)
	return empty()
}

// dropHost takes a host from a server. What ran there moves to another host;
// without any the server stops.
func (db *database) dropHost(v *server, id string) {
	if !slices.Contains(v.hosts, id) {
		return
	}
	gone := func(x string) bool { return x == id }
	v.hosts = slices.DeleteFunc(v.hosts, gone)
	if ran := slices.Contains(v.instances, id); ran {
		v.instances = slices.DeleteFunc(v.instances, gone)
		for _, other := range v.hosts {
			if h := db.host(other); h != nil && h.status == online && !slices.Contains(v.instances, other) {
				v.instances = append(v.instances, other)
				break
			}
		}
	}
	if len(v.hosts) == 0 {
		v.stop()
	}
}

// getOutput does not look whether the server exists.
func getOutput(_ *Simulator, c *call) reply {
	return ok(map[string]any{"id": orNil(c.key("server_id")), "output": []string{}})
}

func clearLinkOutput(s *Simulator, c *call) reply {
	if s.db.server(c.key("server_id")) == nil {
		return crash()
	}
	return empty()
}

// getBandwidth is a row of zeros: nothing is ever sent here. The server does not
// look whether it exists.
func getBandwidth(s *Simulator, c *call) reply {
	span, step := periodOf(c.params["period"])
	if step == 0 {
		return crash()
	}
	end := s.db.now().Truncate(step)
	zeros := [][2]int64{}
	for t := end.Add(-span); !t.After(end); t = t.Add(step) {
		zeros = append(zeros, [2]int64{t.Unix(), 0})
	}
	return ok(map[string]any{"received": zeros, "received_total": 0, "sent": zeros, "sent_total": 0})
}

// periodOf is the length and the resolution of a chart.
func periodOf(name string) (span, step time.Duration) {
	const day = 24 * time.Hour
	switch name {
	case "1m":
		return 6 * time.Hour, time.Minute
	case "5m":
		return day, 5 * time.Minute
	case "30m":
		return 7 * day, 30 * time.Minute
	case "2h":
		return 30 * day, 2 * time.Hour
	case "1d":
		return 365 * day, day
	}
	return 0, 0
}
