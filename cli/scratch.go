package cli

import (
	"context"
	"io"
	"os"

	"pritunl-backup/api"
	"pritunl-backup/export"
	"pritunl-backup/snapshot"
	"pritunl-backup/storage"
)

// liveReader reads the live instance, as far as like has it, into a temporary file that is encrypted to nobody else,
// and gives a reader of it: memory stays the same however many users there are. The function removes the file.
func (env *environment) liveReader(ctx context.Context, conn connection, like snapshot.Header) (*snapshot.Reader, func(), error) {
	client, err := env.connect(conn)
	if err != nil {
		return nil, nil, err
	}
	to, err := storage.NewThrowawayRecipient()
	if err != nil {
		return nil, nil, err
	}
	seal, err := storage.NewSeal(storage.SealOptions{Dir: os.TempDir(), Recipients: []storage.Recipient{to}})
	if err != nil {
		return nil, nil, err
	}
	sealed, err := env.sealLive(ctx, client, conn, like, seal)
	if err != nil {
		_ = seal.Abort()
		return nil, nil, err
	}
	reader, err := readerOfSealed(sealed)
	if err != nil {
		_ = sealed.Close()
		return nil, nil, err
	}
	return reader, func() { _ = sealed.Close() }, nil
}

func readerOfSealed(sealed *storage.Sealed) (*snapshot.Reader, error) {
	document, err := sealed.Open()
	if err != nil {
		return nil, err
	}
	return snapshot.NewReader(document)
}

// sealLive seals what the live instance has of the kinds in like.
func (env *environment) sealLive(ctx context.Context, client *api.Client, conn connection, like snapshot.Header, seal *storage.Seal) (*storage.Sealed, error) {
	sink := func() (io.Writer, error) { return seal, seal.Reset() }
	if _, err := export.FromAPI(ctx, client, sink, env.comparable(client, conn, like)); err != nil {
		return nil, partialCode(err)
	}
	return seal.Finish(ctx)
}

// comparable are the options of an export that is compared with a snapshot, or planned against.
func (env *environment) comparable(client *api.Client, conn connection, like snapshot.Header) export.Options {
	return export.Options{
		Header: snapshot.Header{
			CreatedAt: env.now(), Tool: toolName + " " + Version, Secrets: snapshot.SecretsKeep,
			Source: snapshot.Source{Kind: snapshot.SourceAPI, Address: client.Address()},
		},
		Kinds:    kindsOf(like),
		Parallel: conn.options.Parallel,
		Progress: env.out.progress,
	}
}
