package storage

import (
	"context"
	"net/url"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go/logging"
)

// S3Options say how a bucket is reached and how objects are stored. The zero value follows the AWS SDK: its environment
// variables, shared configuration files and machine roles.
type S3Options struct {
	Region     string // of the bucket
	Profile    string // of the shared configuration files
	RoleARN    string // role to assume with the credentials found
	ExternalID string // for the role's trust policy
	Endpoint   string // URL of another S3 service; AWS_ENDPOINT_URL_S3 and AWS_ENDPOINT_URL do the same
	// PathStyle puts the bucket into the path; nil means: with another endpoint.
	PathStyle *bool
	// Checksums is "when_required" or "when_supported" (AWS's own); empty means when_required with another endpoint.
	// The SHA-256 of a snapshot is sent in any case.
	Checksums string

	SSE          string // "", "AES256" or "aws:kms"
	KMSKeyID     string // key for aws:kms; empty means AWS's own
	StorageClass string // "STANDARD_IA", ...; not for locks and markers
	Tags         map[string]string
	LockMode     string // "", "GOVERNANCE" or "COMPLIANCE"; not for locks and markers
	LockDays     int    // how long an object stays locked

	Attempts       int           // tries of one request, 0 means 6
	MaxBackoff     time.Duration // longest pause between two tries, 0 means 20 s
	Stall          time.Duration // an attempt without any byte for this long is given up, 0 means 60 s
	SinglePutLimit int64         // bytes; above it multipart, 0 means 5 GiB
	PartSize       int64         // bytes of a part, 0 means 64 MiB

	Credentials aws.CredentialsProvider // nil means the SDK's own chain
	Now         func() time.Time        // nil means time.Now
}

func (o S3Options) now() time.Time {
	if o.Now != nil {
		return o.Now()
	}
	return time.Now()
}

// check refuses what would only fail after a long export.
func (o S3Options) check() error {
	bad := func(option, value, hint string) error {
		return &Error{Op: "use S3 option", Name: option + " " + value, Err: ErrName, Hint: hint}
	}
	if o.Endpoint != "" {
		u, err := url.Parse(o.Endpoint)
		if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || u.User != nil {
			return bad("endpoint", "", "an endpoint is a URL such as https://s3.example.com, without user and password")
		}
	}
	switch o.SSE {
	case "", "AES256", "aws:kms":
	default:
		return bad("encryption", o.SSE, "choose AES256 or aws:kms")
	}
	if o.KMSKeyID != "" && o.SSE != "aws:kms" {
		return bad("KMS key", "", "a key goes with encryption aws:kms")
	}
	switch o.LockMode {
	case "", "GOVERNANCE", "COMPLIANCE":
	default:
		return bad("object lock mode", o.LockMode, "choose GOVERNANCE or COMPLIANCE")
	}
	if (o.LockMode != "") != (o.LockDays > 0) {
		return bad("object lock", o.LockMode, "mode and days go together")
	}
	switch o.Checksums {
	case "", "when_required", "when_supported":
	default:
		return bad("checksums", o.Checksums, "choose when_required or when_supported")
	}
	if o.ExternalID != "" && o.RoleARN == "" {
		return bad("external id", "", "an external id goes with a role")
	}
	return nil
}

// NewS3Store opens a bucket and prefix. No request is sent yet.
func NewS3Store(ctx context.Context, bucket, prefix string, opts S3Options) (*S3Store, error) {
	if err := opts.check(); err != nil {
		return nil, err
	}
	if bucket == "" {
		return nil, &Error{Op: "open location", Name: "s3://", Err: ErrName, Hint: "name a bucket: s3://bucket/prefix/"}
	}
	if prefix != "" && !strings.HasSuffix(prefix, "/") {
		prefix += "/"
	}
	store := &S3Store{bucket: bucket, prefix: prefix, opts: opts}
	cfg, err := loadConfig(ctx, opts)
	if err != nil {
		return nil, &Error{Op: "read AWS configuration", Err: err, Hint: "check --s3-profile, AWS_PROFILE and the files in ~/.aws"}
	}
	store.client = s3.NewFromConfig(cfg, opts.apply)
	return store, nil
}

