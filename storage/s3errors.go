package storage

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// codeOf gives S3's error code, or nothing.
func codeOf(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode()
	}
	return ""
}

func isCode(err error, codes ...string) bool {
	return err != nil && slices.Contains(codes, codeOf(err))
}

// statusOf gives the HTTP status of the last answer, 0 when there was none.
func statusOf(err error) int {
	if r := responseOf(err); r != nil {
		return r.StatusCode
	}
	return 0
}

func isStatus(err error, status int) bool { return err != nil && statusOf(err) == status }

func responseOf(err error) *http.Response {
	var re *smithyhttp.ResponseError
	if errors.As(err, &re) && re.Response != nil {
		return re.Response.Response
	}
	return nil
}

// explain turns an answer of S3, or the lack of one, into an error that says what to do.
func (s *S3Store) explain(op, name string, err error) error {
	if err == nil {
		return nil
	}
	var done *Error
	if errors.As(err, &done) {
		return err
	}
	e := &Error{Op: op, Name: s.url(name)}
	if ctxErr := contextError(err); ctxErr != nil {
		e.Err = ctxErr
		return e
	}
	kind, hint := s.kind(op, err)
	e.Hint = hint
	e.Err = errors.New(s.words(err))
	if kind != nil {
		e.Err = &classified{kind, e.Err}
	}
	return e
}

func contextError(err error) error {
	for _, c := range []error{context.Canceled, context.DeadlineExceeded} {
		if errors.Is(err, c) {
			return c
		}
	}
	var cancelled *smithy.CanceledError
	if errors.As(err, &cancelled) {
		return context.Canceled
	}
	return nil
}

// words is the short form of the SDK's long errors.
func (s *S3Store) words(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		text := api.ErrorCode()
		if m := api.ErrorMessage(); m != "" && m != text {
			text += ": " + m
		}
		text = withoutCredentials(text, responseOf(err))
		if status := statusOf(err); status != 0 {
			text += fmt.Sprintf(" (status %d)", status)
		}
		return printable(text)
	}
	var sent *url.Error
	if errors.As(err, &sent) {
		return printable(sent.Err.Error()) // its own text repeats the whole address
	}
	var op *smithy.OperationError
	if errors.As(err, &op) {
		return printable(op.Err.Error())
	}
	return printable(err.Error())
}

// maxWords bounds what a store says of itself, in bytes.
const maxWords = 400

// withoutCredentials shortens a store's own words, and takes out what it repeats of the credentials it was sent.
func withoutCredentials(text string, answer *http.Response) string {
	if answer != nil && answer.Request != nil {
		for _, header := range []string{"Authorization", "X-Amz-Security-Token"} {
			if sent := answer.Request.Header.Get(header); sent != "" {
				text = strings.ReplaceAll(text, sent, "[redacted]")
			}
		}
	}
	if len(text) > maxWords {
		text = strings.ToValidUTF8(text[:maxWords], "") + "..."
	}
	return text
}

// kind classifies by code first, then by status: services differ in their codes.
func (s *S3Store) kind(op string, err error) (error, string) {
	code, status := codeOf(err), statusOf(err)
	var assume *smithy.OperationError
	if errors.As(err, &assume) && assume.Service() == "STS" || strings.Contains(err.Error(), "operation error STS") {
		return ErrAuth, "the role could not be assumed: the credentials need sts:AssumeRole on it, and its trust policy must allow them, with the external id if it names one"
	}
	if kind, hint := s.authKind(code, err); kind != nil {
		return kind, hint
	}
	switch code {
	case "NoSuchBucket":
		return ErrNotFound, "there is no bucket " + s.bucket + " at this endpoint; buckets are not created"
	case "NoSuchKey":
		return ErrNotFound, ""
	case "SlowDown", "ServiceUnavailable", "ThrottlingException", "RequestLimitExceeded", "TooManyRequests":
		return nil, "the store asks to slow down; it was tried several times, try again later"
	case "BadDigest", "InvalidDigest", "XAmzContentSHA256Mismatch", "XAmzContentChecksumMismatch":
		return ErrStored, "the store received other bytes than were sent: a proxy or network device may be changing them"
	case "QuotaExceeded", "XMinioStorageFull", "StorageFull", "InsufficientStorage":
		return ErrNoSpace, "the store is full"
	case "EntityTooLarge":
		return nil, "the store takes no object of this size"
	}
	if s.opts.LockMode != "" && (status == 400 || status == 409) && strings.Contains(strings.ToLower(s.words(err)), "lock") {
		return nil, "the bucket has no object lock; enable it on the bucket, or leave out --s3-object-lock"
	}
	if strings.HasPrefix(code, "KMS.") {
		return ErrDenied, "the KMS key must exist, be enabled and allow kms:GenerateDataKey for writing and kms:Decrypt for reading"
	}
	return s.statusKind(op, status, err)
}

