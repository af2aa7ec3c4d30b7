package cli

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"

	"pritunl-backup/export"
	"pritunl-backup/snapshot"
	"pritunl-backup/storage"
)

// targetOptions say where a snapshot goes and in what form.
type targetOptions struct {
	place      placeOptions
	to         string
	overwrite  bool
	gzip       bool // for names made from the template; a given name says it itself
	recipients []storage.Recipient
}

func (o targetOptions) stdout() bool    { return o.to == "-" }
func (o targetOptions) encrypted() bool { return len(o.recipients) > 0 }

func toVariable() variable {
	return variable{flag: "to", env: "PRITUNL_BACKUP_TO", usage: "where the snapshot goes: FILE, DIR/, s3://BUCKET/PREFIX/ or - for standard output", initial: "."}
}

func targetFlags() []cli.Flag {
	return slices.Concat([]cli.Flag{
		toVariable().cliFlag(),
		&cli.BoolFlag{Name: "gzip", Usage: "compress what goes into a directory or bucket; a FILE is compressed when it ends in .gz or .gz.age"},
		&cli.BoolFlag{Name: "overwrite", Usage: "replace an existing file"},
		&cli.StringSliceFlag{Name: "encrypt-to", Usage: "encrypt to this age `RECIPIENT`; repeatable [$PRITUNL_BACKUP_ENCRYPT_TO]"},
	}, flagsOf(encryptVariables()), flagsOf(putVariables()), flagsOf(storeVariables()), flagsOf(keyVariables()), flagsOf([]variable{nameVariable()}))
}

func encryptVariables() []variable {
	return []variable{
		{flag: "recipients-file", env: "PRITUNL_BACKUP_RECIPIENTS_FILE", usage: "encrypt to the age recipients in this file"},
		{flag: "encrypt-passphrase-file", env: "PRITUNL_BACKUP_ENCRYPT_PASSPHRASE_FILE", usage: "encrypt with the passphrase in this file"},
	}
}

// putVariables say how an object is stored in a bucket.
func putVariables() []variable {
	return []variable{
		{flag: "s3-encryption", env: "PRITUNL_BACKUP_S3_ENCRYPTION", usage: "server-side encryption: AES256 or aws:kms"},
		{flag: "s3-kms-key", env: "PRITUNL_BACKUP_S3_KMS_KEY", usage: "key for aws:kms"},
		{flag: "s3-storage-class", env: "PRITUNL_BACKUP_S3_STORAGE_CLASS", usage: "for example STANDARD_IA"},
		{flag: "s3-tags", env: "PRITUNL_BACKUP_S3_TAGS", usage: "tags of the object: KEY=VALUE,KEY=VALUE"},
		{flag: "s3-object-lock", env: "PRITUNL_BACKUP_S3_OBJECT_LOCK", usage: "MODE:DAYS, for example GOVERNANCE:30"},
	}
}

func parseTarget(c *cli.Context, s *settings) (targetOptions, error) {
	opts := targetOptions{overwrite: c.Bool("overwrite"), gzip: c.Bool("gzip")}
	to, err := s.get(toVariable())
	if err != nil {
		return opts, err
	}
	if opts.to = to.value; opts.to == "" {
		return opts, usageError("--to is empty", "give a file, a directory, s3://bucket/prefix/ or -")
	}
	if opts.place, err = parsePlace(c, s); err != nil {
		return opts, err
	}
	if err := parsePut(s, &opts.place.storage.S3); err != nil {
		return opts, err
	}
	if opts.recipients, err = parseRecipients(c, s); err != nil {
		return opts, err
	}
	isAge := strings.HasSuffix(opts.to, ".age")
	switch {
	case isAge && !opts.encrypted():
		return opts, usageError(opts.to+" is to be encrypted, but to nobody", "give --encrypt-to, --recipients-file or --encrypt-passphrase-file")
	case !isAge && opts.encrypted() && strings.HasSuffix(strings.TrimSuffix(opts.to, ".gz"), ".json"):
		return opts, usageError(opts.to+" would be encrypted, but its name does not say so", "name it "+opts.to+".age")
	}
	return opts, nil
}

func parsePut(s *settings, o *storage.S3Options) error {
	value := map[string]string{}
	for _, v := range putVariables() {
		found, err := s.get(v)
		if err != nil {
			return err
		}
		value[v.flag] = found.value
	}
	o.SSE, o.KMSKeyID, o.StorageClass = value["s3-encryption"], value["s3-kms-key"], value["s3-storage-class"]
	o.Tags = map[string]string{}
	for tag := range strings.SplitSeq(value["s3-tags"], ",") {
		if tag == "" {
			continue
		}
		key, text, ok := strings.Cut(tag, "=")
		if !ok || key == "" {
			return usageError(fmt.Sprintf("--s3-tags: %q is not KEY=VALUE", tag), "")
		}
		o.Tags[key] = text
	}
	if lock := value["s3-object-lock"]; lock != "" {
		mode, days, _ := strings.Cut(lock, ":")
		n, err := strconv.Atoi(days)
		if err != nil || n < 1 || mode != "GOVERNANCE" && mode != "COMPLIANCE" {
			return usageError(fmt.Sprintf("--s3-object-lock %q is not MODE:DAYS", lock), "for example GOVERNANCE:30 or COMPLIANCE:365")
		}
		o.LockMode, o.LockDays = mode, n
	}
	return nil
}

