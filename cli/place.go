package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"pritunl-backup/storage"
)

// placeOptions say how snapshots that exist are found, reached and opened.
type placeOptions struct {
	storage storage.Options
	keys    storage.Keys
	query   storage.Query
	latest  bool
	at      time.Time // zero unless --at was given
}

func storeVariables() []variable {
	return []variable{
		{flag: "s3-region", env: "PRITUNL_BACKUP_S3_REGION", usage: "region of the bucket, when the AWS configuration does not say"},
		{flag: "s3-profile", env: "PRITUNL_BACKUP_S3_PROFILE", usage: "profile of the AWS configuration"},
		{flag: "s3-role", env: "PRITUNL_BACKUP_S3_ROLE", usage: "ARN of a role to assume"},
		{flag: "s3-external-id", env: "PRITUNL_BACKUP_S3_EXTERNAL_ID", usage: "external id for that role"},
		{flag: "s3-endpoint", env: "PRITUNL_BACKUP_S3_ENDPOINT", usage: "address of another S3 service; AWS_ENDPOINT_URL_S3 and AWS_ENDPOINT_URL do the same"},
		{flag: "s3-path-style", env: "PRITUNL_BACKUP_S3_PATH_STYLE", usage: "on, off or auto: the bucket in the path, by itself with another endpoint", initial: "auto"},
		{flag: "s3-checksums", env: "PRITUNL_BACKUP_S3_CHECKSUMS", usage: "when_supported or when_required; the latter by itself with another endpoint"},
	}
}

func nameVariable() variable {
	return variable{flag: "name", env: "PRITUNL_BACKUP_NAME", usage: "names in a directory, from {host}, {time} and {kind}", initial: string(storage.DefaultTemplate)}
}

func keyVariables() []variable {
	return []variable{
		{flag: "identity", env: "PRITUNL_BACKUP_IDENTITY", usage: "file with age secret keys, to decrypt; several separated by commas"},
		{flag: "passphrase-file", env: "PRITUNL_BACKUP_PASSPHRASE_FILE", usage: "file with a passphrase, to decrypt"},
	}
}

// placeFlags are those of every command that reads a stored snapshot.
func placeFlags() []cli.Flag {
	flags := append(locationFlags(), flagsOf(keyVariables())...)
	return append(flags,
		&cli.BoolFlag{Name: "latest", Usage: "SNAPSHOT is a location: take its newest complete one"},
		&cli.StringFlag{Name: "at", Usage: "SNAPSHOT is a location: take the newest complete one as of `TIME` (2026-01-02, 2026-01-02T03:04:05Z)"},
	)
}

// locationFlags are those of every command that looks into a location.
func locationFlags() []cli.Flag {
	return append(flagsOf(append(storeVariables(), nameVariable())),
		&cli.StringFlag{Name: "host", Usage: "only snapshots of this host"},
		&cli.StringFlag{Name: "kind", Usage: "only snapshots of this source: api or mongo"},
	)
}

func parsePlace(c *cli.Context, s *settings) (placeOptions, error) {
	opts := placeOptions{latest: c.Bool("latest"), query: storage.Query{Host: c.String("host"), Kind: c.String("kind")}}
	var err error
	if opts.storage, err = parseStore(s); err != nil {
		return opts, err
	}
	name, err := s.get(nameVariable())
	if err != nil {
		return opts, err
	}
	opts.query.Template = storage.Template(name.value)
	if err := opts.query.Template.Check(); err != nil {
		return opts, usageError(err.Error(), storage.Hint(err))
	}
	if opts.keys, err = parseKeys(s); err != nil {
		return opts, err
	}
	if at := c.String("at"); at != "" {
		if opts.latest {
			return opts, usageError("--latest and --at exclude each other", "")
		}
		if opts.at, err = parseTime(at); err != nil {
			return opts, err
		}
	}
	return opts, nil
}

func parseTime(text string) (time.Time, error) {
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02 15:04:05", "2006-01-02 15:04", "20060102T150405Z"} {
		if t, err := time.Parse(layout, text); err == nil {
			return t, nil
		}
	}
	if day, err := time.Parse(time.DateOnly, text); err == nil {
		return day.Add(24*time.Hour - time.Second), nil
	}
	return time.Time{}, usageError(fmt.Sprintf("--at %q is no time", text), "write it as 2026-01-02 (its end, UTC) or 2026-01-02T03:04:05Z")
}

