// Package restore makes a live Pritunl instance equal to a snapshot.
//
// [NewPlan] compares two documents, what is and what is wanted, and says for
// every object what has to happen to it; it is pure and sends nothing. [Apply]
// carries a plan out through the admin API. [Verify] compares what came of it.
//
// Objects are matched by natural key path (the name of an organization, name and
// email of a user within it, the network of a route within its server), never by
// id, because the server gives every object it creates an id of its own. As a
// plan is computed from the live state alone, planning again after an
// interruption plans what is left to do; there is no journal to be trusted.
//
// The package reads no file, no snapshot store and no terminal, and it does not
// export: the caller hands in the live state as a document.
package restore