// target is one place that a snapshot is being written to.
type target struct {
	env      *environment
	opts     targetOptions
	location storage.Location
	seal     *storage.Seal
	sealed   *storage.Sealed
}

// published is a stored snapshot; marker is the name of a run that found it unchanged.
type published struct {
	address string
	marker  string
	size    int64
	sha256  string
}

// openTarget refuses a place that cannot take a snapshot before the instance is asked for anything.
func openTarget(ctx context.Context, env *environment, opts targetOptions) (*target, error) {
	t := &target{env: env, opts: opts}
	if opts.stdout() {
		t.location.SealDir = os.TempDir()
	} else {
		var err error
		if t.location, err = storage.Open(ctx, opts.to, opts.place.storage); err != nil {
			return nil, err
		}
		if err := notOverSpecial(t.location); err != nil {
			return nil, err
		}
		if t.location.Name != "" && !opts.overwrite {
			if _, err := t.location.Store.Stat(ctx, t.location.Name); err == nil {
				return nil, existsError(opts.to)
			}
		}
	}
	gzip := opts.gzip
	if t.location.Name != "" {
		gzip, _ = storage.Wrapping(t.location.Name)
	}
	seal, err := storage.NewSeal(storage.SealOptions{Dir: t.location.SealDir, Gzip: gzip, Recipients: opts.recipients})
	if err != nil && opts.stdout() {
		err = withHint(fmt.Errorf("make a temporary file for standard output: %w", err), "set TMPDIR to a directory that can be written to")
	}
	if err != nil {
		return nil, err
	}
	t.seal = seal
	return t, nil
}

// notOverSpecial refuses to put a snapshot in the place of a device, a pipe or a link: publishing renames a file, which
// would take away what stands there.
func notOverSpecial(l storage.Location) error {
	store, ok := l.Store.(*storage.FileStore)
	if !ok || l.Name == "" {
		return nil
	}
	path := filepath.Join(store.Dir(), l.Name)
	info, err := os.Lstat(path)
	switch {
	case err != nil || info.Mode().IsRegular():
		return nil
	case info.Mode()&os.ModeSymlink != 0:
		return &exitError{code: codeRefused, err: fmt.Errorf("%s is a symbolic link", path), hint: "name the file that it leads to"}
	}
	return &exitError{code: codeRefused, err: fmt.Errorf("%s is a device or a pipe, not a file", path), hint: "name a file, or - for standard output"}
}

func existsError(name string) error {
	return &exitError{code: codeRefused, err: fmt.Errorf("%s is already there", name), hint: "choose another name, or --overwrite"}
}

// restart is the [export.Sink]: every call begins the document anew.
func (t *target) restart() (io.Writer, error) {
	if err := t.seal.Reset(); err != nil {
		return nil, err
	}
	return t.seal, nil
}

// publish verifies the very bytes that will be stored, and only then gives them their name.
func (t *target) publish(ctx context.Context, result *export.Result) (published, error) {
	t.env.out.progress("verifying", 0, 0)
	sealed, err := t.seal.Finish(ctx)
	if err != nil {
		return published{}, err
	}
	t.sealed = sealed
	document, err := sealed.Open()
	if err != nil {
		return published{}, err
	}
	if _, err := snapshot.Verify(document); err != nil {
		return published{}, fmt.Errorf("verify what was written: %w", err)
	}
	p := published{address: "-", size: sealed.Size, sha256: sealed.SHA256}
	if t.opts.stdout() {
		return p, t.copyOut(ctx, sealed)
	}
	name := t.location.Name
	p.address = t.opts.to
	if name == "" {
		name = t.opts.place.query.Template.Name(t.label(result))
		p.address = at(t.opts.to, name)
	}
	put := storage.PutOptions{Metadata: map[string]string{
		storage.MetaContent: result.Summary.ContentSHA256, storage.MetaPlain: sealed.PlainSHA256,
	}}
	if t.opts.overwrite {
		put.Replace = storage.ReplaceAny
	}
	t.env.out.progress("storing", 0, 0)
	info, err := t.location.Store.Put(ctx, name, sealed, put)
	for _, w := range info.Warnings {
		t.env.out.warn("%s", w)
	}
	return p, err
}

func (t *target) label(result *export.Result) storage.Label {
	h := result.Header
	return storage.Label{
		Host: h.Host, Time: h.CreatedAt, Kind: h.Source.Kind, Tags: h.Tags,
		Complete: h.Complete, Gzip: t.opts.gzip, Encrypted: t.opts.encrypted(),
	}
}

func (t *target) copyOut(ctx context.Context, sealed *storage.Sealed) error {
	raw, err := sealed.Raw()
	if err != nil {
		return err
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	out := bufio.NewWriter(t.env.stdio.Out)
	if _, err := io.Copy(out, raw); err != nil {
		return fmt.Errorf("write to standard output: %w", err)
	}
	return out.Flush()
}

// abort removes what was not published; after publish it removes the temporary file only.
func (t *target) abort() {
	_ = t.seal.Abort()
	_ = t.sealed.Close()
}
