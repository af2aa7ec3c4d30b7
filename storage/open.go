package storage

import (
	"context"
	"strings"
)

// Options say how places are opened.
type Options struct {
	// TempDir holds the temporary file of a Seal whose target has no directory of its own.
	TempDir string
}

// Open opens a location: a file, a directory, or s3://bucket/prefix/ with or without a name. "-" is the caller's.
func Open(ctx context.Context, location string, opts Options) (Location, error) {
	switch scheme, rest, ok := strings.Cut(location, "://"); {
	case location == "" || location == "-":
		return Location{}, &Error{Op: "open location", Name: location, Err: ErrName, Hint: "give a file, a directory or s3://bucket/prefix/"}
	case !ok:
		return openFile(location)
	case scheme == "file":
		return openFile(rest)
	default:
		return Location{}, &Error{Op: "open location", Name: scheme + "://", Err: ErrName, Hint: "give a file, a directory or s3://bucket/prefix/"}
	}
}
