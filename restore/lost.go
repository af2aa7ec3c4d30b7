package restore

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"

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

// after gives the options for looking after a request that failed. A refusal and a
// 500 are answers: the server has ended the request, so that one look is enough.
// Only an organization whose certificate comes late may appear after a 500.
func (r *runner) after(err error, kind snapshot.Kind) ApplyOptions {
	opts := r.opts
	var e *api.Error
	fault := errors.As(err, &e) && e.Status == http.StatusInternalServerError
	if refused(err) || fault && kind != snapshot.Organizations {
		opts.Settle = -1
	}
	return opts
}

// create makes one object that would exist twice if it were asked for twice. When
// the answer is lost it looks for the object until the server must be done with
// the request, before it asks again. A server whose network or port is in use may
// have been made meanwhile, by an earlier run's last request.
func (r *runner) create(ctx context.Context, n *node, post func() (json.RawMessage, error), list lister) (snapshot.Object, error) {
	for try := 1; ; try++ {
		raw, err := post()
		if err == nil {
			return r.adoptOne(ctx, n, raw, list)
		}
		inUse := n.kind == snapshot.Servers && errors.Is(err, api.ErrConflict)
		if !uncertain(err) && !inUse || ctx.Err() != nil || try == tries {
			return nil, err
		}
		found, lookErr := r.after(err, n.kind).await(ctx, list, func(objects []snapshot.Object) string {
			if r.newcomer(n, objects) != nil {
				return ""
			}
			return singular(n.kind) + " " + n.path() + ", which the server may still be making"
		}, r.tellWait(n.kind))
		if lookErr != nil {
			return nil, errors.Join(err, lookErr)
		}
		if o := r.newcomer(n, found); o != nil {
			return o, r.claim(n, o)
		}
		if inUse {
			return nil, err
		}
	}
}

func (r *runner) adopt(n *node, raw json.RawMessage) (snapshot.Object, error) {
	o, err := answered(raw, nil)
	if err != nil {
		return nil, err
	}
	return o, r.claim(n, o)
}

// adoptOne is adopt for what a run creates alone. The first of them may be there
// twice, because an earlier run that was interrupted a moment ago has asked for it
// too, and the target still looked empty: then the one of this run is deleted.
func (r *runner) adoptOne(ctx context.Context, n *node, raw json.RawMessage, list lister) (snapshot.Object, error) {
	first := len(r.owners) == 0
	o, err := r.adopt(n, raw)
	remove := map[snapshot.Kind]func(context.Context, string) error{
		snapshot.Organizations: r.client.DeleteOrganization, snapshot.Servers: r.client.DeleteServer, snapshot.Links: r.client.DeleteLink,
	}[n.kind]
	if err != nil || !first || remove == nil {
		return o, err
	}
	listed, err := list(ctx)
	if err != nil {
		return o, nil //nolint:nilerr // it is created; whether it is there twice is left to the proof
	}
	objects, err := decodeAll(listed)
	if err != nil {
		return nil, err
	}
	objects = slices.DeleteFunc(objects, func(o snapshot.Object) bool { return o.String("id") == n.target })
	earlier := r.newcomer(n, objects)
	if earlier == nil || len(n.changes(&node{kind: n.kind, object: earlier})) > 0 {
		return o, nil
	}
	if err := remove(ctx, n.target); err != nil {
		return nil, fmt.Errorf("delete what an earlier run has created too: %w", err)
	}
	delete(r.owners, n.target)
	return earlier, r.claim(n, earlier)
}

// claim notes that an object of the target is the wanted one. An id that the run
// has claimed for another object before means that the server has lost that one.
func (r *runner) claim(n *node, o snapshot.Object) error {
	id := o.String("id")
	if id == "" {
		return errors.New("read the answer: it has no id")
	}
	if earlier := r.owners[id]; earlier != nil && earlier != n {
		earlier.target = ""
	}
	n.target, r.owners[id], r.born[n] = id, n, n.keyOf(o)
	return nil
}

// newcomer finds an object of the wanted natural key that was not there before the
// run and is no other one's; the most equal one when there are several.
func (r *runner) newcomer(n *node, objects []snapshot.Object) snapshot.Object {
	var found []snapshot.Object
	for _, o := range objects {
		id, key := o.String("id"), n.keyOf(o)
		owner := r.owners[id]
		if r.before[id] || owner != nil && owner != n && r.born[owner] == key {
			continue
		}
		if key == n.key() || key == n.sentKey() {
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
// looks for the effect until the server must be done with the request, before it
// asks again.
func (r *runner) perform(ctx context.Context, a *Action, do func() error, done func(context.Context) (bool, error)) error {
	for try := 1; ; try++ {
		err := do()
		if err == nil || !uncertain(err) || ctx.Err() != nil || try == tries {
			return err
		}
		is := false
		lookErr := r.after(err, a.Kind).until(ctx, func(ctx context.Context) (missing string, _ int, err error) {
			if is, err = done(ctx); !is {
				missing = singular(a.Kind) + " " + a.Path + ", at which the server may still be working"
			}
			return missing, 0, err
		}, r.tellWait(a.Kind))
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