func loadConfig(ctx context.Context, o S3Options) (aws.Config, error) {
	load := []func(*config.LoadOptions) error{config.WithLogger(logging.Nop{})}
	if o.Region != "" {
		load = append(load, config.WithRegion(o.Region))
	}
	if o.Profile != "" {
		load = append(load, config.WithSharedConfigProfile(o.Profile))
	}
	if o.Credentials != nil {
		load = append(load, config.WithCredentialsProvider(o.Credentials))
	}
	cfg, err := config.LoadDefaultConfig(ctx, load...)
	if err != nil {
		return cfg, err
	}
	cfg.Retryer = o.retryer // not among the options: AWS_MAX_ATTEMPTS would be ignored
	if cfg.Region == "" {
		cfg.Region = "us-east-1" // other services ignore it; AWS answers with the right one, and explain says so
	}
	if o.RoleARN != "" {
		provider := stscreds.NewAssumeRoleProvider(sts.NewFromConfig(cfg), o.RoleARN, func(a *stscreds.AssumeRoleOptions) {
			a.RoleSessionName = "pritunl-backup"
			if o.ExternalID != "" {
				a.ExternalID = &o.ExternalID
			}
		})
		cfg.Credentials = aws.NewCredentialsCache(provider)
	}
	return cfg, nil
}

// retryer adds to AWS's standard rules what a conditional write needs: 409 means "at the same moment, try again".
func (o S3Options) retryer() aws.Retryer {
	return retry.NewStandard(func(s *retry.StandardOptions) {
		s.MaxAttempts, s.MaxBackoff = 6, 20*time.Second
		if o.Attempts > 0 {
			s.MaxAttempts = o.Attempts
		}
		if o.MaxBackoff > 0 {
			s.MaxBackoff = o.MaxBackoff
		}
		s.Retryables = append([]retry.IsErrorRetryable{
			retry.RetryableErrorCode{Codes: map[string]struct{}{
				"ConditionalRequestConflict": {}, "OperationAborted": {}, "InternalError": {}, "ServiceUnavailable": {},
			}},
		}, s.Retryables...)
	})
}

// apply sets what differs from AWS's defaults.
func (o S3Options) apply(c *s3.Options) {
	if o.Endpoint != "" {
		c.BaseEndpoint = &o.Endpoint
	}
	other := c.BaseEndpoint != nil
	c.UsePathStyle = other
	if o.PathStyle != nil {
		c.UsePathStyle = *o.PathStyle
	}
	if o.Checksums == "when_required" || o.Checksums == "" && other {
		c.RequestChecksumCalculation = aws.RequestChecksumCalculationWhenRequired
		c.ResponseChecksumValidation = aws.ResponseChecksumValidationWhenRequired
	}
	c.DisableLogOutputChecksumValidationSkipped = true
	stall := o.Stall
	if stall == 0 {
		stall = time.Minute
	}
	c.HTTPClient = &stallClient{next: c.HTTPClient, limit: stall}
}

// storedAs fills in how an object is to be kept.
func (o S3Options) storedAs(in *s3.PutObjectInput, ephemeral bool) {
	in.ServerSideEncryption = types.ServerSideEncryption(o.SSE)
	if o.KMSKeyID != "" {
		in.SSEKMSKeyId = &o.KMSKeyID
	}
	if len(o.Tags) > 0 {
		tags := url.Values{}
		for k, v := range o.Tags {
			tags.Set(k, v)
		}
		in.Tagging = aws.String(tags.Encode())
	}
	if ephemeral {
		return
	}
	in.StorageClass = types.StorageClass(o.StorageClass)
	if o.LockMode != "" {
		in.ObjectLockMode = types.ObjectLockMode(o.LockMode)
		in.ObjectLockRetainUntilDate = aws.Time(o.now().UTC().AddDate(0, 0, o.LockDays))
	}
}
