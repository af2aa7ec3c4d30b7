package restore

import (
	"context"
	"errors"
	"fmt"

	"pritunl-backup/api"
	"pritunl-backup/snapshot"
)

// runner carries out one plan.
type runner struct {
	client  *api.Client
	plan    *Plan
	opts    ApplyOptions
	report  *Report
	entries map[*Action]*Entry
	todo    map[snapshot.Kind][]*Action // what creates or changes
	before  map[string]bool             // ids that were there before the run
	owners  map[string]*node            // ids that the run has claimed
	born    map[*node]string            // natural key of what the run has created, as the server showed it
	removed map[*node]bool              // live objects that the run has deleted
	linked  map[string]bool             // servers, by id, whose link the target has kept although it was removed
	pending map[string]*waiting         // servers that had no parameters when they were last looked at, by id
	done    int
	total   int
	failed  int
	first   error
	down    []Stop
	stopped bool
	ending  bool // what was stopped is started again whatever happens
}

// Apply carries out a plan and reports what was done, whatever happens. Writes go
// one by one. What the server refuses is reported and left behind, with what
// depends on it; the error is then a [*FailedError]. Any other error ends the run.
// Servers that were stopped are started again in every case. Nothing is written
// when the plan was refused, or when it is empty.
func Apply(ctx context.Context, client *api.Client, plan *Plan, opts ApplyOptions) (*Report, error) {
	r := newRunner(client, plan, opts)
	err := plan.refusal()
	if err == nil {
		err = r.checkSink()
	}
	if err == nil {
		err = r.run(ctx)
	}
	if err == nil && r.failed > 0 {
		err = &FailedError{Failed: r.failed, First: r.first}
	}
	if err != nil {
		r.report.Error = err.Error()
	}
	r.report.keepTasks(plan.HandOver)
	return r.report, err
}

func newRunner(client *api.Client, plan *Plan, opts ApplyOptions) *runner {
	r := &runner{
		client: client, plan: plan, opts: opts.filled(), total: plan.Writes(),
		todo:   map[snapshot.Kind][]*Action{},
		before: map[string]bool{}, owners: map[string]*node{}, born: map[*node]string{},
		removed: map[*node]bool{}, linked: map[string]bool{}, pending: map[string]*waiting{},
	}
	r.report, r.entries = newReport(plan)
	for _, a := range plan.Actions {
		if a.Verb == Create || a.Verb == Changing {
			r.todo[a.Kind] = append(r.todo[a.Kind], a)
		}
	}
	for id := range plan.live.byID {
		r.before[id] = true
	}
	return r
}

// checkSink refuses to create administrators whose passwords nobody would learn.
func (r *runner) checkSink() error {
	for _, a := range r.plan.Actions {
		if a.Kind == snapshot.Administrators && a.Verb == Create && r.opts.Passwords == nil {
			return &UsageError{Text: "administrators get new passwords, and there is no place to write them to", Next: "name a file for the passwords, or --skip administrators"}
		}
	}
	return nil
}

func (r *runner) run(ctx context.Context) (err error) {
	defer func() { err = errors.Join(err, r.putBackInAnyCase(ctx)) }()
	if err := r.removeAll(ctx, false); err != nil {
		return err
	}
	for _, level := range levels() {
		if !level.down {
			if err := r.putBack(ctx); err != nil {
				return err
			}
		}
		if level.kind == ServerStates {
			if err := r.settleDown(ctx); err != nil {
				return err
			}
		}
		actions := r.todo[level.kind]
		if len(actions) == 0 {
			continue
		}
		if err := r.stopFor(ctx, actions); err != nil {
			return err
		}
		if err := level.write(r, ctx, actions); err != nil {
			return err
		}
		if level.kind == snapshot.Users {
			if err := r.removeAll(ctx, true); err != nil {
				return err
			}
		}
	}
	return nil
}

// settleDown does what is left before servers are started and before the connection
// in use is touched: once more it looks after users that the server has lost, and
// it waits for servers.
func (r *runner) settleDown(ctx context.Context) error {
	if err := r.keepUsers(ctx); err != nil {
		return err
	}
	return r.waitPending(ctx)
}

// removeAll deletes, in the plan's order, what is to go: before everything else, or late, after users have moved.
func (r *runner) removeAll(ctx context.Context, late bool) error {
	for _, a := range r.plan.Actions {
		if a.Verb != Delete || a.late != late {
			continue
		}
		if err := r.stopFor(ctx, []*Action{a}); err != nil {
			return err
		}
		for _, level := range levels() {
			if level.kind != a.Kind {
				continue
			}
			r.announce(a)
			err := level.remove(r, ctx, a)
			r.removed[a.live] = err == nil
			if err := r.finish(ctx, a, Deleted, err); err != nil {
				return err
			}
		}
	}
	return nil
}

func (r *runner) announce(a *Action) {
	r.opts.Progress(Event{Kind: a.Kind, Path: a.Path, Done: r.done, Total: r.total})
}

// each carries out actions one after the other.
func (r *runner) each(ctx context.Context, actions []*Action, do func(context.Context, *Action) error) error {
	for _, a := range actions {
		r.announce(a)
		result := Changed
		if a.Verb == Create {
			result = Created
		}
		err := r.ready(a)
		if err == nil {
			err = do(ctx, a)
		}
		if err := r.finish(ctx, a, result, err); err != nil {
			return err
		}
	}
	return nil
}

// errMissing marks an action whose object needs another one that failed.
var errMissing = errors.New("is not on the target")

// ready tells whether everything that the object refers to has an id.
func (r *runner) ready(a *Action) error {
	if a.want == nil {
		return nil
	}
	needs := []*node{a.want.owner, a.want.other}
	if a.Kind == LinkStates || a.Kind == ServerStates {
		needs = []*node{a.want}
	}
	for _, n := range needs {
		if n != nil && n.target == "" && hasID(n.kind) {
			return fmt.Errorf("%s %s %w", singular(n.kind), n.path(), errMissing)
		}
	}
	return nil
}

func hasID(kind snapshot.Kind) bool {
	switch kind {
	case snapshot.Organizations, snapshot.Servers, snapshot.Hosts, snapshot.Links, snapshot.Locations:
		return true
	}
	return false
}

// finish records what became of an action. It gives an error when the run has to
// end: that of the action, or that of an interruption since.
func (r *runner) finish(ctx context.Context, a *Action, result Result, err error) error {
	e := r.entries[a]
	r.done++
	if err == nil {
		if e.Result == NotReached {
			e.Result = result
		}
		if a.want != nil && a.want.target != "" && e.NewID == "" {
			e.NewID = a.want.target
		}
		return ctx.Err()
	}
	e.Result, e.Error = Failed, err.Error()
	if ctx.Err() == nil && (refused(err) || errors.Is(err, errMissing) || errors.Is(err, errLinked)) {
		r.failed++
		if r.first == nil {
			r.first = fmt.Errorf("%s %s: %w", singular(a.Kind), a.Path, err)
		}
		return nil
	}
	return fmt.Errorf("%s %s: %w", singular(a.Kind), a.Path, err)
}

// refused tells an answer that judges the request from everything that ends a run.
func refused(err error) bool {
	return errors.Is(err, api.ErrInvalid) || errors.Is(err, api.ErrMalformed) || errors.Is(err, api.ErrNotFound)
}
