// Package simulator is an in-memory Pritunl server: an [net/http.Handler] that
// answers the administration API the way a real server does behind its web
// front end. It serves tests, demonstrations, rehearsals and restore drills.
//
// Two layers are modelled. The front end (web.go, table.go, body.go) knows a
// fixed list of routes, decodes every body into the fields it knows, and
// forwards all of them, absent ones as zero values. The back end (the other
// files, one per family of resources) checks the signature and does the work.
//
// It is not a VPN: no tunnel, certificate or key is ever made. Keys and
// certificates are constant texts that say FAKE, nothing takes time, and no
// request leaves the process. It is not a client either, and shares no code
// with one, so that a mistake in one cannot hide a mistake in the other.
package simulator