// authKind knows what is wrong with credentials, clock and region.
func (s *S3Store) authKind(code string, err error) (error, string) {
	switch code {
	case "ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired", "RequestExpired", "InvalidToken":
		return ErrAuth, "the temporary credentials have run out; get new ones (aws sso login, or a new session token) and run again"
	case "RequestTimeTooSkewed":
		return ErrAuth, "the clock of this machine is wrong" + clockOf(err) + "; set it, for example with chrony or timedatectl set-ntp true"
	case "InvalidAccessKeyId", "XAdminUserNotFound", "InvalidClientTokenId", "UnrecognizedClientException":
		return ErrAuth, "the access key is unknown to this endpoint; check AWS_ACCESS_KEY_ID, the profile and the endpoint"
	case "SignatureDoesNotMatch":
		return ErrAuth, "the secret key does not belong to the access key; check AWS_SECRET_ACCESS_KEY"
	case "PermanentRedirect", "MovedPermanently", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException", "TemporaryRedirect", "301":
		return ErrNotFound, s.regionHint(err)
	}
	text := err.Error()
	switch {
	case strings.Contains(text, "get identity"), strings.Contains(text, "refresh cached credentials"), strings.Contains(text, "failed to retrieve credentials"):
		// The answer in err, if any, is one of the service that gives out credentials, not of the store.
		return ErrAuth, "no credentials were found: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, name a profile, or run where a role is attached"
	case strings.Contains(strings.ToLower(text), "invalid region"), strings.Contains(text, "region is required"):
		return ErrNotFound, "name the bucket's region with --s3-region or AWS_REGION"
	}
	if r := responseOf(err); r != nil && (r.StatusCode == http.StatusMovedPermanently || r.StatusCode == http.StatusTemporaryRedirect) {
		return ErrNotFound, s.regionHint(err)
	}
	return nil, ""
}

func (s *S3Store) statusKind(op string, status int, err error) (error, string) {
	var netErr net.Error
	switch {
	case status == 403:
		return ErrDenied, s.permissionHint(op)
	case status == 401:
		return ErrAuth, "check the credentials and the endpoint"
	case status == 404:
		return ErrNotFound, "check bucket " + s.bucket + " and the name"
	case status == 507:
		return ErrNoSpace, "the store is full"
	case status >= 500:
		return nil, "the store failed; it was tried several times, try again later"
	case status == 0 && errors.As(err, &netErr):
		return nil, "check the network, --s3-endpoint and a proxy on the way; it was tried several times (AWS_MAX_ATTEMPTS says how often)"
	}
	return nil, ""
}

// permissionHint names the IAM action that an operation needs.
func (s *S3Store) permissionHint(op string) string {
	object := "arn:aws:s3:::" + s.bucket + "/" + s.prefix + "*"
	switch op {
	case "list":
		return "needed: s3:ListBucket on arn:aws:s3:::" + s.bucket
	case "delete":
		return "needed: s3:DeleteObject on " + object
	case "write":
		hint := "needed: s3:PutObject on " + object
		if len(s.opts.Tags) > 0 {
			hint += ", s3:PutObjectTagging"
		}
		if s.opts.LockMode != "" {
			hint += ", s3:PutObjectRetention"
		}
		if s.opts.SSE == "aws:kms" {
			hint += ", kms:GenerateDataKey on the key"
		}
		return hint
	}
	return "needed: s3:GetObject on " + object + "; without s3:ListBucket a missing object looks forbidden, too"
}

// regionHint says where the bucket is.
func (s *S3Store) regionHint(err error) string {
	if r := responseOf(err); r != nil {
		if region := r.Header.Get("X-Amz-Bucket-Region"); region != "" {
			return "the bucket is in region " + printable(region) + ": give --s3-region " + printable(region)
		}
	}
	return "the bucket is in another region: name it with --s3-region or AWS_REGION"
}

// clockOf compares with the answer's Date header.
func clockOf(err error) string {
	r := responseOf(err)
	if r == nil {
		return ""
	}
	there, perr := http.ParseTime(r.Header.Get("Date"))
	if perr != nil {
		return ""
	}
	off := time.Since(there).Round(time.Second)
	switch {
	case off > time.Minute:
		return fmt.Sprintf(": it is %s ahead of the store", off)
	case off < -time.Minute:
		return fmt.Sprintf(": it is %s behind the store", -off)
	}
	return ""
}

// cutPrefixName gives the part of a key below the prefix, when it is one name.
func cutPrefixName(key, prefix string) (string, bool) {
	name, ok := strings.CutPrefix(key, prefix)
	return name, ok && CheckName(name) == nil
}
