package storage

import (
	"context"
	"strings"
)

// Options say how places are opened.
type Options struct {
	// TempDir holds the temporary file of a Seal whose target has no directory of its own.
	TempDir string
	S3      S3Options
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
	case scheme == "s3":
		return openS3(ctx, rest, opts)
	default:
		return Location{}, &Error{Op: "open location", Name: scheme + "://", Err: ErrName, Hint: "give a file, a directory or s3://bucket/prefix/"}
	}
}

// openS3 splits bucket/prefix/name. The last part is a name when it looks like a snapshot's.
func openS3(ctx context.Context, rest string, opts Options) (Location, error) {
	bucket, key, _ := strings.Cut(rest, "/")
	if strings.ContainsFunc(bucket, notOfBucket) {
		return Location{}, &Error{Op: "open location", Name: "s3://" + bucket, Err: ErrName, Hint: "a bucket's name has lower case letters, digits, dots and dashes"}
	}
	prefix, name := key, ""
	if at := strings.LastIndex(key, "/"); isSnapshotName(key[at+1:]) {
		prefix, name = key[:at+1], key[at+1:]
		if err := CheckName(name); err != nil {
			return Location{}, err
		}
	}
	store, err := NewS3Store(ctx, bucket, prefix, opts.S3)
	if err != nil {
		return Location{}, err
	}
	return Location{Store: store, Name: name, SealDir: opts.TempDir}, nil
}

// notOfBucket finds what no service allows in the name or ARN of a bucket; older and other services allow more than AWS.
func notOfBucket(r rune) bool {
	return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("._-:", r))
}
