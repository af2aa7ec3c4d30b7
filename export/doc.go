// Package export turns a live Pritunl instance into a snapshot: it reads every configuration object, in as few
// requests as the admin API allows, and writes them to a [snapshot.Writer] in document order.
//
// It does not decide where a snapshot is stored, and it never changes the instance. Everything but users is held in
// memory, because servers, routes and links are few; users are streamed, because they are not.
package export
