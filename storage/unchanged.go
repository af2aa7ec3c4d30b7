package storage

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"time"
)

// Marker says that a run found the same content as the newest snapshot and therefore stored no copy. It lets a monitor
// see that the run succeeded. It is readable without a key and holds no part of the content.
type Marker struct {
	Format        string    `json:"format"`  // "pritunl-backup-unchanged"
	Version       int       `json:"version"` // 1
	CreatedAt     time.Time `json:"created_at"`
	Host          string    `json:"host"`
	Kind          string    `json:"kind"`
	ContentSHA256 string    `json:"content_sha256"`
	Confirms      string    `json:"confirms"` // name of the snapshot that still holds
}

const markerFormat = "pritunl-backup-unchanged"

// NewestContent gives the newest complete snapshot and the sum of its content, from metadata where the store has it.
// Where it has none, read finds the sum in the document; read may be nil, and it may answer "" when it has no key. An
// empty sum means "not known": store a new copy. ErrNotFound when there is no snapshot yet.
func NewestContent(ctx context.Context, store Store, q Query, read func(context.Context, Snapshot) (string, error)) (Snapshot, string, error) {
	l, err := Find(ctx, store, q)
	if err != nil {
		return Snapshot{}, "", err
	}
	newest, err := l.Latest()
	if err != nil {
		return Snapshot{}, "", err
	}
	info, err := store.Stat(ctx, newest.Name)
	if err != nil && !errors.Is(err, ErrDenied) {
		return Snapshot{}, "", err
	}
	if err == nil {
		newest.Info = info
	}
	if sum := newest.Metadata[MetaContent]; sum != "" || read == nil {
		return newest, sum, nil
	}
	sum, err := read(ctx, newest)
	return newest, sum, err
}

// PutUnchanged stores the marker of a run at the given time.
func PutUnchanged(ctx context.Context, store Store, tmpl Template, at time.Time, confirmed Snapshot, content string) (Info, error) {
	label := Label{Host: confirmed.Host, Kind: confirmed.Kind, Time: at, Complete: true, Unchanged: true}
	raw, err := json.MarshalIndent(Marker{
		Format: markerFormat, Version: 1, CreatedAt: at.UTC().Truncate(time.Second), Host: label.Host, Kind: label.Kind,
		ContentSHA256: content, Confirms: confirmed.Name,
	}, "", "  ")
	if err != nil {
		return Info{}, err
	}
	if tmpl == "" {
		tmpl = DefaultTemplate
	}
	return store.Put(ctx, tmpl.Name(label), Bytes(append(raw, '\n')), PutOptions{Ephemeral: true})
}

// ReadMarker reads a marker back.
func ReadMarker(ctx context.Context, store Store, name string) (Marker, error) {
	r, err := store.Get(ctx, name)
	if err != nil {
		return Marker{}, err
	}
	defer r.Close()
	raw, err := io.ReadAll(io.LimitReader(r, 64<<10))
	if err != nil {
		return Marker{}, &Error{Op: "read", Name: name, Err: err}
	}
	var m Marker
	if err := json.Unmarshal(raw, &m); err != nil || m.Format != markerFormat {
		return Marker{}, &Error{Op: "read", Name: name, Err: damaged("not a marker")}
	}
	return m, nil
}
