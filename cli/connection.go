package cli

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"pritunl-backup/api"
)

// The names of the connection variables are those that the Terraform provider uses.
func urlVariable() variable {
	return variable{flag: "url", env: "PRITUNL_URL", usage: "address of the web console, https://vpn.example.com"}
}

func tokenVariable() variable {
	return variable{flag: "token", env: "PRITUNL_TOKEN", usage: "API token of an administrator", secret: true}
}

func secretVariable() variable {
	return variable{flag: "secret", env: "PRITUNL_SECRET", usage: "API secret of the administrator", secret: true}
}

func connectionVariables() []variable {
	return []variable{
		urlVariable(), tokenVariable(), secretVariable(),
		{flag: "tls-pin", env: "PRITUNL_TLS_PIN", usage: "trust exactly this certificate: sha256:HEX, for a self-signed console"},
		{flag: "tls-ca", env: "PRITUNL_TLS_CA", usage: "file with CA certificates (PEM) to trust besides the system's"},
		{flag: "insecure", env: "PRITUNL_INSECURE", usage: "accept any certificate", initial: "false", boolean: true},
		{flag: "timeout", env: "PRITUNL_TIMEOUT", usage: "time limit of one request", initial: "2m30s"},
		{flag: "retries", env: "PRITUNL_RETRIES", usage: "how often a failed request is tried again", initial: "4"},
		{flag: "parallel", env: "PRITUNL_PARALLEL", usage: "requests side by side; the server shares its threads with users", initial: "4"},
	}
}

func showConfigFlag() cli.Flag {
	return &cli.BoolFlag{Name: "show-config", Usage: "print every setting and where it comes from, secrets hidden, and stop"}
}

func quietFlag() cli.Flag {
	return &cli.BoolFlag{Name: "quiet", Aliases: []string{"q"}, Usage: "only warnings and errors on standard error"}
}

func jsonFlag() cli.Flag {
	return &cli.BoolFlag{Name: "json", Usage: "print the report as JSON on standard output"}
}

// connection is how to reach an instance, resolved but not yet tried.
type connection struct {
	options api.Options
	notes   []string // what the user should know about it
}

func (env *environment) settings(c *cli.Context) *settings {
	env.out.quiet = c.Bool("quiet")
	env.out.setFormat(c.String(logFormatVariable().flag))
	return &settings{ctx: c, getenv: env.getenv}
}

// parseConnection resolves the connection variables. A missing address or credential is left empty; connect
// refuses it.
func parseConnection(s *settings) (connection, error) {
	value := map[string]setting{}
	for _, v := range connectionVariables() {
		found, err := s.get(v)
		if err != nil {
			return connection{}, err
		}
		value[v.flag] = found
	}
	return newConnection(value)
}

// newConnection turns resolved settings into options of the client.
func newConnection(value map[string]setting) (connection, error) {
	conn := connection{options: api.Options{
		URL:       value["url"].value,
		Token:     api.Secret(value["token"].value),
		Secret:    api.Secret(value["secret"].value),
		Pin:       value["tls-pin"].value,
		UserAgent: toolName + "/" + Version,
	}}
	if value["secret"].origin == "flag --secret" {
		conn.notes = append(conn.notes, "--secret on the command line can be read by other users of this machine; PRITUNL_SECRET or PRITUNL_SECRET_FILE cannot")
	}
	if token, secret := value["token"], value["secret"]; token.value != "" && secret.value != "" && (strings.HasPrefix(token.origin, "AWS ") != strings.HasPrefix(secret.origin, "AWS ")) {
		conn.notes = append(conn.notes, "the token is from "+token.origin+", the secret from "+secret.origin+": they have to be of one administrator")
	}
	err := conn.parseTyped(value)
	return conn, err
}

func (conn *connection) parseTyped(value map[string]setting) error {
	var err error
	if conn.options.Insecure, err = parseBool(value["insecure"]); err != nil {
		return err
	}
	if conn.options.Timeout, err = parseDuration(value["timeout"]); err != nil {
		return err
	}
	if conn.options.Retries, err = parseCount(value["retries"], 0); err != nil {
		return err
	}
	if conn.options.Retries == 0 {
		conn.options.Retries = -1 // the client's own word for none
	}
	if conn.options.Parallel, err = parseCount(value["parallel"], 1); err != nil {
		return err
	}
	if path := value["tls-ca"].value; path != "" {
		if conn.options.CA, err = os.ReadFile(path); err != nil {
			return usageError(fmt.Sprintf("read the CA certificates: %v", err), "check --tls-ca")
		}
	}
	return nil
}

// connect builds the client, and says what is unusual about the connection.
func (env *environment) connect(conn connection) (*api.Client, error) {
	switch o := conn.options; {
	case o.URL == "":
		return nil, usageError("no address of a Pritunl server is given",
			"set PRITUNL_URL (https://vpn.example.com), PRITUNL_TOKEN and PRITUNL_SECRET; 'pritunl-backup demo' needs none")
	case o.Token == "" || o.Secret == "":
		return nil, usageError("the API token or secret of an administrator is missing",
			"set PRITUNL_TOKEN and PRITUNL_SECRET (web console: Administrators, enable API); 'pritunl-backup credentials' reads them from the database")
	}
	conn.options.OnRetry = func(attempt int, err error, wait time.Duration) {
		env.out.say("%v; trying again in %s", err, wait.Round(100*time.Millisecond))
	}
	client, err := api.New(conn.options)
	if err != nil {
		return nil, err
	}
	for _, note := range append(conn.notes, client.Warnings()...) {
		env.out.warn("%s", note)
	}
	return client, nil
}

func parseBool(s setting) (bool, error) {
	if s.value == "" {
		return false, nil
	}
	v, err := strconv.ParseBool(s.value)
	if err != nil {
		return false, usageError(fmt.Sprintf("%s: %q is neither true nor false", s.origin, s.value), "")
	}
	return v, nil
}

func parseDuration(s setting) (time.Duration, error) {
	d, err := time.ParseDuration(s.value)
	if err != nil || d <= 0 {
		return 0, usageError(fmt.Sprintf("%s: %q is not a length of time", s.origin, s.value), "write it as 30s or 2m")
	}
	return d, nil
}

func parseCount(s setting, least int) (int, error) {
	n, err := strconv.Atoi(s.value)
	if err != nil || n < least || n > 1000 {
		return 0, usageError(fmt.Sprintf("%s: %q is not a number from %d to 1000", s.origin, s.value, least), "")
	}
	return n, nil
}
