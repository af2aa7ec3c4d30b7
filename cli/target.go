package cli

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"pritunl-backup/export"
	"pritunl-backup/snapshot"
	"pritunl-backup/storage"
)

// targetOptions say where a snapshot goes and in what form.
type targetOptions struct {
	to        string
	template  storage.Template
	overwrite bool
	gzip      bool // for names made from the template; a given name says it itself
}

func (o targetOptions) stdout() bool    { return o.to == "-" }
func (o targetOptions) encrypted() bool { return false }

func toVariable() variable {
	return variable{flag: "to", env: "PRITUNL_BACKUP_TO", usage: "where the snapshot goes: FILE, DIR/ or - for standard output", initial: "."}
}

func targetFlags() []cli.Flag {
	return []cli.Flag{
		toVariable().cliFlag(),
		&cli.StringFlag{Name: "name", Value: string(storage.DefaultTemplate), Usage: "name in a directory, from {host}, {time} and {kind}"},
		&cli.BoolFlag{Name: "gzip", Usage: "compress what goes into a directory; a FILE is compressed when it ends in .gz"},
		&cli.BoolFlag{Name: "overwrite", Usage: "replace an existing file"},
	}
}

func parseTarget(c *cli.Context, s *settings) (targetOptions, error) {
	to, err := s.get(toVariable())
	if err != nil {
		return targetOptions{}, err
	}
	opts := targetOptions{to: to.value, template: storage.Template(c.String("name")), overwrite: c.Bool("overwrite"), gzip: c.Bool("gzip")}
	if opts.to == "" {
		return opts, usageError("--to is empty", "give a file, a directory or -")
	}
	if err := opts.template.Check(); err != nil {
		return opts, usageError(err.Error(), storage.Hint(err))
	}
	return opts, nil
}

// target is one place that a snapshot is being written to.
type target struct {
	env      *environment
	opts     targetOptions
	location storage.Location
	seal     *storage.Seal
	sealed   *storage.Sealed
}

type published struct {
	address string
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
		if t.location, err = storage.Open(ctx, opts.to, storage.Options{}); err != nil {
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
	seal, err := storage.NewSeal(storage.SealOptions{Dir: t.location.SealDir, Gzip: gzip})
	if err != nil {
		return nil, err
	}
	t.seal = seal
	return t, nil
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
	if name == "" {
		gzip, encrypted := sealed.Gzip, sealed.Encrypted
		name = t.opts.template.Name(storage.Label{
			Host: result.Header.Host, Time: result.Header.CreatedAt, Kind: result.Header.Source.Kind, Tags: result.Header.Tags,
			Complete: result.Header.Complete || len(result.Failures) == 0, Gzip: gzip, Encrypted: encrypted,
		})
	}
	put := storage.PutOptions{Metadata: map[string]string{
		storage.MetaContent: result.Summary.ContentSHA256, storage.MetaPlain: sealed.PlainSHA256,
	}}
	if t.opts.overwrite {
		put.Replace = storage.ReplaceAny
	}
	info, err := t.location.Store.Put(ctx, name, sealed, put)
	if err != nil {
		return published{}, err
	}
	for _, w := range info.Warnings {
		t.env.out.warn("%s", w)
	}
	p.address = t.address(name)
	return p, nil
}

func (t *target) address(name string) string {
	if t.location.Name != "" {
		return t.opts.to
	}
	if strings.Contains(t.opts.to, "://") {
		return strings.TrimSuffix(t.opts.to, "/") + "/" + name
	}
	return filepath.Join(t.opts.to, name)
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

func writeJSON(w io.Writer, v any) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(v)
}

// openSnapshot opens a stored snapshot for reading; "-" is standard input.
func (env *environment) openSnapshot(ctx context.Context, place string) (*storage.Reader, error) {
	if place == "-" {
		return storage.NewReader(io.NopCloser(env.stdio.In), "", storage.Keys{})
	}
	location, err := storage.Open(ctx, place, storage.Options{})
	if err != nil {
		return nil, err
	}
	if location.Name == "" {
		return nil, usageError(fmt.Sprintf("%s is a directory, not a snapshot", place), "name a file in it")
	}
	return storage.OpenReader(ctx, location.Store, location.Name, storage.Keys{})
}

func oneSnapshot(c *cli.Context) (string, error) {
	if c.NArg() != 1 {
		return "", usageError(c.Command.Name+" takes one snapshot", fmt.Sprintf("for example: %s %s pritunl-vpn-1.json", toolName, c.Command.Name))
	}
	return c.Args().First(), nil
}

func timeText(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") }
