package mongo

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	mongodriver "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"pritunl-backup/mongo/internal/lenient"
)

// RestoreResult says what was done, also when the rest failed.
type RestoreResult struct {
	Collections []CollectionPlan
	Complete    bool
	Warnings    []string
}

// Restore carries a plan out. The database is compared again, so that only what differs is written and a restore that
// was killed can be run again. Until the last step a marker document names the database unfinished (Identify reports
// CauseUnfinished), and settings come last of all.
func (db *DB) Restore(ctx context.Context, src *Source, p *RestorePlan) (*RestoreResult, error) {
	result := &RestoreResult{}
	state, err := db.guard(ctx)
	if err != nil {
		return result, err
	}
	options := p.options
	if err := state.admits(&options); err != nil {
		return result, err
	}
	if p.Empty() && state.marker == nil {
		result.Collections, result.Complete = p.Collections, true
		return result, nil
	}
	if state.marker == nil || state.marker.Fingerprint != options.Fingerprint {
		if err := db.mark(ctx, options); err != nil {
			return result, err
		}
	}
	w := &walker{db: db, src: src, options: options, change: newTransform(options, state), write: db.writeChanges}
	if !options.Replace {
		w.write = db.writeWithoutDeletes
	}
	err = w.all(ctx)
	result.Collections = w.counts
	if err != nil {
		return result, err
	}
	if err := db.unmark(ctx, result); err != nil {
		return result, err
	}
	result.Complete = true
	return result, nil
}

// mark leaves the sign of an unfinished restore.
func (db *DB) mark(ctx context.Context, o RestoreOptions) error {
	doc := bson.D{
		{Key: "_id", Value: markerID},
		{Key: "started", Value: bson.NewDateTimeFromTime(db.now())},
		{Key: "fingerprint", Value: o.Fingerprint},
		{Key: "replace", Value: o.Replace},
	}
	return db.try(ctx, "mark the database as unfinished", func(ctx context.Context) error {
		_, err := db.primary(markerCollection).ReplaceOne(ctx, bson.D{{Key: "_id", Value: markerID}}, doc, options.Replace().SetUpsert(true))
		return err
	})
}

// unmark takes it away again. The empty collection is dropped for tidiness; a role that may not is no failure.
func (db *DB) unmark(ctx context.Context, result *RestoreResult) error {
	err := db.try(ctx, "mark the database as complete", func(ctx context.Context) error {
		_, err := db.primary(markerCollection).DeleteOne(ctx, bson.D{{Key: "_id", Value: markerID}})
		return err
	})
	if err != nil {
		return err
	}
	err = db.try(ctx, "drop "+markerCollection, func(ctx context.Context) error { return db.primary(markerCollection).Drop(ctx) })
	if err != nil {
		result.Warnings = append(result.Warnings, fmt.Sprintf("the empty collection %s is left behind: %v", markerCollection, err))
	}
	return nil
}

func (db *DB) writeWithoutDeletes(ctx context.Context, c Collection, changes []change) error {
	for _, ch := range changes {
		if ch.want == nil {
			return newError("restore "+c.Name, CauseRefusedTarget, "documents appeared that the snapshot does not have").
				withHint("something writes to the database: stop the pritunl service on every node")
		}
	}
	return db.writeChanges(ctx, c, changes)
}

// writeChanges writes in as few commands as possible. All of them may be repeated. Where a field besides _id is
// unique, old holders of a value go first.
func (db *DB) writeChanges(ctx context.Context, c Collection, changes []change) error {
	if c.Name == "settings" {
		return db.writeSettings(ctx, c, changes)
	}
	if c.Unique != "" {
		if err := db.makeRoom(ctx, c, changes); err != nil {
			return err
		}
	}
	return db.bulk(ctx, c.Name, changes)
}

// writeSettings writes the version last: without it no server is known to have used the database.
func (db *DB) writeSettings(ctx context.Context, c Collection, changes []change) error {
	var first, last []change
	for _, ch := range changes {
		if idText(ch.id) == "version" {
			last = append(last, ch)
			continue
		}
		first = append(first, ch)
	}
	if err := db.bulk(ctx, c.Name, first); err != nil {
		return err
	}
	return db.bulk(ctx, c.Name, last)
}

// makeRoom deletes the documents that go anyway, and those whose unique value another document is about to take.
func (db *DB) makeRoom(ctx context.Context, c Collection, changes []change) error {
	present, err := db.allOf(ctx, c.Name)
	if err != nil {
		return err
	}
	takes := map[string]string{} // value -> _id of the document that will have it
	for _, ch := range changes {
		if ch.want != nil {
			takes[idKey(lenient.Value(ch.want, c.Unique))] = idKey(ch.id)
		}
	}
	var gone []change
	for _, ch := range changes {
		if ch.want == nil {
			gone = append(gone, ch)
		}
	}
	for _, raw := range present {
		holder, ok := takes[idKey(lenient.Value(raw, c.Unique))]
		if ok && holder != idKey(lenient.Value(raw, "_id")) {
			gone = append(gone, change{id: lenient.Value(raw, "_id")})
		}
	}
	return db.bulk(ctx, c.Name, gone)
}

// bulk writes in batches that a server accepts, unordered and by _id.
func (db *DB) bulk(ctx context.Context, collection string, changes []change) error {
	const most = 8 << 20 // bytes in one command
	var models []mongodriver.WriteModel
	size := 0
	send := func() error {
		if len(models) == 0 {
			return nil
		}
		err := db.send(ctx, collection, models)
		models, size = nil, 0
		return err
	}
	for _, ch := range changes {
		filter := bson.D{{Key: "_id", Value: ch.id}}
		if ch.want == nil {
			models = append(models, mongodriver.NewDeleteOneModel().SetFilter(filter))
		} else {
			models = append(models, mongodriver.NewReplaceOneModel().SetFilter(filter).SetReplacement(ch.want).SetUpsert(true))
		}
		if size += len(ch.want) + 64; size > most || len(models) >= pageSize {
			if err := send(); err != nil {
				return err
			}
		}
	}
	return send()
}

// send carries out one batch. A run that was killed may have left one behind that the server is still at work on: an
// upsert that loses the race against the same document is sent again, and finds it there.
func (db *DB) send(ctx context.Context, collection string, models []mongodriver.WriteModel) error {
	const (
		most  = 15 // 21 seconds in all: a busy server takes its time for a batch
		pause = 200 * time.Millisecond
	)
	for attempt := 1; ; attempt++ {
		err := db.try(ctx, "write "+collection, func(ctx context.Context) error {
			_, err := db.primary(collection).BulkWrite(ctx, models, options.BulkWrite().SetOrdered(false))
			return err
		})
		var ours *Error
		if !errors.As(err, &ours) || ours.Code != codeDuplicateKey || attempt == most {
			return err
		}
		if db.sleep(ctx, time.Duration(attempt)*pause) != nil {
			return err
		}
	}
}
