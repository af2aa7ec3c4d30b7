// Package routes brings lists of networks into the routes of one Pritunl server
// and out of them: it parses address lists (AWS ip-ranges.json, JSON, CSV, plain
// text), collapses them to the fewest prefixes, compares them with the routes a
// server has, and applies the difference.
//
// Everything but Apply is pure. The package is no part of a restore: it knows one
// server's routes and nothing else, and it touches only routes that are stored
// with the server, never those Pritunl derives from a virtual network, a user's
// network link or a linked server.
package routes
