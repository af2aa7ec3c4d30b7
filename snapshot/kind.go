package snapshot

import "slices"

// Kind names a section of the document's resources.
type Kind string

// The kinds, with the request whose answer holds their elements.
const (
	Subscription        Kind = "subscription"         // GET /subscription, one element
	Settings            Kind = "settings"             // GET /settings, one element
	Administrators      Kind = "administrators"       // GET /admin
	Organizations       Kind = "organizations"        // GET /organization
	Hosts               Kind = "hosts"                // GET /host
	Servers             Kind = "servers"              // GET /server
	ServerOrganizations Kind = "server_organizations" // GET /server/<id>/organization
	ServerRoutes        Kind = "server_routes"        // GET /server/<id>/route
	ServerHosts         Kind = "server_hosts"         // GET /server/<id>/host
	ServerLinks         Kind = "server_links"         // GET /server/<id>/link
	Links               Kind = "links"                // GET /link, member links
	Locations           Kind = "locations"            // GET /link/<id>/location
	Users               Kind = "users"                // GET /user/<organization id>
)

// Kinds gives all kinds in the order of the document: what is referred to comes
// before what refers to it (settings.sso_org is the one exception), and users
// come last because they alone can be too many for memory.
func Kinds() []Kind { return slices.Clone(kinds[:]) }

// kinds is a table: nothing changes it.
var kinds = [...]Kind{
	Subscription, Settings, Administrators, Organizations, Hosts, Servers,
	ServerOrganizations, ServerRoutes, ServerHosts, ServerLinks,
	Links, Locations, Users,
}

// ParseKind gives the kind of that name.
func ParseKind(name string) (Kind, bool) {
	k := Kind(name)
	return k, slices.Contains(kinds[:], k)
}

// Single tells whether an instance has one object of the kind, without an
// identity of its own.
func (k Kind) Single() bool { return k == Subscription || k == Settings }

// position gives the kind's place in the document, -1 for an unknown kind.
func (k Kind) position() int { return slices.Index(kinds[:], k) }
