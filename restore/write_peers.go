package restore

import (
	"context"

	"pritunl-backup/snapshot"
)

// view reads how a location sees another one now.
func (r *runner) view(ctx context.Context, a *Action) (direct, transit, transited bool, err error) {
	from, to := a.locations()
	raw, err := r.client.Locations(ctx, from.owner.target)
	if err != nil {
		return false, false, false, err
	}
	one, err := pick(raw, from.target)
	if err != nil {
		return false, false, false, errNoPeer
	}
	o, err := snapshot.DecodeObject(one)
	if err != nil {
		return false, false, false, err
	}
	for _, row := range o.Objects("peers") {
		if row.String("id") != to.target {
			continue
		}
		transit = transit || row.Bool("transit")
		if row.String("transited_id") != "" {
			transited = true
		} else {
			direct = true
		}
	}
	return direct, transit, transited, nil
}

// locations gives both ends of a relation of locations.
func (a *Action) locations() (from, to *node) {
	if a.want != nil {
		return a.want.owner, a.want.other
	}
	return a.live.owner, a.live.other
}

// writeExclusions excludes each pair exactly once: the same request again would
// mean something else, so it is looked first.
func (r *runner) writeExclusions(ctx context.Context, actions []*Action) error {
	return r.each(ctx, actions, func(ctx context.Context, a *Action) error {
		excluded := func(ctx context.Context) (bool, error) {
			direct, _, _, err := r.view(ctx, a)
			return !direct, err
		}
		if is, err := excluded(ctx); is || err != nil {
			return err
		}
		from, to := a.locations()
		return r.perform(ctx, a, func() error { return r.client.ExcludePeer(ctx, place(from), to.target) }, excluded)
	})
}

func (r *runner) removeExclusion(ctx context.Context, a *Action) error {
	from, to := a.locations()
	return r.client.IncludePeer(ctx, place(from), to.target)
}

func (r *runner) writeTransits(ctx context.Context, actions []*Action) error {
	return r.each(ctx, actions, func(ctx context.Context, a *Action) error {
		from, to := a.locations()
		return r.client.AddTransit(ctx, place(from), to.target)
	})
}

func (r *runner) removeTransit(ctx context.Context, a *Action) error {
	from, to := a.locations()
	return r.perform(ctx, a, func() error { return r.client.RemoveTransit(ctx, place(from), to.target) }, func(ctx context.Context) (bool, error) {
		_, transit, _, err := r.view(ctx, a)
		return !transit, err
	})
}

// writeTransitStops excludes a pair that is excluded already once more, which
// closes the way through other locations.
func (r *runner) writeTransitStops(ctx context.Context, actions []*Action) error {
	return r.each(ctx, actions, func(ctx context.Context, a *Action) error {
		closed := func(ctx context.Context) (bool, error) {
			_, _, transited, err := r.view(ctx, a)
			return !transited, err
		}
		if is, err := closed(ctx); is || err != nil {
			return err
		}
		from, to := a.locations()
		return r.perform(ctx, a, func() error { return r.client.ExcludePeer(ctx, place(from), to.target) }, closed)
	})
}

// removeTransitStop includes the pair, which forgets both exclusions, and excludes
// it once.
func (r *runner) removeTransitStop(ctx context.Context, a *Action) error {
	from, to := a.locations()
	if err := r.client.IncludePeer(ctx, place(from), to.target); err != nil {
		return err
	}
	return r.perform(ctx, a, func() error { return r.client.ExcludePeer(ctx, place(from), to.target) }, func(ctx context.Context) (bool, error) {
		direct, _, _, err := r.view(ctx, a)
		return !direct, err
	})
}
