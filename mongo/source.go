package mongo

import (
	"context"
	"iter"
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// Source is where a restore takes documents from. A collection may be asked for several times, and must come sorted by
// _id each time.
type Source struct {
	Collections []string // those that it holds, empty ones included where they are known
	Documents   func(ctx context.Context, collection string) iter.Seq2[bson.Raw, error]
}

// ScanSource makes a source of something that can only be read from beginning to end, such as a snapshot file. scan
// starts from the beginning each time. The first pass, made here, reads everything: damage is found before anything is
// written. Small collections stay in memory; those that grow with the number of users are read again when needed.
func ScanSource(ctx context.Context, scan func(ctx context.Context) iter.Seq2[Document, error]) (*Source, error) {
	small := map[string][]bson.Raw{}
	names := map[string]bool{}
	for d, err := range scan(ctx) {
		if err != nil {
			return nil, err
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		names[d.Collection] = true
		if known, _ := LookupCollection(d.Collection); !known.Large {
			small[d.Collection] = append(small[d.Collection], d.Raw)
		}
	}
	s := &Source{Documents: func(ctx context.Context, collection string) iter.Seq2[bson.Raw, error] {
		if known, _ := LookupCollection(collection); !known.Large {
			return inMemory(small[collection])
		}
		return oneOf(scan(ctx), collection)
	}}
	for name := range names {
		s.Collections = append(s.Collections, name)
	}
	slices.Sort(s.Collections)
	return s, nil
}

func inMemory(docs []bson.Raw) iter.Seq2[bson.Raw, error] {
	return func(yield func(bson.Raw, error) bool) {
		for _, raw := range docs {
			if !yield(raw, nil) {
				return
			}
		}
	}
}

// oneOf picks one collection out of a scan. It stops behind its last document, since collections come in one piece.
func oneOf(scan iter.Seq2[Document, error], collection string) iter.Seq2[bson.Raw, error] {
	return func(yield func(bson.Raw, error) bool) {
		inside := false
		for d, err := range scan {
			if err != nil {
				yield(nil, err)
				return
			}
			if d.Collection != collection {
				if inside {
					return
				}
				continue
			}
			inside = true
			if !yield(d.Raw, nil) {
				return
			}
		}
	}
}
