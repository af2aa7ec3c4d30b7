package restore

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"pritunl-backup/snapshot"
)

// lookEvery is the time between two looks at a server that may still be at work.
const lookEvery = 5 * time.Second

// look tells what is still missing, "" when nothing is, and how far the server has
// come: as long as that grows it is at work.
type look func(ctx context.Context) (missing string, reached int, err error)

// until looks until nothing is missing, or nothing has grown for the settle time.
// While the server does not answer it may be at work too; only when that lasts as
// long is it an error.
func (o ApplyOptions) until(ctx context.Context, look look, tell func(missing string, quiet time.Duration)) error {
	var grown time.Time
	best, waits := -1, ""
	for {
		began := o.Now()
		missing, reached, err := look(ctx)
		now := o.Now()
		switch {
		case err == nil && missing == "":
			return nil
		case err != nil && (!uncertain(err) || ctx.Err() != nil):
			return err
		case err == nil:
			waits = missing
		}
		if err == nil && reached > best || grown.IsZero() {
			best, grown = max(best, reached), now
		}
		quiet := now.Sub(grown)
		if o.Settle < 0 || quiet >= o.Settle {
			return err
		}
		tell(waits, quiet)
		if err := o.Sleep(ctx, max(lookEvery, now.Sub(began))); err != nil {
			return err
		}
	}
}

// lister gives the objects among which a new one appears.
type lister func(context.Context) ([]json.RawMessage, error)

// await lists until judge finds nothing missing any more, or the list has not grown
// for the settle time. It gives the last list.
func (o ApplyOptions) await(ctx context.Context, list lister, judge func([]snapshot.Object) string, tell func(string, time.Duration)) ([]snapshot.Object, error) {
	var objects []snapshot.Object
	seen := map[string]bool{}
	err := o.until(ctx, func(ctx context.Context) (string, int, error) {
		raw, err := list(ctx)
		if err != nil {
			return "", 0, err
		}
		if objects, err = decodeAll(raw); err != nil {
			return "", 0, err
		}
		for _, object := range objects {
			seen[object.String("id")] = true
		}
		return judge(objects), len(seen), nil
	}, tell)
	return objects, err
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

// tellWait says what is waited for after a lost answer.
func (r *runner) tellWait(kind snapshot.Kind) func(string, time.Duration) {
	return func(missing string, quiet time.Duration) {
		r.opts.Progress(Event{Kind: kind, Path: stillMaking(missing, quiet), Done: r.done, Total: r.total, Waiting: true, Waited: quiet})
	}
}

func stillMaking(missing string, quiet time.Duration) string {
	if missing == "" {
		return fmt.Sprintf("waiting for the server to answer: %s already", seconds(quiet))
	}
	return fmt.Sprintf("waiting for %s: %s without a change", missing, seconds(quiet))
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.0f s", d.Seconds()) }
