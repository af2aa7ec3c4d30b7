package mongo

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"go.mongodb.org/mongo-driver/v2/bson"
	mongodriver "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"pritunl-backup/mongo/internal/lenient"
)

const (
	batchSize  = 500 // documents per answer; a user is about 11 kB
	maxResumes = 3   // how often one collection is picked up again after its connection was cut
)

// Reader reads documents, all of them from one moment where the server offers that.
type Reader struct {
	db      *DB
	session *mongodriver.Session

	consistent bool
	why        string
}

// ReaderOptions choose how documents are read.
type ReaderOptions struct {
	Plain bool // do not even try to get one consistent view
}

// NewReader starts reading. It asks for a snapshot session (replica sets and sharded clusters from MongoDB 5.0 on) and
// falls back to plain reads; Consistent tells which it became.
func (db *DB) NewReader(ctx context.Context, o ReaderOptions) (*Reader, error) {
	r := &Reader{db: db}
	if o.Plain {
		r.why = "not asked for"
		return r, nil
	}
	offered, why, err := db.offersSnapshots(ctx)
	if err != nil {
		return nil, err
	}
	if !offered {
		r.why = why
		return r, nil
	}
	if r.session, err = db.client.StartSession(options.Session().SetSnapshot(true)); err != nil {
		r.why = oneLine(db.scrub.text(err.Error()))
		return r, nil
	}
	return r.probe(ctx)
}

// probe reads one document in the session: compatible servers that call themselves a replica set may still refuse.
func (r *Reader) probe(ctx context.Context) (*Reader, error) {
	err := r.db.try(ctx, "read from one moment", func(ctx context.Context) error {
		ctx = mongodriver.NewSessionContext(ctx, r.session)
		err := r.db.collection("settings").FindOne(ctx, bson.D{}, options.FindOne().SetProjection(bson.D{{Key: "_id", Value: 1}})).Err()
		if errors.Is(err, mongodriver.ErrNoDocuments) {
			return nil
		}
		return err
	})
	if err == nil {
		r.consistent = true
		return r, nil
	}
	r.Close(ctx)
	var refused *Error
	if errors.As(err, &refused) && (refused.Cause == CauseServer || refused.Cause == CauseSnapshotGone) {
		r.why = "the server refuses it"
		if refused.Detail != "" {
			r.why += ": " + refused.Detail
		}
		return r, nil
	}
	return nil, err
}

// offersSnapshots asks the server what it is; only members of a replica set and mongos keep a history to read from.
func (db *DB) offersSnapshots(ctx context.Context) (bool, string, error) {
	var hello bson.Raw
	err := db.try(ctx, "ask the server what it is", func(ctx context.Context) (err error) {
		hello, err = db.database.RunCommand(ctx, bson.D{{Key: "hello", Value: 1}}).Raw()
		return err
	})
	if err != nil {
		return false, "", err
	}
	const firstWithSnapshots = 13
	wire, _ := lenient.Value(hello, "maxWireVersion").AsInt64OK()
	switch {
	case lenient.Text(hello, "setName") == "" && lenient.Text(hello, "msg") != "isdbgrid":
		return false, "the server is not a replica set", nil
	case wire < firstWithSnapshots:
		return false, "the server is older than MongoDB 5.0", nil
	}
	return true, "", nil
}

// Consistent tells whether all documents come from one moment.
func (r *Reader) Consistent() bool { return r.consistent }

// Inconsistency says why they do not, "" when they do.
func (r *Reader) Inconsistency() string { return r.why }

// Close ends the session.
func (r *Reader) Close(ctx context.Context) {
	if r.session != nil {
		r.session.EndSession(context.WithoutCancel(ctx))
		r.session = nil
	}
}

