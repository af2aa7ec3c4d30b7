package storage

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

const (
	partSize     = 64 << 20
	maxParts     = 10000 // S3's own
	abortTimeout = 10 * time.Second
)

// putParts is the upload of a body that is too large for one request. Nothing is visible before its completion; an
// upload that cannot be completed is aborted, and one left by a killed run is aborted by the next such upload.
func (s *S3Store) putParts(ctx context.Context, u *upload) (string, error) {
	s.sweepParts(ctx, u.name)
	p := u.sent
	created, err := s.client.CreateMultipartUpload(ctx, &s3.CreateMultipartUploadInput{
		Bucket: p.Bucket, Key: p.Key, Metadata: p.Metadata, ContentType: p.ContentType,
		ChecksumAlgorithm: types.ChecksumAlgorithmSha256, ServerSideEncryption: p.ServerSideEncryption, SSEKMSKeyId: p.SSEKMSKeyId,
		StorageClass: p.StorageClass, Tagging: p.Tagging, ObjectLockMode: p.ObjectLockMode, ObjectLockRetainUntilDate: p.ObjectLockRetainUntilDate,
	})
	if err != nil {
		return "", err
	}
	etag, err := s.sendParts(ctx, u, created.UploadId)
	if err != nil {
		end, cancel := context.WithTimeout(context.WithoutCancel(ctx), abortTimeout)
		defer cancel()
		// When this fails too, the parts stay invisible, and the next upload or the bucket's lifecycle rule removes them.
		_, _ = s.client.AbortMultipartUpload(end, &s3.AbortMultipartUploadInput{Bucket: p.Bucket, Key: p.Key, UploadId: created.UploadId})
	}
	return etag, err
}

func (s *S3Store) sendParts(ctx context.Context, u *upload, id *string) (string, error) {
	size := s.opts.PartSize
	if size == 0 {
		size = partSize
	}
	size = max(size, (u.body.Size+maxParts-1)/maxParts)
	var parts []types.CompletedPart
	all := sha256.New()
	for at, n := int64(0), int32(1); at < u.body.Size; at, n = at+size, n+1 {
		raw, err := u.body.Raw()
		if err != nil {
			return "", err
		}
		length := min(size, u.body.Size-at)
		sum := sha256.New()
		if _, err := io.Copy(sum, io.NewSectionReader(raw, at, length)); err != nil {
			return "", fileError("read", u.body.path, err)
		}
		all.Write(sum.Sum(nil))
		text := aws.String(base64.StdEncoding.EncodeToString(sum.Sum(nil)))
		out, err := s.client.UploadPart(ctx, &s3.UploadPartInput{
			Bucket: u.sent.Bucket, Key: u.sent.Key, UploadId: id, PartNumber: aws.Int32(n),
			Body: io.NewSectionReader(raw, at, length), ContentLength: &length, ChecksumSHA256: text,
		})
		if err != nil {
			return "", err
		}
		parts = append(parts, types.CompletedPart{PartNumber: aws.Int32(n), ETag: out.ETag, ChecksumSHA256: text})
	}
	u.sum = fmt.Sprintf("%s-%d", base64.StdEncoding.EncodeToString(all.Sum(nil)), len(parts))
	out, err := s.client.CompleteMultipartUpload(ctx, &s3.CompleteMultipartUploadInput{
		Bucket: u.sent.Bucket, Key: u.sent.Key, UploadId: id, IfNoneMatch: u.sent.IfNoneMatch, IfMatch: u.sent.IfMatch,
		MultipartUpload: &types.CompletedMultipartUpload{Parts: parts},
	})
	if err != nil {
		return "", err
	}
	return aws.ToString(out.ETag), nil
}

// sweepParts aborts uploads of our own names that are older than any run. It may lack the permission: then the bucket's
// lifecycle rule has to do it.
func (s *S3Store) sweepParts(ctx context.Context, name string) {
	out, err := s.client.ListMultipartUploads(ctx, &s3.ListMultipartUploadsInput{Bucket: &s.bucket, Prefix: &s.prefix})
	if err != nil {
		return
	}
	for _, up := range out.Uploads {
		own, ok := cutPrefixName(aws.ToString(up.Key), s.prefix)
		if _, snapshot := ParseName(own); !ok || !snapshot && own != name || !aws.ToTime(up.Initiated).Before(s.opts.now().Add(-tempAge)) {
			continue
		}
		_, _ = s.client.AbortMultipartUpload(ctx, &s3.AbortMultipartUploadInput{Bucket: &s.bucket, Key: up.Key, UploadId: up.UploadId})
	}
}
