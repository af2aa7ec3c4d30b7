package restore

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"pritunl-backup/snapshot"
)

// replace puts a complete body over a live object that was just read, and only
// when that changes something.
func (r *runner) replace(a *Action, get func() (json.RawMessage, error), put func(body json.RawMessage) (json.RawMessage, error)) error {
	base, err := answered(get())
	if err != nil {
		return err
	}
	// A user that is asked for through another organization is shown as one of it: a move cannot be seen.
	if !a.moves() && len(a.want.changes(&node{kind: a.want.kind, object: base})) == 0 {
		r.entries[a].Result = Unchanged
		return nil
	}
	answer, err := put(encode(a.want.body(base)))
	if err != nil {
		return err
	}
	if o, err := snapshot.DecodeObject(answer); err == nil { // an empty answer says nothing about what was stored
		r.noteStored(a, o)
	}
	return nil
}

// answered decodes the object of a good answer.
func answered(raw json.RawMessage, err error) (snapshot.Object, error) {
	if err != nil {
		return nil, err
	}
	o, err := snapshot.DecodeObject(raw)
	if err != nil {
		return nil, fmt.Errorf("read the answer: %w", err)
	}
	return o, nil
}

func (r *runner) writeHosts(ctx context.Context, actions []*Action) error {
	return r.each(ctx, actions, func(ctx context.Context, a *Action) error {
		id := a.want.target
		return r.replace(a,
			func() (json.RawMessage, error) { return r.client.Host(ctx, id) },
			func(body json.RawMessage) (json.RawMessage, error) { return r.client.PutHost(ctx, id, body) })
	})
}

func (r *runner) writeOrganizations(ctx context.Context, actions []*Action) error {
	return r.each(ctx, actions, func(ctx context.Context, a *Action) error {
		n := a.want
		if a.Verb == Create {
			o, err := r.create(ctx, n,
				func() (json.RawMessage, error) { return r.client.CreateOrganization(ctx, encode(n.body(nil))) },
				r.client.Organizations)
			if err == nil {
				r.noteStored(a, o)
			}
			return err
		}
		return r.replace(a,
			func() (json.RawMessage, error) { return r.client.Organization(ctx, n.target) },
			func(body json.RawMessage) (json.RawMessage, error) {
				return r.client.PutOrganization(ctx, n.target, body)
			})
	})
}

// writeSettings replaces the settings. A refused body may stay in effect in part,
// until the server reads its database again: the former body is put back. The
// server may also go back to what it had, when it learns of an earlier change late:
// it is asked for the settings again, and they are put again.
func (r *runner) writeSettings(ctx context.Context, actions []*Action) error {
	return r.each(ctx, actions, func(ctx context.Context, a *Action) error {
		result := Unchanged
		for try := 1; ; try++ {
			err := r.replace(a,
				func() (json.RawMessage, error) { return r.client.Settings(ctx) },
				func(body json.RawMessage) (json.RawMessage, error) { return r.putSettings(ctx, a.want, body) })
			if err != nil {
				return err
			}
			if r.entries[a].Result == Unchanged {
				r.entries[a].Result = result
				return nil
			}
			if result = Changed; try == 3 || ctx.Err() != nil {
				return nil // the proof tells what is not as wanted
			}
			if try > 1 {
				if err := r.opts.Sleep(ctx, lookEvery); err != nil {
					return err
				}
			}
		}
	})
}

func (r *runner) putSettings(ctx context.Context, n *node, body json.RawMessage) (json.RawMessage, error) {
	answer, err := r.client.PutSettings(ctx, body)
	if err == nil || !refused(err) {
		return answer, err
	}
	// The former values as the plan knows them: a GET shows refused ones now.
	former := encode(liveBody(snapshot.Settings, n.twin.object))
	if _, undoErr := r.client.PutSettings(ctx, former); undoErr != nil {
		return nil, errors.Join(err, fmt.Errorf("put the former settings back: %w", undoErr))
	}
	return nil, err
}

func (r *runner) writeAdministrators(ctx context.Context, actions []*Action) error {
	return r.each(ctx, actions, func(ctx context.Context, a *Action) error {
		n := a.want
		if a.Verb == Create {
			return r.createAdministrator(ctx, a)
		}
		if n.target == r.plan.caller {
			return errors.New("is the administrator in use and is not touched")
		}
		return r.replace(a,
			func() (json.RawMessage, error) { return r.client.Administrator(ctx, n.target) },
			func(body json.RawMessage) (json.RawMessage, error) {
				return r.client.PutAdministrator(ctx, n.target, body)
			})
	})
}

func (r *runner) createAdministrator(ctx context.Context, a *Action) error {
	n := a.want
	password, err := newPassword(r.opts.Random)
	if err != nil {
		return err
	}
	if err := r.opts.Passwords(n.object.String("username"), password); err != nil {
		return fmt.Errorf("keep the new password: %w", err)
	}
	body := n.body(nil)
	body["password"] = password.Reveal()
	o, err := r.create(ctx, n,
		func() (json.RawMessage, error) { return r.client.CreateAdministrator(ctx, encode(body)) },
		r.client.Administrators)
	if err == nil {
		r.noteStored(a, o)
	}
	return err
}
