package restore

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

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
		r.opts.Progress(Event{Kind: snapshot.Servers, Path: "stop " + s.Server, Done: r.done, Total: r.total})
		r.down = append(r.down, s) // before the request: its answer may be lost
		if err := r.operate(ctx, s.ID, api.Stop, "offline"); err != nil {
			return fmt.Errorf("stop server %s: %w", s.Server, err)
		}
	}
	return nil
}

// operate starts or stops a server and makes sure that it is in that state.
func (r *runner) operate(ctx context.Context, id string, operation api.Operation, status string) error {
	raw, err := r.client.OperateServer(ctx, id, operation)
	if err != nil {
		return err
	}
	o, err := snapshot.DecodeObject(raw)
	if err != nil {
		return fmt.Errorf("read the answer: %w", err)
	}
	if have := o.String("status"); have != status {
		return fmt.Errorf("it is %s afterwards", have)
	}
	return nil
}

// putBack starts again what was stopped, in the order in which it was stopped. It
// does so after an error and after an interruption too.
func (r *runner) putBack(ctx context.Context) error {
	if len(r.down) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), r.opts.PutBack)
	defer cancel()
	var errs []error
	for _, s := range r.down {
		if r.removed(s.node) {
			continue
		}
		state := ServerState{Server: s.Server, ID: s.ID, Former: "online", Now: "online"}
		r.opts.Progress(Event{Kind: snapshot.Servers, Path: "start " + s.Server + " again", Done: r.done, Total: r.total})
		err := r.waitFor(ctx, s.ID)
		if err == nil {
			err = r.operate(ctx, s.ID, api.Start, "online")
		}
		if err != nil {
			state.Now, state.Error = "unknown", err.Error()
			errs = append(errs, fmt.Errorf("start server %s again: %w", s.Server, err))
		}
		r.report.Stopped = append(r.report.Stopped, state)
	}
	r.down = nil
	return errors.Join(errs...)
}

// removed tells whether the run has deleted the server.
func (r *runner) removed(server *node) bool {
	for a, e := range r.entries {
		if a.Kind == snapshot.Servers && a.Verb == Delete && a.live == server && e.Result == Deleted {
			return true
		}
	}
	return false
}

// waitFor waits until a server has its Diffie-Hellman parameters.
func (r *runner) waitFor(ctx context.Context, id string) error {
	for range r.opts.Looks {
		o, err := r.server(ctx, id)
		if err != nil || o.String("status") != "pending" {
			return err
		}
		r.opts.Progress(Event{Kind: snapshot.Servers, Path: "wait for the parameters of server " + named(o.String("name")), Done: r.done, Total: r.total})
		if err := r.opts.Sleep(ctx, 5*time.Second); err != nil {
			return err
		}
	}
	return errors.New("it still waits for its Diffie-Hellman parameters")
}

func (r *runner) server(ctx context.Context, id string) (snapshot.Object, error) {
	raw, err := r.client.Server(ctx, id)
	if err != nil {
		return nil, err
	}
	return snapshot.DecodeObject(raw)
}

// waitPending waits for the servers that were created or changed. They work on
// their parameters side by side, while everything else is restored.
func (r *runner) waitPending(ctx context.Context) error {
	for _, a := range r.todo(snapshot.Servers) {
		if e := r.entries[a]; e.Result == Failed || a.want.target == "" {
			continue
		}
		if err := r.waitFor(ctx, a.want.target); err != nil {
			if ctx.Err() != nil || uncertain(err) {
				return fmt.Errorf("wait for server %s: %w", a.Path, err)
			}
			r.report.Warnings = append(r.report.Warnings, "server "+a.Path+": "+err.Error())
		}
	}
	return nil
}

func (r *runner) writeServerStates(ctx context.Context, actions []*Action) error {
	if err := r.waitPending(ctx); err != nil {
		return err
	}
	return r.each(ctx, actions, func(ctx context.Context, a *Action) error {
		err := r.operate(ctx, a.want.target, api.Start, "online")
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
