package restore

import (
	"context"
	"encoding/json"

	"pritunl-backup/api"
	"pritunl-backup/snapshot"
)

func (r *runner) writeUsers(ctx context.Context, actions []*Action) error {
	var fresh, existing []*Action
	for _, a := range actions {
		if a.Verb == Create {
			fresh = append(fresh, a)
		} else {
			existing = append(existing, a)
		}
	}
	for len(fresh) > 0 {
		n := batch(fresh)
		if err := r.createBatch(ctx, fresh[:n]); err != nil {
			return err
		}
		fresh = fresh[n:]
	}
	return r.each(ctx, existing, func(ctx context.Context, a *Action) error {
		n := a.want
		organization := n.owner.target
		return r.replace(ctx, a,
			func() (json.RawMessage, error) { return r.client.User(ctx, organization, n.target) },
			func(body json.RawMessage) (json.RawMessage, error) {
				return r.client.PutUser(ctx, organization, n.target, body)
			})
	})
}

// batch tells how many of the first users go into one request: of one
// organization, few enough to be made at once, small enough to be read.
func batch(actions []*Action) int {
	size := 2
	for i, a := range actions {
		size += len(encode(a.want.body(nil))) + 1
		if i > 0 && (i == api.BatchSize || size > maxBody || a.want.owner != actions[0].want.owner) {
			return i
		}
	}
	return len(actions)
}

// createBatch creates users in one request. After a lost answer it looks who is
// there and asks for the others. After a refusal the server has created those
// before the refused one: the rest is asked for one by one.
func (r *runner) createBatch(ctx context.Context, actions []*Action) error {
	if err := r.ready(actions[0]); err != nil {
		for _, a := range actions {
			if err := r.finish(ctx, a, Created, err); err != nil {
				return err
			}
		}
		return nil
	}
	left := actions
	var lost error
	for try := 1; len(left) > 0; try++ {
		r.announce(left[0])
		err := r.postUsers(ctx, left)
		switch {
		case err == nil:
			left = nil
		case refused(err) && len(left) == 1 && ctx.Err() == nil:
			return r.finishBatch(ctx, actions, map[*Action]error{left[0]: err})
		case (refused(err) || uncertain(err)) && ctx.Err() == nil && (refused(err) || try < tries):
			if lost = r.findUsers(ctx, left); lost != nil {
				return r.finish(ctx, left[0], Created, lost)
			}
			left = missing(left)
			if refused(err) && len(left) > 0 {
				return r.createSingly(ctx, actions, left)
			}
		default:
			_ = r.finishBatch(ctx, done(actions), nil) // they were created; the error below is what counts
			return r.finish(ctx, left[0], Created, err)
		}
	}
	return r.finishBatch(ctx, actions, nil)
}

// createSingly creates what a refused request has left, one by one, so that only
// the refused user is missing.
func (r *runner) createSingly(ctx context.Context, all, left []*Action) error {
	if len(all) == 1 {
		return r.finishBatch(ctx, all, map[*Action]error{all[0]: api.ErrInvalid})
	}
	if err := r.finishBatch(ctx, done(all), nil); err != nil {
		return err
	}
	for _, a := range left {
		if err := r.createBatch(ctx, []*Action{a}); err != nil {
			return err
		}
	}
	return nil
}

func missing(actions []*Action) []*Action {
	var out []*Action
	for _, a := range actions {
		if a.want.target == "" {
			out = append(out, a)
		}
	}
	return out
}

func done(actions []*Action) []*Action {
	var out []*Action
	for _, a := range actions {
		if a.want.target != "" {
			out = append(out, a)
		}
	}
	return out
}

func (r *runner) finishBatch(ctx context.Context, actions []*Action, errs map[*Action]error) error {
	for _, a := range actions {
		if err := r.finish(ctx, a, Created, errs[a]); err != nil {
			return err
		}
	}
	return nil
}

// postUsers creates users and takes their ids by position.
func (r *runner) postUsers(ctx context.Context, actions []*Action) error {
	bodies := make([]json.RawMessage, len(actions))
	for i, a := range actions {
		bodies[i] = encode(a.want.body(nil))
	}
	answers, err := r.client.CreateUsers(ctx, actions[0].want.owner.target, bodies)
	if err != nil {
		return err
	}
	for i, raw := range answers {
		o, err := r.adopt(actions[i].want, raw)
		if err != nil {
			return err
		}
		r.noteStored(actions[i], o)
	}
	return nil
}

// findUsers looks which of the users exist by now. Those whose whole content is
// found come first, so that users of one name and email are not mixed up.
func (r *runner) findUsers(ctx context.Context, actions []*Action) error {
	organization := actions[0].want.owner.target
	users, err := r.settled(ctx, func(ctx context.Context) ([]json.RawMessage, error) {
		var all []json.RawMessage
		for raw, err := range r.client.Users(ctx, organization) {
			if err != nil {
				return nil, err
			}
			all = append(all, raw)
		}
		return all, nil
	})
	if err != nil {
		return err
	}
	for _, whole := range []bool{true, false} {
		for _, a := range missing(actions) {
			o := r.newcomer(a.want, users)
			if o == nil || whole && len(a.want.changes(&node{kind: snapshot.Users, object: o})) > 0 {
				continue
			}
			if err := r.claim(a.want, o); err != nil {
				return err
			}
			r.noteStored(a, o)
		}
	}
	return nil
}
