package restore

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"pritunl-backup/api"
	"pritunl-backup/snapshot"
)

// stopFor stops, once, every server that the plan needs offline, when the first
// action that needs one offline comes up.
func (r *runner) stopFor(ctx context.Context, actions []*Action) error {
	if r.stopped || !slices.ContainsFunc(actions, func(a *Action) bool { return len(a.Stops) > 0 }) {
		return nil
	}
	r.stopped = true
	for _, s := range r.plan.Stops {
		if r.removed[s.node] {
			continue // one of two linked servers that are both deleted
		}
		r.opts.Progress(Event{Kind: snapshot.Servers, Path: "stop " + s.Server, Done: r.done, Total: r.total})
		r.down = append(r.down, s) // before the request: its answer may be lost
		if err := r.stop(ctx, s.ID); err != nil {
			return fmt.Errorf("stop server %s: %w", s.Server, err)
		}
	}
	return nil
}

func (r *runner) stop(ctx context.Context, id string) error {
	status, err := r.operate(ctx, id, api.Stop)
	if err == nil && status != "offline" {
		err = fmt.Errorf("it is %s afterwards", status)
	}
	return err
}

// operate starts or stops a server and gives its status afterwards.
func (r *runner) operate(ctx context.Context, id string, operation api.Operation) (status string, err error) {
	o, err := answered(r.client.OperateServer(ctx, id, operation))
	return o.String("status"), err
}

// putBack starts again what was stopped, in the order in which it was stopped. What
// an interruption keeps it from starting is left to putBackInAnyCase.
func (r *runner) putBack(ctx context.Context) error {
	var errs []error
	for len(r.down) > 0 {
		s := r.down[0]
		if r.removed[s.node] {
			r.down = r.down[1:]
			continue
		}
		state := ServerState{Server: s.Server, ID: s.ID, Former: "online", Now: "online"}
		r.opts.Progress(Event{Kind: snapshot.Servers, Path: "start " + s.Server + " again", Done: r.done, Total: r.total})
		err := r.start(ctx, s.ID, s.Server)
		if err != nil && ctx.Err() != nil && !r.ending {
			return errors.Join(append(errs, ctx.Err())...)
		}
		if err != nil {
			state.Now, state.Error = "unknown", err.Error()
			errs = append(errs, fmt.Errorf("start server %s again: %w", s.Server, err))
		}
		r.down = r.down[1:]
		r.report.Stopped = append(r.report.Stopped, state)
	}
	return errors.Join(errs...)
}

// putBackInAnyCase does it at the end of a run, after an error and after an
// interruption too, but then not for ever.
func (r *runner) putBackInAnyCase(ctx context.Context) error {
	if len(r.down) == 0 {
		return nil
	}
	r.ending = true
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), r.opts.PutBack)
	defer cancel()
	return r.putBack(ctx)
}

func (r *runner) server(ctx context.Context, id string) (snapshot.Object, error) {
	return answered(r.client.Server(ctx, id))
}

func (r *runner) writeServerStates(ctx context.Context, actions []*Action) error {
	return r.each(ctx, actions, func(ctx context.Context, a *Action) error {
		err := r.start(ctx, a.want.target, a.want.path())
		if err != nil && ctx.Err() == nil && !errors.Is(err, api.ErrConnection) {
			return &startError{err}
		}
		return err
	})
}

// startError is a server that does not start; the others are tried all the same.
type startError struct{ err error }

func (e *startError) Error() string        { return "does not start: " + e.err.Error() }
func (e *startError) Unwrap() error        { return e.err }
func (e *startError) Is(target error) bool { return target == api.ErrInvalid }
