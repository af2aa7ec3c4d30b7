package restore

import (
	"fmt"
	"net/netip"
	"strings"

	"pritunl-backup/snapshot"
)

// maxBody is the largest request body that Pritunl's front end reads, in bytes.
const maxBody = 50_000

// check finds what the server would refuse, before anything is written: a
// refused server costs it a Diffie-Hellman parameter that takes minutes to make.
func (b *builder) check() []Problem {
	c := &checker{builder: b, problems: []Problem{}}
	for _, a := range b.plan.Actions {
		if a.want == nil || a.Kind != a.want.kind || a.Verb != Create && a.Verb != Changing {
			continue
		}
		c.action = a
		switch a.Kind {
		case snapshot.Hosts:
			c.host(a.want)
		case snapshot.Users:
			c.user(a.want)
		case snapshot.Settings:
			c.settings(a.want)
		case snapshot.Servers:
			c.server(a.want)
			c.bridgedNetworkLinks(a.want)
		case snapshot.ServerHosts:
			c.bridgedNetworkLinks(a.want.owner)
		case snapshot.ServerRoutes, RouteOverrides:
			c.route(a.want)
			c.bridgedNetworkLinks(a.want.owner)
		case snapshot.ServerLinks:
			c.serverLink(a.want)
		case LocationRoutes:
			c.network("link_network_invalid", a.want.object.String("network"))
		}
	}
	c.unique(snapshot.Servers)
	c.unique(snapshot.Administrators)
	return c.problems
}

// checker collects problems of the action it looks at.
type checker struct {
	*builder
	action   *Action
	problems []Problem
}

func (c *checker) refuse(code, format string, args ...any) {
	c.problems = append(c.problems, Problem{Kind: c.action.Kind, Path: c.action.Path, Code: code, Text: fmt.Sprintf(format, args...)})
}

func (c *checker) network(code, network string) {
	if _, err := strictNetwork(network); err != nil {
		c.refuse(code, "%s is no network", quote(network))
	}
}

// strictNetwork reads a network without host bits; a bare address is one of one
// address.
func strictNetwork(s string) (netip.Prefix, error) {
	if addr, err := netip.ParseAddr(s); err == nil {
		return addr.Prefix(addr.BitLen())
	}
	p, err := netip.ParsePrefix(s)
	if err != nil {
		return p, err
	}
	if p.Masked() != p {
		return p, fmt.Errorf("host bits are set")
	}
	return p, nil
}

func (c *checker) host(n *node) {
	for field, prefix := range map[string]string{"routed_subnet6": "ipv6_subnet", "routed_subnet6_wg": "ipv6_subnet_wg"} {
		s := n.object.String(field)
		if s == "" {
			continue
		}
		p, err := strictNetwork(s)
		switch {
		case err != nil || !p.Addr().Is6():
			c.refuse(prefix+"_invalid", "%s is no IPv6 network", quote(s))
		case p.Bits() > 64:
			c.refuse(prefix+"_size_invalid", "%s is smaller than a /64", quote(s))
		}
	}
}

func (c *checker) user(n *node) {
	for _, link := range n.object.Strings("network_links") {
		c.network("network_link_invalid", link)
	}
	if n.object.Bool("bypass_secondary") && n.object.String("yubico_id") != "" {
		c.refuse("yubikey_bypass_secondary", "has a YubiKey and bypasses the second factor")
	}
	if size := len(encode(n.body(nil))); size > maxBody-100 {
		c.refuse("too_large", "is %d bytes, more than the server reads", size)
	}
}

func (c *checker) route(n *node) {
	o := n.object
	if !n.virtual() {
		c.network("server_route_invalid", o.String("network"))
	}
	switch {
	case n.virtual() && o.Bool("nat"):
		c.refuse("server_route_virtual_nat", "is the virtual network and uses nat")
	case o.Bool("net_gateway") && o.Bool("network_link"):
		c.refuse("server_route_network_link_gateway", "is a network link and uses the net gateway")
	case o.Bool("net_gateway") && o.Bool("nat"):
		c.refuse("server_route_net_gateway_nat", "uses nat and the net gateway")
	case o.String("nat_netmap") != "" && !o.Bool("nat"):
		c.refuse("server_route_non_nat_netmap", "maps a network without nat")
	}
}

func (c *checker) settings(n *node) {
	o := n.object
	sso := o.String("sso")
	if size := len(encode(n.body(n.twin.object))); size > maxBody {
		c.refuse("too_large", "is %d bytes, more than the server reads", size)
	}
	if sso == "" || !n.sendsField("sso") {
		return
	}
	switch {
	case o.String("sso_org") == "":
		c.refuse("sso_org_null", "single sign-on is on and has no organization")
	case n.other == nil:
		c.refuse("sso_org_null", "single sign-on is for an organization that the snapshot does not have")
	case !c.available(n.other):
		c.refuse("sso_org_null", "single sign-on is for organization %s, which is left out", n.other.path())
	}
	if o.String("server_sso_url") == "" && n.sendsField("server_sso_url") && !c.live.lacks(sinceURLNeeded) {
		c.refuse("sso_url_missing", "single sign-on is on and server_sso_url is empty; a rule can set it")
	}
	if o.String("sso_duo_mode") == "passcode" {
		switch {
		case strings.Contains(sso, "radius"):
			c.refuse("radius_duo_passcode", "Duo passcodes do not go with Radius")
		case sso == "duo":
			c.refuse("duo_passcode", "Duo passcodes do not go with Duo alone")
		}
	}
}
