package restore

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"pritunl-backup/api"
	"pritunl-backup/snapshot"
)

// tries is how often a request whose outcome is not known is made at most.
const tries = 5

// uncertain tells whether the request may have had its effect although it failed.
func uncertain(err error) bool {
	if errors.Is(err, api.ErrReadOnly) || errors.Is(err, api.ErrConfig) {
		return false
	}
	for _, kind := range []error{api.ErrConnection, api.ErrTimeout, api.ErrTruncated, api.ErrServer, api.ErrNotPritunl} {
		if errors.Is(err, kind) {
			return true
		}
	}
	return false
}

// lister gives the objects among which a new one appears.
type lister func(context.Context) ([]json.RawMessage, error)

// create makes one object that would exist twice if it were asked for twice. When
// the answer is lost it looks for the object before it asks again.
func (r *runner) create(ctx context.Context, n *node, post func() (json.RawMessage, error), list lister) (snapshot.Object, error) {
	for try := 1; ; try++ {
		raw, err := post()
		if err == nil {
			return r.adopt(n, raw)
		}
		if !uncertain(err) || ctx.Err() != nil || try == tries {
			return nil, err
		}
		found, lookErr := r.settled(ctx, list)
		if lookErr != nil {
			return nil, errors.Join(err, lookErr)
		}
		if o := r.newcomer(n, found); o != nil {
			return o, r.claim(n, o)
		}
	}
}

func (r *runner) adopt(n *node, raw json.RawMessage) (snapshot.Object, error) {
	o, err := snapshot.DecodeObject(raw)
	if err != nil {
		return nil, fmt.Errorf("read the answer: %w", err)
	}
	return o, r.claim(n, o)
}

// claim notes that an object of the target is the wanted one.
func (r *runner) claim(n *node, o snapshot.Object) error {
	if n.target = o.String("id"); n.target == "" {
		return errors.New("read the answer: it has no id")
	}
	r.known[n.target] = true
	return nil
}

// settled lists until two lists in a row have the same objects: a server whose
// answer was lost may still be working.
func (r *runner) settled(ctx context.Context, list lister) ([]snapshot.Object, error) {
	var before map[string]bool
	for {
		raw, err := list(ctx)
		if err != nil {
			return nil, err
		}
		objects, err := decodeAll(raw)
		if err != nil {
			return nil, err
		}
		ids := map[string]bool{}
		for _, o := range objects {
			ids[o.String("id")] = true
		}
		if before != nil && maps.Equal(before, ids) {
			return objects, nil
		}
		before = ids
		if err := r.opts.Sleep(ctx, 3*time.Second); err != nil {
			return nil, err
		}
	}
}

func decodeAll(raw []json.RawMessage) ([]snapshot.Object, error) {
	objects := make([]snapshot.Object, 0, len(raw))
	for _, element := range raw {
		o, err := snapshot.DecodeObject(element)
		if err != nil {
			return nil, fmt.Errorf("read a list: %w", err)
		}
		objects = append(objects, o)
	}
	return objects, nil
}

// newcomer finds an object of the wanted natural key that was not there before;
// the most equal one when there are several.
func (r *runner) newcomer(n *node, objects []snapshot.Object) snapshot.Object {
	var found []snapshot.Object
	for _, o := range objects {
		key := n.keyOf(o)
		if !r.known[o.String("id")] && (key == n.key() || key == n.sentKey()) {
			found = append(found, o)
		}
	}
	if len(found) == 0 {
		return nil
	}
	equal := slices.IndexFunc(found, func(o snapshot.Object) bool {
		return len(n.changes(&node{kind: n.kind, object: o})) == 0
	})
	return found[max(equal, 0)]
}

// perform makes a request that may be made once only. When the answer is lost it
// looks whether the effect is there before it asks again.
func (r *runner) perform(ctx context.Context, do func() error, done func(context.Context) (bool, error)) error {
	for try := 1; ; try++ {
		err := do()
		if err == nil || !uncertain(err) || ctx.Err() != nil || try == tries {
			return err
		}
		if err := r.opts.Sleep(ctx, 3*time.Second); err != nil {
			return err
		}
		is, lookErr := done(ctx)
		if lookErr != nil {
			return errors.Join(err, lookErr)
		}
		if is {
			return nil
		}
	}
}

// gone tells whether a list no longer has an id.
func gone(id string, list lister) func(context.Context) (bool, error) {
	return func(ctx context.Context) (bool, error) {
		raw, err := list(ctx)
		if err != nil {
			return false, err
		}
		objects, err := decodeAll(raw)
		return err == nil && !slices.ContainsFunc(objects, func(o snapshot.Object) bool { return o.String("id") == id }), err
	}
}

// noteStored compares what the server stored with what was sent.
func (r *runner) noteStored(a *Action, stored snapshot.Object) {
	var altered []Change
	for _, f := range a.want.sends() {
		sent, ok := a.want.sent[f.Path]
		have, shown := stored[f.Path]
		if ok && shown && f.Ref == "" && !equal(f, sent, have) {
			altered = append(altered, newChange(f, sent, have))
		}
	}
	r.entries[a].Altered = altered
}
