package secrets

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// Client speaks to Secrets Manager and to the parameter store of one region.
type Client struct {
	cfg      aws.Config
	endpoint string
}

// Options say where the services are.
type Options struct {
	// Region and Profile replace those of the environment and of the shared
	// configuration file.
	Region, Profile string
	// RoleARN, when set, is a role to assume with the credentials found, and
	// ExternalID what its trust policy asks for.
	RoleARN, ExternalID string
	// Endpoint replaces the addresses of both services.
	Endpoint string
}

// Open returns a client with the default credential chain of the SDK, the same
// that serves S3: environment, shared files, container and instance roles.
func Open(ctx context.Context, o Options) (*Client, error) {
	var load []func(*config.LoadOptions) error
	if o.Region != "" {
		load = append(load, config.WithRegion(o.Region))
	}
	if o.Profile != "" {
		load = append(load, config.WithSharedConfigProfile(o.Profile))
	}
	cfg, err := config.LoadDefaultConfig(ctx, load...)
	if err != nil {
		return nil, fmt.Errorf("load the aws configuration: %w", err)
	}
	if o.RoleARN != "" {
		cfg.Credentials = aws.NewCredentialsCache(stscreds.NewAssumeRoleProvider(sts.NewFromConfig(cfg), o.RoleARN,
			func(a *stscreds.AssumeRoleOptions) {
				a.RoleSessionName = "pritunl-backup"
				if o.ExternalID != "" {
					a.ExternalID = aws.String(o.ExternalID)
				}
			}))
	}
	return New(cfg, o.Endpoint), nil
}

// New returns a client. The endpoint replaces the services' own addresses and is
// empty for AWS itself. Nothing is sent.
func New(cfg aws.Config, endpoint string) *Client {
	return &Client{cfg: cfg, endpoint: endpoint}
}

func (c *Client) secretsManager(id string) *secretsmanager.Client {
	return secretsmanager.NewFromConfig(c.cfg, func(o *secretsmanager.Options) {
		o.Region = region(id, o.Region)
		if c.endpoint != "" {
			o.BaseEndpoint = aws.String(c.endpoint)
		}
	})
}

func (c *Client) parameters(id string) *ssm.Client {
	return ssm.NewFromConfig(c.cfg, func(o *ssm.Options) {
		o.Region = region(id, o.Region)
		if c.endpoint != "" {
			o.BaseEndpoint = aws.String(c.endpoint)
		}
	})
}

// region is the one an ARN names: the services answer "not found" in any other.
func region(id, otherwise string) string {
	if a, err := arn.Parse(id); err == nil && a.Region != "" {
		return a.Region
	}
	return otherwise
}

// ReadSecret reads a secret (GetSecretValue), by name or ARN. An object without
// any member of Values is ErrMalformed.
func (c *Client) ReadSecret(ctx context.Context, id string) (Values, error) {
	v, object, err := c.secret(ctx, id)
	if err == nil && len(v.Names()) == 0 {
		err = reason("no member url, token, secret, mongodb_uri or age_identity; " + have(object))
	}
	if err != nil {
		return Values{}, fail("read", "secret", id, err)
	}
	return v, nil
}

func (c *Client) secret(ctx context.Context, id string) (Values, map[string]json.RawMessage, error) {
	out, err := c.secretsManager(id).GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: aws.String(id)})
	if err != nil {
		return Values{}, nil, err
	}
	text := aws.ToString(out.SecretString)
	if out.SecretString == nil {
		text = string(out.SecretBinary)
	}
	return parse(text)
}

// ReadParameter reads an SSM parameter (GetParameter with decryption), by name
// or ARN.
func (c *Client) ReadParameter(ctx context.Context, name string) (Values, error) {
	out, err := c.parameters(name).GetParameter(ctx, &ssm.GetParameterInput{
		Name: aws.String(name), WithDecryption: aws.Bool(true),
	})
	if err != nil {
		return Values{}, fail("read", "parameter", name, err)
	}
	if out.Parameter == nil {
		return Values{}, fail("read", "parameter", name, reason("no value"))
	}
	v, object, err := parse(aws.ToString(out.Parameter.Value))
	if err == nil && len(v.Names()) == 0 {
		err = reason("no member url, token, secret, mongodb_uri or age_identity; " + have(object))
	}
	if err != nil {
		return Values{}, fail("read", "parameter", name, err)
	}
	return v, nil
}

// Stored says what Store did.
type Stored struct {
	Created bool     // there was no such secret
	Changed bool     // a new version was written; false when the value was the same already
	Version string   // id of the new version
	Kept    []string // names of members that were there and are not of Values
}

// Store puts the present members of v into a secret: into its JSON object when
// it has one, whose other members stay (PutSecretValue), into a new secret when
// there is none (CreateSecret). A secret that holds something else is
// ErrMalformed and left alone.
func (c *Client) Store(ctx context.Context, id string, v Values) (Stored, error) {
	if len(v.Names()) == 0 {
		return Stored{}, fmt.Errorf("store secret %s: nothing to store", id)
	}
	_, object, err := c.secret(ctx, id)
	if err != nil {
		wrapped := fail("store", "secret", id, err)
		if !errors.Is(wrapped, ErrMissing) || strings.Contains(wrapped.Error(), "marked for deletion") || arn.IsARN(id) {
			return Stored{}, wrapped
		}
		return c.create(ctx, id, v)
	}
	text, changed, err := merge(object, v)
	if err != nil {
		return Stored{}, fail("store", "secret", id, err)
	}
	done := Stored{Changed: changed, Kept: others(object)}
	if !changed {
		return done, nil
	}
	out, err := c.secretsManager(id).PutSecretValue(ctx, &secretsmanager.PutSecretValueInput{
		SecretId: aws.String(id), SecretString: aws.String(text),
	})
	if err != nil {
		return Stored{}, fail("store", "secret", id, hide(err, v))
	}
	done.Version = aws.ToString(out.VersionId)
	return done, nil
}

func (c *Client) create(ctx context.Context, id string, v Values) (Stored, error) {
	text, _, err := merge(nil, v)
	if err != nil {
		return Stored{}, fail("store", "secret", id, err)
	}
	out, err := c.secretsManager(id).CreateSecret(ctx, &secretsmanager.CreateSecretInput{
		Name: aws.String(id), SecretString: aws.String(text), Description: aws.String("Pritunl credentials, written by pritunl-backup"),
	})
	if err != nil {
		return Stored{}, fail("store", "secret", id, hide(err, v))
	}
	return Stored{Created: true, Changed: true, Version: aws.ToString(out.VersionId)}, nil
}