// Documents streams the documents of a collection (named without prefix) sorted by _id. Collections that are not worth
// keeping, among them all that hold sessions, messages and jobs, are refused with CauseNotReadable. A connection that
// is cut is picked up again behind the last document; the last pair yielded may carry an error.
func (r *Reader) Documents(ctx context.Context, collection string) iter.Seq2[bson.Raw, error] {
	return func(yield func(bson.Raw, error) bool) {
		if known, ok := LookupCollection(collection); !ok || !known.Readable() {
			yield(nil, newError("read "+collection, CauseNotReadable, "only configuration is"))
			return
		}
		s := stream{r: r, op: "read " + collection, from: r.db.collection(collection)}
		for resumes := 0; ; resumes++ {
			err := s.run(ctx, yield)
			if err == nil || s.stopped {
				return
			}
			if resumes >= maxResumes || ctx.Err() != nil || !errors.Is(err, CauseCut) && !errors.Is(err, CauseStepDown) && !errors.Is(err, CauseStalled) {
				yield(nil, err)
				return
			}
			if r.db.sleep(ctx, stepDownPause) != nil {
				yield(nil, err)
				return
			}
		}
	}
}

// stream is one collection being read.
type stream struct {
	r       *Reader
	op      string
	from    *mongodriver.Collection
	last    bson.RawValue // _id of the last document that was handed over
	resumed bool
	stopped bool // the consumer had enough
}

// run reads until the end, an error, or a consumer that stops.
func (s *stream) run(ctx context.Context, yield func(bson.Raw, error) bool) error {
	filter := bson.D{}
	if s.last.Type != 0 {
		s.resumed = true
		filter = bson.D{{Key: "_id", Value: bson.D{{Key: "$gt", Value: s.last}}}}
	}
	cursor, err := s.find(ctx, filter)
	if err != nil {
		return err
	}
	defer func() { _ = cursor.Close(context.WithoutCancel(ctx)) }()
	for {
		more, err := s.next(ctx, cursor)
		if err != nil {
			return err
		}
		if !more {
			break
		}
		if err := cursor.Current.Validate(); err != nil {
			return newError(s.op, CauseDocument, "the server sent a damaged document")
		}
		raw := append(bson.Raw(nil), cursor.Current...)
		s.last = lenient.Value(raw, "_id")
		if !yield(raw, nil) {
			s.stopped = true
			return nil
		}
	}
	return s.nothingMissed(ctx)
}

func (s *stream) find(ctx context.Context, filter bson.D) (cursor *mongodriver.Cursor, err error) {
	err = s.r.db.try(ctx, s.op, func(ctx context.Context) error {
		sorted := options.Find().SetSort(bson.D{{Key: "_id", Value: 1}}).SetBatchSize(batchSize)
		cursor, err = s.from.Find(s.r.in(ctx), filter, sorted)
		return err
	})
	return cursor, err
}

// next moves on, with a limit on the wait for the next batch.
func (s *stream) next(ctx context.Context, cursor *mongodriver.Cursor) (bool, error) {
	if cursor.RemainingBatchLength() > 0 {
		return cursor.Next(ctx), s.r.db.explain(ctx, s.op, cursor.Err())
	}
	limited, cancel := context.WithTimeout(ctx, s.r.db.stall)
	defer cancel()
	more := cursor.Next(limited)
	return more, s.r.db.explain(ctx, s.op, cursor.Err())
}

// nothingMissed guards a resumed stream: "greater than" compares within one BSON type only, so documents whose _id has
// another type would be left out silently.
func (s *stream) nothingMissed(ctx context.Context) error {
	if !s.resumed {
		return nil
	}
	other := bson.D{{Key: "$nor", Value: bson.A{
		bson.D{{Key: "_id", Value: bson.D{{Key: "$lte", Value: s.last}}}},
		bson.D{{Key: "_id", Value: bson.D{{Key: "$gt", Value: s.last}}}},
	}}}
	raw, err := s.r.db.findOne(s.r.in(ctx), s.from, other)
	if err != nil {
		return err
	}
	if raw != nil {
		return newError(s.op, CauseCut, fmt.Sprintf("its _ids have several types (%s too), so reading cannot go on behind the cut", lenient.Value(raw, "_id").Type))
	}
	return nil
}

// in puts the session into the context when there is one.
func (r *Reader) in(ctx context.Context) context.Context {
	if r.session == nil {
		return ctx
	}
	return mongodriver.NewSessionContext(ctx, r.session)
}
