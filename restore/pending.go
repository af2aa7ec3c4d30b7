package restore

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"pritunl-backup/api"
	"pritunl-backup/snapshot"
)

// waiting is a server that has no Diffie-Hellman parameters yet.
type waiting struct {
	id, name string
	since    time.Time // when it was first seen without them
	began    time.Time // when the run began to do nothing but wait
	cured    bool      // it was given others once
	late     bool      // the run went on without it
}

// errPending is a server that has not got its Diffie-Hellman parameters in time.
var errPending = errors.New("it still waits for its Diffie-Hellman parameters")

// notePending notes what an answer says about the parameters of a server.
func (r *runner) notePending(n *node, o snapshot.Object) {
	if o.String("status") == "pending" {
		r.waitsSince(n.target, n.path())
	}
}

func (r *runner) waitsSince(id, name string) *waiting {
	if r.pending[id] == nil {
		r.pending[id] = &waiting{id: id, name: name, since: r.opts.Now()}
	}
	return r.pending[id]
}

// waitPending waits for the servers that the run has created, changed or is going to
// start, and for those that an interrupted run has left behind. They work on their
// parameters side by side, while everything else is restored. Those that the run goes
// on without are warnings.
func (r *runner) waitPending(ctx context.Context) error {
	names := map[string]string{}
	for _, a := range slices.Concat(r.todo[snapshot.Servers], r.todo[ServerStates]) {
		if e := r.entries[a]; e.Result != Failed && a.want.target != "" {
			names[a.want.target] = a.want.path()
		}
	}
	for _, n := range r.plan.want.kinds[snapshot.Servers] {
		if r.plan.Mode == ModeResume && n.twin != nil && n.twin.object.String("status") == "pending" {
			names[n.target] = n.path()
		}
	}
	return r.waitReady(ctx, names)
}

// waitReady waits until no server of those, by id and name, is pending, or the
// patience with it has run out.
func (r *runner) waitReady(ctx context.Context, names map[string]string) error {
	if len(names) == 0 {
		return nil
	}
	for {
		list, err := r.stillPending(ctx, names)
		if err != nil {
			return fmt.Errorf("wait for servers: %w", err)
		}
		var left []*waiting
		for _, w := range list {
			if err := r.careFor(ctx, w); err != nil {
				return fmt.Errorf("wait for server %s: %w", w.name, err)
			}
			if !w.late {
				left = append(left, w)
			}
		}
		if len(left) == 0 {
			return nil
		}
		r.tellPending(left)
		if err := r.opts.Sleep(ctx, lookEvery); err != nil {
			return err
		}
	}
}

// stillPending gives the servers that the run still waits for.
func (r *runner) stillPending(ctx context.Context, names map[string]string) ([]*waiting, error) {
	raw, err := r.client.Servers(ctx)
	if err != nil {
		return nil, err
	}
	objects, err := decodeAll(raw)
	if err != nil {
		return nil, err
	}
	var out []*waiting
	for _, o := range objects {
		id := o.String("id")
		name, ours := names[id]
		if !ours || o.String("status") != "pending" {
			continue
		}
		w := r.waitsSince(id, name)
		if w.began.IsZero() {
			w.began = r.opts.Now()
		}
		if !w.late {
			out = append(out, w)
		}
	}
	return out, nil
}

// careFor does what is due for a server that waits: the cure, or going on without it.
func (r *runner) careFor(ctx context.Context, w *waiting) error {
	now := r.opts.Now()
	switch {
	case !w.cured && now.Sub(w.since) >= r.opts.Cure:
		w.cured = true
		r.warn("server %s has waited %s for its Diffie-Hellman parameters: it is given others and then the wanted ones again", w.name, minutes(now.Sub(w.since)))
		if err := r.cure(ctx, w.id); err != nil {
			if ctx.Err() != nil || !refused(err) {
				return err
			}
			r.warn("server %s could not be given other Diffie-Hellman parameters: %v", w.name, err)
		}
	case now.Sub(w.began) >= r.opts.Patience:
		w.late = true
		r.warn("server %s: %v after %s; the run went on without it, and it cannot be started before it has them", w.name, errPending, minutes(now.Sub(w.since)))
	}
	return nil
}

func (r *runner) warn(format string, args ...any) {
	r.report.Warnings = append(r.report.Warnings, fmt.Sprintf(format, args...))
}

func (r *runner) tellPending(left []*waiting) {
	w, more := left[0], ""
	if len(left) > 1 {
		more = fmt.Sprintf(" and %d more", len(left)-1)
	}
	waited := r.opts.Now().Sub(w.since)
	r.opts.Progress(Event{
		Kind: snapshot.Servers, Done: r.done, Total: r.total, Waiting: true, Waited: waited,
		Path: fmt.Sprintf("waiting for the Diffie-Hellman parameters of server %s%s: %s already", w.name, more, seconds(waited)),
	})
}

// minutes gives a time as people say it.
func minutes(d time.Duration) string { return d.Round(time.Second).String() }

// cure gives a server other parameters and then the wanted ones again: a server
// that has lost those it reserved gets them at once that way.
func (r *runner) cure(ctx context.Context, id string) error {
	base, err := r.server(ctx, id)
	if err != nil {
		return err
	}
	wanted, ok := base.Int("dh_param_bits")
	if !ok || base.String("status") != "pending" {
		return nil
	}
	other := int64(1536)
	if wanted == other {
		other = 2048
	}
	none := func(*node, string) bool { return false }
	return r.keepRoutes(ctx, &node{target: id}, base, none, func() error {
		if err := r.putBits(ctx, id, base, other); err != nil {
			return err
		}
		// Even after an interruption: the server must not be left with the others.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), r.opts.PutBack)
		defer cancel()
		return r.putBits(ctx, id, base, wanted)
	})
}

func (r *runner) putBits(ctx context.Context, id string, base snapshot.Object, bits int64) error {
	body := liveBody(snapshot.Servers, base)
	body["dh_param_bits"] = json.Number(strconv.FormatInt(bits, 10))
	_, err := r.client.PutServer(ctx, id, encode(body))
	return err
}

// start starts a server and makes sure that it runs. A server without parameters
// answers that it is offline and stays pending: it is waited for first.
func (r *runner) start(ctx context.Context, id, name string) error {
	for try := 1; ; try++ {
		if err := r.waitReady(ctx, map[string]string{id: name}); err != nil {
			return err
		}
		if w := r.pending[id]; w != nil && w.late {
			return errPending
		}
		status, err := r.operate(ctx, id, api.Start)
		if err != nil || status == "online" {
			return err
		}
		o, err := r.server(ctx, id)
		if err != nil {
			return err
		}
		if status = o.String("status"); status == "online" {
			return nil
		}
		if status != "pending" || try == tries {
			return fmt.Errorf("it is %s afterwards", status)
		}
	}
}
