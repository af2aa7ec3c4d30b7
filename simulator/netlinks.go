package simulator

import "slices"

// netLink is a network behind a user. It stays with the organization in whose
// name it was added, also when the user moves to another one.
type netLink struct {
	network, org string
}

// networks of the links of a user, whatever organization they were added in.
func (u *user) networks() []string {
	out := make([]string, 0, len(u.netLinks))
	for _, l := range u.netLinks {
		out = append(out, l.network)
	}
	return out
}

// addNetLink adds a network behind a user. No server the user sees may run.
func (db *database) addNetLink(u *user, network string) (refused string) {
	for _, v := range db.serversOf(u.org.id) {
		if v.status == online && v.serves(u) {
			return "network_link_not_offline"
		}
	}
	p, err := parseNetwork(network)
	if err != nil {
		return "network_link_invalid"
	}
	if l := (netLink{network: networkText(p), org: u.org.id}); !slices.Contains(u.netLinks, l) {
		u.netLinks = append(u.netLinks, l)
	}
	return ""
}
