package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"pritunl-backup/mongo"
	"pritunl-backup/secrets"
)

// awsWait bounds reading or storing values, with all tries.
const awsWait = 30 * time.Second

func awsVariables() []variable {
	return []variable{
		{flag: "aws-secret", env: "PRITUNL_BACKUP_AWS_SECRET", usage: "name or ARN of a secret in AWS Secrets Manager: a JSON object with any of url, token, secret, mongodb_uri, age_identity; used for what is not given otherwise"},
		{flag: "aws-parameter", env: "PRITUNL_BACKUP_AWS_PARAMETER", usage: "the same from an SSM parameter"},
		{flag: "aws-region", env: "PRITUNL_BACKUP_AWS_REGION", usage: "region of the secret, when neither its ARN nor the AWS configuration says"},
		{flag: "aws-profile", env: "PRITUNL_BACKUP_AWS_PROFILE", usage: "profile of the AWS configuration for the secret"},
		{flag: "aws-role", env: "PRITUNL_BACKUP_AWS_ROLE", usage: "ARN of a role to assume for the secret"},
		{flag: "aws-endpoint", env: "PRITUNL_BACKUP_AWS_ENDPOINT", usage: "address of another service; AWS_ENDPOINT_URL_SECRETS_MANAGER and AWS_ENDPOINT_URL_SSM do the same"},
	}
}

// takesStoredValues tells whether a command has settings that a secret in AWS can fill.
func takesStoredValues(flags []cli.Flag) bool {
	return slices.ContainsFunc([]string{"url", "mongodb-uri", "identity"}, func(name string) bool { return findFlag(flags, name) != nil })
}

// storedFlags names the settings that a secret in AWS can fill. An age identity is one too, but not as a file.
func storedFlags() []string { return []string{"url", "token", "secret", "mongodb-uri"} }

// orStored is what the secret says about a setting that nothing else says anything about.
func (s *settings) orStored(v variable) (value, origin string, err error) {
	stored, err := s.stored()
	if value = stored.fill(v.flag); value != "" {
		return value, stored.origin, err
	}
	return v.initial, "default", err
}

// storedValues are those of the secret or parameter that a run names; origin tells where they are from.
type storedValues struct {
	secrets.Values
	origin string
}

// fill maps settings to members of the stored object.
func (v storedValues) fill(flag string) string {
	switch flag {
	case "url":
		return v.URL
	case "token":
		return v.Token.Reveal()
	case "secret":
		return v.Secret.Reveal()
	case "mongodb-uri":
		return v.MongoURI.Reveal()
	}
	return ""
}

// stored reads the secret or parameter, once for all settings and only when one of them is still open.
func (s *settings) stored() (storedValues, error) {
	if s.fromAWS != nil || findFlag(s.ctx.Command.Flags, "aws-secret") == nil {
		return s.known(), nil
	}
	secret, err := s.get(awsVariables()[0])
	if err != nil {
		return storedValues{}, err
	}
	parameter, err := s.get(awsVariables()[1])
	if err != nil {
		return storedValues{}, err
	}
	if secret.value != "" && parameter.value != "" {
		return storedValues{}, usageError(fmt.Sprintf("%s and %s exclude each other", secret.origin, parameter.origin), "")
	}
	s.fromAWS = &storedValues{}
	if secret.value+parameter.value == "" {
		return storedValues{}, nil
	}
	ctx, cancel := context.WithTimeout(s.ctx.Context, awsWait)
	defer cancel()
	opts, err := parseAWS(s)
	if err != nil {
		return storedValues{}, err
	}
	client, err := secrets.Open(ctx, opts)
	if err != nil {
		return storedValues{}, err
	}
	if secret.value != "" {
		s.fromAWS.origin = "AWS secret " + secret.value
		s.fromAWS.Values, err = client.ReadSecret(ctx, secret.value)
	} else {
		s.fromAWS.origin = "AWS parameter " + parameter.value
		s.fromAWS.Values, err = client.ReadParameter(ctx, parameter.value)
	}
	return s.known(), err
}

func (s *settings) known() storedValues {
	if s.fromAWS == nil {
		return storedValues{}
	}
	return *s.fromAWS
}

// parseAWS resolves how the services are reached, with the credential chain that serves S3 too.
func parseAWS(s *settings) (secrets.Options, error) {
	value := map[string]string{}
	for _, v := range awsVariables()[2:] {
		found, err := s.get(v)
		if err != nil {
			return secrets.Options{}, err
		}
		value[v.flag] = found.value
	}
	return secrets.Options{
		Region: value["aws-region"], Profile: value["aws-profile"], RoleARN: value["aws-role"], Endpoint: value["aws-endpoint"],
	}, nil
}

// storeCredentials asks, and puts an administrator's pair into a secret, with the address when it is known.
func (env *environment) storeCredentials(ctx context.Context, opts credentialsShowOptions, a mongo.Administrator) error {
	if err := env.confirm(fmt.Sprintf("store token and secret of %s in the AWS secret %s", visible(a.Username), visible(opts.awsSecret)), opts.yes); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, awsWait)
	defer cancel()
	client, err := secrets.Open(ctx, opts.aws)
	if err != nil {
		return err
	}
	stored, err := client.Store(ctx, opts.awsSecret, secrets.Values{
		URL: opts.connection.options.URL, Token: secrets.Value(a.Token.Reveal()), Secret: secrets.Value(a.Secret.Reveal()),
	})
	if err != nil {
		return err
	}
	verb := "stored in the existing secret"
	switch {
	case stored.Created:
		verb = "stored in the new secret"
	case !stored.Changed:
		verb = "stored already in the secret"
	}
	env.out.say("%s %s", verb, opts.awsSecret)
	if len(stored.Kept) > 0 {
		env.out.say("its other members stay: %s", strings.Join(stored.Kept, ", "))
	}
	return nil
}
