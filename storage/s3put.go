package storage

import (
	"context"
	"crypto/md5" // S3's ETag, not a safeguard
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

const singlePutLimit = 5 << 30 // S3's own

// upload is one Put on its way.
type upload struct {
	name  string
	body  *Sealed
	opts  PutOptions
	id    string // metaPut
	sum   string // base64 SHA-256 that the store should tell afterwards; composite for parts
	sent  *s3.PutObjectInput
	lied  bool // the answer told the checksum of other bytes
	warns []string
}

// Put uploads the body and compares what the store says it holds.
func (s *S3Store) Put(ctx context.Context, name string, body *Sealed, opts PutOptions) (Info, error) {
	if err := errors.Join(CheckName(name), ctx.Err()); err != nil {
		return Info{}, err
	}
	u := &upload{name: name, body: body, opts: opts, id: rand.Text(), sum: hexToBase64(body.SHA256)}
	u.sent = s.putInput(u)
	if opts.Replace == "" {
		if err := s.refuseExisting(ctx, name); err != nil {
			return Info{}, err
		}
	}
	limit := s.opts.SinglePutLimit
	if limit == 0 {
		limit = singlePutLimit
	}
	send := s.putOnce
	if body.Size > limit {
		send = s.putParts
	}
	etag, err := send(ctx, u)
	if isCode(err, "NotImplemented") && (u.sent.IfNoneMatch != nil || u.sent.IfMatch != nil) {
		etag, err = s.putUnconditionally(ctx, u, send)
	}
	if err != nil {
		if err = s.settle(ctx, u, err); err != nil {
			return Info{}, err
		}
	}
	return s.confirm(ctx, u, etag)
}

// refuseExisting looks before sending: it spares the upload, and stores that ignore If-None-Match do not overwrite.
// Whoever may only write cannot look; the condition on the upload holds all the same.
func (s *S3Store) refuseExisting(ctx context.Context, name string) error {
	_, err := s.head(ctx, name)
	switch {
	case err == nil:
		return &Error{Op: "publish", Name: s.url(name), Err: ErrExists, Hint: "choose another name, or overwrite it on purpose"}
	case isStatus(err, 404), isStatus(err, 403):
		return nil
	}
	return s.explain("look at", name, err)
}

func (s *S3Store) putInput(u *upload) *s3.PutObjectInput {
	meta := map[string]string{metaPut: u.id, metaSum: u.body.SHA256}
	maps.Copy(meta, u.opts.Metadata)
	in := &s3.PutObjectInput{
		Bucket: &s.bucket, Key: s.key(u.name), Metadata: meta,
		ContentLength: &u.body.Size, ChecksumSHA256: &u.sum, ContentType: aws.String(contentType(u.name)),
	}
	switch u.opts.Replace {
	case "":
		in.IfNoneMatch = aws.String("*")
	case ReplaceAny:
	default:
		in.IfMatch = &u.opts.Replace
	}
	s.opts.storedAs(in, u.opts.Ephemeral)
	return in
}

func contentType(name string) string {
	switch zipped, crypted := Wrapping(name); {
	case crypted:
		return "application/octet-stream"
	case zipped:
		return "application/gzip"
	}
	return "application/json"
}

// putOnce sends the whole body in one request and returns the ETag.
func (s *S3Store) putOnce(ctx context.Context, u *upload) (string, error) {
	raw, err := u.body.Raw()
	if err != nil {
		return "", err
	}
	u.sent.Body = raw
	out, err := s.client.PutObject(ctx, u.sent)
	if err != nil {
		return "", err
	}
	got := aws.ToString(out.ChecksumSHA256)
	u.lied = got != "" && got != u.sum
	return aws.ToString(out.ETag), nil
}

// putUnconditionally serves stores that answer 501 to a condition: look, then write.
func (s *S3Store) putUnconditionally(ctx context.Context, u *upload, send func(context.Context, *upload) (string, error)) (string, error) {
	out, err := s.head(ctx, u.name)
	switch {
	case u.sent.IfNoneMatch != nil && err == nil:
		return "", &Error{Op: "publish", Name: s.url(u.name), Err: ErrExists, Hint: "choose another name, or overwrite it on purpose"}
	case u.sent.IfMatch != nil && (err != nil && isStatus(err, 404) || err == nil && aws.ToString(out.ETag) != *u.sent.IfMatch):
		return "", &Error{Op: "replace", Name: s.url(u.name), Err: ErrChanged}
	case err != nil && !isStatus(err, 404) && !isStatus(err, 403):
		return "", err
	}
	u.warns = append(u.warns, "the store does not know conditional writes: two runs at the same moment could overwrite each other")
	u.sent.IfNoneMatch, u.sent.IfMatch = nil, nil
	return send(ctx, u)
}

// settle decides what a failed upload means. The answer may have been lost after the object was stored: then it is
// there with this very upload's mark, and the failure is none.
func (s *S3Store) settle(ctx context.Context, u *upload, cause error) error {
	var done *Error
	if errors.As(cause, &done) {
		return cause
	}
	conflict := isStatus(cause, 412) || isStatus(cause, 409) || u.sent.IfMatch != nil && isStatus(cause, 404)
	if conflict || statusOf(cause) == 0 || statusOf(cause) >= 500 {
		if out, err := s.head(ctx, u.name); err == nil && out.Metadata[metaPut] == u.id {
			return nil
		}
	}
	switch {
	case conflict && u.opts.Replace != "":
		return &Error{Op: "replace", Name: s.url(u.name), Err: ErrChanged}
	case isStatus(cause, 412):
		return &Error{Op: "publish", Name: s.url(u.name), Err: ErrExists, Hint: "choose another name, or overwrite it on purpose"}
	}
	return s.explain("write", u.name, cause)
}

// confirm asks the store what it holds now. Other bytes than were sent are removed again.
func (s *S3Store) confirm(ctx context.Context, u *upload, etag string) (Info, error) {
	if u.lied {
		return Info{}, s.takeBack(ctx, u, etag, "the store answered with the checksum of other bytes")
	}
	out, err := s.head(ctx, u.name)
	if isStatus(err, 403) {
		u.warns = append(u.warns, "these credentials may only write: what was stored was not read back")
		return Info{
			Name: u.name, Size: u.body.Size, Modified: s.opts.now().UTC(), Checksum: u.body.SHA256, Version: etag,
			Metadata: u.opts.Metadata, Warnings: u.warns,
		}, nil
	}
	if err != nil {
		return Info{}, s.explain("look back at", u.name, err)
	}
	if out.Metadata[metaPut] != u.id && u.opts.Replace == "" && out.Metadata[metaPut] != "" {
		return Info{}, &Error{Op: "look back at", Name: s.url(u.name), Err: ErrChanged, Hint: "another run wrote the same name at the same moment"}
	}
	checked, same := s.compare(u, out)
	if !same {
		return Info{}, s.takeBack(ctx, u, aws.ToString(out.ETag), fmt.Sprintf("the store holds %d bytes with checksum %s, sent were %d bytes with %s",
			aws.ToInt64(out.ContentLength), orNone(aws.ToString(out.ChecksumSHA256)), u.body.Size, u.sum))
	}
	if !checked {
		u.warns = append(u.warns, "the store tells no checksum: only the size was compared")
	}
	info := s.info(u.name, out)
	info.Checksum, info.Warnings = u.body.SHA256, u.warns
	return info, nil
}

// compare holds size and checksum, or the ETag where it is the MD5 sum, against what was sent.
func (s *S3Store) compare(u *upload, out *s3.HeadObjectOutput) (checked, same bool) {
	if aws.ToInt64(out.ContentLength) != u.body.Size {
		return true, false
	}
	if got := aws.ToString(out.ChecksumSHA256); got != "" {
		return true, got == u.sum
	}
	etag := strings.Trim(aws.ToString(out.ETag), `"`)
	kms := out.ServerSideEncryption != "" && out.ServerSideEncryption != types.ServerSideEncryptionAes256
	if raw, err := hex.DecodeString(etag); err != nil || len(raw) != md5.Size || kms {
		return false, true
	}
	raw, err := u.body.Raw()
	if err != nil {
		return false, true
	}
	sum := md5.New()
	if _, err := io.Copy(sum, raw); err != nil {
		return false, true
	}
	return true, hex.EncodeToString(sum.Sum(nil)) == strings.ToLower(etag)
}

// takeBack removes an object that is not what was sent.
func (s *S3Store) takeBack(ctx context.Context, u *upload, etag, seen string) error {
	hint := "it was removed again; the store or something between cannot be trusted"
	if err := s.Delete(context.WithoutCancel(ctx), u.name, etag); err != nil {
		hint = "removing it again did not work either: " + err.Error()
	}
	return &Error{Op: "look back at", Name: s.url(u.name), Hint: hint, Err: &classified{ErrStored, errors.New(seen)}}
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}

// hexToBase64 turns the common form of a sum into S3's.
func hexToBase64(s string) string {
	raw, err := hex.DecodeString(s)
	if err != nil {
		return ""
	}
	return base64.StdEncoding.EncodeToString(raw)
}

// base64ToHex turns it back; a composite sum of parts gives nothing.
func base64ToHex(s string) string {
	raw, err := base64.StdEncoding.DecodeString(s)
	if err != nil || len(raw) != 32 {
		return ""
	}
	return hex.EncodeToString(raw)
}
