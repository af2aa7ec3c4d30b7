package restore

import "pritunl-backup/snapshot"

// Kinds of what is restored on its own although it is no section of a document:
// parts of settings, servers, links and locations.
const (
	RouteOverrides       snapshot.Kind = "server_route_overrides" // rows of linked servers and of users' networks that were edited
	ServerStates         snapshot.Kind = "server_states"          // servers that are to run
	LocationRoutes       snapshot.Kind = "location_routes"        // POST /link/<id>/location/<id>/route
	LocationHosts        snapshot.Kind = "location_hosts"         // POST /link/<id>/location/<id>/host
	LocationExclusions   snapshot.Kind = "location_exclusions"    // pairs of locations that are not to meet
	LocationTransits     snapshot.Kind = "location_transits"      // POST /link/<id>/location/<id>/transit
	LocationTransitStops snapshot.Kind = "location_transit_stops" // a second exclusion: not through a transit either
	LinkStates           snapshot.Kind = "link_states"            // links are created online
	ConnectionSettings   snapshot.Kind = "connection_settings"    // settings that cut the connection in use
)

// section gives the kind whose section of a document holds the objects.
func section(kind snapshot.Kind) snapshot.Kind {
	switch kind {
	case RouteOverrides:
		return snapshot.ServerRoutes
	case ServerStates:
		return snapshot.Servers
	case LocationRoutes, LocationHosts, LocationExclusions, LocationTransits, LocationTransitStops:
		return snapshot.Locations
	case LinkStates:
		return snapshot.Links
	case ConnectionSettings:
		return snapshot.Settings
	}
	return kind
}

// singular names one object of the kind for a reader.
func singular(kind snapshot.Kind) string {
	switch kind {
	case snapshot.Subscription:
		return "subscription"
	case snapshot.Settings:
		return "settings"
	case snapshot.Administrators:
		return "administrator"
	case snapshot.Organizations:
		return "organization"
	case snapshot.Hosts:
		return "host"
	case snapshot.Servers:
		return "server"
	case snapshot.ServerOrganizations:
		return "organization of server"
	case snapshot.ServerRoutes:
		return "route of server"
	case snapshot.ServerHosts:
		return "host of server"
	case snapshot.ServerLinks:
		return "link of servers"
	case snapshot.Links:
		return "site link"
	case snapshot.Locations:
		return "location"
	case snapshot.Users:
		return "user"
	}
	return partName(kind)
}

func partName(kind snapshot.Kind) string {
	switch kind {
	case RouteOverrides:
		return "override of route"
	case ServerStates:
		return "state of server"
	case LocationRoutes:
		return "route of location"
	case LocationHosts:
		return "host of location"
	case LocationExclusions:
		return "exclusion of locations"
	case LocationTransits:
		return "transit of location"
	case LocationTransitStops:
		return "transit exclusion of location"
	case LinkStates:
		return "state of site link"
	case ConnectionSettings:
		return "connection setting"
	}
	return string(kind)
}
