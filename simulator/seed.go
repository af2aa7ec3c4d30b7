package simulator

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// seed is what an instance holds at the start.
type seed struct {
	demo                 bool
	users, orgs, servers int
	hosts                int // when the options do not say
}

// parseSeed reads "empty", "demo" or "users=N[,orgs=M][,servers=K]".
func parseSeed(s string) (seed, error) {
	switch s {
	case "", "empty":
		return seed{hosts: 1}, nil
	case "demo":
		return seed{demo: true, hosts: 2}, nil
	}
	out := seed{hosts: 1, orgs: -1}
	for part := range strings.SplitSeq(s, ",") {
		key, value, _ := strings.Cut(part, "=")
		n, err := strconv.Atoi(value)
		if err != nil || n < 0 || n > 1_000_000 {
			return out, fmt.Errorf("read seed %q: want empty, demo or users=N,orgs=M,servers=K", s)
		}
		switch key {
		case "users":
			out.users = n
		case "orgs":
			out.orgs = n
		case "servers":
			out.servers = n
		default:
			return out, fmt.Errorf("read seed %q: unknown word %q", s, key)
		}
	}
	if out.orgs < 0 {
		out.orgs = min(1, out.users)
	}
	switch {
	case out.orgs == 0 && out.users > 0:
		return out, errors.New("read seed: users need an organization")
	case out.servers > 50_000:
		return out, errors.New("read seed: at most 50000 servers")
	}
	return out, nil
}

// fill puts the seed into a fresh instance.
func (want seed) fill(s *Simulator) error {
	if want.demo {
		return s.fillDemo()
	}
	db := s.db
	for i := range want.orgs {
		db.newOrg(fmt.Sprintf("org%04d", i+1))
	}
	for i := range want.users {
		db.seedUser(db.orgs[i%want.orgs], i+1)
	}
	for i := range want.servers {
		v := db.seedServer(settings{
			"name": fmt.Sprintf("server%04d", i+1), "network": bulkNetwork(i, want.servers), "port": 10_000 + i,
		})
		if want.orgs > 0 {
			for k := i % want.orgs; k < want.orgs; k += max(1, want.servers) {
				v.orgs = append(v.orgs, db.orgs[k].id)
				v.assignOrg(db.orgs[k])
			}
		}
	}
	return nil
}

// bulkNetwork cuts the i-th of n networks out of 10.0.0.0/8.
func bulkNetwork(i, n int) string {
	length := 24
	switch {
	case n <= 1<<8:
		length = 16
	case n <= 1<<12:
		length = 20
	}
	return addr4(10<<24|uint32(i)<<(32-length)).String() + "/" + strconv.Itoa(length)
}

// seedUser adds a user without the work of a request.
func (db *database) seedUser(o *org, n int) {
	name := fmt.Sprintf("user%06d", n)
	email := name + "@example.com"
	u := &user{org: o, name: name, email: &email, authType: localAuth, groups: []string{}, ports: []portForward{}}
	switch n % 10 {
	case 1, 2, 3:
		u.groups = []string{"staff"}
	case 4:
		u.groups = []string{"staff", "ops"}
	case 5:
		u.pin = "123456"
	case 6:
		u.disabled = true
	}
	u.id, u.otpSecret = db.newID(), db.otpSecret()
	db.addUser(u)
}

// seedServer adds an offline server with usual settings and some of its own.
func (db *database) seedServer(own settings) *server {
	body := fields{}
	for _, key := range object(serverWords).keys {
		body[key] = nil
	}
	body["protocol"], body["cipher"], body["hash"] = "udp", "aes256", "sha256"
	for _, key := range []string{"ipv6_firewall", "restrict_routes", "inter_client", "vxlan"} {
		body[key] = true
	}
	conf := settings{
		"network": "", "network_wg": nil, "port": 0, "port_wg": nil, "dh_param_bits": 2048, "protocol": "udp",
		"dns_servers": []string{}, "mss_fix": nil,
	}
	readPlain(body, conf)
	conf["network_mode"] = "tunnel"
	for key, value := range own {
		conf[key] = value
	}
	v := &server{
		id: db.newID(), conf: conf, status: offline, hosts: []string{db.here.id}, poolOf: map[string]int{},
		routes: db.bornRoutes(stockDNS),
	}
	db.moveDNSRoute(v)
	db.addServer(v)
	return v
}
