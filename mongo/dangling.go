package mongo

import (
	"context"
	"strconv"

	"go.mongodb.org/mongo-driver/v2/bson"
	mongodriver "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"pritunl-backup/mongo/internal/lenient"
)

// Dangling is a reference to a document that does not exist.
type Dangling struct {
	Collection string // of the document that refers
	ID         string // its _id
	Path       string
	To         string // collection that should hold the other
	Missing    string // _id that it lacks
}

// offender is a dangling reference together with the ids as the database knows them.
type offender struct {
	collection string
	id         bson.RawValue
	pointer    Pointer
}

// Dangling checks every reference of the named collections in the database and lists those that lead nowhere, in
// order of collection and _id. What looks dangling is read a second time, since somebody may be at work: a document
// that has gone, or a target that has come, is not reported. Memory does not grow with the number of users.
func (r *Reader) Dangling(ctx context.Context, collections []Collection) ([]Dangling, error) {
	var out []Dangling
	for _, c := range collections {
		if len(projectionOf(c.Name)) == 1 {
			continue
		}
		offenders, err := r.offenders(ctx, c.Name, bson.D{})
		if err != nil {
			return nil, err
		}
		for _, o := range offenders {
			still, err := r.still(ctx, o)
			if err != nil {
				return nil, err
			}
			if still {
				out = append(out, Dangling{Collection: o.collection, ID: idText(o.id), Path: o.pointer.Path,
					To: o.pointer.To, Missing: idText(o.pointer.ID)})
			}
		}
	}
	return out, nil
}

// still reads the referring document again and asks for its target once more.
func (r *Reader) still(ctx context.Context, o offender) (bool, error) {
	again, err := r.offenders(ctx, o.collection, bson.D{{Key: "_id", Value: o.id}})
	if err != nil {
		return false, err
	}
	for _, other := range again {
		if other.pointer.Path == o.pointer.Path && other.pointer.ID.Equal(o.pointer.ID) {
			return true, nil
		}
	}
	return false, nil
}

// offenders reads the referring fields of a collection and looks their targets up, a batch at a time.
func (r *Reader) offenders(ctx context.Context, collection string, filter bson.D) ([]offender, error) {
	op := "check the references of " + collection
	var out []offender
	var cursor *mongodriver.Cursor
	err := r.db.try(ctx, op, func(ctx context.Context) (err error) {
		o := options.Find().SetSort(bson.D{{Key: "_id", Value: 1}}).SetBatchSize(batchSize).SetProjection(projectionOf(collection))
		cursor, err = r.db.collection(collection).Find(r.in(ctx), filter, o)
		return err
	})
	if err != nil {
		return nil, err
	}
	defer func() { _ = cursor.Close(context.WithoutCancel(ctx)) }()
	var batch []offender
	s := stream{r: r, op: op}
	for {
		more, err := s.next(ctx, cursor)
		if err != nil {
			return nil, err
		}
		if more {
			for _, p := range PointersOf(collection, cursor.Current) {
				id := lenient.Value(cursor.Current, "_id")
				batch = append(batch, offender{collection: collection, id: copied(id), pointer: Pointer{Path: p.Path, To: p.To, ID: copied(p.ID)}})
			}
		}
		if len(batch) >= batchSize || !more {
			missing, err := r.missing(ctx, batch)
			if err != nil {
				return nil, err
			}
			out, batch = append(out, missing...), batch[:0]
		}
		if !more {
			return out, nil
		}
	}
}

// copied detaches a value from the cursor's buffer.
func copied(v bson.RawValue) bson.RawValue {
	return bson.RawValue{Type: v.Type, Value: append([]byte(nil), v.Value...)}
}

// missing keeps those of a batch whose targets do not exist.
func (r *Reader) missing(ctx context.Context, batch []offender) ([]offender, error) {
	wanted := map[string]bson.A{}
	for _, o := range batch {
		wanted[o.pointer.To] = append(wanted[o.pointer.To], o.pointer.ID)
	}
	found := map[string]map[string]bool{}
	for to, ids := range wanted {
		there, err := r.db.existing(r.in(ctx), to, ids)
		if err != nil {
			return nil, err
		}
		found[to] = there
	}
	var out []offender
	for _, o := range batch {
		if !found[o.pointer.To][idKey(o.pointer.ID)] {
			out = append(out, o)
		}
	}
	return out, nil
}

// existing asks which of some _ids a collection has.
func (db *DB) existing(ctx context.Context, collection string, ids bson.A) (map[string]bool, error) {
	var raws []bson.Raw
	err := db.try(ctx, "look up documents of "+collection, func(ctx context.Context) error {
		raws = nil
		cursor, err := db.collection(collection).Find(ctx, bson.D{{Key: "_id", Value: bson.D{{Key: "$in", Value: ids}}}},
			options.Find().SetProjection(bson.D{{Key: "_id", Value: 1}}))
		if err != nil {
			return err
		}
		return cursor.All(ctx, &raws)
	})
	if err != nil {
		return nil, err
	}
	out := make(map[string]bool, len(raws))
	for _, raw := range raws {
		out[idKey(lenient.Value(raw, "_id"))] = true
	}
	return out, nil
}

// idKey makes an _id usable as a key of a map; numbers compare by value whatever their width, as the database does.
func idKey(v bson.RawValue) string {
	if n, ok := v.AsInt64OK(); ok {
		return "number:" + strconv.FormatInt(n, 10)
	}
	return v.Type.String() + ":" + string(v.Value)
}
