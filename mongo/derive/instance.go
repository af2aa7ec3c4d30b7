package derive

import (
	"context"
	"slices"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"

	"pritunl-backup/mongo"

	"pritunl-backup/mongo/internal/lenient"
)

// Instance holds the documents of one server that do not grow with its users, ready for deriving.
type Instance struct {
	settings       map[string]bson.Raw // by _id: app, user, vpn, ...
	administrators []bson.Raw
	organizations  []bson.Raw          // of the kind that the API shows, sorted by name
	servers        []bson.Raw          // sorted by name
	hosts          []bson.Raw          // sorted by name
	links          []bson.Raw          // sorted by name
	locations      []bson.Raw          // sorted by name
	linkHosts      []bson.Raw          // sorted by name
	networks       map[string][]string // network links of users, by organization

	byID map[string]bson.Raw // organizations, servers, hosts, links, locations
}

// Collections names what New and Load need: everything but users and their addresses.
func Collections() []string {
	return []string{"settings", "administrators", "organizations", "servers", "hosts", "links", "links_locations", "links_hosts", "users_net_link"}
}

// New takes the documents of the collections that Collections names.
func New(docs map[string][]bson.Raw) *Instance {
	i := &Instance{settings: map[string]bson.Raw{}, networks: map[string][]string{}, byID: map[string]bson.Raw{}}
	for _, raw := range docs["settings"] {
		i.settings[idOf(raw)] = raw
	}
	i.administrators = docs["administrators"]
	for _, raw := range docs["organizations"] {
		if kind := lenient.Text(raw, "type"); kind == "default" || kind == "" {
			i.organizations = append(i.organizations, raw)
		}
	}
	i.organizations = byName(i.organizations)
	i.servers, i.hosts, i.links = byName(docs["servers"]), byName(docs["hosts"]), byName(docs["links"])
	i.locations, i.linkHosts = byName(docs["links_locations"]), byName(docs["links_hosts"])
	for _, group := range [][]bson.Raw{i.organizations, i.servers, i.hosts, i.links, i.locations} {
		for _, raw := range group {
			i.byID[idOf(raw)] = raw
		}
	}
	for _, raw := range docs["users_net_link"] {
		org := id(lenient.Value(raw, "org_id"))
		i.networks[org] = append(i.networks[org], lenient.Text(raw, "network"))
	}
	return i
}

// Load reads the documents from a database.
func Load(ctx context.Context, r *mongo.Reader) (*Instance, error) {
	docs := map[string][]bson.Raw{}
	for _, name := range Collections() {
		for raw, err := range r.Documents(ctx, name) {
			if err != nil {
				return nil, err
			}
			docs[name] = append(docs[name], raw)
		}
	}
	return New(docs), nil
}

// byName sorts by the bytes of the name, as the database does, then by _id.
func byName(docs []bson.Raw) []bson.Raw {
	docs = slices.Clone(docs)
	slices.SortStableFunc(docs, func(a, b bson.Raw) int {
		if order := strings.Compare(lenient.Text(a, "name"), lenient.Text(b, "name")); order != 0 {
			return order
		}
		return strings.Compare(idOf(a), idOf(b))
	})
	return docs
}

// Resources gives the objects of one kind in the order the API lists them; parts of servers carry the server's id in
// "server". An unknown kind has none. Users are not here, see Users. Fields that came after the version which last
// used the database are not in them.
func (i *Instance) Resources(kind string) []map[string]any {
	return i.known(kind, i.all(kind))
}

func (i *Instance) all(kind string) []object {
	switch kind {
	case "subscription":
		return i.subscription()
	case "settings":
		return i.settingsObject()
	case "administrators":
		return i.each(i.administrators, i.administrator)
	case "organizations":
		return i.each(i.organizations, i.organization)
	case "hosts":
		return i.each(i.hosts, i.host)
	case "servers":
		return i.each(i.servers, i.server)
	case "server_organizations":
		return i.parts(i.serverOrganizations)
	case "server_routes":
		return i.parts(i.routes)
	case "server_hosts":
		return i.parts(i.serverHosts)
	case "server_links":
		return i.parts(i.serverLinks)
	case "links":
		return i.each(i.links, i.link)
	case "locations":
		return i.locationObjects()
	}
	return nil
}

func (i *Instance) each(docs []bson.Raw, make func(bson.Raw) object) []object {
	var out []object
	for _, raw := range docs {
		out = append(out, make(raw))
	}
	return out
}

func (i *Instance) parts(of func(server bson.Raw) []object) []object {
	var out []object
	for _, server := range i.servers {
		out = append(out, of(server)...)
	}
	return out
}

// setting gives a value of settings/app, the default where none is stored. A stored null stays null.
func (i *Instance) setting(group, key string, value any) any {
	v := lenient.Value(i.settings[group], key)
	if v.Type == 0 {
		return value
	}
	return plain(v)
}

func (i *Instance) auditing() bool { return i.setting("app", "auditing", nil) == "all" }