func parseStore(s *settings) (storage.Options, error) {
	value := map[string]string{}
	for _, v := range storeVariables() {
		found, err := s.get(v)
		if err != nil {
			return storage.Options{}, err
		}
		value[v.flag] = found.value
	}
	opts := storage.Options{TempDir: os.TempDir(), S3: storage.S3Options{
		Region: value["s3-region"], Profile: value["s3-profile"], RoleARN: value["s3-role"], ExternalID: value["s3-external-id"],
		Endpoint: value["s3-endpoint"], Checksums: value["s3-checksums"],
	}}
	switch style := value["s3-path-style"]; style {
	case "auto":
	case "on", "off":
		pathStyle := style == "on"
		opts.S3.PathStyle = &pathStyle
	default:
		return opts, usageError(fmt.Sprintf("--s3-path-style %q is not on, off or auto", style), "")
	}
	return opts, nil
}

func parseKeys(s *settings) (storage.Keys, error) {
	var keys storage.Keys
	for _, v := range keyVariables() {
		found, err := s.get(v)
		if err != nil {
			return keys, err
		}
		for path := range strings.SplitSeq(found.value, ",") {
			if path == "" {
				continue
			}
			if err := addKey(&keys, v.flag, path); err != nil {
				return keys, err
			}
		}
	}
	if !keys.Empty() || findFlag(s.ctx.Command.Flags, "identity") == nil {
		return keys, nil
	}
	stored, err := s.stored()
	if identity := stored.AgeIdentity.Reveal(); err == nil && identity != "" {
		if err = keys.ReadIdentities(strings.NewReader(identity), stored.origin); err != nil {
			err = usageError(err.Error(), storage.Hint(err))
		}
	}
	return keys, err
}

func addKey(keys *storage.Keys, flag, path string) error {
	file, err := os.Open(path)
	if err != nil {
		return usageError(fmt.Sprintf("read the key of --%s: %v", flag, err), "")
	}
	defer func() { _ = file.Close() }()
	if flag == "identity" {
		err = keys.ReadIdentities(file, path)
	} else {
		var passphrase string
		if passphrase, err = storage.ReadPassphrase(file, path); err == nil {
			err = keys.AddPassphrase(passphrase)
		}
	}
	if err != nil {
		return usageError(err.Error(), storage.Hint(err))
	}
	return nil
}

// openSnapshot opens a stored snapshot for reading; "-" is standard input.
func (env *environment) openSnapshot(ctx context.Context, place string, opts placeOptions) (*storage.Reader, error) {
	if place == "-" {
		return storage.NewReader(io.NopCloser(env.stdio.In), "", opts.keys)
	}
	location, err := storage.Open(ctx, place, opts.storage)
	if err != nil {
		return nil, err
	}
	if location.Name == "" {
		if location.Name, err = chooseSnapshot(ctx, location.Store, place, opts); err != nil {
			return nil, err
		}
	} else if opts.latest || !opts.at.IsZero() {
		return nil, usageError(fmt.Sprintf("%s is one snapshot: --latest and --at choose from a location", place), "end the location with a slash")
	}
	return storage.OpenReader(ctx, location.Store, location.Name, opts.keys)
}

func chooseSnapshot(ctx context.Context, store storage.Store, place string, opts placeOptions) (string, error) {
	if !opts.latest && opts.at.IsZero() {
		return "", usageError(fmt.Sprintf("%s is a location, not a snapshot", place), "name a snapshot in it, or choose with --latest or --at TIME")
	}
	listing, err := storage.Find(ctx, store, opts.query)
	if err != nil {
		return "", err
	}
	found, err := listing.At(opts.at)
	if opts.latest {
		found, err = listing.Latest()
	}
	if errors.Is(err, storage.ErrAmbiguous) {
		return "", &exitError{code: codeUsage, err: fmt.Errorf("choose from %s: %w", place, err), hint: "say which with --host or --kind"}
	}
	if err != nil {
		return "", fmt.Errorf("choose from %s: %w", place, err)
	}
	return found.Name, nil
}

func oneSnapshot(c *cli.Context) (string, error) {
	if c.NArg() != 1 {
		return "", usageError(c.Command.Name+" takes one snapshot", fmt.Sprintf("for example: %s %s pritunl-vpn-1.json", toolName, c.Command.Name))
	}
	return c.Args().First(), nil
}

func oneLocation(c *cli.Context) (string, error) {
	if c.NArg() != 1 {
		return "", usageError(c.Command.Name+" takes one location", "a directory, or s3://bucket/prefix/")
	}
	return c.Args().First(), nil
}

// openLocation opens a directory or prefix, not one snapshot in it.
func openLocation(ctx context.Context, place string, opts placeOptions) (storage.Store, error) {
	location, err := storage.Open(ctx, place, opts.storage)
	if err != nil {
		return nil, err
	}
	if location.Name != "" {
		return nil, usageError(fmt.Sprintf("%s is not a directory", place), "a location is a directory that exists, or ends with a slash")
	}
	return location.Store, nil
}

// at joins a location and a name as the user would write it.
func at(place, name string) string {
	if strings.HasSuffix(place, "/") {
		return place + name
	}
	return place + "/" + name
}
