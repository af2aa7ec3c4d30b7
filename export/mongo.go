package export

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"

	"pritunl-backup/mongo"
	"pritunl-backup/mongo/derive"
	"pritunl-backup/snapshot"
)

// maxNamed bounds how many dangling references the header names one by one.
const maxNamed = 20

// MongoOptions of one export from the database.
type MongoOptions struct {
	Options
	Selection mongo.Selection
}

// FromMongo exports the database of an instance: its documents as they are, and the objects that the API would show
// of them, derived from the same documents. All come from one moment where the server offers that; the header says
// when it did not, and which references lead nowhere.
func FromMongo(ctx context.Context, db *mongo.DB, open Sink, opts MongoOptions) (*Result, error) {
	if opts.Progress == nil {
		opts.Progress = func(string, int, int) {}
	}
	result, err := fromMongo(ctx, db, open, opts, mongo.ReaderOptions{})
	if errors.Is(err, mongo.CauseSnapshotGone) {
		// The history of a small server ended before the reading did: plain reads can at least finish.
		result, err = fromMongo(ctx, db, open, opts, mongo.ReaderOptions{Plain: true})
	}
	return result, err
}

// mongoExporter is the state of one attempt.
type mongoExporter struct {
	reader   *mongo.Reader
	instance *derive.Instance
	opts     MongoOptions
	wanted   map[snapshot.Kind]bool
}

func fromMongo(ctx context.Context, db *mongo.DB, open Sink, opts MongoOptions, how mongo.ReaderOptions) (*Result, error) {
	identity, err := db.Identify(ctx)
	if err != nil {
		return nil, err
	}
	reader, err := db.NewReader(ctx, how)
	if err != nil {
		return nil, err
	}
	defer reader.Close(context.WithoutCancel(ctx))
	opts.Progress("reading the database", 0, 0)
	instance, err := derive.Load(ctx, reader)
	if err != nil {
		return nil, err
	}
	e := &mongoExporter{reader: reader, instance: instance, opts: opts, wanted: wanted(opts.Kinds)}
	header, err := e.header(ctx, identity)
	if err != nil {
		return nil, err
	}
	out, err := open()
	if err != nil {
		return nil, err
	}
	w, err := snapshot.NewWriter(out, header)
	if err != nil {
		return nil, err
	}
	if err := e.writeResources(ctx, w); err != nil {
		return nil, err
	}
	if err := e.writeCollections(ctx, w); err != nil {
		return nil, err
	}
	summary, err := w.Close()
	if err != nil {
		return nil, err
	}
	return &Result{Header: header, Summary: summary, Rounds: 1}, nil
}

func (e *mongoExporter) header(ctx context.Context, identity *mongo.Instance) (snapshot.Header, error) {
	h := e.opts.Header
	h.PritunlVersion, h.Host, h.Complete = identity.Version, e.hostName(), true
	h.Warnings = slices.Clone(h.Warnings)
	if !e.reader.Consistent() {
		h.Warnings = append(h.Warnings, "not all documents are of one moment: "+e.reader.Inconsistency())
	}
	dangling, err := e.reader.Dangling(ctx, mongo.Selected(e.opts.Selection))
	if err != nil {
		return h, err
	}
	for i, d := range dangling {
		if i == maxNamed {
			h.Warnings = append(h.Warnings, fmt.Sprintf("%d more references lead nowhere", len(dangling)-maxNamed))
			break
		}
		h.Warnings = append(h.Warnings, fmt.Sprintf("%s %s: %s refers to %s %s, which does not exist", d.Collection, d.ID, d.Path, d.To, d.Missing))
	}
	for _, kind := range snapshot.Kinds() {
		if !e.wanted[kind] {
			h.Skipped = append(h.Skipped, kind)
		}
	}
	return h, nil
}

// hostName files the snapshot under a host that is online, or else the first one: the database does not know who asks.
func (e *mongoExporter) hostName() string {
	name := ""
	for _, h := range e.instance.Resources(string(snapshot.Hosts)) {
		host := snapshot.Object(h)
		if host.String("status") == "online" {
			return host.String("name")
		}
		if name == "" {
			name = host.String("name")
		}
	}
	return name
}

func (e *mongoExporter) writeResources(ctx context.Context, w *snapshot.Writer) error {
	for _, kind := range snapshot.Kinds() {
		if !e.wanted[kind] || kind == snapshot.Users {
			continue
		}
		var objects []snapshot.Object
		for _, o := range e.instance.Resources(string(kind)) {
			objects = append(objects, o)
		}
		snapshot.Sort(kind, objects, w.Names())
		for _, o := range objects {
			if err := w.WriteElement(kind, o); err != nil {
				return err
			}
		}
	}
	if !e.wanted[snapshot.Users] {
		return nil
	}
	done := 0
	for user, err := range e.instance.Users(ctx, e.reader) {
		if err != nil {
			return err
		}
		if err := w.WriteElement(snapshot.Users, user); err != nil {
			return err
		}
		done++
		e.opts.Progress("reading users", done, 0)
	}
	return nil
}

// writeCollections writes the documents themselves. A part of the resources was asked for: then they stay out, since
// a database cannot be restored in parts.
func (e *mongoExporter) writeCollections(ctx context.Context, w *snapshot.Writer) error {
	if e.opts.Kinds != nil {
		return nil
	}
	for _, collection := range mongo.Selected(e.opts.Selection) {
		if err := w.BeginCollection(collection.Name); err != nil {
			return err
		}
		done := 0
		for text, err := range e.documents(ctx, collection.Name) {
			if err != nil {
				return fmt.Errorf("read collection %s: %w", collection.Name, err)
			}
			if err := w.WriteDocument(collection.Name, text); err != nil {
				return err
			}
			done++
			e.opts.Progress("reading collection "+collection.Name, done, 0)
		}
	}
	return nil
}

func (e *mongoExporter) documents(ctx context.Context, collection string) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		for raw, err := range e.reader.Documents(ctx, collection) {
			if err == nil {
				raw, err = e.redacted(collection, raw)
			}
			var text []byte
			if err == nil {
				text, err = mongo.Encode(raw)
			}
			if !yield(text, err) || err != nil {
				return
			}
		}
	}
}

func (e *mongoExporter) redacted(collection string, raw bson.Raw) (bson.Raw, error) {
	if e.opts.Header.Secrets != snapshot.SecretsRedact {
		return raw, nil
	}
	return mongo.Redact(collection, raw)
}
