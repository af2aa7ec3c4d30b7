package restore

import (
	"context"

	"pritunl-backup/snapshot"
)

// level is one row of the order: everything of a kind is created before the next
// kind begins, and deleted after it.
type level struct {
	kind    snapshot.Kind
	derived bool // states and parts that are no objects of their own in a document
	down    bool // servers that were stopped stay down up to here
	write   func(*runner, context.Context, []*Action) error
	remove  func(*runner, context.Context, *Action) error
}

// levels is the order of a restore, the only place that knows it. It is walked
// forwards to create and to change, and backwards, first, to delete:
//
//	hosts → organizations → users → settings → servers
//	      → server hosts → server routes → server organizations → server links → overrides
//	links → locations → routes, hosts, exclusions, transits → link states
//	administrators → server states → connection settings
//
// Users come before servers are attached to their organizations, because only
// then network links are taken without stopping anything. Settings come after
// organizations for sso_org. Organizations are attached after routes, because on
// a bridge server nothing else can be changed afterwards. Servers are linked after
// routes and hosts, because they must have none in common. What cuts the
// connection in use comes last.
func levels() []level {
	return []level{
		{kind: snapshot.Subscription, down: true},
		{kind: snapshot.Hosts, down: true, write: (*runner).writeHosts},
		{kind: snapshot.Organizations, down: true, write: (*runner).writeOrganizations, remove: (*runner).removeOrganization},
		{kind: snapshot.Users, down: true, write: (*runner).writeUsers, remove: (*runner).removeUser},
		{kind: snapshot.Settings, down: true, write: (*runner).writeSettings},
		{kind: snapshot.Servers, down: true, write: (*runner).writeServers, remove: (*runner).removeServer},
		{kind: snapshot.ServerHosts, down: true, write: (*runner).writeServerHosts, remove: (*runner).removeServerHost},
		{kind: snapshot.ServerRoutes, down: true, write: (*runner).writeServerRoutes, remove: (*runner).removeServerRoute},
		{kind: snapshot.ServerOrganizations, down: true, write: (*runner).writeServerOrganizations, remove: (*runner).removeServerOrganization},
		{kind: snapshot.ServerLinks, down: true, write: (*runner).writeServerLinks, remove: (*runner).removeServerLink},
		{kind: RouteOverrides, down: true, write: (*runner).writeServerRoutes, remove: (*runner).removeServerRoute},
		{kind: snapshot.Links, write: (*runner).writeLinks, remove: (*runner).removeLink},
		{kind: snapshot.Locations, write: (*runner).writeLocations, remove: (*runner).removeLocation},
		{kind: LocationRoutes, write: (*runner).writeLocationRoutes, remove: (*runner).removeLocationRoute},
		{kind: LocationHosts, write: (*runner).writeLocationHosts, remove: (*runner).removeLocationHost},
		{kind: LocationExclusions, write: (*runner).writeExclusions, remove: (*runner).removeExclusion},
		{kind: LocationTransits, write: (*runner).writeTransits, remove: (*runner).removeTransit},
		{kind: LocationTransitStops, write: (*runner).writeTransitStops, remove: (*runner).removeTransitStop},
		{kind: LinkStates, derived: true, write: (*runner).writeLinkStates},
		{kind: snapshot.Administrators, write: (*runner).writeAdministrators, remove: (*runner).removeAdministrator},
		{kind: ServerStates, derived: true, write: (*runner).writeServerStates},
		{kind: ConnectionSettings, derived: true, write: (*runner).writeConnectionSettings},
	}
}
