// Package integration drives the library packages and the built binary against real servers: MongoDB's wire protocol
// through FerretDB, S3 through versitygw, and containers where Docker answers. It is a module of its own so that
// what a user compiles stays small; nothing outside it may import it.
package integration
