package simulator

import (
	"net/netip"
	"slices"
	"time"
)

const (
	serverPage = 3
	online     = "online"
	offline    = "offline"
	pending    = "pending"
	bridge     = "bridge"
)

// server is a VPN server. Its settings are kept under their wire names.
type server struct {
	id        string
	conf      settings
	status    string // online or offline; pending is derived
	orgs      []string
	hosts     []string
	links     []serverLink
	routes    []storedRoute
	started   time.Time
	instances []string // hosts it runs on
	noParams  bool     // waits for Diffie-Hellman parameters
	pool      []slot
	poolOf    map[string]int // user id to index in pool
}

// serverLink is one side of a link between servers.
type serverLink struct {
	server   string
	useLocal bool
}

// slot is an address of a server's network, taken or given back.
type slot struct {
	ip  netip.Addr
	org string
	uid string
}

func (v *server) name() string { return v.conf.str("name") }

func (v *server) stop() {
	if v.status == online {
		v.status, v.started, v.instances = offline, time.Time{}, nil
	}
}

// serves says whether the groups of a server let a user in.
func (v *server) serves(u *user) bool {
	groups, _ := v.conf["groups"].([]string)
	return len(groups) == 0 || slices.ContainsFunc(groups, func(g string) bool { return slices.Contains(u.groups, g) })
}

func (db *database) serversOf(org string) []*server {
	var out []*server
	for _, v := range db.servers {
		if slices.Contains(v.orgs, org) {
			out = append(out, v)
		}
	}
	return out
}

// usersIn counts the users of organizations that still exist.
func (db *database) usersIn(orgs []string) int {
	n := 0
	for _, id := range orgs {
		if o := db.org(id); o != nil {
			n += len(o.users)
		}
	}
	return n
}

// view is a server on the wire.
func (db *database) view(v *server) settings {
	out := v.conf.clone()
	status := v.status
	if v.noParams && status == offline {
		status = pending
	}
	var uptime *int
	if v.status == online {
		n := max(1, int(db.now().Sub(v.started)/time.Second))
		uptime = &n
	}
	out["id"], out["status"], out["uptime"] = v.id, status, uptime
	out["users_online"], out["devices_online"], out["user_count"] = 0, 0, db.usersIn(v.orgs)
	out["sso_webauth"] = false
	return out
}

func listServers(s *Simulator, c *call) reply {
	p, good := c.pageOf()
	if !good {
		return crash()
	}
	views := []settings{}
	for _, v := range slicePage(byName(s.db.servers, (*server).name), p, serverPage) {
		views = append(views, s.db.view(v))
	}
	if !p.wanted {
		return ok(views)
	}
	return ok(map[string]any{
		"page": p.page, "page_total": pageTotal(len(s.db.servers), serverPage), "servers": views,
	})
}

func getServer(s *Simulator, c *call) reply {
	id, null := c.id("server_id")
	if null {
		return listServers(s, c)
	}
	v := s.db.server(id)
	switch {
	case v != nil:
		return ok(s.db.view(v))
	case id == "vpcs":
		return empty()
	}
	return crash()
}

// postServer also attaches the answering host and the stock routes.
func postServer(s *Simulator, c *call) reply {
	db := s.db
	in, answer := readServer(c.body())
	if answer != nil {
		return *answer
	}
	c.wait(s.db.opts.Realism.Server)
	if code := db.fillServer(in); code != "" {
		return refuse(code)
	}
	v := &server{
		id: db.newID(), conf: in, status: offline, hosts: []string{db.here.id}, poolOf: map[string]int{},
		routes: db.bornRoutes(db.dnsRoute),
	}
	s.takeParams(c, v)
	if answer := db.checkServer(v, nil, true); answer != nil {
		return *answer
	}
	if network := db.moveDNSRoute(v); network != "" {
		db.dnsRoute = network
	}
	db.addServer(v)
	db.note("Created server \"" + v.name() + "\".")
	return ok(db.view(v))
}

func (db *database) addServer(v *server) {
	db.servers = append(db.servers, v)
	db.serverByID[v.id] = v
	db.used.count(v.conf, 1)
}

func putServer(s *Simulator, c *call) reply {
	db := s.db
	id, null := c.id("server_id")
	if null {
		return postServer(s, c)
	}
	in, answer := readServer(c.body())
	if answer != nil {
		return *answer
	}
	old := db.server(id)
	if old == nil {
		return crash()
	}
	changed := *old
	changed.conf = old.conf.clone()
	changed.routes = slices.Clone(old.routes)
	live := changed.merge(in) && db.is.does(changesOnline)
	if changed.conf["dh_param_bits"] != old.conf["dh_param_bits"] {
		s.takeParams(c, &changed)
	}
	if answer := db.checkServer(&changed, old, live); answer != nil {
		return *answer
	}
	db.moveDNSRoute(&changed)
	moved := poolKey(changed.conf) != poolKey(old.conf)
	db.used.count(old.conf, -1)
	db.used.count(changed.conf, 1)
	*old = changed
	if moved {
		db.reassign(old)
	}
	return ok(db.view(old))
}

// poolKey changes when the addresses of a server have to be given out anew.
func poolKey(conf settings) string {
	return conf.str("network") + "-" + conf.str("network_start") + "-" + conf.str("network_end")
}

// deleteServer looks at linked servers only: the server itself may run.
func deleteServer(s *Simulator, c *call) reply {
	db := s.db
	id, null := c.id("server_id")
	v := db.server(id)
	switch {
	case null:
		return empty()
	case v == nil:
		return crash()
	}
	for _, l := range v.links {
		if other := db.server(l.server); other != nil && other.status == online {
			return notOffline("unlink a server")
		}
	}
	for _, other := range db.servers {
		other.unlink(v.id)
	}
	db.servers = slices.DeleteFunc(db.servers, func(x *server) bool { return x == v })
	delete(db.serverByID, v.id)
	db.used.count(v.conf, -1)
	db.note("Deleted server \"" + v.name() + "\".")
	return empty()
}

// operate starts and stops a server. What makes no sense changes nothing.
func operate(s *Simulator, c *call) reply {
	v := s.db.server(c.key("server_id"))
	if v == nil {
		return crash()
	}
	good, done := true, ""
	switch c.params["operation"] {
	case "start":
		good, done = s.db.start(c, v), "Started"
	case "stop":
		v.stop()
		done = "Stopped"
	case "restart":
		v.stop()
		good, done = s.db.start(c, v), "Restarted"
	}
	if !good {
		return crash()
	}
	if done != "" {
		s.db.note(done + " server \"" + v.name() + "\".")
	}
	view := s.db.view(v)
	view["status"] = v.status // here a server without parameters is offline
	return ok(view)
}

// start runs a server on as many of its hosts as it has replicas, and waits for
// them. It fails without an organization, and after a while when no host answers.
func (db *database) start(c *call, v *server) bool {
	if v.status != offline || v.noParams {
		return true
	}
	if len(v.orgs) == 0 {
		return false
	}
	var running []string
	for _, id := range v.hosts {
		if h := db.host(id); h != nil && h.status == online && len(running) < v.conf.int("replica_count") {
			running = append(running, id)
		}
	}
	v.status, v.started, v.instances = online, db.now(), running
	if len(running) == 0 {
		c.wait(db.opts.Realism.NoHost)
		v.stop()
		return false
	}
	c.wait(db.opts.Realism.Start)
	return true
}
