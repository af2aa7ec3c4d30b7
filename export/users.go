package export

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"pritunl-backup/snapshot"
)

// ahead is how many users of one organization may wait in memory for their turn. Organizations that are larger
// are not fetched ahead, so that memory does not grow with users.
const ahead = 500

// errUnsorted says that users did not arrive in document order, so that they have to be collected first.
var errUnsorted = errors.New("users arrive out of order")

// waiting bounds how many users of a large organization are read before the writer takes them.
const waiting = 64

// stream gives the users of one organization, ready to be written. An error is the last thing it gives.
type stream = iter.Seq2[snapshot.Prepared, error]

// batch is what was fetched ahead of one organization.
type batch struct {
	users []snapshot.Prepared
	err   error
}

// writeUsers streams the users of every organization into w. It tells whether the document has to be written again,
// because an organization turned out unreadable or unsorted after its first users were written.
func (e *exporter) writeUsers(ctx context.Context, w *snapshot.Writer) (again bool, err error) {
	if !e.wanted[snapshot.Users] {
		return false, nil
	}
	names := w.Names()
	organizations := e.objects(snapshot.Organizations)
	snapshot.Sort(snapshot.Organizations, organizations, names)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	batches, consumed := e.fetchAhead(ctx, w, organizations)
	total, done := userCount(organizations), 0
	for i, organization := range organizations {
		id := organization.String("id")
		if _, failed := e.failed[place{snapshot.Users, id}]; failed {
			continue
		}
		users := aside(e.users(ctx, w, id))
		if batches[i] != nil {
			users = replay(<-batches[i])
		}
		if e.unsorted[id] {
			users = sorted(users)
		}
		err := e.writeOrganization(ctx, w, users, func() {
			done++
			e.opts.Progress("reading users", done, max(done, total))
		})
		consumed(i)
		switch {
		case err == nil:
		case errors.Is(err, errUnsorted) && !e.unsorted[id]:
			e.unsorted[id] = true
			return true, nil
		default:
			var failure *readError
			if !errors.As(err, &failure) {
				return false, err
			}
			if err := e.note(ctx, place{snapshot.Users, id}, failure.err); err != nil {
				return false, err
			}
			return true, nil
		}
	}
	return false, nil
}

// readError marks an error of reading users, as opposed to one of writing them.
type readError struct{ err error }

func (e *readError) Error() string { return e.err.Error() }
func (e *readError) Unwrap() error { return e.err }

// fetchAhead fetches small organizations before their turn, as many side by side as allowed. The channel of an
// organization that is read in its turn is nil.
func (e *exporter) fetchAhead(ctx context.Context, w *snapshot.Writer, organizations []snapshot.Object) ([]chan batch, func(i int)) {
	batches := make([]chan batch, len(organizations))
	window := make(chan struct{}, e.opts.Parallel)
	for i, o := range organizations {
		if n, known := o.Int("user_count"); known && n <= ahead && e.failed[place{snapshot.Users, o.String("id")}] == nil {
			batches[i] = make(chan batch, 1)
		}
	}
	go func() {
		for i, o := range organizations {
			if batches[i] == nil {
				continue
			}
			select {
			case window <- struct{}{}:
			case <-ctx.Done():
				batches[i] <- batch{err: &readError{ctx.Err()}}
				continue
			}
			go func() { batches[i] <- collect(e.users(ctx, w, o.String("id"))) }()
		}
	}()
	return batches, func(i int) {
		if batches[i] == nil {
			return
		}
		select {
		case <-window:
		case <-ctx.Done(): // it may not have been fetched
		}
	}
}

func collect(users stream) batch {
	var b batch
	for user, err := range users {
		if err != nil {
			return batch{err: err}
		}
		b.users = append(b.users, user)
	}
	return b
}

func replay(b batch) stream {
	return func(yield func(snapshot.Prepared, error) bool) {
		if b.err != nil {
			yield(snapshot.Prepared{}, b.err)
			return
		}
		for _, user := range b.users {
			if !yield(user, nil) {
				return
			}
		}
	}
}

// aside reads in a goroutine of its own, so that reading goes on while the writer works.
func aside(users stream) stream {
	type item struct {
		user snapshot.Prepared
		err  error
	}
	return func(yield func(snapshot.Prepared, error) bool) {
		items, stop := make(chan item, waiting), make(chan struct{})
		defer close(stop)
		go func() {
			defer close(items)
			for user, err := range users {
				select {
				case items <- item{user, err}:
				case <-stop:
					return
				}
			}
		}()
		for i := range items {
			if !yield(i.user, i.err) {
				return
			}
		}
	}
}

func sorted(users stream) stream {
	b := collect(users)
	snapshot.SortPrepared(b.users)
	return replay(b)
}

func (e *exporter) users(ctx context.Context, w *snapshot.Writer, organization string) stream {
	return func(yield func(snapshot.Prepared, error) bool) {
		for raw, err := range e.client.Users(ctx, organization) {
			if err != nil {
				yield(snapshot.Prepared{}, &readError{err})
				return
			}
			user, err := snapshot.DecodeObject(raw)
			if err != nil {
				yield(snapshot.Prepared{}, &readError{fmt.Errorf("read a user: %w", err)})
				return
			}
			prepared, err := w.Prepare(snapshot.Users, user)
			if !yield(prepared, err) || err != nil {
				return
			}
		}
	}
}

// writeOrganization writes users as they come. The server sorts by name only; users who share one are held back
// until the next name and put into document order.
func (e *exporter) writeOrganization(ctx context.Context, w *snapshot.Writer, users stream, wrote func()) error {
	var same []snapshot.Prepared
	var last snapshot.Key
	flush := func() error {
		snapshot.SortPrepared(same)
		for _, user := range same {
			if last != nil && user.Key().Compare(last) < 0 {
				return errUnsorted
			}
			last = user.Key()
			if err := w.WritePrepared(user); err != nil {
				return err
			}
			wrote()
		}
		same = same[:0]
		return nil
	}
	for user, err := range users {
		if err != nil {
			return err
		}
		if len(same) > 0 && same[0].Name() != user.Name() {
			if err := flush(); err != nil {
				return err
			}
		}
		same = append(same, user)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return flush()
}

func userCount(organizations []snapshot.Object) int {
	total := 0
	for _, o := range organizations {
		if n, ok := o.Int("user_count"); ok {
			total += int(n)
		}
	}
	return total
}
