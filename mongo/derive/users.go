package derive

import (
	"context"
	"iter"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"

	"pritunl-backup/mongo"

	"pritunl-backup/mongo/internal/lenient"
)

// ahead is how many users are held at a time while their networks and addresses are looked up.
const ahead = 200

// User is one of GET /user/<organization>, made of the user's document, its network links and its fixed addresses. It
// is nil for a document that the API does not show: of another type than client and server, or without organization.
func (i *Instance) User(raw bson.Raw, links, addresses []bson.Raw) map[string]any {
	org, ok := i.byID[id(lenient.Value(raw, "org_id"))]
	if kind := lenient.Text(raw, "type"); !ok || kind != "client" && kind != "server" {
		return nil
	}
	o := object{"id": idOf(raw), "organization": idOf(org), "organization_name": plain(lenient.Value(org, "name"))}
	take(o, raw, absentAs(nil, "name", "email", "yubico_id", "otp_secret", "mac_addresses", "dns_servers", "dns_suffix", "port_forwarding")...)
	take(o, raw, absentAs(false, "disabled", "bypass_secondary", "client_to_client")...)
	take(o, raw, defaulted{"type", "client"}, defaulted{"auth_type", "local"}, defaulted{"groups", []any{}})
	o["pin"] = lenient.Text(raw, "pin") != ""
	o["devices"] = devices(raw)
	o["gravatar"] = i.setting("user", "gravatar", true)
	o["audit"] = i.auditing()
	o["sso"] = i.setting("app", "sso", false)
	o["dns_mapping"] = i.dnsMapping(raw, org)
	networks := []any{}
	for _, link := range links {
		networks = append(networks, plain(lenient.Value(link, "network")))
	}
	o["network_links"] = networks
	o["servers"] = i.userServers(raw, org, addresses)
	return o
}

// devices of a user, without the keys that the API never shows.
func devices(user bson.Raw) []any {
	out := []any{}
	for _, d := range documents(user, "devices") {
		device := object{"id": id(lenient.Value(d, "id")), "user_id": idOf(user), "org_id": id(lenient.Value(user, "org_id")),
			"name": plain(lenient.Value(d, "name")), "platform": plain(lenient.Value(d, "platform")), "registered": plain(lenient.Value(d, "registered")), "timestamp": nil}
		if t, ok := lenient.Value(d, "timestamp").TimeOK(); ok {
			device["timestamp"] = strconv.FormatInt(t.Unix(), 10)
		}
		out = append(out, device)
	}
	return out
}

// dnsMapping is the name under which other clients find the user, where a server of the organization offers that.
func (i *Instance) dnsMapping(user, org bson.Raw) any {
	for _, server := range i.servers {
		if lenient.Flag(server, "dns_mapping") && slices.Contains(ids(server, "organizations"), idOf(org)) {
			return dnsName(lenient.Text(user, "name")) + "." + dnsName(lenient.Text(org, "name")) + ".vpn"
		}
	}
	return nil
}

func dnsName(name string) string {
	name, _, _ = strings.Cut(strings.ToLower(name), "@")
	return strings.ReplaceAll(name, ".", "-")
}

// userServers are the servers that the user may connect to: those of the organization, if they want no groups or one
// of the user's.
func (i *Instance) userServers(user, org bson.Raw, addresses []bson.Raw) []any {
	out := []any{}
	groups := ids(user, "groups")
	for _, server := range i.servers {
		if !slices.Contains(ids(server, "organizations"), idOf(org)) {
			continue
		}
		wanted := ids(server, "groups")
		if len(wanted) > 0 && !slices.ContainsFunc(wanted, func(g string) bool { return slices.Contains(groups, g) }) {
			continue
		}
		o := object{"server_id": idOf(server), "virt_address": nil, "virt_address6": nil}
		for _, a := range addresses {
			if id(lenient.Value(a, "server_id")) == idOf(server) { // of several, the first is shown
				address, _, _ := strings.Cut(lenient.Text(a, "address"), "/")
				o["virt_address"], o["virt_address6"] = address, i.address6(server, address)
				break
			}
		}
		out = append(out, o)
	}
	return out
}

