package mongo

import (
	"bytes"
	"context"
	"iter"
	"slices"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"pritunl-backup/mongo/internal/lenient"
)

// pageSize is how many documents are compared, and written, at a time.
const pageSize = 200

// change is one document that is written or deleted.
type change struct {
	id      bson.RawValue
	want    bson.Raw // nil deletes
	missing bool     // the database has none with this _id
}

// walker compares the snapshot with the database, collection by collection in the order of restoring, and hands what
// differs to write; without write it only counts.
type walker struct {
	db      *DB
	src     *Source
	options RestoreOptions
	change  *transform
	counts  []CollectionPlan

	write func(ctx context.Context, collection Collection, changes []change) error
}

func (w *walker) all(ctx context.Context) error {
	for _, name := range w.src.Collections {
		if known, ok := LookupCollection(name); !ok || known.Order == 0 {
			return newError("restore "+name, CauseNotReadable, "it is no collection that is restored")
		}
	}
	for _, c := range RestoreOrder() {
		if !w.src.holds(c.Name) && c.Class != Configuration {
			continue
		}
		if err := w.collection(ctx, c); err != nil {
			return err
		}
	}
	return nil
}

// collection walks through both sides at once. Memory stays flat for collections that grow with the number of users.
func (w *walker) collection(ctx context.Context, c Collection) error {
	count := CollectionPlan{Name: c.Name}
	defer func() { w.counts = append(w.counts, count) }()
	next, stop := iter.Pull2(w.wanted(ctx, c, &count))
	defer stop()
	page := pager{db: w.db, collection: c.Name}
	var pending []change
	want, err := pull(next)
	for done := 0; err == nil; done++ {
		var have bson.Raw
		if have, err = page.peek(ctx); err != nil || want == nil && have == nil {
			break
		}
		order := compareDocuments(want, have)
		switch {
		case order < 0:
			count.Insert++
			pending = append(pending, change{id: lenient.Value(want, "_id"), want: want, missing: true})
		case order > 0:
			if c.Class == Configuration {
				count.Delete++
				pending = append(pending, change{id: lenient.Value(have, "_id")})
			}
		case Equal(want, have):
			count.Unchanged++
		default:
			count.Update++
			pending = append(pending, change{id: lenient.Value(want, "_id"), want: want})
		}
		if order >= 0 {
			page.advance()
		}
		if order <= 0 {
			want, err = pull(next)
		}
		if c.Unique == "" && len(pending) >= pageSize && err == nil {
			err = w.flush(ctx, c, pending, done)
			pending = nil
		}
	}
	if err != nil {
		return err
	}
	return w.flush(ctx, c, pending, count.Insert+count.Update+count.Unchanged)
}

func (w *walker) flush(ctx context.Context, c Collection, pending []change, done int) error {
	if w.write != nil && len(pending) > 0 {
		if err := w.write(ctx, c, pending); err != nil {
			return err
		}
	}
	if w.options.Progress != nil {
		w.options.Progress(c.Name, done)
	}
	return nil
}

func pull(next func() (bson.Raw, error, bool)) (bson.Raw, error) {
	raw, err, ok := next()
	if !ok {
		return nil, nil
	}
	return raw, err
}

// wanted yields the documents to write, sorted by _id.
func (w *walker) wanted(ctx context.Context, c Collection, count *CollectionPlan) iter.Seq2[bson.Raw, error] {
	stream := func(yield func(bson.Raw, error) bool) {
		if !w.src.holds(c.Name) {
			return
		}
		var last bson.Raw
		for raw, err := range w.src.Documents(ctx, c.Name) {
			if err == nil {
				err = restorable(c.Name, raw)
			}
			if err == nil && last != nil && compareDocuments(last, raw) >= 0 {
				err = newError("restore "+c.Name, CauseDocument, "the snapshot is not sorted by _id there")
			}
			if err != nil {
				yield(nil, err)
				return
			}
			last = raw
			out, reset, keep, err := w.change.apply(c.Name, raw)
			if err == nil && !keep {
				continue
			}
			if reset {
				count.Reset++
			}
			if !yield(out, err) || err != nil {
				return
			}
		}
	}
	if c.Large {
		return stream
	}
	return sorted(stream)
}

