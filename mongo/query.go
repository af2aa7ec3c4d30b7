package mongo

import (
	"context"
	"iter"

	"go.mongodb.org/mongo-driver/v2/bson"
	mongodriver "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// Query chooses documents of a collection. Nil parts leave everything as it is.
type Query struct {
	Filter     bson.D
	Sort       bson.D
	Projection bson.D
}

// Query streams chosen documents of a collection (named without prefix) in the reader's view. Unlike Documents it does
// not go on behind a cut connection. Collections that are not worth keeping are refused with CauseNotReadable.
func (r *Reader) Query(ctx context.Context, collection string, q Query) iter.Seq2[bson.Raw, error] {
	return func(yield func(bson.Raw, error) bool) {
		op := "read " + collection
		if known, ok := LookupCollection(collection); !ok || !known.Readable() {
			yield(nil, newError(op, CauseNotReadable, "only configuration is"))
			return
		}
		cursor, err := r.query(ctx, op, collection, q)
		if err != nil {
			yield(nil, err)
			return
		}
		defer func() { _ = cursor.Close(context.WithoutCancel(ctx)) }()
		s := stream{r: r, op: op}
		for {
			more, err := s.next(ctx, cursor)
			if err == nil && more && cursor.Current.Validate() != nil {
				err = newError(op, CauseDocument, "the server sent a damaged document")
			}
			if err != nil {
				yield(nil, err)
				return
			}
			if !more || !yield(append(bson.Raw(nil), cursor.Current...), nil) {
				return
			}
		}
	}
}

func (r *Reader) query(ctx context.Context, op, collection string, q Query) (cursor *mongodriver.Cursor, err error) {
	if q.Filter == nil {
		q.Filter = bson.D{}
	}
	o := options.Find().SetBatchSize(batchSize)
	if q.Sort != nil {
		o.SetSort(q.Sort)
	}
	if q.Projection != nil {
		o.SetProjection(q.Projection)
	}
	err = r.db.try(ctx, op, func(ctx context.Context) error {
		cursor, err = r.db.collection(collection).Find(r.in(ctx), q.Filter, o)
		return err
	})
	return cursor, err
}