// address6 is the IPv6 address that goes with a fixed IPv4 one: after the prefix the number of the network, in old
// versions of the address, and last the decimal parts of the address as if they were hex.
func (i *Instance) address6(server bson.Raw, address string) any {
	number := lenient.Text(server, "network")
	if i.before(networkIn6) {
		number = address
	}
	parsed, err := netip.ParseAddr(address)
	if err != nil || !parsed.Is4() {
		return nil
	}
	six, err := netip.ParseAddr(i.base6(number, "ipv6_prefix", "fd00") + "::" + strings.ReplaceAll(parsed.String(), ".", ":"))
	if err != nil {
		return nil
	}
	return six.String()
}

// Users streams the users of all organizations in the order of a snapshot: by the organization's name, clients before
// internal users, then by name, email and id. Memory does not grow with their number, save for users of one name.
func (i *Instance) Users(ctx context.Context, r *mongo.Reader) iter.Seq2[map[string]any, error] {
	return func(yield func(map[string]any, error) bool) {
		for _, org := range i.organizations {
			for _, kind := range []string{"client", "server"} {
				for o, err := range i.usersOf(ctx, r, org, kind) {
					if !yield(o, err) || err != nil {
						return
					}
				}
			}
		}
	}
}

// usersOf holds a batch of users back until the next name begins, since the order within one name is another than the
// database's.
func (i *Instance) usersOf(ctx context.Context, r *mongo.Reader, org bson.Raw, kind string) iter.Seq2[object, error] {
	filter := bson.D{{Key: "org_id", Value: lenient.Value(org, "_id")}, {Key: "type", Value: kind}}
	shown := bson.D{{Key: "private_key", Value: 0}, {Key: "certificate", Value: 0}}
	return func(yield func(object, error) bool) {
		var batch []bson.Raw
		for raw, err := range r.Query(ctx, "users", mongo.Query{Filter: filter, Sort: bson.D{{Key: "name", Value: 1}}, Projection: shown}) {
			if err != nil {
				yield(nil, err)
				return
			}
			if len(batch) >= ahead && lenient.Text(batch[len(batch)-1], "name") != lenient.Text(raw, "name") {
				if !i.finish(ctx, r, batch, yield) {
					return
				}
				batch = nil
			}
			batch = append(batch, raw)
		}
		i.finish(ctx, r, batch, yield)
	}
}

// finish looks up networks and addresses of a batch and hands its users over.
func (i *Instance) finish(ctx context.Context, r *mongo.Reader, batch []bson.Raw, yield func(object, error) bool) bool {
	slices.SortStableFunc(batch, func(a, b bson.Raw) int {
		for _, key := range []string{"name", "email"} {
			if order := strings.Compare(lenient.Text(a, key), lenient.Text(b, key)); order != 0 {
				return order
			}
		}
		return strings.Compare(idOf(a), idOf(b))
	})
	for part := range slices.Chunk(batch, ahead) {
		links, err := of(ctx, r, "users_net_link", part)
		if err != nil {
			return yield(nil, err)
		}
		addresses, err := of(ctx, r, "servers_ip_pool", part)
		if err != nil {
			return yield(nil, err)
		}
		for _, raw := range part {
			if o := i.User(raw, links[idOf(raw)], addresses[idOf(raw)]); o != nil && !yield(o, nil) {
				return false
			}
		}
	}
	return true
}

// of reads the documents of a collection that belong to some users.
func of(ctx context.Context, r *mongo.Reader, collection string, users []bson.Raw) (map[string][]bson.Raw, error) {
	wanted := bson.A{}
	for _, raw := range users {
		wanted = append(wanted, lenient.Value(raw, "_id"))
	}
	out := map[string][]bson.Raw{}
	query := mongo.Query{Filter: bson.D{{Key: "user_id", Value: bson.D{{Key: "$in", Value: wanted}}}}, Sort: bson.D{{Key: "_id", Value: 1}}}
	for raw, err := range r.Query(ctx, collection, query) {
		if err != nil {
			return nil, err
		}
		user := id(lenient.Value(raw, "user_id"))
		out[user] = append(out[user], raw)
	}
	return out, nil
}
