package storage

import (
	"context"
	"io"
	"iter"
	"time"
)

// Store keeps named bytes. A name is one path element: no slash, not empty, not starting with a dot.
//
// Drivers are dumb: what a name means, which snapshot is the newest and what may be deleted is decided above them.
// All methods may be called from several goroutines and processes at once.
type Store interface {
	// Put publishes body under name. It is atomic: a reader sees all of the new bytes or none of them, whatever
	// happens to the writer. Without PutOptions.Replace it never overwrites: ErrExists, even for equal bytes. An
	// answer that was lost on the way is found out and counts as success. The body stays open.
	Put(ctx context.Context, name string, body *Sealed, opts PutOptions) (Info, error)
	// Get opens the stored bytes as they are, sealed. ErrNotFound when there are none.
	Get(ctx context.Context, name string) (io.ReadCloser, error)
	// Stat returns all that is known of a name without its content. ErrNotFound when it is absent.
	Stat(ctx context.Context, name string) (Info, error)
	// List yields every published name in ascending byte order, with at least Name, Size and Modified. Temporary
	// and hidden names never appear. The first error ends the sequence.
	List(ctx context.Context) iter.Seq2[Info, error]
	// Delete removes a name. It is idempotent: deleting an absent name succeeds. With a version it deletes only
	// that version: ErrChanged when another one is there.
	Delete(ctx context.Context, name string, version string) error
}

// ReplaceAny as PutOptions.Replace overwrites whatever is there.
const ReplaceAny = "*"

// PutOptions say how to publish.
type PutOptions struct {
	// Replace is empty to refuse an existing name, ReplaceAny to overwrite it, or the Info.Version that must still
	// be there: ErrChanged when it is not.
	Replace string
	// Metadata is kept beside the bytes and readable without any key. Keys are lower case letters, digits and
	// dashes; values are printable ASCII. A FileStore keeps none of a snapshot that needs no key.
	Metadata map[string]string
	// Ephemeral marks small working objects (locks, markers): no object lock, default storage class.
	Ephemeral bool
}

// Info is what a store tells about a name without its content.
type Info struct {
	Name     string    `json:"name"`
	Size     int64     `json:"size"`     // stored bytes
	Modified time.Time `json:"modified"` // by the store's clock
	// Checksum is the lower-case hex SHA-256 of the stored bytes; empty when the store did not tell.
	Checksum string `json:"checksum,omitempty"`
	// Version identifies these very bytes for PutOptions.Replace and Delete; opaque, may be empty in a listing.
	Version  string            `json:"-"`
	Metadata map[string]string `json:"metadata,omitempty"`
	// LockedUntil is when an object lock ends, LockMode is GOVERNANCE or COMPLIANCE, LegalHold has no end.
	LockedUntil time.Time `json:"locked_until,omitzero"`
	LockMode    string    `json:"lock_mode,omitempty"`
	LegalHold   bool      `json:"legal_hold,omitempty"`
	// Warnings tell what was done differently from what was asked.
	Warnings []string `json:"warnings,omitempty"`
}

// Names of metadata this package and its callers agree on.
const (
	// MetaContent is the SHA-256 of the document's content without its header, as the document's trailer states it.
	// It lets the next run find "unchanged" without the key. It reveals whether two snapshots are equal, and no
	// more: the content holds keys and hashes that nobody can guess.
	MetaContent = "content-sha256"
	// MetaPlain is the SHA-256 of the document before gzip and encryption.
	MetaPlain = "plain-sha256"
)

// CheckName tells whether a store takes the name.
func CheckName(name string) error {
	if name == "" || name[0] == '.' || len(name) > 240 {
		return &Error{Op: "use name", Name: name, Err: ErrName, Hint: "a name is 1 to 240 characters and does not start with a dot"}
	}
	for _, r := range name {
		if r == '/' || r == '\\' || r < ' ' || r == 0x7f {
			return &Error{Op: "use name", Name: name, Err: ErrName, Hint: "a name holds no slash and no control character"}
		}
	}
	return nil
}
