package storage

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"
)

// ErrLocked says that somebody else is at work.
var ErrLocked = errors.New("locked")

// LockedError says who is at work. errors.Is matches ErrLocked.
type LockedError struct {
	Holder string    // as the holder called itself
	Until  time.Time // when the lock may be taken over
}

func (e *LockedError) Error() string {
	return fmt.Sprintf("locked by %s until %s", printable(e.Holder), e.Until.UTC().Format(time.RFC3339))
}

// Is matches ErrLocked.
func (e *LockedError) Is(target error) bool { return target == ErrLocked }

// LockOptions describe a lock.
type LockOptions struct {
	Holder string        // tells people who holds it: host name and process
	TTL    time.Duration // after this a crashed holder's lock may be taken over; at least as long as a run takes
	Now    func() time.Time
	Random io.Reader // nil means crypto/rand
}

// Lease is a held lock.
type Lease struct {
	store   Store
	name    string
	version string
	opts    LockOptions
}

// lockBody is what a lock object says.
type lockBody struct {
	Holder  string    `json:"holder"`
	Nonce   string    `json:"nonce"` // no two leases are equal bytes
	Expires time.Time `json:"expires"`
}

// LockName is the lock of one host and kind of source.
func LockName(host, kind string) string { return "pritunl-" + safeHost(host) + "-" + kind + ".lock" }

// Lock takes the named lock or says who holds it: *LockedError. It rests on the store's conditional Put, so of several
// nodes at the same minute exactly one gets it. A lock whose time is over is taken over. Clocks of the nodes should
// agree within a small part of the TTL.
func Lock(ctx context.Context, store Store, name string, opts LockOptions) (*Lease, error) {
	l := &Lease{store: store, name: name, opts: opts}
	err := l.put(ctx, "")
	for try := 0; errors.Is(err, ErrExists) || errors.Is(err, ErrChanged); try++ {
		held, version, rerr := readLock(ctx, store, name)
		switch {
		case errors.Is(rerr, ErrNotFound) && try < 3: // released just now
			err = l.put(ctx, "")
		case rerr != nil:
			return nil, rerr
		case opts.Now().Before(held.Expires) || try >= 3:
			return nil, &LockedError{Holder: held.Holder, Until: held.Expires}
		default:
			err = l.put(ctx, version)
		}
	}
	if err != nil {
		return nil, err
	}
	return l, nil
}

func (l *Lease) put(ctx context.Context, replace string) error {
	random := l.opts.Random
	if random == nil {
		random = rand.Reader
	}
	nonce := make([]byte, 16)
	if _, err := io.ReadFull(random, nonce); err != nil {
		return &Error{Op: "lock", Name: l.name, Err: err}
	}
	raw, err := json.Marshal(lockBody{l.opts.Holder, fmt.Sprintf("%x", nonce), l.opts.Now().Add(l.opts.TTL).UTC()})
	if err != nil {
		return &Error{Op: "lock", Name: l.name, Err: err}
	}
	info, err := l.store.Put(ctx, l.name, Bytes(raw), PutOptions{Replace: replace, Ephemeral: true})
	if err == nil {
		l.version = info.Version
	}
	return err
}

// readLock gives the lock and the version that was read. Version first, content second: when the content is newer, the
// conditional replace fails and the caller looks again.
func readLock(ctx context.Context, store Store, name string) (lockBody, string, error) {
	info, err := store.Stat(ctx, name)
	if err != nil {
		return lockBody{}, "", err
	}
	r, err := store.Get(ctx, name)
	if err != nil {
		return lockBody{}, "", err
	}
	defer r.Close()
	var body lockBody
	raw, err := io.ReadAll(io.LimitReader(r, 64<<10))
	if err != nil {
		return lockBody{}, "", &Error{Op: "read lock", Name: name, Err: err}
	}
	if err := json.Unmarshal(raw, &body); err != nil {
		return lockBody{}, "", &Error{Op: "read lock", Name: name, Err: damaged("not a lock"), Hint: "look at it, and delete it when no run is under way"}
	}
	return body, info.Version, nil
}

// Renew starts the time again. ErrChanged when the lease was lost to somebody else.
func (l *Lease) Renew(ctx context.Context) error { return l.put(ctx, l.version) }

// Release gives the lock back. ErrChanged when it had run out and somebody else holds it now: their lock stays.
func (l *Lease) Release(ctx context.Context) error { return l.store.Delete(ctx, l.name, l.version) }
