// Package mongo knows how a Pritunl server keeps its configuration in MongoDB: which collections matter, what refers
// to what, which fields are secret, what must be reset when documents are put back, and what must not travel to a copy.
//
// That knowledge is kept as tables (Collections, References, Resets, Quarantine, SecretFields); the code beside them
// connects, reads documents one by one, recovers administrator credentials, and restores documents into an empty
// database. Only plain find, listCollections, replace and delete commands are used, so any server that speaks
// MongoDB's wire protocol will do.
//
// It is not a client of the Pritunl API and knows nothing of the snapshot file: callers hand documents over.
package mongo
