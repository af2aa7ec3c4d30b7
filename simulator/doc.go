// Package simulator is an in-memory Pritunl server: an [net/http.Handler] that
// answers the administration API the way a real server does behind its web
// front end. It serves tests, demonstrations, rehearsals and restore drills.
//
// Two layers are modelled. The front end (web.go, table.go, body.go) knows a
// fixed list of routes, decodes every body into the fields it knows, and
// forwards all of them, absent ones as zero values. The back end (the other
// files, one per family of resources) checks the signature and does the work.
//
// # Time
//
// By itself the instance does everything at once. With [Options].Realism, as
// [Realistic] gives it, work takes the time it takes on a real server: users,
// servers and organizations wait for keys unless a pool has ready ones, what has
// been received is carried out to its end whether or not the client is still
// there, and the front end answers 502 when its limit has passed. Reservations of
// what comes from a pool can get lost, by chance ([Options].Random is the seed)
// or by a [Fault].
//
// A test gives the instance a [TurnedClock], and the same clock to its client:
//
//	clock := simulator.NewClock(time.Now())
//	sim, err := simulator.New(simulator.Options{Clock: clock, Realism: simulator.Realistic()})
//	client, err := api.New(api.Options{Now: clock.Now, Sleep: clock.Sleep, …})
//
// Nobody ever waits then: a request that takes ten seconds turns the clock by ten
// seconds, and so does a client that sleeps. After FaultGone or FaultKillDuring,
// or when the context of a request ends, the rest of its work is done as the
// clock is turned: by other requests, by Sleep, or by Advance.
// [State].Working says whether there is some left.
//
// It is not a VPN: no tunnel, certificate or key is ever made. Keys and
// certificates are constant texts that say FAKE, and no request leaves the
// process. It is not a client either, and shares no code
// with one, so that a mistake in one cannot hide a mistake in the other.
package simulator
