package restore

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

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
	for left := fresh; len(left) > 0; {
		n := batch(left)
		if err := r.createBatch(ctx, left[:n]); err != nil {
			return err
		}
		left = left[n:]
	}
	if err := r.keepUsers(ctx); err != nil {
		return err
	}
	return r.each(ctx, existing, func(ctx context.Context, a *Action) error {
		n := a.want
		organization := n.owner.target
		if a.moves() {
			if err := r.leaveLinks(ctx, a); err != nil {
				return err
			}
		}
		return r.replace(a,
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
		errs := map[*Action]error{}
		for _, a := range actions {
			errs[a] = err
		}
		return r.finishBatch(ctx, actions, errs)
	}
	left := actions
	for try := 1; len(left) > 0; try++ {
		r.announce(left[0])
		err := r.postUsers(ctx, left)
		switch {
		case err == nil:
			left = nil
		case refused(err) && len(left) == 1 && ctx.Err() == nil:
			return r.finishBatch(ctx, actions, map[*Action]error{left[0]: err})
		case (refused(err) || uncertain(err)) && ctx.Err() == nil && (refused(err) || try < tries):
			if lookErr := r.findUsers(ctx, left, err); lookErr != nil {
				_ = r.finishBatch(ctx, done(actions), nil) // the error below is what counts
				return r.finish(ctx, left[0], Created, errors.Join(err, lookErr))
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

// finishBatch records all that one request has done, and then gives the first
// error that ends the run.
func (r *runner) finishBatch(ctx context.Context, actions []*Action, errs map[*Action]error) error {
	var first error
	for _, a := range actions {
		if err := r.finish(ctx, a, resultOf(a), errs[a]); err != nil && first == nil {
			first = err
		}
	}
	return first
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

// findUsers looks which of the users exist, until all do or the server must be
// done with the request that failed. Those whose whole content is found come first,
// so that users of one name and email are not mixed up.
func (r *runner) findUsers(ctx context.Context, actions []*Action, failure error) error {
	owner := actions[0].want.owner
	var wrong error
	users, err := r.after(failure, snapshot.Users).await(ctx, usersOf(r.client, owner.target), func(users []snapshot.Object) string {
		wrong = errors.Join(wrong, r.claimUsers(actions, users, true))
		left := len(missing(actions)) - r.newcomers(missing(actions), users)
		if left <= 0 {
			return ""
		}
		return fmt.Sprintf("%d of %d users of organization %s that the server may still be making", left, len(actions), owner.path())
	}, r.tellWait(snapshot.Users))
	if err == nil && wrong == nil {
		wrong = r.claimUsers(actions, users, false)
	}
	return errors.Join(err, wrong)
}

// claimUsers pairs what is missing with the users of a list: only those whose
// whole content is the wanted one, or all.
func (r *runner) claimUsers(actions []*Action, users []snapshot.Object, whole bool) error {
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
	return nil
}

// newcomers counts the users of a list that may be one of those missing.
func (r *runner) newcomers(actions []*Action, users []snapshot.Object) int {
	count := 0
	for _, o := range users {
		if slices.ContainsFunc(actions, func(a *Action) bool { return r.newcomer(a.want, []snapshot.Object{o}) != nil }) {
			count++
		}
	}
	return count
}

// usersOf lists the users of an organization.
func usersOf(client *api.Client, organization string) lister {
	return func(ctx context.Context) ([]json.RawMessage, error) {
		var all []json.RawMessage
		for raw, err := range client.Users(ctx, organization) {
			if err != nil {
				return nil, err
			}
			all = append(all, raw)
		}
		return all, nil
	}
}
