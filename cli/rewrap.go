package cli

import (
	"context"
	"fmt"
	"slices"

	"github.com/urfave/cli/v2"

	"pritunl-backup/storage"
)

type rewrapOptions struct {
	snapshot string
	place    placeOptions
	add      []storage.Recipient
	remove   []string
}

func rewrapCommand(env *environment) *cli.Command {
	return &cli.Command{
		Name:      "rewrap",
		Usage:     "change who can decrypt a stored snapshot",
		ArgsUsage: "SNAPSHOT",
		Description: `Decrypts and encrypts again while reading; the plaintext never touches the disk. The snapshot keeps its
name and is replaced only when the new one is whole.

   pritunl-backup rewrap vpn.json.age --identity old.txt --add age1... --remove age1...`,
		Flags: slices.Concat([]cli.Flag{
			&cli.StringSliceFlag{Name: "add", Usage: "add this age `RECIPIENT`; repeatable"},
			&cli.StringFlag{Name: "recipients-file", Usage: "add the age recipients in this `FILE`"},
			&cli.StringSliceFlag{Name: "remove", Usage: "take away this age `RECIPIENT`; repeatable"},
			quietFlag(),
		}, placeFlags()),
		Action: func(c *cli.Context) error {
			opts, err := parseRewrap(c, env.settings(c))
			if err != nil {
				return err
			}
			return runRewrap(c.Context, env, opts)
		},
	}
}

func parseRewrap(c *cli.Context, s *settings) (rewrapOptions, error) {
	opts := rewrapOptions{remove: c.StringSlice("remove")}
	var err error
	if opts.snapshot, err = oneSnapshot(c); err != nil {
		return opts, err
	}
	for _, text := range c.StringSlice("add") {
		r, err := storage.ParseRecipient(text)
		if err != nil {
			return opts, usageError(err.Error(), storage.Hint(err))
		}
		opts.add = append(opts.add, r)
	}
	if path := c.String("recipients-file"); path != "" {
		more, err := readRecipients(path)
		if err != nil {
			return opts, err
		}
		opts.add = append(opts.add, more...)
	}
	if len(opts.add)+len(opts.remove) == 0 {
		return opts, usageError("nothing is to change", "--add adds a recipient, --remove takes one away")
	}
	opts.place, err = parsePlace(c, s)
	return opts, err
}

func runRewrap(ctx context.Context, env *environment, opts rewrapOptions) error {
	location, err := storage.Open(ctx, opts.snapshot, opts.place.storage)
	if err != nil {
		return err
	}
	if location.Name == "" {
		if location.Name, err = chooseSnapshot(ctx, location.Store, opts.snapshot, opts.place); err != nil {
			return err
		}
	}
	choose := func(now storage.Audience) ([]storage.Recipient, error) { return now.Change(opts.add, opts.remove) }
	info, err := storage.RewrapStored(ctx, location.Store, location.Name, opts.place.keys, choose, storage.SealOptions{Dir: location.SealDir})
	if err != nil {
		return fmt.Errorf("rewrap %s: %w", location.Name, err)
	}
	for _, w := range info.Warnings {
		env.out.warn("%s", w)
	}
	env.out.say("rewrapped: %s", info.Name)
	return nil
}
