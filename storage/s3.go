package storage

import (
	"context"
	"errors"
	"io"
	"iter"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// S3Store keeps snapshots as objects of one bucket below one prefix.
//
// A snapshot is one PutObject of a finished file, so S3 itself guarantees that it appears whole or not at all; only
// above the single-put limit it is a multipart upload, which appears at its completion. If-None-Match keeps it from
// overwriting. After every put a HEAD compares size and checksum.
type S3Store struct {
	client *s3.Client
	bucket string
	prefix string // empty, or ends with a slash
	opts   S3Options
}

// Metadata this store keeps for itself.
const (
	metaPut = "pb-put"    // random, one per Put: tells a lost answer from somebody else's object
	metaSum = "pb-sha256" // of the stored bytes, for stores that keep no checksum
)

func (s *S3Store) key(name string) *string { return aws.String(s.prefix + name) }

// url names an object for messages.
func (s *S3Store) url(name string) string { return "s3://" + s.bucket + "/" + s.prefix + name }

// Get opens the object. Its length is checked by the transport: a cut answer is an error, not an end.
func (s *S3Store) Get(ctx context.Context, name string) (io.ReadCloser, error) {
	if err := errors.Join(CheckName(name), ctx.Err()); err != nil {
		return nil, err
	}
	out, err := s.client.GetObject(ctx, &s3.GetObjectInput{Bucket: &s.bucket, Key: s.key(name)})
	if err != nil {
		return nil, s.explain("read", name, err)
	}
	return &s3Body{out.Body, s, name}, nil
}

// s3Body names the object when reading breaks off.
type s3Body struct {
	io.ReadCloser
	store *S3Store
	name  string
}

func (b *s3Body) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = b.store.explain("read", b.name, err)
	}
	return n, err
}

// Stat is a HEAD.
func (s *S3Store) Stat(ctx context.Context, name string) (Info, error) {
	if err := errors.Join(CheckName(name), ctx.Err()); err != nil {
		return Info{}, err
	}
	out, err := s.head(ctx, name)
	if err != nil {
		return Info{}, s.explain("look at", name, err)
	}
	return s.info(name, out), nil
}

func (s *S3Store) head(ctx context.Context, name string) (*s3.HeadObjectOutput, error) {
	return s.client.HeadObject(ctx, &s3.HeadObjectInput{
		Bucket: &s.bucket, Key: s.key(name), ChecksumMode: types.ChecksumModeEnabled,
	})
}

func (s *S3Store) info(name string, out *s3.HeadObjectOutput) Info {
	meta := map[string]string{}
	for k, v := range out.Metadata {
		meta[strings.ToLower(k)] = v
	}
	info := Info{
		Name: name, Size: aws.ToInt64(out.ContentLength), Modified: aws.ToTime(out.LastModified).UTC(),
		Checksum: base64ToHex(aws.ToString(out.ChecksumSHA256)), Version: aws.ToString(out.ETag),
		LockedUntil: aws.ToTime(out.ObjectLockRetainUntilDate), LockMode: string(out.ObjectLockMode),
		LegalHold: out.ObjectLockLegalHoldStatus == types.ObjectLockLegalHoldStatusOn,
	}
	if info.Checksum == "" {
		info.Checksum = meta[metaSum]
	}
	delete(meta, metaPut)
	delete(meta, metaSum)
	if len(meta) > 0 {
		info.Metadata = meta
	}
	return info
}

// List yields the objects directly below the prefix. Pages are put in order first: not every store sorts.
func (s *S3Store) List(ctx context.Context) iter.Seq2[Info, error] {
	return func(yield func(Info, error) bool) {
		all, err := s.listAll(ctx)
		if err != nil {
			yield(Info{}, s.explain("list", "", err))
			return
		}
		for _, info := range all {
			if !yield(info, nil) {
				return
			}
		}
	}
}

func (s *S3Store) listAll(ctx context.Context) ([]Info, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	found := map[string]Info{}
	pages := s3.NewListObjectsV2Paginator(s.client, &s3.ListObjectsV2Input{
		Bucket: &s.bucket, Prefix: &s.prefix, Delimiter: aws.String("/"),
	}, func(o *s3.ListObjectsV2PaginatorOptions) { o.StopOnDuplicateToken = true })
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, o := range page.Contents {
			name, ok := strings.CutPrefix(aws.ToString(o.Key), s.prefix)
			if !ok || CheckName(name) != nil {
				continue
			}
			found[name] = Info{
				Name: name, Size: aws.ToInt64(o.Size), Modified: aws.ToTime(o.LastModified).UTC(), Version: aws.ToString(o.ETag),
			}
		}
	}
	var all []Info
	for _, name := range slices.Sorted(maps.Keys(found)) {
		all = append(all, found[name])
	}
	return all, nil
}

// Delete removes the object. In a versioned bucket S3 keeps the bytes as an old version; its lifecycle rules decide
// about those.
func (s *S3Store) Delete(ctx context.Context, name, version string) error {
	if err := errors.Join(CheckName(name), ctx.Err()); err != nil {
		return err
	}
	in := &s3.DeleteObjectInput{Bucket: &s.bucket, Key: s.key(name)}
	if version != "" {
		// Not every store honours If-Match on deletion, so look first; where it is honoured there is no gap.
		info, err := s.Stat(ctx, name)
		if errors.Is(err, ErrNotFound) || err == nil && info.Version != version {
			return &Error{Op: "delete", Name: s.url(name), Err: ErrChanged}
		}
		if err != nil {
			return err
		}
		in.IfMatch = &version
	}
	_, err := s.client.DeleteObject(ctx, in)
	if version != "" && isCode(err, "NotImplemented") {
		in.IfMatch = nil
		_, err = s.client.DeleteObject(ctx, in)
	}
	switch {
	case err == nil, isStatus(err, 404) && !isCode(err, "NoSuchBucket"):
		return nil
	case isStatus(err, 412):
		return &Error{Op: "delete", Name: s.url(name), Err: ErrChanged}
	case isStatus(err, 403):
		if info, serr := s.Stat(ctx, name); serr == nil && info.Held(s.opts.now()) {
			return &Error{Op: "delete", Name: s.url(name), Err: ErrHeld, Hint: info.held()}
		}
	}
	return s.explain("delete", name, err)
}

// Held tells whether an object lock forbids deleting the object now.
func (i Info) Held(now time.Time) bool { return i.LegalHold || i.LockedUntil.After(now) }

// held says so in words.
func (i Info) held() string {
	if i.LegalHold {
		return "under legal hold"
	}
	return "locked until " + i.LockedUntil.UTC().Format(time.RFC3339) + " (" + strings.ToLower(i.LockMode) + ")"
}

// Prefix is what all keys of this store begin with.
func (s *S3Store) Prefix() string { return s.prefix }