// sorted holds a small collection in memory, since new host ids change the order.
func sorted(seq iter.Seq2[bson.Raw, error]) iter.Seq2[bson.Raw, error] {
	return func(yield func(bson.Raw, error) bool) {
		all, err := collect(seq)
		if err != nil {
			yield(nil, err)
			return
		}
		slices.SortStableFunc(all, compareDocuments)
		for _, raw := range all {
			if !yield(raw, nil) {
				return
			}
		}
	}
}

// restorable refuses documents whose values are not all there.
func restorable(collection string, raw bson.Raw) error {
	op := "restore " + collection + " " + idText(lenient.Value(raw, "_id"))
	if paths := Redacted(raw); len(paths) > 0 {
		return newError(op, CauseDocument, "its "+strings.Join(paths, ", ")+" is redacted").
			withHint("restore from a snapshot that was taken with its secrets")
	}
	if Sealed(raw) {
		return newError(op, CauseVault, "its values can only be read by the machine that wrote them")
	}
	if lenient.Value(raw, "_id").Type == 0 {
		return newError("restore "+collection, CauseDocument, "a document has no _id")
	}
	return nil
}

// pager reads the database's side in pages, so that no cursor stays open while the same collection is written.
type pager struct {
	db         *DB
	collection string
	page       []bson.Raw
	last       bson.RawValue
	end        bool
}

// peek gives the next document, nil at the end.
func (p *pager) peek(ctx context.Context) (bson.Raw, error) {
	if len(p.page) > 0 {
		return p.page[0], nil
	}
	if p.end {
		return nil, nil
	}
	filter := bson.D{}
	if p.last.Type != 0 {
		filter = bson.D{{Key: "_id", Value: bson.D{{Key: "$gt", Value: p.last}}}}
	}
	err := p.db.try(ctx, "compare "+p.collection, func(ctx context.Context) error {
		p.page = nil
		cursor, err := p.db.primary(p.collection).Find(ctx, filter, options.Find().SetSort(bson.D{{Key: "_id", Value: 1}}).SetLimit(pageSize))
		if err != nil {
			return err
		}
		return cursor.All(ctx, &p.page)
	})
	if err != nil {
		return nil, err
	}
	p.end = len(p.page) < pageSize
	if len(p.page) == 0 {
		return nil, nil
	}
	p.last = lenient.Value(p.page[len(p.page)-1], "_id")
	return p.page[0], nil
}

func (p *pager) advance() { p.page = p.page[1:] }

// compareDocuments orders documents by _id as the database does; nil, the end, sorts last.
func compareDocuments(a, b bson.Raw) int {
	switch {
	case a == nil && b == nil:
		return 0
	case a == nil:
		return 1
	case b == nil:
		return -1
	}
	return compareIDs(lenient.Value(a, "_id"), lenient.Value(b, "_id"))
}

// compareIDs orders the kinds of _id that occur: numbers, then texts, then documents, then ObjectIds.
func compareIDs(a, b bson.RawValue) int {
	if left, right := idRank(a), idRank(b); left != right {
		return left - right
	}
	if left, ok := a.AsInt64OK(); ok {
		right, _ := b.AsInt64OK()
		switch {
		case left < right:
			return -1
		case left > right:
			return 1
		}
		return 0
	}
	if left, ok := a.StringValueOK(); ok {
		right, _ := b.StringValueOK()
		return strings.Compare(left, right)
	}
	return bytes.Compare(a.Value, b.Value)
}

func idRank(v bson.RawValue) int {
	switch {
	case v.IsNumber():
		return 1
	case v.Type == bson.TypeString:
		return 2
	case v.Type == bson.TypeObjectID:
		return 4
	}
	return 3
}
