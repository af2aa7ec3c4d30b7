// Package storage is where snapshots live: files, S3 buckets and, for tests, memory. It stores named bytes.
//
// It knows how bytes are sealed (gzip, age encryption, checksums), published (whole or not at all), named, listed,
// kept and pruned. It does not know what a snapshot says: it never looks into the document, speaks to no Pritunl
// server, logs nothing and reads neither environment nor standard streams. What a caller should tell a user comes back
// as a value: an *Error with a hint, or a warning.
//
// The way of a snapshot into a store:
//
//	document ──> Seal: [gzip + seal member] ──> [age] ──> temporary file, 0600
//	Finish:      fsync, read back, decrypt, unpack, compare sums
//	Store.Put:   publish under the final name in one step, refuse to overwrite
//
// and out of it: OpenReader decrypts and unpacks by content, and any changed, missing or added byte is an error.
package storage
